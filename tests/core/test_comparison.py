"""Two models on the same characters, against the formulas written out."""

import math

import numpy as np
import pytest
from scipy import stats

from charlm_lib import best_weight, compare_seeds, mixture_nll, paired_blocks


def test_paired_blocks_of_numbers_by_hand():
    first = np.array([1.0, 1, 2, 2, 3, 3])
    second = np.array([2.0, 2, 2, 4, 1, 3])
    # Differences -1 -1 | 0 -2 | 2 0: block means -1, -1, 1
    found = paired_blocks(first, second, block_size=2)
    assert found.difference == pytest.approx(-1 / 3)
    assert found.standard_error == pytest.approx(math.sqrt((4 / 9 + 4 / 9 + 16 / 9) / 2 / 3))
    assert (found.won, found.num_blocks) == (2, 3)


def test_blocks_may_be_single_characters():
    found = paired_blocks(np.array([1.0, 2, 4]), np.zeros(3), block_size=1)
    assert found.num_blocks == 3
    assert found.standard_error == pytest.approx(np.std([1, 2, 4], ddof=1) / math.sqrt(3))


def test_no_character_is_left_over():
    first = np.append(np.zeros(1000), np.full(499, 3.0))
    found = paired_blocks(first, np.ones(1499), block_size=500)
    assert found.num_blocks == 2
    assert found.difference == pytest.approx(first.mean() - 1)
    means = np.array([first[:750].mean(), first[750:].mean()]) - 1
    assert found.standard_error == pytest.approx(abs(means[1] - means[0]) / 2)


def test_the_standard_error_is_that_of_differences_that_go_together():
    """Noise that both models share does not count, noise that a block shares does."""
    rng = np.random.default_rng(0)
    shared, of_block = rng.normal(0, 5, 20_000), np.repeat(rng.normal(0, 0.1, 40), 500)
    found = paired_blocks(shared + of_block, shared)
    assert found.standard_error == pytest.approx(0.1 / math.sqrt(40), rel=0.3)
    back = paired_blocks(shared, shared + of_block)
    assert back.difference == pytest.approx(-found.difference)
    assert back.won == 40 - found.won


def test_a_mixture_is_the_mean_of_probabilities():
    p, q = np.array([0.5, 0.1, 0.9]), np.array([0.25, 0.7, 0.001])
    found = mixture_nll(-np.log(p), -np.log(q), 0.3)
    assert np.exp(-found) == pytest.approx(0.3 * p + 0.7 * q)
    assert mixture_nll(-np.log(p), -np.log(q)) == pytest.approx(-np.log((p + q) / 2))
    assert mixture_nll(-np.log(p), -np.log(q), 1) == pytest.approx(-np.log(p))
    assert mixture_nll(-np.log(p), -np.log(q), 0) == pytest.approx(-np.log(q))
    # float32, as a network gives it
    narrow = mixture_nll(np.float32([20.0]), np.float32([0.01]), 0.5)
    assert narrow.dtype == np.float64


def test_the_best_weight():
    p, q = np.array([0.8, 0.8, 0.8, 0.2]), np.array([0.5, 0.5, 0.5, 0.5])
    # The derivative of 3 log(0.5 + 0.3 w) + log(0.5 - 0.3 w) is 0 at w = 5/6.
    assert best_weight(-np.log(p), -np.log(q)) == pytest.approx(0.83)
    assert best_weight(-np.log(q), -np.log(p)) == pytest.approx(0.17)
    assert best_weight(-np.log(q), -np.log(q / 2)) == 1
    assert best_weight(-np.log(q / 2), -np.log(q)) == 0


def test_losses_of_different_characters():
    for compare in (paired_blocks, mixture_nll, best_weight):
        with pytest.raises(ValueError, match=r"shapes \(3,\) and \(4,\): both must be \(n,\)"):
            compare(np.ones(3), np.ones(4))
        with pytest.raises(ValueError, match=r"shapes \(0,\) and \(0,\)"):
            compare([], [])
        with pytest.raises(ValueError, match=r"shapes \(2, 3\) and \(2, 3\)"):
            compare(np.ones((2, 3)), np.ones((2, 3)))


@pytest.mark.parametrize("block_size", [0, -1, 501, 1000])
def test_less_than_two_blocks(block_size):
    with pytest.raises(ValueError, match=f"two blocks of block_size={block_size}, and one block"):
        paired_blocks(np.ones(1000), np.ones(1000), block_size)


@pytest.mark.parametrize("weight", [-0.1, 1.1, float("nan")])
def test_a_weight_out_of_range(weight):
    with pytest.raises(ValueError, match=f"weight={weight} must be from 0 to 1"):
        mixture_nll(np.ones(3), np.ones(3), weight)


def test_seeds_are_compared_as_scipy_does():
    first, second = np.array([1.60, 1.63, 1.59]), np.array([1.49, 1.52, 1.47, 1.50])
    found, wanted = compare_seeds(first, second), stats.ttest_ind(first, second, equal_var=False)
    assert found.difference == pytest.approx(first.mean() - second.mean())
    assert found.p == pytest.approx(wanted.pvalue) and 0 < found.p < 0.01
    assert found.verdict == "better" and compare_seeds(second, first).verdict == "worse"
    assert compare_seeds(second, first).p == pytest.approx(found.p)


def test_a_difference_within_the_spread_is_a_tie():
    found = compare_seeds([1.50, 1.46, 1.48], [1.47, 1.49, 1.45])
    assert found.verdict == "tie" and found.p > 0.3


@pytest.mark.parametrize("first, second", [([1.5], [1.4, 1.3]), ([1.5, 1.5], [1.4, 1.4])])
def test_losses_without_spread_are_not_compared(first, second):
    with pytest.raises(ValueError, match=f"{len(first)} and 2 losses show no spread"):
        compare_seeds(first, second)
