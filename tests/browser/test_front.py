"""The front page: what the book is, the best model writing beside the weakest, and the chapters."""

import gzip
import time

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import HTML, new_context, patience
from tests.browser.test_site import CHAPTERS, PHONE
from tests.browser.widgets_page import wait_for

TEXT = ".clm-sampler .clm-card:not([hidden]) .clm-text"
PACKED = (".html", ".css", ".js", ".svg")  # a server packs what is text
HEAVIEST = 700_000  # bytes
SOON = 2  # seconds from opening the page to letters that a model wrote
CHAPTERS_BEGIN = 1700  # pixels from the top, on a phone


@pytest.fixture
def front(browser, site):
    """A function that opens the front page in a context of its own, which has these settings."""
    contexts = []

    def open_one(reduced_motion=None, javascript=True, **options):
        size = {"width": options.get("width", 1280), "height": options.get("height", 900)}
        context = browser.new_context(
            viewport=size, reduced_motion=reduced_motion, java_script_enabled=javascript
        )
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{site}/index.html", wait_until="load")
        return page

    yield open_one
    for context in contexts:
        context.close()


def written(page):
    """How many characters of each shown text are there, without the prefix."""
    return [len(text) - len("time traveller ") for text in page.locator(TEXT).all_text_contents()]


def least_written(page):
    """How many characters of the shortest text are there; 0 before the widget has its networks."""
    return min(written(page), default=0)


def test_the_page_is_light_with_all_that_it_loads(browser, site):
    loaded = {}
    context = new_context(browser, **PHONE)
    page = context.new_page()
    page.on("response", lambda r: loaded.update({r.url: r}))
    page.goto(f"{site}/index.html", wait_until="networkidle")
    for card in page.locator(".charlm-chapter img").all():  # they load as they come into view
        card.scroll_into_view_if_needed()
        card.evaluate("image => image.decode()")
    sizes = {}
    for url, response in loaded.items():
        if url.startswith(site):  # a widget's Blob was counted with the script that carries it
            content, path = response.body(), url.partition("?")[0]
            sizes[path] = len(gzip.compress(content) if path.endswith(PACKED) else content)
    context.close()
    assert len(sizes) > 20 and sum(sizes.values()) < HEAVIEST, sizes


@pytest.mark.alone
def test_the_best_model_begins_to_write_by_itself_and_soon(front):
    start = time.monotonic()
    page = front()
    wait_for(page, lambda: least_written(page) > 5)
    assert time.monotonic() - start < SOON * patience()
    names = page.locator(".clm-card:visible .clm-title").all_inner_texts()
    assert names == ["Chapter 6, the best: GRU", "Chapter 1, the weakest: tanh"]
    page.get_by_role("button", name="Stop").click()
    stopped = written(page)
    assert max(stopped) < 200
    page.wait_for_timeout(300)
    assert written(page) == stopped


def test_it_writes_by_itself_once(front):
    page = front()
    before = page.locator(".clm-card:visible").first.bounding_box()["height"]
    wait_for(page, lambda: written(page) == [200, 200])
    assert page.locator(".clm-card:visible").first.bounding_box()["height"] == before
    expect(page.get_by_role("button", name="Write", exact=True)).to_be_visible()
    page.reload(wait_until="load")
    assert_written_at_once(page)


def assert_written_at_once(page):
    """A pen that goes on for five seconds could be stopped by a button."""
    wait_for(page, lambda: least_written(page) > 0)
    assert page.get_by_role("button", name="Stop").count() == 0
    expect(page.locator(".clm-cards")).to_have_attribute("aria-busy", "false")
    assert written(page) == [200, 200]


def test_a_reader_who_wants_less_motion_finds_it_written(front):
    assert_written_at_once(front(reduced_motion="reduce"))


def test_nothing_is_written_before_it_is_seen(front):
    page = front(height=140)
    page.locator(TEXT).first.wait_for(state="attached")
    page.wait_for_timeout(500)
    assert written(page) == [0, 0]
    page.locator(".clm-sampler").scroll_into_view_if_needed()
    page.set_viewport_size({"width": 1280, "height": 900})
    wait_for(page, lambda: least_written(page) > 5)


def test_other_models_can_be_chosen(front):
    page = front(reduced_motion="reduce")
    sampler = page.locator(".clm-sampler")
    sampler.get_by_text("More models").click()
    sampler.get_by_role("checkbox", name="Chapter 4: 2 layers, GRU").check()
    sampler.get_by_role("checkbox", name="Chapter 6, the best: GRU").uncheck()
    titles = sampler.locator(".clm-card:visible .clm-title")
    expect(titles).to_have_text(["Chapter 1, the weakest: tanh", "Chapter 4: 2 layers, GRU"])
    expect(page.locator(".clm-cards")).to_have_attribute("aria-busy", "false")
    assert written(page) == [200, 200]
    sampler.get_by_text("Settings").click()
    sampler.get_by_label("Length").fill("60")
    expect(page.locator(".clm-cards")).to_have_attribute("aria-busy", "false")
    assert written(page) == [60, 60]


def test_without_scripts_it_says_what_is_there(front):
    page = front(javascript=False)
    text = page.locator("article.bd-article").inner_text()
    assert "With JavaScript, two models that this book builds write on here" in text
    assert page.locator(".charlm-chapter a").count() == len(CHAPTERS)
    page.get_by_role("link", name="Start here: chapter 1").click()
    page.wait_for_url(f"**/{CHAPTERS[0]}")


def test_each_chapter_has_a_picture_that_loads_when_it_is_near(page_of):
    page = page_of("index.html")
    cards = page.locator(".charlm-chapter")
    links = cards.locator("a").evaluate_all("all => all.map((a) => a.getAttribute('href'))")
    assert links == CHAPTERS
    images = cards.locator("img")
    assert images.evaluate_all("all => all.map((i) => i.loading)") == ["lazy"] * len(CHAPTERS)
    for image in images.all():
        image.scroll_into_view_if_needed()
        image.evaluate("image => image.decode()")
    cards.nth(1).click(position={"x": 60, "y": 60})  # all of a card leads to its chapter
    page.wait_for_url(f"**/{CHAPTERS[1]}")


def test_on_a_phone_the_chapters_are_near(seen):
    page = seen("index.html", **PHONE).page
    top = page.locator(".charlm-chapter").first.evaluate(
        "e => e.getBoundingClientRect().top + scrollY"
    )
    assert top < CHAPTERS_BEGIN
    assert page.locator(".charlm-start").evaluate("e => e.getBoundingClientRect().top") < top


def test_icons_are_there_without_their_script(seen):
    opened = seen("index.html")
    icons = opened.page.locator(".charlm-icon:visible")
    assert icons.count() >= 4
    assert all(icon.bounding_box()["width"] > 5 for icon in icons.all())
    assert not (HTML / "_static/scripts/fontawesome.js").exists()
    fonts = "[...document.fonts].filter((f) => f.status == 'loaded').map((f) => f.family)"
    assert not [name for name in opened.page.evaluate(fonts) if "Awesome" in name]
