"""The scripts that execute, stage and build the book."""

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from sphinx.errors import ExtensionError

from charlm_lib.display.tables import DataTable
from tools.book import build, execute, stage
from tools.site import extension as charlm_site

ROOT = Path(__file__).resolve().parents[1]
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))


@pytest.fixture
def small_book(tmp_path, monkeypatch):
    """Point the scripts at a book of two chapters, the second of which needs the first's result."""
    first = [
        new_markdown_cell("# One"),
        new_code_cell("from pathlib import Path\nPath('results').mkdir(exist_ok=True)"),
        new_code_cell(
            "was_there = Path('results/one').exists()\nPath('results/one').write_text('1')"
        ),
        new_code_cell("print(was_there, Path.cwd())"),
    ]
    second = [new_code_cell("print('read', open('results/one').read())")]
    (tmp_path / "chapters").mkdir()
    for name, cells in (("one", first), ("two", second)):
        nbformat.write(new_notebook(cells=cells), tmp_path / "chapters" / f"{name}.ipynb")
    for folder, file in (
        ("charlm_lib", "a.py"),
        ("tools/book", "execute.py"),
        ("tools/book", "normalise.py"),
    ):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / file).write_text("a = 1\n")
    for file in ("requirements.txt", "index.md"):
        (tmp_path / file).write_text("")
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'a'\n")
    (tmp_path / "_config.yml").write_text("title: t\nrepository: {}\nhtml: {}\n")
    toc = {
        "root": "index",
        "parts": [{"chapters": [{"file": f"chapters/{n}"} for n in ("one", "two")]}],
    }
    (tmp_path / "_toc.yml").write_text(yaml.safe_dump(toc))
    for module in (stage, execute, build):
        monkeypatch.setattr(module, "ROOT", tmp_path)
        monkeypatch.setattr(module, "SOURCE", tmp_path / "_build" / "src")
    monkeypatch.setattr(build, "TEST", tmp_path / "_build" / "test")
    return tmp_path


def edit(book: Path, chapter: str, cell: int, source: str) -> None:
    path = book / "chapters" / f"{chapter}.ipynb"
    nb = nbformat.read(path, as_version=4)
    nb.cells[cell].source = source
    nbformat.write(nb, path)


def ran(capsys) -> list[str]:
    """Execute the book; return the chapters that ran, not those that were kept."""
    capsys.readouterr()
    execute.execute_all()
    out = capsys.readouterr().out
    return [n for n in ("one", "two") if f"chapters/{n} ..." in out]


def test_only_what_changed_is_executed(small_book, capsys):
    assert ran(capsys) == ["one", "two"]
    assert ran(capsys) == []
    edit(small_book, "one", 0, "# Another title")
    assert ran(capsys) == []
    assert execute.execute_all()["chapters/one"].cells[0].source == "# Another title"
    edit(small_book, "two", 0, "print('again', open('results/one').read())")
    assert ran(capsys) == ["two"]
    edit(small_book, "one", 3, "print(was_there)")
    assert ran(capsys) == ["one"]  # its result, all that the second chapter reads, is the same
    edit(small_book, "one", 2, "was_there = False\nPath('results/one').write_text('2')")
    assert ran(capsys) == ["one", "two"]
    (small_book / "charlm_lib" / "a.py").write_text("a = 2\n")
    assert ran(capsys) == ["one", "two"]
    (small_book / "_build/src/chapters/results/one").unlink()
    assert ran(capsys) == ["one"]


def test_a_chapter_that_runs_beside_another_leaves_its_results_alone(
    small_book, monkeypatch, capsys
):
    monkeypatch.setattr(execute, "BESIDE", {"chapters/two": "chapters/one"})
    edit(small_book, "two", 0, "print('by itself')")
    assert sorted(ran(capsys)) == ["one", "two"]
    assert ran(capsys) == []
    edit(small_book, "two", 0, "print('again')")
    assert ran(capsys) == ["two"]
    assert (small_book / "_build/src/chapters/results/one").is_file()
    chapters = execute.execute_all()
    assert list(chapters) == ["chapters/one", "chapters/two"]
    assert chapters["chapters/two"].cells[0].outputs[0].text == "again\n"
    edit(small_book, "two", 0, "1 / 0")
    with pytest.raises(stage.BuildError, match="chapters/two.ipynb failed in cell 1"):
        execute.execute_all()


