"""What a call was given: checked, with words that say what to give instead."""

import reprlib

import jax
import jax.numpy as jnp
import numpy as np


def check_sizes(least: int = 1, **sizes: int) -> None:
    """Raise a ValueError that names the first size that is no whole number from `least` on."""
    for name, size in sizes.items():
        if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < least:
            shown = reprlib.repr(size)
            raise ValueError(f"{name}={shown} must be a whole number of at least {least}")


def refuse_arguments(who: str, given: dict, instead: dict[str, str]) -> None:
    """Raise a TypeError for the first of the keyword arguments that `who` does not have, if any.

    Args:
        who: the class or function, "Trainer".
        given: what it was called with and does not know, `**others`.
        instead: what to do instead of passing an argument, by its name. Other names get Python's
            own words.
    """
    for name, value in given.items():
        if name in instead:
            raise TypeError(f"{who}() has no {name}={reprlib.repr(value)}: {instead[name]}")
        raise TypeError(f"{who}() got an unexpected keyword argument {name!r}")


def check_inputs(inputs: jax.Array, num_inputs: int | None = None) -> None:
    """Raise a ValueError unless `inputs` is `(num_steps, batch_size, num_inputs)`."""
    if inputs.ndim != 3 or num_inputs not in (None, inputs.shape[-1]):
        wanted = "num_inputs" if num_inputs is None else num_inputs
        raise ValueError(
            f"inputs have shape {inputs.shape}, but the layer needs (num_steps, batch_size, "
            f"{wanted}): one-hot encode the ids and put time first"
        )


def initial_state(state: jax.Array | None, shape: tuple[int, ...]) -> jax.Array:
    """Give zeros of `shape` for None, and otherwise the state itself.

    Raises:
        ValueError: the state has another shape.
    """
    if state is None:
        return jnp.zeros(shape)
    if state.shape != shape:
        raise ValueError(f"state has shape {state.shape}, but this layer and batch need {shape}")
    return state
