"""A curve that the reader draws before the true one is shown, in Chromium."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.widgets_page import SKETCH, widget

pytest_plugins = ["tests.browser.widgets_fixtures"]


def heights(place):
    points = place.get_by_role("slider")
    return [float(v) for v in points.evaluate_all("all => all.map((p) => p.ariaValueNow)")]


@pytest.mark.engines
def test_a_drawn_curve_is_compared_with_the_true_one(page):
    place = widget(page, SKETCH)
    commit, lines = place.get_by_role("button", name="Commit"), place.locator("polyline")
    flat = heights(place)
    assert commit.is_disabled() and lines.count() == 1
    assert len(flat) == 4 and set(flat) == {11.3}  # the middle of 4 to 32 on a logarithmic axis
    drawing = place.locator(".clm-sketch")
    drawing.scroll_into_view_if_needed()
    box = drawing.bounding_box()
    page.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 0.3 * box["height"])
    page.mouse.down()
    for share in (0.2, 0.4, 0.6, 0.8):
        left = box["x"] + share * box["width"]
        page.mouse.move(
            left, box["y"] + (0.3 + share / 2) * box["height"], steps=1
        )  # quicker than the points follow each other
    page.mouse.up()
    drawn = heights(place)
    assert drawn[:-1] == sorted(drawn[:-1], reverse=True) and drawn[0] > 12 > drawn[-2]
    last = place.get_by_role("slider", name="Your guess at epoch 11")
    last.press("ArrowDown")
    assert heights(place)[-1] < drawn[-1] and heights(place)[:-1] == drawn[:-1]
    before = heights(place)
    commit.click()
    expect(place.locator(".clm-answer")).to_contain_text("off by a factor of")
    assert lines.count() == 2 and place.get_by_role("slider").count() == 0
    page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + 0.2 * box["height"])
    place.get_by_text("In numbers").click()
    rows = [row.split("\t") for row in place.locator("tr").all_inner_texts()]
    assert rows[0] == ["epoch", "you", "it is"] and rows[-1][::2] == ["11", "8"]
    assert [float(row[1]) for row in rows[1:]] == before  # no longer moved
    factor = re.search(r"factor of (\d+\.?\d*)\b", place.locator(".clm-answer").inner_text())
    assert 1 < float(factor[1]) < 3


def test_a_finger_draws_and_the_page_is_not_too_wide(opened):
    page = opened(width=390, height=844)
    place = widget(page, SKETCH)
    drawing = place.locator(".clm-sketch")
    drawing.scroll_into_view_if_needed()
    assert drawing.evaluate("e => getComputedStyle(e).touchAction") == "none"
    assert drawing.bounding_box()["width"] <= 390
    place.get_by_role("slider").first.press("ArrowUp")
    assert heights(place)[0] > heights(place)[1]
