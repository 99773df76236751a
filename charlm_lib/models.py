"""Recurrent layers, from scratch and with Flax, and the language-model heads on top of them.

Every layer is called as `layer(inputs, state=None, training=False) -> (outputs, state)` with
`inputs` of shape `(num_steps, batch_size, num_inputs)` and `outputs` of shape
`(num_steps, batch_size, num_hiddens)`, the hidden states of the top layer.
"""

import reprlib

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn


def check_sizes(least: int = 1, **sizes: int) -> None:
    """Raise a ValueError that names the first size that is no whole number from `least` on."""
    for name, size in sizes.items():
        if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < least:
            shown = reprlib.repr(size)
            raise ValueError(f"{name}={shown} must be a whole number of at least {least}")


def refuse_arguments(who: str, given: dict, instead: dict[str, str]) -> None:
    """Raise a TypeError for the first of the keyword arguments that `who` does not have, if any.

    Args:
        who: the class or function, "Trainer".
        given: what it was called with and does not know, `**others`.
        instead: what to do instead of passing an argument, by its name. Other names get Python's
            own words.
    """
    for name, value in given.items():
        if name in instead:
            raise TypeError(f"{who}() has no {name}={reprlib.repr(value)}: {instead[name]}")
        raise TypeError(f"{who}() got an unexpected keyword argument {name!r}")


def check_inputs(inputs: jax.Array, num_inputs: int | None = None) -> None:
    """Raise a ValueError unless `inputs` is `(num_steps, batch_size, num_inputs)`."""
    if inputs.ndim != 3 or num_inputs not in (None, inputs.shape[-1]):
        wanted = "num_inputs" if num_inputs is None else num_inputs
        raise ValueError(
            f"inputs have shape {inputs.shape}, but the layer needs (num_steps, batch_size, "
            f"{wanted}): one-hot encode the ids and put time first"
        )


def initial_state(state: jax.Array | None, shape: tuple[int, ...]) -> jax.Array:
    """Give zeros of `shape` for None, and otherwise the state itself.

    Raises:
        ValueError: the state has another shape.
    """
    if state is None:
        return jnp.zeros(shape)
    if state.shape != shape:
        raise ValueError(f"state has shape {state.shape}, but this layer and batch need {shape}")
    return state


class RNNScratch(nn.Module):
    """A recurrent layer, written out as a loop over time.

    `H_t = tanh(X_t W_xh + H_(t-1) W_hh + b_h)`, with `H_0 = 0` unless a state is given; the
    state has shape `(batch_size, num_hiddens)`. Elman (1990); notation of Zhang et al. (2023).

    Args:
        num_inputs: features per step.
        num_hiddens: hidden units.
        sigma: standard deviation of the initial weights.

    Raises:
        ValueError: a size below 1, or inputs or a state of the wrong shape (when called).
    """

    num_inputs: int
    num_hiddens: int
    sigma: float = 0.01

    def setup(self):
        check_sizes(num_inputs=self.num_inputs, num_hiddens=self.num_hiddens)
        normal = nn.initializers.normal(self.sigma)
        self.W_xh = self.param("W_xh", normal, (self.num_inputs, self.num_hiddens))
        self.W_hh = self.param("W_hh", normal, (self.num_hiddens, self.num_hiddens))
        self.b_h = self.param("b_h", nn.initializers.zeros, (self.num_hiddens,))

    def __call__(self, inputs, state=None, training=False):
        check_inputs(inputs, self.num_inputs)
        state = initial_state(state, (inputs.shape[1], self.num_hiddens))
        outputs = []
        for X in inputs:  # one step: (batch_size, num_inputs)
            state = jnp.tanh(X @ self.W_xh + state @ self.W_hh + self.b_h)
            outputs.append(state)  # (batch_size, num_hiddens)
        return jnp.stack(outputs), state  # (num_steps, batch_size, num_hiddens)


