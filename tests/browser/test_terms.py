"""The definitions of glossary words in Chromium: by pointer, by keyboard and by touch."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import new_context, open_page
from tests.tools.test_terms import GLOSSARY, word
from tools.site import policy, terms

ROOT = Path(__file__).resolve().parents[2]
PHONE = {"width": 390, "height": 844}
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8" /><title>Words</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<link rel="stylesheet" href="../book.css"><script defer src="../terms.js"></script></head><body>
<main><article><h1>Words</h1><p>A {state} and, far at the right, <span style="float: right">
{adam}</span></p><p><button>Next</button></p></article></main></body></html>"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A page with two words, as the build leaves it, on the file system."""
    folder = tmp_path_factory.mktemp("words")
    names = {"state": "states", "Adam": "Adam"}
    links = {key.lower(): word("../pages/glossary.html", key, n) for key, n in names.items()}
    for name, text in {"pages/glossary": GLOSSARY, "chapters/one": PAGE.format(**links)}.items():
        path = folder / f"{name}.html"
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8")
    for name in ("book.css", "terms.js"):
        (folder / name).write_text((ROOT / "tools/site" / name).read_text("utf-8"), "utf-8")
    terms.explain_words(folder)
    page = folder / "chapters/one.html"
    page.write_text(policy.protect(page.read_text("utf-8")), "utf-8")
    return page.as_uri()


@pytest.fixture
def open_words(browser, address):
    """A function that opens the page for this test alone; at its end nothing may be wrong."""
    visits = []

    def open_one(**options):
        visits.append(open_page(new_context(browser, **options), address))
        return visits[-1].page

    yield open_one
    for visit in visits:
        visit.page.context.close()
        assert visit.problems == {}


def test_a_pointer_opens_a_definition_may_rest_on_it_and_leaves(open_words):
    page = open_words()
    state, adam = page.locator("#charlm-term-state"), page.locator("#charlm-term-Adam")
    expect(state).to_be_hidden()
    page.get_by_role("link", name="states").hover()
    expect(state).to_be_visible()
    state.get_by_text("changes;").hover()
    page.wait_for_timeout(600)  # longer than it takes to close
    expect(state).to_be_visible()
    page.locator("p > span > a").hover()
    expect(adam).to_be_visible()
    expect(state).to_be_hidden()
    page.keyboard.press("Escape")
    expect(adam).to_be_hidden()
    page.locator("p > span > a").dispatch_event("pointerover", {"pointerType": "mouse"})
    expect(adam).to_be_visible()
    page.get_by_role("button", name="Next").hover()
    expect(adam).to_be_hidden()


def test_the_keyboard_opens_a_definition_which_describes_its_word(open_words):
    page = open_words()
    link = page.get_by_role("link", name="states")
    expect(link).to_have_accessible_description("state What Adam changes; more.")
    page.keyboard.press("Tab")
    expect(link).to_be_focused()
    expect(page.locator("#charlm-term-state")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator("#charlm-term-state")).to_be_hidden()
    expect(page.locator("#charlm-term-Adam")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Next")).to_be_focused()
    expect(page.locator("#charlm-term-Adam")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_first_touch_opens_a_definition_that_fits_a_phone(browser, address, scheme):
    options = {"viewport": PHONE, "color_scheme": scheme, "has_touch": True, "is_mobile": True}
    context = browser.new_context(**options)
    visit = open_page(context, address)
    page = visit.page
    adam = page.locator("#charlm-term-Adam")
    page.locator("p > span > a").tap()
    expect(adam).to_be_visible()
    assert page.url == address
    box = adam.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"]
    assert page.evaluate("document.scrollingElement.scrollWidth") <= PHONE["width"]
    page.locator("h1").tap()
    expect(adam).to_be_hidden()
    page.locator("p > span > a").tap()
    expect(adam).to_be_visible()
    page.locator("p > span > a").tap()
    page.wait_for_url("**/pages/glossary.html#term-Adam")
    assert visit.problems == {}
    context.close()


def test_the_built_site_explains_its_words(visit):
    opened = visit("chapters/rnn-from-scratch.html", **PHONE)
    page = opened.page
    link = page.locator('a[aria-describedby="charlm-term-perplexity"]').first
    link.hover()
    definition = page.locator("#charlm-term-perplexity")
    expect(definition).to_be_visible()
    assert len(definition.inner_text()) > 40
    box = definition.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"]
    assert opened.problems == {}
