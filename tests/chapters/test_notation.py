"""The functions on the notation page: weights go to PyTorch and back without a change of meaning.

PyTorch is not installed here. Its layers are written out in NumPy, from the equations and shapes
in its documentation (torch.nn.GRU).
"""

import re
from pathlib import Path

import jax
import numpy as np
import pytest

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


def torch_weights(num_layers, draw):
    weights = {}
    for k in range(num_layers):
        shapes = {"weight_ih": (3 * H, H if k else D), "weight_hh": (3 * H, H)}
        shapes |= {"bias_ih": (3 * H,), "bias_hh": (3 * H,)}
        weights |= {f"{name}_l{k}": draw(shape) for name, shape in shapes.items()}
    return weights


@pytest.fixture(scope="module")
def page():
    """What the Python block of the page defines."""
    (source,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names = {}
    exec(source, names)
    return names


@pytest.mark.parametrize("num_layers", [1, 3])
def test_gru_weights_from_pytorch_and_back(page, num_layers):
    draw = np.random.default_rng(num_layers).standard_normal
    weights, inputs, hx = torch_weights(num_layers, draw), draw((T, N, D)), draw((num_layers, N, H))
    wanted = torch_gru(weights, inputs, hx)
    params = page["gru_from_torch"](weights)
    layer = cl.GRU(H, num_layers)
    shapes = jax.eval_shape(layer.init, jax.random.key(0), inputs)["params"]
    assert jax.tree.map(np.shape, params) == jax.tree.map(lambda x: x.shape, dict(shapes))
    ours = layer.apply({"params": params}, inputs, hx)
    again = page["gru_to_torch"](params)
    assert {k: v.shape for k, v in again.items()} == {k: v.shape for k, v in weights.items()}
    for outputs, state in (ours, torch_gru(again, inputs, hx)):
        np.testing.assert_allclose(outputs, wanted[0], atol=1e-5)
        np.testing.assert_allclose(state, wanted[1], atol=1e-5)


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
