"""What the site folds: set-up and imports, what only verifies, and what tells a solution."""

import ast
import re
from pathlib import Path

import nbformat
import pytest

from tools.book import places
from tools.book.slide_only import is_slide_only

CHAPTERS = [Path(name).name for name in places.chapter_names()]
NEXT = re.compile(r"^(\*\*\d+\. |## )", re.MULTILINE)  # an exercise, or a section
FOLDED = re.compile(r"<details>.*?</details>", re.DOTALL)


@pytest.fixture(params=CHAPTERS)
def cells(request):
    path = places.ROOT / "chapters" / f"{request.param}.ipynb"
    return [c for c in nbformat.read(path, as_version=4).cells if not is_slide_only(c)]


def tags(cell) -> set[str]:
    return set(cell.metadata.get("tags", []))


def printed(cell) -> list[str]:
    return "".join(o.get("text", "") for o in cell.outputs).strip().splitlines()


def before_exercises(cells) -> list:
    """Give the code cells before the exercises."""
    heads = [i for i, c in enumerate(cells) if re.search("^## Exercises$", c.source, re.MULTILINE)]
    return [c for c in cells[: heads[0] if heads else None] if c.cell_type == "code"]


def test_a_chapter_does_not_open_with_code(cells):
    set_up, imports = [c for c in cells if c.cell_type == "code"][:2]
    assert "set-up" in tags(set_up) and re.search("^import |^from ", imports.source, re.MULTILINE)
    assert "hide-input" in tags(set_up) & tags(imports)


def test_what_is_folded_says_what_it_is(cells):
    for cell in cells:
        if {"hide-input", "hide-cell", "hide-output"} & tags(cell):
            words = cell.metadata.mystnb
            shows, hides = words.code_prompt_show, words.code_prompt_hide
            assert shows.startswith("Show the ") and hides == shows.replace("Show", "Hide", 1)


def test_what_only_verifies_is_folded(cells):
    for cell in before_exercises(cells):
        told = printed(cell)
        is_check = bool(told) and all(line.rstrip().endswith("True") for line in told)
        kinds = {type(part) for part in ast.parse(cell.source).body}
        if is_check and not kinds & {ast.FunctionDef, ast.ClassDef}:  # those are to be read
            assert "hide-cell" in tags(cell), told


def test_no_text_beside_a_solution_tells_it(cells):
    for before, cell in zip(cells, cells[1:], strict=False):
        if before.source.startswith("# Solution to") and cell.cell_type == "markdown":
            text = FOLDED.sub("", cell.source)
            assert not text[: NEXT.search(text).start()].strip(), cell.source
