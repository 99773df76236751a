"""The tools that execute, stage and build the book."""

import itertools
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from charlm_lib.display.tables import DataTable, Table
from tests.tools.small_book import edit, outputs, ran
from tools import wheels
from tools.book import execute, lanes, notebooks, places, stage
from tools.book.kernel import kernel_environment
from tools.site import build, extension

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))


def test_only_what_changed_is_executed(small_book, capsys):
    assert ran(capsys) == ["one", "two"]
    assert ran(capsys) == []
    edit(small_book, "one", 0, "# Another title")
    assert ran(capsys) == []
    assert execute.execute_all()["chapters/one"][0].cells[0].source == "# Another title"
    edit(small_book, "two", 0, "print('again', open('results/one').read())")
    assert ran(capsys) == ["two"]
    edit(small_book, "one", 3, "print(was_there)")
    assert ran(capsys) == ["one"]  # its result, all that the second chapter reads, is the same
    edit(small_book, "one", 2, "was_there = False\nPath('results/one').write_text('2')")
    assert ran(capsys) == ["one", "two"]
    core = small_book / "charlm_lib" / "core.py"
    core.write_text(core.read_text().replace('"1"', '"3"'))
    assert ran(capsys) == ["one"]  # the second does not import it
    kept = small_book / "_build/src/chapters/.executed/one/results/one"
    (small_book / "_build/src/chapters/results/one").write_text("of another run")
    assert ran(capsys) == [] and kept.read_text() == "2"
    assert (small_book / "_build/src/chapters/results/one").read_text() == "2"
    kept.unlink()
    assert ran(capsys) == ["one"]


def test_a_chapter_that_runs_beside_another_leaves_its_results_alone(
    small_book, monkeypatch, capsys
):
    monkeypatch.setitem(lanes.BESIDE, "chapters/two", "chapters/one")
    edit(small_book, "two", 0, "print('by itself')")
    assert sorted(ran(capsys)) == ["one", "two"]
    assert ran(capsys) == []
    edit(small_book, "two", 0, "print('again')")
    assert ran(capsys) == ["two"]
    assert (small_book / "_build/src/chapters/results/one").is_file()
    chapters = execute.execute_all()
    assert list(chapters) == ["chapters/one", "chapters/two"]
    assert chapters["chapters/two"][0].cells[0].outputs[0].text == "again\n"
    edit(small_book, "two", 0, "1 / 0")
    with pytest.raises(places.BuildError, match="chapters/two.ipynb failed in cell 1"):
        execute.execute_all()


def test_chapters_that_run_beside_another_take_and_save_no_results():
    names = places.chapter_names()
    pairs = lanes.BESIDE | lanes.IN_TESTS
    assert len(pairs) == len(lanes.BESIDE) + len(lanes.IN_TESTS)
    for name, other in pairs.items():
        assert name in names and other in names and other not in pairs
        assert "results/" not in (ROOT / f"{name}.ipynb").read_text(encoding="utf-8")


def test_a_chapter_never_finds_its_own_old_results(small_book):
    execute.execute_all()
    edit(small_book, "one", 3, "print(was_there, 'second')")
    outputs = execute.execute_all()["chapters/one"][0].cells[3].outputs
    assert outputs[0].text == "False second\n"


def test_sources_stay_as_they_are(small_book):
    before = {p: p.read_bytes() for p in small_book.rglob("*") if p.is_file()}
    stage.stage(outputs(), places.source_folder())
    assert {p: p.read_bytes() for p in before} == before
    assert {p.relative_to(small_book).parts[0] for p in small_book.rglob("*")} == {
        *(p.relative_to(small_book).parts[0] for p in before),
        "_build",
    }


def test_a_failing_cell_is_named_and_nothing_half_done_stays(small_book):
    execute.execute_all()
    kept = small_book / "_build/src/chapters/.executed/two.ipynb"
    before = kept.read_text()
    edit(small_book, "two", 0, "x = 3\nx / 0")
    with pytest.raises(places.BuildError) as failure:
        execute.execute_all()
    message = str(failure.value)
    assert "chapters/two.ipynb failed in cell 1 of 1" in message
    assert "    x / 0" in message and "ZeroDivisionError" in message
    assert kept.read_text() == before
    with pytest.raises(places.BuildError):  # the failure is not taken for a success next time
        execute.execute_all()


