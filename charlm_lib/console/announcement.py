"""The line before training: what is used, and how long it will take on this machine."""

import time

import jax
import jax.numpy as jnp
from flax import linen as nn

from charlm_lib.cells import describe_model
from charlm_lib.engine.parameters import param_shapes
from charlm_lib.engine.twins import Use, fuse
from charlm_lib.runs.training import Trainer
from charlm_lib.texts.data import TextData

BACKWARD = 3  # an update costs as much as reading three times: forward once, backward twice
TRIES = 3


def announcement(name: str, data: TextData, model: nn.Module, trainer: Trainer) -> str:
    """Say in one line what is trained on which characters, and the time that it will take.

    Args:
        name: what the text is called.
        data, model, trainer: what is to be trained.
    """
    learned, used = (int(data.starts(split)[-1]) + data.num_steps for split in ("train", "val"))
    unused = len(data.text) - used - 1  # the last target is one further
    num_params = sum(x.size for x in jax.tree.leaves(param_shapes(model)))
    wait = expected_seconds(model, data, trainer.max_epochs)
    parts = (
        f"{name}: {len(data.text):,} characters, {learned:,} to learn from, then "
        f"{used - learned:,} held out" + (f", {unused:,} unused" if unused else ""),
        f"{data.num_train:,} + {data.num_val:,} windows of {data.num_steps}",
        f"{summary(model)}, {num_params:,} parameters",
        f"{trainer.max_epochs} epochs, {in_words(wait)}",
    )
    return "; ".join(parts)


def summary(model: nn.Module) -> str:
    """Name the layer of a model with its sizes: "GRU(num_hiddens=32, num_layers=2)"."""
    described = describe_model(model.rnn)
    kind = described.pop("class")
    return f"{kind}({', '.join(f'{name}={value}' for name, value in described.items() if value)})"


def expected_seconds(model: nn.Module, data: TextData, max_epochs: int) -> float:
    """Estimate the seconds of a training run, compilation aside, by reading one batch.

    Each of the devices reads its part of the batches, while the others do the same.
    """
    rows = max(1, data.batch_size // len(jax.devices()))
    read = jax.jit(fuse(model, Use(rows, data.num_steps)).apply)
    params = jax.tree.map(jnp.zeros_like, param_shapes(model))
    X = jnp.zeros((rows, data.num_steps), jnp.int32)
    jax.block_until_ready(read(params, X))  # compiles
    wait = seconds(lambda: [read(params, X) for _ in range(TRIES)]) / TRIES
    updates, more = (-(-n // data.batch_size) for n in (data.num_train, data.num_val))
    return max_epochs * (BACKWARD * updates + more) * wait


def seconds(call) -> float:
    """Measure how long a computation takes."""
    begun = time.perf_counter()
    jax.block_until_ready(call())
    return time.perf_counter() - begun


def in_words(seconds: float) -> str:
    """Say a time roughly: "less than a minute", "about 5 minutes", "about 3 hours"."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute"
    if minutes < 100:
        return f"about {minutes} minute{'s' * (minutes > 1)}"
    return f"about {round(minutes / 60)} hours"
