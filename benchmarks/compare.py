"""Our engine, the plain Flax loop and torch.nn in turn, each in a process of its own."""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks.our_engine import has_twin
from benchmarks.workloads import Workload

ROOT = Path(__file__).resolve().parents[1]
TORCH_PROGRAMS = ("torch.nn", "torch.nn, compiled")
TORCH = ROOT / "_build" / "bench-torch" / "bin" / "python"


class Worker:
    """A running worker.py; it idles while it waits for a line."""

    def __init__(self, contender: str, workload: Workload, torch: str = str(TORCH)):
        python = torch if contender.startswith("torch.nn") else sys.executable
        command = [python, "-m", "benchmarks.worker", contender, json.dumps(asdict(workload))]
        # These get JAX as it comes: one CPU device, with a thread per core.
        alone = contender in ("plain loop", "plain loop, scanning", "one program")
        devices = {"CHARLM_CPU_DEVICES": "1"} if alone else {}
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **devices},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def read(self) -> dict:
        """Wait for the next line.

        Raises:
            RuntimeError: the process has ended; what went wrong stands in its own messages above.
        """
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{' '.join(self.process.args)} ended with {self.process.wait()}")
        return json.loads(line)

    def run(self) -> float:
        """Let it run once and give the seconds per update."""
        print(file=self.process.stdin, flush=True)
        return self.read()["seconds"]

    def finish(self) -> float:
        """End it and give the megabytes that it needed at most."""
        self.process.stdin.close()
        return self.read()["megabytes"]


def contenders(workload: Workload) -> list[str]:
    """List who can run a workload here.

    The engine comes step by step, from "one program" on, each of which adds something to the one
    before. Before it stands the plain loop, with layers that scan as well where the chapter's are
    written out. The last, torch.nn, is another library.
    """
    scanning = ["plain loop, scanning"] if workload.is_written_out else []
    fused = ["fused"] if has_twin(workload) else []
    torch = TORCH_PROGRAMS if TORCH.is_file() else ()
    return ["plain loop", *scanning, "one program", "all cores", "unmodified", *fused, *torch]


def compare(workload: Workload, rounds: int) -> dict:
    """Measure every contender once per round, so that a slow moment of the machine hits all.

    Returns:
        For each contender the seconds per update of each round, and its peak memory.
    """
    workers = {name: Worker(name, workload) for name in contenders(workload)}
    for worker in workers.values():
        worker.read()  # all have compiled before the first is measured
    seconds = {name: [] for name in workers}
    for _ in range(rounds):
        for name, worker in workers.items():
            seconds[name].append(worker.run())
    return {
        name: {"seconds": seconds[name], "megabytes": worker.finish()}
        for name, worker in workers.items()
    }
