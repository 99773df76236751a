"""The least time that an update can take on this machine, from counts and measured rates.

Counts follow from the equations alone. Rates are measured on all cores, as an engine may use them:
matrix products as wide as the model's, tanh, and additions of arrays too large for any cache.
"""

import time

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from benchmarks.workloads import Workload
from charlm_lib.engine.batches import device_mesh

FLOAT = 4  # bytes
ROUNDS, PAUSE = 4, 15  # seconds: a neighbour on a shared machine may be busy for that long
SPLIT = PartitionSpec("batch")


def counts(workload: Workload) -> dict[str, float]:
    """Count what one update of a workload has to do.

    products: multiplications and additions in matrix products. Backward takes each forward
        product twice, once for the gradient of each factor. A one-hot input needs none: it
        selects a row.
    functions: exponentials and tanh: one per unit and gate, and one per logit.
    bytes: each stored activation is written once and read once; each parameter is read twice
        (forward, backward), and its gradient and its new value are written once.
    """
    w, blocks = workload, workload.num_blocks
    characters = w.batch_size * w.num_steps
    first, square = (n * blocks * w.num_hiddens for n in (w.vocab_size, w.num_hiddens))
    multiplied = (2 * w.num_layers - 1) * square  # W_xh above the first layer, and each W_hh
    head = w.num_hiddens * w.vocab_size
    stored = {"GRU": 5, "LSTM": 6}.get(w.layer, 1)  # per unit and step, for the backward pass
    activations = w.num_layers * w.num_hiddens * stored + w.vocab_size
    return {
        "products": 2 * characters * 3 * (multiplied + head),
        "functions": characters * (w.num_layers * blocks * w.num_hiddens + w.vocab_size),
        "bytes": FLOAT * (2 * characters * activations + 4 * (first + multiplied + head)),
    }


def floor_seconds(count: dict[str, float], rates: dict[str, float]) -> dict[str, float]:
    """Divide counts by rates per second, and give the least time for all of them as `total`.

    A core does products and functions one after the other, while the memory works beside it.
    """
    parts = {name: count[name] / rates[name] for name in ("products", "functions", "bytes")}
    return {**parts, "total": max(parts["products"] + parts["functions"], parts["bytes"])}


def best_seconds(function, *arguments, repeats: int = 7) -> float:
    """Give the shortest time of several calls, after one to compile."""
    jax.block_until_ready(function(*arguments))
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        jax.block_until_ready(function(*arguments))
        times.append(time.perf_counter() - begun)
    return min(times)


def on_each(mesh: Mesh, step, loops: int):
    """Make a function of `x` and `y` that runs `x = step(x, y)` on every device, `loops` times."""

    def repeat(x, y):
        return jax.lax.fori_loop(0, loops, lambda _, x: step(x, y), x)

    specs = {"in_specs": (SPLIT, SPLIT), "out_specs": SPLIT, "check_vma": False}
    return jax.jit(jax.shard_map(repeat, mesh=mesh, **specs))


def copies(mesh: Mesh, x) -> jax.Array:
    """Put a copy of an array on every device, joined along the first axis."""
    return jax.device_put(np.concatenate([x] * mesh.size), NamedSharding(mesh, SPLIT))


def measure_rates(mesh: Mesh, width: int, quick: bool = False) -> dict[str, float]:
    """Measure products (of matrices `width` wide), functions and bytes per second."""
    loops, rows, length = (2, 8, 10_000) if quick else (300, 512, 32_000_000)
    x = copies(mesh, np.ones((rows, width), np.float32))
    almost_one = copies(mesh, 0.999 * np.eye(width, dtype=np.float32))
    large = copies(mesh, np.ones(length, np.float32))
    products = best_seconds(on_each(mesh, lambda x, y: x @ y, loops), x, almost_one)
    functions = best_seconds(on_each(mesh, lambda x, _: jnp.tanh(x), loops), x, x)
    added = best_seconds(on_each(mesh, lambda x, y: x + y, 1), large, large)
    return {
        "products": mesh.size * loops * 2 * rows * width * width / products,
        "functions": mesh.size * loops * rows * width / functions,
        "bytes": mesh.size * 3 * FLOAT * length / added,
    }


def floors(workloads: dict[str, Workload], quick: bool = False) -> dict:
    """Give each workload's floor in seconds per update, with the rates at its width.

    XLA may share one operation among the cores by itself, or each core gets its own as one of
    several devices. What is faster differs from machine to machine, so the better rate counts,
    and the best of several rounds, since a floor is what the machine can do when left alone.
    """
    measured = {}
    for number in range(1 if quick else ROUNDS):
        time.sleep(PAUSE if number else 0)
        for width in sorted({w.num_hiddens for w in workloads.values()}):
            for mesh in (device_mesh(), device_mesh(jax.devices()[:1])):
                measured.setdefault(width, []).append(measure_rates(mesh, width, quick))
    rates = {
        width: {name: max(rate[name] for rate in found) for name in found[0]}
        for width, found in measured.items()
    }
    return {
        name: {"rates": rates[w.num_hiddens], **floor_seconds(counts(w), rates[w.num_hiddens])}
        for name, w in workloads.items()
    }
