"""Recurrent layers in a few lines: cells of Flax, scanned over time."""

import jax.numpy as jnp
from flax import linen as nn

from charlm_lib.checks import check_inputs, check_sizes, initial_state


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
