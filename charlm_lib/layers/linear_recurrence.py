"""Recurrences without a loop: linear in their state, so that all steps can be computed at once.

`H_t = A_t * H_(t-1) + B_t`, where neither A nor B depends on H. Two steps in a row are one step of
the same kind, and so a tree of such joints gives all states in about 2 log2(num_steps) rounds
(Blelloch, 1990; Martin and Cundy, 2018). The layers carry a state, as those with a loop do.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from flax import linen as nn

from charlm_lib.checks import check_inputs, check_sizes, initial_state


def join(early, late):
    """Make one step out of two that follow each other.

    `H -> A_2 * (A_1 * H + B_1) + B_2` is `H -> (A_2 * A_1) * H + (A_2 * B_1 + B_2)`.

    Args:
        early, late: pairs `(A, B)`, the earlier step first; arrays of one shape, or that broadcast.

    Returns:
        The pair of both steps together.
    """
    (A_1, B_1), (A_2, B_2) = early, late
    return A_2 * A_1, A_2 * B_1 + B_2


def linear_recurrence(A, B, state):
    """Give `H_t = A_t * H_(t-1) + B_t` for all steps at once, by a parallel scan.

    With magnitudes of A of at most 1 no product grows, and those that vanish belong to what is
    forgotten: plain products and sums are stable, and no logarithms are needed.

    Args:
        A: `(num_steps, batch_size, num_hiddens)`, or with a batch axis of 1; real or complex.
        B: `(num_steps, batch_size, num_hiddens)`.
        state: `(batch_size, num_hiddens)`, H before the first step.

    Returns:
        `(num_steps, batch_size, num_hiddens)`, H after every step.
    """
    B = B.at[0].add(A[0] * state)  # the first state is a part of what comes in first
    return jax.lax.associative_scan(join, (A, B))[1]


def linear_loop(A, B, state):
    """Give what `linear_recurrence` gives, one step after the other.

    It makes half as many products and no pass over memory more than it must: on a few cores of a
    CPU it is the faster of the two, most often. Arguments and result as there.
    """

    def step(H, pair):
        H = pair[0] * H + pair[1]
        return H, H

    return jax.lax.scan(step, state, (A, B))[1]


class MinGRU(nn.Module):
    """A GRU whose gate and candidate do not look at the state: linear in it, so without a loop.

    `Z_t = sigmoid(X_t W_xz + b_z)`, `N_t = X_t W_xn + b_n`,
    `H_t = Z_t * H_(t-1) + (1 - Z_t) * N_t`; the state has shape `(batch_size, num_hiddens)`.
    Feng et al. (2024), with the gate named as in `GRU`: it is what keeps the state.

    Args:
        num_hiddens: hidden units.
        recurrence: `linear_recurrence`, or `linear_loop`: the same numbers.

    Raises:
        ValueError: a size below 1, or inputs or a state of the wrong shape (when called).
    """

    num_hiddens: int
    recurrence: Callable = linear_recurrence

    @nn.compact
    def __call__(self, inputs, state=None, training=False):
        check_sizes(num_hiddens=self.num_hiddens)
        check_inputs(inputs)
        state = initial_state(state, (inputs.shape[1], self.num_hiddens))
        # All steps at once: (num_steps, batch_size, num_hiddens)
        Z = nn.sigmoid(nn.Dense(self.num_hiddens, name="keep")(inputs))
        N = nn.Dense(self.num_hiddens, name="new")(inputs)
        outputs = self.recurrence(Z, (1 - Z) * N, state)
        return outputs, outputs[-1]


class LRU(nn.Module):
    """A linear recurrent unit: every hidden unit turns and shrinks by a number of its own.

    `H_t = lambda * H_(t-1) + sqrt(1 - |lambda|^2) * (X_t B)`, `Y_t = Re(H_t C) + b`, with complex
    H, B and C, and `lambda = exp(-exp(nu) + i exp(theta))`. Whatever the parameters are,
    `|lambda|` is below 1: no state can explode. The state has shape `(batch_size, num_hiddens)`,
    complex. Orvieto et al. (2023), without the skip `X_t D`: `ResidualStack` has one.

    Args:
        num_hiddens: hidden units, and outputs.
        recurrence: `linear_recurrence`, or `linear_loop`: the same numbers.
        slowest, fastest: the first magnitudes of lambda lie between these, evenly by their squares.

    Raises:
        ValueError: a size below 1, or inputs or a state of the wrong shape (when called).
    """

    num_hiddens: int
    recurrence: Callable = linear_recurrence
    slowest: float = 0.99
    fastest: float = 0.5

    @nn.compact
    def __call__(self, inputs, state=None, training=False):
        check_sizes(num_hiddens=self.num_hiddens)
        check_inputs(inputs)
        state = initial_state(state, (inputs.shape[1], self.num_hiddens)) + 0j
        nu = self.param("nu", self.first_nu, (self.num_hiddens,))
        theta = self.param("theta", first_theta, (self.num_hiddens,))
        eigenvalues = jnp.exp(-jnp.exp(nu) + 1j * jnp.exp(theta))
        drive = nn.Dense(2 * self.num_hiddens, use_bias=False, name="B")(inputs)
        real, imaginary = jnp.split(drive, 2, axis=-1)  # each (..., num_hiddens)
        drive = jnp.sqrt(1 - jnp.abs(eigenvalues) ** 2) * (real + 1j * imaginary)
        A = jnp.broadcast_to(eigenvalues, (len(inputs), 1, self.num_hiddens))
        H = self.recurrence(A, drive, state)
        # Re(H C) of complex matrices is one real product with both parts of H
        parts = jnp.concatenate([H.real, H.imag], axis=-1)
        return nn.Dense(self.num_hiddens, name="C")(parts), H[-1]

    def first_nu(self, key, shape):
        """Draw the logarithm of the rate of decay, `-log|lambda|`."""
        squares = jax.random.uniform(key, shape, minval=self.fastest**2, maxval=self.slowest**2)
        return jnp.log(-jnp.log(squares) / 2)


def first_theta(key, shape):
    """Draw the logarithm of the angle of lambda, which is even between 0 and pi."""
    return jnp.log(jax.random.uniform(key, shape, minval=1e-3, maxval=jnp.pi))
