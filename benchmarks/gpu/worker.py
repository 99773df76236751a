"""A module of this room in a process of its own, which never outlives the part that started it."""

import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 240  # for one answer; a process that takes longer hangs


class Worker:
    """A running module that prints lines of JSON; `with` ends it.

    Args:
        module: its name in this room.
        arguments: of its command line.
        environment: the whole environment; None: that of this process.
    """

    def __init__(self, module: str, *arguments: str, environment: dict[str, str] | None = None):
        self.errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
        self.process = subprocess.Popen(
            [sys.executable, "-m", f"benchmarks.gpu.{module}", *arguments],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            encoding="utf-8",
        )

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_) -> None:
        self.process.kill()
        self.process.communicate()
        self.errors.close()

    def read(self) -> dict:
        """Wait for the next line.

        Raises:
            RuntimeError: the process has ended, or was ended since it hung; with the end of what it
                said about that.
        """
        clock = threading.Timer(SECONDS, self.process.kill)
        clock.start()
        line = self.process.stdout.readline()
        clock.cancel()
        if not line:
            ended = f"{' '.join(self.process.args[2:])} ended with {self.process.wait()}"
            self.errors.seek(0)
            raise RuntimeError(f"{ended}\n{self.errors.read()[-3000:]}")
        return json.loads(line)


def environment(without: tuple[str, ...] = (), **changes: str) -> dict[str, str]:
    """Give this process's environment without some variables and with others set."""
    return {k: v for k, v in os.environ.items() if k not in without} | changes


def say(**values) -> None:
    """Print one line of JSON at once."""
    print(json.dumps(values), flush=True)
