"""The n-gram against counting by hand, one prediction at a time."""

import math
from collections import Counter

import numpy as np
import pytest

from charlm_lib.ngram import ngram_nll


def by_hand(train, text, order, vocab_size):
    """The same recursion over Python lists, for each character of the text but the first."""

    def p(history, x):
        lower = 1 / vocab_size if not history else p_of_order(history[1:], x)
        return lower

    def p_of_order(history, x):
        followers = Counter(
            train[i + len(history)]
            for i in range(len(train) - len(history))
            if train[i : i + len(history)] == history
        )
        if not followers:
            return p(history, x)
        kinds, total = len(followers), sum(followers.values())
        lower = p(history, x)
        return (followers[x] + kinds * lower) / (total + kinds)

    result = []
    for i in range(1, len(text)):
        history = text[max(0, i - order + 1) : i]
        result.append(-math.log(p_of_order(history, text[i]) if order else 1 / vocab_size))
    return result


@pytest.mark.parametrize("order", [0, 1, 2, 3, 5])
def test_it_is_what_counting_by_hand_gives(order):
    rng = np.random.default_rng(0)
    train, text = rng.integers(0, 4, 60).tolist(), rng.integers(0, 5, 30).tolist()
    expected = by_hand(train, text, order, 5)
    assert np.allclose(ngram_nll(np.array(train), np.array(text), order, 5), expected)


@pytest.mark.parametrize("order", [1, 3])
def test_it_is_a_distribution_over_the_vocabulary(order):
    train = np.random.default_rng(1).integers(0, 4, 200)
    total = sum(math.exp(-ngram_nll(train, np.array([1, 2, 0, x]), order, 6)[-1]) for x in range(6))
    assert total == pytest.approx(1)


@pytest.mark.parametrize("order", [-1, 40])
def test_an_order_out_of_range(order):
    with pytest.raises(ValueError, match=f"order={order} must be 0..13 for 28 tokens"):
        ngram_nll(np.zeros(9, int), np.zeros(9, int), order, 28)
