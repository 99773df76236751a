"""A language model that counts: the n-gram, against which a network has to show its worth."""

import numpy as np


def ngram_nll(train: np.ndarray, text: np.ndarray, order: int, vocab_size: int) -> np.ndarray:
    """Negative log-likelihood (nats) of each character of a text but the first, by counting.

    An n-gram of order n looks at the n - 1 characters before. It mixes what followed them in the
    training text with what the next lower order says, down to even guessing:
    `p_n(x | h) = (c(hx) + T(h) p_(n-1)(x | h')) / (c(h) + T(h))`, with counts c, and T(h) the
    number of different characters that followed h. Witten and Bell (1991), their method C.

    Args:
        train: `(m,)` ids to count.
        text: `(n,)` ids to predict.
        order: 0 guesses evenly, 1 counts characters, 2 counts pairs, and so on.
        vocab_size: tokens in the vocabulary.

    Returns:
        `(n - 1,)`.

    Raises:
        ValueError: the order is negative, or so high that its keys do not fit in 64 bits.
    """
    highest = int(63 / np.log2(vocab_size))
    if not 0 <= order <= highest:
        raise ValueError(f"order={order} must be 0..{highest} for {vocab_size} tokens")
    train, text = (np.asarray(ids, np.int64) for ids in (train, text))
    p = np.full(len(text) - 1, 1 / vocab_size)
    for context in range(order):
        seen = _windows(train, context + 1, vocab_size)
        pairs, counts = np.unique(seen, return_counts=True)  # each hx, and c(hx)
        histories, first = np.unique(pairs // vocab_size, return_index=True)  # each h
        totals = np.add.reduceat(counts, first)  # c(h): pairs with the same h lie side by side
        kinds = np.diff(np.append(first, len(pairs)))  # T(h)
        wanted = _windows(text, context + 1, vocab_size)[0 if context else 1 :]
        c_hx = _look_up(pairs, counts, wanted)
        c_h = _look_up(histories, totals, wanted // vocab_size)
        T = _look_up(histories, kinds, wanted // vocab_size)
        late = p[-len(wanted) :]  # the first characters have no context of this length
        late[:] = np.where(c_h > 0, (c_hx + T * late) / np.maximum(c_h + T, 1), late)
    return -np.log(p)


def _windows(ids: np.ndarray, length: int, vocab_size: int) -> np.ndarray:
    """Write every run of `length` ids as one number in base vocab_size, the last id last."""
    powers = vocab_size ** np.arange(length - 1, -1, -1, dtype=np.int64)
    return np.lib.stride_tricks.sliding_window_view(ids, length) @ powers


def _look_up(keys: np.ndarray, values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Give the value of each wanted key, 0 where it is missing; the keys are sorted."""
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, values[place], 0)
