"""Recurrent layers from scratch: a loop over time, and parameters of their own."""

import jax.numpy as jnp
from flax import linen as nn

from charlm_lib.checks import check_inputs, check_sizes, initial_state


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
