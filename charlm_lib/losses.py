"""The loss of a language model, and the two other ways in which it is reported."""

import math

import jax
import optax


def cross_entropy(logits: jax.Array, Y: jax.Array) -> jax.Array:
    """Mean negative log-likelihood per character, in nats: `-mean(log softmax(logits)[Y])`.

    Args:
        logits: `(..., vocab_size)`.
        Y: `(...)` integer ids.

    Raises:
        ValueError: the shapes do not belong together.
    """
    if logits.shape[:-1] != Y.shape:
        raise ValueError(
            f"logits of shape {logits.shape} need targets of shape {logits.shape[:-1]}, but Y "
            f"has shape {Y.shape}"
        )
    return optax.softmax_cross_entropy_with_integer_labels(logits, Y).mean()


def perplexity(nll: float) -> float:
    """exp(nll): among how many equally likely characters the model seems to choose.

    Args:
        nll: total negative log-likelihood over total characters, in nats.

    Returns:
        1 for a model that is always right, `vocab_size` for one that guesses evenly.
    """
    return math.exp(nll) if nll < 700 else math.inf if nll == nll else math.nan


def bits_per_character(nll: float) -> float:
    """nll / log 2: the same loss in bits (Shannon, 1948)."""
    return nll / math.log(2)