def test_outputs_are_written_back_once(small_book, capsys):
    execute.update_chapters()
    first = (small_book / "chapters" / "one.ipynb").read_text()
    assert str(small_book) not in first and json.loads(first)["cells"][3]["outputs"]
    capsys.readouterr()
    execute.update_chapters()
    assert "updated" not in capsys.readouterr().out
    assert (small_book / "chapters" / "one.ipynb").read_text() == first


def test_staging_removes_what_is_no_longer_a_source(small_book):
    executed = outputs()
    (small_book / "chapters" / "picture.svg").write_text("<svg/>")
    stage.stage(executed, places.source_folder())
    staged = places.source_folder() / "chapters" / "picture.svg"
    stamp = (places.source_folder() / "index.md").stat().st_mtime_ns
    assert staged.is_file()
    (small_book / "chapters" / "picture.svg").unlink()
    stage.stage(executed, places.source_folder())
    assert not staged.exists()
    assert (places.source_folder() / "chapters/results/one").is_file()
    assert (places.source_folder() / "index.md").stat().st_mtime_ns == stamp


def test_a_site_has_the_address_of_the_repository_that_publishes_it(small_book, monkeypatch):
    """A fork's, which the workflow knows: its sources stay as they are."""
    edit(
        small_book, "one", 0, "# One\n\n**It takes** a week, and a day of computing on 2 CPU cores."
    )
    before = {p: p.read_bytes() for p in (small_book / "chapters").iterdir() if p.is_file()}
    chapters = {n: nbformat.read(places.notebook(n), as_version=4) for n in places.chapter_names()}
    key, fork = build.site_key(chapters, places.source_folder()), "https://github.com/fork/its-book"
    monkeypatch.setenv("CHARLM_REPOSITORY", fork)
    assert build.site_key(chapters, places.source_folder()) != key
    with pytest.raises(places.BuildError, match="chapters/two.ipynb does not say how long"):
        stage.stage(chapters, places.source_folder())
    stage.stage({"chapters/one": chapters["chapters/one"]}, places.source_folder())
    config = yaml.safe_load((places.source_folder() / "_config.yml").read_text())
    assert config["repository"]["url"] == fork and config["launch_buttons"]["colab_url"]
    assert config["html"]["use_repository_button"] is True
    staged = nbformat.read(places.source_folder() / "chapters/one.ipynb", as_version=4)
    badge, _, set_up, *_ = staged.cells
    assert "/github/fork/its-book/blob/main/chapters/one.ipynb)" in badge.source
    assert f'REPOSITORY = "{fork}"' in set_up.source
    assert {p: p.read_bytes() for p in before} == before


def test_table_of_contents_and_chapters_must_agree(small_book):
    extra = small_book / "chapters" / "three.ipynb"
    nbformat.write(new_notebook(), extra)
    with pytest.raises(places.BuildError, match="does not list these chapters: chapters/three"):
        places.chapter_names()
    extra.unlink()
    (small_book / "chapters" / "two.ipynb").unlink()
    with pytest.raises(places.BuildError, match="chapters that do not exist: chapters/two"):
        places.chapter_names()


def test_chapters_are_tested_from_a_folder_without_results(small_book, tmp_path):
    (small_book / "chapters" / "results").mkdir()
    (small_book / "chapters" / "results" / "old").write_text("")
    target = tmp_path / "copy"
    assert [p.name for p in stage.copy_chapters(target)] == ["one.ipynb", "two.ipynb"]
    assert sorted(p.name for p in target.iterdir()) == ["one.ipynb", "two.ipynb"]


def test_every_chapter_is_in_one_lane():
    """Also where the chapter that another one would run beside is not there."""
    names = places.chapter_names()
    alone = [n for n in names if n in lanes.BESIDE]
    for some, pairs in [(names, None), (names[:1], None), (alone, None), (names, lanes.IN_TESTS)]:
        ran = []
        done = lanes.in_lanes(some, lambda name, ran=ran: ran.append(name) or name.upper(), pairs)
        assert sorted(ran) == sorted(some)
        assert list(done.items()) == [(name, name.upper()) for name in some]


