"""Decide what of a chapter is on its slides: a notebook in, one with `slideshow` metadata out.

A cell that carries its own slide type (in JupyterLab: Property Inspector, Slide Type) keeps it and
is shown whole. Any other cell follows the rule that deck_cells() states.
"""

import re
from dataclasses import dataclass, field

from docutils.nodes import make_id
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from tools.book.stage import is_data_table, is_table
from tools.mime import WIDGET_VIEW
from tools.slides.parts import (
    ALONE,
    EXERCISE,
    HEADING,
    LEAD,
    OUTPUT_LINE,
    blocks,
    code_size,
    cut,
    height,
    printed,
    shown,
    split_code,
    wrapped,
)
from tools.slides.text import References, plain

# Pixels on a slide of 1280 x 720.
ROOM = 560  # below the title and above the foot
FIGURE = 400  # no figure is lower, caption included
FIGURE_CODE_LINES = 3  # a figure shares its slide with no more code than that

NEVER = {"hide-cell", "remove-cell", "skip-slide"}
NO_CODE, NO_OUTPUT = {"hide-input", "remove-input"}, {"hide-output", "remove-output"}
TYPES = {"slide", "subslide", "fragment", "skip", "notes", "-"}


@dataclass
class Deck:
    """The slides so far, and the one that is being filled."""

    references: References
    cells: list[NotebookNode] = field(default_factory=list)
    title: str = ""
    level: int = 0
    next_type: str = "slide"  # how the next slide begins
    is_open: bool = False
    used: int = 0
    has_code: bool = False
    waiting: list[str] = field(default_factory=list)  # notes for the slide that comes

    def heading(self, level: int, title: str) -> None:
        """Begin a new topic; its slide follows with the first thing to show."""
        self.title, self.level = title, level
        if level < 3:
            self.next_type = "slide"
        self.is_open, self.has_code = False, False

    def begin(self, slide_type: str | None = None) -> None:
        """Begin a slide, with the title of its topic."""
        anchor = make_id(re.sub(r"[*`$\\{}]", "", self.title)) if self.level > 1 else ""
        slide_type = slide_type or self.next_type
        is_first = self.level == 1 and slide_type == "slide"
        self.add(
            new_markdown_cell(f"{'#' if is_first else '##'} {self.title or '…'}"),
            slide_type,
            role="title",
            anchor=anchor,
        )
        self.next_type, self.is_open, self.used, self.has_code = "subslide", True, 0, False
        waiting, self.waiting = self.waiting, []
        for text in waiting:
            self.note(text)

    def add(self, cell: NotebookNode, slide_type: str = "-", **deck: object) -> None:
        """Append a cell with its slide type and what the template needs to know."""
        cell.metadata["slideshow"] = cell.metadata.get("slideshow", {}) | {"slide_type": slide_type}
        cell.metadata["deck"] = deck
        if cell.cell_type == "markdown":
            cell.source = plain(cell.source, self.references)
        cell.pop("id", None)
        cell.id = f"slide-cell-{len(self.cells)}"
        self.cells.append(cell)

    def note(self, text: str) -> None:
        """Give the speaker a text that the slide does not show, or not whole."""
        if self.is_open:
            self.add(new_markdown_cell(text), "notes")
        else:
            self.waiting.append(text)

    def show(self, text: str, needs: int) -> None:
        """Show Markdown on this slide if there is room, or else on the next."""
        if not self.is_open or self.has_code or (self.used and self.used + needs > ROOM):
            self.begin()
        self.add(new_markdown_cell(text))
        self.used += needs

    def markdown(self, source: str, then: str) -> None:
        """Show a Markdown cell: headings, formulas, lists, and of prose the leading sentences.

        `then` says what follows the cell: "code", "heading" or "text".
        """
        parts, first = blocks(source), True
        for i, (kind, text) in enumerate(parts):
            following = parts[i + 1].kind if i + 1 < len(parts) else then
            if kind == "heading":
                marks, title = HEADING.fullmatch(text).groups()
                self.heading(len(marks), title.strip())
                first = True
                continue
            if kind == "paragraph":
                rest = [p.kind for p in parts[i:]]
                alone = "heading" in rest or then == "heading"
                introduces = following in ("equation", "list", "table", "admonition")
                self.prose(text, first, introduces, alone)
            elif kind == "details" or (kind == "admonition" and "{admonition}" not in text):
                self.note(text)
            else:
                self.show(text, height(kind, text))
            first = False

    def prose(self, text: str, first: bool, introduces: bool, alone: bool) -> None:
        """Show an excerpt of a paragraph; the speaker gets the whole.

        A new slide begins for the first paragraph of a topic or before code, and for one before a
        formula or list. What merely comments on what is shown already is added if there is room.
        """
        is_comment = not introduces and (text[0].islower() or (alone and self.has_code))
        limit = (ALONE if alone and not self.has_code else LEAD) if first or is_comment else 0
        excerpt = shown(text, limit, introduces)
        is_exercise = bool(EXERCISE.match(text))
        if is_exercise:
            self.is_open = False  # one exercise a slide
        if excerpt and is_comment and not is_exercise:
            needs = height("paragraph", excerpt)
            if self.is_open and self.used + needs <= ROOM:
                self.add(new_markdown_cell(excerpt))
                self.used += needs
            else:
                excerpt = ""
        elif excerpt:
            self.show(excerpt, height("paragraph", excerpt))
        if excerpt != " ".join(text.split()):
            self.note(text)
        if self.level == 1 and first:
            self.is_open = False  # the title slide holds a title and why you should care

    def code(self, cell: NotebookNode) -> None:
        """Show a code cell: beside its introduction if both fit, else on a slide of its own."""
        tags = set(cell.metadata.get("tags", []))
        source = "" if tags & NO_CODE else cell.source.strip()
        outputs = [] if tags & NO_OUTPUT else [cut(o) for o in cell.outputs]
        text = [o for o in outputs if printed(o) is not None]
        rich = [o for o in outputs if printed(o) is None]
        if any(WIDGET_VIEW in o.get("data", {}) for o in rich):
            source = ""  # the call of a widget says nothing
        *before, source = split_code(source)
        for part in before:
            self.piece(cell, code_size(part)[1] + 40, source=part, goes_on=True)
            self.is_open = False
        needs = code_size(source)[1] if source else 0
        below = sum(wrapped(printed(o)) * OUTPUT_LINE + 20 for o in text)
        if rich:
            if len(source.splitlines()) > FIGURE_CODE_LINES:
                self.piece(cell, needs, source=source)
                self.is_open, source, needs = False, "", 0
            figure = [o for o in rich if WIDGET_VIEW not in o.get("data", {})]
            few = [o for o in text if wrapped(printed(o)) <= FIGURE_CODE_LINES]
            least = FIGURE + needs + below if figure else ROOM
            self.piece(cell, least, source=source, outputs=[*few, *rich])
            return
        if source and needs + below > ROOM and text:
            self.piece(cell, needs, source=source)
            self.is_open, source, needs = False, "", 0
        if source or text:
            self.piece(cell, needs + below, source=source, outputs=text)

    def piece(self, cell, needs: int, source="", outputs=(), goes_on: bool = False) -> None:
        """Show a cell's code or a part of it, its outputs, or both."""
        is_widget = any(WIDGET_VIEW in o.get("data", {}) for o in outputs)
        lead_room = 200 if is_widget else ROOM - needs
        if not self.is_open or self.has_code or self.used > lead_room:
            self.begin()
        part = NotebookNode(cell)
        part.metadata = NotebookNode(cell.metadata)
        part.source, part.outputs = source, list(outputs)
        size, _, is_long = code_size(source)
        lines = len(source.splitlines())
        self.add(part, size=size, lines=lines, long=is_long, goes_on=goes_on)
        self.has_code = True
        self.used += needs

    def as_told(self, cell: NotebookNode, slide_type: str) -> None:
        """Show a cell whole, as its own metadata says."""
        if slide_type in ("slide", "subslide"):
            own_heading = cell.cell_type == "markdown" and HEADING.match(cell.source)
            if own_heading:
                self.heading(len(own_heading[1]), own_heading[2].strip())
                anchor = make_id(self.title) if self.level > 1 else ""
                self.add(cell, slide_type, role="title", anchor=anchor)
                self.next_type, self.is_open, self.used = "subslide", True, ROOM // 3
                return
            self.begin(slide_type)
            slide_type = "-"
        elif not self.is_open and slide_type != "notes":
            self.begin()
        size, _, is_long = code_size(cell.source)
        lines = len(cell.source.splitlines())
        self.add(cell, slide_type, size=size, lines=lines, long=is_long, goes_on=False)
        self.has_code = self.has_code or (cell.cell_type == "code" and slide_type != "notes")


