"""Where the book lies, its chapters in order, and the error that every command reports."""

from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "_build"
# Folders beside the chapters: the models that they trained, their widgets' weights, and their
# executed copies.
RESULTS, WEIGHTS, EXECUTED = "results", "weights", ".executed"


class BuildError(Exception):
    """The book cannot be built; the message says why and what to do."""


def source_folder() -> Path:
    """Give the folder in which chapters are executed, and from which the site is built."""
    return BUILD / "src"


def test_folder() -> Path:
    """Give the folder in which the chapters, and the site with their results, are tested."""
    return BUILD / "test"


def notebook(name: str) -> Path:
    """Give the file of a chapter."""
    return ROOT / f"{name}.ipynb"


def chapter_names() -> list[str]:
    """List the chapters of _toc.yml in reading order, as paths without suffix.

    Raises BuildError when the table of contents names a chapter that does not exist, or when a
    notebook in chapters/ is missing from it.
    """
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    files = [c["file"] for part in toc["parts"] for c in part["chapters"]]
    names = [f for f in files if f.startswith("chapters/")]
    missing = [n for n in names if not notebook(n).is_file()]
    if missing:
        raise BuildError(f"_toc.yml names chapters that do not exist: {', '.join(missing)}")
    found = {p.relative_to(ROOT).with_suffix("").as_posix() for p in ROOT.glob("chapters/*.ipynb")}
    if extra := sorted(found - set(names)):
        raise BuildError(f"_toc.yml does not list these chapters: {', '.join(extra)}")
    return names


def files_below(*names: str) -> list[Path]:
    """List the files at or below these places of the project, without what Python compiled."""
    found = set()
    for name in names:
        place = ROOT / name
        below = place.rglob("*") if place.is_dir() else ROOT.glob(name)
        found |= {p for p in below if p.is_file() and "__pycache__" not in p.parts}
    return sorted(found)
