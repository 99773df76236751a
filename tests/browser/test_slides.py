"""The chapters' decks in Chromium: complete, readable from afar, without other hosts."""

import re
from pathlib import Path

import pytest

from tests.browser.conftest import HTML
from tests.browser.test_accessibility import complaints
from tests.browser.test_site import CHAPTERS, Page

DECKS = [f"slides/{Path(path).name}" for path in CHAPTERS]
SLIDE, PROJECTOR = {"width": 1280, "height": 720}, {"width": 1920, "height": 1080}
# What one can set in a widget: what moves first, or else what can be chosen or written.
CONTROL = ":is(input[type=range], [role=slider], input[type=radio], select, input)"
TO = "n => { const at = Reveal.getIndices(Reveal.getSlides()[n]); Reveal.slide(at.h, at.v); }"

# Everything a slide shows, in pixels of the slide; a widget, which may scroll, counts as one piece.
# The margins are those of deck.css.
LAYOUT = """() => Reveal.getSlides().map((slide, number) => {
  const sheet = slide.querySelector(".sheet");
  const scale = sheet.getBoundingClientRect().width / sheet.offsetWidth;
  const frame = sheet.getBoundingClientRect();
  const pieces = [...sheet.querySelectorAll("*")].filter((e) =>
    !e.closest("aside, mjx-assistive-mml, script, noscript, svg") &&
    !e.parentElement.closest(".widget, mjx-container") && e.getClientRects().length);
  return pieces.map((e) => {
    const box = e.getBoundingClientRect();
    return { number: number + 1, html: e.outerHTML.slice(0, 90),
             right: (box.right - frame.left) / scale, bottom: (box.bottom - frame.top) / scale,
             hidden: Math.max(e.scrollHeight - e.clientHeight, e.scrollWidth - e.clientWidth),
             tag: e.closest(".widget") ? "WIDGET" : e.tagName };
  });
}).flat()"""

FONTS = """(selector) => [...document.querySelectorAll(`.sheet ${selector}`)]
  .filter((e) => !e.closest("aside, .widget") && e.textContent.trim())
  .map((e) => parseFloat(getComputedStyle(e).fontSize))"""


@pytest.fixture
def deck(seen):
    """A function that opens a deck and waits until reveal.js has laid it out."""

    def opened(path, **options):
        visited = seen(path, **{**SLIDE, **options})
        visited.page.locator("html[data-deck=ready]").wait_for()
        return visited

    return opened


@pytest.mark.parametrize("path", DECKS)
def test_right_arrow_shows_everything_of_every_slide(deck, path):
    opened = deck(path)
    page = opened.page
    page.evaluate(TO, 0)
    count, fragments = page.evaluate(
        "[Reveal.getTotalSlides(), document.querySelectorAll('.sheet .fragment').length]"
    )
    visited = []
    for _ in range(count + fragments):
        visited.append(page.evaluate("Reveal.getSlides().indexOf(Reveal.getCurrentSlide())"))
        assert page.locator("section.present:not(.stack) .sheet").is_visible()
        page.keyboard.press("ArrowRight")
    assert sorted(set(visited)) == list(range(count)) and visited == sorted(visited)
    assert page.evaluate("Reveal.isLastSlide()")
    assert page.locator(".sheet .fragment:not(.visible)").count() == 0
    page.keyboard.press("ArrowLeft")
    assert not page.evaluate("Reveal.isLastSlide()")
    assert opened.problems == {}


@pytest.mark.parametrize("size", [SLIDE, PROJECTOR], ids=lambda size: str(size["width"]))
@pytest.mark.parametrize("path", DECKS)
def test_no_slide_overflows(deck, path, size):
    layout = deck(path, **size).page.evaluate(LAYOUT)
    assert layout
    outside = [p for p in layout if p["right"] > 1240 or p["bottom"] > 686]
    assert outside == []
    # Nothing but a widget has a part that only shows when scrolled.
    assert [p for p in layout if p["tag"] in ("DIV", "FIGURE", "PRE") and p["hidden"] > 2] == []


