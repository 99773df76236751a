"""Language models that count: tables of n-grams, against which a network has to show its worth."""

from collections.abc import Iterable

import jax
import numpy as np

from charlm_lib.checks import check_sizes
from charlm_lib.engine.parameters import as_key
from charlm_lib.engine.settings import our_settings


class KneserNey:
    """A table of counts that predicts the next character: interpolated modified Kneser-Ney.

    Of every count a(hx) of a history h of n - 1 characters with the character x behind it, a
    discount is taken off. What that saves after h is spread as the next lower order says, with h'
    for h without its first character, down to even guessing over the characters:

        p_n(x | h) = (a(hx) - D(a(hx))) / a(h) + gamma(h) p_(n-1)(x | h')
        a(h) = sum_x a(hx),    gamma(h) = sum_x D(a(hx)) / a(h)

    A history that never came leaves all to the lower order. In the highest order a(hx) counts how
    often hx stands in the training text. A lower order is asked where a longer history fails, so it
    counts how many *different* characters stand before hx: what is common, but after one history
    only, is no good guess after a new one. D is D1, D2 or D3+ for a count of 1, 2, or more; see
    `closed_form_discounts`. Kneser and Ney (1995); Chen and Goodman (1999).

    Id 0, `<unk>`, is no character and has probability 0: a vocabulary of 28 tokens has 27
    characters to guess among.

    Args:
        train: `(m,)` ids to count, each 1..vocab_size - 1.
        order: 1 looks at no character before, 2 at one, and so on.
        vocab_size: tokens in the vocabulary, `<unk>` included.
        discounts: `(order, 3)`, D1, D2 and D3+ of each order, the lowest first; None: in closed
            form from the counts.

    Raises:
        ValueError: the order is below 1, longer than the training text, or so high that its keys
            do not fit in 64 bits; an id is no character's; a discount D_k is not from 0 to k.
    """

    def __init__(
        self, train: np.ndarray, order: int, vocab_size: int, discounts: np.ndarray | None = None
    ):
        check_order(order, vocab_size)
        train = known_characters(train, vocab_size, "train")
        if len(train) < order:
            raise ValueError(
                f"order={order} counts runs of {order} characters, but train has {len(train)}: use "
                "a longer text or a lower order"
            )
        self.order, self.vocab_size = order, vocab_size
        self.discounts = None if discounts is None else checked_discounts(discounts, order)
        self.tables = [self._count(train, n) for n in range(1, order + 1)]

    def _count(self, train: np.ndarray, n: int) -> tuple[np.ndarray, ...]:
        """Give each gram hx of n characters and (a - D) / a(h); each history h and gamma(h)."""
        V = self.vocab_size
        if n == self.order:
            runs = _windows(train, n, V)
        else:  # one for each different character before
            runs = np.unique(_windows(train, n + 1, V)) % V**n
        grams, a = np.unique(runs, return_counts=True)
        D = closed_form_discounts(a) if self.discounts is None else self.discounts[n - 1]
        taken = D[np.minimum(a, 3) - 1]
        # Sorted: grams with the same history lie side by side.
        histories, first = np.unique(grams // V, return_index=True)
        totals = np.add.reduceat(a, first)  # a(h)
        gammas = np.add.reduceat(taken, first) / totals
        shares = (a - taken) / np.repeat(totals, np.diff(first, append=len(grams)))
        return grams, shares, histories, gammas

    def _from_lower(self, n: int, wanted: np.ndarray, lower: np.ndarray) -> np.ndarray:
        """Give p_n of each wanted gram from its p_(n-1)."""
        grams, shares, histories, gammas = self.tables[n - 1]
        gamma = _look_up(histories, gammas, wanted // self.vocab_size, missing=1)
        return _look_up(grams, shares, wanted) + gamma * lower

    def nll(self, text: np.ndarray) -> np.ndarray:
        """Negative log-likelihood (nats) of each character of a text but the first.

        The first characters have less than order - 1 before them: lower orders predict them.

        Args:
            text: `(n,)` ids, each 1..vocab_size - 1.

        Returns:
            `(n - 1,)`, of the same characters as `text_nll` gives for a network.

        Raises:
            ValueError: the text has fewer than 2 characters, or an id is no character's.
        """
        text = text_to_predict(text, self.vocab_size)
        p = np.full(len(text), 1 / (self.vocab_size - 1))
        for n in range(1, min(self.order, len(text)) + 1):
            wanted = _windows(text, n, self.vocab_size)  # (len(text) - n + 1,)
            p[n - 1 :] = self._from_lower(n, wanted, p[n - 1 :])
        return -np.log(p[1:])

    def probabilities(self, context: np.ndarray) -> np.ndarray:
        """Give the probability of each token of the vocabulary to come next.

        Args:
            context: `(n,)` ids; the last order - 1 of them decide. It may be empty.

        Returns:
            `(vocab_size,)`, with 0 for `<unk>`; its sum is 1.

        Raises:
            ValueError: an id is no character's.
        """
        V = self.vocab_size
        context = known_characters(context, V, "context")
        p = np.full(V, 1 / (V - 1))
        p[0] = 0
        for n in range(1, min(self.order, len(context) + 1) + 1):
            h = context[len(context) - n + 1 :] @ _powers(n - 1, V)
            p = self._from_lower(n, h * V + np.arange(V), p)
        return p

    @our_settings()
    def sample(self, prefix: np.ndarray, num_preds: int, key: jax.Array | int = 0) -> np.ndarray:
        """Go on from a prefix by drawing each new character from `probabilities`.

        Args:
            prefix: `(n,)` ids to continue. It may be empty.
            num_preds: characters to add.
            key: a JAX random key, or a seed for one. Same key, same text.

        Returns:
            `(n + num_preds,)` ids: the prefix and what was drawn.

        Raises:
            ValueError: num_preds is below 1, an id is no character's, or the key is none.
        """
        check_sizes(num_preds=num_preds)
        text = known_characters(prefix, self.vocab_size, "prefix").tolist()
        u = 1 - np.asarray(jax.random.uniform(as_key(key), (num_preds,), "float32"))  # in (0, 1]
        for threshold in u:
            sums = self.probabilities(text[-self.order :]).cumsum()
            text.append(int(np.searchsorted(sums, threshold * sums[-1])))
        return np.array(text)


def closed_form_discounts(counts: np.ndarray) -> np.ndarray:
    """Estimate what to take off a count of 1, of 2, and of 3 or more: D1, D2 and D3+.

    With n_k for how many of the counts are k, and Y = n_1 / (n_1 + 2 n_2),

        D_k = k - (k + 1) Y n_(k+1) / n_k,    clipped to 0.05..k.

    Chen and Goodman (1999). Where n_1, n_2 or n_3 is 0, as in the few counts of single
    characters, the formula means nothing: 0.5, 1 and 1.5, as in Heafield's KenLM (2013).

    Args:
        counts: integers from 1 on.

    Returns:
        `(3,)`.
    """
    k = np.array([1, 2, 3])
    n_1, n_2, n_3, n_4 = n = np.bincount(counts, minlength=5)[1:5]
    if not n[:3].all():
        return k / 2
    Y = n_1 / (n_1 + 2 * n_2)
    return np.clip(k - (k + 1) * Y * n[1:] / n[:-1], 0.05, k)


def choose_order(
    train: np.ndarray, validation: np.ndarray, vocab_size: int, orders: Iterable[int] = range(1, 9)
) -> int:
    """Give the order whose `KneserNey` of the training text predicts the validation text best.

    Args:
        train, validation, vocab_size: as for `KneserNey` and its `nll`.
        orders: to choose among.

    Raises:
        ValueError: as for `KneserNey` and its `nll`.
    """
    return min(orders, key=lambda n: KneserNey(train, n, vocab_size).nll(validation).mean())


def adaptive_nll(
    train: np.ndarray, text: np.ndarray, order: int, vocab_size: int, block_size: int = 500
) -> np.ndarray:
    """Negative log-likelihood (nats) of each character but the first, while the table goes on.

    Before each block of the text it counts what it has read of it so far, after the training text.
    It never counts a character before it has predicted it.

    Args:
        train, order, vocab_size: as for `KneserNey`.
        text: `(n,)` ids to predict.
        block_size: characters from one count to the next.

    Returns:
        `(n - 1,)`.

    Raises:
        ValueError: as for `KneserNey` and its `nll`, or block_size is below 1.
    """
    check_sizes(block_size=block_size)
    text, nll = text_to_predict(text, vocab_size), []
    for start in range(1, len(text), block_size):
        table = KneserNey(np.append(train, text[:start]), order, vocab_size)
        block = text[start : start + block_size]
        before = text[max(start - order, 0) : start]  # the context of the block's first character
        nll.append(table.nll(np.append(before, block))[-len(block) :])
    return np.concatenate(nll)


def check_order(order: int, vocab_size: int) -> None:
    """Raise a ValueError unless the order is at least 1 and a run of its length fits in 64 bits."""
    check_sizes(2, vocab_size=vocab_size)
    highest = int(63 / np.log2(vocab_size))
    whole = isinstance(order, int | np.integer) and not isinstance(order, bool)
    if not whole or not 1 <= order <= highest:
        raise ValueError(f"order={order!r:.40} must be 1..{highest} for {vocab_size} tokens")


def known_characters(ids: np.ndarray, vocab_size: int, name: str) -> np.ndarray:
    """Give ids as int64; raise a ValueError unless each is that of a character."""
    ids = np.asarray(ids)
    if ids.ndim != 1 or ids.size and not np.issubdtype(ids.dtype, np.integer):
        raise ValueError(
            f"{name} has shape {ids.shape} and type {ids.dtype}: pass ids of shape (n,), as "
            "vocab.encode(text) gives them"
        )
    outside = ids[(ids < 0) | (ids >= vocab_size)]
    if outside.size:
        raise ValueError(
            f"id {outside[0]} in {name} is outside 1..{vocab_size - 1}, the ids of the characters"
        )
    unknown = np.count_nonzero(ids == 0)
    if unknown:
        raise ValueError(
            f"{unknown:,} of {len(ids):,} ids in {name} are 0, <unk>, which counting gives no "
            "probability: leave these characters out, or make the vocabulary from the whole text"
        )
    return ids.astype(np.int64)


def text_to_predict(text: np.ndarray, vocab_size: int) -> np.ndarray:
    """Give the ids of a text as int64; raise a ValueError if it has no target."""
    ids = known_characters(text, vocab_size, "text")
    if len(ids) < 2:
        raise ValueError(f"a text of {len(ids)} characters leaves nothing to predict: pass 2")
    return ids


def checked_discounts(discounts: np.ndarray, order: int) -> np.ndarray:
    """Give discounts as `(order, 3)` floats; raise a ValueError unless 0 <= D_k <= k."""
    D = np.asarray(discounts, float)
    if D.shape != (order, 3) or not ((D >= 0) & (D <= [1, 2, 3])).all():
        raise ValueError(
            f"discounts={discounts!r:.80} must have shape ({order}, 3), with D1 from 0 to 1, D2 "
            "from 0 to 2 and D3+ from 0 to 3"
        )
    return D


def _powers(length: int, vocab_size: int) -> np.ndarray:
    """Give the weights of `length` digits in base vocab_size, the last digit's is 1."""
    return vocab_size ** np.arange(length - 1, -1, -1, dtype=np.int64)


def _windows(ids: np.ndarray, length: int, vocab_size: int) -> np.ndarray:
    """Write every run of `length` ids as one number in base vocab_size, the last id last."""
    return np.lib.stride_tricks.sliding_window_view(ids, length) @ _powers(length, vocab_size)


def _look_up(
    keys: np.ndarray, values: np.ndarray, wanted: np.ndarray, missing: float = 0
) -> np.ndarray:
    """Give the value of each wanted key, `missing` where it is not there; the keys are sorted."""
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, values[place], missing)