def test_chapters_that_run_beside_another_take_and_save_no_results():
    names = stage.chapter_names()
    for name, other in execute.BESIDE.items():
        assert name in names and other in names and other not in execute.BESIDE
        assert "results/" not in (ROOT / f"{name}.ipynb").read_text(encoding="utf-8")


def test_a_chapter_never_finds_its_own_old_results(small_book):
    execute.execute_all()
    edit(small_book, "one", 3, "print(was_there, 'second')")
    outputs = execute.execute_all()["chapters/one"].cells[3].outputs
    assert outputs[0].text == "False second\n"


def test_sources_stay_as_they_are(small_book):
    before = {p: p.read_bytes() for p in small_book.rglob("*") if p.is_file()}
    stage.stage(execute.execute_all(), stage.SOURCE)
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
    with pytest.raises(stage.BuildError) as failure:
        execute.execute_all()
    message = str(failure.value)
    assert "chapters/two.ipynb failed in cell 1 of 1" in message
    assert "    x / 0" in message and "ZeroDivisionError" in message
    assert kept.read_text() == before
    with pytest.raises(stage.BuildError):  # the failure is not taken for a success next time
        execute.execute_all()


def test_outputs_are_written_back_once(small_book, capsys):
    build.update_chapters()
    first = (small_book / "chapters" / "one.ipynb").read_text()
    assert str(small_book) not in first and json.loads(first)["cells"][3]["outputs"]
    capsys.readouterr()
    build.update_chapters()
    assert "updated" not in capsys.readouterr().out
    assert (small_book / "chapters" / "one.ipynb").read_text() == first


def test_staging_removes_what_is_no_longer_a_source(small_book):
    executed = execute.execute_all()
    (small_book / "chapters" / "picture.svg").write_text("<svg/>")
    stage.stage(executed, stage.SOURCE)
    staged = stage.SOURCE / "chapters" / "picture.svg"
    stamp = (stage.SOURCE / "index.md").stat().st_mtime_ns
    assert staged.is_file()
    (small_book / "chapters" / "picture.svg").unlink()
    stage.stage(executed, stage.SOURCE)
    assert not staged.exists()
    assert (stage.SOURCE / "chapters/results/one").is_file()
    assert (stage.SOURCE / "index.md").stat().st_mtime_ns == stamp


def test_table_of_contents_and_chapters_must_agree(small_book):
    extra = small_book / "chapters" / "three.ipynb"
    nbformat.write(new_notebook(), extra)
    with pytest.raises(stage.BuildError, match="does not list these chapters: chapters/three"):
        stage.chapter_names()
    extra.unlink()
    (small_book / "chapters" / "two.ipynb").unlink()
    with pytest.raises(stage.BuildError, match="chapters that do not exist: chapters/two"):
        stage.chapter_names()


def test_chapters_are_tested_from_a_folder_without_results(small_book, tmp_path):
    (small_book / "chapters" / "results").mkdir()
    (small_book / "chapters" / "results" / "old").write_text("")
    target = tmp_path / "copy"
    assert [p.name for p in stage.copy_chapters(target)] == ["one.ipynb", "two.ipynb"]
    assert sorted(p.name for p in target.iterdir()) == ["one.ipynb", "two.ipynb"]


def test_every_chapter_is_in_one_lane():
    notebooks = [Path(f"{name}.ipynb") for name in stage.chapter_names()]
    lanes = build.share_out(notebooks)
    assert sorted(n for lane in lanes for n in lane) == sorted(notebooks)
    assert sorted(n.stem for n in lanes[1]) == sorted(build.SECOND_LANE)
    assert build.share_out(notebooks[:1]) == [notebooks[:1]]


@pytest.mark.parametrize("chapter, cell", [("one", 3), ("two", 0)])
def test_a_cell_that_fails_in_either_lane_fails_the_test(small_book, monkeypatch, chapter, cell):
    monkeypatch.setattr(build, "warnings_as_errors", lambda: "")
    monkeypatch.setattr(build, "SECOND_LANE", ("two",))
    edit(small_book, "two", 0, "print('by itself')")
    edit(small_book, chapter, cell, "import os\nassert os.environ['CHARLM_FAST'] == '1'")
    for fast in (False, True):
        assert build.test_chapters(build.TEST / "chapters", fast) == (0 if fast else 1)