@pytest.mark.parametrize("path", DECKS)
def test_text_can_be_read_from_the_back(deck, path):
    page = deck(path).page
    for selector, least in ((".words :is(p, li)", 34), (":is(td, th)", 30), ("pre", 20)):
        sizes = page.evaluate(FONTS, selector)
        assert all(size >= least for size in sizes), (selector, min(sizes))


@pytest.mark.parametrize("path", DECKS)
def test_figures_are_there_and_large(deck, path):
    figures = deck(path).page.locator(".sheet figure img")
    for alt, natural, height in figures.evaluate_all(
        "all => all.map(i => [i.alt, i.naturalWidth, i.clientHeight])"
    ):
        assert len(alt.split()) >= 4 and natural > 0 and height >= 450
    assert figures.count() > 0


@pytest.mark.parametrize("path", DECKS)
def test_mathematics_is_set(deck, path):
    page = deck(path).page
    assert page.locator(".sheet mjx-container").count() > 0
    assert page.locator("mjx-merror").count() == 0
    words = page.locator(".sheet > .words").evaluate_all("all => all.map(e => e.innerText)")
    assert [w for w in words if re.search(r"\\math|\$|<!--|-->", w)] == []


@pytest.mark.parametrize("path", DECKS)
def test_a_deck_is_light(deck, path):
    loaded = deck(path).page.evaluate(
        "performance.getEntries().filter((e) => e.decodedBodySize)"
        ".map((e) => [e.name, e.decodedBodySize])"
    )
    own = [size for url, size in loaded if not re.search("/reveal/|/mathjax/", url)]
    assert len(own) > 5 and sum(own) < 700_000


@pytest.mark.parametrize("path", DECKS)
def test_a_widget_works_in_its_slide_and_is_large(visit, path):
    page = visit(path, **SLIDE).page
    page.locator("html[data-deck=ready]").wait_for()
    places = page.locator(".widget")
    assert places.count() > 0
    for i in range(places.count()):
        place = places.nth(i)
        place.locator(".clm").wait_for(state="attached")
        page.evaluate(TO, place.evaluate("w => Reveal.getSlides().indexOf(w.closest('section'))"))
        zoom, whole, seen = place.evaluate(
            "w => [parseInt(w.style.getPropertyValue('--zoom')), w.scrollHeight, w.clientHeight]"
        )
        # Large letters, nearly the whole slide, and all of it but its edge, where deck.js lets
        # nothing fade yet; two samplers write more than that.
        assert zoom >= 120 and seen > 550
        assert whole <= (1.2 * seen if place.locator(".clm-card").count() > 1 else seen + 8)
        before = place.inner_html()
        control = place.locator(CONTROL).first
        match control.get_attribute("type") or control.get_attribute("role"):
            case "range" | "slider":
                control.press("ArrowRight")
                control.press("ArrowUp")
            case "radio":
                control.check()
            case "text":
                control.fill("e")
            case "number":
                control.fill("7")
            case _:
                control.select_option(index=1 - control.evaluate("e => e.selectedIndex"))
        page.wait_for_function(
            "([w, html]) => w.innerHTML !== html", arg=[place.element_handle(), before]
        )


MORE = """all => all.map(w =>
  [w.scrollHeight - w.clientHeight - w.scrollTop > 8, w.classList.contains("more")])"""


def test_a_widget_fades_where_more_of_it_is_below(visit):
    page = visit("slides/bigger-and-better.html", **SLIDE).page
    page.locator("html[data-deck=ready]").wait_for()
    places = page.locator(".widget")
    for place in places.all():
        page.evaluate(TO, place.evaluate("w => Reveal.getSlides().indexOf(w.closest('section'))"))
        page.wait_for_timeout(500)
    found = places.evaluate_all(MORE)
    assert any(is_more for is_more, _ in found)
    assert all(is_more == fades for is_more, fades in found), found
    page.locator(".widget.more").first.evaluate("w => { w.scrollTop = w.scrollHeight; }")
    page.wait_for_function(
        "n => document.querySelectorAll('.widget.more').length < n",
        arg=sum(fades for _, fades in found),
    )


