"""Each chapter alone, the way Google Colab runs it: `make test-colab`.

The chapter lies in an empty folder, its kernel is in an environment with Colab's packages and no
others, and git fetches the repository's address from a copy of this project.

CHARLM_COLAB_FULL=1 trains the real models; without it every training run is shortened.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tools.release import repository

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "_build" / "colab"
PYTHON = BUILD / "venv" / "bin" / "python"
CHAPTERS = sorted(p.name for p in (ROOT / "chapters").glob("*.ipynb"))
STAND_IN = "https://github.com/example/book"  # while the project has no address
OURS = ("charlm_lib", "word-text-counter")


def run(*command, **options):
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout


@pytest.fixture(scope="session")
def published():
    """Commit the project's files, with an address, to a repository; give its folder and address."""
    folder = BUILD / "repository"
    shutil.rmtree(folder, ignore_errors=True)
    names = run("git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=ROOT)
    for name in names.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    url = repository.repository() or STAND_IN
    run(sys.executable, "-m", "tools.release.repository", url, cwd=folder)
    run("git", "init", "--quiet", "--initial-branch", "main", cwd=folder)
    run("git", "add", "--all", cwd=folder)
    author = ("-c", "user.name=a test", "-c", "user.email=test@example.org")
    run("git", *author, "commit", "--quiet", "--message", "As it is here", cwd=folder)
    return folder, url


@pytest.fixture
def machine(published):
    """Remove what an earlier chapter installed; give the environment variables of a kernel."""
    run(PYTHON, "-m", "pip", "uninstall", "--yes", "--quiet", *OURS)
    folder, url = published
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CHARLM_", "PYTHON"))}
    environment = kept | {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{folder.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": url,
        "IPYTHONDIR": str(BUILD / "ipython"),
        "JAX_COMPILATION_CACHE_DIR": str(BUILD / "jax"),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }
    if not os.environ.get("CHARLM_COLAB_FULL"):
        environment["CHARLM_FAST"] = "1"
    return environment


def packages():
    return set(run(PYTHON, "-m", "pip", "list", "--format", "freeze").split())


def execute(notebook, environment):
    """Run a notebook from the top with Colab's packages, in its own folder."""
    command = [PYTHON, "-c", "from nbclient.cli import main; main()", "--inplace"]
    command += ["--startup_timeout=600", notebook]
    return subprocess.run(
        [*map(str, command)],
        cwd=notebook.parent,
        env=environment,
        capture_output=True,
        text=True,
    )


def stderr(notebook):
    cells = [c for c in nbformat.read(notebook, as_version=4).cells if c.cell_type == "code"]
    return "".join(o.text for c in cells for o in c.outputs if o.get("name") == "stderr")


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_alone(name, published, machine, tmp_path):
    before = packages()
    assert not {p.partition("==")[0].replace("_", "-") for p in before} & {"charlm-lib", OURS[1]}
    notebook = Path(shutil.copy(published[0] / "chapters" / name, tmp_path))
    assert list(tmp_path.iterdir()) == [notebook]
    done = execute(notebook, machine)
    assert done.returncode == 0, done.stderr[-4000:]
    after = packages()
    assert before < after
    assert {p.partition("==")[0].replace("_", "-") for p in after - before} == {
        "charlm-lib",
        "word-text-counter",
    }
    assert not re.search(r"\w+Warning:.*", stderr(notebook)), stderr(notebook)


def test_without_a_network_the_chapter_stops_and_says_so(published, machine, tmp_path):
    notebook = Path(shutil.copy(published[0] / "chapters" / CHAPTERS[0], tmp_path))
    nowhere = f"url.{(tmp_path / 'nowhere').as_uri()}.insteadOf"
    done = execute(notebook, machine | {"GIT_CONFIG_KEY_0": nowhere})
    assert done.returncode != 0
    assert published[1] in done.stderr  # in git's own words
    assert "Is there a network? Then run this again" in done.stderr
