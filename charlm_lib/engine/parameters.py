"""The parameters that training begins with."""

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn

from charlm_lib.engine.devices import jit_model


def _draw(model: nn.Module, key: jax.Array) -> dict:
    return model.init(key, jnp.zeros((1, 1), jnp.int32))


_drawing = jit_model(_draw, static_argnums=0)


def first_params(model: nn.Module, key: jax.Array | int) -> dict:
    """Draw the parameters that training with this key begins with."""
    return _drawing()(model.clone(lr=0.0), jax.random.split(as_key(key))[0])


def param_shapes(model: nn.Module) -> dict:
    """Give the shapes and types of a model's parameters, without drawing any."""
    return _drawing().eval_shape(model.clone(lr=0.0), jax.random.key(0))


def as_key(key: jax.Array | int) -> jax.Array:
    """Turn a seed into a JAX random key; a key stays as it is."""
    return jax.random.key(key) if isinstance(key, int | np.integer) else key
