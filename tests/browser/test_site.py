"""The built site in Chromium: complete, quiet, readable, and alone with its own server."""

import fnmatch
import re
import time
from html.parser import HTMLParser
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urldefrag

import nbformat
import pytest
import yaml

from tests.browser.conftest import HTML, SECONDS, until_idle
from tests.browser.contrast import contrast
from tools.book.stage import for_site
from tools.site.code import PLAIN
from tools.site.licences import COMPONENTS, TEXTS
from tools.site.parts import FOLDER

ROOT = Path(__file__).resolve().parents[2]
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
FILES = [TOC["root"], *(c["file"] for part in TOC["parts"] for c in part["chapters"])]
CHAPTERS = [f"{c['file']}.html" for c in TOC["parts"][0]["chapters"]]
DECKS = [path.replace("chapters/", "slides/") for path in CHAPTERS]
PAGES = [f"{f}.html" for f in FILES]
EVERY_PAGE = [*PAGES, "search.html", "genindex.html"]
PHONE = {"width": 390, "height": 844}
LAPTOP = {"width": 1280 - 15, "height": 720}  # beside a bar to scroll the page


@pytest.mark.parametrize("scheme", [pytest.param("light", marks=pytest.mark.engines), "dark"])
@pytest.mark.parametrize("path", EVERY_PAGE)
def test_page_opens_without_error_or_other_hosts(seen, path, scheme):
    opened = seen(path, scheme)
    assert opened.problems == {}
    assert opened.page.locator("html").get_attribute("data-theme") == scheme
    assert opened.page.locator("h1:visible").count() == 1


@pytest.mark.parametrize("path", [PAGES[0], *CHAPTERS])
def test_page_opens_from_the_file_system(seen, path):
    assert seen((HTML / path).as_uri()).problems == {}


@pytest.mark.parametrize("path", CHAPTERS)
def test_mathematics_is_set(seen, path):
    page = seen(path).page
    assert page.locator("article mjx-container").count() > 0
    assert page.locator("mjx-merror").count() == 0
    # Nothing is left as source, neither dollars nor TeX commands.
    text = page.locator("article.bd-article").inner_text()
    assert "\\mathbf" not in text and "$$" not in text
    fonts = page.evaluate(
        "[...document.fonts].filter(f => f.status == 'loaded').map(f => f.family)"
    )
    assert any(f.startswith("MJX") for f in map(lambda name: name.strip('"'), fonts))


@pytest.mark.parametrize("path", CHAPTERS)
def test_equations_and_figures_are_numbered(seen, path):
    page = seen(path).page
    chapter = CHAPTERS.index(path) + 1
    equations = page.locator("article .eqno").all_inner_texts()
    figures = page.locator("article figcaption .caption-number").all_inner_texts()
    assert equations and all(e.strip(" #¶").startswith(f"({chapter}.") for e in equations)
    assert figures and all(f.strip().startswith(f"Fig. {chapter}.") for f in figures)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", CHAPTERS[:1])
def test_captions_are_neither_pale_nor_thin(seen, path, scheme):
    page = seen(path, scheme=scheme).page
    numbers = "(color) => color.match(/[\\d.]+/g).slice(0, 3).map(Number)"
    ground = page.evaluate(f"({numbers})(getComputedStyle(document.body).backgroundColor)")
    captions = page.locator("article figcaption .caption-text, article figcaption p")
    read = f"all => all.map(getComputedStyle).map((s) => [({numbers})(s.color), s.fontWeight])"
    found = captions.evaluate_all(read)
    assert found
    for ink, weight in found:
        assert contrast(ink, ground) >= 9 and int(weight) >= 400


@pytest.mark.parametrize("path", PAGES)
def test_every_picture_has_alternative_text(seen, path):
    page = seen(path).page
    for alt in page.locator("article img").evaluate_all("all => all.map(i => i.alt)"):
        assert len(alt.split()) >= 2 and not alt.endswith((".png", ".svg")), f"alt text {alt!r}"