class StackedRNNScratch(nn.Module):
    """Recurrent layers on top of each other: each reads the hidden states of the one below.

    `H_t^(l) = tanh(H_t^(l-1) W_xh^(l) + H_(t-1)^(l) W_hh^(l) + b_h^(l))`, `H_t^(0) = X_t`; the
    state has shape `(num_layers, batch_size, num_hiddens)`. Zhang et al. (2023), section 10.3.

    Args:
        num_inputs: features per step.
        num_hiddens: hidden units per layer.
        num_layers: layers.
        sigma: standard deviation of the initial weights.

    Raises:
        ValueError: a size below 1, or inputs or a state of the wrong shape (when called).
    """

    num_inputs: int
    num_hiddens: int
    num_layers: int
    sigma: float = 0.01

    def setup(self):
        check_sizes(num_layers=self.num_layers)
        self.layers = [
            RNNScratch(self.num_hiddens if i else self.num_inputs, self.num_hiddens, self.sigma)
            for i in range(self.num_layers)
        ]

    def __call__(self, inputs, state=None, training=False):
        check_inputs(inputs, self.num_inputs)
        state = initial_state(state, (self.num_layers, inputs.shape[1], self.num_hiddens))
        outputs, new_state = inputs, []
        for layer, layer_state in zip(self.layers, state, strict=True):
            # (num_steps, batch_size, num_inputs or num_hiddens) -> (..., num_hiddens)
            outputs, layer_state = layer(outputs, layer_state)
            new_state.append(layer_state)  # (batch_size, num_hiddens)
        return outputs, jnp.stack(new_state)  # the state: (num_layers, batch_size, num_hiddens)


class RNN(nn.Module):
    """The recurrent layer of `RNNScratch` with Flax: `nn.scan` over `nn.SimpleCell`.

    `H_t = tanh(X_t W_xh + H_(t-1) W_hh + b_h)`; the state has shape `(batch_size, num_hiddens)`.

    Args:
        num_hiddens: hidden units.

    Raises:
        ValueError: a size below 1, or inputs or a state of the wrong shape (when called).
    """

    num_hiddens: int

    @nn.compact
    def __call__(self, inputs, state=None, training=False):
        check_sizes(num_hiddens=self.num_hiddens)
        check_inputs(inputs)
        state = initial_state(state, (inputs.shape[1], self.num_hiddens))
        ScanCell = nn.scan(nn.SimpleCell, variable_broadcast="params", split_rngs={"params": False})
        # Flax gives the carry first; outputs: (num_steps, batch_size, num_hiddens)
        state, outputs = ScanCell(self.num_hiddens, name="cell")(state, inputs)
        return outputs, state


class GRU(nn.Module):
    """Layers of gated recurrent units with dropout between them: `nn.scan` over `nn.GRUCell`.

    Per layer: `R_t = sigmoid(X_t W_xr + H_(t-1) W_hr + b_r)`,
    `Z_t = sigmoid(X_t W_xz + H_(t-1) W_hz + b_z)`,
    `N_t = tanh(X_t W_xn + b_xn + R_t * (H_(t-1) W_hn + b_hn))`,
    `H_t = (1 - Z_t) * N_t + Z_t * H_(t-1)`; the state has shape
    `(num_layers, batch_size, num_hiddens)`. Cho et al. (2014); dropout as Zaremba et al. (2014).

    Args:
        num_hiddens: hidden units per layer.
        num_layers: layers.
        dropout: probability that an output of a layer is dropped on its way to the next one,
            in training only; it needs `rngs={"dropout": key}` then.

    Raises:
        ValueError: a size below 1, dropout outside [0, 1), or inputs or a state of the wrong
            shape (when called).
    """

    num_hiddens: int
    num_layers: int
    dropout: float = 0.0

    @nn.compact
    def __call__(self, inputs, state=None, training=False):
        check_sizes(num_hiddens=self.num_hiddens, num_layers=self.num_layers)
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout={self.dropout!r} must be at least 0 and below 1")
        check_inputs(inputs)
        state = initial_state(state, (self.num_layers, inputs.shape[1], self.num_hiddens))
        ScanCell = nn.scan(nn.GRUCell, variable_broadcast="params", split_rngs={"params": False})
        outputs, new_state = inputs, []
        for i in range(self.num_layers):
            if i > 0:
                outputs = nn.Dropout(self.dropout, deterministic=not training)(outputs)
            cell = ScanCell(self.num_hiddens, name=f"layer_{i}")
            layer_state, outputs = cell(
                state[i], outputs
            )  # outputs: (..., num_hiddens) from now on
            new_state.append(layer_state)  # (batch_size, num_hiddens)
        return outputs, jnp.stack(new_state)  # the state: (num_layers, batch_size, num_hiddens)


