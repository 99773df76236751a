"""The chapters' layers as a scan with a backward pass of its own.

XLA compiles a Python loop over time into one long program: it takes longer to compile and, with
several layers, to run. Here one step is compiled, and the gradients of the weights are one product
each for all steps, after the loop. The parameters have the same names and shapes as in `models`,
so either module runs the weights of the other. Each gate has a product of its own: inside a loop
on a CPU, XLA handles slices of a wider product poorly.
"""

import dataclasses
import re
from functools import lru_cache, partial

import jax
import jax.numpy as jnp
from flax import linen as nn

from charlm_lib.models import (
    GRU,
    RNN,
    RNNScratch,
    StackedRNNScratch,
    check_inputs,
    check_sizes,
    initial_state,
)


@jax.custom_vjp
def tanh_recurrence(inputs, state, W_xh, W_hh, b_h) -> jax.Array:
    """Run `H_t = tanh(X_t W_xh + H_(t-1) W_hh + b_h)` over all steps.

    Args:
        inputs: all `X_t`, `(num_steps, batch_size, num_inputs)`.
        state: `H_0`, `(batch_size, num_hiddens)`.
        W_xh, W_hh, b_h: `(num_inputs, num_hiddens)`, `(num_hiddens, num_hiddens)` and
            `(num_hiddens,)`.

    Returns:
        All `H_t`, `(num_steps, batch_size, num_hiddens)`.
    """

    def step(H, X):
        H = jnp.tanh(X @ W_xh + H @ W_hh + b_h)
        return H, H

    return jax.lax.scan(step, state, inputs)[1]


def _forward(inputs, state, W_xh, W_hh, b_h):
    outputs = tanh_recurrence(inputs, state, W_xh, W_hh, b_h)
    return outputs, (inputs, state, outputs, W_xh, W_hh)


def _backward(saved, d_outputs):
    """Back-propagation through time (Werbos, 1990), from the last step to the first.

    `D_t`, the gradient at the argument of tanh, is `(dL/dH_t + D_(t+1) W_hh^T) (1 - H_t^2)`.
    """
    inputs, state, outputs, W_xh, W_hh = saved

    def step(d_state, at_t):
        H, d_output = at_t
        D = (d_output + d_state) * (1 - H * H)
        return D @ W_hh.T, D

    at_t = (outputs, d_outputs)
    d_state, D = jax.lax.scan(step, jnp.zeros_like(state), at_t, reverse=True)
    before = jnp.concatenate([state[None], outputs[:-1]])  # H_(t-1)
    d_W_xh, d_W_hh = (jnp.einsum("tbi,tbh->ih", A, D) for A in (inputs, before))
    return D @ W_xh.T, d_state, d_W_xh, d_W_hh, D.sum((0, 1))


tanh_recurrence.defvjp(_forward, _backward)


@jax.custom_vjp
def gru_recurrence(inputs, state, cell) -> jax.Array:
    """Run one layer of gated recurrent units over all steps; `GRU` has the equations.

    Args:
        inputs: all `X_t`, `(num_steps, batch_size, num_inputs)`.
        state: `H_0`, `(batch_size, num_hiddens)`.
        cell: the parameters of an `nn.GRUCell`: `ir`, `iz`, `in` hold `W_xr`, `W_xz`, `W_xn` and
            their biases; `hr`, `hz`, `hn` hold `W_hr`, `W_hz`, and `W_hn` with `b_hn`.

    Returns:
        All `H_t`, `(num_steps, batch_size, num_hiddens)`.
    """
    return _gru_forward(inputs, state, cell)[0]


def _gru_forward(inputs, state, cell):
    W = {name: gate["kernel"] for name, gate in cell.items()}
    b = {name: gate["bias"] for name, gate in cell.items() if "bias" in gate}

    def step(H, X):
        R = nn.sigmoid(X @ W["ir"] + b["ir"] + H @ W["hr"])
        Z = nn.sigmoid(X @ W["iz"] + b["iz"] + H @ W["hz"])
        A = H @ W["hn"] + b["hn"]
        N = jnp.tanh(X @ W["in"] + b["in"] + R * A)
        H = (1 - Z) * N + Z * H
        return H, (H, R, Z, A, N)

    _, (outputs, *gates) = jax.lax.scan(step, state, inputs)
    return outputs, (inputs, state, cell, outputs, gates)