@pytest.mark.parametrize("path", EVERY_PAGE)
def test_no_level_of_headings_is_skipped(seen, path):
    """A widget's heading counts as well; it may stand at any level below the one before it."""
    levels = (
        seen(path)
        .page.locator("main :is(h1, h2, h3, h4, h5, h6)")
        .evaluate_all(
            "all => all.filter(h => h.offsetParent).map(h => [Number(h.tagName[1]), h.textContent])"
        )
    )
    last = 0
    for level, text in levels:
        assert level <= last + 1, f"{path}: h{level} {text!r} follows h{last}"
        last = level


@pytest.mark.engines
@pytest.mark.parametrize("path", EVERY_PAGE)
def test_nothing_is_wider_than_a_phone(seen, path):
    page = seen(path, **PHONE).page
    assert page.evaluate("document.scrollingElement.scrollWidth") <= PHONE["width"]
    # An element that a scroller holds may be wider; one that sticks out of the page may not.
    outside = page.locator("article.bd-article *").evaluate_all(
        """all => all.filter(e => {
             const box = e.getBoundingClientRect();
             if (!box.width || box.right <= innerWidth + 1) return false;
             if (e.closest("mjx-assistive-mml")) return false;
             for (let p = e.parentElement; p.tagName != "ARTICLE"; p = p.parentElement)
               if (getComputedStyle(p).overflowX != "visible") return false;
             return true;
           }).map(e => e.outerHTML.slice(0, 200))"""
    )
    assert outside == []


@pytest.mark.parametrize("path", PAGES)
def test_no_code_scrolls_sideways_on_a_laptop(seen, path):
    code = seen(path, **LAPTOP).page.locator("article :is(.cell_input pre, .highlight-sh pre)")
    assert code.count() > 5 or path not in CHAPTERS
    wide = code.evaluate_all(
        "all => all.filter(e => e.scrollWidth > e.clientWidth).map(e => e.textContent)"
    )
    assert wide == []


@pytest.mark.parametrize("path", CHAPTERS)
def test_figures_keep_their_shape_on_a_phone(seen, path):
    stretched = (
        seen(path, **PHONE)
        .page.locator("article .cell_output img")
        .evaluate_all(
            """all => all.map(i => (i.width / i.height) / (i.naturalWidth / i.naturalHeight))
             .filter(ratio => Math.abs(ratio - 1) > 0.02)"""
        )
    )
    assert stretched == []


@pytest.mark.parametrize("path", CHAPTERS)
def test_figures_keep_their_colours_in_the_dark(seen, path):
    page = seen(path, "dark").page
    styles = page.locator("article .cell_output img").evaluate_all(
        "all => all.map(i => [getComputedStyle(i).filter, getComputedStyle(i).backgroundColor])"
    )
    assert styles and all(style == ["none", "rgba(0, 0, 0, 0)"] for style in styles)


@pytest.mark.parametrize("path", CHAPTERS)
def test_notebook_can_be_downloaded(page_of, path, tmp_path):
    page = page_of(path)
    page.locator(".dropdown-download-buttons > button").click()
    with page.expect_download() as download:
        page.locator(".btn-download-source-button").click()
    saved = tmp_path / "chapter.ipynb"
    download.value.save_as(saved)
    code = [c for c in nbformat.read(saved, as_version=4).cells if c.cell_type == "code"]
    source = nbformat.read(ROOT / Path(path).with_suffix(".ipynb"), as_version=4)
    staged = for_site(path.removesuffix(".html"), source)  # with the address of this site
    assert [c.source for c in code] == [c.source for c in staged.cells if c.cell_type == "code"]
    assert any(c.outputs for c in code)


def test_formulas_can_speak_without_other_hosts(visit):
    opened = visit("pages/notation.html")
    settings = '{"explorer": true}'  # as MathJax's menu stores it
    opened.page.evaluate("text => localStorage.setItem('MathJax-Menu-Settings', text)", settings)
    opened.page.reload()
    spoken = opened.page.locator("mjx-container[aria-label]").first
    spoken.wait_for()
    assert spoken.get_attribute("aria-label")
    assert opened.problems == {}


