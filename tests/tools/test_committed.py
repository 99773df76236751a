"""Committed outputs and models: `make book` takes valid ones, `make execute` takes none."""

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_output

from tests.tools.small_book import edit, outputs, ran
from tools import library
from tools.book import execute, places
from tools.book.key import MARK, SET_UP, chapter_key, outputs_digest, results_in
from tools.book.weights import read_chapter
from tools.mime import WIDGET_STATE, WIDGET_VIEW


@pytest.fixture
def committed(small_book, capsys):
    """The small book as committed after `make execute`, in a clone without _build."""
    execute.update_chapters()
    places.BUILD.rename(small_book / "_elsewhere")
    return small_book


def read(book, chapter):
    return nbformat.read(book / "chapters" / f"{chapter}.ipynb", as_version=4)


def test_make_execute_commits_keys_and_results(committed):
    mark = read(committed, "one").metadata[MARK]
    assert set(mark) == {"key", "results", "outputs"} and len(mark.key) == 64
    assert (
        list(mark.results)
        == ["results/one"]
        == [
            p.relative_to(committed / "chapters").as_posix()
            for p in (committed / "chapters/results").iterdir()
        ]
    )
    assert read(committed, "two").metadata[MARK].results == {}


def test_what_is_out_of_date_is_said_before_a_reader_trains_it(committed):
    assert execute.out_of_date() == []
    edit(committed, "two", 0, "print('again', open('results/one').read())")
    assert execute.out_of_date() == ["chapters/two"]
    (committed / "chapters/results/one").write_text("of another run")
    assert execute.out_of_date() == ["chapters/one", "chapters/two"]


def test_the_address_in_a_set_up_cell_decides_nothing():
    def key(address, *tags):
        cell = nbformat.v4.new_code_cell(f"url = {address!r}", metadata={"tags": list(tags)})
        return chapter_key("one", nbformat.v4.new_notebook(cells=[cell]), {})

    assert key("here", SET_UP) == key("there", SET_UP)
    assert key("here") != key("there")


def test_a_clone_executes_nothing_and_has_the_results(committed, capsys):
    assert ran(capsys, committed=True) == []
    assert (places.source_folder() / "chapters/results/one").read_text() == "1"
    assert "read 1" in str(read(committed, "two").cells)
    edit(committed, "one", 0, "# Another title")
    assert ran(capsys, committed=True) == []


def test_make_execute_in_a_clone_trusts_nothing_committed(committed, capsys):
    assert ran(capsys) == ["one", "two"]
    assert ran(capsys) == []


def test_what_differs_is_executed_with_the_committed_results_before_it(committed, capsys):
    edit(committed, "two", 0, "print('again', open('results/one').read())")
    assert ran(capsys, committed=True) == ["two"]
    assert outputs()["chapters/two"].cells[0].outputs[0].text == "again 1\n"


def test_a_chapter_that_differs_never_finds_its_own_committed_result(committed, capsys):
    assert ran(capsys, committed=True) == []  # which puts that result where chapters run
    edit(committed, "one", 3, "print(was_there, 'second')")
    assert ran(capsys, committed=True) == ["one"]  # its result is the same, so that two is valid
    kept = execute.execute_all(committed=True)["chapters/one"][0]
    assert kept.cells[3].outputs[0].text == "False second\n"


def test_a_committed_result_that_is_gone_or_another_one_does_not_count(committed, capsys):
    result = committed / "chapters/results/one"
    result.write_text("2")
    assert ran(capsys, committed=True) == ["one"]
    result.unlink()
    assert ran(capsys, committed=True) == []  # one was just executed
    assert (places.source_folder() / "chapters/results/one").read_text() == "1"


def test_outputs_of_another_run_do_not_count(committed, capsys):
    """Of a short training in JupyterLab, say, which leaves the key in the notebook's metadata."""
    nb = read(committed, "two")
    nb.cells[0].outputs[0].text = "read by hand"
    nbformat.write(nb, committed / "chapters/two.ipynb")
    assert ran(capsys, committed=True) == ["two"]


def test_make_execute_removes_results_that_nothing_saves_any_more(committed):
    stale = committed / "chapters/results/old"
    stale.write_text("")
    execute.update_chapters()
    assert not stale.exists() and (committed / "chapters/results/one").is_file()


def test_a_clock_alone_leaves_the_outputs_but_the_key_is_new(committed, capsys):
    """The same results, computed by an edited library."""
    nb = read(committed, "one")
    nb.cells[3].source = "import time\nprint(f'{time.perf_counter():.6f} s')"
    nb.cells[3].metadata.tags = ["timing"]
    nbformat.write(nb, committed / "chapters/one.ipynb")
    execute.update_chapters()
    first = read(committed, "one")
    core = committed / "charlm_lib/core.py"
    core.write_text(core.read_text() + "\n\nHALF = 0.5\n")
    library.fingerprint.cache_clear()
    execute.update_chapters()
    second = read(committed, "one")
    assert second.cells == first.cells
    assert second.metadata[MARK].key != first.metadata[MARK].key
    assert second.metadata[MARK].outputs == first.metadata[MARK].outputs
    assert ran(capsys, committed=True) == []


def saved_by_colab(nb):
    """Put into a notebook what Colab leaves in one: its own ids, widgets in its own form."""
    view = {WIDGET_VIEW: {"model_id": "a" * 32}, "text/plain": "Widget"}
    nb.cells[-1].outputs.append(new_output("display_data", view))
    nb.cells[-1].metadata["outputId"] = "b"
    models = {"a" * 32: {"model_name": "AnyModel", "state": {}}}
    nb.metadata["widgets"] = {WIDGET_STATE: models}
    return nbformat.from_dict(nb)


def test_a_chapter_saved_by_another_front_end_is_executed_like_any_other(committed):
    path = committed / "chapters/two.ipynb"
    before = path.read_bytes()
    nbformat.write(saved_by_colab(read(committed, "two")), path)
    assert execute.out_of_date() == []
    execute.update_chapters()
    assert path.read_bytes() == before


CHAPTERS = sorted((Path(__file__).resolve().parents[2] / "chapters").glob("*.ipynb"))
RESULTS = CHAPTERS[0].parent / places.RESULTS


@pytest.mark.skipif(not RESULTS.is_dir(), reason="no models here: `make execute` trains them")
def test_committed_outputs_and_models_belong_together():
    """All from one `make execute`, and together small enough for everyone's clone."""
    saved = {}
    for path in CHAPTERS:
        nb = read_chapter(f"chapters/{path.stem}")
        assert nb.metadata[MARK].outputs == outputs_digest(nb), f"{path.stem}: run `make execute`"
        saved |= nb.metadata[MARK].results
    assert saved == results_in(CHAPTERS[0].parent), "run `make execute`"
    weights = [*(CHAPTERS[0].parent / places.WEIGHTS).iterdir()]
    assert sum(path.stat().st_size for path in [*RESULTS.iterdir(), *weights]) < 3_000_000
