"""Collect what the site is built from in one folder, so that a build never touches the sources."""

import shutil
from pathlib import Path

import nbformat
import yaml
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from tools.site import licences

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "_build" / "src"
# What one execution of the chapters leaves in SOURCE / "chapters", and staging must not delete.
RESULTS, EXECUTED = "results", ".executed"
IGNORED = {RESULTS, EXECUTED, ".ipynb_checkpoints", "__pycache__"}


class BuildError(Exception):
    """The book cannot be built; the message says why and what to do."""


def chapter_names() -> list[str]:
    """List the chapters of _toc.yml in reading order, as paths without suffix.

    Raises BuildError when the table of contents names a chapter that does not exist, or when a
    notebook in chapters/ is missing from it.
    """
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    files = [c["file"] for part in toc["parts"] for c in part["chapters"]]
    names = [f for f in files if f.startswith("chapters/")]
    missing = [n for n in names if not (ROOT / f"{n}.ipynb").is_file()]
    if missing:
        raise BuildError(f"_toc.yml names chapters that do not exist: {', '.join(missing)}")
    found = {p.relative_to(ROOT).with_suffix("").as_posix() for p in ROOT.glob("chapters/*.ipynb")}
    if extra := sorted(found - set(names)):
        raise BuildError(f"_toc.yml does not list these chapters: {', '.join(extra)}")
    return names


def sources() -> dict[str, bytes]:
    """Collect what Sphinx reads besides the chapters' notebooks, by its place below SOURCE."""
    found = [ROOT / name for name in ("index.md", "_config.yml", "_toc.yml")]
    for folder in ("chapters", "pages", "tools/site"):
        found += [
            p for p in sorted((ROOT / folder).rglob("*")) if p.suffix not in (".ipynb", ".py")
        ]
    places = {p.relative_to(ROOT): p for p in found if p.is_file()}
    files = {k.as_posix(): p.read_bytes() for k, p in places.items() if not IGNORED & set(k.parts)}
    if page := files.get("pages/licences.md"):
        files["pages/licences.md"] = page.replace(licences.MARK.encode(), licences.table().encode())
    return files


def place(files: dict[str, bytes], folder: Path) -> None:
    """Write `files` below `folder`; a file that is already the same keeps its time stamp."""
    for name, content in files.items():
        target = folder / name
        if not target.is_file() or target.read_bytes() != content:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)


def is_data_table(output: NotebookNode) -> bool:
    """Say whether an output is the table of a figure's numbers (charlm_lib/tables.py)."""
    return '<details class="charlm-data">' in output.get("data", {}).get("text/html", "")


def with_tables_as_text(nb: NotebookNode) -> NotebookNode:
    """Move the tables of figures' numbers from the outputs of a cell to text below it.

    As outputs, each would get the number and the caption of its cell's figure.
    """
    cells = []
    for cell in nb.cells:
        tables = [output for output in cell.get("outputs", []) if is_data_table(output)]
        if tables:
            rest = [output for output in cell.outputs if output not in tables]
            cell = NotebookNode(cell, outputs=rest)
        cells.append(cell)
        for i, table in enumerate(tables):
            cells.append(new_markdown_cell(table.data["text/html"], id=f"{cell.id}-data-{i}"))
    return NotebookNode(nb, cells=cells)


def stage(chapters: dict[str, NotebookNode], folder: Path) -> None:
    """Make `folder` the sources of a site: `chapters` (name -> notebook) and sources().

    Whatever else lies there is removed, except what the execution of the chapters keeps.
    """
    notebooks = {
        f"{name}.ipynb": nbformat.writes(with_tables_as_text(nb)).encode()
        for name, nb in chapters.items()
    }
    wanted = {**sources(), **notebooks}
    place(wanted, folder)
    for path in folder.rglob("*"):
        name = path.relative_to(folder)
        if path.is_file() and name.as_posix() not in wanted and not IGNORED & set(name.parts):
            path.unlink()


def copy_chapters(target: Path) -> list[Path]:
    """Copy the chapters as committed to a new folder, without results, and list them in order."""
    if target.exists():
        shutil.rmtree(target)
    shutil.copytree(ROOT / "chapters", target, ignore=lambda _, names: IGNORED & set(names))
    return [target / f"{Path(name).name}.ipynb" for name in chapter_names()]