def slide_type(cell: NotebookNode) -> str | None:
    """Return the slide type that a cell was given by its author, if any."""
    given = cell.metadata.get("slideshow", {}).get("slide_type")
    return given if given in TYPES else None


def what_follows(cells: list[NotebookNode]) -> str:
    """Say what the next cell, if there is one, means for the text before it."""
    if not cells:
        return "heading"
    if cells[0].cell_type == "code":
        return "heading" if NEVER & set(cells[0].metadata.get("tags", [])) else "code"
    return "heading" if HEADING.match(cells[0].source) else "text"


def shows_figure(cell: NotebookNode) -> bool:
    """Say whether a code cell shows a picture."""
    kinds = (kind for output in cell.outputs for kind in output.get("data", {}))
    return any(kind.startswith("image/") for kind in kinds)


def deck_cells(notebook: NotebookNode, references: References) -> list[NotebookNode]:
    """Return the cells of a chapter's deck, each with a slide type.

    The rule for cells without one of their own: `#` and `##` begin a slide and `###` a subslide.
    Formulas, lists, tables and boxes are shown; of prose the leading sentences, and all of it goes
    to the speaker's notes. A code cell stands below its introduction if both fit, else on a
    subslide. What comes before the first `##` is set-up and is skipped, as are hidden solutions.
    """
    deck = Deck(references)
    is_setup = True
    for i, cell in enumerate(notebook.cells):
        is_setup = is_setup and not re.search(r"^## ", cell.source, re.MULTILINE)
        if cell.cell_type == "code":
            # A figure says what a table beside it says; the slide has room for one of them.
            drops = is_table if shows_figure(cell) else is_data_table
            cell = NotebookNode(cell, outputs=[o for o in cell.outputs if not drops(o)])
        given = slide_type(cell)
        if given == "skip":
            continue
        if given:
            deck.as_told(cell, given)
        elif cell.cell_type == "markdown":
            deck.markdown(cell.source, what_follows(notebook.cells[i + 1 : i + 2]))
        elif cell.cell_type == "code":
            if not is_setup and not NEVER & set(cell.metadata.get("tags", [])):
                deck.code(cell)
    if not deck.cells:
        deck.begin()  # a chapter that is a title so far
    return deck.cells
