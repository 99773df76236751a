"""What the outcome of a training run depends on, in a few lines of JSON."""

import json
from dataclasses import asdict

import jax
import numpy as np
from flax import linen as nn

from charlm_lib.cells import describe_model
from charlm_lib.data import TextData
from charlm_lib.engine import source
from charlm_lib.engine.parameters import as_key, first_params
from charlm_lib.engine.settings import our_settings
from charlm_lib.engine.short_runs import shorten
from charlm_lib.engine.twins import traced, training_uses

WINDOWS = ("batch_size", "num_steps", "num_train", "num_val", "stride")


@our_settings()
def describe_run(
    trainer,
    model: nn.Module,
    data: TextData,
    key: jax.Array | int,
    optimizer: str = "sgd",
    params: dict | None = None,
) -> dict:
    """Describe a training run by everything that its outcome depends on, as JSON types.

    Args:
        trainer: a `Trainer`.
        model, data, key: what it trains.
        optimizer: "sgd", or "own" for one that the user gave.
        params: the first parameters; None: they are drawn.
    """
    params = first_params(model, key) if params is None else params
    uses = training_uses(data, trainer.compute_dtype, trainer.carry_state)
    start = b"".join(np.asarray(x).tobytes() for x in jax.tree.leaves(params))
    settings = {
        "trainer": asdict(trainer),
        "left_out": shorten(trainer.max_epochs, data.starts("train"))[2],
        "optimizer": optimizer,
        "model": describe_model(model),
        # What the model computes, whatever its class is called.
        "program": short_hash("".join(traced(model, use) for use in uses)),
        "first_params": short_hash(start.hex()),
        "text": short_hash(data.text),
        **{name: getattr(data, name) for name in WINDOWS},
        "key": np.asarray(jax.random.key_data(as_key(key))).tolist(),
        "source": source.fingerprint("import charlm_lib.training"),
    }
    return json.loads(json.dumps(settings, default=json_value))


def json_value(value):
    """Turn a NumPy number into a Python one, and anything else into its text, for JSON."""
    return value.item() if isinstance(value, np.generic) else repr(value)


def short_hash(text: str) -> str:
    """Give the first 16 hex digits of the SHA-256 of a text, to tell texts apart."""
    return source.digest(text.encode())[:16]
