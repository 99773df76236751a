"""Make an executed notebook the same text wherever and whenever it was executed."""

import copy
import hashlib
import json
import os
import re
import sys
import tempfile
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tools.book.folded import fold_answers
from tools.book.scripts import without_scripts
from tools.library import write_whole
from tools.mime import WIDGET_STATE, WIDGET_VIEW, saved_models

REFERENCE = re.compile(r"IPY_MODEL_([0-9a-zA-Z_-]+)")
# What editors and kernels write into a cell and nobody reads.
CELL_NOISE = {
    "ExecuteTime",
    "collapsed",
    "colab",
    "execution",
    "id",
    "outputId",
    "pycharm",
    "scrolled",
    "trusted",
    "vscode",
}
NOTEBOOK_KEPT = {"authors", "charlm", "colab", "mystnb", "title"}
ADDRESS = re.compile(r"(?<= at )0x[0-9a-f]{6,}")
KERNEL_FILE = re.compile(r"\S*ipykernel_\d+/\d+\.py")


def normalise(nb: NotebookNode, folders: dict[str, str] | None = None) -> NotebookNode:
    """Return a copy of `nb` without anything that differs between two equal runs.

    Cell ids come from the cells' text, widget ids from the cells that show them; execution counts
    are 1..n; streams are joined; metadata of kernels and editors, memory addresses and the paths in
    `folders` (folder -> what to write instead) are gone. Widget models that no output shows are
    dropped, and so are outputs whose widget was not saved with them, and the widgets' scripts. What
    answers a box "Predict first" is folded.
    Normalising twice changes nothing.
    """
    nb = copy.deepcopy(nb)
    nb.nbformat, nb.nbformat_minor = 4, 5
    seen: dict[str, int] = {}
    count, models = 0, saved_models(nb)
    for cell in nb.cells:
        cell.id = _cell_id(cell, seen)
        cell.metadata = NotebookNode(
            {k: v for k, v in cell.metadata.items() if k not in CELL_NOISE}
        )
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
            kept = [output for output in cell.outputs if _is_whole(output, models)]
            cell.outputs = [_clean(o, count, folders or {}) for o in _join_streams(kept)]
    fold_answers(nb)
    manager = nb.metadata.get("widgets", {}).get(WIDGET_STATE)
    nb.metadata = NotebookNode({k: v for k, v in nb.metadata.items() if k in NOTEBOOK_KEPT})
    nb.metadata.kernelspec = NotebookNode(
        display_name="Python 3", language="python", name="python3"
    )
    nb.metadata.language_info = NotebookNode(name="python")
    if models:
        _name_widgets(nb, manager)
    return nb


def machine_folders(run_folder: Path) -> dict[str, str]:
    """List the folders of this machine that may appear in outputs, and what replaces each."""
    folders = {
        str(run_folder.resolve()): ".",
        str(run_folder.resolve().parent): "..",
        str(Path(__file__).resolve().parents[2]): "...",
        sys.prefix: ".venv",
        tempfile.gettempdir(): "<temporary folder>",
    }
    home = os.path.expanduser("~")
    if home not in ("~", "/", ""):
        folders[home] = "~"
    return folders


def write(nb: NotebookNode, path: Path) -> None:
    """Write a notebook so that a crash leaves the old file or the new one, never half of one."""
    nbformat.validate(nb)
    write_whole(path, (nbformat.writes(nb).rstrip("\n") + "\n").encode())


def _cell_id(cell: NotebookNode, seen: dict[str, int]) -> str:
    """Name a cell by its text, and by its rank among cells of the same text."""
    digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:12]
    seen[digest] = seen.get(digest, 0) + 1
    return digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"