def _gru_backward(saved, d_outputs):
    """Back-propagation through time: `D_r`, `D_z`, `D_n` are gradients at the gates' arguments.

    `D_a` is the gradient at `A_t = H_(t-1) W_hn + b_hn`.
    """
    inputs, state, cell, outputs, gates = saved
    before = jnp.concatenate([state[None], outputs[:-1]])  # H_(t-1)

    def step(d_state, at_t):
        H, d_output, R, Z, A, N = at_t
        d_H = d_output + d_state
        D_n = d_H * (1 - Z) * (1 - N * N)
        D_z = d_H * (H - N) * Z * (1 - Z)
        D_r = D_n * A * R * (1 - R)
        D = {"r": D_r, "z": D_z, "n": D_n, "a": D_n * R}
        through = (("hr", "r"), ("hz", "z"), ("hn", "a"))
        return d_H * Z + sum(D[at] @ cell[name]["kernel"].T for name, at in through), D

    at_t = (before, d_outputs, *gates)
    d_state, D = jax.lax.scan(step, jnp.zeros_like(state), at_t, reverse=True)
    d_cell = {}
    for name, at in {"ir": "r", "iz": "z", "in": "n", "hr": "r", "hz": "z", "hn": "a"}.items():
        read = inputs if name.startswith("i") else before
        d_cell[name] = {"kernel": jnp.einsum("tbi,tbh->ih", read, D[at])}
        if "bias" in cell[name]:
            d_cell[name]["bias"] = D[at].sum((0, 1))
    d_inputs = sum(D[at] @ cell[f"i{at}"]["kernel"].T for at in "rzn")
    return d_inputs, d_state, d_cell


gru_recurrence.defvjp(_gru_forward, _gru_backward)


class FusedRNNScratch(RNNScratch):
    """`RNNScratch`, fused; same arguments, parameters and results."""

    def __call__(self, inputs, state=None, training=False):
        check_inputs(inputs, self.num_inputs)
        state = initial_state(state, (inputs.shape[1], self.num_hiddens))
        outputs = tanh_recurrence(inputs, state, self.W_xh, self.W_hh, self.b_h)
        return outputs, outputs[-1]


class FusedStackedRNNScratch(StackedRNNScratch):
    """`StackedRNNScratch`, fused; same arguments, parameters and results."""

    def setup(self):
        check_sizes(num_layers=self.num_layers)
        self.layers = [
            FusedRNNScratch(
                self.num_hiddens if i else self.num_inputs, self.num_hiddens, self.sigma
            )
            for i in range(self.num_layers)
        ]


class FusedRNN(RNN):
    """`RNN`, fused; same arguments, parameters and results."""

    def __call__(self, inputs, state=None, training=False):
        if self.is_initializing():  # nn.SimpleCell makes the parameters
            return super().__call__(inputs, state, training)
        check_inputs(inputs)
        state = initial_state(state, (inputs.shape[1], self.num_hiddens))
        cell = self.variables["params"]["cell"]
        weights = cell["i"]["kernel"], cell["h"]["kernel"], cell["i"]["bias"]
        outputs = tanh_recurrence(inputs, state, *weights)
        return outputs, outputs[-1]


class FusedGRU(GRU):
    """`GRU`, fused; same arguments, parameters, dropout masks and results."""

    @nn.compact
    def __call__(self, inputs, state=None, training=False):
        if self.is_initializing():  # nn.GRUCell makes the parameters
            return super().__call__(inputs, state, training)
        check_inputs(inputs)
        state = initial_state(state, (self.num_layers, inputs.shape[1], self.num_hiddens))
        outputs, new_state = inputs, []
        for i, layer_state in enumerate(state):
            if i > 0:
                outputs = nn.Dropout(self.dropout, deterministic=not training)(outputs)
            cell = self.variables["params"][f"layer_{i}"]
            outputs = gru_recurrence(outputs, layer_state, cell)
            new_state.append(outputs[-1])
        return outputs, jnp.stack(new_state)


TWINS = {
    layer.__name__: (layer, twin)
    for layer, twin in (
        (RNNScratch, FusedRNNScratch),
        (StackedRNNScratch, FusedStackedRNNScratch),
        (RNN, FusedRNN),
        (GRU, FusedGRU),
    )
}


@lru_cache(maxsize=32)
def fuse(model: nn.Module) -> nn.Module:
    """Give the fused twin of a language model, or the model itself if it has none.

    A layer has a twin if it computes exactly what the layer of the same name in `models` does:
    JAX traces both, and their programs must be equal. So a chapter's own copy of a layer has a
    twin, until somebody edits what it computes.
    """
    rnn = getattr(model, "rnn", None)
    layer, twin = TWINS.get(type(rnn).__name__, (None, None))
    if layer is None:
        return model
    names = [f.name for f in dataclasses.fields(layer) if f.name not in ("parent", "name")]
    if not all(hasattr(rnn, name) for name in names):
        return model
    settings = {name: getattr(rnn, name) for name in names}
    if type(rnn) is layer or program(model) == program(model.clone(rnn=layer(**settings))):
        return model.clone(rnn=twin(**settings))
    return model


@lru_cache(maxsize=32)
def program(model: nn.Module) -> str:
    """Write out what a language model computes, in training and not, as JAX traces it."""
    key, X = jax.random.key(0), jnp.zeros((1, 2), jnp.int32)
    params = jax.eval_shape(model.init, key, X)

    def run(params, X, key):
        apply = partial(model.apply, params, X, rngs={"dropout": key})
        return apply(training=False), apply(training=True)

    return re.sub("0x[0-9a-f]+", "", str(jax.make_jaxpr(run)(params, X, key)))  # no addresses
