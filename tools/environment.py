"""Make a virtual environment that holds the packages of a list, and no others.

    python3 -m tools.environment .venv requirements.txt --project

On Windows, which has no make, readers run this line themselves. uv does it in seconds, itself
pinned by hash. Where it cannot (there is none for the platform, or only pip's configuration knows
the index), pip does. Any Python that is supported runs this: it stands on the standard library
alone, since there is no environment yet.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

UV, UV_LIST = Path("_build/uv"), Path("locks/uv.txt")
PIP = ["-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
Command = list[str]


def program_in(folder: Path, name: str) -> str:
    """Name a program of an environment."""
    return str(folder / ("Scripts" if os.name == "nt" else "bin") / name)


def python_in(folder: Path) -> str:
    """Name the Python of an environment."""
    return program_in(folder, "python")


def by_pip(folder: Path, packages: Path, python: str, project: bool) -> list[Command]:
    """List the commands with which pip makes an environment."""
    own = [python_in(folder), *PIP, "--no-deps", "--no-build-isolation", "-e", "."]
    return [
        [python, "-m", "venv", "--clear", str(folder)],
        [python_in(folder), *PIP, "--no-compile", "--require-hashes", "-r", str(packages)],
        *([own] if project else []),
    ]


def by_uv(folder: Path, packages: Path, python: str, project: bool) -> list[Command]:
    """List the commands with which uv makes an environment; it will have no pip."""
    uv, target = program_in(UV, "uv"), ["--quiet", "--python", python_in(folder)]
    own = ["install", *target, "--no-deps", "--no-build-isolation", "-e", "."]
    return [
        [uv, "venv", "--quiet", "--clear", "--no-project", "--python", python, str(folder)],
        [uv, "pip", "sync", *target, "--require-hashes", str(packages)],
        *([[uv, "pip", *own]] if project else []),
    ]


def all_run(commands: list[Command]) -> bool:
    """Run commands until one fails; say whether none did."""
    return all(subprocess.run(command).returncode == 0 for command in commands)


def make_uv() -> bool:
    """Make the environment of uv, unless it is there; say whether it is there now."""
    made_from = UV / "made-from.txt"
    if made_from.is_file() and made_from.read_bytes() == UV_LIST.read_bytes():
        return True
    if not all_run(by_pip(UV, UV_LIST, sys.executable, project=False)):
        return False
    shutil.copyfile(UV_LIST, made_from)
    return True


def make(folder: Path, packages: Path, python: str, project: bool) -> bool:
    """Make an environment, by uv if that can; say whether it is there now.

    Args:
        folder: where.
        packages: the list, with hashes.
        python: the Python that it is for.
        project: whether the library is installed, too, so that edits of it count.
    """
    if make_uv() and all_run(by_uv(folder, packages, python, project)):
        return True
    print(f"uv could not make {folder} (see above). Now pip, in minutes.", file=sys.stderr)
    return all_run(by_pip(folder, packages, python, project))


def first_that_runs(pythons: list[str]) -> str:
    """Choose the first of some commands that is a Python, or else the one that runs this.

    On the path pyenv has a command for each version that it keeps, which fails unless that version
    was chosen: its own folders count, too.
    """
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    places = [
        (shutil.which(name), *sorted(pyenv.glob(f"versions/*/bin/{name}"))) for name in pythons
    ]
    found = [str(path) for paths in places for path in paths if path]
    works = (path for path in found if all_run([[path, "-c", ""]]))
    return next(works, sys.executable)


def main() -> int:
    """Run the command line and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="without it, only uv's own is made")
    parser.add_argument("packages", nargs="?", type=Path)
    parser.add_argument("--project", action="store_true", help="install the library, too")
    parser.add_argument("--python", default=[], nargs="*", help="take the first of these")
    options = parser.parse_args()
    if options.folder is None:
        return 0 if make_uv() else 1
    python = first_that_runs(options.python)
    print(f"Making {options.folder} with {python}", flush=True)
    done = make(options.folder, options.packages, python, options.project)
    return 0 if done else 1


if __name__ == "__main__":
    sys.exit(main())
