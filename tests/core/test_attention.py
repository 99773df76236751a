"""Attention over a window is the softmax over these keys, and its cache is all that it carries."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from charlm_lib.layers.attention import CausalAttention
from tests.core.test_linear_recurrence import random_numbers

N, D, H, HEADS, WINDOW = 3, 5, 6, 2, 4
LAYER = CausalAttention(H, HEADS, WINDOW)


def attention_loop(params, inputs, window):
    """Every query by itself: over the steps of its window, in each text and head."""
    Q, K, V = (
        np.einsum("tnd,dhk->tnhk", inputs, params[name]["kernel"]) + params[name]["bias"]
        for name in ("query", "key", "value")
    )
    mixed = np.zeros_like(V)
    for t, n, h in np.ndindex(*V.shape[:3]):
        back = np.arange(min(t + 1, window))  # distances
        logits = K[t - back, n, h] @ Q[t, n, h] / np.sqrt(V.shape[-1])
        weights = np.exp(logits + params["by_distance"][h, back])
        mixed[t, n, h] = weights / weights.sum() @ V[t - back, n, h]
    return np.einsum("tnhk,hkd->tnd", mixed, params["out"]["kernel"]) + params["out"]["bias"]


def inputs_of(num_steps):
    return np.random.default_rng(1).standard_normal((num_steps, N, D)).astype(np.float32)


@pytest.fixture(scope="module")
def params():
    return random_numbers(LAYER.init(jax.random.key(0), inputs_of(2))["params"])


@pytest.mark.parametrize("num_steps", [1, 3, 4, 5, 8, 13])
def test_a_layer_is_its_equation(params, num_steps):
    inputs = inputs_of(num_steps)
    found, _ = LAYER.apply({"params": params}, inputs)
    np.testing.assert_allclose(found, attention_loop(params, inputs, WINDOW), atol=2e-5)


@pytest.mark.parametrize("cuts", [[1], [3], [4], [5, 6], range(1, 11)])
def test_with_the_cache_it_goes_on_where_it_stopped(params, cuts):
    inputs = inputs_of(11)
    whole, last = LAYER.apply({"params": params}, inputs)
    state, pieces = None, []
    for piece in np.split(inputs, cuts):
        outputs, state = LAYER.apply({"params": params}, piece, state)
        pieces.append(outputs)
    np.testing.assert_allclose(np.concatenate(pieces), whole, atol=1e-5)
    for mine, theirs in zip(state, last, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)


def test_a_state_of_zeros_is_no_state(params):
    _, state = LAYER.apply({"params": params}, inputs_of(6))
    zeros = jax.tree.map(jnp.zeros_like, state)
    found = (LAYER.apply({"params": params}, inputs_of(6), s)[0] for s in (None, zeros))
    np.testing.assert_array_equal(*found)


def test_the_cache_has_a_fixed_size_and_says_how_much_of_it_is_there(params):
    for num_steps, there in ((1, 1), (3, 3), (9, WINDOW)):
        _, (keys, values, seen) = LAYER.apply({"params": params}, inputs_of(num_steps))
        assert keys.shape == values.shape == (N, WINDOW, HEADS, H // HEADS) and seen == there


def test_the_sizes_that_nobody_chose():
    layer = CausalAttention(H := 8)
    _, (keys, *_) = jax.eval_shape(layer.init_with_output, jax.random.key(0), inputs_of(3))[0]
    assert keys.shape == (N, 64, 4, H // 4)


def test_nothing_beyond_the_window_and_nothing_that_comes_later_counts(params):
    inputs = inputs_of(9)
    outputs, _ = LAYER.apply({"params": params}, inputs)
    for changed in range(9):
        others, _ = LAYER.apply(
            {"params": params}, inputs + 2.0 * np.eye(9)[changed][:, None, None]
        )
        moved = np.abs(others - outputs).max((1, 2)) > 1e-5
        assert moved.nonzero()[0].tolist() == [*range(changed, min(changed + WINDOW, 9))]


def test_gradients_by_finite_differences(params):
    inputs = inputs_of(9)
    weight = np.random.default_rng(4).standard_normal((9, N, H))
    grads = jax.grad(lambda p: (LAYER.apply({"params": p}, inputs)[0] * weight).sum())(params)
    direction = random_numbers(params, seed=9, scale=1)
    along = sum(jax.tree.leaves(jax.tree.map(lambda g, d: (g * d).sum(), grads, direction)))

    def moved(step):
        there = jax.tree.map(lambda p, d: np.float64(p) + step * d, params, direction)
        return (attention_loop(there, np.float64(inputs), WINDOW) * weight).sum()

    assert float(along) == pytest.approx((moved(1e-5) - moved(-1e-5)) / 2e-5, rel=2e-3)


def test_what_cannot_be_used():
    with pytest.raises(ValueError, match="window=0"):
        CausalAttention(H, HEADS, 0).init(jax.random.key(0), inputs_of(2))
    with pytest.raises(ValueError, match="num_hiddens=7"):
        CausalAttention(7, HEADS, 4).init(jax.random.key(0), inputs_of(2))
    with pytest.raises(ValueError, match="one-hot"):
        LAYER.init(jax.random.key(0), inputs_of(2)[0])
