"""Sampling and comparing, for any numbers, against plain ones. By hypothesis."""

import math

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from charlm_lib.losses import EXPLODED, bits_per_character, has_exploded, perplexity
from charlm_lib.sampling import (
    COLDEST,
    HOTTEST,
    LEAST,
    check_temperature,
    check_top_k,
    draw,
    padded,
)

ROWS, CHOICES = 3, 7
logits = arrays.arrays(np.float32, (ROWS, CHOICES), elements=st.floats(-30, 30, width=32))
uniform = st.floats(float(LEAST), 1.0)


@given(logits, st.floats(0.05, 20), st.lists(uniform, min_size=ROWS, max_size=ROWS))
def test_a_character_is_drawn_where_the_running_sum_passes_the_random_number(z, temperature, u):
    found = np.asarray(draw(jnp.asarray(z), np.float32(temperature), jnp.float32(u)))
    weights = np.exp((z.astype(float) - z.max(-1, keepdims=True)) / temperature)
    sums = np.cumsum(weights / weights.sum(-1, keepdims=True), -1)
    for row, chosen in enumerate(found):
        low = sums[row, chosen - 1] if chosen else 0.0
        assert 0 <= chosen < CHOICES
        assert low - 1e-5 <= u[row] <= sums[row, chosen] + 1e-5


@given(logits)
def test_the_ends_of_the_random_numbers_draw_the_first_and_the_last(z):
    z[:, 0] = z[:, -1] = z.max(-1)
    for u, chosen in ((LEAST, 0), (1.0, CHOICES - 1)):
        found = draw(jnp.asarray(z), np.float32(1), jnp.full(ROWS, u, jnp.float32))
        assert found.tolist() == [chosen] * ROWS


@given(st.floats(min_value=1e-300, max_value=1e300))
def test_every_positive_number_is_a_temperature(temperature):
    found = check_temperature(temperature)
    assert found == np.float32(min(max(temperature, COLDEST), HOTTEST)) and 0 < found < np.inf


@given(st.one_of(st.floats(max_value=0), st.sampled_from([math.nan, math.inf, True, "1", None])))
def test_nothing_else_is_a_temperature(temperature):
    with pytest.raises(ValueError, match="must be a positive number"):
        check_temperature(temperature)


@given(st.integers(-3, 12), st.integers(1, 9))
def test_top_k_is_at_least_one_and_at_most_all(top_k, choices):
    if 1 <= top_k <= choices:
        assert check_top_k(top_k, choices) is None
    else:
        with pytest.raises(ValueError, match=f"from 1 to {choices}"):
            check_top_k(top_k, choices)


@given(st.integers(1, 100_000))
def test_a_program_is_for_the_least_size_that_is_enough(length):
    size = padded(length)
    assert size >= max(length, 16) and (size == 16 or size // 4 < length)
    assert math.log(size, 4) == pytest.approx(round(math.log(size, 4)))


@given(st.floats(0, 699), st.integers(2, 500))
def test_the_three_ways_to_report_a_loss(nll, size):
    assert math.log(perplexity(nll)) == pytest.approx(nll)
    assert 2 ** min(bits_per_character(nll), 900) == pytest.approx(min(perplexity(nll), 2.0**900))
    assert EXPLODED == 10
    assert has_exploded(nll, size) == (nll > math.log(10) + math.log(size) + 1e-12) or (
        nll == pytest.approx(math.log(10 * size))
    )


def test_no_number_is_reported_as_none_and_has_exploded():
    assert math.isnan(perplexity(math.nan)) and perplexity(math.inf) == math.inf
    assert perplexity(700.0) == math.inf and perplexity(699.9) < math.inf
    assert has_exploded(math.nan, 28) and has_exploded(math.inf, 28)
    assert not has_exploded(math.log(280) - 1e-9, 28) and has_exploded(math.log(280) + 1e-9, 28)
