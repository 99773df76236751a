"""The whole book as one PDF: all chapters, right contents, whole lines, links that lead."""

import html
import re
import subprocess

import nbformat
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import HTML
from tests.browser.test_paper import MARGIN, shown_code, words
from tests.browser.test_site import CHAPTERS, FILES, ROOT
from tools.paper.numbers import page_numbers
from tools.site.front import PDF

HEAVIEST = 20_000_000  # bytes
ENTRY = re.compile(r"^\s*(\S.*?)\s{2,}(\d+)$")


def told(program: str, *arguments: object) -> str:
    """What a program of poppler prints."""
    done = subprocess.run([program, *map(str, arguments)], check=True, capture_output=True)
    return done.stdout.decode()


def squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.fixture(scope="module")
def pdf():
    """The PDF of the site that is tested."""
    if not (HTML / PDF).is_file():
        pytest.fail(f"There is no {PDF} in the site: run `make browser`, or `make pdf`.")
    return HTML / PDF


@pytest.fixture(scope="module")
def pages(pdf):
    """The text of each page, as it lies on the page."""
    return told("pdftotext", "-layout", pdf, "-").split("\f")[:-1]


@pytest.fixture(scope="module")
def listed(pages):
    """The table of contents: what it lists, with the page that it names."""
    first = next(i for i, page in enumerate(pages) if page.strip().startswith("Contents"))
    entries = []
    for page in pages[first:]:
        found = [m for line in page.splitlines() if (m := ENTRY.match(line))]
        if len(found) < 5:
            break
        entries += [(m[1], int(m[2])) for m in found]
    return entries


def title_of(path: str) -> str:
    nb = nbformat.read((ROOT / path).with_suffix(".ipynb"), as_version=4)
    first = next(c.source for c in nb.cells if c.source.startswith("# "))
    return first.splitlines()[0].removeprefix("# ")


def test_it_is_one_file_of_usual_size_that_names_itself(pdf):
    about = told("pdfinfo", pdf)
    assert "Deep Recurrent Language Models, Character by Character" in about
    assert re.search(r"Tagged:\s+yes", about) and "(A4)" in about
    assert pdf.stat().st_size < HEAVIEST


def test_it_has_every_chapter_in_order_where_the_contents_say(pages, listed):
    titles = [f"{i}. {title_of(path)}" for i, path in enumerate(CHAPTERS, start=1)]
    assert [title for title, _ in listed if re.match(r"\d+\. ", title)] == titles
    assert len(listed) > 2 * len(FILES)
    for title, number in listed:
        assert squeezed(title) in squeezed(pages[number - 1]), (title, number)
    numbers = [number for _, number in listed]
    assert numbers == sorted(numbers) and len(set(numbers)) > len(FILES)
    starts = dict(listed)
    for title in titles:
        top = squeezed(pages[starts[title] - 1])
        assert top.startswith(squeezed(title)), title


def test_every_page_has_its_number_at_the_foot(pages):
    assert len(pages) > 100
    feet = [page.strip().splitlines()[-1].strip() for page in pages]
    assert feet == [str(number) for number in range(1, len(pages) + 1)]


def test_its_outline_has_the_chapters(pdf, listed):
    outline = told("pdftohtml", "-xml", "-i", "-stdout", pdf).partition("<outline>")[2]
    items = re.findall(r'<item page="(\d+)">(.*?)</item>', outline)
    found = {squeezed(html.unescape(title)): int(page) for page, title in items}
    for title, number in listed:
        if re.match(r"\d+\. ", title):
            assert found[squeezed(title)] == number


def test_no_line_of_it_is_cut_off(pdf, tmp_path):
    copy = tmp_path / "book.pdf"
    copy.write_bytes(pdf.read_bytes())
    found = words(copy)
    assert [word for room, word in found if room < MARGIN] == []
    text = "".join(word for _, word in found)
    # A page's number may come between two lines, and never into one.
    lost = [line for path in CHAPTERS for line in shown_code(path) if line not in text]
    assert lost == []


def test_widgets_are_pictures_and_solutions_are_there(pages, listed):
    text = squeezed("".join(pages))
    assert squeezed("1 tanh layer of 32 units, 2,876 parameters") in text
    assert squeezed("It never leaves your browser") not in text  # what is folded stays so
    ends = [number for title, number in listed if title == "Solutions"]
    assert len(ends) == len(CHAPTERS)
    numbered = r"^ *Exercise \d+$"
    assert all(re.search(numbered, pages[end - 1] + pages[end], re.M) for end in ends)


def first_lines(path: str) -> list[str]:
    """The first line of what each cell prints, where the page shows it."""
    nb = nbformat.read((ROOT / path).with_suffix(".ipynb"), as_version=4)
    hiding = {"hide-cell", "hide-output", "remove-cell", "remove-output"}
    cells = [c for c in nb.cells if c.cell_type == "code"]
    shown = [c for c in cells if not hiding & set(c.metadata.get("tags", []))]
    outputs = [o for c in shown for o in c.outputs if o.output_type == "stream"]
    return [squeezed(o.text.strip().splitlines()[0]) for o in outputs if o.text.strip()]


def test_what_cells_print_is_there_whatever_the_page_holds_back(pages):
    text = squeezed("".join(pages))
    lines = [line for path in CHAPTERS for line in first_lines(path)]
    assert len(lines) > 50 and [line for line in lines if line not in text] == []


def test_its_links_lead_to_itself_or_to_other_hosts(pdf):
    links = told("pdfinfo", "-url", pdf)
    assert "https://" in links
    assert "127.0.0.1" not in links and "localhost" not in links and "file:" not in links


def test_the_front_page_leads_to_it(page_of, pdf):
    page = page_of("index.html")
    link = page.get_by_role("link", name="The whole book as one PDF")
    expect(link).to_be_visible()
    assert link.get_attribute("href") == pdf.name
    assert f"({pdf.stat().st_size / 1e6:.1f} MB)" in page.locator("#charlm-pdf").inner_text()


PAGES = """<title>Three</title><style>h1 { break-before: page }</style>
<p><a href="#a b">Two</a> <a href="#c">Three</a> <a href="#é">also three</a></p>
<h1 id="a b">Two (of three)</h1><h1 id="c">Three</h1><p id="é">end"""


def test_page_numbers_read_what_chromium_writes(browser):
    page = browser.new_page()
    page.set_content(PAGES)
    plain = page.pdf(format="A4", outline=True, tagged=True)
    page.close()
    assert page_numbers(plain) == {"a b": 2, "c": 3, "é": 3}
