"""The layers and language models against independent references."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

import charlm_lib as cl
from charlm_lib.checks import refuse_arguments

T, B, V, H = 5, 3, 7, 4  # steps, batch, tokens, hidden units: all different
DEPTHS = (1, 2, 3)


# --- references: the equations, in NumPy, float64 ---
def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def tanh_layer(p, inputs, h):
    outputs = []
    for x in inputs:
        h = np.tanh(x @ p["W_xh"] + h @ p["W_hh"] + p["b_h"])
        outputs.append(h)
    return np.array(outputs), h


def simple_cell_layer(p, inputs, h):
    renamed = {"W_xh": p["i"]["kernel"], "W_hh": p["h"]["kernel"], "b_h": p["i"]["bias"]}
    return tanh_layer(renamed, inputs, h)


def gru_layer(p, inputs, h):
    outputs = []
    for x in inputs:
        r = sigmoid(x @ p["ir"]["kernel"] + p["ir"]["bias"] + h @ p["hr"]["kernel"])
        z = sigmoid(x @ p["iz"]["kernel"] + p["iz"]["bias"] + h @ p["hz"]["kernel"])
        n = np.tanh(
            x @ p["in"]["kernel"] + p["in"]["bias"] + r * (h @ p["hn"]["kernel"] + p["hn"]["bias"])
        )
        h = (1 - z) * n + z * h
        outputs.append(h)
    return np.array(outputs), h


def lstm_layer(p, inputs, state):
    (h, c), outputs = state, []
    for x in inputs:
        a = {
            k: x @ p[f"i{k}"]["kernel"] + h @ p[f"h{k}"]["kernel"] + p[f"h{k}"]["bias"]
            for k in "ifgo"
        }
        c = sigmoid(a["f"]) * c + sigmoid(a["i"]) * np.tanh(a["g"])
        h = sigmoid(a["o"]) * np.tanh(c)
        outputs.append(h)
    return np.array(outputs), np.array([h, c])


def reference(layer, params, inputs, state=None):
    """Outputs and state of any layer of the library, by the equations."""
    p = jax.tree.map(lambda x: np.asarray(x, np.float64), params["params"])
    inputs = np.asarray(inputs, np.float64)
    if isinstance(layer, cl.RNNScratch | cl.RNN):
        step, cells = (tanh_layer, [p]) if "W_xh" in p else (simple_cell_layer, [p["cell"]])
    elif isinstance(layer, cl.StackedRNNScratch):
        step, cells = tanh_layer, [p[f"layers_{i}"] for i in range(layer.num_layers)]
    else:
        step = lstm_layer if isinstance(layer, cl.LSTM) else gru_layer
        cells = [p[f"layer_{i}"] for i in range(layer.num_layers)]
    flat = isinstance(layer, cl.RNNScratch | cl.RNN)
    if state is None:
        state = np.zeros(state_shape(layer, inputs.shape[1]))
    state, new_state = np.asarray(state, np.float64), []
    for cell, h in zip(cells, [state] if flat else state, strict=True):
        inputs, h = step(cell, inputs, h)
        new_state.append(h)
    return inputs, new_state[0] if flat else np.array(new_state)


LAYERS = [
    pytest.param(cl.RNNScratch(V, H), id="RNNScratch"),
    pytest.param(cl.RNN(H), id="RNN"),
    *(pytest.param(cl.StackedRNNScratch(V, H, n), id=f"Stacked{n}") for n in DEPTHS),
    *(pytest.param(cl.GRU(H, n), id=f"GRU{n}") for n in DEPTHS),
    *(pytest.param(cl.LSTM(H, n), id=f"LSTM{n}") for n in DEPTHS),
]


def draw(*shape, seed=1):
    return jnp.asarray(np.random.default_rng(seed).standard_normal(shape), jnp.float32)


def state_shape(layer, batch=B):
    depth = getattr(layer, "num_layers", None)
    of_a_layer = (2, batch, H) if isinstance(layer, cl.LSTM) else (batch, H)
    return of_a_layer if depth is None else (depth, *of_a_layer)


def close(found, wanted, tolerance=2e-6):
    np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance)


# --- layers ---
@pytest.mark.parametrize("with_state", [False, True])
@pytest.mark.parametrize("layer", LAYERS)
def test_layer_follows_its_equations(layer, with_state, randomise):
    inputs = draw(T, B, V)
    params = randomise(layer, inputs)
    state = draw(*state_shape(layer), seed=2) if with_state else None
    outputs, new_state = jax.jit(layer.apply)(params, inputs, state)
    assert outputs.shape == (T, B, H) and new_state.shape == state_shape(layer)
    wanted, wanted_state = reference(layer, params, inputs, state)
    close(outputs, wanted)
    close(new_state, wanted_state)
    if with_state:
        without, _ = jax.jit(layer.apply)(params, inputs)
        assert np.abs(without[0] - outputs[0]).max() > 1e-3  # the first step uses the state


def flax_layers(cell, cells, inputs, state):
    """The same stack from Flax's own `nn.RNN`, with copied weights."""
    new_state = []
    for params, h in zip(cells, state, strict=True):
        rnn = nn.RNN(cell, time_major=True, return_carry=True)
        apply = jax.jit(lambda p, x, h, rnn=rnn: rnn.apply(p, x, initial_carry=h))
        h, inputs = apply({"params": {"cell": params}}, inputs, h)
        new_state.append(jnp.stack(h) if isinstance(h, tuple) else h)
    return inputs, jnp.stack(new_state)


