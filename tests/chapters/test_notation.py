"""The functions on the notation page: weights go to PyTorch and back without a change of meaning.

PyTorch is not installed here. Its layers are written out in NumPy, from the equations and shapes
in its documentation (torch.nn.GRU, torch.nn.LSTM).
"""

import re
from pathlib import Path

import jax
import numpy as np
import pytest
from flax import nnx

import charlm_lib as cl

PAGE = Path(__file__).resolve().parents[2] / "pages" / "notation.md"
T, N, D, H = 4, 3, 5, 2


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def torch_gru(weights, inputs, hx):
    """`torch.nn.GRU(D, H, num_layers)(inputs, hx)`, for one column vector after the other."""
    output, h_n = inputs, []
    for k, h_0 in enumerate(hx):
        W_ir, W_iz, W_in = np.split(weights[f"weight_ih_l{k}"], 3)
        W_hr, W_hz, W_hn = np.split(weights[f"weight_hh_l{k}"], 3)
        b_ir, b_iz, b_in = np.split(weights[f"bias_ih_l{k}"], 3)
        b_hr, b_hz, b_hn = np.split(weights[f"bias_hh_l{k}"], 3)
        rows = []
        for n in range(inputs.shape[1]):
            h, row = h_0[n], []
            for x in output[:, n]:
                r = sigmoid(W_ir @ x + b_ir + W_hr @ h + b_hr)
                z = sigmoid(W_iz @ x + b_iz + W_hz @ h + b_hz)
                new = np.tanh(W_in @ x + b_in + r * (W_hn @ h + b_hn))
                h = (1 - z) * new + z * h
                row.append(h)
            rows.append(row)
        output = np.array(rows).swapaxes(0, 1)
        h_n.append(output[-1])
    return output, np.array(h_n)


def torch_lstm(weights, inputs, hx):
    """`torch.nn.LSTM(D, H, num_layers)(inputs, (h_0, c_0))`, likewise; `hx` and state as ours."""
    output, state = inputs, []
    for k, (h_0, c_0) in enumerate(hx):
        W_i, W_h = weights[f"weight_ih_l{k}"], weights[f"weight_hh_l{k}"]
        b_i, b_h = weights[f"bias_ih_l{k}"], weights[f"bias_hh_l{k}"]
        rows, last = [], []
        for n in range(inputs.shape[1]):
            h, c, row = h_0[n], c_0[n], []
            for x in output[:, n]:
                i, f, g, o = np.split(W_i @ x + b_i + W_h @ h + b_h, 4)
                c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
                h = sigmoid(o) * np.tanh(c)
                row.append(h)
            rows.append(row)
            last.append([h, c])
        output = np.array(rows).swapaxes(0, 1)
        state.append(np.swapaxes(last, 0, 1))
    return output, np.array(state)


def torch_weights(num_layers, draw, blocks=3):
    weights = {}
    for k in range(num_layers):
        shapes = {"weight_ih": (blocks * H, H if k else D), "weight_hh": (blocks * H, H)}
        shapes |= {"bias_ih": (blocks * H,), "bias_hh": (blocks * H,)}
        weights |= {f"{name}_l{k}": draw(shape) for name, shape in shapes.items()}
    return weights


@pytest.fixture(scope="module")
def page():
    """What the Python blocks of the page define."""
    names = {}
    for source in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        exec(source, names)
    return names


@pytest.mark.parametrize("num_layers", [1, 3])
@pytest.mark.parametrize("name", ["gru", "lstm"])
def test_weights_from_pytorch_and_back(page, name, num_layers):
    draw = np.random.default_rng(num_layers).standard_normal
    in_torch, blocks, rows = {"gru": (torch_gru, 3, (N,)), "lstm": (torch_lstm, 4, (2, N))}[name]
    weights = torch_weights(num_layers, draw, blocks)
    inputs, hx = draw((T, N, D)), draw((num_layers, *rows, H))
    wanted = in_torch(weights, inputs, hx)
    params = page[f"{name}_from_torch"](weights)
    layer = {"gru": cl.GRU, "lstm": cl.LSTM}[name](H, num_layers)
    shapes = jax.eval_shape(layer.init, jax.random.key(0), inputs)["params"]
    assert jax.tree.map(np.shape, params) == jax.tree.map(lambda x: x.shape, dict(shapes))
    ours = layer.apply({"params": params}, inputs, hx)
    again = page[f"{name}_to_torch"](params)
    assert {k: v.shape for k, v in again.items()} == {k: v.shape for k, v in weights.items()}
    for outputs, state in (ours, in_torch(again, inputs, hx)):
        np.testing.assert_allclose(outputs, wanted[0], atol=1e-5)
        np.testing.assert_allclose(state, wanted[1], atol=1e-5)


def test_lstm_weights_to_nnx_and_back():
    """As the page's table has them: side by side, in the order i, f, g, o; biases of the state."""
    draw = np.random.default_rng(5).standard_normal
    X, state, layer = draw((T, N, D)), draw((1, 2, N, H)), cl.LSTM(H, 1)
    shapes = jax.eval_shape(layer.init, jax.random.key(0), X)["params"]
    params = jax.tree.map(lambda x: np.float32(draw(x.shape)), shapes)
    p, cell = params["layer_0"], nnx.OptimizedLSTMCell(D, H, rngs=nnx.Rngs(0))
    joined = {
        f"dense_{d}": {"kernel": np.hstack([p[d + gate]["kernel"] for gate in "ifgo"])}
        for d in "ih"
    }
    joined["dense_h"]["bias"] = np.hstack([p["h" + gate]["bias"] for gate in "ifgo"])
    own = nnx.state(cell, nnx.Param)
    assert jax.tree.map(np.shape, nnx.to_pure_dict(own)) == jax.tree.map(np.shape, joined)
    nnx.replace_by_pure_dict(own, joined)
    nnx.update(cell, own)
    carry, outputs = (state[0, 1], state[0, 0]), []  # the memory cell first
    for X_t in X:
        carry, H_t = cell(carry, X_t)
        outputs.append(H_t)
    wanted, last = layer.apply({"params": params}, X, state)
    np.testing.assert_allclose(np.stack(outputs), wanted, atol=1e-5)
    np.testing.assert_allclose(np.stack(carry[::-1]), last[0], atol=1e-5)
    back = nnx.to_pure_dict(nnx.state(cell, nnx.Param))
    for k, gate in enumerate("ifgo"):
        np.testing.assert_array_equal(back["dense_h"]["bias"][k * H :][:H], p["h" + gate]["bias"])
        for d in "ih":
            part = np.split(back[f"dense_{d}"]["kernel"], 4, axis=1)[k]
            np.testing.assert_array_equal(part, p[d + gate]["kernel"])


def test_swapping_the_update_gate_is_a_change_of_sign():
    a = np.linspace(-9, 9, 19)
    np.testing.assert_allclose(1 - sigmoid(a), sigmoid(-a), atol=1e-12)


def test_the_trap_a_bias_is_moved_only_where_it_may(page):
    """For the candidate the two biases are not interchangeable: their sum is not enough."""
    draw = np.random.default_rng(0).standard_normal
    weights, inputs, hx = torch_weights(1, draw), draw((T, N, D)), draw((1, N, H))
    moved = weights | {
        "bias_ih_l0": weights["bias_ih_l0"] + weights["bias_hh_l0"],
        "bias_hh_l0": np.zeros(3 * H),
    }
    difference = np.abs(torch_gru(moved, inputs, hx)[0] - torch_gru(weights, inputs, hx)[0])
    assert difference.max() > 0.01
