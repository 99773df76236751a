"""The API page names everything that the library offers, with the arguments it really takes."""

import importlib
import inspect
import re
from pathlib import Path

import pytest

import charlm_lib as cl
from charlm_lib import widgets

PAGE = (Path(__file__).resolve().parents[2] / "pages" / "api.md").read_text(encoding="utf-8")
ENTRIES = re.findall(r"^\.\. auto(class|function):: ([\w.]+)(?:\((.*)\))?$", PAGE, re.MULTILINE)
PATHS = [path for _, path, _ in ENTRIES]


def find(path: str):
    module, name = path.rsplit(".", 1)
    return getattr(importlib.import_module(module), name)


def test_everything_public_is_on_the_page():
    shown = {find(path) for path in PATHS}
    assert len(PATHS) == len(shown)
    for module in (cl, widgets):
        missing = {n for n in module.__all__ if getattr(module, n) not in shown}
        assert not missing


@pytest.mark.parametrize("kind, path, arguments", ENTRIES, ids=PATHS)
def test_entry(kind, path, arguments):
    thing = find(path)
    assert inspect.isclass(thing) == (kind == "class")
    assert thing.__doc__
    signature = inspect.signature(thing).parameters.values()
    # Flax adds these two to every module; the page leaves them out, by spelling the others out.
    # So do we of `**others`, which is there to refuse them.
    own = [p for p in signature if p.name not in ("parent", "name") and p.kind != p.VAR_KEYWORD]
    assert arguments or len(own) > len(signature) - 2
    if arguments:
        shown = [argument.split("=") for argument in arguments.split(", ")]
        assert [name for name, *_ in shown] == [p.name for p in own]
        for parameter, (_, *default) in zip(own, shown, strict=True):
            assert default in ([], [repr(parameter.default)])