@pytest.mark.parametrize("with_state", [False, True])
@pytest.mark.parametrize("depth", DEPTHS)
def test_gru_equals_flax_rnn(depth, with_state, randomise):
    layer, inputs = cl.GRU(H, depth), draw(T, B, V)
    params = randomise(layer, inputs)
    state = draw(depth, B, H, seed=2) if with_state else None
    outputs, new_state = jax.jit(layer.apply)(params, inputs, state)
    cells = [params["params"][f"layer_{i}"] for i in range(depth)]
    start = jnp.zeros((depth, B, H)) if state is None else state
    wanted, wanted_state = flax_layers(nn.GRUCell(H), cells, inputs, start)
    close(outputs, wanted)
    close(new_state, wanted_state)


@pytest.mark.parametrize("cell", [nn.LSTMCell, nn.OptimizedLSTMCell])
@pytest.mark.parametrize("with_state", [False, True])
@pytest.mark.parametrize("depth", DEPTHS)
def test_lstm_equals_flax_rnn(depth, with_state, cell, randomise):
    layer, inputs = cl.LSTM(H, depth), draw(T, B, V)
    params = randomise(layer, inputs)
    state = draw(depth, 2, B, H, seed=2) if with_state else None
    outputs, new_state = jax.jit(layer.apply)(params, inputs, state)
    cells = [params["params"][f"layer_{i}"] for i in range(depth)]
    start = jnp.zeros((depth, 2, B, H)) if state is None else state
    pairs = [(C, H_0) for H_0, C in start]  # Flax's order
    wanted, wanted_state = flax_layers(cell(H), cells, inputs, pairs)
    close(outputs, wanted)
    close(new_state[:, ::-1], wanted_state)


@pytest.mark.parametrize("with_state", [False, True])
@pytest.mark.parametrize("depth", DEPTHS)
def test_tanh_layers_equal_flax_rnn(depth, with_state, randomise):
    layer, inputs = cl.StackedRNNScratch(V, H, depth), draw(T, B, V)
    params = randomise(layer, inputs)
    state = draw(depth, B, H, seed=2) if with_state else jnp.zeros((depth, B, H))
    outputs, new_state = jax.jit(layer.apply)(params, inputs, state if with_state else None)
    cells = [
        {"i": {"kernel": p["W_xh"], "bias": p["b_h"]}, "h": {"kernel": p["W_hh"]}}
        for p in (params["params"][f"layers_{i}"] for i in range(depth))
    ]
    wanted, wanted_state = flax_layers(nn.SimpleCell(H), cells, inputs, state)
    close(outputs, wanted)
    close(new_state, wanted_state)
    if depth == 1:  # and the single layers are the same function
        single = {"params": params["params"]["layers_0"]}
        close(jax.jit(cl.RNNScratch(V, H).apply)(single, inputs, state[0])[0], wanted)
        one_cell = {"params": {"cell": cells[0]}}
        close(jax.jit(cl.RNN(H).apply)(one_cell, inputs, state[0])[0], wanted)


