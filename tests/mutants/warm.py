"""A process that has imported what tests need, and runs them for one mistake after another.

Reads lines of JSON, `{"file", "source", "tests", "limit"}`, and answers each with a line
`{"passed", "failed", "seconds", "cpu"}`: whether all tests passed with this text in this file, the
first that did not, how long they took, and how long a processor worked for them. It works in a copy
of the project, its current folder.

Only a child imports the library, and starts JAX, whose threads would not survive a fork: a new one
for each mistake in Python, where whatever was compiled or kept is gone with it. A mistake in a
script can use an old one, since Node reads scripts anew.
"""

import json
import math
import os
import resource
import select
import signal
import sys
import time
from pathlib import Path

import anywidget  # noqa: F401
import flax.linen  # noqa: F401
import hypothesis  # noqa: F401
import jax  # noqa: F401
import matplotlib.pyplot  # noqa: F401
import nbformat  # noqa: F401
import optax  # noqa: F401
import pooch  # noqa: F401
import pytest
import safetensors  # noqa: F401
import scipy.stats  # noqa: F401

# The test that found the last mistake comes first: it often finds the next. The plugins that no
# unit test needs take as long to load as a quick test takes to run.
OPTIONS = "-x --ff -q --tb=no -p no:anyio -p no:nbval -p no:xdist".split()
STARTED = int(time.time())
WAITING = 20  # so much longer than it may compute a process may also wait, on a busy machine


class Failures:
    """A plugin of pytest: lists the tests that fail and the files that cannot be read."""

    def __init__(self):
        self.names = []

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.names.append(report.nodeid)

    def pytest_collectreport(self, report):
        if report.failed:
            self.names.append(f"{report.nodeid} cannot be read")


def outcome(tests: list[str]) -> bytes:
    """Run tests until one fails; give a line of JSON."""
    failures, before = Failures(), sum(os.times()[:4])
    code = int(pytest.main([*tests, *OPTIONS], plugins=[failures]))
    cpu = sum(os.times()[:4]) - before
    failed = "" if code == 0 else (failures.names or [f"exit status {code}"])[0]
    return json.dumps({"code": code, "failed": failed, "cpu": cpu}).encode() + b"\n"


class Child:
    """A fork of this process that runs some tests whenever it is asked to."""

    def __init__(self, tests: list[str], limit: float = math.inf):
        asked, self.asking = os.pipe()
        answering, writing = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.asking)
            os.close(answering)
            self.work(tests, limit, asked, writing)
        os.close(asked)
        os.close(writing)
        self.answers = os.fdopen(answering, "rb")

    def work(self, tests: list[str], limit: float, asked: int, writing: int) -> None:
        """Answer each byte by what becomes of the tests, and end this process at the last."""
        if limit < math.inf:
            seconds = math.ceil(limit)
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        os.environ["PATH"] = os.pathsep.join((str(Path("bin").resolve()), os.environ["PATH"]))
        os.setsid()  # what the tests have started ends with this process
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        try:
            while os.read(asked, 1):
                os.write(writing, outcome(tests))
        finally:
            os._exit(0)

    def ask(self, limit: float) -> dict | None:
        """Run the tests; None where the process has died, or lasts too long and is ended."""
        os.write(self.asking, b".")
        ready, _, _ = select.select([self.answers], [], [], WAITING * limit)
        line = self.answers.readline() if ready else b""
        if not line:
            self.end()
        return json.loads(line) if line else None

    def end(self) -> None:
        """End this process, if it runs, and what it started."""
        os.killpg(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.asking)
        self.answers.close()


class Children:
    """Gives for each job a child that can do it."""

    def __init__(self):
        self.tests, self.kept = [], None

    def run(self, job: dict) -> dict:
        """Run the tests of a job; say what became of them."""
        started, is_script = time.monotonic(), job["file"].endswith(".js")
        if self.kept and (not is_script or self.tests != job["tests"]):
            self.kept.end()
            self.kept = None
        child = self.kept or Child(job["tests"], math.inf if is_script else job["limit"])
        answer = child.ask(job["limit"])
        self.tests, self.kept = job["tests"], child if is_script and answer else None
        if answer and not is_script:
            child.end()
        seconds = time.monotonic() - started
        if answer is None:
            answer = {"code": 1, "failed": f"no end in {seconds:.0f} seconds", "cpu": job["limit"]}
        code = answer.pop("code")
        if code == pytest.ExitCode.INTERNAL_ERROR:  # of the environment: no test has judged
            raise SystemExit(f"pytest itself failed: {' '.join(job['tests'])}")
        return answer | {"passed": code == 0, "seconds": seconds}


def answer(count: int, job: dict, children: Children) -> dict:
    """Run the tests of one job with its file changed, and change the file back."""
    path = Path(job["file"])
    before, times = path.read_bytes(), path.stat()
    path.write_text(job["source"], encoding="utf-8")
    # Python takes a compiled module for a source of the same size and second.
    os.utime(path, (STARTED + count, STARTED + count))
    try:
        return children.run(job)
    finally:
        path.write_bytes(before)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def main() -> None:
    """Answer each line of the input."""
    children = Children()
    for count, line in enumerate(sys.stdin):
        print(json.dumps(answer(count, json.loads(line), children)), flush=True)
    if children.kept:
        children.kept.end()


if __name__ == "__main__":
    main()