def _join_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join what a cell printed; which of stdout and stderr came first is a race."""
    joined: list[NotebookNode] = []
    run: dict[str, NotebookNode] = {}
    for output in map(_as_stream, outputs):
        if output.output_type != "stream":
            run = {}
            joined.append(output)
        elif output.name in run:
            run[output.name].text += output.text
        else:
            run[output.name] = output
            joined.append(output)
    for output in joined:
        if output.output_type == "stream":
            # A carriage return starts the line again: keep what a terminal would show.
            lines = output.text.replace("\r\n", "\n").split("\n")
            output.text = "\n".join(line.rstrip("\r").rsplit("\r", 1)[-1] for line in lines)
    rank = {"stdout": 0, "stderr": 1}
    for i in range(len(joined) - 1):
        pair = joined[i : i + 2]
        if all(o.output_type == "stream" for o in pair):
            joined[i : i + 2] = sorted(pair, key=lambda o: rank[o.name])
    return joined


def _as_stream(output: NotebookNode) -> NotebookNode:
    """Turn a line that was displayed, and updated in place, into printed text.

    The site would otherwise make a figure of it when the cell has a figure caption.
    """
    if output.output_type == "display_data" and set(output.data) == {"text/plain"}:
        text = output.data["text/plain"] + "\n"
        return nbformat.v4.new_output("stream", name="stdout", text=text)
    return output


def _clean(output: NotebookNode, count: int, folders: dict[str, str]) -> NotebookNode:
    """Remove addresses and this machine's folders from one output's text."""

    def scrub(text: str) -> str:
        text = KERNEL_FILE.sub("<this cell>", ADDRESS.sub("0x...", text))
        for folder in sorted(folders, key=len, reverse=True):
            text = text.replace(folder, folders[folder])
        return text

    if output.output_type == "stream":
        output.text = scrub(output.text)
    elif output.output_type == "error":
        output.evalue = scrub(output.evalue)
        output.traceback = [scrub(line) for line in output.traceback]
    else:
        if output.output_type == "execute_result":
            output.execution_count = count
        for kind, value in output.data.items():
            if kind.startswith("text/") or kind == "image/svg+xml":
                output.data[kind] = scrub(value if isinstance(value, str) else "".join(value))
    return output


def shown_models(outputs: list[NotebookNode]) -> list[str]:
    """List the widget models that outputs show."""
    return [
        output.data[WIDGET_VIEW]["model_id"]
        for output in outputs
        if output.output_type in ("display_data", "execute_result") and WIDGET_VIEW in output.data
    ]


def _is_whole(output: NotebookNode, models: dict) -> bool:
    """Say whether every widget model that an output needs was saved."""
    return all(model in models for root in shown_models([output]) for model in family(root, models))


def family(root: str, state: dict) -> list[str]:
    """List a widget model and, breadth first, the models that it refers to, saved or not."""
    found = [root]
    for model in found:
        text = json.dumps(state.get(model), sort_keys=True)
        found += [m for m in dict.fromkeys(REFERENCE.findall(text)) if m not in found]
    return found


def _name_widgets(nb: NotebookNode, manager: dict) -> None:
    """Give the widget models names that come from their cells, and drop the models not shown."""
    state = manager["state"]
    names: dict[str, str] = {}
    for cell in nb.cells:
        shown = shown_models(cell.outputs) if cell.cell_type == "code" else []
        models = [m for root in shown for m in family(root, state) if m not in names]
        for rank, model in enumerate(dict.fromkeys(models)):
            names[model] = hashlib.sha256(f"{cell.id}/{rank}".encode()).hexdigest()[:32]
    if not names:
        return
    # Model ids are 32 random hex digits, so replacing them in the text touches nothing else.
    pattern = re.compile("|".join(map(re.escape, names)))

    def renamed(value):
        text = json.dumps(value, ensure_ascii=False)
        return nbformat.from_dict(json.loads(pattern.sub(lambda m: names[m.group()], text)))

    kept = {names[m]: without_scripts(renamed(state[m])) for m in names}
    nb.metadata.widgets = nbformat.from_dict({WIDGET_STATE: {**manager, "state": kept}})
    for cell in nb.cells:
        if cell.cell_type == "code":
            cell.outputs = [renamed(output) for output in cell.outputs]