@pytest.mark.parametrize("layer", LAYERS)
def test_a_sequence_cut_in_two_with_the_state_carried_equals_the_whole(layer, randomise):
    inputs = draw(T, B, V)
    params = randomise(layer, inputs)
    apply = jax.jit(layer.apply)
    outputs, state = apply(params, inputs)
    first, middle = apply(params, inputs[:2])
    second, last = apply(params, inputs[2:], middle)
    close(jnp.concatenate([first, second]), outputs)
    close(last, state)


@pytest.mark.parametrize("layer", LAYERS)
def test_rows_of_a_batch_do_not_touch_each_other(layer, randomise):
    inputs = draw(T, B, V)
    params = randomise(layer, inputs)
    apply = jax.jit(layer.apply)
    close(apply(params, inputs[:, 1:2])[0][:, 0], apply(params, inputs)[0][:, 1])


@pytest.mark.parametrize("kind, gate", [(cl.GRU, "ir"), (cl.LSTM, "if")])
def test_middle_layer_of_three_reads_the_layer_below(kind, gate, randomise):
    # The published fault: every layer but the last reads the raw input.
    layer, inputs = kind(H, 3), draw(T, B, V)
    params = randomise(layer, inputs)
    assert params["params"]["layer_0"][gate]["kernel"].shape == (V, H)
    assert params["params"]["layer_1"][gate]["kernel"].shape == (H, H)
    below = {"params": {"layer_0": params["params"]["layer_0"]}}
    above = {"params": {f"layer_{i}": params["params"][f"layer_{i + 1}"] for i in (0, 1)}}
    hidden, _ = jax.jit(kind(H, 1).apply)(below, inputs)
    outputs, _ = jax.jit(kind(H, 2).apply)(above, hidden)
    close(jax.jit(layer.apply)(params, inputs)[0], outputs)


@pytest.mark.parametrize("rnn", [cl.GRU(H, 3), cl.LSTM(H, 3), cl.StackedRNNScratch(V, H, 3)])
def test_every_layer_affects_the_logits_and_learns(rnn, randomise):
    model = cl.RNNLM(rnn, V, lr=1.0)
    X = jnp.asarray(np.random.default_rng(0).integers(0, V, (B, T)), jnp.int32)
    params = randomise(model, X)

    @jax.jit
    def loss_and_logits(params):
        logits, _ = model.apply(params, X)
        return cl.cross_entropy(logits, X), logits

    grads, logits = jax.jit(jax.grad(loss_and_logits, has_aux=True))(params)
    layers = params["params"]["rnn"]
    assert len(layers) == 3
    for name, leaves in layers.items():
        changed = jax.tree.map(lambda x: x * 1.1, leaves)
        changed = {"params": {**params["params"], "rnn": {**layers, name: changed}}}
        assert np.abs(loss_and_logits(changed)[1] - logits).max() > 1e-4, name
        for leaf in jax.tree.leaves(grads["params"]["rnn"][name]):
            assert np.abs(leaf).max() > 1e-6, name


# --- gradients against finite differences of the NumPy reference ---
@pytest.mark.parametrize("rnn", LAYERS)
def test_gradient_equals_central_differences(rnn, randomise):
    rng = np.random.default_rng(3)
    model = cl.RNNLM(rnn, V, lr=1.0)
    X, Y = (jnp.asarray(rng.integers(0, V, (2, T)), jnp.int32) for _ in "XY")
    params = randomise(model, X)
    grads = jax.jit(jax.grad(lambda p: cl.cross_entropy(model.apply(p, X)[0], Y)))(params)

    leaves, tree = jax.tree.flatten(jax.tree.map(lambda x: np.array(x, np.float64), params))

    def loss():
        p = jax.tree.unflatten(tree, leaves)["params"]
        outputs, _ = reference(rnn, {"params": p["rnn"]}, np.eye(V)[np.asarray(X).T])
        logits = (outputs @ p["output"]["kernel"] + p["output"]["bias"]).swapaxes(0, 1)
        log_norm = np.log(np.exp(logits).sum(-1))
        picked = np.take_along_axis(logits, np.asarray(Y)[..., None], -1)[..., 0]
        return (log_norm - picked).mean()

    for leaf, grad in zip(leaves, jax.tree.leaves(grads), strict=True):
        for index in rng.permutation(leaf.size)[:12]:
            at, step = np.unravel_index(index, leaf.shape), 1e-5
            old = leaf[at]
            leaf[at] = old + step
            up = loss()
            leaf[at] = old - step
            down = loss()
            leaf[at] = old
            np.testing.assert_allclose(grad[at], (up - down) / (2 * step), rtol=1e-3, atol=2e-6)


