"""The chapters' models with loops and a backward pass of their own.

XLA compiles a Python loop over time into one long program: it takes longer to compile and, with
several layers, to run. Here one step is compiled, and whatever need not wait for the step before it
happens once for all steps: the products with the inputs before the loop, the gradients of the
weights after it (`products`). The results of a loop take the place of arrays that nobody needs any
more (`scan_in_place`). The parameters have the same names and shapes as in `models`, so
either module runs the weights of the other. Each gate has a product of its own: inside a loop on a
CPU, XLA handles slices of a wider product poorly.
"""

import jax
import jax.numpy as jnp
from flax import linen as nn

from charlm_lib.engine.products import project, recurrent_gradients
from charlm_lib.losses import LANES
from charlm_lib.models import (
    GRU,
    RNN,
    RNNLM,
    RNNLMScratch,
    RNNScratch,
    StackedRNNScratch,
    check_inputs,
    check_sizes,
    initial_state,
)


def scan_in_place(step, state, arrays: tuple, read: tuple = (), reverse: bool = False) -> tuple:
    """Run `state, new = step(state, old, at_t)` over time, and put `new` in the place of `old`.

    `jax.lax.scan` writes results to new arrays, which XLA first fills with zeros, and which take
    room in a core's cache beside those that they are computed from.

    Args:
        step: a function of the state, of the entries at t of `arrays`, and of those of `read`.
        state: what goes from step to step.
        arrays: time comes first. For each of them, `step` returns the entry that replaces its own.
        read: more arrays, which stay as they are.
        reverse: whether to begin with the last step.

    Returns:
        The last state, and the arrays of what was written.
    """
    num_steps = len(arrays[0])

    def at(t, xs):
        return tuple(jax.lax.dynamic_index_in_dim(x, t, keepdims=False) for x in xs)

    def body(i, carry):
        state, arrays = carry
        t = num_steps - 1 - i if reverse else i
        state, new = step(state, at(t, arrays), at(t, read))
        put = jax.lax.dynamic_update_index_in_dim
        return state, tuple(put(x, x_t, t, 0) for x, x_t in zip(arrays, new, strict=True))

    return jax.lax.fori_loop(0, num_steps, body, (state, tuple(arrays)))


@jax.custom_vjp
def tanh_recurrence(projections, state, W_hh) -> jax.Array:
    """Run `H_t = tanh(P_t + H_(t-1) W_hh)` over all steps, with `P_t = X_t W_xh + b_h`.

    Args:
        projections: all `P_t`, `(num_steps, batch_size, num_hiddens)`.
        state: `H_0`, `(batch_size, num_hiddens)`.
        W_hh: `(num_hiddens, num_hiddens)`.

    Returns:
        All `H_t`, `(num_steps, batch_size, num_hiddens)`.
    """

    def step(H, at_t, _):
        (P,) = at_t
        H = jnp.tanh(P + H @ W_hh)
        return H, (H,)

    _, (outputs,) = scan_in_place(step, state, (projections,))
    return outputs


def _forward(projections, state, W_hh):
    outputs = tanh_recurrence(projections, state, W_hh)
    return outputs, (state, outputs, W_hh)


def _backward(saved, d_outputs):
    """Back-propagation through time (Werbos, 1990), from the last step to the first.

    `D_t`, the gradient at the argument of tanh, is `(dL/dH_t + D_(t+1) W_hh^T) (1 - H_t^2)`.
    """
    state, outputs, W_hh = saved

    def step(d_state, at_t, read):
        (d_output,), (H,) = at_t, read
        D = (d_output + d_state) * (1 - H * H)
        return D @ W_hh.T, (D,)

    none = jnp.zeros_like(state)
    d_state, (D,) = scan_in_place(step, none, (d_outputs,), (outputs,), reverse=True)
    return D, d_state, *recurrent_gradients(state, outputs, D)


tanh_recurrence.defvjp(_forward, _backward)


