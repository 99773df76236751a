"""The least time that an update can take on this machine, from counts and measured rates.

Counts follow from the equations alone. Rates are measured on all cores, as an engine may use them:
matrix products as wide as the model's, tanh, and additions of arrays too large for any cache.
"""

import time

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import PartitionSpec
from workloads import Workload

from charlm_lib.engine import device_mesh

FLOAT = 4  # bytes


def counts(workload: Workload) -> dict[str, float]:
    """Count what one update of a workload has to do.

    products: multiplications and additions in matrix products. Backward takes each forward
        product twice, once for the gradient of each factor, but no gradient of one-hot inputs.
    functions: exponentials and tanh: one per unit and gate, and one per logit.
    bytes: each stored activation is written once and read once; each parameter is read twice
        (forward, backward), and its gradient and its new value are written once.
    """
    w, blocks = workload, 3 if workload.gated else 1
    characters = w.batch_size * w.num_steps
    forward = backward = parameters = 0
    for layer in range(w.num_layers):
        inputs = w.num_hiddens if layer else w.vocab_size
        for rows, needs_gradient in ((inputs, layer > 0), (w.num_hiddens, True)):
            size = rows * blocks * w.num_hiddens
            forward += size
            backward += size * (2 if needs_gradient else 1)
            parameters += size
    head = w.num_hiddens * w.vocab_size
    activations = w.num_layers * w.num_hiddens * (5 if w.gated else 1) + w.vocab_size
    return {
        "products": 2 * characters * (forward + backward + 3 * head),
        "functions": characters * (w.num_layers * blocks * w.num_hiddens + w.vocab_size),
        "bytes": FLOAT * (2 * characters * activations + 4 * (parameters + head)),
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


def on_all_devices(step, loops: int):
    """Compile `loops` calls of `step(x, y) -> x`, on every device at once."""
    split = PartitionSpec("batch")

    def repeat(x, y):
        return jax.lax.fori_loop(0, loops, lambda _, x: step(x, y), x)

    specs = {"in_specs": (split, split), "out_specs": split, "check_vma": False}
    return jax.jit(jax.shard_map(repeat, mesh=device_mesh(), **specs))


def measure_rates(width: int, quick: bool = False) -> dict[str, float]:
    """Measure products (of matrices `width` wide), functions and bytes per second."""
    cores, loops, rows = jax.local_device_count(), 2 if quick else 300, 512
    x, square = jnp.ones((cores * rows, width)), jnp.eye(width) * 0.999
    multiply = on_all_devices(lambda x, y: x @ y, loops)
    products = best_seconds(multiply, x, jnp.tile(square, (cores, 1)))
    functions = best_seconds(on_all_devices(lambda x, _: jnp.tanh(x), loops), x, x)
    large = np.ones((cores * (10_000 if quick else 16_000_000),), np.float32)
    add = best_seconds(
        on_all_devices(lambda x, y: x + y, 1), jnp.asarray(large), jnp.asarray(large)
    )
    return {
        "products": loops * 2 * x.size * width / products,
        "functions": loops * x.size / functions,
        "bytes": 3 * large.nbytes / add,
    }


def floors(workloads: dict[str, Workload], quick: bool = False) -> dict:
    """Give each workload's floor in seconds per update, with the rates at its width."""
    widths = sorted({w.num_hiddens for w in workloads.values()})
    rates = {width: measure_rates(width, quick) for width in widths}
    return {
        name: {"rates": rates[w.num_hiddens], **floor_seconds(counts(w), rates[w.num_hiddens])}
        for name, w in workloads.items()
    }