# --- language models ---
def both_heads(params):
    """The parameters of `RNNLMScratch(RNNScratch)` under the names of `RNNLM(RNN)`."""
    p = params["params"]
    cell = {
        "i": {"kernel": p["rnn"]["W_xh"], "bias": p["rnn"]["b_h"]},
        "h": {"kernel": p["rnn"]["W_hh"]},
    }
    output = {"kernel": p["W_hq"], "bias": p["b_q"]}
    return {"params": {"rnn": {"cell": cell}, "output": output}}


@pytest.mark.parametrize("training", [False, True])
def test_scratch_and_concise_are_one_function(training, randomise):
    X = jnp.asarray(np.random.default_rng(0).integers(0, V, (B, T)), jnp.int32)
    scratch = cl.RNNLMScratch(cl.RNNScratch(V, H), V, lr=1.0)
    concise = cl.RNNLM(cl.RNN(H), V, lr=1.0)
    params = randomise(scratch, X)
    renamed = both_heads(params)
    shapes = jax.tree.map(jnp.shape, jax.eval_shape(concise.init, jax.random.key(0), X))
    assert jax.tree.map(jnp.shape, renamed) == shapes
    state = draw(B, H)
    for args in ((X,), (X, state)):
        logits, new_state = scratch.apply(params, *args, training=training)
        assert logits.shape == (B, T, V)
        wanted, wanted_state = concise.apply(renamed, *args, training=training)
        close(logits, wanted)
        close(new_state, wanted_state)
    one_hot = np.eye(V)[np.asarray(X).T]
    np.testing.assert_array_equal(scratch.apply(params, X, method="one_hot"), one_hot)
    outputs, _ = reference(cl.RNNScratch(V, H), {"params": params["params"]["rnn"]}, one_hot)
    wanted = (outputs @ params["params"]["W_hq"] + params["params"]["b_q"]).swapaxes(0, 1)
    close(scratch.apply(params, X)[0], wanted)


@pytest.mark.parametrize("head", [cl.RNNLMScratch, cl.RNNLM])
@pytest.mark.parametrize("rnn", LAYERS)
def test_number_of_parameters_and_training_flag(head, rnn):
    model = head(rnn, V, lr=1.0)
    X = jnp.zeros((B, T), jnp.int32)
    params = jax.eval_shape(model.init, jax.random.key(0), X)
    depth, gru = getattr(rnn, "num_layers", 1), isinstance(rnn, cl.GRU)
    widths = [V] + [H] * (depth - 1)
    # A GRU cell has three sets of weights, and one more bias, b_hn; an LSTM cell has four.
    sets = 3 if gru else 4 if isinstance(rnn, cl.LSTM) else 1
    layers = sum((w * H + H * H + H) * sets + H * gru for w in widths)
    assert sum(np.prod(x.shape) for x in jax.tree.leaves(params)) == layers + H * V + V
    for training in (False, True):
        logits, state = jax.eval_shape(
            lambda p, t=training: model.apply(p, X, None, t, rngs={"dropout": jax.random.key(0)}),
            params,
        )
        assert logits.shape == (B, T, V) and state.shape == state_shape(rnn)


def test_initial_weights():
    inputs, key = jnp.zeros((1, 1, 60)), jax.random.key(0)
    params = jax.jit(cl.RNNScratch(60, 50, sigma=0.1).init)(key, inputs)["params"]
    assert np.std(params["W_xh"]) == pytest.approx(0.1, rel=0.05)
    assert np.std(params["W_hh"]) == pytest.approx(0.1, rel=0.06)
    assert not params["b_h"].any()
    assert not np.array_equal(params["W_xh"][:50], params["W_hh"])
    other = jax.jit(cl.RNNScratch(60, 50).init)(jax.random.key(1), inputs)["params"]
    assert np.std(other["W_xh"]) == pytest.approx(0.01, rel=0.05)
    stacked = jax.jit(cl.StackedRNNScratch(50, 50, 2, 0.1).init)(key, jnp.zeros((1, 1, 50)))
    first, second = (stacked["params"][f"layers_{i}"]["W_hh"] for i in (0, 1))
    assert not np.array_equal(first, second)


