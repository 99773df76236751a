"""The rules for chapters: size of cells, outputs, alternative text, and nothing of this machine."""

import json
import re
import statistics
from pathlib import Path

import nbformat
import pytest
import yaml

from tools.book.key import SET_UP
from tools.book.stage import is_data_table

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
PARTS = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))["parts"]
# Notebooks among the reference pages are short, and need no figure.
REFERENCE = [c["file"] for p in PARTS if p["caption"] == "Reference" for c in p["chapters"]]
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|tmp|home|root|Users|private|var|opt|mnt)/[\w.]")

pytestmark = pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)


def is_reference(path):
    return f"chapters/{path.stem}" in REFERENCE


def code_cells(path):
    return [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]


def is_set_up(cell):
    """Say whether a cell is the folded one that `make repo` writes, with a budget of its own."""
    return SET_UP in cell.metadata.get("tags", [])


def lines(cell):
    return sum(bool(line.strip()) for line in cell.source.splitlines())


def shows_a_figure(cell):
    return any(
        kind.startswith("image/") for output in cell.outputs for kind in output.get("data", {})
    )


def test_it_is_a_valid_notebook_with_unique_cell_ids(path):
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor >= 5) == (4, True)
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    assert "jupytext" not in notebook.metadata  # one file per chapter, not a pair


def test_cells_are_few_and_short(path):
    sizes = sorted(lines(cell) for cell in code_cells(path) if not is_set_up(cell))
    few, many, median = (10, 16, 12) if is_reference(path) else (20, 40, 6)
    assert few <= len(code_cells(path)) <= many
    assert statistics.median(sizes) <= median
    assert sizes[int(0.9 * len(sizes) + 0.999) - 1] <= 20, "90% of the cells"
    assert sizes[0] >= 1 and sizes[-1] <= 25


def test_every_cell_was_executed_in_order_without_error(path):
    counts = [cell.execution_count for cell in code_cells(path)]
    assert counts == list(range(1, len(counts) + 1))
    for cell in code_cells(path):
        for output in cell.outputs:
            assert output.output_type != "error", cell.source
            assert output.get("name") != "stderr", output.text


def test_every_figure_has_alternative_text(path):
    figures = [cell for cell in code_cells(path) if shows_a_figure(cell)]
    assert figures or is_reference(path)
    for cell in figures:
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        assert len(alt.split()) >= 4 and not re.search(r"\.(png|svg)\b", alt), cell.source


def test_every_figure_of_numbers_has_them_as_a_table_too(path):
    for cell in filter(shows_a_figure, code_cells(path)):
        tables = [output for output in cell.outputs if is_data_table(output)]
        assert len(tables) == ("diagrams." not in cell.source), cell.source


def test_figures_are_vectors_and_the_notebook_is_light(path):
    kinds = {
        kind
        for cell in code_cells(path)
        for output in cell.outputs
        for kind in output.get("data", {})
        if kind.startswith("image/")
    }
    assert kinds <= {"image/svg+xml"}
    assert path.stat().st_size < 500_000


def test_images_in_text_have_alternative_text(path):
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            assert "![](" not in cell.source
            for figure in re.findall(r":::\{(?:figure|image)\}.*?:::|```\{(?:figure|image)\}.*?```",
                                     cell.source, re.DOTALL):  # fmt: skip
                assert ":alt:" in figure, figure


def test_nothing_of_this_machine(path):
    content = json.loads(path.read_text(encoding="utf-8"))
    for cell in content["cells"]:
        cell.pop("attachments", None)
    found = MACHINE_PATH.search(json.dumps(content, ensure_ascii=False))
    assert found is None, found and found.string[found.start() - 60 : found.end() + 60]