@jax.custom_vjp
def gru_recurrence(projections, state, W_hr, W_hz, W_hn, b_hn) -> jax.Array:
    """Run one layer of gated recurrent units over all steps; `GRU` has the equations.

    Args:
        projections: all `X_t W_xr + b_r`, `X_t W_xz + b_z` and `X_t W_xn + b_xn`, each
            `(num_steps, batch_size, num_hiddens)`.
        state: `H_0`, `(batch_size, num_hiddens)`.
        W_hr, W_hz, W_hn, b_hn: `(num_hiddens, num_hiddens)`, and `(num_hiddens,)`.

    Returns:
        All `H_t`, `(num_steps, batch_size, num_hiddens)`.
    """
    P_r, P_z, P_n = projections

    def step(H, at_t, read):
        _, Z, _, N = gates(H, *read, *at_t, W_hr, W_hz, W_hn, b_hn)
        H = (1 - Z) * N + Z * H
        return H, (H,)

    _, (outputs,) = scan_in_place(step, state, (P_n,), (P_r, P_z))
    return outputs


def gates(H, P_r, P_z, P_n, W_hr, W_hz, W_hn, b_hn) -> tuple:
    """Compute `R_t`, `Z_t`, `A_t = H_(t-1) W_hn + b_hn` and `N_t`, each as large as `H_(t-1)`."""
    R = nn.sigmoid(P_r + H @ W_hr)
    Z = nn.sigmoid(P_z + H @ W_hz)
    A = H @ W_hn + b_hn
    return R, Z, A, jnp.tanh(P_n + R * A)


def _gru_forward(projections, state, W_hr, W_hz, W_hn, b_hn):
    """Compute the states, and what the backward pass multiplies `dL/dH_t` by.

    These factors are the derivatives of `H_t` by the arguments of the gates, by `A_t`, and, last,
    by `H_(t-1)` where it stands outside of all gates.
    """

    def step(H, at_t, _):
        R, Z, A, N = gates(H, *at_t[:3], W_hr, W_hz, W_hn, b_hn)
        F_n = (1 - Z) * (1 - N * N)
        F_z = (H - N) * Z * (1 - Z)
        F_a = F_n * R
        F_r = F_a * A * (1 - R)
        H = (1 - Z) * N + Z * H
        return H, (F_r, F_z, F_n, F_a, Z, H)

    empty = jnp.zeros_like(projections[0])
    _, written = scan_in_place(step, state, (*projections, empty, empty, empty))
    *factors, outputs = written
    return outputs, (state, outputs, factors, W_hr, W_hz, W_hn)


def _gru_backward(saved, d_outputs):
    """Back-propagation through time: `D_r`, `D_z`, `D_n` are gradients at the gates' arguments.

    `D_a` is the gradient at `A_t`. Each D is a factor times `dL/dH_t`, all ways counted.
    """
    state, outputs, (*factors, Z), W_hr, W_hz, W_hn = saved

    def step(d_state, F, read):
        d_output, Z = read
        d_H = d_output + d_state
        D_r, D_z, D_n, D_a = (d_H * F_k for F_k in F)
        d_state = d_H * Z + D_r @ W_hr.T + D_z @ W_hz.T + D_a @ W_hn.T
        return d_state, (D_r, D_z, D_n, D_a)

    none = jnp.zeros_like(state)
    d_state, D = scan_in_place(step, none, factors, (d_outputs, Z), reverse=True)
    D_r, D_z, D_n, D_a = D
    weights = recurrent_gradients(state, outputs, D_r, D_z, D_a)
    return (D_r, D_z, D_n), d_state, *weights, D_a.sum((0, 1))


gru_recurrence.defvjp(_gru_forward, _gru_backward)


class FusedRNNScratch(RNNScratch):
    """`RNNScratch`, fused; same arguments, parameters and results, and ids as inputs too."""

    def __call__(self, inputs, state=None, training=False):
        check_vectors_or_ids(inputs, self.num_inputs)
        state = initial_state(state, (inputs.shape[1], self.num_hiddens))
        (projections,) = project(inputs, (self.W_xh,), (self.b_h,))
        outputs = tanh_recurrence(projections, state, self.W_hh)
        return outputs, outputs[-1]


