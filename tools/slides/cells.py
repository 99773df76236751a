"""What of a chapter is on its slides: the cells that have a slide type, in their order.

The types are Jupyter's (in JupyterLab: Property Inspector, Slide Type). `slide` begins a slide;
`fragment` adds what the next press of a key shows, `-` what is there at once, `notes` what the
speaker sees. A cell without a type, or with `skip`, is on no slide. A slide begins with a cell of
its own (tools/book/slide_only.py), whose first line is its title.
"""

import re

from docutils.nodes import make_id
from nbformat import NotebookNode

from tools.book.places import BuildError
from tools.book.slide_only import is_slide_only, text_of
from tools.book.stage import is_data_table, is_table
from tools.mime import WIDGET_VIEW

TYPES = {"slide", "fragment", "notes", "-"}
HEADING = re.compile(r"^(#{1,3}) (.+)$", re.MULTILINE)
CHAPTER, PAGE = re.compile(r"\]\(([\w-]+)\.ipynb"), re.compile(r"\]\(\.\./pages/([\w-]+)\.md")


def deck_cells(nb: NotebookNode) -> list[NotebookNode]:
    """Give the cells of a chapter's deck.

    Each knows in `metadata.deck` the title of the slide that it begins, and the place in the
    chapter to which the slide belongs.

    Raises:
        BuildError: a slide has no cell of its own to begin with.
    """
    cells, place = [], ""
    for cell in nb.cells:
        kind = cell.metadata.get("slideshow", {}).get("slide_type")
        if cell.cell_type == "markdown" and not is_slide_only(cell):
            for marks, title in HEADING.findall(cell.source):
                place = anchor(title) if len(marks) > 1 else ""
        if kind not in TYPES:
            continue
        shown = on_slide(cell)
        title = ""
        if kind == "slide":
            if not is_slide_only(cell):
                raise BuildError(f"a slide begins with a cell tagged slide-only: {cell.source!r}")
            title, _, shown.source = shown.source.partition("\n")
        shown.metadata.deck = {"title": title, "place": place}
        cells.append(shown)
    return cells


def anchor(heading: str) -> str:
    """Name the place of a heading on the site's page, as Sphinx does."""
    return make_id(re.sub(r"[*`$\\{}]", "", heading))


def on_slide(cell: NotebookNode) -> NotebookNode:
    """Give what a slide shows of a cell.

    Of code that draws, or that shows a widget or a table, it is that alone; of any other the code
    and what it printed. Of several widgets a slide has room for the first. `"shows": "code"` or
    `"output"` beside the slide type changes this.
    """
    cell = NotebookNode(cell, metadata=NotebookNode(cell.metadata))
    if cell.cell_type == "markdown":
        cell.source = linked(text_of(cell))
        return cell
    outputs = [output for output in cell.outputs if not is_data_table(output)]
    drawn = [o for o in outputs if is_drawn(o)] or [o for o in outputs if is_table(o)]
    if sum(is_widget(output) for output in drawn) > 1:
        drawn = drawn[:1]
    shows = cell.metadata.slideshow.get("shows", "output" if drawn else "both")
    cell.outputs = [] if shows == "code" else drawn or outputs
    cell.source = "" if shows == "output" else cell.source
    return cell


def is_drawn(output: NotebookNode) -> bool:
    """Say whether an output is a figure or a widget."""
    return is_widget(output) or any(kind.startswith("image/") for kind in output.get("data", {}))


def is_widget(output: NotebookNode) -> bool:
    """Say whether an output is a widget."""
    return WIDGET_VIEW in output.get("data", {})


def linked(text: str) -> str:
    """Let links to chapters and pages lead from a deck to the site's pages."""
    text = CHAPTER.sub(r"](../chapters/\1.html", text)
    return PAGE.sub(r"](../pages/\1.html", text)
