"""Build the book, update the chapters' outputs, or test the chapters."""

import argparse
import shutil
import subprocess
import sys
import time

import nbformat
from execute import digest, execute_all, kernel_environment, library_key
from normalise import keep_timings, write
from stage import EXECUTED, ROOT, SOURCE, BuildError, copy_chapters, stage

BUILD = ROOT / "_build"
HTML, DOCTREES = BUILD / "html", BUILD / ".doctrees"
# The key of the sources that the site was built from; its time stamp tells make of a new site.
BUILT = BUILD / "site.key"


def book(clean: bool) -> None:
    """Execute what changed and build the site in _build/html, from nothing if `clean`."""
    stage(execute_all())
    if clean:
        for folder in (HTML, DOCTREES):
            shutil.rmtree(folder, ignore_errors=True)
        BUILT.unlink(missing_ok=True)
    key = site_key()
    if BUILT.is_file() and BUILT.read_text() == key and (HTML / "index.html").is_file():
        print("Site: unchanged")
    else:
        BUILT.unlink(missing_ok=True)
        start = time.perf_counter()
        run_sphinx()
        BUILT.write_text(key)
        print(f"Site: built in {time.perf_counter() - start:.0f} s")


def site_key() -> str:
    """Hash everything that the site is built from."""
    files = [p for p in sorted(SOURCE.rglob("*")) if p.is_file()]
    named = [
        p.relative_to(SOURCE).as_posix().encode() + b"\n" + p.read_bytes()
        for p in files
        if not {"__pycache__", EXECUTED} & set(p.parts)
    ]
    return digest(library_key().encode(), *named)


def run_sphinx() -> None:
    """Run jupyter-book on SOURCE with every warning an error; raise BuildError if it fails."""
    # The front page shows models and library code that Sphinx does not know it depends on.
    (SOURCE / "index.md").touch()
    # Not the script jupyter-book: its first line fails when the path to .venv has spaces.
    start = "from jupyter_book.cli.main import main; main()"
    command = [sys.executable, "-c", start, "build", str(SOURCE), "--path-output", str(ROOT)]
    command += ["-W", "-n", "--keep-going"]
    with (BUILD / "site.log").open("w+", encoding="utf-8") as log:
        done = subprocess.run(
            command, env=kernel_environment(), stdout=log, stderr=subprocess.STDOUT
        )
        if done.returncode:
            # Sphinx repeats a warning only for pages that it reads again: let it read all of them.
            shutil.rmtree(DOCTREES, ignore_errors=True)
            log.seek(0)
            raise BuildError(f"{log.read()}\nThe site was not built: see the warnings above.")


def update_chapters() -> None:
    """Write the chapters with new outputs to chapters/; clocks alone make no difference."""
    for name, executed in execute_all().items():
        path = ROOT / f"{name}.ipynb"
        old = nbformat.read(path, as_version=4)
        new = keep_timings(executed, old)
        if new != old:
            write(new, path)
            print(f"  {name}.ipynb: updated")


def test_chapters() -> int:
    """Run the chapters as committed under nbval, in a new folder, and return its status."""
    notebooks = copy_chapters(BUILD / "test" / "chapters")
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env"]
    command += ["--nbval-cell-timeout", "1800", "-p", "no:cacheprovider", "--durations", "8"]
    return subprocess.run([*command, *map(str, notebooks)], env=kernel_environment()).returncode


def main() -> int:
    """Run the command given on the command line and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=("book", "update-chapters", "test-chapters"))
    parser.add_argument("--clean", action="store_true", help="build the whole site anew")
    options = parser.parse_args()
    try:
        if options.command == "book":
            book(options.clean)
        elif options.command == "update-chapters":
            update_chapters()
        else:
            return test_chapters()
    except BuildError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
