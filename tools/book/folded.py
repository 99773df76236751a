"""Folds in a notebook what answers a box "Predict first", until the reader opens it.

JupyterLab and Notebook 7 fold the outputs of a cell to three dots until a click opens them, or the
cell is run. Beside the dots JupyterLab writes the first line of what was printed. On the site
`tools/site/predict.js` hides the same outputs.
"""

import re

from nbformat import NotebookNode

from tools.mime import WIDGET_VIEW

MARKS = re.compile(r"^(?P<heading>#{1,6} )|^> \*\*Predict first\*\*$", re.MULTILINE)
SLIDES = "slide-only"  # the tag of cells that a notebook does not show


def fold_answers(nb: NotebookNode) -> None:
    """Fold the outputs from each box to the next heading; a widget keeps its own answer."""
    is_asked = False
    for cell in nb.cells:
        if cell.cell_type == "code":
            set_folded(cell, is_asked and bool(cell.outputs) and not shows_widget(cell))
        elif SLIDES not in cell.metadata.get("tags", []):
            for mark in MARKS.finditer(cell.source):
                is_asked = not mark["heading"]


def shows_widget(cell: NotebookNode) -> bool:
    """Say whether an output of a cell is a widget."""
    return any(WIDGET_VIEW in output.get("data", {}) for output in cell.outputs)


def set_folded(cell: NotebookNode, is_folded: bool) -> None:
    """Write into a code cell's metadata whether its outputs are folded."""
    about = {k: v for k, v in cell.metadata.get("jupyter", {}).items() if k != "outputs_hidden"}
    if is_folded:
        about["outputs_hidden"] = True
    if about:
        cell.metadata["jupyter"] = NotebookNode(about)
    else:
        cell.metadata.pop("jupyter", None)
