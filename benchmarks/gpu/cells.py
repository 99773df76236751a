"""Every cell at every depth: the loss, logits and gradients of one update, on any device."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import jax
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec

import charlm_lib as cl
from benchmarks.gpu.distance import distance, distances
from charlm_lib.engine.batches import device_mesh
from charlm_lib.engine.devices import compiler_options
from charlm_lib.engine.epochs import sum_over_micro_batches, total_nll
from charlm_lib.engine.parameters import param_shapes
from charlm_lib.engine.twins import fuse, training_uses

RATE = 0.5  # of dropout


def make_models(quick: bool) -> dict:
    """Make the language models: the depths of each cell, one with dropout and one that is wide."""
    V, H, wide = (28, 8, 16) if quick else (28, 32, 256)
    stacks = {n: cl.StackedRNNScratch(V, H, n) for n in (1, 2, 3)}
    grus = {f"GRU of {n}": cl.GRU(H, n) for n in (1, 2, 3)}
    lstms = {f"LSTM of {n}": cl.LSTM(H, n) for n in (1, 2, 3)}
    grus |= {"GRU of 3, dropout": cl.GRU(H, 3, RATE), f"GRU of 2, {wide} units": cl.GRU(wide, 2)}
    return {
        "RNNScratch": cl.RNNLMScratch(cl.RNNScratch(V, H), V, 1.0),
        "RNN": cl.RNNLM(cl.RNN(H), V, 1.0),
        **{f"stack of {n}": cl.RNNLMScratch(rnn, V, 1.0) for n, rnn in stacks.items()},
        **{name: cl.RNNLM(rnn, V, 1.0) for name, rnn in (grus | lstms).items()},
    }


def make_data(quick: bool) -> cl.TextData:
    """Cut one batch of windows of the novel."""
    batch_size, num_steps = (8, 4) if quick else (256, 16)
    return cl.TimeMachine(batch_size, num_steps, num_train=batch_size, num_val=batch_size)


def random_params(model, seed: int = 0) -> dict:
    """Draw weights as long as trained ones, all different, biases included.

    The weights that a chapter begins with are near 0, and its biases are 0: hardly anything would
    go through the recurrence. The state neither explodes nor fades with rows of length 1.
    """
    rng = np.random.default_rng(seed)

    def draw(x):
        scale = 0.5 if len(x.shape) == 1 else x.shape[0] ** -0.5
        return np.float32(scale * rng.standard_normal(x.shape))

    return jax.tree.map(draw, param_shapes(model))


def lowered_update(model, data: cl.TextData, params: dict, device: jax.Device):
    """Trace what the `Trainer` computes in one update, and the logits, for one device.

    Returns:
        The lowered program, and the arguments to call it with once it is compiled.
    """
    mesh = device_mesh([device])
    nll_and_grads = jax.value_and_grad(partial(total_nll, model, None))
    gradient = sum_over_micro_batches(nll_and_grads, mesh, data.num_steps)

    def update(params, tokens, starts, weights, keys):
        nll, grads = gradient(params, tokens, starts, weights, keys)
        X, _ = cl.gather_windows(tokens, starts[0], data.num_steps)
        logits, _ = model.apply(params, X)
        return {"loss": nll / weights.sum() / data.num_steps, "logits": logits, "gradient": grads}

    starts = data.starts("train")[None]  # (micro-batches, micro), here one
    with jax.default_device(device):
        keys = jax.random.split(jax.random.key(1), 1)
        arguments = params, data.tokens, starts, np.ones(starts.shape, np.float32), keys
        arguments = jax.device_put(arguments, NamedSharding(mesh, PartitionSpec()))
        return jax.jit(update).lower(*arguments), arguments


def computed(updates: dict, platform: str) -> dict:
    """Compile lowered updates, several at a time, and give what each computes, on the host."""

    def compiled(update):
        return update[0].compile(compiler_options=compiler_options(platform))

    with ThreadPoolExecutor() as compilers:
        programs = dict(zip(updates, compilers.map(compiled, updates.values()), strict=True))
    return {name: jax.device_get(programs[name](*updates[name][1])) for name in updates}


def reference(models: dict, data: cl.TextData) -> dict:
    """Compute the update of each unmodified model on the CPU."""
    cpu = jax.devices("cpu")[0]
    updates = {
        name: lowered_update(model, data, random_params(model), cpu)
        for name, model in models.items()
    }
    return computed(updates, "cpu")


def on_this_device(models: dict, data: cl.TextData, precision: str | None) -> dict:
    """Compute the updates of each model as it is and of its twin on the first device.

    Args:
        precision: of products, as `jax.default_matmul_precision` takes it; None: JAX's default.

    Returns:
        What was computed, by the pair of the model's name and "unmodified" or "fused".
    """
    device, updates = jax.devices()[0], {}
    with jax.default_matmul_precision(precision):
        for name, model in models.items():
            for who, module in (("unmodified", model), ("fused", twin_of(model, data))):
                update = lowered_update(module, data, random_params(model), device)
                updates[name, who] = update
        return computed(updates, device.platform)


def twin_of(model, data: cl.TextData):
    """Give the module that the `Trainer` computes with in place of the model."""
    return fuse(model, *training_uses(data, None, False))


def without_twin(models: dict, data: cl.TextData) -> list[str]:
    """Name the models for which the library finds no twin: they would be slow."""
    return [name for name, model in models.items() if type(twin_of(model, data)) is type(model)]


def compared(found: dict, wanted: dict) -> dict[str, float]:
    """Give the distance of loss and logits, and of the gradient of each parameter."""
    whole = {name: distance(found[name], wanted[name]) for name in ("loss", "logits")}
    return whole | distances(found["gradient"], wanted["gradient"])
