"""A process that has imported what tests need, and forks once for each mistake.

Reads lines of JSON, `{"file", "source", "tests", "limit"}`, and answers each with a line
`{"passed", "failed", "seconds", "cpu"}`: whether all tests passed with this text in this file, the
first that did not, how long they took, and how long a processor worked for them. It works in a copy
of the project, its current folder.

Only the child imports the library, and starts JAX, whose threads would not survive a fork.
"""

import json
import math
import os
import resource
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

# The plugins that no unit test needs take as long to load as a quick test takes to run.
OPTIONS = "-x --ff -q --tb=no -p no:anyio -p no:nbval -p no:xdist".split()
STARTED = int(time.time())
WAITING = 20  # so much longer than it may compute a process may also wait, on a busy machine


class FirstFailure:
    """A plugin of pytest: writes the name of each test or file that fails to a file."""

    def __init__(self, pipe: int):
        self.pipe = pipe

    def pytest_runtest_logreport(self, report):
        if report.failed:
            os.write(self.pipe, f"{report.nodeid}\n".encode())

    def pytest_collectreport(self, report):
        if report.failed:
            os.write(self.pipe, f"{report.nodeid} cannot be read\n".encode())


def child(tests: list[str], limit: float, pipe: int) -> None:
    """Run tests until one fails, and end this process with pytest's exit status.

    The test that found the last mistake comes first: it often finds the next.
    """
    seconds = math.ceil(limit)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))  # of what tests start, too
    os.setsid()  # running out of time ends what the tests started, too
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os._exit(pytest.main([*tests, *OPTIONS], plugins=[FirstFailure(pipe)]))


def run(tests: list[str], limit: float) -> dict:
    """Run tests in a child of this process; no process computes longer than `limit` seconds."""
    started = time.monotonic()
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        child(tests, limit, writing)
    os.close(writing)
    while True:
        done, status, used = os.wait4(pid, os.WNOHANG)
        seconds = time.monotonic() - started
        if done or seconds > WAITING * limit:
            break
        time.sleep(0.02)
    if not done:
        os.killpg(pid, signal.SIGKILL)
        _, _, used = os.wait4(pid, 0)
    with os.fdopen(reading) as pipe:
        failed = pipe.readline().strip() if done else f"more than {seconds:.0f} seconds"
    code = os.waitstatus_to_exitcode(status) if done else 1
    if code == pytest.ExitCode.INTERNAL_ERROR:  # of the environment: no test has judged
        raise SystemExit(f"pytest itself failed: {' '.join(tests)}")
    failed, cpu = failed or f"exit status {code}", used.ru_utime + used.ru_stime
    return {"passed": code == 0, "failed": failed, "seconds": seconds, "cpu": cpu}


def answer(count: int, job: dict) -> dict:
    """Run the tests of one job with its file changed, and change the file back."""
    path = Path(job["file"])
    before, times = path.read_bytes(), path.stat()
    path.write_text(job["source"], encoding="utf-8")
    # Python takes a compiled module for a source of the same size and second.
    os.utime(path, (STARTED + count, STARTED + count))
    try:
        return run(job["tests"], job["limit"])
    finally:
        path.write_bytes(before)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


if __name__ == "__main__":
    for count, line in enumerate(sys.stdin):
        print(json.dumps(answer(count, json.loads(line))), flush=True)
