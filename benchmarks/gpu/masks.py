"""Dropout: which numbers it drops, in the model and in its twin."""

from functools import partial

import jax
import numpy as np
from flax import linen as nn

import charlm_lib as cl
from benchmarks.gpu.cells import RATE, random_params, twin_of
from benchmarks.gpu.checks import at_most

SURE = 5  # standard deviations: chance alone goes further once in a million times


@partial(jax.jit, static_argnums=(0, 4))
def dropped(model, params, X, key, training: bool) -> list[jax.Array]:
    """Give, for each place of dropout, which of its outputs are 0: `(steps, batch, units)`."""
    _, seen = model.apply(
        params,
        X,
        training=training,
        rngs={"dropout": key},
        capture_intermediates=lambda module, _: isinstance(module, nn.Dropout),
        mutable=["intermediates"],
    )
    return [outputs == 0 for outputs in jax.tree.leaves(seen)]


def mask(model, params, X, key: int, training: bool = True) -> np.ndarray:
    """Give all that dropout drops as one vector of truth values."""
    places = dropped(model, params, X, jax.random.key(key), training)
    return np.concatenate([np.ravel(place) for place in places])


def check_dropout(model, data: cl.TextData) -> list[dict]:
    """Check the masks of a model with dropout of `RATE` on the default device."""
    params, twin = random_params(model), twin_of(model, data)
    X, _ = next(data.batches("val"))
    first, fused, other = (
        mask(module, params, X, key) for module, key in ((model, 1), (twin, 1), (model, 2))
    )
    evaluated = mask(twin, params, X, 1, training=False)
    chance, bound = 2 * RATE * (1 - RATE), SURE * 0.5 / len(first) ** 0.5
    return [
        at_most("dropout: masks of model and twin that differ", (first != fused).mean(), 0.0),
        at_most("dropout: share dropped, off its rate", abs(fused.mean() - RATE), bound),
        at_most("dropout: another key, off chance", abs((first != other).mean() - chance), bound),
        at_most("dropout: dropped in evaluation", evaluated.mean(), 0.0),
    ]