# --- dropout ---
def apply_layer(model, params, inputs, training, seed=0):
    rngs = {"dropout": jax.random.key(seed)} if training else None
    return model.apply(params, inputs, training=training, rngs=rngs)


@pytest.mark.parametrize("kind", [cl.GRU, cl.LSTM])
def test_dropout_acts_only_in_training_and_only_between_layers(kind, randomise):
    inputs = draw(T, B, V)
    dropping = kind(H, 2, 0.5)
    params = randomise(dropping, inputs)
    plain, plain_state = apply_layer(kind(H, 2), params, inputs, True)
    np.testing.assert_array_equal(apply_layer(dropping, params, inputs, False)[0], plain)
    dropped, state = apply_layer(dropping, params, inputs, True)
    assert np.abs(dropped - plain).max() > 1e-2
    np.testing.assert_array_equal(state[0], plain_state[0])  # the first layer reads all inputs
    assert not (dropped == 0).any()  # nothing is dropped above the last layer
    np.testing.assert_array_equal(dropped, apply_layer(dropping, params, inputs, True)[0])
    assert np.abs(dropped - apply_layer(dropping, params, inputs, True, seed=1)[0]).max() > 1e-2

    single = {"params": {"layer_0": params["params"]["layer_0"]}}
    unaffected = apply_layer(kind(H, 1, 0.9), single, inputs, True)[0]
    np.testing.assert_array_equal(unaffected, apply_layer(kind(H, 1), single, inputs, False)[0])


@pytest.mark.parametrize("kind", [cl.GRU, cl.LSTM])
def test_nothing_is_dropped_unless_training_is_asked_for(kind, randomise):
    layer, inputs = kind(H, 2, 0.5), draw(T, B, V)
    params = randomise(layer, inputs)
    assert (layer.apply(params, inputs)[0] == apply_layer(layer, params, inputs, False)[0]).all()
    model, ids = cl.RNNLM(layer, V, 1.0), jnp.asarray(X)
    params = randomise(model, ids)
    for method in (None, "forward"):
        logits, _ = model.apply(params, ids, method=method)
        assert (logits == model.apply(params, ids, training=False)[0]).all()


def test_dropout_rate_scale_and_a_mask_per_step_and_row(randomise):
    steps, batch, rate = 40, 30, 0.25
    inputs = draw(steps, batch, V)
    params = jax.tree.map(np.array, randomise(cl.GRU(H, 2), inputs))
    # A second layer that hands on tanh of what it reads: no memory, update gate shut.
    second = jax.tree.map(np.zeros_like, params["params"]["layer_1"])
    second["iz"]["bias"] -= 100.0
    second["in"]["kernel"] += np.eye(H, dtype=np.float32)
    params["params"]["layer_1"] = second
    outputs, _ = apply_layer(cl.GRU(H, 2, rate), params, inputs, True)
    hidden, _ = cl.GRU(H, 1).apply({"params": {"layer_0": params["params"]["layer_0"]}}, inputs)
    kept = np.asarray(outputs) != 0
    assert kept.mean() == pytest.approx(1 - rate, abs=0.03)
    close(outputs, np.where(kept, np.tanh(hidden / (1 - rate)), 0), 1e-5)
    for axis in range(3):  # step, row and unit: no axis shares one mask
        assert not np.array_equal(kept, np.broadcast_to(kept.take([0], axis), kept.shape))


