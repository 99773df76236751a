"""Where mutation testing happens: copies of the project, and a warm process for each."""

import json
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "_build" / "mutants"
COSMIC_RAY = [str(BUILD / "venv/bin/python"), str(ROOT / "tests/mutants/python.py")]
COPIED = ("charlm_lib", "tests", "tools", "benchmarks", "pyproject.toml", "chapters/results")

NODE_SECONDS = 20  # a mistake may make a loop without an end


def stryker() -> list[str]:
    """Copy our script beside Stryker, where Node looks for it; give the command that runs it."""
    return ["node", shutil.copy(ROOT / "tests/mutants/javascript.mjs", BUILD / "js")]


def copies(count: int) -> list[Path]:
    """Copy what tests need to so many folders, which share what JAX has compiled."""
    compiled = BUILD / "jax"
    compiled.mkdir(parents=True, exist_ok=True)
    folders = [BUILD / f"tree-{number}" for number in range(count)]
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
        for name in COPIED:
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, place)
            else:
                shutil.copy2(ROOT / name, place)
        (folder / ".pytest_cache/d").mkdir(parents=True)
        (folder / ".pytest_cache/d/jax").symlink_to(compiled)
        limit_node(folder / "bin")
    return folders


def limit_node(folder: Path) -> None:
    """Put a `node` into a folder that ends after `NODE_SECONDS` of computing."""
    node, place = shutil.which("node"), folder / "node"
    folder.mkdir()
    place.write_text(f'#!/bin/sh\nulimit -t {NODE_SECONDS}\nexec "{node}" "$@"\n', encoding="utf-8")
    place.chmod(0o755)


@contextmanager
def warm(folder: Path):
    """Start a warm process in a copy; give a function that hands it a job and awaits the answer."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.mutants.warm"],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def ask(job: dict) -> dict:
        process.stdin.write(json.dumps(job) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    try:
        yield ask
    finally:
        process.stdin.close()
        process.wait()
