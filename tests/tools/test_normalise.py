"""What normalising an executed notebook removes, and what it keeps."""

import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools.book import normalise
from tools.book.timings import keep_timings
from tools.library import digest
from tools.mime import WIDGET_STATE as STATE
from tools.mime import WIDGET_VIEW as VIEW

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))


def printed(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def widget_notebook(ids: list[str]) -> nbformat.NotebookNode:
    """A notebook whose one output shows ids[0], which refers to ids[1]; nothing shows ids[2]."""
    shown, layout, unused = ids
    view = {VIEW: {"model_id": shown, "version_major": 2}, "text/plain": "Widget"}
    cell = new_code_cell("show()", outputs=[new_output("display_data", data=view)])
    state = {
        unused: {"model_name": "LayoutModel", "state": {}},
        shown: {"model_name": "AnyModel", "state": {"layout": f"IPY_MODEL_{layout}", "n": 1}},
        layout: {"model_name": "LayoutModel", "state": {"width": "1px"}},
    }
    widgets = {STATE: {"state": state, "version_major": 2, "version_minor": 0}}
    return new_notebook(cells=[cell], metadata={"widgets": widgets})


def random_ids(seed: str) -> list[str]:
    return [digest(f"{seed}{i}".encode())[:32] for i in range(3)]


def test_equal_runs_become_equal_files():
    first = new_notebook(
        cells=[new_markdown_cell("text"), new_code_cell("1 + 1", execution_count=7)],
        metadata={"language_info": {"name": "python", "version": "3.11.2"}, "vscode": 1},
    )
    second = nbformat.from_dict(first)
    for cell, other in zip(first.cells, ["aaaa", "bbbb"], strict=True):
        cell.id = other
    second.metadata = nbformat.from_dict({"kernelspec": {"name": "my-env", "display_name": "Me"}})
    kept = {"tags": ["hide-cell"], "jupyter": {"source_hidden": True}}
    first.cells[1].metadata = nbformat.from_dict(kept)
    second.cells[1].metadata = nbformat.from_dict({**kept, "execution": {"busy": "now"}})
    assert normalise.normalise(first) == normalise.normalise(second)
    assert normalise.normalise(first).cells[1].metadata == kept
    assert normalise.normalise(first).cells[1].execution_count == 1


def test_normalising_twice_changes_nothing():
    once = normalise.normalise(widget_notebook(random_ids("a")))
    assert normalise.normalise(once) == once


def test_cell_ids_survive_an_insertion_and_are_unique():
    cells = [new_code_cell("a"), new_code_cell("a"), new_code_cell("b")]
    ids = [c.id for c in normalise.normalise(new_notebook(cells=cells)).cells]
    assert len(set(ids)) == 3
    cells.insert(0, new_markdown_cell("new"))
    assert [c.id for c in normalise.normalise(new_notebook(cells=cells)).cells][1:] == ids


def test_widget_ids_are_stable_and_unused_models_go():
    one, two = (normalise.normalise(widget_notebook(random_ids(s))) for s in "ab")
    assert one == two
    state = one.metadata.widgets[STATE]["state"]
    root = one.cells[0].outputs[0].data[VIEW]["model_id"]
    assert len(state) == 2
    assert state[root]["state"]["layout"].removeprefix("IPY_MODEL_") in state.keys() - {root}


def without_models(nb):
    """As JupyterLab saves by default."""
    del nb.metadata["widgets"]


def with_models_of_its_own(nb):
    """As Colab saves: without the level `state`."""
    nb.metadata.widgets = nbformat.from_dict({STATE: nb.metadata.widgets[STATE]["state"]})


def without_the_layout(nb):
    """As a front end saves that has forgotten a part."""
    del nb.metadata.widgets[STATE]["state"][random_ids("a")[1]]


def with_those_of_another_run(nb):
    """As JupyterLab saves a cell that was run again after the last save with models."""
    nb.metadata.widgets = widget_notebook(random_ids("b")).metadata.widgets


SAVES = [without_models, with_models_of_its_own, without_the_layout, with_those_of_another_run]


@pytest.mark.parametrize("save", SAVES, ids=lambda save: save.__name__)
def test_a_view_that_was_saved_without_its_model_goes(save):
    """It would be an empty place on the site; the other outputs of its cell stay."""
    nb = widget_notebook(random_ids("a"))
    nb.cells[0].outputs.append(printed("7\n"))
    whole = normalise.normalise(nb)
    save(nb)
    found = normalise.normalise(nb)
    assert [o.output_type for o in whole.cells[0].outputs] == ["display_data", "stream"]
    assert found.cells[0].outputs == [printed("7\n")]
    assert "widgets" not in found.metadata and "widgets" in whole.metadata
    assert normalise.normalise(found) == found


def test_streams_are_joined_and_progress_is_what_a_terminal_shows():
    outputs = [
        printed("warn\n", "stderr"),
        printed("1\n"),
        printed("10%\r50%\r100%\n"),
        printed("2"),
    ]
    cell = normalise.normalise(new_notebook(cells=[new_code_cell("", outputs=outputs)])).cells[0]
    assert [(o.name, o.text) for o in cell.outputs] == [
        ("stdout", "1\n100%\n2"),
        ("stderr", "warn\n"),
    ]


def test_a_displayed_line_becomes_printed_text_but_a_figure_stays():
    line = new_output("display_data", data={"text/plain": "epoch 2"})
    figure = new_output("display_data", data={"text/plain": "<Figure>", "image/png": "aaaa"})
    cell = normalise.normalise(
        new_notebook(cells=[new_code_cell("", outputs=[line, figure])])
    ).cells[0]
    assert [o.output_type for o in cell.outputs] == ["stream", "display_data"]
    assert cell.outputs[0].text == "epoch 2\n"


def test_no_folder_of_this_machine_and_no_address_remains(tmp_path):
    texts = [
        f"{tmp_path}/results/a.safetensors",
        f"{sys.prefix}/lib/python3.11/warnings.py",
        f"{ROOT}/charlm_lib/losses.py",
        f"{Path.home()}/notes",
        "/var/tmp/ipykernel_4711/123456.py:3: UserWarning",
        "<Axes object at 0x7f32fabcde10>",
    ]
    html = new_output("execute_result", data={"text/html": "\n".join(texts)})
    nb = new_notebook(cells=[new_code_cell("", outputs=[printed("\n".join(texts)), html])])
    clean = normalise.normalise(nb, normalise.machine_folders(tmp_path))
    for text in (clean.cells[0].outputs[0].text, clean.cells[0].outputs[1].data["text/html"]):
        assert text.splitlines()[0] == "./results/a.safetensors"
        for trace in (str(tmp_path), sys.prefix, str(ROOT), str(Path.home()), "ipykernel_", "7f32"):
            assert trace not in text


def timed(clock: str, result: str = "4", with_widget: str = "") -> nbformat.NotebookNode:
    """A notebook with one result and one clock reading."""
    nb = widget_notebook(random_ids(with_widget or "w"))
    nb.cells.append(new_code_cell("2 + 2", outputs=[printed(result)]))
    clock_cell = new_code_cell("clock()", outputs=[printed(clock)], metadata={"tags": ["timing"]})
    nb.cells.append(clock_cell)
    return normalise.normalise(nb)


def test_a_new_clock_reading_alone_changes_nothing():
    assert keep_timings(timed("2 s", with_widget="x"), timed("1 s")) == timed("1 s")


def test_a_new_result_brings_its_clock_readings():
    new = timed("2 s", result="5")
    assert keep_timings(new, timed("1 s")) == new


def test_an_edited_timing_cell_brings_its_output():
    old, new = timed("1 s"), timed("2 s")
    old.cells[-1].source = "another_clock()"
    assert keep_timings(normalise.normalise(new), normalise.normalise(old)) == new


@pytest.mark.parametrize(
    "old, new, kept",
    [
        ("8 steps: 1.52 s", "8 steps: 11.07 s", True),
        ("26 s", "7 s", True),
        ("16 steps: 1.52 s", "8 steps: 1.52 s", False),
        ("loop 1.5", "scan 1.5", False),
    ],
)
def test_an_output_that_says_something_else_is_not_kept(old, new, kept):
    wanted = old if kept else new
    assert keep_timings(timed(new), timed(old)) == timed(wanted)


def test_a_failing_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.ipynb"
    normalise.write(normalise.normalise(new_notebook(cells=[new_code_cell("1")])), path)
    before = path.read_text()
    broken = new_notebook(cells=[new_code_cell("2")])
    broken.cells[0].execution_count = "many"
    with pytest.raises(nbformat.ValidationError):
        normalise.write(broken, path)
    assert path.read_text() == before and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)
def test_chapter_is_committed_executed_and_normalised(path):
    nb = nbformat.read(path, as_version=4)
    assert any(c.outputs for c in nb.cells if c.cell_type == "code"), "run `make execute`"
    assert normalise.normalise(nb) == nb, "run `make execute`"
