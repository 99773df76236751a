"""The page *Your own text, your own model*: its blocks run, one after the other."""

import re
import shlex
import warnings
from pathlib import Path

import pytest

from charlm_lib.__main__ import main

PAGE = Path(__file__).resolve().parents[2] / "pages" / "your-own.md"
FENCED = re.compile(r"^```(python|sh)\n(.*?)^```", re.DOTALL | re.MULTILINE)
BLOCKS = FENCED.findall(PAGE.read_text(encoding="utf-8"))


def run_shell(block: str) -> None:
    """Run the lines of a block of commands in this process."""
    for line in block.splitlines():
        program, arguments = line.split(" -m charlm_lib ")
        assert program == "python"
        assert main(shlex.split(arguments)) == 0


def test_every_block_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "your_own"}
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)
        for number, (language, block) in enumerate(BLOCKS):
            try:
                if language == "sh":
                    run_shell(block)
                else:
                    exec(compile(block, f"block {number}", "exec"), names)
            except Exception as error:
                error.add_note(f"in this block of {PAGE.name}:\n{block}")
                raise
    shown = capsys.readouterr()
    assert len(BLOCKS) > 10 and {"python", "sh"} == {language for language, _ in BLOCKS}
    assert names["again"].params is not None and shown.out


def test_a_command_that_fails_is_found():
    with pytest.raises(AssertionError):
        run_shell("python -m charlm_lib sample --model missing.safetensors")