@pytest.mark.parametrize("path", DECKS)
def test_words_in_the_curves_of_a_run_are_large(deck, path):
    words = deck(path).page.locator(".clm-train .clm-plots svg text:visible")
    sizes = words.evaluate_all("all => all.map(e => e.getBoundingClientRect().height)")
    assert all(size > 15 for size in sizes), sizes
    assert sizes or "stacked" not in path


@pytest.mark.engines
def test_widgets_live(deck):
    found = 0
    for path in DECKS:
        page = deck(path).page
        places = page.locator(".widget")
        for i in range(places.count()):
            places.nth(i).locator(".widget-place > .clm").wait_for(state="attached")
        found += places.count()
        assert page.locator(".clm-error").count() == 0
        assert deck(path).problems == {}
    assert found > 0


def test_a_widget_keeps_its_keys(visit):
    for path in DECKS:
        page = visit(path, **SLIDE).page
        page.locator("html[data-deck=ready]").wait_for()
        sampler = page.locator(".clm-sampler").first
        if sampler.count():
            break
    number = page.evaluate(
        "Reveal.getSlides().findIndex(s => s.querySelector('.clm-sampler') !== null)"
    )
    page.evaluate(TO, number)
    before = sampler.locator(".clm-text").first.inner_text()
    sampler.get_by_label("Seed").fill("7")
    assert sampler.locator(".clm-text").first.inner_text() != before
    sampler.get_by_label("Temperature").focus()
    page.keyboard.press("ArrowRight")
    here = "Reveal.getSlides().indexOf(Reveal.getCurrentSlide())"
    assert page.evaluate(here) == number
    page.keyboard.press("PageDown")  # what a remote control sends
    assert page.evaluate(here) == number + 1


@pytest.mark.parametrize("path", CHAPTERS)
def test_chapter_and_deck_lead_to_each_other(page_of, path):
    page = page_of(path)
    with page.context.expect_page() as new:
        page.locator(".btn-slides-button").click()
    assert new.value.url.endswith(f"/slides/{Path(path).name}")
    anchors = Page(HTML / path).anchors
    links = [x for x in Page(HTML / "slides" / Path(path).name).links if path in x]
    assert links
    for _, _, anchor in (link.partition("#") for link in links):
        assert not anchor or anchor in anchors, anchor


@pytest.mark.parametrize("path", DECKS)
def test_no_serious_violation_on_a_deck(deck, path):
    found = list(complaints(deck(path).page))
    assert not found, "\n".join([f"{path}:", *found])


def test_a_deck_can_be_printed_one_slide_a_page(visit):
    opened = visit(f"{DECKS[0]}?print-pdf", **SLIDE)
    opened.page.locator("html[data-deck=ready]").wait_for()
    pages = opened.page.locator(".pdf-page")
    pages.first.wait_for(state="attached")
    assert pages.count() == opened.page.locator(".sheet").count()
    assert opened.problems == {}


def test_the_speaker_has_the_words(visit):
    opened = visit(DECKS[0], **SLIDE)
    page = opened.page
    page.locator("html[data-deck=ready]").wait_for()
    with page.context.expect_page() as window:
        page.keyboard.press("s")
    speaker = window.value
    for part in ("current", "upcoming"):  # a slide that is still loading there turns the deck back
        deck = speaker.frame_locator(f"#{part}-slide iframe").locator("html[data-deck=ready]")
        deck.wait_for()
    notes = speaker.locator(".speaker-controls-notes .value")
    page.evaluate("Reveal.next()")
    page.evaluate("Reveal.next()")
    notes.filter(has_text="3 minutes. The surprise").wait_for()
    assert opened.problems == {}
