"""The optimizer of a run, with clipping before it."""

import math
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from charlm_lib.engine.programs import as_numbers, written_out
from charlm_lib.engine.source import digest


class Rule(NamedTuple):
    """How parameters are updated.

    Args:
        optimizer: what turns gradients into updates.
        first_state: a function of the parameters that makes the optimizer's first state.
        is_sgd: whether this is plain SGD, whose state is nothing but its two numbers.
    """

    optimizer: optax.GradientTransformation
    first_state: Callable
    is_sgd: bool = False


def is_number(value) -> bool:
    """Say whether this is one number, of Python, NumPy or JAX."""
    kinds = int | float | np.number | jax.Array
    return isinstance(value, kinds) and not isinstance(value, bool) and np.ndim(value) == 0


def clipped_sgd(learning_rate: float, max_norm: float) -> optax.GradientTransformation:
    """SGD on gradients that are scaled down to length max_norm where they are longer."""
    chain = optax.chain(optax.clip_by_global_norm(max_norm), optax.sgd(learning_rate))
    return optax.flatten(chain)  # one vector, because XLA compiles a program for every array


# Both numbers are part of the optimizer's state, so that changing them compiles nothing anew.
_SGD = optax.inject_hyperparams(clipped_sgd, hyperparam_dtype=jnp.float32)(0.0, max_norm=0.0)


def sgd(lr: float | Callable, clip: float | None) -> Rule:
    """Give SGD with learning rate lr on gradients no longer than clip; None: as long as they are.

    Args:
        lr: a number, or a schedule: a function that gives the rate of update 0, 1, 2, ...
        clip: the longest gradient.

    Raises:
        ValueError: lr is neither a positive number nor a schedule.
    """
    if callable(lr):
        return clipped(optax.sgd(lr), clip)
    if not is_number(lr) or not 0 < lr < math.inf:
        raise ValueError(
            f"lr={lr!r} must be a positive number, or a schedule such as "
            "optax.cosine_decay_schedule(1.0, num_updates)"
        )

    def first_state(params: dict):
        state = _SGD.init(jnp.zeros(1))  # alike for any parameters: nothing to compile anew
        # Of NumPy, because JAX may be told to raise an error where it makes an infinite number.
        state.hyperparams["learning_rate"] = np.float32(lr)
        state.hyperparams["max_norm"] = np.float32(math.inf if clip is None else clip)
        return state

    return Rule(_SGD, first_state, is_sgd=True)


def clipped(optimizer: optax.GradientTransformation, clip: float | None) -> Rule:
    """Give one's own optimizer with clipping to length clip before it; None: no clipping.

    Raises:
        ValueError: this is no optax optimizer.
    """
    if not (callable(getattr(optimizer, "init", None)) and hasattr(optimizer, "update")):
        raise ValueError(
            f"optimizer={optimizer!r} is no optax optimizer: pass one such as optax.adamw(0.01)"
        )
    if clip is not None:
        optimizer = optax.chain(optax.clip_by_global_norm(clip), optimizer)
    return Rule(optimizer, optimizer.init)


def describe_optimizer(rule: Rule, params: dict) -> str:
    """Tell optimizers apart by what they compute: "sgd", or a hash of the program of an update.

    Rates, decays and schedules stand in that program as numbers, or in the first state.

    Args:
        rule: how parameters are updated.
        params: parameters of the model, or their shapes.
    """
    if rule.is_sgd:
        return "sgd"  # the model and the trainer have its two numbers
    params = jax.tree.map(jnp.zeros_like, params)
    state = rule.first_state(params)
    program = jax.make_jaxpr(rule.optimizer.update)(params, state, params)
    return digest(written_out(program, *jax.tree.leaves(state)).encode())[:16]


def restored_state(rule: Rule, params: dict, saved: list[np.ndarray]):
    """Give the optimizer's state as it was: the structure of a first one, with other numbers.

    Args:
        rule: how parameters are updated.
        params: the parameters.
        saved: the leaves of the state, from `as_numbers`.

    Returns:
        The state; None if the numbers are not those of such an optimizer.
    """
    leaves, structure = jax.tree.flatten(rule.first_state(params))
    if [as_numbers(x).shape for x in leaves] != [np.shape(x) for x in saved]:
        return None

    def like(leaf, numbers):
        if jnp.issubdtype(jnp.result_type(leaf), jax.dtypes.prng_key):
            return jax.random.wrap_key_data(jnp.asarray(numbers), impl=jax.random.key_impl(leaf))
        return jnp.asarray(numbers, jnp.result_type(leaf))

    return structure.unflatten(map(like, leaves, saved))
