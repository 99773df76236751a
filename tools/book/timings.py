"""What a clock said stays as it was committed, while nothing else is new."""

import copy
import re

from nbformat import NotebookNode

from tools.book.normalise import family, shown_models
from tools.mime import saved_models


def keep_timings(new: NotebookNode, old: NotebookNode) -> NotebookNode:
    """Keep the outputs of `old` in cells tagged `timing` when nothing but times has changed.

    All other outputs must be as before, and so must the words that the timing cells print. Both
    notebooks must be normalised. A second execution then changes the file only where results
    changed, not where a clock was read.
    """

    def results(nb: NotebookNode) -> list:
        cells = [c for c in nb.cells if c.cell_type == "code" and not _is_timing(c)]
        state = saved_models(nb)
        roots = [m for c in cells for m in shown_models(c.outputs)]
        models = {m: state[m] for root in roots for m in family(root, state)}
        return [[(c.id, c.outputs) for c in cells], models]

    if results(new) != results(old):
        return new
    before = {c.id: c for c in old.cells if c.cell_type == "code" and _is_timing(c)}
    timing = [c for c in new.cells if c.cell_type == "code" and _is_timing(c)]
    if any(c.id not in before or _words(c) != _words(before[c.id]) for c in timing):
        return new
    kept = copy.deepcopy(new)
    for cell in kept.cells:
        if cell.cell_type == "code" and _is_timing(cell):
            cell.outputs = copy.deepcopy(before[cell.id].outputs)
    if "widgets" in old.metadata:
        kept.metadata.widgets = copy.deepcopy(old.metadata.widgets)
    return kept


def _words(cell: NotebookNode) -> str:
    """Give what a cell prints without the times: numbers with a decimal point or in seconds."""
    text = " ".join(output.get("text", "") for output in cell.outputs)
    return " ".join(re.sub(r"\d+\.\d+|\d+(?= s\b)", "#", text).split())


def _is_timing(cell: NotebookNode) -> bool:
    return "timing" in cell.metadata.get("tags", [])
