"""Other ways to run the recurrence, to be measured on a GPU before the engine takes one of them.

What the CPU taught may be wrong on a GPU. There slices of a wide product cost nothing, so that the
gates can share one; a step of a small layer ends before the next one can be launched, so that the
whole recurrence had better be one program. Each candidate takes the place of the engine's
`tanh_recurrence` and `gru_recurrence`, and computes the same.
"""

from functools import partial

import jax
import jax.numpy as jnp
from flax import linen as nn

from benchmarks.gpu.on_chip import WIDEST, steps_on_chip
from benchmarks.workloads import Workload
from charlm_lib.engine import fused
from charlm_lib.engine.products import weight_gradients

UNROLL = 8


def scanned(step, state, arrays: tuple, read: tuple, weights: tuple, reverse: bool, unroll: int):
    """Run `state, new = step(state, at_t, read_t, *weights)` over time with `jax.lax.scan`."""

    def body(state, xs):
        return step(state, *xs, *weights)

    return jax.lax.scan(body, state, (arrays, read), reverse=reverse, unroll=unroll)


RUNNERS = {
    "joined gates": partial(scanned, unroll=1),
    "joined gates, unrolled": partial(scanned, unroll=UNROLL),
    "on chip": steps_on_chip,
}


def fits(candidate: str, workload: Workload) -> bool:
    """Say whether a candidate can run a workload; for the LSTM none is written."""
    if workload.layer == "LSTM":
        return False
    on_chip = workload.num_hiddens <= WIDEST and workload.dtype == "float32"
    return candidate != "on chip" or on_chip


def take_the_place(candidate: str) -> None:
    """Let the fused twins of this process run the candidate."""
    run = RUNNERS[candidate]
    fused.tanh_recurrence = tanh_recurrence(run)
    fused.gru_recurrence = gru_recurrence(run, is_joined=candidate != "on chip")


def before(state: jax.Array, outputs: jax.Array) -> jax.Array:
    """Give all `H_(t-1)`, `(num_steps, batch_size, num_hiddens)`."""
    return jnp.concatenate([state[None], outputs[:-1]])


def tanh_recurrence(run):
    """Make the engine's `tanh_recurrence` with another way to run the steps."""

    @jax.custom_vjp
    def recurrence(projections, state, W_hh):
        return forward(projections, state, W_hh)[0]

    def forward(projections, state, W_hh):
        def step(H, at_t, _, W_hh):
            H = jnp.tanh(at_t[0] + H @ W_hh)
            return H, (H,)

        _, (outputs,) = run(step, state, (projections,), (), (W_hh,), reverse=False)
        return outputs, (state, outputs, W_hh)

    def backward(saved, d_outputs):
        state, outputs, W_hh = saved

        def step(d_state, at_t, read, W_hh_T):
            (d_output,), (H,) = at_t, read
            D = (d_output + d_state) * (1 - H * H)
            return D @ W_hh_T, (D,)

        none = jnp.zeros_like(state)
        d_state, (D,) = run(step, none, (d_outputs,), (outputs,), (W_hh.T,), reverse=True)
        return D, d_state, *weight_gradients(before(state, outputs), D)

    recurrence.defvjp(forward, backward)
    return recurrence


def gru_recurrence(run, is_joined: bool):
    """Make the engine's `gru_recurrence` with another way to run the steps.

    Args:
        run: one of `RUNNERS`.
        is_joined: whether the three products of a step are one.
    """

    def products(H, weights):
        return jnp.split(H @ weights[0], 3, 1) if is_joined else [H @ W for W in weights]

    def summed(D, weights):
        if is_joined:
            return jnp.concatenate(D, 1) @ weights[0]
        return sum(D_k @ W for D_k, W in zip(D, weights, strict=True))

    def joined(*weights):
        return (jnp.concatenate(weights, 1),) if is_joined else weights

    @jax.custom_vjp
    def recurrence(projections, state, W_hr, W_hz, W_hn, b_hn):
        return forward(projections, state, W_hr, W_hz, W_hn, b_hn)[0]

    def forward(projections, state, W_hr, W_hz, W_hn, b_hn):
        def step(H, at_t, _, *weights):
            P_r, P_z, P_n = at_t[:3]
            G_r, G_z, G_n = products(H, weights[:-1])
            R, Z, A = nn.sigmoid(P_r + G_r), nn.sigmoid(P_z + G_z), G_n + weights[-1]
            N = jnp.tanh(P_n + R * A)
            F_n = (1 - Z) * (1 - N * N)
            F_a = F_n * R
            factors = F_a * A * (1 - R), (H - N) * Z * (1 - Z), F_n, F_a, Z
            H = (1 - Z) * N + Z * H
            return H, (*factors, H)

        empty = jnp.zeros_like(projections[0])
        arrays = (*projections, empty, empty, empty)
        weights = (*joined(W_hr, W_hz, W_hn), b_hn)
        _, (*factors, outputs) = run(step, state, arrays, (), weights, reverse=False)
        return outputs, (state, outputs, factors, W_hr, W_hz, W_hn)

    def backward(saved, d_outputs):
        state, outputs, (*factors, Z), *weights = saved

        def step(d_state, F, read, *transposed):
            d_output, Z = read
            d_H = d_output + d_state
            D_r, D_z, D_n, D_a = (d_H * F_k for F_k in F)
            d_state = d_H * Z + summed((D_r, D_z, D_a), transposed)
            return d_state, (D_r, D_z, D_n, D_a)

        none = jnp.zeros_like(state)
        transposed = (joined(*weights)[0].T,) if is_joined else tuple(W.T for W in weights)
        arrays, read = tuple(factors), (d_outputs, Z)
        d_state, (D_r, D_z, D_n, D_a) = run(step, none, arrays, read, transposed, reverse=True)
        d_weights = weight_gradients(before(state, outputs), D_r, D_z, D_a)
        return (D_r, D_z, D_n), d_state, *d_weights, D_a.sum((0, 1))

    recurrence.defvjp(forward, backward)
    return recurrence
