"""Recurrences without a loop are the recurrences of their equations, step after step."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from charlm_lib.layers.linear_recurrence import (
    LRU,
    MinGRU,
    first_theta,
    join,
    linear_loop,
    linear_recurrence,
)

T, N, D, H = 7, 3, 5, 4  # steps, texts, inputs, units: all different


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def random_numbers(tree, seed=3, scale=0.7):
    """Give every array of a tree unequal values."""
    leaves, structure = jax.tree.flatten(tree)
    draw = np.random.default_rng(seed).standard_normal
    return structure.unflatten([np.float32(scale * draw(x.shape)) for x in leaves])


def min_gru_loop(params, inputs, state):
    """The equations of the minGRU, one step after the other."""
    keep, new, outputs = params["keep"], params["new"], []
    for X in inputs:
        Z = sigmoid(X @ keep["kernel"] + keep["bias"])
        state = Z * state + (1 - Z) * (X @ new["kernel"] + new["bias"])
        outputs.append(state)
    return np.array(outputs), state


def lru_loop(params, inputs, state):
    """The equations of the LRU, one step after the other, with complex matrices."""
    eigenvalues = np.exp(-np.exp(params["nu"]) + 1j * np.exp(params["theta"]))
    units, B, C = len(eigenvalues), params["B"]["kernel"], params["C"]["kernel"]
    B, C = B[:, :units] + 1j * B[:, units:], C[:units] - 1j * C[units:]
    outputs = []
    for X in inputs:
        state = eigenvalues * state + np.sqrt(1 - abs(eigenvalues) ** 2) * (X @ B)
        outputs.append((state @ C).real + params["C"]["bias"])
    return np.array(outputs), state


LAYERS = {
    "minGRU": (MinGRU(H), min_gru_loop),
    "minGRU by a loop": (MinGRU(H, linear_loop), min_gru_loop),
    "LRU": (LRU(H), lru_loop),
    "LRU by a loop": (LRU(H, linear_loop), lru_loop),
}


@pytest.fixture(params=LAYERS)
def case(request):
    """A layer, its loop, parameters and inputs."""
    layer, loop = LAYERS[request.param]
    inputs = np.random.default_rng(1).standard_normal((T, N, D)).astype(np.float32)
    params = random_numbers(layer.init(jax.random.key(0), inputs)["params"])
    return layer, loop, params, inputs


def a_state(layer):
    draw = np.random.default_rng(2).standard_normal
    state = draw((N, H)) + (1j * draw((N, H)) if isinstance(layer, LRU) else 0)
    return np.asarray(state, np.complex64 if isinstance(layer, LRU) else np.float32)


def test_two_steps_are_one():
    first, second = (2.0, 3.0), (5.0, 7.0)
    after_both = 5.0 * (2.0 * 11.0 + 3.0) + 7.0
    A, B = join(first, second)
    assert A * 11.0 + B == after_both
    third = (-1.5, 0.5)
    assert join(join(first, second), third) == join(first, join(second, third))


@pytest.mark.parametrize("recurrence", [linear_recurrence, linear_loop])
@pytest.mark.parametrize("num_steps", [1, 2, 3, 8, 13])
def test_all_steps_at_once_are_the_loop(num_steps, recurrence):
    draw = np.random.default_rng(num_steps).standard_normal
    A, B, state = draw((num_steps, N, H)), draw((num_steps, N, H)), draw((N, H))
    wanted, h = [], state
    for a, b in zip(A, B, strict=True):
        h = a * h + b
        wanted.append(h)
    found = recurrence(*map(jnp.asarray, (A, B, state)))
    np.testing.assert_allclose(found, wanted, atol=1e-4)


def test_long_and_forgetful_is_stable():
    """Products of a thousand small gates vanish, and nothing is divided by them."""
    A = jnp.full((4096, 1, 1), 1e-6).at[2000:].set(0.999)
    H = linear_recurrence(A, 1 - A, jnp.full((1, 1), 5.0))
    assert np.isfinite(H).all()
    np.testing.assert_allclose(H[0], 1 - 1e-6 + 5e-6, rtol=1e-5)
    np.testing.assert_allclose(H[-1], 1.0, atol=1e-3)


@pytest.mark.parametrize("with_state", [False, True])
def test_a_layer_is_its_equations(case, with_state):
    layer, loop, params, inputs = case
    state = a_state(layer) if with_state else None
    found = layer.apply({"params": params}, inputs, state)
    wanted = loop(params, inputs, 0 * a_state(layer) if state is None else state)
    for mine, theirs in zip(found, wanted, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=2e-5)


def test_cut_in_two_and_step_by_step(case):
    layer, _, params, inputs = case
    whole, last = layer.apply({"params": params}, inputs, a_state(layer))
    for cuts in ([3], range(1, T)):
        state, pieces = a_state(layer), []
        for piece in np.split(inputs, cuts):
            outputs, state = layer.apply({"params": params}, piece, state)
            pieces.append(outputs)
        np.testing.assert_allclose(np.concatenate(pieces), whole, atol=1e-5)
        np.testing.assert_allclose(state, last, atol=1e-5)


def test_gradients_by_finite_differences(case):
    layer, loop, params, inputs = case
    weight = np.random.default_rng(4).standard_normal((T, N, H))
    state = a_state(layer)

    def loss(params):
        return (layer.apply({"params": params}, inputs, state)[0] * weight).sum()

    grads = jax.grad(loss)(params)
    direction = random_numbers(params, seed=9, scale=1)
    along = sum(jax.tree.leaves(jax.tree.map(lambda g, d: (g * d).sum(), grads, direction)))

    def moved(step):  # in float64, by the loop
        there = jax.tree.map(lambda p, d: np.float64(p) + step * d, params, direction)
        return (loop(there, np.float64(inputs), state)[0] * weight).sum()

    assert float(along) == pytest.approx((moved(1e-5) - moved(-1e-5)) / 2e-5, rel=2e-3)


def test_an_lru_is_stable_whatever_its_parameters_are():
    layer = LRU(H)
    inputs = np.ones((2000, 1, D), np.float32)
    params = layer.init(jax.random.key(0), inputs)["params"]
    for nu in (-9.0, 0.0, 3.0):
        params["nu"] = jnp.full(H, nu)
        outputs, state = layer.apply({"params": params}, inputs)
        assert np.isfinite(outputs).all() and np.abs(state).max() < 1e3


def test_an_lru_begins_between_its_magnitudes():
    params = LRU(500, slowest=0.9, fastest=0.6).init(jax.random.key(0), np.ones((1, 1, D)))
    magnitudes = np.exp(-np.exp(params["params"]["nu"]))
    assert 0.6 <= magnitudes.min() < 0.63 and 0.88 < magnitudes.max() <= 0.9
    angles = np.exp(params["params"]["theta"])
    assert 0 < angles.min() and angles.max() < np.pi and angles.mean() == pytest.approx(1.57, 0.1)
    many = np.exp(first_theta(jax.random.key(0), (100_000,)))
    assert 9.9e-4 < many.min() < 2e-3  # an angle of 0 would have no finite logarithm


@pytest.mark.parametrize("kind", [MinGRU, LRU])
def test_what_cannot_be_used(kind):
    inputs = np.ones((T, N, D), np.float32)
    with pytest.raises(ValueError, match="num_hiddens=0"):
        kind(0).init(jax.random.key(0), inputs)
    with pytest.raises(ValueError, match="one-hot"):
        kind(H).init(jax.random.key(0), inputs[0])
    with pytest.raises(ValueError, match="state has shape"):
        kind(H).init(jax.random.key(0), inputs, jnp.zeros((N, H + 1)))
