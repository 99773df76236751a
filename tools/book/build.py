"""Build the book or its slides, update the chapters' outputs, or test the chapters."""

import argparse
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat

from tools.book.execute import digest, execute_all, kernel_environment, library_key
from tools.book.normalise import keep_timings, write
from tools.book.stage import (
    EXECUTED,
    RESULTS,
    ROOT,
    SOURCE,
    BuildError,
    chapter_names,
    copy_chapters,
    stage,
)
from tools.slides.decks import build_decks

BUILD = ROOT / "_build"
COMMANDS = ("book", "slides", "update-chapters", "test-chapters", "tested-site")
# Where the chapters are tested, and where the site with their results is built for the browser.
TEST = BUILD / "test"
# The chapters that are tested beside the others, in this order (see share_out).
SECOND_LANE = ("does-depth-help", "stacked-rnn", "linen-and-nnx", "bigger-and-better")


def book() -> None:
    """Execute the chapters that changed and build the site and its decks in _build/html."""
    chapters = execute_all()
    stage(chapters, SOURCE)
    build_site(SOURCE, ROOT)
    build_decks(chapters, ROOT)


def slides() -> None:
    """Execute the chapters that changed and build the decks alone, in _build/html/slides."""
    build_decks(execute_all(), ROOT)


def tested_site(clean: bool) -> None:
    """Build the site of the chapters as committed, with the results of test_chapters().

    It lies in _build/test/_build/html. If `clean`, its pages are built from nothing, without decks,
    unless the present ones were. Raises BuildError when the chapters have not been tested.
    """
    results, source = TEST / "chapters" / RESULTS, TEST / "src"
    if not results.is_dir():
        raise BuildError(f"There is no folder {results}: run `make notebooks` first.")
    chapters = {n: nbformat.read(ROOT / f"{n}.ipynb", as_version=4) for n in chapter_names()}
    stage(chapters, source)
    shutil.copytree(results, source / "chapters" / RESULTS, dirs_exist_ok=True)
    key, from_nothing = site_key(source), TEST / "_build" / "from-nothing.key"
    was_built = from_nothing.read_text(encoding="utf-8") if from_nothing.is_file() else None
    if clean and was_built != key:
        shutil.rmtree(TEST / "_build", ignore_errors=True)
    starts_empty = not (TEST / "_build").exists()
    build_site(source, TEST)
    if starts_empty:
        from_nothing.write_text(key, encoding="utf-8")
    elif was_built != key:
        from_nothing.unlink(missing_ok=True)
    if not clean:
        build_decks(chapters, TEST)


def build_site(source: Path, parent: Path) -> None:
    """Build the site of `source` in `parent`/_build/html, unless it is there already."""
    html, key_file = parent / "_build" / "html", parent / "_build" / "site.key"
    key = site_key(source)
    if (
        key_file.is_file()
        and key_file.read_text(encoding="utf-8") == key
        and (html / "index.html").is_file()
    ):
        print("Site: unchanged")
        return
    key_file.unlink(missing_ok=True)
    start = time.perf_counter()
    run_sphinx(source, parent)
    key_file.write_text(key, encoding="utf-8")
    print(f"Site: built in {time.perf_counter() - start:.0f} s")


def site_key(source: Path) -> str:
    """Hash everything that a site is built from."""
    files = [p for p in sorted(source.rglob("*")) if p.is_file()]
    named = [
        p.relative_to(source).as_posix().encode() + b"\n" + p.read_bytes()
        for p in files
        if not {"__pycache__", EXECUTED} & set(p.parts)
    ]
    return digest(library_key().encode(), *named)


def run_sphinx(source: Path, parent: Path) -> None:
    """Run jupyter-book on `source` with every warning an error; raise BuildError if it fails."""
    for page in pages_with_cells(source):
        page.touch()  # it shows models, library code or measurements that Sphinx knows nothing of
    # Not the script jupyter-book: its first line fails when the path to .venv has spaces.
    start = "from jupyter_book.cli.main import main; main()"
    command = [sys.executable, "-c", start, "build", str(source), "--path-output", str(parent)]
    command += ["-W", "-n", "--keep-going"]
    output = parent / "_build"
    output.mkdir(parents=True, exist_ok=True)
    with (output / "site.log").open("w+", encoding="utf-8") as log:
        done = subprocess.run(
            command,
            env={**kernel_environment(), "NO_COLOR": "1", "PYTHONPATH": str(ROOT)},
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


def update_chapters() -> None:
    """Write the chapters with new outputs to chapters/; clocks alone make no difference."""
    for name, executed in execute_all().items():
        path = ROOT / f"{name}.ipynb"
        old = nbformat.read(path, as_version=4)
        new = keep_timings(executed, old)
        if new != old:
            write(new, path)
            print(f"  {name}.ipynb: updated")


def test_chapters(folder: Path, fast: bool = False) -> int:
    """Run the chapters as committed under nbval, in a new `folder`; return 0 if all have passed.

    If `fast`, every training run is short.
    """
    lanes = share_out(copy_chapters(folder))
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env"]
    command += ["--nbval-cell-timeout", "1800", "-p", "no:cacheprovider", "--durations", "8"]
    environment = {**kernel_environment(), "PYTHONWARNINGS": warnings_as_errors()}
    if fast:
        environment["CHARLM_FAST"] = "1"

    def run(lane: list[Path]) -> int:
        done = subprocess.run(
            [*command, *map(str, lane)], env=environment, capture_output=True, text=True
        )
        print(done.stdout + done.stderr, flush=True)
        return done.returncode

    with ThreadPoolExecutor(len(lanes)) as pool:
        return max(pool.map(run, lanes))


def share_out(notebooks: list[Path]) -> list[list[Path]]:
    """Divide the chapters into lanes that run at a time, since one alone leaves cores idle.

    A chapter finds what those before it in its lane have trained; what else it would take from
    another chapter it trains again, unless that chapter is done.
    """
    second = [n for name in SECOND_LANE for n in notebooks if n.stem == name]
    return [lane for lane in ([n for n in notebooks if n not in second], second) if lane]


def warnings_as_errors() -> str:
    """Tell Python to fail where a cell or the library uses what is about to change elsewhere."""
    files = sorted((ROOT / "charlm_lib").rglob("*.py"))
    modules = [".".join(p.relative_to(ROOT).with_suffix("").parts) for p in files]
    names = ["__main__", *(module.removesuffix(".__init__") for module in modules)]
    kinds = ("DeprecationWarning", "FutureWarning")
    return ",".join(f"error::{kind}:{name}" for kind in kinds for name in names)


def main() -> int:
    """Run the command given on the command line and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("--clean", action="store_true", help="build the tested site from nothing")
    parser.add_argument("--fast", action="store_true", help="test chapters with short training")
    parser.add_argument(
        "--folder", type=Path, default=TEST / "chapters", help="where to test the chapters"
    )
    options = parser.parse_args()
    try:
        if options.command == "book":
            book()
        elif options.command == "slides":
            slides()
        elif options.command == "tested-site":
            tested_site(options.clean)
        elif options.command == "update-chapters":
            update_chapters()
        else:
            return test_chapters(options.folder, options.fast)
    except BuildError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
