"""Weights of widgets: in files beside the committed chapters, where they are no text of a notebook.

A notebook would hold the same bytes as a third more of letters, once for each widget. The site puts
them into its pages; a widget in a notebook gets them when its cell runs.
"""

import base64
import copy
import hashlib
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tools.book import places
from tools.book.normalise import write
from tools.library import write_whole
from tools.mime import saved_models

LONG = 4000  # letters of base64; what is shorter stays in the notebook


def _buffers(nb: NotebookNode) -> list[NotebookNode]:
    return [buffer for model in saved_models(nb).values() for buffer in model.get("buffers", [])]


def set_aside(nb: NotebookNode) -> tuple[NotebookNode, dict[str, bytes]]:
    """Take long weights out of a chapter: give it, and the files that it names by content."""
    nb, files = NotebookNode(nb, metadata=copy.deepcopy(nb.metadata)), {}
    for buffer in _buffers(nb):
        if len(buffer["data"]) >= LONG:
            content = base64.b64decode(buffer["data"])
            name = hashlib.sha256(content).hexdigest()[:16] + ".bin"
            files[name] = content
            buffer["data"], buffer["file"] = "", name
    return nb, files


def put_back(nb: NotebookNode, folder: Path) -> NotebookNode:
    """Put weights into a chapter again; what is no longer in `folder` as it was stays out."""
    nb = NotebookNode(nb, metadata=copy.deepcopy(nb.metadata))
    for buffer in _buffers(nb):
        path = folder / buffer.get("file", "")
        content = path.read_bytes() if path.is_file() else b""
        if hashlib.sha256(content).hexdigest()[:16] == path.stem:
            buffer["data"] = base64.b64encode(content).decode()
            del buffer["file"]
    return nb


def read_chapter(name: str) -> NotebookNode:
    """Read a committed chapter with its widgets' weights."""
    path = places.notebook(name)
    return put_back(nbformat.read(path, as_version=4), path.parent / places.WEIGHTS)


def write_chapter(nb: NotebookNode, path: Path) -> None:
    """Write a chapter, and its widgets' weights beside it."""
    nb, files = set_aside(nb)
    for name, content in files.items():
        (path.parent / places.WEIGHTS).mkdir(exist_ok=True)
        write_whole(path.parent / places.WEIGHTS / name, content)
    write(nb, path)


def remove_unused() -> None:
    """Remove the weights that no committed chapter names any longer."""
    chapters = [nbformat.read(places.notebook(n), as_version=4) for n in places.chapter_names()]
    named = {buffer.get("file") for nb in chapters for buffer in _buffers(nb)}
    for path in (places.ROOT / "chapters" / places.WEIGHTS).glob("*.bin"):
        if path.name not in named:
            path.unlink()
