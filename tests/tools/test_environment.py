"""How an environment is made: by uv in seconds, by pip where uv cannot."""

import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tools import environment


@pytest.fixture
def ran(tmp_path, monkeypatch):
    """A project with a list for uv, and the programs that would have been run, by their names.

    Those in `failing` fail.
    """
    monkeypatch.chdir(tmp_path)
    (tmp_path / "locks").mkdir()
    environment.UV_LIST.write_text("uv==1", encoding="utf-8")
    commands, failing = [], []

    def all_run(wanted):
        for command in wanted:
            commands.append(" ".join([Path(command[0]).name, *command[1:3]]))
            if command[0].endswith("python"):
                environment.UV.mkdir(parents=True, exist_ok=True)
            if commands[-1] in failing:
                return False
        return True

    monkeypatch.setattr(environment, "all_run", all_run)
    return commands, failing


def make():
    return environment.make(Path("a b"), Path("list.txt"), sys.executable, project=True)


def test_uv_makes_the_environment_and_is_itself_made_once(ran):
    commands, _ = ran
    assert make()
    assert commands[-3:] == ["uv venv --quiet", "uv pip sync", "uv pip install"]
    assert commands[:-3] == [f"{Path(sys.executable).name} -m venv", "python -m pip"]
    del commands[:]
    assert make() and len(commands) == 3
    environment.UV_LIST.write_text("uv==2", encoding="utf-8")
    assert make() and len(commands) == 8


@pytest.mark.parametrize("failing", ["uv pip sync", "python -m pip"])
def test_where_uv_cannot_pip_does_and_one_line_says_so(ran, capsys, failing):
    commands, fails = ran
    fails.append(failing)
    assert make() == (failing == "uv pip sync")
    assert commands[-1] == "python -m pip"
    (line,) = capsys.readouterr().err.splitlines()
    assert "uv could not make a b" in line and "Now pip" in line


@pytest.fixture
def pythons(tmp_path, monkeypatch):
    """A folder of commands: one fails, as those of pyenv may, and one runs."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    command(tmp_path / "broken", 1)
    command(tmp_path / "whole", 0)
    return tmp_path


def command(path, status):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\nexit {status}\n", encoding="utf-8")
    path.chmod(0o755)


def test_the_first_python_that_runs_is_taken(pythons):
    assert environment.first_that_runs(["none", "broken", "whole"]) == str(pythons / "whole")
    assert environment.first_that_runs(["none"]) == sys.executable
    assert shutil.which("none") is None


def test_a_python_that_pyenv_keeps_off_the_path_is_found(pythons):
    kept = pythons / "pyenv" / "versions" / "3.99.1" / "bin" / "broken"
    command(kept, 0)
    assert environment.first_that_runs(["none", "broken", "whole"]) == str(kept)


@pytest.mark.parametrize("system, python", [("posix", "bin/python"), ("nt", "Scripts/python")])
def test_programs_lie_where_the_system_has_them(monkeypatch, system, python):
    monkeypatch.setattr(environment, "os", SimpleNamespace(name=system))
    assert Path(environment.python_in(Path("a b"))) == Path("a b") / python
    make, install, _ = environment.by_uv(Path("a b"), Path("list.txt"), "python3", project=True)
    assert Path(make[0]).parent.name == Path(python).parent.name
    assert str(Path("a b") / python) in install
