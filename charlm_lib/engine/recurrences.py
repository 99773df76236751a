"""The loops of the fused twins: one step compiled, forwards and, by our own rule, backwards.

Each gate has a product of its own: inside a loop on a CPU, XLA handles slices of a wider product
poorly.
"""

import jax
import jax.numpy as jnp
from flax import linen as nn

from charlm_lib.engine.products import recurrent_gradients


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
        (P,) = at_t  # (batch_size, num_hiddens), as H
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
