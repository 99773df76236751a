"""The loop of the fused LSTM, forwards and, by our own rule, backwards; see `recurrences`."""

import jax
import jax.numpy as jnp
from flax import linen as nn

from charlm_lib.engine.products import recurrent_gradients
from charlm_lib.engine.recurrences import scan_in_place


@jax.custom_vjp
def lstm_recurrence(projections, state, W_hi, W_hf, W_hg, W_ho) -> tuple:
    """Run one layer of long short-term memory over all steps; `LSTM` has the equations.

    Args:
        projections: all `X_t W_xi + b_i`, and alike those of f, g and o, each
            `(num_steps, batch_size, num_hiddens)`.
        state: `H_0` and `C_0`, `(2, batch_size, num_hiddens)`.
        W_hi, W_hf, W_hg, W_ho: each `(num_hiddens, num_hiddens)`.

    Returns:
        All `H_t`, `(num_steps, batch_size, num_hiddens)`, and the last `C_t`.
    """
    *others, P_o = projections

    def step(state, at_t, read):
        H, C = state
        I_t, F_t, G_t, O_t = lstm_gates(H, *read, *at_t, W_hi, W_hf, W_hg, W_ho)
        C = F_t * C + I_t * G_t
        H = O_t * jnp.tanh(C)
        return (H, C), (H,)

    (_, C), (outputs,) = scan_in_place(step, tuple(state), (P_o,), tuple(others))
    return outputs, C


def lstm_gates(H, P_i, P_f, P_g, P_o, W_hi, W_hf, W_hg, W_ho) -> tuple:
    """Compute `I_t`, `F_t`, `G_t` and `O_t`, each as large as `H_(t-1)`."""
    I_t = nn.sigmoid(P_i + H @ W_hi)
    F_t = nn.sigmoid(P_f + H @ W_hf)
    G_t = jnp.tanh(P_g + H @ W_hg)
    return I_t, F_t, G_t, nn.sigmoid(P_o + H @ W_ho)


def _lstm_forward(projections, state, *weights):
    """Compute the states, and what the backward pass multiplies gradients by.

    These factors are the derivatives of `C_t` by the arguments of i, f and g, of `H_t` by that of o
    and by `C_t`, and, last, of `C_t` by `C_(t-1)` where it stands outside of all gates.
    """

    def step(state, at_t, _):
        H, C = state
        I_t, F_t, G_t, O_t = lstm_gates(H, *at_t[:4], *weights)
        by_i = G_t * I_t * (1 - I_t)
        by_f = C * F_t * (1 - F_t)
        by_g = I_t * (1 - G_t * G_t)
        C = F_t * C + I_t * G_t
        T = jnp.tanh(C)
        by_o = T * O_t * (1 - O_t)
        H = O_t * T
        return (H, C), (by_i, by_f, by_g, by_o, O_t * (1 - T * T), F_t, H)

    empty = jnp.zeros_like(projections[0])
    (_, C), written = scan_in_place(step, tuple(state), (*projections, empty, empty, empty))
    *factors, outputs = written
    return (outputs, C), (state, outputs, factors, weights)


def _lstm_backward(saved, gradients):
    """Back-propagation through time: `D_i`, `D_f`, `D_g`, `D_o` are gradients at the arguments.

    Two gradients go back from step to step: one at `H_t`, through the weights of the gates, and one
    at `C_t`, through the forget gate alone.
    """
    state, outputs, (*factors, by_c, F), (W_hi, W_hf, W_hg, W_ho) = saved
    d_outputs, d_last = gradients

    def step(d_state, factors, read):
        d_H, d_C = d_state
        d_output, by_c, F_t = read
        d_H = d_H + d_output
        d_C = d_C + d_H * by_c  # all ways to C_t counted
        D_i, D_f, D_g = (d_C * factor for factor in factors[:3])
        D_o = d_H * factors[3]
        d_H = D_i @ W_hi.T + D_f @ W_hf.T + D_g @ W_hg.T + D_o @ W_ho.T
        return (d_H, d_C * F_t), (D_i, D_f, D_g, D_o)

    none = jnp.zeros_like(d_last)
    read = d_outputs, by_c, F
    d_state, D = scan_in_place(step, (none, d_last), factors, read, reverse=True)
    return D, jnp.stack(d_state), *recurrent_gradients(state[0], outputs, *D)


lstm_recurrence.defvjp(_lstm_forward, _lstm_backward)
