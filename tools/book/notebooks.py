"""Run the chapters as committed, in full, and compare the outputs that can never differ."""

import subprocess
import sys
from pathlib import Path

from tools.book import lanes, places
from tools.book.kernel import kernel_environment
from tools.book.stage import copy_chapters


def test_chapters(folder: Path, fast: bool = False) -> int:
    """Run the chapters under nbval, in a new `folder`; return 0 if all have passed.

    If `fast`, every training run is short.
    """
    copies = dict(zip(places.chapter_names(), copy_chapters(folder), strict=True))
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env"]
    command += ["--nbval-cell-timeout", "1800", "-p", "no:cacheprovider", "--durations", "2"]
    environment = {**kernel_environment(), "PYTHONWARNINGS": warnings_as_errors()}
    if fast:
        environment["CHARLM_FAST"] = "1"

    def run(name: str) -> int:
        done = subprocess.run(
            [*command, str(copies[name])], env=environment, capture_output=True, text=True
        )
        print(done.stdout + done.stderr, flush=True)
        return done.returncode

    pairs = lanes.BESIDE | lanes.IN_TESTS
    return max(lanes.in_lanes(list(copies), run, pairs).values())


def warnings_as_errors() -> str:
    """Tell Python to fail where a cell or the library uses what is about to change elsewhere."""
    files = [p for p in places.files_below("charlm_lib") if p.suffix == ".py"]
    modules = [".".join(p.relative_to(places.ROOT).with_suffix("").parts) for p in files]
    names = ["__main__", *(module.removesuffix(".__init__") for module in modules)]
    kinds = ("DeprecationWarning", "FutureWarning")
    return ",".join(f"error::{kind}:{name}" for kind in kinds for name in names)
