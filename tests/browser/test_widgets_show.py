"""The widgets that show numbers on their way, in Chromium."""

import re

from playwright.sync_api import expect

from tests.browser.widgets_page import JACOBIANS, widget

pytest_plugins = ["tests.browser.widgets_fixtures"]


def test_the_gradients_way_follows_the_scale_and_tells_of_each_step(page):
    place = widget(page, JACOBIANS)
    verdict, detail = place.locator(".clm-verdict"), place.locator(".clm-detail-line")
    factors = {}
    for scale in ("0.5", "1.5"):
        place.get_by_label("W_hh times").fill(scale)
        expect(place.locator(".clm-equation b")).to_have_text(f"{float(scale):.2f}")
        factors[scale] = float(re.findall(r"times (\d+\.\d\d)", verdict.inner_text())[-1])
    assert abs(factors["1.5"] / factors["0.5"] - 3) < 0.1  # W_hh alone is linear in the scale
    place.get_by_role("slider", name="Steps back").focus()
    page.keyboard.press("Home")
    expect(detail).to_contain_text("The last step reads “␣”")
    page.keyboard.press("ArrowRight")
    expect(detail).to_contain_text("1 step back, at “s”: the gradient has")
    place.locator('[data-back="4"]').hover()
    expect(detail).to_contain_text("4 steps back, at “t”")
    expect(place.get_by_role("slider", name="Steps back")).to_have_value("4")
    marked = place.locator(".clm-here").bounding_box()["x"]
    assert abs(marked - place.locator('[data-back="4"]').bounding_box()["x"]) < 1
    assert place.locator(".clm-flow").count() == 31


def test_the_gradients_way_follows_the_text(page):
    place = widget(page, JACOBIANS)
    box = place.get_by_role("textbox")
    box.fill("so 1t was")
    expect(place.get_by_role("status").filter(has_text="Not in its vocabulary")).to_be_visible()
    expect(place.locator(".clm-flow")).to_have_count(6)
    letters = place.locator(".clm-letter").all_text_contents()
    assert letters == ["s", "o", "␣", "t", "␣", "w", "a"]  # the last one is only predicted
    box.fill("so")
    expect(place.locator(".clm-verdict")).to_have_text(re.compile("at least three characters"))
    expect(place.locator(".clm-drawing")).to_be_hidden()
    box.fill("a" * 40)
    expect(place.get_by_text("only the first 33 characters stay")).to_be_visible()
