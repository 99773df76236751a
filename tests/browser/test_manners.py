"""The widgets' manners: the page answers while they work, and what they show stays in its place."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import patience
from tests.browser.widgets_page import SAMPLER, TRAIN, wait_for, widget

pytest_plugins = ["tests.browser.widgets_fixtures"]
LONG = 50  # ms of work during which a page does not answer
WATCH = """() => {
  window.longest = 0;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      window.longest = Math.max(window.longest, duration);
    }
  }).observe({ type: "longtask" });
}"""


TYPE = """async (text) => {
  const sampler = document.querySelector(".clm-sampler");
  const field = sampler.querySelector("input[type=text]");
  const start = performance.now();
  field.value = text;
  field.dispatchEvent(new Event("input"));
  const took = performance.now() - start;
  while (sampler.querySelector("[aria-busy=true]")) await new Promise((go) => setTimeout(go, 5));
  return [took, performance.now() - start];
}"""


def at_rest(page):
    expect(page.locator(".clm-cards").first).to_have_attribute("aria-busy", "false")


@pytest.mark.alone
def test_a_page_answers_while_a_reader_types(visit):
    """All five models of the front page write on, 600 characters each, after every letter."""
    page = visit("index.html").page
    sampler = page.locator(".clm-sampler")
    sampler.get_by_text("More models").click()
    for box in sampler.locator(".clm-choices input").all():
        box.check()
    sampler.get_by_text("Settings").click()
    sampler.get_by_label("Length").fill("600")
    at_rest(page)
    page.evaluate(WATCH)
    took, all_of_it = page.evaluate(TYPE, "time traveller")
    assert took < all_of_it / 3  # a letter is not held up until all is written
    sampler.get_by_label("Prefix").focus()
    for letter in "of the machine":
        page.keyboard.press("Space" if letter == " " else letter)
        page.wait_for_timeout(60)
    at_rest(page)
    texts = sampler.locator(".clm-card .clm-text").all_text_contents()
    assert [len(text) for text in texts] == [600 + len("time travellerof the machine")] * 5
    assert page.evaluate("window.longest") < LONG * patience()


def test_a_card_keeps_its_height_and_the_page_its_place(page):
    sampler = widget(page, SAMPLER)
    card = sampler.locator(".clm-card").first

    def height():
        return card.bounding_box()["height"]

    before = height()
    for name, value in (("Length", "600"), ("Length", "10"), ("Temperature", "1.9")):
        sampler.get_by_label(name).fill(value)
        at_rest(page)
        assert height() == before, name
    for place in (0, 3, 9):
        card.locator(".clm-text span").nth(1 + place).hover()
        assert height() == before, place
    sampler.get_by_label("Prefix").fill("")
    at_rest(page)
    assert height() == before
    sampler.get_by_label("Prefix").fill("long and longer " * 20)
    at_rest(page)
    assert height() == before


def test_the_pen_is_followed_until_the_reader_scrolls_up(page):
    sampler = widget(page, SAMPLER)
    sampler.get_by_label("Length").fill("600")
    at_rest(page)
    page.set_viewport_size({"width": 390, "height": 844})
    text = sampler.locator(".clm-text").first
    room = "e => e.scrollHeight - e.scrollTop - e.clientHeight"
    assert text.evaluate("e => e.scrollTop") == 0  # written at once: it is read from the top
    sampler.get_by_label("letter by letter").check()
    page.get_by_role("button", name="New sample").click()
    wait_for(page, lambda: text.evaluate("e => e.scrollTop") > 30)
    assert text.evaluate(room) < 2
    text.evaluate("e => { e.scrollTop = 0; }")
    long = len(text.text_content())
    wait_for(page, lambda: len(text.text_content()) > long + 40)
    assert text.evaluate("e => e.scrollTop") == 0
    page.get_by_role("button", name="Stop").click()


def test_of_a_long_prefix_the_end_is_shown_and_all_is_copied(page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sampler = widget(page, SAMPLER)
    prefix = "".join(chr(ord("a") + i * i % 26) for i in range(400))
    sampler.get_by_label("Prefix").fill(prefix)
    at_rest(page)
    shown = sampler.locator(".clm-prefix").first.text_content()
    assert shown == f"…{prefix[-60:]}"
    sampler.get_by_role("button", name="Copy the text from 2 tanh layers").click()
    expect(sampler.locator(".clm-card").first.get_by_role("status")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()").startswith(prefix)
    sampler.get_by_label("Prefix").fill(prefix[:120])
    at_rest(page)
    assert sampler.locator(".clm-prefix").first.text_content() == prefix[:120]


OVERLAPS = """plot => {
  const boxes = [...plot.querySelectorAll("text.clm-end, .clm-base + text")]
    .map((t) => ({ text: t.textContent, box: t.getBBox() }));
  const over = (a, b) => a.x < b.x + b.width && b.x < a.x + a.width
    && a.y + 2 < b.y + b.height - 2 && b.y + 2 < a.y + a.height - 2;
  const pairs = boxes.flatMap((a, i) => boxes.slice(i + 1).filter((b) => over(a.box, b.box))
    .map((b) => [a.text, b.text]));
  const [, , width, height] = plot.getAttribute("viewBox").split(" ").map(Number);
  const outside = boxes.filter(({ box }) => box.x < 0 || box.x + box.width > width
    || box.y < 0 || box.y + box.height > height).map(({ text }) => text);
  return { labels: boxes.length, pairs, outside };
}"""


@pytest.mark.parametrize("width", [1280, 390])
def test_labels_do_not_collide_nor_hide_the_name_of_the_level(opened, width):
    """Three runs that have hardly begun end beside the name of the level where they began."""
    page = opened(width=width, height=900)
    train = widget(page, TRAIN)
    train.get_by_label("Learning rate").fill("0")  # the least that there is
    for run, updates in enumerate((20, 17, 16)):
        if run:
            train.get_by_role("button", name="New run").click()
        for update in range(1, updates + 1):
            train.get_by_role("button", name="One update").click()
            status = train.locator(".clm-status")
            wait_for(page, lambda n=update, s=status: f"Update {n}," in s.inner_text())
    for plot in train.locator("svg.clm-plot").all():
        found = plot.evaluate(OVERLAPS)
        assert found["labels"] == 4, found
        assert found["pairs"] == [] and found["outside"] == []
