"""Boxes "Predict first" in the built chapters: what answers them waits for the reader."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_site import CHAPTERS

BOX = ".bd-article .admonition:has(> .admonition-title:text-is('Predict first'))"
# Whether something of it can be seen: a block of the page, whatever is in it.
SEEN = "e => e.checkVisibility() && [e, ...e.querySelectorAll('*')].some((c) => c.clientHeight > 9)"
BUTTON = "I have decided: show the answer"
ANSWERS = ".bd-article [hidden='until-found']"


@pytest.mark.parametrize("path", CHAPTERS)
def test_an_answer_waits_for_the_decision(visit, path):
    opened = visit(path)
    page = opened.page
    boxes, buttons = page.locator(BOX), page.get_by_role("button", name=BUTTON)
    if not boxes.count():
        assert not buttons.count()  # a chapter of reference asks nothing
        return
    asked = buttons.count()
    assert 0 < asked <= boxes.count()
    for left in range(asked, 0, -1):
        before = page.locator(ANSWERS).count()
        first = page.locator(ANSWERS).first.element_handle()
        assert before >= left and not first.evaluate(SEEN)
        buttons.first.click()
        assert page.locator(ANSWERS).count() < before
        assert first.evaluate(SEEN)
        expect(page.get_by_text("The answer follows.").nth(asked - left)).to_be_visible()
    assert page.locator(ANSWERS).count() == 0
    assert opened.problems == {}


# Boxes that hide nothing, and no widget follows that would wait itself.
OPEN = """all => all.filter((box) => !box.querySelector("button")
  && !box.nextElementSibling?.querySelector(".widget-place")).map((box) => box.innerText)"""


@pytest.mark.parametrize("path", CHAPTERS)
def test_every_box_hides_an_answer_or_stands_before_a_widget_that_does(seen, path):
    assert seen(path).page.locator(BOX).evaluate_all(OPEN) == []


# Of what is hidden, what stands before all code that follows its box.
TOO_EARLY = """all => all.filter((hidden) => {
  let e = hidden.closest("div.cell") ?? hidden;
  while (e && !e.matches("div.cell, .admonition")) e = e.previousElementSibling;
  if (e?.matches(".admonition")) e = null;
  return !e;
}).length"""


@pytest.mark.parametrize("path", CHAPTERS)
def test_code_widgets_and_what_stands_before_them_are_never_hidden(seen, path):
    page = seen(path).page
    shown = page.locator(".cell_input, .admonition, h2, h3, .widget-place")
    hidden = shown.evaluate_all(
        "all => all.filter((e) => e.closest('[hidden=until-found]')).length"
    )
    assert hidden == 0
    assert page.locator(ANSWERS).evaluate_all(TOO_EARLY) == 0


def test_a_link_into_an_answer_and_print_show_it(visit):
    path = next(p for p in CHAPTERS if p.endswith("does-depth-help.html"))
    page = visit(f"{path}#fig-recall").page
    expect(page.locator("#fig-recall")).to_be_visible()
    assert page.locator("#fig-recall").evaluate("e => e.closest('[hidden]')") is None
    assert page.locator(ANSWERS).count() > 0  # the other boxes still wait
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(ANSWERS).count() == 0


def test_without_scripts_nothing_is_hidden(browser, site):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/{CHAPTERS[0]}")
    assert page.locator(BOX).count() > 0 and page.locator(ANSWERS).count() == 0
    assert page.get_by_role("button", name=BUTTON).count() == 0
    context.close()
