"""How time and memory grow: one size after the other is swept over a decade, the rest stay."""

import json
import statistics
import sys
import time
from dataclasses import replace

import jax
import numpy as np

import charlm_lib as cl
from benchmarks.flax_model import make_model
from benchmarks.workloads import Workload, quick
from charlm_lib.engine.batches import device_mesh, on_all_devices, shuffled_batches
from charlm_lib.engine.compiling import abstract, compiling_epoch
from charlm_lib.engine.epochs import epoch_function
from charlm_lib.engine.optimizers import sgd

FACTORS = (1, 2, 5, 10)
BASE = Workload("GRU", 1, num_hiddens=64, batch_size=128, num_steps=20, num_updates=4)
SWEPT = {
    "batch": ("batch_size", 64),
    "steps": ("num_steps", 10),
    "width": ("num_hiddens", 32),
    "depth": ("num_layers", 1),
    "vocabulary": ("vocab_size", 28),
    "text length": ("text_length", 100_000),
}


def slope(x, y) -> float:
    """Fit y = c x^slope by least squares in logarithms: 0 for no growth, 1 for proportional."""
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


def random_text(length: int, vocab_size: int) -> str:
    """Draw a text of letters with a vocabulary of `vocab_size` tokens, `<unk>` included."""
    letters = [chr(0x4E00 + i) for i in range(vocab_size - 1)]
    ids = np.random.default_rng(0).integers(len(letters), size=length)
    ids[: len(letters)] = np.arange(len(letters))
    return "".join(np.array(letters)[ids])


def measure(workload: Workload, text_length: int, rounds: int) -> dict[str, float]:
    """Measure one size.

    Returns:
        Median seconds per update, the bytes that the compiled epoch takes in all (arguments,
        results, intermediate values), and the seconds from a string to `TextData`.
    """
    text = random_text(text_length, workload.vocab_size)
    num_train = workload.num_updates * workload.batch_size
    loads = []
    for _ in range(2 * rounds + 1):
        begun = time.perf_counter()
        data = cl.TextData(text, workload.batch_size, workload.num_steps, num_train, 1)
        loads.append(time.perf_counter() - begun)

    mesh, key = device_mesh(), jax.random.key(0)
    model = make_model(workload)
    params = model.init(key, np.zeros((1, 1), np.int32))
    optimizer, first_state, _ = sgd(model.lr, workload.clip)
    opt_state = first_state(params)
    arguments = (params, opt_state, data.tokens, data.starts("val"), data.starts("train"), key)
    *state, tokens, val, train, key = on_all_devices(arguments, mesh)
    batches = shuffled_batches(mesh, data.batch_size, train, key, 1)
    shapes = abstract((*state, tokens, batches, val), mesh)
    sizes = data.num_steps, data.batch_size
    compiling = compiling_epoch(epoch_function, model, None, mesh, *sizes, optimizer, *shapes)
    epoch = compiling.result()
    seconds = []
    for _ in range(rounds + 1):
        begun = time.perf_counter()
        *state, nll, _, _ = jax.block_until_ready(epoch(*state, tokens, batches, val))
        seconds.append(time.perf_counter() - begun)
    memory = epoch.memory_analysis()
    sizes = (memory.argument_size_in_bytes, memory.temp_size_in_bytes, memory.output_size_in_bytes)
    return {
        "seconds": statistics.median(seconds[1:]) / workload.num_updates,
        "bytes": sum(sizes),
        "load seconds": statistics.median(loads[1:]),  # the first of a process starts JAX too
    }


def sweep(name: str, is_quick: bool) -> dict:
    """Multiply one size by each factor; give the sizes, what was measured, and the slopes."""
    field, first = SWEPT[name]
    base, length, rounds = BASE, 100_000, 3
    if is_quick:
        base, length, rounds, first = quick(BASE), 2_000, 1, 1_000 if field == "text_length" else 2
    sizes = [first * factor for factor in FACTORS[: 2 if is_quick else None]]
    points = []
    for size in sizes:
        if field == "text_length":
            points.append(measure(base, size, rounds))
        else:
            points.append(measure(replace(base, **{field: size}), length, rounds))
    measured = {key: [point[key] for point in points] for key in points[0]}
    slopes = {key: slope(sizes, values) for key, values in measured.items()}
    return {"sizes": sizes, **measured, "slopes": slopes}


def main() -> None:
    """Print all sweeps as JSON."""
    is_quick = "--quick" in sys.argv
    print(json.dumps({name: sweep(name, is_quick) for name in SWEPT}))


if __name__ == "__main__":
    main()
