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


def test_the_first_python_that_runs_is_taken(tmp_path, monkeypatch):
    for name, text in (("broken", "exit 1"), ("whole", "exit 0")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert environment.first_that_runs(["none", "broken", "whole"]) == str(tmp_path / "whole")
    assert environment.first_that_runs(["none"]) == sys.executable
    assert shutil.which("none") is None


@pytest.mark.parametrize("system, python", [("posix", "bin/python"), ("nt", "Scripts/python")])
def test_programs_lie_where_the_system_has_them(monkeypatch, system, python):
    monkeypatch.setattr(environment, "os", SimpleNamespace(name=system))
    assert Path(environment.python_in(Path("a b"))) == Path("a b") / python
    make, install, _ = environment.by_uv(Path("a b"), Path("list.txt"), "python3", project=True)
    assert Path(make[0]).parent.name == Path(python).parent.name
    assert str(Path("a b") / python) in install
