"""The table of cells: what is made of a name, and where the weights of a layer are."""

from pathlib import Path

import numpy as np
import pytest

import charlm_lib as cl
from charlm_lib.cells import CELLS, HEADS, LAYERS, build_model, describe_model, layer_of
from charlm_lib.engine.twins import TWINS

PAGE = Path(cl.__file__).parent / "widgets/js/model/cells"
V, H = 6, 4
X = np.zeros((2, 3), np.int32)
MODELS = {
    "RNNScratch": cl.RNNLMScratch(cl.RNNScratch(V, H, 0.3), V, lr=1.0, sigma=0.2),
    "StackedRNNScratch": cl.RNNLM(cl.StackedRNNScratch(V, H, 3), V, lr=2.0),
    "RNN": cl.RNNLM(cl.RNN(H), V, lr=0.5),
    "GRU": cl.RNNLM(cl.GRU(H, 2, 0.1), V, lr=1.0),
    "LSTM": cl.RNNLMScratch(cl.LSTM(H, 2, 0.3), V, lr=1.5),
}


@pytest.mark.parametrize(
    "made, model",
    [
        (cl.make_model("tanh", V, H), cl.RNNLMScratch(cl.RNNScratch(V, H), V, 1.0)),
        (
            cl.make_model("tanh", V, H, 2, lr=2.0, sigma=0.3),
            cl.RNNLMScratch(cl.StackedRNNScratch(V, H, 2, 0.3), V, 2.0),
        ),
        (
            cl.make_model("tanh", V, H, as_stack=True, head=cl.RNNLM),
            cl.RNNLM(cl.StackedRNNScratch(V, H, 1), V, 1.0),
        ),
        (cl.make_model("gru", V, H, 3, 0.2, 2.0), cl.RNNLM(cl.GRU(H, 3, 0.2), V, 2.0)),
        (cl.make_model("lstm", V, H, 3, 0.2, 2.0), cl.RNNLM(cl.LSTM(H, 3, 0.2), V, 2.0)),
    ],
)
def test_a_model_is_that_of_the_chapter_that_teaches_it(made, model):
    assert made == model


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"cell": "elman"}, "cell='elman': choose one of tanh, gru, lstm$"),
        ({"cell": "tanh", "dropout": 0.5}, "dropout=0.5 .* layers of cell='gru', 'lstm' only"),
        ({"cell": "gru", "sigma": 0.1}, "sigma=0.1: cell='gru' draws"),
        ({"cell": "lstm", "sigma": 0.2}, "sigma=0.2: cell='lstm' draws"),
    ],
)
def test_what_a_cell_does_not_have_is_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        cl.make_model(vocab_size=V, **arguments)


def test_every_cell_has_a_layer_a_twin_and_a_maker():
    assert {layer.cell for layer in LAYERS.values()} == set(CELLS)
    assert set(TWINS) == set(LAYERS) | set(HEADS)
    for cell in CELLS:
        assert LAYERS[type(cl.make_model(cell, V, H, 2).rnn).__name__].cell == cell
    assert set(MODELS) == set(LAYERS)  # this file looks at all of them


@pytest.mark.parametrize("name", MODELS)
def test_the_weights_of_each_layer_give_its_first_step(name, randomise):
    """With a state of zeros, from the weights alone: no layer is taken for another."""
    model = MODELS[name]
    params = randomise(model, X)
    layers = layer_of(model).layers(params["params"]["rnn"])
    assert len(layers) == getattr(model.rnn, "num_layers", 1)
    inputs = np.eye(V, dtype=np.float32)[None]  # one step; the batch is all characters
    step = {"tanh": tanh_step, "gru": gru_step, "lstm": lstm_step}[LAYERS[name].cell]
    H_t = inputs[0]
    for weights in layers:
        H_t = step(H_t, *map(np.asarray, weights))
    outputs, _ = model.rnn.apply({"params": params["params"]["rnn"]}, inputs)
    np.testing.assert_allclose(outputs[0], H_t, atol=1e-6)


def tanh_step(X_t, W_x, W_h, b):
    assert W_h.shape == (H, H)
    return np.tanh(X_t @ W_x + b)


def gru_step(X_t, W_x, W_h, b, b_n):
    assert W_h.shape == (H, 3 * H)
    a_r, a_z, a_n = np.split(X_t @ W_x + b, 3, axis=1)
    R, Z = 1 / (1 + np.exp(-a_r)), 1 / (1 + np.exp(-a_z))
    return (1 - Z) * np.tanh(a_n + R * b_n)


def lstm_step(X_t, W_x, W_h, b):
    assert W_h.shape == (H, 4 * H)
    a_i, _, a_g, a_o = np.split(X_t @ W_x + b, 4, axis=1)  # a memory cell of zeros: f does nothing
    return np.tanh(np.tanh(a_g) / (1 + np.exp(-a_i))) / (1 + np.exp(-a_o))


def test_the_gates_of_an_lstm_are_in_the_order_of_pytorch(randomise):
    """`weight_ih`, `weight_hh` and the bias hold i, f, g and o, in this order."""
    params = randomise(MODELS["LSTM"], X)["params"]["rnn"]["layer_1"]
    W_x, W_h, b = LAYERS["LSTM"].weights(params)
    assert W_x.shape == W_h.shape == (H, 4 * H) and b.shape == (4 * H,)
    for k, gate in enumerate("ifgo"):
        here = slice(k * H, (k + 1) * H)
        np.testing.assert_array_equal(W_x[:, here], params["i" + gate]["kernel"])
        np.testing.assert_array_equal(W_h[:, here], params["h" + gate]["kernel"])
        np.testing.assert_array_equal(b[here], params["h" + gate]["bias"])


@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_built_again_from_its_description(name):
    assert build_model(describe_model(MODELS[name])) == MODELS[name]


def test_a_layer_of_ones_own_has_no_place_in_the_table():
    own = type("MyRNN", (cl.GRU,), {})
    assert layer_of(cl.RNNLM(own(H, 2), V, lr=1.0)) is None
    with pytest.raises(ValueError, match="'MyRNN', which charlm_lib does not have"):
        build_model({"class": "MyRNN"})


def test_the_page_has_the_step_of_every_cell_of_which_that_is_said():
    written = {path.stem for path in PAGE.glob("*.js")} - {"activations", "cells"}
    assert {name for name, cell in CELLS.items() if cell.in_browser} == written