class LSTM(nn.Module):
    """Layers of long short-term memory with dropout between them: `nn.OptimizedLSTMCell`, scanned.

    Per layer: `I_t = sigmoid(X_t W_xi + H_(t-1) W_hi + b_i)`, and alike `F_t` and `O_t`;
    `G_t = tanh(X_t W_xg + H_(t-1) W_hg + b_g)`, `C_t = F_t * C_(t-1) + I_t * G_t`,
    `H_t = O_t * tanh(C_t)`. The state has shape `(num_layers, 2, batch_size, num_hiddens)`: of
    layer i, `state[i, 0]` is H, the hidden state, and `state[i, 1]` is C, the memory cell.
    Hochreiter and Schmidhuber (1997), with the forget gate of Gers et al. (2000).

    Args:
        num_hiddens: hidden units per layer.
        num_layers: layers.
        dropout: as in `GRU`.

    Raises:
        ValueError: a size below 1, dropout outside [0, 1), or inputs or a state of the wrong
            shape (when called).
    """

    num_hiddens: int
    num_layers: int
    dropout: float = 0.0

    @nn.compact
    def __call__(self, inputs, state=None, training=False):
        check_sizes(num_hiddens=self.num_hiddens, num_layers=self.num_layers)
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout={self.dropout!r} must be at least 0 and below 1")
        check_inputs(inputs)
        state = initial_state(state, (self.num_layers, 2, inputs.shape[1], self.num_hiddens))
        cell = nn.OptimizedLSTMCell
        ScanCell = nn.scan(cell, variable_broadcast="params", split_rngs={"params": False})
        outputs, new_state = inputs, []
        for i, (H, C) in enumerate(state):  # each (batch_size, num_hiddens)
            if i > 0:
                outputs = nn.Dropout(self.dropout, deterministic=not training)(outputs)
            layer = ScanCell(self.num_hiddens, name=f"layer_{i}")
            # Flax has the memory cell first; outputs: (num_steps, batch_size, num_hiddens)
            (C, H), outputs = layer((C, H), outputs)
            new_state.append(jnp.stack([H, C]))  # (2, batch_size, num_hiddens)
        return outputs, jnp.stack(new_state)  # (num_layers, 2, batch_size, num_hiddens)


class RNNLMScratch(nn.Module):
    """A character language model: one-hot inputs, a recurrent layer, a linear output layer.

    `O_t = H_t W_hq + b_q` are the logits of the next character. Zhang et al. (2023), section 9.5.

    Args:
        rnn: the recurrent layer.
        vocab_size: tokens in the vocabulary.
        lr: learning rate that `Trainer` uses for SGD.
        sigma: standard deviation of the initial `W_hq`.

    Raises:
        ValueError: vocab_size below 1, or `X` of the wrong shape or type (when called).
    """

    rnn: nn.Module
    vocab_size: int
    lr: float
    sigma: float = 0.01

    def setup(self):
        check_sizes(vocab_size=self.vocab_size)
        shape = (self.rnn.num_hiddens, self.vocab_size)
        self.W_hq = self.param("W_hq", nn.initializers.normal(self.sigma), shape)
        self.b_q = self.param("b_q", nn.initializers.zeros, (self.vocab_size,))

    def one_hot(self, X):
        """Turn ids `(batch_size, num_steps)` into `(num_steps, batch_size, vocab_size)`."""
        if X.ndim != 2 or not jnp.issubdtype(X.dtype, jnp.integer):
            raise ValueError(
                f"X has shape {X.shape} and type {X.dtype}, but the model needs integer ids of "
                "shape (batch_size, num_steps): for one text use X[None, :]"
            )
        return jax.nn.one_hot(X.T, self.vocab_size)  # (num_steps, batch_size, vocab_size)

    def output_layer(self, outputs):
        """Turn hidden states (time first) into logits `(batch_size, num_steps, vocab_size)`."""
        # (num_steps, batch_size, vocab_size) -> (batch_size, num_steps, vocab_size)
        return (outputs @ self.W_hq + self.b_q).swapaxes(0, 1)

    def forward(self, X, state=None, training=False):
        """Give logits `(batch_size, num_steps, vocab_size)` and the state after the last step."""
        outputs, state = self.rnn(self.one_hot(X), state, training)
        return self.output_layer(outputs), state

    def __call__(self, X, state=None, training=False):
        return self.forward(X, state, training)


class RNNLM(RNNLMScratch):
    """`RNNLMScratch` with Flax's `nn.Dense` as its output layer; same arguments."""

    def setup(self):
        check_sizes(vocab_size=self.vocab_size)
        self.output = nn.Dense(self.vocab_size)

    def output_layer(self, outputs):
        """Turn hidden states (time first) into logits `(batch_size, num_steps, vocab_size)`."""
        return self.output(outputs).swapaxes(0, 1)
