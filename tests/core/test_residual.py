"""A stack of residual blocks is the sum that its equations say, and carries its layers' states."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import charlm_lib as cl
from tests.core.test_linear_recurrence import lru_loop, min_gru_loop, random_numbers

T, N, D, H = 6, 3, 5, 8
LAYERS = {
    "minGRU": lambda: cl.MinGRU(H, cl.linear_loop),  # it compiles faster than the tree
    "LRU": lambda: cl.LRU(H, cl.linear_loop),
    "GRU": lambda: cl.GRU(H, 1),
    "attention": lambda: cl.CausalAttention(H, 2, 4),
}
INPUTS = np.random.default_rng(1).standard_normal((T, N, D)).astype(np.float32)


def stack(name, num_layers, dropout=0.0):
    return cl.ResidualStack(tuple(LAYERS[name]() for _ in range(num_layers)), H, dropout)


def drawn(module):
    return random_numbers(module.init(jax.random.key(0), INPUTS)["params"], scale=0.4)


def norm(X, p):
    centred = X - X.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-6) * p["scale"] + p["bias"]


def gelu(x):  # as Flax has it, with tanh
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def stack_loop(params, inputs, loop, num_layers):
    def dense(X, name):
        return X @ params[name]["kernel"] + params[name]["bias"]

    X = dense(inputs, "embed")
    for i in range(num_layers):
        read = norm(X, params[f"LayerNorm_{2 * i}"])
        X = X + loop(params[f"layers_{i}"], read, np.zeros((N, H)))[0]
        wide = gelu(dense(norm(X, params[f"LayerNorm_{2 * i + 1}"]), f"Dense_{2 * i}"))
        X = X + dense(wide, f"Dense_{2 * i + 1}")
    return norm(X, params[f"LayerNorm_{2 * num_layers}"])


@pytest.mark.parametrize("num_layers", [1, 2, 3])
@pytest.mark.parametrize("name, loop", [("minGRU", min_gru_loop), ("LRU", lru_loop)])
def test_a_stack_is_its_equations(name, loop, num_layers):
    module = stack(name, num_layers)
    params = drawn(module)
    outputs, state = module.apply({"params": params}, INPUTS)
    np.testing.assert_allclose(outputs, stack_loop(params, INPUTS, loop, num_layers), atol=1e-4)
    assert len(state) == num_layers


def test_between_its_two_layers_a_block_is_twice_as_wide():
    shapes = jax.tree.map(jnp.shape, drawn(stack("minGRU", 1)))
    assert shapes["Dense_0"]["kernel"] == (H, 2 * H) and shapes["Dense_1"]["kernel"] == (2 * H, H)


@pytest.mark.parametrize("inputs", [INPUTS[0], INPUTS[0, 0]])
def test_inputs_of_another_shape_are_named(inputs):
    with pytest.raises(ValueError) as error:
        stack("GRU", 1).init(jax.random.key(0), inputs)
    assert f"inputs have shape {inputs.shape}, but" in str(error.value)


@pytest.mark.parametrize("name", LAYERS)
def test_one_step_at_a_time_and_cut_in_two(name):
    module = stack(name, 2)
    params = drawn(module)
    whole, last = module.apply({"params": params}, INPUTS)
    for cuts in ([4], range(1, T)):
        state, pieces = None, []
        for piece in np.split(INPUTS, cuts):
            outputs, state = module.apply({"params": params}, piece, state)
            pieces.append(outputs)
        np.testing.assert_allclose(np.concatenate(pieces), whole, atol=1e-4)
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-4), state, last)


def test_dropout_drops_in_training_only():
    module = stack("minGRU", 2, dropout=0.5)
    params = {"params": drawn(module)}
    plain, _ = stack("minGRU", 2).apply(params, INPUTS)
    np.testing.assert_array_equal(module.apply(params, INPUTS)[0], plain)
    keys = (jax.random.key(i) for i in (1, 2))
    a, b = (module.apply(params, INPUTS, training=True, rngs={"dropout": k})[0] for k in keys)
    assert np.abs(a - plain).max() > 0.01 and np.abs(a - b).max() > 0.01


def test_as_many_states_as_layers():
    with pytest.raises(ValueError):
        stack("minGRU", 2).init(jax.random.key(0), INPUTS, (None,))
    with pytest.raises(ValueError, match="num_hiddens=0"):
        cl.ResidualStack((cl.MinGRU(H),), 0).init(jax.random.key(0), INPUTS)


TEXT = "peter piper picked a peck of pickled peppers then the seller sold seven shells " * 9


@pytest.mark.parametrize("name", LAYERS)
def test_it_trains_with_carried_state_and_is_read_and_sampled(name):
    """All that the library does with a layer, from the same state: read at once, or in pieces."""
    data = cl.TextData(TEXT, 8, 8, 32, 8, stride=8)
    model = cl.RNNLM(stack(name, 2), len(data.vocab), lr=1.0)
    result = cl.Trainer(2, 1.0, carry_state=True).fit(model, data, show=False)
    assert result.history["train_perplexity"][-1] < len(data.vocab)
    text = TEXT[:40].strip()
    ids = jnp.asarray(data.vocab.encode(text))
    one_step, state, nll = jax.jit(result.model.apply), None, []
    for now, later in zip(ids[:-1], ids[1:], strict=True):
        logits, state = one_step(result.params, now[None, None], state)
        nll.append(-jax.nn.log_softmax(logits[0, 0])[later])
    np.testing.assert_allclose(cl.text_nll(result, text), nll, atol=1e-4)
    (written,) = cl.sample("peter ", 5, result)
    assert written.startswith("peter ") and len(written) == 11
    greedy = cl.predict(text, 1, result)[-1]
    assert greedy == data.vocab.decode(1 + jnp.argmax(
        result.model.apply(result.params, ids[None])[0][0, -1, 1:])[None])  # fmt: skip
