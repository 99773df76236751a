"""The gradient's way back of JacobianProduct, run in Node, against JAX."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from charlm_lib.widgets import JacobianProduct
from tests.widgets.test_core import IDS, MODELS, READ, packed, trained_like

TOKENS = IDS[:9]
WAY = """
    const { wayBack } = await load("model/jacobians.js");
    const { states, ...way } = wayBack(model, input.tokens, input.scale);
    give({ ...way, states: states.map((state) => Array.from(state)) });
"""


def layers_of(result):
    """W_xh, W_hh and b_h of each layer, and W_hq and b_q."""
    tree = result.params["params"]
    rnn = tree["rnn"]
    layers = [rnn[f"layers_{i}"] for i in range(len(rnn))] if "layers_0" in rnn else [rnn]
    return [[w[name] for name in ("W_xh", "W_hh", "b_h")] for w in layers], tree


def gradients_in_jax(result, scale):
    """The gradients at every argument of the top layer's tanh, and the states of that layer."""
    layers, tree = layers_of(result)
    *read, target = TOKENS

    def loss(added):
        inputs = jax.nn.one_hot(jnp.array(read), len(result.vocab))
        for i, (W_xh, W_hh, b_h) in enumerate(layers):
            is_top = i == len(layers) - 1
            state, states = jnp.zeros(b_h.shape), []
            for t, x in enumerate(inputs):
                argument = x @ W_xh + state @ W_hh * (scale if is_top else 1) + b_h
                state = jnp.tanh(argument + (added[t] if is_top else 0))
                states.append(state)
            inputs = jnp.stack(states)
        return -jax.nn.log_softmax(inputs[-1] @ tree["W_hq"] + tree["b_q"])[target], inputs

    zeros = jnp.zeros((len(read), len(layers[-1][2])))
    return jax.jit(jax.grad(loss, has_aux=True))(zeros)


@pytest.mark.parametrize("name", ["tanh scratch 1", "tanh stacked 3"])
@pytest.mark.parametrize("scale", [0.5, 1.0, 1.37])
def test_the_way_back_is_that_of_jax(run_node, name, scale):
    result = trained_like(MODELS[name])
    gradients, states = gradients_in_jax(result, scale)
    found = run_node(READ + WAY, **packed(result), tokens=TOKENS.tolist(), scale=scale)
    np.testing.assert_allclose(found["states"], states, atol=1e-5)
    norms = np.linalg.norm(gradients, axis=1)[::-1]
    np.testing.assert_allclose(found["norms"], norms / norms[0], rtol=1e-3)
    np.testing.assert_allclose(
        found["slopes"], (1 - np.array(states) ** 2).mean(axis=1)[::-1], atol=1e-5
    )
    W_hh = scale * np.float64(layers_of(result)[0][-1][1])
    plain = [np.float64(gradients[-1])]
    for _ in range(len(TOKENS) - 2):
        plain.append(W_hh @ plain[-1])
    lengths = np.linalg.norm(plain, axis=1)
    np.testing.assert_allclose(found["powers"], lengths / lengths[0], rtol=1e-3)
    assert len(set(np.round(found["norms"], 6))) == len(TOKENS) - 1  # none like another


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("gru 1", {}, "the cell is 'gru': its gradient has other ways"),
        ("tanh scratch 1", {"text": "ab"}, "the text has 2 characters: pass 3 to 33"),
        ("tanh scratch 1", {"text": "a" * 34}, "the text has 34 characters"),
        ("tanh scratch 1", {"text": "a#b"}, "'#'"),
        ("tanh scratch 1", {"scale": 1.6}, r"scale 1.6: choose between 0.5 and 1.5"),
    ],
)
def test_what_cannot_be_shown_is_refused(name, arguments, message):
    with pytest.raises(ValueError, match=message):
        JacobianProduct(trained_like(MODELS[name]), **arguments)
