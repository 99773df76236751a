"""The loss of a language model, against NumPy and optax."""

import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import charlm_lib as cl
from charlm_lib.losses import LANES, weighted_nll


def test_cross_entropy_is_the_mean_negative_log_softmax():
    rng = np.random.default_rng(0)
    logits, Y = 5 * rng.standard_normal((3, 4, 7)), rng.integers(0, 7, (3, 4))
    softmax = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    wanted = -np.log(np.take_along_axis(softmax, Y[..., None], -1)).mean()
    found = cl.cross_entropy(jnp.asarray(logits, jnp.float32), jnp.asarray(Y))
    assert float(found) == pytest.approx(wanted, rel=1e-6)
    huge = jnp.array([[1e4, -1e4]])  # no overflow
    assert float(cl.cross_entropy(huge, jnp.array([1]))) == pytest.approx(2e4)


def test_cross_entropy_of_shapes_that_do_not_fit():
    with pytest.raises(ValueError, match=r"\(2, 3, 5\) need targets of shape \(2, 3\).*\(3, 2\)"):
        cl.cross_entropy(jnp.zeros((2, 3, 5)), jnp.zeros((3, 2), int))


def test_perplexity_and_bits():
    assert cl.perplexity(math.log(28)) == pytest.approx(28)
    assert cl.perplexity(0.0) == 1
    assert cl.perplexity(800.0) == cl.perplexity(math.inf) == math.inf
    assert math.isnan(cl.perplexity(math.nan))
    assert cl.bits_per_character(math.log(8)) == pytest.approx(3)


def plain_nll(logits, Y, weights):
    return jnp.sum(optax.softmax_cross_entropy_with_integer_labels(logits, Y) * weights)


@pytest.mark.parametrize("vocab_size", [2, 7, LANES, 28, 2 * LANES])
@pytest.mark.parametrize("scale", [1.0, 1000.0])
def test_weighted_nll_is_the_loss_of_optax(vocab_size, scale):
    rng = np.random.default_rng(0)
    logits = jnp.asarray(scale * rng.standard_normal((3, 4, vocab_size)), jnp.float32)
    Y = jnp.asarray(rng.integers(vocab_size, size=(3, 4)))
    weights = jnp.asarray(rng.integers(0, 3, (3, 4)), jnp.float32)
    arguments = logits, Y, weights
    found, wanted = (
        jax.jit(jax.value_and_grad(f, (0, 2)))(*arguments) for f in (weighted_nll, plain_nll)
    )
    jax.tree.map(partial(np.testing.assert_allclose, rtol=1e-5, atol=1e-6 * scale), found, wanted)
    np.testing.assert_allclose(weighted_nll(*arguments), wanted[0], rtol=1e-6)


def test_weighted_nll_of_logits_that_are_already_wide():
    rng = np.random.default_rng(0)
    logits = jnp.asarray(rng.standard_normal((5, 7)), jnp.float32)
    wide = jnp.pad(logits, ((0, 0), (0, LANES - 7)), constant_values=-jnp.inf)
    Y, weights = jnp.array([0, 6, 3, 3, 1]), jnp.ones(5)
    gradient = jax.grad(weighted_nll)(wide, Y, weights)
    np.testing.assert_allclose(weighted_nll(wide, Y, weights), weighted_nll(logits, Y, weights))
    np.testing.assert_allclose(gradient[:, :7], jax.grad(weighted_nll)(logits, Y, weights))
    assert (gradient[:, 7:] == 0).all()


@pytest.mark.parametrize("bad", [jnp.nan, jnp.inf])
def test_weighted_nll_does_not_hide_what_is_not_finite(bad):
    logits = jnp.zeros((2, 7)).at[0, 3].set(bad)
    assert not jnp.isfinite(weighted_nll(logits, jnp.array([1, 1]), jnp.ones(2)))
