"""The chapters' set-up cell on hosts as different as readers have, with real environments and pip.

A stand-in for our library lies in a repository here, and its packages in a folder: no network.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.robust import tiny_wheels
from tools.release import repository

URL = "https://github.com/example/a-book"
CELL = repository.set_up_cell("two minutes", URL)
MODULES = ("charlm_lib", "jax", "word_text_counter")
BASE = Path(getattr(sys, "_base_executable", sys.executable))


def git(folder, *arguments):
    author = ("-c", "user.name=a test", "-c", "user.email=test@example.org")
    subprocess.run(["git", *author, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """The environment variables under which git and pip find the stand-ins, and nothing else."""
    folder = tmp_path_factory.mktemp("world")
    book, wheels = folder / "book", folder / "wheels"
    book.mkdir()
    wheels.mkdir()
    for name in ("jax", "word_text_counter"):
        tiny_wheels.make(wheels, name)
    shutil.copy(tiny_wheels.__file__, book / "backend.py")
    build = "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n"
    (book / "pyproject.toml").write_text(build)
    git(book, "init", "--quiet")
    git(book, "add", "--all")
    git(book, "commit", "--quiet", "--message", "A stand-in")
    ours = ("PIP_", "PYTHON", "COLAB_", "UV_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    return kept | {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{book.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": URL,
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_FIND_LINKS": str(wheels),
        "PIP_NO_INDEX": "1",
    }


def venv(folder, *options):
    subprocess.run([sys.executable, "-m", "venv", *options, folder], check=True)
    scripts = "Scripts" if os.name == "nt" else "bin"
    return folder / scripts / "python"


def run(python, environment, code=CELL):
    """Run code where the folder, which Python looks into as well, has no module of ours."""
    options = {"cwd": python.parent, "capture_output": True, "text": True}
    return subprocess.run([python, "-c", code], env=environment, **options)


def lacks_all(python, environment):
    """Say whether none of the modules is there before the cell installs them."""
    code = f"from importlib.util import find_spec; print(*map(find_spec, {MODULES}))"
    return run(python, environment, code).stdout.split() == ["None"] * len(MODULES)


HOSTS = {
    "a notebook without JAX": ((), {}),
    "an environment without pip, as uv makes them": (("--without-pip",), {}),
    "a user's own folder, which is new": (("--system-site-packages",), {"PIP_USER": "1"}),
}


@pytest.mark.parametrize("host", HOSTS)
def test_the_chapter_starts_at_once_and_again(host, world, tmp_path):
    options, variables = HOSTS[host]
    environment = world | variables | {"PYTHONUSERBASE": str(tmp_path / "user")}
    python = venv(tmp_path / "venv", *options)
    if not lacks_all(python, environment):
        pytest.skip("the Python that runs the tests has JAX itself")
    first = run(python, environment)
    assert first.returncode == 0, first.stderr[-2000:]
    assert first.stdout.endswith("JAX jax takes two minutes\n")
    assert (tmp_path / "user").exists() == ("PIP_USER" in variables)
    again = run(python, environment | {"GIT_CONFIG_VALUE_0": "https://gone.example"})
    assert again.stdout == "JAX jax takes two minutes\n"


def test_without_a_network_it_says_so(world, tmp_path):
    nowhere = {"GIT_CONFIG_KEY_0": f"url.{(tmp_path / 'nowhere').as_uri()}.insteadOf"}
    done = run(venv(tmp_path / "venv"), world | nowhere)
    assert done.stderr.endswith("Is there a network? Then run this again\n")
    assert "nowhere" in done.stderr  # git's own words


def test_where_pip_cannot_be_had_it_says_so(world, tmp_path):
    """As Debian has Python: `ensurepip` is in a package of its own."""
    python = venv(tmp_path / "venv", "--without-pip")
    (python.parent / "ensurepip.py").write_text("raise SystemExit('not here')\n")
    done = run(python, world)
    assert done.stderr.endswith("start Jupyter in a virtual environment with pip\n")


def is_managed(python):
    """Say whether a Python has pip, which the system forbids to install anything."""
    code = "import pip, sysconfig as s; print(s.get_path('stdlib'))"
    done = run(python, os.environ, code) if python.is_file() else None
    if done is None or done.returncode:
        return False
    return (Path(done.stdout.strip()) / "EXTERNALLY-MANAGED").is_file()


def test_in_a_managed_python_it_says_what_to_do(world):
    found = filter(is_managed, (BASE, Path("/usr/bin/python3")))
    if not (python := next(found, None)):
        pytest.skip("no Python here is managed by the system and has pip")
    assert lacks_all(python, world)
    done = run(python, world)
    assert done.stderr.endswith("start Jupyter in a virtual environment with pip\n")
