"""The parameters that training begins with."""

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn

from charlm_lib.engine.devices import jit_model


def without_lr(model: nn.Module) -> nn.Module:
    """Give a model without its learning rate.

    The rate is no part of what a model computes: programs are kept by their model, and one with
    another rate must find them.
    """
    return model.clone(lr=0.0) if getattr(model, "lr", 0.0) else model


def _draw(model: nn.Module, key: jax.Array) -> dict:
    return model.init(key, jnp.zeros((1, 1), jnp.int32))


_drawing = jit_model(_draw, static_argnums=0)


def first_params(model: nn.Module, key: jax.Array | int) -> dict:
    """Draw the parameters that `Trainer.fit` with this key begins with.

    Args:
        model: a language model.
        key: a JAX random key, or a seed for one.
    """
    return _drawing()(without_lr(model), jax.random.split(as_key(key))[0])


def param_shapes(model: nn.Module) -> dict:
    """Give the shapes and types of a model's parameters, without drawing any."""
    return _drawing().eval_shape(without_lr(model), jax.random.key(0))


def as_key(key: jax.Array | int) -> jax.Array:
    """Turn a seed into a JAX random key; a key stays as it is.

    Args:
        key: one key of `jax.random.key`, one of the older `jax.random.PRNGKey`, or a seed: a whole
            number from -2**31 to 2**32 - 1. Longer ones JAX would cut, and other ones share a key.

    Raises:
        ValueError: it is nothing of that.
    """
    number = np.asarray(key) if isinstance(key, int | np.generic | np.ndarray) else key
    if isinstance(number, jax.Array | np.ndarray):
        if number.ndim == 0 and jnp.issubdtype(number.dtype, jax.dtypes.prng_key):
            return number
        if number.ndim == 0 and jnp.issubdtype(number.dtype, jnp.integer):
            if -(2**31) <= (seed := int(number)) < 2**32:
                return jax.random.key(np.uint32(seed % 2**32))
        elif number.dtype == np.uint32 and number.shape == jax.random.PRNGKey(0).shape:
            return jax.random.wrap_key_data(jnp.asarray(number))
    shown = " ".join(repr(key).split())
    raise ValueError(
        f"key={shown:.80} must be one JAX random key, or a whole number from -2**31 to 2**32 - 1"
    )
