"""Build the site with jupyter-book, for readers or for the tests, unless it is there already."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

from nbformat import NotebookNode

from tools.book import changed, places
from tools.book.kernel import kernel_environment
from tools.book.key import results_in
from tools.book.places import BuildError
from tools.book.stage import sources, stage
from tools.book.weights import read_chapter
from tools.library import digest
from tools.site import front
from tools.slides.decks import build_decks

# What the pages show besides their own text: the API, the widgets, the measurements, our extension.
SHOWN = ("charlm_lib", "benchmarks", "tools", "requirements.txt")


def build(chapters: dict[str, NotebookNode], source: Path, parent: Path) -> None:
    """Build the site of `chapters` in `parent`/_build/html, from files staged in `source`.

    It shows the results that lie in `source`/chapters already.
    """
    html, name = parent / "_build" / "html", f"site in {changed.place(parent)}"
    key = site_key(chapters, source)
    if changed.is_same(name, key) and (html / "index.html").is_file():
        print("Site: unchanged")
        return
    changed.forget(name)
    start = time.perf_counter()
    stage(chapters, source)
    run_sphinx(source, parent)
    front.forget_pdf(html)
    changed.note(name, key)
    print(f"Site: built in {time.perf_counter() - start:.0f} s")


def build_tested(clean: bool) -> None:
    """Build the site of the chapters as committed, with the results of the tests.

    It lies in _build/test/_build/html. If `clean`, its pages are built from nothing, without decks,
    unless the present ones were. Raises BuildError when the chapters have not been tested.
    """
    test = places.test_folder()
    source, output, name = test / "src", test / "_build", "tested site from nothing"
    results = test / "chapters" / places.RESULTS
    if not results.is_dir():
        raise BuildError(f"There is no folder {results}: run `make notebooks` first.")
    names = places.chapter_names()
    chapters = {n: read_chapter(n) for n in names}
    shutil.rmtree(source / "chapters" / places.RESULTS, ignore_errors=True)
    shutil.copytree(results, source / "chapters" / places.RESULTS)
    key = site_key(chapters, source)
    if clean and not changed.is_same(name, key):
        shutil.rmtree(output, ignore_errors=True)
    starts_empty = not output.exists()
    build(chapters, source, test)
    if starts_empty:
        changed.note(name, key)
    elif not changed.is_same(name, key):
        changed.forget(name)
    if not clean:
        build_decks(chapters, test)


def site_key(chapters: dict[str, NotebookNode], source: Path) -> str:
    """Hash everything that a site is built from."""
    texts = [json.dumps([name, nb], sort_keys=True) for name, nb in chapters.items()]
    staged = [f"{name} {digest(content)}" for name, content in sorted(sources().items())]
    results = json.dumps(results_in(source / "chapters"))
    return changed.key_of(places.files_below(*SHOWN), *texts, *staged, results)


# Not the script jupyter-book: its first line fails when the path to .venv has spaces.
JUPYTER_BOOK = "import tools.book; from jupyter_book.cli.main import main; main()"


def run_sphinx(source: Path, parent: Path) -> None:
    """Run jupyter-book on `source` with every warning an error; raise BuildError if it fails."""
    for page in pages_with_cells(source):
        page.touch()  # it shows models, library code or measurements that Sphinx knows nothing of
    command = [sys.executable, "-c", JUPYTER_BOOK]
    command += ["build", str(source), "--path-output", str(parent), "-W", "-n", "--keep-going"]
    output = parent / "_build"
    output.mkdir(parents=True, exist_ok=True)
    with (output / "site.log").open("w+", encoding="utf-8") as log:
        done = subprocess.run(
            command,
            env={**kernel_environment(), "NO_COLOR": "1", "PYTHONPATH": str(places.ROOT)},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        if done.returncode:
            # Sphinx repeats a warning only for pages that it reads again: let it read all of them.
            shutil.rmtree(output / ".doctrees", ignore_errors=True)
            log.seek(0)
            raise BuildError(f"{log.read()}\nThe site was not built: see the warnings above.")


def pages_with_cells(source: Path) -> list[Path]:
    """List the pages that Sphinx itself executes; the chapters are executed before."""
    pages = sorted(source.rglob("*.md"))
    return [page for page in pages if "```{code-cell}" in page.read_text(encoding="utf-8")]