def test_nothing_runs_beside_a_chapter_but_what_may():
    """`alone` has the chapters that began and ended without another one in between."""
    events = []

    def run(name):
        events.append(name)
        time.sleep(0.02)
        events.append(name)

    names = places.chapter_names()
    lanes.in_lanes(names, run)
    alone = [a for a, b in itertools.pairwise(events) if a == b]
    together = {*lanes.BESIDE, *lanes.BESIDE.values()}
    assert [n for n in alone if n not in together] == [n for n in names if n not in together]


@pytest.mark.parametrize("chapter, cell", [("one", 3), ("two", 0)])
def test_a_cell_that_fails_in_either_lane_fails_the_test(small_book, monkeypatch, chapter, cell):
    monkeypatch.setattr(notebooks, "warnings_as_errors", lambda: "")
    monkeypatch.setitem(lanes.BESIDE, "chapters/two", "chapters/one")
    edit(small_book, "two", 0, "print('by itself')")
    edit(small_book, chapter, cell, "import os\nassert os.environ['CHARLM_FAST'] == '1'")
    for fast in (False, True):
        assert notebooks.test_chapters(places.test_folder() / "chapters", fast) == (
            0 if fast else 1
        )


def test_tested_site_has_the_committed_outputs_and_the_tests_results(small_book, monkeypatch):
    built = []
    monkeypatch.setattr(build, "run_sphinx", lambda *folders: built.append(folders))
    with pytest.raises(places.BuildError, match="run `make notebooks` first"):
        build.build_tested(clean=False)
    results = places.test_folder() / "chapters" / "results"
    results.mkdir(parents=True)
    (results / "one").write_text("tested")
    (places.test_folder() / "_build" / "html").mkdir(parents=True)
    (places.test_folder() / "_build" / "html" / "index.html").write_text("")
    build.build_tested(clean=False)
    build.build_tested(clean=False)
    assert built == [(places.test_folder() / "src", places.test_folder())]  # once: nothing changed
    staged = places.test_folder() / "src" / "chapters"
    assert (staged / "results" / "one").read_text() == "tested"
    source = nbformat.read(small_book / "chapters" / "two.ipynb", as_version=4)
    assert nbformat.read(staged / "two.ipynb", as_version=4) == source
    (results / "one").write_text("tested again")
    build.build_tested(clean=False)
    assert len(built) == 2


def test_a_site_is_built_from_nothing_once(small_book, monkeypatch):
    """`found` has what each build found in its folder: nothing, or the build before."""
    found = []

    def run_sphinx(source, parent):
        html = parent / "_build" / "html"
        found.append(html.exists())
        html.mkdir(parents=True, exist_ok=True)
        (html / "index.html").write_text("")

    monkeypatch.setattr(build, "run_sphinx", run_sphinx)
    monkeypatch.setattr(build, "build_decks", lambda *_: None)
    results = places.test_folder() / "chapters" / "results"
    results.mkdir(parents=True)
    build.build_tested(clean=False)
    build.build_tested(clean=True)
    assert found == [False]  # that one was from nothing
    (results / "one").write_text("tested")
    build.build_tested(clean=False)
    assert found == [False, True]
    (results / "one").unlink()
    (places.test_folder() / "src" / "chapters" / "results" / "one").unlink()
    build.build_tested(clean=False)
    build.build_tested(clean=True)  # the sources are the first again, the site is not
    assert found == [False, True, True, False]


def test_pages_with_cells_are_read_again_whenever_the_site_is_built(small_book, monkeypatch):
    """What they show can change without them: measurements, models, the library."""
    (small_book / "index.md").write_text("# Numbers\n\n```{code-cell} python\nprint(1)\n```\n")
    (small_book / "text.md").write_text("# Words\n")
    pages = [small_book / "index.md", small_book / "text.md"]
    for page in pages:
        os.utime(page, (0, 0))
    done = subprocess.CompletedProcess([], returncode=0)
    monkeypatch.setattr(build.subprocess, "run", lambda *_, **__: done)
    build.run_sphinx(small_book, places.test_folder())
    assert [page.stat().st_mtime > 0 for page in pages] == [True, False]