@pytest.mark.engines
def test_search_finds_a_word(visit):
    opened = visit("index.html")
    opened.page.keyboard.press("Control+k")
    opened.page.keyboard.type("perplexity")
    opened.page.keyboard.press("Enter")
    opened.page.wait_for_url("**/search.html?q=perplexity*")
    results = opened.page.locator("#search-results li a")
    results.first.wait_for()
    assert any("chapters/" in a.get_attribute("href") for a in results.all())
    until_idle(opened.page)  # the search reads the pages that it quotes; leaving would cancel that
    # Where a hit leads, the words are marked, and not on the next page that is opened.
    opened.page.locator("#search-results li a[href*='chapters/']").first.click()
    marked = opened.page.locator("article span.highlighted")
    marked.first.wait_for()
    assert {text.lower() for text in marked.all_text_contents()} == {"perplexity"}
    opened.page.reload()
    until_idle(opened.page)
    assert marked.count() == 0
    assert opened.problems == {}


# Scripts that a text could smuggle into a page: as an element, in an attribute, as a string that is
# evaluated, from another host, and as a Worker.
SMUGGLED = """() => {
  const script = document.createElement("script");
  script.textContent = "window.smuggled = 'element'";
  const image = document.createElement("img");
  image.setAttribute("onerror", "window.smuggled = 'attribute'");
  image.src = "data:image/png;base64,";
  const other = document.createElement("script");
  other.src = "https://example.org/script.js";
  document.body.append(script, image, other);
  setTimeout("window.smuggled = 'string'");
  const worker = new Worker("data:text/javascript,postMessage(1)");
  worker.onmessage = () => { window.smuggled = "worker"; };
}"""


@pytest.mark.parametrize("path", [PAGES[0], CHAPTERS[0], CHAPTERS[0].replace("chapters", "slides")])
def test_a_page_runs_no_scripts_but_its_own(visit, path):
    opened = visit(path)
    assert opened.problems == {}
    opened.page.evaluate(SMUGGLED)

    def refused():
        return [text for text in opened.console if "Content Security Policy" in text]

    deadline = time.monotonic() + SECONDS
    while len(refused()) < 5 and time.monotonic() < deadline:
        opened.page.wait_for_timeout(100)
    opened.page.wait_for_timeout(300)
    assert len(refused()) == 5, opened.console
    assert opened.page.evaluate("window.smuggled") is None
    assert opened.off_host == []


def test_the_buttons_above_the_text_work(visit):
    opened = visit(CHAPTERS[0])
    opened.page.evaluate("window.print = () => { window.printed = true; }")
    opened.page.locator(".dropdown-download-buttons > button").click()
    opened.page.locator(".btn-download-pdf-button").click()
    assert opened.page.evaluate("window.printed")
    opened.page.locator(".btn-fullscreen-button").click()
    opened.page.locator(":fullscreen").first.wait_for()
    assert opened.problems == {}


@pytest.mark.engines
def test_code_can_be_copied(visit):
    opened = visit(CHAPTERS[0])
    cell = opened.page.locator("article .cell:not(.tag_hide-input)").first
    cell.hover()
    cell.locator(".copybtn").first.click()
    opened.page.locator("article .copybtn.success").wait_for()
    assert opened.problems == {}


@pytest.mark.engines
def test_reader_can_change_the_colours(visit):
    page = visit("index.html").page
    themes = set()
    for _ in range(3):
        page.locator(".theme-switch-button:visible").first.click()
        themes.add(page.locator("html").get_attribute("data-theme"))
    assert themes == {"light", "dark"}


@pytest.mark.parametrize("path", CHAPTERS)
def test_solutions_are_closed_until_asked_for(page_of, path):
    page = page_of(path)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")  # shows what waits for a decision
    solutions = page.locator("article details")
    assert solutions.count() >= 2
    for solution in solutions.all():
        body = solution.locator("summary ~ *").first
        assert not body.is_visible()
        solution.locator("summary").click()
        body.wait_for(state="visible")


