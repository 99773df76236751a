"""The cells in one place: how a model is made of one, and where its weights are.

To add a cell: write its layer in `layers.concise`, and here an entry of `LAYERS` and one of
`CELLS`. That is all for training, files, sampling, the command line, studies and benchmarks. A
fused twin makes it faster (`engine.fused`, and `TWINS` in `engine.twins`); widgets refuse it until
the page's `js/model/cells` has its step and gradients, and its entry says so.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields

import numpy as np
from flax import linen as nn

from charlm_lib.language_model import RNNLM, RNNLMScratch
from charlm_lib.layers.concise import GRU, LSTM, RNN
from charlm_lib.layers.scratch import RNNScratch, StackedRNNScratch


@dataclass(frozen=True)
class Layer:
    """A recurrent layer of `layers`.

    Args:
        kind: its class.
        cell: what it computes in each step, one of `CELLS`.
        place: the name of the parameters of its layer i, such as "layer_{}"; empty where there is
            one layer, whose parameters have no name of their own.
        weights: a function that gives the parameters of one layer as kernels and biases: of the
            inputs `(num_inputs, num_gates * num_hiddens)`, of the state `(num_hiddens, num_gates *
            num_hiddens)`, the bias of all gates, and what else the cell has.
    """

    kind: type[nn.Module]
    cell: str
    place: str
    weights: Callable[[Mapping], list]

    def layers(self, params: Mapping) -> list[list]:
        """Give the weights of each layer, lowest first, out of the parameters of the whole."""
        if not self.place:
            return [self.weights(params)]
        return [self.weights(params[self.place.format(i)]) for i in range(len(params))]


def _scratch(layer: Mapping) -> list:
    return [layer["W_xh"], layer["W_hh"], layer["b_h"]]


def _simple_cell(layer: Mapping) -> list:
    return [layer["i"]["kernel"], layer["h"]["kernel"], layer["i"]["bias"]]


def _gru_cell(layer: Mapping) -> list:
    """Join the gates, in the order reset, update, new; the last bias is the state's part of new."""
    inputs, state = ([layer[side + gate] for gate in "rzn"] for side in "ih")
    return [
        np.concatenate([part["kernel"] for part in inputs], axis=1),  # (num_inputs, 3 num_hiddens)
        np.concatenate([part["kernel"] for part in state], axis=1),  # (num_hiddens, 3 num_hiddens)
        np.concatenate([part["bias"] for part in inputs]),  # (3 num_hiddens,)
        layer["hn"]["bias"],  # (num_hiddens,)
    ]


def _lstm_cell(layer: Mapping) -> list:
    """Join the gates, in the order input, forget, cell, output; the state's side has the biases."""
    inputs, state = ([layer[side + gate] for gate in "ifgo"] for side in "ih")
    return [
        np.concatenate([part["kernel"] for part in inputs], axis=1),  # (num_inputs, 4 num_hiddens)
        np.concatenate([part["kernel"] for part in state], axis=1),  # (num_hiddens, 4 num_hiddens)
        np.concatenate([part["bias"] for part in state]),  # (4 num_hiddens,)
    ]


LAYERS = {
    layer.kind.__name__: layer
    for layer in (
        Layer(RNNScratch, "tanh", "", _scratch),
        Layer(StackedRNNScratch, "tanh", "layers_{}", _scratch),
        Layer(RNN, "tanh", "cell", _simple_cell),
        Layer(GRU, "gru", "layer_{}", _gru_cell),
        Layer(LSTM, "lstm", "layer_{}", _lstm_cell),
    )
}


HEADS = {head.__name__: head for head in (RNNLMScratch, RNNLM)}
KINDS = HEADS | {name: layer.kind for name, layer in LAYERS.items()}


def _tanh_layer(vocab_size, num_hiddens, num_layers, dropout, sigma, as_stack) -> nn.Module:
    sigma = 0.01 if sigma is None else sigma
    if num_layers == 1 and not as_stack:
        return RNNScratch(vocab_size, num_hiddens, sigma)
    return StackedRNNScratch(vocab_size, num_hiddens, num_layers, sigma)