def test_mathjax_comes_from_the_wheel():
    places = {place: source for source, place in wheels.mathjax_files()}
    assert all(source.is_file() for source in places.values())
    assert "tex-chtml.js" in places
    assert sum(place.endswith(".woff") for place in places) == 23


def test_a_wheel_without_a_needed_file_is_named(monkeypatch):
    monkeypatch.setattr(wheels, "MATHJAX", ("tex-chtml.js", "no-such-file.js"))
    with pytest.raises(places.BuildError, match="sphinx-mathjax-offline .* has no file no-such"):
        wheels.mathjax_files()
    with pytest.raises(places.BuildError, match="no-such-wheel is not installed"):
        wheels.carried("no-such-wheel", "static", ("a.js",))


def test_colab_is_offered_for_chapters_only():
    launch, slides = {"label": "launch-buttons"}, {"label": "slides-button"}
    for page, expected in (("chapters/one", [launch, slides]), ("index", [slides])):
        context = {"header_buttons": [launch, slides]}
        extension.launch_chapters_only(None, page, "page.html", context, None)
        assert context["header_buttons"] == expected


def test_what_is_about_to_change_is_an_error_in_chapters_and_library():
    filters = notebooks.warnings_as_errors().split(",")
    for module in (
        "__main__",
        "charlm_lib",
        "charlm_lib.engine.epochs",
        "charlm_lib.export",
    ):
        assert f"error::DeprecationWarning:{module}" in filters


def test_kernels_are_those_of_this_environment():
    code = "from jupyter_client.kernelspec import KernelSpecManager as M\n"
    code += "print(M().get_kernel_spec('python3').resource_dir)"
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=kernel_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(run.stdout.strip()).is_relative_to(sys.prefix)


def test_two_kernels_can_share_a_gpu(monkeypatch):
    monkeypatch.delenv("XLA_PYTHON_CLIENT_PREALLOCATE", raising=False)
    assert kernel_environment()["XLA_PYTHON_CLIENT_PREALLOCATE"] == "false"
    monkeypatch.setenv("XLA_PYTHON_CLIENT_PREALLOCATE", "true")  # the user's word counts
    assert kernel_environment()["XLA_PYTHON_CLIENT_PREALLOCATE"] == "true"


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)
def test_no_cell_escapes_the_notebook_tests(path):
    """nbval passes a cell that begins with an unknown magic or whose shell command fails."""
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            assert not cell.source.lstrip().startswith(("%", "!")), cell.source
            assert not {"nbval-skip", "skip-execution"} & set(cell.metadata.get("tags", []))


def test_the_numbers_of_a_figure_become_text_below_it():
    """As an output, the table would get the figure's own number and caption."""
    html = DataTable("y by x", ["x", "y"], [["1", "2"]])._repr_html_()
    picture, table, word = (
        new_output("display_data", data)
        for data in ({"image/png": "AAAA"}, {"text/html": html}, {"text/html": "<b>1</b>"})
    )
    cells = [
        new_code_cell("plot()", outputs=[picture, table, word, table], id="a"),
        new_markdown_cell("Then.", id="b"),
    ]
    chapter = new_notebook(cells=cells)
    staged = stage.with_tables_as_text(chapter)
    nbformat.validate(staged)
    assert [c.source for c in staged.cells] == ["plot()", html, html, "Then."]
    assert staged.cells[0].outputs == [picture, word]
    assert len(chapter.cells[0].outputs) == 4, "the chapter itself stays as it is"


def test_a_table_of_results_leaves_a_cell_whose_figure_has_a_caption():
    html = Table(["x", "y"], [["1", "2"]])._repr_html_()
    table = new_output("execute_result", {"text/html": html}, execution_count=1)
    captioned = {"mystnb": {"figure": {"name": "fig-a", "caption": "A."}}}
    cells = [
        new_code_cell("a", outputs=[table], id="a"),
        new_code_cell("b", outputs=[table], id="b", metadata=captioned),
    ]
    staged = stage.with_tables_as_text(new_notebook(cells=cells)).cells
    assert [cell.source for cell in staged] == ["a", "b", html]
    assert len(staged[0].outputs) == 1 and staged[1].outputs == []
