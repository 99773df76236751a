"""A process that has imported what tests need, and forks once for each mistake.

Reads lines of JSON, `{"file", "source", "tests", "limit"}`, and answers each with a line
`{"passed", "failed", "seconds"}`: whether all tests passed with this text in this file, the first
that did not, and how long they took. It works in a copy of the project, its current folder.

Only the child imports the library, and starts JAX, whose threads would not survive a fork.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

import flax.linen  # noqa: F401
import jax  # noqa: F401
import matplotlib.pyplot  # noqa: F401
import nbformat  # noqa: F401
import optax  # noqa: F401
import pytest

STARTED = int(time.time())


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


def child(tests: list[str], pipe: int) -> None:
    """Run tests until one fails, and end this process with pytest's exit status.

    The test that found the last mistake comes first: it often finds the next.
    """
    os.setsid()  # a limit ends what the tests started, too
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os._exit(pytest.main([*tests, "-x", "--ff", "-q", "--tb=no"], plugins=[FirstFailure(pipe)]))


def run(tests: list[str], limit: float) -> dict:
    """Run tests in a child of this process, which is ended after `limit` seconds."""
    started = time.monotonic()
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        child(tests, writing)
    os.close(writing)
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        seconds = time.monotonic() - started
        if done or seconds > limit:
            break
        time.sleep(0.02)
    if not done:
        os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    with os.fdopen(reading) as pipe:
        failed = pipe.readline().strip() if done else f"more than {limit:.0f} seconds"
    code = os.waitstatus_to_exitcode(status) if done else 1
    if code == pytest.ExitCode.INTERNAL_ERROR:  # of the environment: no test has judged
        raise SystemExit(f"pytest itself failed: {' '.join(tests)}")
    return {"passed": code == 0, "failed": failed or f"exit status {code}", "seconds": seconds}


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
