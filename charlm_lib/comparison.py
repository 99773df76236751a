"""Two models: how much they differ, how sure that is, and what they are worth together.

What is compared character by character is what `text_nll` gives for a network and `KneserNey.nll`
for a table: the negative log-likelihood (nats) of each character of one text.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import stdtr


class SeedsCompared(NamedTuple):
    """How much lower one model's loss is than another's, over seeds, and how likely that is luck.

    Args:
        difference: mean of the first model's losses minus that of the second's, in nats.
        p: the chance of a difference at least so large where the two do not differ.
        verdict: what the second model is: "better", "worse", or, where p > 0.05, a "tie".
    """

    difference: float
    p: float
    verdict: str


def compare_seeds(first: np.ndarray, second: np.ndarray) -> SeedsCompared:
    """Compare the losses of two models, each trained with several seeds.

    A few seeds estimate a spread badly. Welch's t test (1947) takes that into account. It divides
    the difference of the means by its standard error, and asks Student's distribution how often
    luck alone makes so much of it. With variances v_k = s_k^2 / n_k of the two means,

        t = (mean_1 - mean_2) / sqrt(v_1 + v_2)
        degrees of freedom = (v_1 + v_2)^2 / (v_1^2 / (n_1 - 1) + v_2^2 / (n_2 - 1))

    Args:
        first, second: `(num_seeds,)` nats each.

    Raises:
        ValueError: a model has fewer than 2 seeds, or neither's losses differ.
    """
    both = [np.asarray(losses, np.float64) for losses in (first, second)]
    if min(map(len, both)) < 2 or not sum(losses.std() for losses in both):
        raise ValueError(
            f"{len(first)} and {len(second)} losses show no spread: train each model with at least "
            "two seeds"
        )
    v_1, v_2 = (losses.var(ddof=1) / len(losses) for losses in both)
    difference = float(both[0].mean() - both[1].mean())
    freedom = (v_1 + v_2) ** 2 / sum(
        v**2 / (len(x) - 1) for v, x in zip((v_1, v_2), both, strict=True)
    )
    p = float(2 * stdtr(freedom, -abs(difference) / np.sqrt(v_1 + v_2)))
    verdict = "tie" if p > 0.05 else "better" if difference > 0 else "worse"
    return SeedsCompared(difference, p, verdict)


class PairedBlocks(NamedTuple):
    """How much lower a first model's loss is than a second's, and how sure that is.

    Args:
        difference: mean of first minus second over all characters, in nats; negative where the
            first predicts better.
        standard_error: of the difference, from the spread between blocks.
        won: blocks in which the first predicts better.
        num_blocks: how many blocks the text has.
    """

    difference: float
    standard_error: float
    won: int
    num_blocks: int


def paired_blocks(first: np.ndarray, second: np.ndarray, block_size: int = 500) -> PairedBlocks:
    """Compare the losses of two models on the same characters, block by block.

    Characters of one page are hard or easy together, and for both models: neither thousands of
    characters nor two models are independent. So the two losses are subtracted character by
    character, `d`, and the text is cut into m blocks of equal length. The standard error of the
    mean is the standard deviation of the m block means of d, divided by sqrt(m).

    Args:
        first, second: `(n,)` nats, of the same characters.
        block_size: the least characters of a block; none are left over.

    Raises:
        ValueError: the shapes differ, or the text is shorter than two blocks.
    """
    first, second = same_characters(first, second)
    num_blocks = len(first) // block_size if block_size >= 1 else 0
    if num_blocks < 2:
        raise ValueError(
            f"{len(first):,} characters are less than two blocks of block_size={block_size}, and "
            "one block has no spread: use a longer text or smaller blocks"
        )
    d = first - second
    means = np.array([block.mean() for block in np.array_split(d, num_blocks)])
    error = means.std(ddof=1) / np.sqrt(num_blocks)
    return PairedBlocks(float(d.mean()), float(error), int((means < 0).sum()), num_blocks)


def mixture_nll(first: np.ndarray, second: np.ndarray, weight: float = 0.5) -> np.ndarray:
    """Negative log-likelihood of the average of two models' probabilities.

    `-log(w exp(-first) + (1 - w) exp(-second))` for each character, in nats.

    Args:
        first, second: `(n,)` nats, of the same characters.
        weight: w, the first model's share, from 0 to 1.

    Raises:
        ValueError: the shapes differ, or the weight is out of range.
    """
    first, second = same_characters(first, second)
    if not 0 <= weight <= 1:
        raise ValueError(f"weight={weight!r:.40} must be from 0 to 1: it is the first one's share")
    return -np.log(weight * np.exp(-first) + (1 - weight) * np.exp(-second))


def best_weight(first: np.ndarray, second: np.ndarray) -> float:
    """Give the weight, in hundredths, with which the mixture of two models loses least.

    Args:
        first, second: `(n,)` nats, of the same characters: those of the validation text, since
            what a text has chosen it cannot judge.

    Raises:
        ValueError: the shapes differ.
    """
    weights = np.arange(101) / 100
    return float(min(weights, key=lambda weight: mixture_nll(first, second, weight).mean()))


def same_characters(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give both in float64; raise a ValueError unless they can be of the same characters."""
    first, second = (np.asarray(nll, np.float64) for nll in (first, second))
    if first.shape != second.shape or first.ndim != 1 or not first.size:
        raise ValueError(
            f"the losses have shapes {first.shape} and {second.shape}: both must be (n,), one for "
            "each character of the same text"
        )
    return first, second