def _gru_layer(vocab_size, num_hiddens, num_layers, dropout, sigma, as_stack) -> nn.Module:
    return GRU(num_hiddens, num_layers, dropout)


def _lstm_layer(vocab_size, num_hiddens, num_layers, dropout, sigma, as_stack) -> nn.Module:
    return LSTM(num_hiddens, num_layers, dropout)


@dataclass(frozen=True)
class Cell:
    """How a model is made of a cell.

    Args:
        make: a function of `(vocab_size, num_hiddens, num_layers, dropout, sigma, as_stack)` that
            gives the layer.
        head: the language model of the chapter that teaches it.
        from_scratch: whether its first weights have a standard deviation `sigma` of our choice.
        has_dropout: whether there is dropout between its layers.
        in_browser: whether the page's `js/model` can run it.
    """

    make: Callable[..., nn.Module]
    head: type[RNNLMScratch]
    from_scratch: bool = False
    has_dropout: bool = False
    in_browser: bool = False


CELLS = {
    "tanh": Cell(_tanh_layer, RNNLMScratch, from_scratch=True, in_browser=True),
    "gru": Cell(_gru_layer, RNNLM, has_dropout=True, in_browser=True),
    "lstm": Cell(_lstm_layer, RNNLM, has_dropout=True, in_browser=True),
}


def make_model(
    cell: str,
    vocab_size: int,
    num_hiddens: int = 32,
    num_layers: int = 1,
    dropout: float = 0.0,
    lr: float = 1.0,
    sigma: float | None = None,
    head: type[RNNLMScratch] | None = None,
    as_stack: bool = False,
) -> RNNLMScratch:
    """Make a language model with the layer of the chapter that teaches this cell and depth.

    Args:
        cell: "tanh", "gru" or "lstm".
        vocab_size: tokens in the vocabulary.
        num_hiddens, num_layers: hidden units per layer, and layers.
        dropout: between layers; of "gru" and "lstm".
        lr: learning rate that `Trainer` uses for SGD.
        sigma: standard deviation of the first weights of a tanh layer; None: 0.01.
        head: the class of the language model; None: the one of the chapter.
        as_stack: one tanh layer is a stack of one, so that all depths name their parameters alike.

    Raises:
        ValueError: an unknown cell, or what this cell does not have.
    """
    if cell not in CELLS:
        raise ValueError(f"cell={cell!r}: choose one of {', '.join(CELLS)}")
    made = CELLS[cell]
    if dropout and not made.has_dropout:
        others = ", ".join(repr(name) for name, other in CELLS.items() if other.has_dropout)
        raise ValueError(f"dropout={dropout} stands between layers of cell={others} only")
    if sigma is not None and not made.from_scratch:
        raise ValueError(
            f"sigma={sigma}: cell={cell!r} draws its first weights by Flax's own rules"
        )
    rnn = made.make(vocab_size, num_hiddens, num_layers, dropout, sigma, as_stack)
    return (head or made.head)(rnn, vocab_size, lr)


def layer_of(model: nn.Module) -> Layer | None:
    """Find the layer of the library that a language model's layer is named after, if there is."""
    return LAYERS.get(type(getattr(model, "rnn", None)).__name__)


def describe_model(module: nn.Module) -> dict:
    """Describe a model by the name of its class and its arguments, as JSON types."""
    arguments = {f.name: getattr(module, f.name) for f in fields(module) if f.init}
    described = {"class": type(module).__name__}
    for name, value in arguments.items():
        if name not in ("parent", "name"):
            described[name] = describe_model(value) if isinstance(value, nn.Module) else value
    return described


def build_model(described: dict) -> nn.Module:
    """Make the model that `describe_model` described.

    Raises:
        ValueError: the class is not one of `KINDS`.
    """
    arguments = {k: build_model(v) if isinstance(v, dict) else v for k, v in described.items()}
    name = arguments.pop("class")
    if name not in KINDS:
        raise ValueError(
            f"the file holds a model of the class {name!r}, which charlm_lib does not have: "
            "pass your own with load(path, model=...)"
        )
    return KINDS[name](**arguments)
