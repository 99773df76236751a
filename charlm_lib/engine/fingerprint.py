"""What the outcome of a training run depends on, in a few lines of JSON."""

import json
from dataclasses import asdict

import jax
import numpy as np
from flax import linen as nn

from charlm_lib.cells import describe_model
from charlm_lib.engine import source
from charlm_lib.engine.optimizers import Rule, describe_optimizer
from charlm_lib.engine.parameters import as_key, first_params
from charlm_lib.engine.settings import our_settings
from charlm_lib.engine.short_runs import shorten
from charlm_lib.engine.twins import traced, training_uses
from charlm_lib.texts.data import TextData

WINDOWS = ("batch_size", "num_steps", "num_train", "num_val", "stride")


@our_settings()
def describe_run(
    trainer,
    model: nn.Module,
    data: TextData,
    key: jax.Array | int,
    rule: Rule,
    params: dict | None = None,
) -> dict:
    """Describe a training run by everything that its outcome depends on, as JSON types.

    Args:
        trainer: a `Trainer`.
        model, data, key: what it trains.
        rule: how parameters are updated.
        params: the first parameters; None: they are drawn.
    """
    params = first_params(model, key) if params is None else params
    uses = training_uses(data, trainer.compute_dtype, trainer.carry_state)
    settings = {
        "trainer": asdict(trainer),
        "left_out": shorten(trainer.max_epochs, data.starts("train"))[2],
        "optimizer": describe_optimizer(rule, params),
        "model": describe_model(model),
        # What the model computes, whatever its class is called.
        "program": short_hash("".join(traced(model, use) for use in uses)),
        "first_params": hash_of_arrays(jax.tree.leaves(params)),
        "text": short_hash(data.text),
        "vocab": short_hash("".join(data.vocab.tokens)),
        **{name: getattr(data, name) for name in WINDOWS},
        "key": np.asarray(jax.random.key_data(as_key(key))).tolist(),
        "source": source.fingerprint("import charlm_lib.runs.training"),
    }
    return json.loads(json.dumps(settings, default=json_value))


def goes_on(start: dict, settings: dict) -> bool:
    """Say whether a run with these settings goes on what a run with the others began.

    Then it reads the same windows in the same order, and what it computes is the same. Only how
    parameters are updated may differ.
    """
    same = "program", "text", "vocab", *WINDOWS, "key"
    as_told = "carry_state", "compute_dtype"
    return all(start.get(name) == settings[name] for name in same) and all(
        start["trainer"].get(name) == settings["trainer"][name] for name in as_told
    )


def settings_of_whole(start: dict, done: int, settings: dict) -> dict | None:
    """Describe the one run that two runs add up to, the second having gone on from the first.

    None: they add up to none, since something was changed between them.

    Args:
        start, settings: the settings of both.
        done: epochs of the first.
    """
    trainer = settings["trainer"]
    total = done + trainer["max_epochs"]
    whole = settings | {
        "trainer": trainer | {"max_epochs": total},
        "first_params": start["first_params"],
    }
    as_first = start["trainer"] | {"max_epochs": total}
    return whole if start | {"trainer": as_first} == whole else None


def json_value(value):
    """Turn a NumPy number into a Python one, and anything else into its text, for JSON."""
    if isinstance(value, np.generic):
        return value.item()
    # The text of a function has its address.
    return "a function, which no file holds" if callable(value) else repr(value)


def hash_of_arrays(arrays) -> str:
    """Give the first 16 hex digits of the SHA-256 of some arrays' numbers."""
    return short_hash(b"".join(np.asarray(x).tobytes() for x in arrays).hex())


def short_hash(text: str) -> str:
    """Give the first 16 hex digits of the SHA-256 of a text, to tell texts apart."""
    return source.digest(text.encode())[:16]