class FusedStackedRNNScratch(StackedRNNScratch):
    """`StackedRNNScratch`, fused; same arguments, parameters and results, and ids as inputs too."""

    def setup(self):
        check_sizes(num_layers=self.num_layers)
        self.layers = [
            FusedRNNScratch(
                self.num_hiddens if i else self.num_inputs, self.num_hiddens, self.sigma
            )
            for i in range(self.num_layers)
        ]

    def __call__(self, inputs, state=None, training=False):
        check_vectors_or_ids(inputs, self.num_inputs)
        state = initial_state(state, (self.num_layers, inputs.shape[1], self.num_hiddens))
        outputs, new_state = inputs, []
        for layer, layer_state in zip(self.layers, state, strict=True):
            outputs, layer_state = layer(outputs, layer_state)
            new_state.append(layer_state)
        return outputs, jnp.stack(new_state)


class FusedRNN(RNN):
    """`RNN`, fused; same arguments, parameters and results, and ids as inputs too."""

    def __call__(self, inputs, state=None, training=False):
        if self.is_initializing():  # nn.SimpleCell makes the parameters
            return super().__call__(inputs, state, training)
        check_vectors_or_ids(inputs)
        state = initial_state(state, (inputs.shape[1], self.num_hiddens))
        cell = self.variables["params"]["cell"]
        (projections,) = project(inputs, (cell["i"]["kernel"],), (cell["i"]["bias"],))
        outputs = tanh_recurrence(projections, state, cell["h"]["kernel"])
        return outputs, outputs[-1]


class FusedGRU(GRU):
    """`GRU`, fused; same arguments, parameters, masks and results, and ids as inputs too."""

    @nn.compact
    def __call__(self, inputs, state=None, training=False):
        if self.is_initializing():  # nn.GRUCell makes the parameters
            return super().__call__(inputs, state, training)
        check_vectors_or_ids(inputs)
        state = initial_state(state, (self.num_layers, inputs.shape[1], self.num_hiddens))
        outputs, new_state = inputs, []
        for i, layer_state in enumerate(state):
            if i > 0:
                outputs = nn.Dropout(self.dropout, deterministic=not training)(outputs)
            cell = self.variables["params"][f"layer_{i}"]
            W = {name: gate["kernel"] for name, gate in cell.items()}
            b = {name: gate["bias"] for name, gate in cell.items() if "bias" in gate}
            gates = "ir", "iz", "in"
            projections = project(outputs, tuple(W[g] for g in gates), tuple(b[g] for g in gates))
            weights = W["hr"], W["hz"], W["hn"], b["hn"]
            outputs = gru_recurrence(projections, layer_state, *weights)
            new_state.append(outputs[-1])
        return outputs, jnp.stack(new_state)


def check_vectors_or_ids(inputs: jax.Array, num_inputs: int | None = None) -> None:
    """Raise a ValueError unless `inputs` can be projected."""
    if inputs.ndim != 2 or not jnp.issubdtype(inputs.dtype, jnp.integer):
        check_inputs(inputs, num_inputs)


class FusedHead:
    """Gives ids to the fused layer, time first, and to the loss logits that fill whole vectors."""

    def one_hot(self, X):
        vectors = super().one_hot(X)  # raises an error where X cannot be used
        return vectors if self.is_initializing() else X.T

    def output_layer(self, outputs):
        if self.is_initializing():  # nn.Dense makes the parameters
            return super().output_layer(outputs)
        return self.wide_output_layer(outputs)[..., : self.vocab_size]

    def wide_output_layer(self, outputs):
        """Give the logits and, after them, -inf up to a multiple of `LANES` columns."""
        W, b = self.output_weights()
        missing = -self.vocab_size % LANES
        W = jnp.pad(W, ((0, 0), (0, missing)))
        b = jnp.pad(b, (0, missing), constant_values=-jnp.inf)
        (logits,) = project(outputs, (W,), (b,))
        return logits.swapaxes(0, 1)

    def wide_forward(self, X, state=None, training=False):
        """Do as `forward` does, but with the logits of `wide_output_layer`; their loss is equal."""
        outputs, state = self.rnn(self.one_hot(X), state, training)
        return self.wide_output_layer(outputs), state


class FusedRNNLMScratch(FusedHead, RNNLMScratch):
    """`RNNLMScratch` for a fused layer; same arguments, parameters and results."""

    def output_weights(self):
        return self.W_hq, self.b_q


class FusedRNNLM(FusedHead, RNNLM):
    """`RNNLM` for a fused layer; same arguments, parameters and results."""

    def output_weights(self):
        dense = self.variables["params"]["output"]
        return dense["kernel"], dense["bias"]
