"""The groups of `make test`: what each runs, and which files decide whether it has to run again."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

import nbformat

from tools import browsers
from tools.book import changed, places
from tools.book.notebooks import test_chapters
from tools.paper import book as paper
from tools.site import build as site

# Tests with environments or browsers of their own, which `make unit` leaves out.
APART = ("tests/browser", "tests/colab", "tests/pack", "tests/robust")
CODE = ("charlm_lib", "tools", "benchmarks", "tests", "pyproject.toml", "requirements.txt")
BOOK = ("chapters", "pages", "index.md", "_config.yml", "_toc.yml")
PROJECT = ("locks", "Makefile", ".ci", ".github", ".gitattributes", "*.md", "*.cff", "LICENSE*")


@dataclass(frozen=True)
class Group:
    """Tests that run together.

    Args:
        run: runs them; returns whether all have passed.
        key: hashes everything that they depend on.
        needs: says whether all is there for them; tests that were skipped have not passed.
        after: the group whose results they look at.
        is_strict: whether the run fails where something is not there.
    """

    run: Callable[[], bool]
    key: Callable[[], str]
    needs: Callable[[], object] = lambda: True
    after: str = ""
    is_strict: bool = False


def key_of(*names: str, without: tuple[str, ...] = ()) -> str:
    """Hash the files at these places of the project, except some, and Python's version."""
    left_out = [places.ROOT / name for name in without]
    files = [p for p in places.files_below(*names) if not set(left_out) & {p, *p.parents}]
    return changed.key_of(files, sys.version)


def notebooks_key() -> str:
    """Hash what a run of the chapters depends on: not their text, nor what only browsers read."""
    library = [p for p in places.files_below("charlm_lib") if p.suffix not in (".js", ".css")]
    cells = [
        [c.source, c.metadata, c.outputs]
        for name in places.chapter_names()
        for c in nbformat.read(places.notebook(name), as_version=4).cells
        if c.cell_type == "code"
    ]
    files = [*library, *places.files_below("requirements.txt", "_toc.yml")]
    return changed.key_of(files, json.dumps(cells, sort_keys=True), sys.version)


def python(*arguments: str, **environment: str) -> bool:
    """Run Python with arguments in the project's folder; say whether it ended well."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=places.ROOT, env={**os.environ, **environment}
    )
    return done.returncode == 0


def lint() -> bool:
    """Check the style of Python files and notebooks."""
    return python("-m", "ruff", "check", ".") and python("-m", "ruff", "format", "--check", ".")


def unit() -> bool:
    """Test the library and the tools."""
    return python("-m", "pytest", "tests", *(f"--ignore={folder}" for folder in APART), "-n", "2")


def notebooks() -> bool:
    """Run the chapters in full and compare the outputs that must not change."""
    return test_chapters(places.test_folder() / "chapters") == 0


WEBKIT = "tests/browser/test_webkit.py"


def browser() -> bool:
    """Test the site, built from the committed chapters, and its PDF in Chromium."""
    site.build_tested(clean=False)
    paper.make(places.test_folder())
    pytest = ("-m", "pytest", "tests/browser", f"--ignore={WEBKIT}")
    return python(*pytest, "-n", "3", "-m", "not alone") and python(*pytest, "-m", "alone")


def engines() -> bool:
    """Test that site in other engines: in Firefox what is marked `engines`, and in WebKit.

    What is not installed is skipped, and pytest says why.
    """
    pytest = ("-m", "pytest", "-rs", "-n", "2")
    in_firefox = python(*pytest, "tests/browser", "-m", "engines", CHARLM_ENGINE="firefox")
    return python(*pytest, WEBKIT) and in_firefox


GROUPS = {
    "lint": Group(lint, lambda: key_of(*CODE, "chapters/*.ipynb")),
    "unit": Group(
        unit,
        lambda: key_of(*CODE, *BOOK, *PROJECT, without=APART),
        needs=lambda: shutil.which("node"),
        is_strict=True,  # all that is known of the page's code is tested there
    ),
    "notebooks": Group(notebooks, notebooks_key),
    "browser": Group(
        browser,
        lambda: key_of(*CODE, *BOOK),
        needs=lambda: not browsers.missing() and "CHARLM_SITE" not in os.environ,  # another site
        after="notebooks",
    ),
    "engines": Group(
        engines,
        lambda: key_of(*CODE, *BOOK),
        needs=lambda: not browsers.missing_engines(),
        after="browser",
    ),
}


def run(names: list[str], again: bool) -> bool:
    """Run groups of tests; return whether all have passed.

    Args:
        names: of GROUPS; those that a group comes after are run first if they changed.
        again: whether to run what has passed for the present files, too.
    """
    return all(passes(name, again) for name in names)


def passes(name: str, again: bool = False) -> bool:
    """Say whether a group has passed for the present files; run it if that is not known."""
    group, noted = GROUPS[name], f"test {name}"
    if group.after and not passes(group.after):
        return False
    key = group.key()
    if changed.is_same(noted, key) and not again:
        print(f"{name}: has passed for the present files")
        return True
    changed.forget(noted)
    if not group.run():
        print(f"{name}: failed", file=sys.stderr)
        return False
    if group.needs():
        changed.note(noted, key)
        return True
    if group.is_strict:
        print(f"{name}: has not passed, since tests were skipped: see above", file=sys.stderr)
        return False
    print(f"{name}: passed, except for what was skipped; the next `make test` runs it again")
    return True
