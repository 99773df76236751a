"""The lists of mutation testing: no file that computes is left out; every survivor has a reason."""

import json
from pathlib import Path

from tests.mutants.__main__ import changed_lines, sample
from tests.mutants.rooms import ROOMS, files, room_of

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "charlm_lib"
KNOWN = json.loads((ROOT / "tests/mutants/known.json").read_text(encoding="utf-8"))


def test_every_file_that_computes_is_tried():
    python = [
        p
        for room in (".", "layers", "texts", "runs", "engine")
        for p in LIBRARY.glob(f"{room}/*.py")
    ]
    scripts = [p for room in ("model", "learning") for p in LIBRARY.rglob(f"js/{room}/**/*.js")]
    names = {p.relative_to(ROOT).as_posix() for p in [*python, *scripts]}
    no_computing = {p for p in names if p.endswith("/__init__.py") or p.endswith("/__main__.py")}
    assert len(scripts) > 25
    assert set(files(list(ROOMS))) == names - no_computing


def test_the_tests_of_each_file_exist():
    assert all((ROOT / test).is_file() for tests in files(list(ROOMS)).values() for test in tests)


def test_every_known_survivor_has_a_reason_and_stands_in_the_code():
    for entry in KNOWN:
        assert set(entry) == {"file", "was", "now", "reason"}, entry
        assert room_of(entry["file"]) and len(entry["reason"]) > 10, entry
        lines = {line.strip() for line in (ROOT / entry["file"]).read_text("utf-8").splitlines()}
        assert set(entry["was"].splitlines()) <= lines, f"the code has changed: {entry}"
        assert entry["was"] != entry["now"], entry


def test_a_mistake_is_known_by_the_lines_that_differ():
    before = "def f(x):\n    y = x + 1\n    return y\n"
    assert changed_lines(before, before.replace("+", "-")) == ("y = x + 1", "y = x - 1")
    assert changed_lines(before, before.replace("    y = x + 1\n", "")) == ("y = x + 1", "")


def test_the_sample_is_the_same_wherever_a_line_stands():
    mistakes = [
        {"file": f, "was": str(i), "now": "", "line": i} for f in ("a", "b") for i in range(40)
    ]
    moved = [m | {"line": m["line"] + 7} for m in mistakes if m["was"] != "3"]
    chosen, later = (
        [(m["file"], m["was"]) for m in sample(some, 10, "0")] for some in (mistakes, moved)
    )
    assert [f for f, _ in chosen] == ["a"] * 10 + ["b"] * 10
    assert len(set(chosen) & set(later)) >= 18  # without one of "a" another one takes its place
    other = [(m["file"], m["was"]) for m in sample(mistakes, 10, "1")]
    assert set(chosen) != set(other)