# --- bad input ---
X = np.zeros((B, T), np.int32)
INPUTS = np.zeros((T, B, V), np.float32)
BAD = {
    "num_hiddens=0": (cl.RNNScratch(V, 0), INPUTS),
    "num_hiddens=-1": (cl.RNN(-1), INPUTS),
    "num_hiddens=2.5": (cl.GRU(2.5, 1), INPUTS),
    "num_hiddens='8'": (cl.RNN("8"), INPUTS),
    "num_inputs=0": (cl.RNNScratch(0, H), INPUTS),
    "num_layers=0": (cl.GRU(H, 0), INPUTS),
    "num_layers=-2": (cl.StackedRNNScratch(V, H, -2), INPUTS),
    "num_layers=True": (cl.GRU(H, True), INPUTS),
    "num_layers=2.5": (cl.LSTM(H, 2.5), INPUTS),
    "num_hiddens=-2": (cl.LSTM(-2, 1), INPUTS),
    "dropout=1.5 must be at least 0 and below 1": (cl.LSTM(H, 2, 1.5), INPUTS),
    "(2, 5, 3, 7), but the layer needs": (cl.LSTM(H, 1), INPUTS[None].repeat(2, 0)),
    "vocab_size=0": (cl.RNNLMScratch(cl.RNN(H), 0, 1.0), X),
    "vocab_size=1.5": (cl.RNNLM(cl.RNN(H), 1.5, 1.0), X),
    "dropout=1.0 must be at least 0 and below 1": (cl.GRU(H, 2, 1.0), INPUTS),
    "dropout=-0.1 must be at least 0 and below 1": (cl.GRU(H, 2, -0.1), INPUTS),
    "dropout=nan must be at least 0 and below 1": (cl.GRU(H, 2, float("nan")), INPUTS),
    "(5, 3, 7), but the layer needs (num_steps, batch_size, 6)": (cl.RNNScratch(6, H), INPUTS),
    "(5, 3, 7), but the layer needs": (cl.StackedRNNScratch(6, H, 2), INPUTS),
    "(3, 7), but the layer needs": (cl.RNN(H), INPUTS[0]),
    "(7,), but the layer needs": (cl.StackedRNNScratch(V, H, 2), INPUTS[0, 0]),
    "(1, 5, 3, 7), but the layer needs": (cl.GRU(H, 1), INPUTS[None]),
    "(5,) and type int32": (cl.RNNLM(cl.RNN(H), V, 1.0), X[0]),
    "type float32": (cl.RNNLMScratch(cl.RNN(H), V, 1.0), X.astype(np.float32)),
    "time first": (cl.RNNLM(cl.RNNScratch(V + 1, H), V, 1.0), X),
}


@pytest.mark.parametrize("message", BAD)
def test_bad_input_is_named(message):
    model, inputs = BAD[message]
    with pytest.raises(ValueError) as error:
        jax.eval_shape(model.init, jax.random.key(0), jnp.asarray(inputs))
    assert message in str(error.value)


@pytest.mark.parametrize("layer", LAYERS)
def test_state_of_the_wrong_shape(layer, randomise):
    params = randomise(layer, jnp.asarray(INPUTS))
    right = state_shape(layer)
    wrong = [state_shape(layer, B + 1), right[1:], (*right, 1), (*right[:-1], H + 1)]
    for shape in wrong:
        with pytest.raises(ValueError) as error:
            layer.apply(params, INPUTS, jnp.zeros(shape))
        assert str(shape) in str(error.value) and str(right) in str(error.value)


def test_numpy_whole_numbers_are_sizes():
    for n in np.arange(1, 3):
        model = cl.GRU(np.int64(H), n)
        params = jax.eval_shape(model.init, jax.random.key(0), jnp.asarray(INPUTS))
        assert len(params["params"]) == n


# --- old arguments ---
def test_an_argument_of_another_book_gets_what_to_do_instead():
    instead = {"num_gpus": "leave it out", "device": "leave it out"}
    with pytest.raises(TypeError, match=r"^Trainer\(\) has no num_gpus=1: leave it out$"):
        refuse_arguments("Trainer", {"num_gpus": 1, "x": 2}, instead)
    with pytest.raises(TypeError, match=r"^Vocab\(\) has no device=\[0, 1, 2, .*\.\.\.\]: leave"):
        refuse_arguments("Vocab", {"device": list(range(5000))}, instead)
    with pytest.raises(TypeError, match=r"^Trainer\(\) got an unexpected keyword argument 'x'$"):
        refuse_arguments("Trainer", {"x": 2}, instead)
    refuse_arguments("Trainer", {}, instead)
