"""The decks of the numbered chapters: 15 to 20 slides, one idea each, with notes that say how long.

What stands on a slide is the chapter's: its numbers (test_truth.py reads the cells of slides, too),
its code, what its cells print, and its formulas.
"""

import re
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest
import yaml

from tools.book.slide_only import is_slide_only, text_of
from tools.mime import WIDGET_VIEW
from tools.slides.cells import anchor, deck_cells

ROOT = Path(__file__).resolve().parents[2]
PARTS = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))["parts"]
CHAPTERS = [
    Path(c["file"]).name for p in PARTS if p["caption"] == "Chapters" for c in p["chapters"]
]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
FORMULA = re.compile(r"\$\$(.*?)\$\$", re.DOTALL)
MINUTES = re.compile(r"(\d+) minutes?\. ")
MOST_WORDS = 55  # on a slide, title included
SECTION = re.compile(r"\.\./chapters/[\w-]+\.ipynb#([\w-]+)")


class Slide(NamedTuple):
    """A slide: its title, its place in the chapter, its cells, and its notes."""

    title: str
    place: str
    cells: list
    notes: list[str]

    def words(self) -> str:
        """Give what is said on the slide, without code and formulas."""
        said = "\n".join(c.source for c in self.cells if c.cell_type == "markdown")
        return FORMULA.sub(" ", FENCE.sub(" ", said)).strip()

    def shows(self, kind: str) -> bool:
        """Say whether the slide shows an output of a kind."""
        outputs = [output for cell in self.cells for output in cell.get("outputs", [])]
        return any(found.startswith(kind) for o in outputs for found in o.get("data", {}))

    def minutes(self) -> int:
        """Give how long the notes say that the slide takes."""
        return int(MINUTES.match(self.notes[0])[1])


def read(name: str) -> nbformat.NotebookNode:
    return nbformat.read(ROOT / "chapters" / f"{name}.ipynb", as_version=4)


def slides(nb: nbformat.NotebookNode) -> list[Slide]:
    """Cut a chapter's deck into its slides."""
    found: list[Slide] = []
    for cell in deck_cells(nb):
        kind, deck = cell.metadata.slideshow.slide_type, cell.metadata.deck
        if kind == "slide":
            found.append(Slide(deck.title, deck.place, [], []))
        if kind == "notes":
            found[-1].notes.append(cell.source)
        else:
            found[-1].cells.append(cell)
    return found


def squeezed(text: str) -> str:
    """Give code or printed text without spaces: a slide may break its lines elsewhere."""
    return "".join(text.split())


def code_and_prints(nb: nbformat.NotebookNode) -> list[str]:
    """List what the cells of a chapter compute, and what they print."""
    cells = [cell for cell in nb.cells if cell.cell_type == "code"]
    shown = [
        o.get("text", o.get("data", {}).get("text/plain", "")) for c in cells for o in c.outputs
    ]
    return [squeezed(text) for text in (*(c.source for c in cells), *shown)]


@pytest.fixture(params=CHAPTERS)
def name(request):
    return request.param


def test_a_deck_begins_with_the_chapters_title_and_has_15_to_20_slides(name):
    nb = read(name)
    found = slides(nb)
    assert 15 <= len(found) <= 20
    assert f"# {found[0].title}\n" in nb.cells[0].source + nb.cells[1].source
    titles = [slide.title for slide in found]
    assert len(set(titles)) == len(titles) and all(titles)


def test_every_slide_has_notes_with_minutes_and_a_question(name):
    found = slides(read(name))
    for slide in found:
        assert len(slide.notes) == 1, slide.title
        assert MINUTES.match(slide.notes[0]) and "?" in slide.notes[0], slide.title
    assert 45 <= sum(slide.minutes() for slide in found) <= 50


def test_a_slide_has_one_idea(name):
    for slide in slides(read(name)):
        count = len(re.findall(r"\w+", f"{slide.title} {slide.words()}"))
        assert count <= MOST_WORDS, f"{slide.title}: {count} words"
        drawn = sum(slide.shows(kind) for kind in ("image/", WIDGET_VIEW, "text/html"))
        assert drawn <= 1, slide.title


def test_a_figure_or_a_table_has_its_sentence(name):
    found = [s for s in slides(read(name)) if s.shows("image/") or s.shows("text/html")]
    assert any(slide.shows("image/") for slide in found)
    for slide in found:
        assert re.search(r"\w[.:?]\**(?:\s|$)", slide.words()), slide.title


def test_a_deck_asks_first_and_lets_the_class_play(name):
    found = slides(read(name))
    assert any("Predict first" in slide.title for slide in found)
    assert any(slide.shows(WIDGET_VIEW) for slide in found)


def test_code_on_slides_is_the_chapters(name):
    nb = read(name)
    known = code_and_prints(nb)
    for slide in slides(nb):
        for cell in slide.cells:
            for _, block in FENCE.findall(cell.source if cell.cell_type == "markdown" else ""):
                part = squeezed(block)
                assert part and any(part in whole for whole in known), f"{slide.title}:\n{block}"


def test_formulas_on_slides_are_the_chapters(name):
    nb = read(name)
    page = "".join(c.source for c in nb.cells if not is_slide_only(c) and c.cell_type == "markdown")
    page = squeezed(page.replace("&", ""))
    for cell in filter(is_slide_only, nb.cells):
        for formula in FORMULA.findall(text_of(cell)):
            parts = re.split(r"&|=|\\qquad|\\begin{aligned}|\\end{aligned}|\\\\", formula)
            for part in parts:
                part = squeezed(part).strip(",.;")
                assert part in page, part


def test_the_teachers_plan_has_the_minutes_of_the_notes(name):
    nb = read(name)
    headings = "\n".join(c.source for c in nb.cells if not is_slide_only(c))
    places = [bare(anchor(heading)) for heading in re.findall(r"^###? (.+)$", headings, re.M)]
    planned = plan(name)
    begins = [places.index(place) for place in planned]
    assert begins == sorted(begins)
    taught = dict.fromkeys(planned, 0)
    for slide in slides(nb):
        at = places.index(bare(slide.place)) if slide.place else 0
        row = max([0, *(i for i, begin in enumerate(begins) if begin <= at)])
        taught[list(planned)[row]] += slide.minutes()
    assert taught == planned


def bare(place: str) -> str:
    """Give the name of a place without hyphens, which Sphinx and MyST set differently."""
    return place.replace("-", "")


def plan(name: str) -> dict[str, int]:
    """Give the plan for 50 minutes: the section with which a row begins -> its minutes."""
    page = (ROOT / "pages" / "teaching.md").read_text(encoding="utf-8")
    (table,) = re.findall(
        rf"^### Chapter {CHAPTERS.index(name) + 1}:.*?^```$", page, re.MULTILINE | re.DOTALL
    )
    rows = [row.split("\n  - ") for row in table.split("\n* - ")[2:]]
    return {
        bare(SECTION.search(what)[1]): int(re.search(r"\d+", short)[0])
        for what, _, short in rows
        if SECTION.search(what) and re.search(r"\d", short)
    }
