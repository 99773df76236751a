"""What the outcome of a training run depends on, and where it begins."""

import json
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

import flax
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn

from charlm_lib.devices import compiler_options
from charlm_lib.fast import shorten
from charlm_lib.results import describe_model, fingerprint, json_value
from charlm_lib.twins import program


def describe_fit(trainer, model, data, key, optimizer: str = "sgd", params=None) -> dict:
    """Describe a training run by everything that its outcome depends on, as JSON types.

    `params` are the first parameters; None: they are drawn.
    """
    params = first_params(model, key) if params is None else params
    source = "".join(
        (Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8")
        for name in (
            "corpus",
            "data",
            "models",
            "fused",
            "twins",
            "engine",
            "fast",
            "streams",
            "losses",
            "settings",
            "training",
        )
    )
    windows = ("batch_size", "num_steps", "num_train", "num_val", "stride")
    start = b"".join(np.asarray(x).tobytes() for x in jax.tree.leaves(params))
    settings = {
        "trainer": asdict(trainer),
        "fast": shorten(trainer.max_epochs, data.starts("train"))[2],
        "optimizer": optimizer,
        "model": describe_model(model),
        # What the model computes, whatever its class is called.
        "program": fingerprint(
            "".join(program(model.clone(lr=0.0), use) for use in trainer.uses(data))
        ),
        "first_params": fingerprint(start.hex()),
        "text": fingerprint(data.text),
        **{name: getattr(data, name) for name in windows},
        "key": np.asarray(jax.random.key_data(as_key(key))).tolist(),
        "versions": {m.__name__: m.__version__ for m in (jax, flax, optax)},
        "source": fingerprint(source),
    }
    return json.loads(json.dumps(settings, default=json_value))


def first_params(model: nn.Module, key: jax.Array | int) -> dict:
    """Draw the parameters that training with this key begins with."""
    return _drawing()(model.clone(lr=0.0), jax.random.split(as_key(key))[0])


def param_shapes(model: nn.Module) -> dict:
    """Give the shapes and types of a model's parameters, without drawing any."""
    return _drawing().eval_shape(model.clone(lr=0.0), jax.random.key(0))


@lru_cache(maxsize=1)
def _drawing():
    """Make the compiled function of a model and a key that draws parameters."""

    def draw(model: nn.Module, key: jax.Array) -> dict:
        return model.init(key, jnp.zeros((1, 1), jnp.int32))

    options = compiler_options(jax.default_backend())
    return jax.jit(draw, static_argnums=0, compiler_options=options)


def as_key(key: jax.Array | int) -> jax.Array:
    """Turn a seed into a JAX random key; a key stays as it is."""
    return jax.random.key(key) if isinstance(key, int | np.integer) else key