def test_tested_site_has_the_committed_outputs_and_the_tests_results(small_book, monkeypatch):
    built = []
    monkeypatch.setattr(build, "run_sphinx", lambda *folders: built.append(folders))
    with pytest.raises(stage.BuildError, match="run `make notebooks` first"):
        build.tested_site(clean=False)
    results = build.TEST / "chapters" / "results"
    results.mkdir(parents=True)
    (results / "one").write_text("tested")
    (build.TEST / "_build" / "html").mkdir(parents=True)
    (build.TEST / "_build" / "html" / "index.html").write_text("")
    build.tested_site(clean=False)
    build.tested_site(clean=False)
    assert built == [(build.TEST / "src", build.TEST)]  # once: nothing changed
    staged = build.TEST / "src" / "chapters"
    assert (staged / "results" / "one").read_text() == "tested"
    source = nbformat.read(small_book / "chapters" / "two.ipynb", as_version=4)
    assert nbformat.read(staged / "two.ipynb", as_version=4) == source
    (results / "one").write_text("tested again")
    build.tested_site(clean=False)
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
    results = build.TEST / "chapters" / "results"
    results.mkdir(parents=True)
    build.tested_site(clean=False)
    build.tested_site(clean=True)
    assert found == [False]  # that one was from nothing
    (results / "one").write_text("tested")
    build.tested_site(clean=False)
    assert found == [False, True]
    (results / "one").unlink()
    (build.TEST / "src" / "chapters" / "results" / "one").unlink()
    build.tested_site(clean=False)
    build.tested_site(clean=True)  # the sources are the first again, the site is not
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
    build.run_sphinx(small_book, build.TEST)
    assert [page.stat().st_mtime > 0 for page in pages] == [True, False]


def test_mathjax_comes_from_the_wheel():
    places = {place: source for source, place in charlm_site.mathjax_files()}
    assert all(source.is_file() for source in places.values())
    assert "tex-chtml.js" in places
    assert sum(place.endswith(".woff") for place in places) == 23


def test_a_wheel_without_a_needed_file_is_named(monkeypatch):
    monkeypatch.setattr(charlm_site, "WANTED", ("tex-chtml.js", "no-such-file.js"))
    with pytest.raises(ExtensionError, match="sphinx-mathjax-offline .* has no file no-such-file"):
        charlm_site.mathjax_files()
    monkeypatch.setattr(charlm_site, "WHEEL", "no-such-wheel")
    with pytest.raises(ExtensionError, match="no-such-wheel is not installed"):
        charlm_site.mathjax_files()


def test_colab_is_offered_for_chapters_only():
    launch, slides = {"label": "launch-buttons"}, {"label": "slides-button"}
    for page, expected in (("chapters/one", [launch, slides]), ("index", [slides])):
        context = {"header_buttons": [launch, slides]}
        charlm_site.launch_chapters_only(None, page, "page.html", context, None)
        assert context["header_buttons"] == expected


def test_what_is_about_to_change_is_an_error_in_chapters_and_library():
    filters = build.warnings_as_errors().split(",")
    for module in (
        "__main__",
        "charlm_lib",
        "charlm_lib.engine.epochs",
        "charlm_lib.widgets.export",
    ):
        assert f"error::DeprecationWarning:{module}" in filters


def test_kernels_are_those_of_this_environment():
    code = "from jupyter_client.kernelspec import KernelSpecManager as M\n"
    code += "print(M().get_kernel_spec('python3').resource_dir)"
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=execute.kernel_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(run.stdout.strip()).is_relative_to(sys.prefix)


def test_two_kernels_can_share_a_gpu(monkeypatch):
    monkeypatch.delenv("XLA_PYTHON_CLIENT_PREALLOCATE", raising=False)
    assert execute.kernel_environment()["XLA_PYTHON_CLIENT_PREALLOCATE"] == "false"
    monkeypatch.setenv("XLA_PYTHON_CLIENT_PREALLOCATE", "true")  # the user's word counts
    assert execute.kernel_environment()["XLA_PYTHON_CLIENT_PREALLOCATE"] == "true"


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
