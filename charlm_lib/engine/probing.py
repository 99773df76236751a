"""What a model of one's own does, found out by trying it on random parameters.

The library's models are known. Of another one two things are asked: whether it begins with a state
of zeros, and whether it looks at characters that it should only predict.
"""

from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn

from charlm_lib.engine.parameters import param_shapes
from charlm_lib.engine.twins import TWINS

STEPS = 8


def is_known(twin: nn.Module) -> bool:
    """Say whether `fuse` gave the twin of a whole language model, head and layer."""
    return type(twin) in TWINS.values()


@lru_cache(maxsize=32)
def starts_at_zeros(model: nn.Module) -> bool:
    """Say whether the first state of a language model is zeros, whatever its parameters are."""
    params, X = random_params(model), np.zeros((1, STEPS), np.int32)
    logits, state = compiled(model, params, X)(params, X)
    zeros = jax.tree.map(np.zeros_like, state)
    given, _ = compiled(model, params, X, zeros)(params, X, zeros)
    return np.array_equal(logits, given, equal_nan=True)


@lru_cache(maxsize=32)
def looks_ahead(model: nn.Module) -> bool:
    """Say whether logits of a language model change with a character that comes later."""
    params, X = random_params(model), np.zeros((1, STEPS), np.int32)
    changed = np.eye(1, STEPS, STEPS - 1, np.int32)
    apply = compiled(model, params, X)
    (logits, _), (others, _) = apply(params, X), apply(params, changed)
    return not np.array_equal(logits[:, :-1], others[:, :-1], equal_nan=True)


def compiled(model: nn.Module, *given) -> jax.stages.Compiled:
    """Compile a model for arguments, so that it computes even while an epoch is traced.

    `ensure_compile_time_eval` around the call would be enough, but JAX 0.7 cannot do a scan in it.
    """
    return jax.jit(model.apply).lower(*given).compile()


def random_params(model: nn.Module) -> dict:
    """Draw every parameter of a model from a normal distribution, those that begin as 0 too."""
    leaves, structure = jax.tree.flatten(param_shapes(model))

    def draw(key, leaf):
        return jax.random.normal(key, leaf.shape).astype(leaf.dtype)

    with jax.ensure_compile_time_eval():  # it may be asked while an epoch is traced
        keys = jax.random.split(jax.random.key(0), len(leaves))
        return structure.unflatten(map(draw, keys, leaves))


@lru_cache(maxsize=32)
def logits_shape(model: nn.Module, batch_size: int, num_steps: int) -> tuple[int, ...]:
    """Give the shape of a model's logits for a batch, without computing them.

    Raises:
        ValueError: the model does not give logits and a state.
    """
    X = jax.ShapeDtypeStruct((batch_size, num_steps), jnp.int32)
    try:
        given = jax.eval_shape(model.apply, param_shapes(model), X)
    except Exception as error:
        error.add_note(
            f"The model was tried on ids of shape {X.shape}. A language model is called as "
            "model(X, state=None, training=False) and gives (logits, state); the layer in it as "
            "layer(inputs, state, training), and gives (outputs, state)."
        )
        raise
    if not (isinstance(given, tuple) and len(given) == 2):
        raise ValueError("the model must give two things, (logits, state)")
    return given[0].shape
