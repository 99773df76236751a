"""What a chapter's outputs were computed from, in one key, and what of its results counts."""

import json
import threading
from pathlib import Path

from nbformat import NotebookNode

from tools.book import places
from tools.book.places import BuildError
from tools.library import code, digest, fingerprint

MARK = "charlm"  # in a chapter's metadata: its key, the results that it saved, and its outputs
CLOCKS = {"seconds", "compile_seconds"}
ACTING = {"raises-exception"}  # tags that change how a cell is executed
SET_UP = "set-up"  # the tag of the cell that `make repo` writes: an address decides no outcome
# Python 3.11 raises a SystemError where two threads parse at the same time (its issue 106905).
_PARSING = threading.Lock()


def chapter_key(
    name: str, nb: NotebookNode, results: dict[str, str], versions: bool = False
) -> str:
    """Hash what a chapter's outputs depend on.

    That is its code; of the library, what the imports reach and computes; and the results of the
    chapters before it, if it loads any. Text, comments, style sheets, colours and docstrings do not
    count, nor does the set-up cell.

    Args:
        name: the chapter.
        nb: its notebook.
        results: those of the chapters before it (file -> digest).
        versions: whether those of the packages count. They do for what was executed here, not for
            what is committed, which a reader's Python has with other versions of JAX.

    Raises:
        BuildError: a cell is not Python.
    """
    cells = [c for c in nb.cells if c.cell_type == "code" and SET_UP not in tags_of(c)]
    joined = "\n".join(c.source for c in cells)
    try:
        with _PARSING:
            library = fingerprint(joined, places.ROOT / "charlm_lib", versions)
            own = [[code(c.source), sorted(tags_of(c) & ACTING)] for c in cells]
    except SyntaxError as error:
        line = (error.text or "").strip()
        raise BuildError(f"{name}.ipynb has a line that is not Python: {line}") from error
    loaded = sorted(results.items()) if f"{places.RESULTS}/" in joined else []
    return digest(json.dumps([own, loaded]).encode(), library.encode())


def tags_of(cell: NotebookNode) -> set[str]:
    """Give the tags of a cell."""
    return set(cell.metadata.get("tags", []))


def results_in(folder: Path) -> dict[str, str]:
    """Hash the results beside the chapters of a folder: file -> digest."""
    files = sorted(p for p in (folder / places.RESULTS).rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): result_digest(p) for p in files}


def result_digest(path: Path) -> str:
    """Hash a result without its clocks: a training run that was repeated is still the same."""
    content = path.read_bytes()
    if path.suffix != ".safetensors":
        return digest(content)
    end = 8 + int.from_bytes(content[:8], "little")  # the format begins with a header's length
    header = json.loads(content[8:end])
    about = json.loads(header.get("__metadata__", {}).pop(MARK, "{}"))
    return digest(json.dumps([header, _without_clocks(about)]).encode(), content[end:])


def outputs_digest(nb: NotebookNode) -> str:
    """Hash a chapter's outputs, so that it shows if another run wrote others."""
    outputs = [c.outputs for c in nb.cells if c.cell_type == "code"]
    return digest(json.dumps([outputs, nb.metadata.get("widgets")], sort_keys=True).encode())


def marked(nb: NotebookNode, key: str, results: dict[str, str]) -> NotebookNode:
    """Write into a normalised chapter what its outputs were computed from."""
    mark = {"key": key, "results": results, "outputs": outputs_digest(nb)}
    return NotebookNode(nb, metadata=NotebookNode(nb.metadata, **{MARK: NotebookNode(mark)}))


def _without_clocks(value):
    if not isinstance(value, dict):
        return value
    return {k: _without_clocks(v) for k, v in value.items() if k not in CLOCKS}
