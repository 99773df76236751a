"""Cells of a chapter that only its slides show: neither its page nor a reader's notebook does.

They are Markdown cells with the tag `slide-only`, and all that they say stands in an HTML comment.
GitHub, Colab, VS Code and JupyterLab show nothing of a comment, so that whoever reads the notebook
there does not read everything twice; the site leaves the cells out.
"""

import re

from nbformat import NotebookNode

from tools.book.places import BuildError

TAG = "slide-only"
COMMENT = re.compile(r"\s*<!--(?P<text>.*?)-->\s*", re.DOTALL)


def is_slide_only(cell: NotebookNode) -> bool:
    """Say whether only slides show a cell."""
    return TAG in cell.metadata.get("tags", [])


def text_of(cell: NotebookNode) -> str:
    """Give what a Markdown cell says, on slides or on the page.

    Raises BuildError when a cell for slides would show something in a notebook.
    """
    if not is_slide_only(cell):
        return cell.source
    comment = COMMENT.fullmatch(cell.source)
    if cell.cell_type != "markdown" or not comment:
        raise BuildError(
            f"a cell tagged {TAG} has to be Markdown within <!-- and -->, which no notebook shows: "
            f"{cell.source[:60]!r}"
        )
    return comment["text"].strip()


def has_slides(nb: NotebookNode) -> bool:
    """Say whether a chapter has a deck; a page of reference has none."""
    return any(is_slide_only(cell) for cell in nb.cells)


def without_slide_only(nb: NotebookNode) -> NotebookNode:
    """Give a chapter as its page shows it."""
    return NotebookNode(nb, cells=[cell for cell in nb.cells if not is_slide_only(cell)])
