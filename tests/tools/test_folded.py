"""What answers a box "Predict first" is folded in notebooks, and nothing else."""

import re

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.tools.test_normalise import CHAPTERS
from tools.book.folded import fold_answers
from tools.mime import WIDGET_VIEW

BOX = "> **Predict first**\n>\n> Which one?"


def code(source, data=None, **metadata):
    output = new_output("display_data", data=data) if data else new_output("stream", text="it\n")
    return new_code_cell(source, outputs=[output], metadata=metadata)


def folded(nb):
    return [
        c.source for c in nb.cells if c.get("metadata", {}).get("jupyter", {}).get("outputs_hidden")
    ]


def test_the_outputs_from_a_box_to_the_next_heading_are_folded():
    cells = [
        code("before", jupyter={"outputs_hidden": True}),  # folded by hand, and no answer
        new_markdown_cell(f"### A heading\n\n{BOX}"),
        code("widget", {WIDGET_VIEW: {"model_id": "a"}}),
        code("first", jupyter={"source_hidden": True}),
        new_code_cell("prints nothing"),
        new_markdown_cell("Some text about it, with **Predict first** in its middle."),
        new_markdown_cell(
            "<!-- ## Of a slide -->\n## Of a slide", metadata={"tags": ["slide-only"]}
        ),
        code("second"),
        new_markdown_cell(f"{BOX}\n\nText.\n\n## The next heading"),
        code("after"),
    ]
    nb = new_notebook(cells=cells)
    fold_answers(nb)
    assert folded(nb) == ["first", "second"]
    assert nb.cells[3].metadata.jupyter == {"source_hidden": True, "outputs_hidden": True}
    assert "jupyter" not in nb.cells[0].metadata
    again = nbformat.from_dict(nb)
    fold_answers(again)
    assert again == nb


def test_every_chapter_that_asks_folds_an_answer_and_shows_its_code():
    for path in CHAPTERS:
        nb = nbformat.read(path, as_version=4)
        asks = any(c.source.startswith(BOX[:19]) or f"\n{BOX[:19]}" in c.source for c in nb.cells)
        is_executed = any(c.get("outputs") for c in nb.cells)
        assert (asks and is_executed) == bool(folded(nb)), path.stem


def test_the_line_beside_the_dots_gives_nothing_away():
    """JupyterLab shows the first line of a folded output: one that the code has, no number."""
    heads = []
    for path in CHAPTERS:
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.get("metadata", {}).get("jupyter", {}).get("outputs_hidden"):
                first = cell.outputs[0]
                if first.output_type == "stream":
                    head, _, answer = first.text.partition("\n")
                    assert answer and head.rstrip(":") in cell.source, f"{path.stem}: {head!r}"
                    assert not re.search(r"\d|True|False", head), f"{path.stem}: {head!r}"
                    heads.append(head)
    assert len(heads) > 20
