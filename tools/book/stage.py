"""Collect what the site is built from in one folder, so that a build never touches the sources."""

import re
import shutil
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from tools.book import places
from tools.book.key import MARK
from tools.book.roles import each, with_roles
from tools.book.scripts import with_scripts
from tools.book.slide_only import without_slide_only
from tools.release import repository
from tools.site import front, licences

# The title of an exercise: its number, its grade and minutes, what it is.
EXERCISE = re.compile(r"^(?P<title>\*\*(?P<number>\d+)\. [^*]+\*\*)", re.MULTILINE)
ANCHORED = (
    r'<span id="exercise-\g<number>"></span>\g<title><a class="headerlink" '
    r'href="#exercise-\g<number>" title="Link to exercise \g<number>">#</a>'
)
# What one execution of the chapters leaves beside them, and staging must not delete.
IGNORED = {places.RESULTS, places.WEIGHTS, places.EXECUTED, ".ipynb_checkpoints", "__pycache__"}


def sources() -> dict[str, bytes]:
    """Collect what Sphinx reads besides the chapters' notebooks, by its place in the sources."""
    found = [places.ROOT / name for name in ("index.md", "_config.yml", "_toc.yml")]
    for folder in ("chapters", "pages", "tools/site"):
        found += [p for p in places.files_below(folder) if p.suffix not in (".ipynb", ".py")]
    by_place = {p.relative_to(places.ROOT): p for p in found}
    files = {
        k.as_posix(): p.read_bytes() for k, p in by_place.items() if not IGNORED & set(k.parts)
    }
    config = files["_config.yml"].decode()
    files["_config.yml"] = repository.config_with(config, repository.published()).encode()
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
    """Say whether an output is the table of a figure's numbers (charlm_lib/display/tables.py)."""
    return '<details class="charlm-data">' in output.get("data", {}).get("text/html", "")


def is_table(output: NotebookNode) -> bool:
    """Say whether an output is a table, of results or of a figure's numbers."""
    html = output.get("data", {}).get("text/html", "")
    return is_data_table(output) or '<div class="charlm-table"' in html


def with_tables_as_text(nb: NotebookNode) -> NotebookNode:
    """Move tables beside figures from the outputs of a cell to text below it.

    As outputs, each would get the number and the caption of its cell's figure.
    """
    cells = []
    for cell in nb.cells:
        has_figure = "figure" in cell.metadata.get("mystnb", {})
        moves = is_table if has_figure else is_data_table
        tables = [output for output in cell.get("outputs", []) if moves(output)]
        if tables:
            rest = [output for output in cell.outputs if output not in tables]
            cell = NotebookNode(cell, outputs=rest)
        cells.append(cell)
        for i, table in enumerate(tables):
            cells.append(new_markdown_cell(table.data["text/html"], id=f"{cell.id}-data-{i}"))
    return NotebookNode(nb, cells=cells)


def with_anchors(nb: NotebookNode) -> NotebookNode:
    """Let every exercise of a chapter have an address, which it shows when one points at it."""
    return each(nb, lambda text: EXERCISE.sub(ANCHORED, text))


def for_site(name: str, nb: NotebookNode) -> NotebookNode:
    """Give a chapter as the site needs it: with roles and scripts, without what others read.

    Its set-up cell, which readers download, has the address that the site is built for.
    """
    if (url := repository.published()) != repository.repository():
        nb = repository.chapter_with(nb, f"{name}.ipynb", url, repository.main_branch())
    page = without_slide_only(nb)
    staged = with_scripts(name, with_tables_as_text(with_anchors(with_roles(page))))
    kept = {k: v for k, v in staged.metadata.items() if k != MARK}
    return NotebookNode(staged, metadata=NotebookNode(kept))


def stage(chapters: dict[str, NotebookNode], folder: Path) -> None:
    """Make `folder` the sources of a site: `chapters` (name -> notebook) and sources().

    Whatever else lies there is removed, except what the execution of the chapters keeps.
    """
    notebooks = {
        f"{name}.ipynb": nbformat.writes(for_site(name, nb)).encode()
        for name, nb in chapters.items()
    }
    files = sources()
    files |= front.staged(chapters, files[front.PAGE].decode())
    wanted = {**files, **notebooks}
    place(wanted, folder)
    for path in folder.rglob("*"):
        name = path.relative_to(folder)
        if path.is_file() and name.as_posix() not in wanted and not IGNORED & set(name.parts):
            path.unlink()


def copy_chapters(target: Path) -> list[Path]:
    """Copy the chapters as committed to a new folder, without results, and list them in order."""
    if target.exists():
        shutil.rmtree(target)
    shutil.copytree(places.ROOT / "chapters", target, ignore=lambda _, names: IGNORED & set(names))
    return [target / f"{Path(name).name}.ipynb" for name in places.chapter_names()]