@pytest.mark.parametrize("path", CHAPTERS)
def test_tables_of_results_are_whole_on_a_laptop(page_of, path):
    page = page_of(path)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")  # shows what waits for a decision
    tables = page.locator("article .charlm-table:not(details *):visible")
    assert (
        tables.evaluate_all(
            "all => all.filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.innerText)"
        )
        == []
    )


@pytest.mark.parametrize("path", CHAPTERS)
def test_a_row_of_results_shows_its_first_number_on_a_phone(page_of, path):
    page = page_of(path, width=390)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    first = page.locator("article .charlm-table:not(details *):visible tbody tr td:nth-child(2)")
    ends = first.evaluate_all("all => all.map(e => Math.round(e.getBoundingClientRect().right))")
    assert [end for end in ends if end > 390] == []


def test_a_table_says_that_it_goes_on_and_keeps_the_names_of_its_rows(page_of):
    page = page_of("chapters/bigger-and-better.html", width=390)
    table = page.locator("article .charlm-table").first
    assert table.evaluate("e => e.scrollWidth > e.clientWidth + 50")
    style = "e => [getComputedStyle(e).backgroundImage, getComputedStyle(e).backgroundAttachment]"
    image, moves = table.evaluate(style)
    # Shadows stay at the edges; their covers move with the table's ends.
    assert image.count("linear-gradient") == 4 and moves == "local, local, scroll, scroll"
    for part in ("thead th:first-child", "tbody th"):
        inside = "e => e.getBoundingClientRect().left - e.closest('.charlm-table').offsetLeft"
        before = table.locator(part).first.evaluate(inside)
        table.evaluate("e => { e.scrollLeft = 50; }")
        assert table.locator(part).first.evaluate(inside) == before
        table.evaluate("e => { e.scrollLeft = 0; }")


APART = """() => [...document.querySelectorAll("#exercises > :is(details, .tag_hide-cell) + p")]
  .map((next) => {
    const before = next.previousElementSibling;
    const last = before.matches("details") ? before : before.querySelector("details");
    const text = before.previousElementSibling;
    const [own, its] = [last, text].map((e) => e.getBoundingClientRect());
    return [own.top - its.bottom, next.getBoundingClientRect().top - own.bottom];
  })"""


@pytest.mark.parametrize("path", CHAPTERS)
def test_a_solution_stands_nearer_to_its_exercise_than_to_the_next(seen, path):
    gaps = seen(path).page.evaluate(APART)
    assert gaps and all(below > 1.2 * above > 0 for above, below in gaps), gaps


class Page(HTMLParser):
    """The links and the anchors of one page."""

    def __init__(self, path: Path):
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        known = dict(attributes)
        self.anchors |= {known.get("id"), known.get("name")}
        if tag == "a" and known.get("href"):
            self.links.append(known["href"])


# What a page loads beside fonts and the theme: itself, its figures, and the parts of its widgets,
# where the weights of the largest model alone have more than 400,000 bytes.
OWN = re.compile(rf'"(?:\.\./)?((?:_images|{FOLDER})/[^"?]+)')
LIGHT, LIGHT_WITH_ALL = 500_000, 700_000  # bytes


@pytest.mark.parametrize(
    "path", [*EVERY_PAGE, *(p.replace("chapters/", "slides/") for p in CHAPTERS)]
)
def test_a_page_is_light(path):
    page = (HTML / path).read_text(encoding="utf-8")
    own = {name: (HTML / name).stat().st_size for name in OWN.findall(page)}
    assert len(page.encode()) < LIGHT
    assert len(page.encode()) + sum(own.values()) < LIGHT_WITH_ALL, own


@pytest.mark.parametrize("path", CHAPTERS)
def test_a_deck_loads_no_file_that_its_chapter_does_not(path):
    chapter, deck = (
        set(OWN.findall((HTML / page).read_text(encoding="utf-8")))
        for page in (path, path.replace("chapters/", "slides/"))
    )
    assert deck <= chapter and bool(deck) == bool(chapter)


