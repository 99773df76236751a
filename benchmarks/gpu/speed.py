"""Seconds per update on a GPU: the engine and candidates beside the plain loop, cuDNN, PyTorch."""

import json
import subprocess
import sys

from benchmarks.compare import TORCH, Worker
from benchmarks.floor import counts, measure_rates
from benchmarks.gpu.candidates import RUNNERS, fits
from benchmarks.gpu.checks import check
from benchmarks.gpu.launches import seconds_per_step
from benchmarks.our_engine import has_twin
from benchmarks.report import middle
from benchmarks.workloads import WORKLOADS, Workload
from benchmarks.workloads import quick as shrunk
from charlm_lib.engine.batches import device_mesh

ROUNDS = 5
SMALL_TARGET, LARGE_TARGET = 2.0, 0.9  # times as fast as torch.nn
SMALL, LARGE = 128, 512  # hidden units up to and from which there is a target


def gpu_workloads() -> dict[str, Workload]:
    """List the workloads of the CPU, and those that fill a GPU."""
    many = WORKLOADS | {"2 layers, GRU, 128 units": Workload("GRU", 2, 128, num_epochs=5)}
    for layer in ("GRU", "LSTM"):
        for num_layers, num_hiddens in ((2, 512), (3, 1024)):
            for dtype in ("float32", "bfloat16"):
                name = f"{num_layers} layers, {layer}, {num_hiddens} units, {dtype}"
                sizes = num_layers, num_hiddens, 256, 100
                many[name] = Workload(layer, *sizes, num_updates=8, num_epochs=1, dtype=dtype)
    return many


def torch_python(quick: bool) -> str | None:
    """Find the Python that has PyTorch with a GPU, or, in a quick run, any PyTorch; None: none."""
    asked = "import torch; print(torch.cuda.is_available())"
    for python in (sys.executable, str(TORCH)):
        try:
            done = subprocess.run([python, "-c", asked], capture_output=True, text=True, check=True)
        except (FileNotFoundError, subprocess.CalledProcessError):
            continue
        if quick or done.stdout.strip() == "True":
            return python
    return None


def contenders(workload: Workload, torch: str | None, on_gpu: bool) -> list[str]:
    """List who can run a workload here."""
    names = ["plain loop"] if workload.dtype == "float32" else []
    names += ["unmodified"]
    if has_twin(workload):
        names += ["fused", *(name for name in RUNNERS if fits(name, workload))]
    if not on_gpu:
        names = [name for name in names if name != "on chip"]
    if on_gpu and workload.layer == "LSTM" and workload.dtype == "float32":
        names += ["cuDNN in JAX"]
    if torch:
        names += ["torch.nn", "torch.nn, compiled"]
        names += ["torch.nn, graph"] if on_gpu else []
    return names


def compare(workload: Workload, names: list[str], torch: str | None, rounds: int) -> dict:
    """Measure every contender once per round; one that fails is noted, and the others go on.

    Returns:
        For each contender its seconds per update in each round, or how it failed.
    """
    workers = {name: Worker(name, workload, torch) for name in names}
    found: dict[str, list[float] | str] = {name: [] for name in names}

    def ask_all(question) -> dict:
        answers = {}
        for name in [name for name in names if isinstance(found[name], list)]:
            try:
                answers[name] = question(workers[name])
            except (RuntimeError, BrokenPipeError) as error:
                found[name] = f"failed: {error}"
        return answers

    ask_all(Worker.read)  # all have compiled before the first is measured
    for _ in range(rounds):
        for name, seconds in ask_all(Worker.run).items():
            found[name].append(seconds)
    ask_all(Worker.finish)
    return found


def verdicts(name: str, workload: Workload, seconds: dict[str, float]) -> list[dict]:
    """Hold the best of our contenders against PyTorch's own layers."""
    ours = [s for n, s in seconds.items() if not n.startswith(("torch.nn", "plain", "cuDNN"))]
    is_small, is_large = workload.num_hiddens <= SMALL, workload.num_hiddens >= LARGE
    has_target = (is_small or is_large) and has_twin(workload)
    if "torch.nn" not in seconds or not ours or not has_target:
        return []
    target = SMALL_TARGET if is_small else LARGE_TARGET
    times = seconds["torch.nn"] / min(ours)
    return [check(f"{name}: times torch.nn", times, f"at least {target}", times >= target)]


def speed(quick: bool) -> dict:
    """Measure all workloads; give targets as checks, medians to read, and every round's seconds."""
    mesh, torch = device_mesh(), torch_python(quick)
    on_gpu = mesh.devices.flat[0].platform == "gpu"
    workloads = gpu_workloads()
    if quick:
        kept = ("2 layers, GRU", "2 layers, LSTM, 512 units, float32")
        workloads = {name: shrunk(w) for name, w in workloads.items() if name in kept}
    step_seconds = seconds_per_step(quick)
    rates = {
        width: measure_rates(mesh, width, quick)
        for width in sorted({w.num_hiddens for w in workloads.values()})
    }
    found = {"checks": [], "milliseconds": {}, "details": {}}
    for name, workload in workloads.items():
        names = contenders(workload, torch, on_gpu)
        rounds = compare(workload, names, torch, 1 if quick else ROUNDS)
        medians = {n: middle(s) for n, s in rounds.items() if isinstance(s, list) and s}
        failed = {n: s for n, s in rounds.items() if not isinstance(s, list)}
        floor = {
            "floor, products": counts(workload)["products"]
            / rates[workload.num_hiddens]["products"],
            "floor, launches": 2 * workload.num_layers * workload.num_steps * step_seconds,
        }
        found["milliseconds"][name] = {n: 1e3 * s for n, s in (medians | floor).items()} | failed
        found["details"][name] = rounds
        found["checks"] += verdicts(name, workload, medians)
        print(json.dumps({name: found["milliseconds"][name]}), flush=True)
    return found
