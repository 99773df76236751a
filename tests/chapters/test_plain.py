"""Every chapter as front ends show it that know no MyST: GitHub, Colab, VS Code, JupyterLab."""

import functools
import re
from pathlib import Path

import nbformat
import pytest
from nbconvert import HTMLExporter

from tools.book import places
from tools.book.plain import plain_chapters

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
RAW = {
    "a role": r"\{[a-z][\w:+-]*\}(?:`|<code>)",
    "a box": r":::",
    "a label": r"\$\$\s*\((?:eq|fig|tab)-[\w-]+\)|^\([\w-]+\)=$",
    "a target of MyST's": r"\]\((?:project:|path:|inv:|#\s)",
}


def text_in(nb):
    """Render the Markdown of a notebook with nbconvert, and give what its reader sees of it."""
    cells = [cell for cell in nb.cells if cell.cell_type == "markdown"]
    only_text = nbformat.v4.new_notebook(cells=cells)
    exporter = HTMLExporter(template_name="basic", exclude_anchor_links=True)
    html, _ = exporter.from_notebook_node(only_text)
    return re.sub(r"</?(?!code\b)[a-zA-Z][^>]*>", "", html)


def raw(text):
    return [kind for kind, pattern in RAW.items() if re.search(pattern, text, re.MULTILINE)]


@functools.cache
def read(path):
    return nbformat.read(path, as_version=4)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)
def test_a_reader_without_myst_sees_nothing_raw(path):
    assert raw(text_in(read(path))) == [], "run `make plain`"


def test_numbers_names_and_titles_are_those_of_the_present_book():
    chapters = {name: read(places.notebook(name)) for name in places.chapter_names()}
    for name, nb in plain_chapters(chapters).items():
        written = [c.source for c in chapters[name].cells]
        assert written == [c.source for c in nb.cells], f"{name}: run `make plain`"


@pytest.mark.parametrize(
    "text, kind",
    [
        ("By {cite}`elman1990`.", "a role"),
        (":::{admonition} Predict\n:class: tip\nWhy?\n:::", "a box"),
        ("$$\na\n$$ (eq-a)", "a label"),
        ("(windows)=\n## Windows", "a label"),
    ],
)
def test_what_is_raw_is_found(text, kind):
    cell = nbformat.v4.new_markdown_cell(text)
    assert kind in raw(text_in(nbformat.v4.new_notebook(cells=[cell])))