# How a word of each of these kinds would look in an element of its own, and how without.
KINDS = """(pre, kinds) => {
  const look = (element) => {
    const { color, backgroundColor, fontWeight, fontStyle } = getComputedStyle(element);
    return [color, backgroundColor, fontWeight, fontStyle].join();
  };
  const word = pre.appendChild(document.createElement("span"));
  const plain = look(word);
  return kinds.filter((kind) => ((word.className = kind), look(word) !== plain));
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", [CHAPTERS[0], DECKS[0], "pages/your-own.html"])
def test_words_of_code_without_an_element_look_as_they_would_with_one(page_of, path, scheme):
    pre = page_of(path, scheme=scheme).locator(".highlight:not(.cell_output *) pre").first
    assert pre.evaluate(KINDS, [*PLAIN, "k"]) == ["k"]


def test_github_serves_folders_that_begin_with_an_underscore():
    assert (HTML / ".nojekyll").is_file()


# Of all that are no buttons.
COLOURS = """all => [...new Set(all.filter((a) => a.checkVisibility())
  .map((a) => getComputedStyle(a)).filter((style) => style.backgroundColor === "rgba(0, 0, 0, 0)")
  .map((style) => style.color))]"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_links_have_one_colour(seen, path, scheme):
    links = seen(path, scheme).page.locator("article.bd-article a[href]:not(.headerlink, .clm *)")
    assert len(links.evaluate_all(COLOURS)) <= 1


def test_links_inside_the_book_lead_somewhere():
    pages = {HTML / path: Page(HTML / path) for path in EVERY_PAGE}
    broken = []
    for path, page in pages.items():
        for link in page.links:
            file, anchor = urldefrag(unquote(link))
            if "://" in file or file.startswith(("mailto:", "javascript:")):
                continue
            target = (path.parent / file).resolve() if file else path
            known = pages[target].anchors if target in pages else None
            if not target.exists() or (anchor and known is not None and anchor not in known):
                broken.append(f"{path.name}: {link}")
    assert broken == []


# What the build writes itself: pages, what search and other books look up, figures, licences.
MADE = (
    *("*.html", "*.pdf", "searchindex.js", "objects.inv", "_images/*", "_sources/*"),
    *(f"{TEXTS}/*", f"{FOLDER}/*"),
)
# Sphinx fills these in: a package has only their templates, or the program that writes them.
FILLED = {
    *("basic.css", "copybutton.js", "documentation_options.js", "language_data.js"),
    *("pygments.css", "theme.css", "white.css"),  # of the last without its import of a typeface
}


def matches(place: str, patterns) -> bool:
    return any(fnmatch.fnmatchcase(place, pattern) for pattern in patterns)


def contents(paths) -> set[bytes]:
    return {path.read_bytes() for path in paths if path.is_file()}


def test_every_file_comes_from_a_package_that_the_licences_page_names():
    """Byte by byte; and the page names none that the site does not ship."""
    ours = contents((ROOT / "tools").rglob("*"))
    others = [c for c in COMPONENTS if c.files]
    carried = {
        c.package: contents(Path(file.locate()) for file in metadata.files(c.package))
        for c in others
    }
    unknown, used = [], set()
    for path in filter(Path.is_file, HTML.rglob("*")):
        place, content = path.relative_to(HTML).as_posix(), path.read_bytes()
        owner = next((c for c in others if matches(place, c.files)), None)
        used.add(owner)
        if owner and (path.name in FILLED or content in carried[owner.package]):
            continue
        if owner or not (content in ours or path.name[0] == "." or matches(place, MADE)):
            unknown.append(place)
    assert unknown == []
    assert set(others) <= used
    text = (HTML / "pages/licences.html").read_text(encoding="utf-8")
    assert all(c.name in text and f"{c.package} " in text.replace("</a>", " ") for c in COMPONENTS)
