"""What the library computes on this device, against the same on the CPU."""

import os

import jax
import numpy as np

from benchmarks.gpu.cells import (
    compared,
    make_data,
    make_models,
    on_this_device,
    reference,
    without_twin,
)
from benchmarks.gpu.checks import at_most, check, for_information
from benchmarks.gpu.distance import distance, largest_difference
from benchmarks.gpu.masks import check_dropout
from benchmarks.gpu.reference import histories, make_gru, trained, windows, written
from benchmarks.gpu.worker import Worker, environment

# Of numbers in float32, 2^-24 is the rounding of one; sums over steps, batch and units add it up.
# By default a GPU multiplies float32 as TF32: a factor keeps 11 bits and is off by up to 2^-11 =
# 0.0005 if rounded, by twice as much if cut. Rounded like that on a CPU, the gradients of three
# layers were off by 0.001, the others' by half of it. Twice that if cut, and twice for safety.
PRECISIONS = {"highest": 1e-5, "default": 4e-3}
# Thirty updates pass a difference on to the next. Rounded as TF32 on a CPU, a GRU that learns at
# rate 1 was off by 0.001; at rate 2 its first steps are so wild that it was off by 0.03.
HISTORIES = {"highest": 1e-4, "default": 1e-2}
BFLOAT16 = 0.05  # it keeps 8 bits: the curve is another one, to the same place


def precision_of(name: str) -> str | None:
    """Give a precision as `jax.default_matmul_precision` takes it: None is JAX's default."""
    return None if name == "default" else name


def check_cells(quick: bool) -> tuple[list[dict], dict]:
    """Compare loss, logits and gradients of each model, and of its twin, with the CPU's.

    Returns:
        The checks, one for each model and precision with the largest distance; and all distances.
    """
    models, data = make_models(quick), make_data(quick)
    slow = without_twin(models, data)
    checks = [check("models without a twin", ", ".join(slow) or "none", "none", not slow)]
    wanted, details = reference(models, data), {}
    for precision, tolerance in PRECISIONS.items():
        found = on_this_device(models, data, precision_of(precision))
        for (name, who), numbers in found.items():
            label = f"{name}, {who}, {precision}"
            details[label] = compared(numbers, wanted[name])
            checks.append(at_most(label, largest(details[label]), tolerance))
    return checks, details


def largest(numbers: dict[str, float]) -> float:
    """Give the largest number, or nan if there is one."""
    return float(np.max(list(numbers.values())))


def check_runs(quick: bool, on_cpu: dict) -> tuple[list[dict], dict]:
    """Compare short training runs with those of the CPU.

    Returns:
        The checks, and all perplexities.
    """
    checks, details = [], {"CPU": on_cpu}
    for precision, tolerance in HISTORIES.items():
        with jax.default_matmul_precision(precision_of(precision)):
            details[precision] = histories(quick)
        for name, history in details[precision].items():
            difference = largest_difference(history, on_cpu[name])
            checks.append(at_most(f"history of {name}, {precision}", difference, tolerance))
    half = trained(make_gru(quick), windows(quick), compute_dtype="bfloat16")
    details["bfloat16"] = {"GRU of 2": half}
    difference = largest_difference(half, details["default"]["GRU of 2"])
    checks.append(at_most("history of GRU of 2, bfloat16", difference, BFLOAT16))
    return checks, details


def check_writing(on_cpu: dict) -> list[dict]:
    """Compare a text, and the chances of the next character, with those of the CPU."""
    checks = []
    for precision, tolerance in PRECISIONS.items():
        with jax.default_matmul_precision(precision_of(precision)):
            here = written()
        same = len(os.path.commonprefix([here["text"], on_cpu["text"]]))
        words = f"first {same} of {len(on_cpu['text'])}"
        name = f"characters of a text equal to the CPU's, {precision}"
        if precision == "highest":
            checks.append(check(name, words, "all", here["text"] == on_cpu["text"]))
        else:
            checks.append(for_information(name, words))
        off = distance(here["chances"], on_cpu["chances"])
        checks.append(at_most(f"chances of the next character, {precision}", off, tolerance))
    return checks


def check_devices(quick: bool, on_all: dict) -> list[dict]:
    """Compare the runs of all devices with those of one of them."""
    if jax.device_count() == 1:
        return [for_information("many devices", "one device: not measured")]
    first = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]
    alone = environment(CUDA_VISIBLE_DEVICES=first, CHARLM_CPU_DEVICES="1")
    with Worker("reference", *quick_flag(quick), environment=alone) as one:
        on_one = one.read()["histories"]
    tolerance = HISTORIES["default"]
    return [
        at_most(
            f"{name}, {jax.device_count()} devices", largest_difference(h, on_one[name]), tolerance
        )
        for name, h in on_all.items()
    ]


def quick_flag(quick: bool) -> list[str]:
    """Give the argument that makes a process quick, if it should be."""
    return ["--quick"] if quick else []


def parity(quick: bool) -> dict:
    """Check all that the library computes; the CPU's runs take place meanwhile, beside it."""
    cpu = environment(JAX_PLATFORMS="cpu")
    with Worker("reference", *quick_flag(quick), environment=cpu) as worker:
        checks, distances = check_cells(quick)
        models = make_models(quick)
        checks += check_dropout(models["GRU of 3, dropout"], make_data(quick))
        on_cpu = worker.read()
    more, runs = check_runs(quick, on_cpu["histories"])
    checks += more + check_writing(on_cpu) + check_devices(quick, runs["default"])
    return {"checks": checks, "details": {"distances": distances, "histories": runs}}
