"""The usual Flax loop, written well: one jitted step per batch, dispatched from Python.

The step gathers its windows on the device, its arguments are donated, and the loss is read once
per epoch, so that Python can run ahead.
"""

import time
from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax

import charlm_lib as cl
from benchmarks.flax_model import make_data, make_model, make_optimizer
from benchmarks.workloads import Workload


def make_loop(workload: Workload, data: cl.TextData):
    """Make `epoch()` and `validate()`, each of which gives a mean loss; they share parameters."""
    model, optimizer = make_model(workload), make_optimizer(workload)
    params = jax.jit(model.init)(jax.random.key(0), jnp.zeros((1, 1), jnp.int32))
    state = optimizer.init(params)
    starts, rng = data.starts("train"), np.random.default_rng(0)

    def loss(params, tokens, starts):
        X, Y = cl.gather_windows(tokens, starts, data.num_steps)
        return cl.cross_entropy(model.apply(params, X)[0], Y)

    @partial(jax.jit, donate_argnums=(0, 1))
    def step(params, state, tokens, starts):
        value, grads = jax.value_and_grad(loss)(params, tokens, starts)
        steps, state = optimizer.update(grads, state, params)
        return optax.apply_updates(params, steps), state, value

    measure = jax.jit(loss)

    def batches(starts):
        return np.split(starts, range(data.batch_size, len(starts), data.batch_size))

    def epoch() -> float:
        nonlocal params, state
        losses = []
        for batch in batches(rng.permutation(starts)):
            params, state, value = step(params, state, data.tokens, batch)
            losses.append(value)
        return float(np.mean(jax.device_get(losses)))

    def validate() -> float:
        losses = [measure(params, data.tokens, batch) for batch in batches(data.starts("val"))]
        return float(np.mean(jax.device_get(losses)))

    return epoch, validate


def prepare(workload: Workload, contender: str = "plain loop"):
    """Make a function that trains for some epochs and gives the seconds per update.

    Args:
        workload: what is trained.
        contender: "plain loop", or "plain loop, scanning", whose layers scan over time instead of
            being written out.
    """
    if contender == "plain loop, scanning":
        workload = replace(workload, layer="ScanningRNN")
    epoch, _ = make_loop(workload, make_data(workload))

    def run() -> float:
        begun = time.perf_counter()
        for _ in range(workload.num_epochs):
            epoch()
        return (time.perf_counter() - begun) / (workload.num_epochs * workload.num_updates)

    return run
