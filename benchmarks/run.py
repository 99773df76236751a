"""Measure everything and write results.json: `make bench`. `--quick` only shows that it runs."""

import argparse
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ["CHARLM_CACHE"] = "off"  # compile times are measured
os.environ.pop("JAX_COMPILATION_CACHE_DIR", None)
HERE = Path(__file__).parent


def script(name: str, *arguments, quick: bool, **environment) -> str:
    """Run one of the scripts beside this one in a new process and give what it prints."""
    command = [sys.executable, "-m", f"benchmarks.{name}", *map(str, arguments)]
    done = subprocess.run(
        [*command, "--quick"] if quick else command,
        cwd=HERE.parent,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout


def machine() -> dict:
    """Describe where and with what the numbers were measured."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.is_file() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    affinity = getattr(os, "sched_getaffinity", None)
    return {
        "processor": names[0] if names else platform.processor(),
        "cores": len(affinity(0)) if affinity else os.cpu_count(),
        "system": platform.system(),
        "load before": os.getloadavg()[0],
        "versions": {"python": platform.python_version()}
        | {name: importlib.metadata.version(name) for name in ("jax", "flax", "optax", "numpy")},
    }


def torch_version(python: Path) -> str | None:
    """Ask the environment of `make bench-torch` for its version of PyTorch, if there is one."""
    if not python.is_file():
        return None
    command = [str(python), "-c", "import torch; print(torch.__version__)"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def end_to_end(quick: bool) -> dict:
    """Time whole runs of ours and of the plain loop in turn."""
    epochs, rounds = (2, 1) if quick else (100, 2)
    seconds = {}
    for _ in range(rounds):
        for layers in ("1", "2"):
            for contender in ("ours", "plain"):
                devices = {"CHARLM_CPU_DEVICES": "1"} if contender == "plain" else {}
                arguments = contender, layers, epochs
                taken = float(script("end_to_end", *arguments, quick=quick, **devices))
                seconds.setdefault(layers, {}).setdefault(contender, []).append(taken)
    return {"epochs": epochs, "seconds": seconds}


def after_edits(quick: bool) -> dict:
    """Time the first look after each edit, and a first run after a restart with programs kept."""
    looks = json.loads(script("edits", quick=quick))
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(2):
            again = json.loads(script("edits", "--first", quick=quick, CHARLM_CACHE=folder))
    return looks | {"restart": again["first run"]}


def main() -> None:
    """Run all parts, say how long each took, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: numbers mean nothing")
    parser.add_argument("--output", type=Path, default=HERE / "results.json")
    options = parser.parse_args()
    quick = options.quick
    results = {"quick": quick, "machine": machine()}

    from benchmarks.compare import TORCH, compare
    from benchmarks.floor import floors
    from benchmarks.workloads import WORKLOADS
    from benchmarks.workloads import quick as shrink

    workloads = {n: shrink(w) for n, w in WORKLOADS.items()} if quick else WORKLOADS
    results["machine"]["versions"]["torch"] = torch_version(TORCH)
    lengths = (20_000, 100_000) if quick else (10_000_000, 100_000_000)
    parts = {
        "updates": lambda: {n: compare(w, 1 if quick else 7) for n, w in workloads.items()},
        "floor": lambda: floors(workloads, quick),
        "end to end": lambda: end_to_end(quick),
        "edits": lambda: after_edits(quick),
        "sampling": lambda: json.loads(script("texts", "sampling", quick=quick)),
        "loading": lambda: [json.loads(script("texts", n, quick=quick)) for n in lengths],
        "growth": lambda: json.loads(script("growth", quick=quick)),
    }
    begun = time.perf_counter()
    for name, part in parts.items():
        started = time.perf_counter()
        results[name] = part()
        print(f"{name}: {time.perf_counter() - started:.0f} s", flush=True)
    results["minutes"] = (time.perf_counter() - begun) / 60
    options.output.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(f"{options.output} written")


if __name__ == "__main__":
    main()
