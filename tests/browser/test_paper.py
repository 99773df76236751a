"""Chapters on A4, as Chromium prints them: whole lines, light colours, solutions as they were left.

It prints as a reader does who changed no setting: without backgrounds, except those that a page
asks for.
"""

import html
import re
import shutil
import subprocess
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image

from tests.browser.conftest import need
from tests.browser.test_site import CHAPTERS, ROOT

PAGE = re.compile(r'<page width="([\d.]+)"[^>]*>(.*?)</page>', re.DOTALL)
WORD = re.compile(r'xMax="([\d.]+)"[^>]*>(.*?)</word>')
MARGIN = 10  # points
BAR = (136, 170, 207)  # of the most probable characters: --clm-cool, a little more than half of it


def poppler(program: str, *arguments: object) -> None:
    command = [need(shutil.which(program), "poppler-utils"), *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True)


def words(pdf: Path) -> list[tuple[float, str]]:
    """List the words of a PDF, each with the room between it and the right edge of its page."""
    places = pdf.with_suffix(".html")
    poppler("pdftotext", "-bbox", pdf, places)
    return [
        (float(width) - float(end), html.unescape(word))
        for width, page in PAGE.findall(places.read_text(encoding="utf-8"))
        for end, word in WORD.findall(page)
    ]


def pictures(pdf: Path) -> np.ndarray:
    """Draw the pages of a PDF, (page, row, column, colour)."""
    poppler("pdftoppm", "-r", "40", "-png", pdf, pdf.with_suffix(""))
    return np.stack([np.asarray(Image.open(p)) for p in sorted(pdf.parent.glob("*.png"))])


def shown_code(path: str) -> list[str]:
    """List the code lines that a chapter shows at once, without spaces and comments behind them."""
    nb = nbformat.read(ROOT / Path(path).with_suffix(".ipynb"), as_version=4)
    hidden = {"hide-cell", "hide-input", "remove-cell", "remove-input"}
    cells = [c for c in nb.cells if c.cell_type == "code"]
    shown = [c.source for c in cells if not hidden & set(c.metadata.get("tags", []))]
    lines = [line.partition("  #")[0] for source in shown for line in source.splitlines()]
    return ["".join(line.split()) for line in lines]


@pytest.fixture
def printed(page_of, tmp_path):
    """A function that prints an open page and returns the file."""

    def to_file(page) -> Path:
        file = tmp_path / "page.pdf"
        page.pdf(path=file, format="A4")
        return file

    return to_file


@pytest.mark.parametrize("path", CHAPTERS)
def test_no_line_is_cut_off(page_of, printed, path):
    page = page_of(path)
    found = words(printed(page))
    assert [word for room, word in found if room < MARGIN] == []
    text = "".join(word for _, word in found)
    lines = shown_code(path)
    assert len(lines) > 50 and [line for line in lines if line not in text] == []
    # What a box hides may still be text of the file.
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 794, "height": 1123})
    hidden = page.locator("article pre:visible").evaluate_all(
        """all => all.filter(e => e.scrollWidth > e.clientWidth + 1
             && getComputedStyle(e).overflowX != "visible").map(e => e.textContent)"""
    )
    assert hidden == []


def test_dark_pages_are_printed_light_and_stay_dark_on_the_screen(page_of, printed):
    page = page_of(CHAPTERS[0], scheme="dark")
    drawn = pictures(printed(page)).min(-1)
    assert len(drawn) > 5
    assert (drawn > 200).mean() > 0.8 and (drawn < 80).mean() > 0.005  # dark ink on white paper
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_bars_keep_their_colours(page_of, printed):
    path = next(p for p in CHAPTERS if "concise" in p)
    drawn = pictures(printed(page_of(path))).astype(int)
    assert (np.abs(drawn - BAR).max(-1) < 12).sum() > 100


def test_solutions_are_printed_as_the_reader_left_them(page_of, printed):
    page = page_of(CHAPTERS[0])
    solutions = page.locator("article details:has(.highlight)")
    first, second = (solutions.nth(i).locator("pre").first for i in (0, 1))
    solutions.nth(1).locator("summary").click()
    second.wait_for(state="visible")
    text = "".join(word for _, word in words(printed(page)))
    lines = ["".join(pre.text_content().splitlines()[0].split()) for pre in (first, second)]
    assert [line in text for line in lines] == [False, True]
