"""The optimizer of a run, with clipping before it."""

import math
from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
import optax


class Rule(NamedTuple):
    """How parameters are updated: an optimizer, and a function of them that makes its state."""

    optimizer: optax.GradientTransformation
    first_state: Callable


def clipped_sgd(learning_rate: float, max_norm: float) -> optax.GradientTransformation:
    """SGD on gradients that are scaled down to length max_norm where they are longer."""
    chain = optax.chain(optax.clip_by_global_norm(max_norm), optax.sgd(learning_rate))
    return optax.flatten(chain)  # one vector, because XLA compiles a program for every array


# Both numbers are part of the optimizer's state, so that changing them compiles nothing anew.
_SGD = optax.inject_hyperparams(clipped_sgd)(learning_rate=0.0, max_norm=math.inf)


def sgd(lr: float, clip: float | None) -> Rule:
    """Give SGD with learning rate lr on gradients no longer than clip; None: as long as they are.

    Raises:
        ValueError: lr is not a positive number.
    """
    if not 0 < lr < math.inf:
        raise ValueError(f"lr={lr!r} must be a positive number")

    def first_state(params: dict):
        state = _SGD.init(jnp.zeros(1))  # alike for any parameters: nothing to compile anew
        state.hyperparams["learning_rate"] = jnp.float32(lr)
        state.hyperparams["max_norm"] = jnp.float32(math.inf if clip is None else clip)
        return state

    return Rule(_SGD, first_state)


def clipped(optimizer: optax.GradientTransformation, clip: float | None) -> Rule:
    """Give one's own optimizer with clipping to length clip before it; None: no clipping."""
    if clip is not None:
        optimizer = optax.chain(optax.clip_by_global_norm(clip), optimizer)
    return Rule(optimizer, optimizer.init)
