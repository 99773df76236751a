"""Check a machine with a GPU and write gpu.json: `make gpu-check`.

`--quick` takes tiny sizes and any device, and shows only that the check itself runs. A part gives
`checks` (see `checks.py`), `details`, which only the file has, and whatever else the summary lists.
"""

import argparse
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

# This process and those that it starts take memory as they need it, before JAX is imported: by
# default each would take most of the GPU at once. The part `memory` sets what it measures.
os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
# The CPU, to compare with, is there beside a GPU unless JAX is told otherwise.
chosen = os.environ.get("JAX_PLATFORMS")
if chosen and "cpu" not in chosen.split(","):
    os.environ["JAX_PLATFORMS"] = f"{chosen},cpu"
OUTPUT = Path(__file__).resolve().parents[1] / "gpu.json"


def parity_part(quick: bool) -> dict:
    """What the library computes, against the CPU."""
    from benchmarks.gpu.parity import parity

    return parity(quick)


def chapters_part(quick: bool) -> dict:
    """Two chapters from end to end."""
    from benchmarks.gpu.chapters import chapters

    return chapters(quick)


def memory_part(quick: bool) -> dict:
    """Room for a second notebook."""
    from benchmarks.gpu.memory import memory

    return memory(quick)


def speed_part(quick: bool) -> dict:
    """Seconds per update, beside others."""
    from benchmarks.gpu.speed import speed

    return speed(quick)


def timeline_part(quick: bool) -> dict:
    """Where the time of an update goes."""
    from benchmarks.gpu.profile import timeline

    return timeline(quick)


PARTS = {
    "parity": parity_part,
    "chapters": chapters_part,
    "memory": memory_part,
    "speed": speed_part,
    "timeline": timeline_part,
}


def run_part(part: Callable[[bool], dict], quick: bool) -> dict:
    """Run a part; one that raises is noted and printed, since time on a GPU is scarce.

    Returns:
        What it found, or how it `failed`, and its seconds.
    """
    begun = time.perf_counter()
    try:
        found = part(quick)
    except Exception as error:
        traceback.print_exc()
        found = {"failed": f"{type(error).__name__}: {error}"}
    return {**found, "seconds": time.perf_counter() - begun}


def run_parts(names: list[str], quick: bool, output: Path) -> bool:
    """Run parts one after the other, and write all that is known after each.

    Returns:
        Whether all have passed.
    """
    from benchmarks.gpu.checks import has_passed
    from benchmarks.gpu.machine import describe
    from benchmarks.gpu.summary import part_text, text

    results = {"quick": quick, "machine": describe(), "parts": {}}
    print(text(results), flush=True)
    for name in names:
        results["parts"][name] = part = run_part(PARTS[name], quick)
        output.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        print(f"\n{part_text(name, part)}", flush=True)
    print(f"\n{output} written")
    return all(map(has_passed, results["parts"].values()))


def main(arguments: list[str] | None = None) -> int:
    """Check the machine; give the exit status, 1 if anything failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: numbers mean nothing")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args(arguments)

    import charlm_lib  # noqa: F401  before JAX starts
    from benchmarks.gpu.machine import has_gpu

    if not (options.quick or has_gpu()):
        print(
            "JAX sees no GPU here. Install JAX for yours, for example `pip install "
            '"jax[cuda13]"`, and unset JAX_PLATFORMS. Where that JAX is in another environment, '
            "run `make gpu-check PYTHON=python3`. With --quick the check shows on any machine that "
            "it runs.",
            file=sys.stderr,
        )
        return 1
    return 0 if run_parts(options.parts, options.quick, options.output) else 1


if __name__ == "__main__":
    sys.exit(main())
