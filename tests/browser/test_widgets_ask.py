"""The widgets that answer a reader's questions about models and runs, in Chromium."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import patience
from tests.browser.widgets_page import LOOK, STUDY, VIEWER, wait_for, widget

pytest_plugins = ["tests.browser.widgets_fixtures"]


def panel(look, number):
    return look.locator(".clm-look-panel").nth(number)


def cells(table):
    return [row.split("\t") for row in table.locator("tbody tr").all_inner_texts()]


def glow(look, number):
    """How strongly each letter glows in one panel."""
    return (
        panel(look, number)
        .locator(".clm-text span")
        .evaluate_all(
            "spans => spans.map((span) => Number(span.style.getPropertyValue('--clm-amount')))"
        )
    )


def done(look):
    expect(look.get_by_role("status").filter(has_text="nine tenths")).to_be_visible()


def test_the_letters_before_the_chosen_one_glow_in_both_models(page):
    look = widget(page, LOOK)
    done(look)
    text = panel(look, 0).locator(".clm-text")
    text.locator("span").nth(12).hover()
    for number in (0, 1):
        expect(panel(look, number).locator(".clm-selected")).to_have_text("v")
        told = panel(look, number).locator("p").first
        expect(told).to_have_text(re.compile(r"^“v”: <?\d+%, \d+\.\d bits$"))
        amounts = glow(look, number)
        assert not any(amounts[12:]) and max(amounts[:12]) > 0
        assert panel(look, number).locator(".clm-later").count() == 37 - 13
    assert max(glow(look, 0) + glow(look, 1)) == 1  # one scale for both


def test_the_table_lists_the_strongest_letters_with_both_measures(page):
    look = widget(page, LOOK)
    done(look)
    rows = cells(panel(look, 0).locator("table"))
    swaps = [abs(float(row[2].replace("−", "-"))) for row in rows]
    assert len(rows) == 5 and swaps == sorted(swaps, reverse=True)
    letters = look.get_by_role("textbox").input_value()
    assert all(row[0][1] == letters[36 - int(row[1])].replace(" ", "␣") for row in rows)
    look.get_by_label("Letters glow by").select_option("the gradient")
    wait_for(page, lambda: cells(panel(look, 0).locator("table")) != rows)
    again = cells(panel(look, 0).locator("table"))
    gradients = [abs(float(row[3].replace("−", "-"))) for row in again]
    assert gradients == sorted(gradients, reverse=True)


def test_a_letter_is_chosen_by_keyboard_and_said(page):
    look = widget(page, LOOK)
    done(look)
    panel(look, 1).locator(".clm-text").focus()
    page.keyboard.press("ArrowLeft")
    expect(panel(look, 0).locator(".clm-selected")).to_have_text("u")
    aloud = look.locator(".clm-hidden")
    expect(aloud).to_contain_text(re.compile(r"^u\. Model A: <?\d+%, most of it from .* back: "))
    page.keyboard.press("Home")
    expect(aloud).to_have_text("t. The first letter.")
    expect(panel(look, 0).get_by_text("Nothing stands before the first letter.")).to_be_visible()
    assert not any(glow(look, 0)) and not cells(panel(look, 0).locator("table"))


def test_a_new_text_or_model_is_read_at_once(page):
    look = widget(page, LOOK)
    done(look)
    box = look.get_by_role("textbox")
    box.fill("So 1t was")
    expect(look.get_by_role("status").filter(has_text="Not in its vocabulary")).to_be_visible()
    expect(panel(look, 1).locator(".clm-text")).to_have_text("so t was")
    expect(panel(look, 1).locator(".clm-selected")).to_have_text("s")  # the last one typed
    done(look)
    one, other = (panel(look, number).locator("table") for number in (0, 1))
    assert cells(one) != cells(other)
    look.get_by_label("Model A", exact=True).select_option("3 GRU layers")
    done(look)
    assert cells(one) == cells(other)
    assert look.locator(".clm-series").count() == 2
    box.fill("a")
    expect(look.get_by_text("Type at least two characters")).to_be_visible()
    expect(look.locator(".clm-look-panel").first).to_be_hidden()
    box.fill("a" * 130)
    expect(look.get_by_text("only the first 120 characters stay")).to_be_visible()


NAMES_WHILE_IT_COMPUTES = """(look) => {
    const box = look.querySelector("textarea");
    box.value = "anything that takes a while";
    box.dispatchEvent(new Event("input"));
    return [...look.querySelectorAll("svg[role=img]")].map(
        (picture) => [picture.getAttribute("aria-label"), picture.childElementCount]);
}"""


def test_a_plot_that_is_still_empty_has_a_name(page):
    look = widget(page, LOOK)
    done(look)
    assert look.evaluate(NAMES_WHILE_IT_COMPUTES) == [
        ["Mean influence against distance: nothing to draw yet.", 0]
    ]
    done(look)
    label = look.locator("svg[role=img]").get_attribute("aria-label")
    assert label.startswith("Mean influence against distance, on a logarithmic axis. ")


LONGEST_TASK = """async () => {
    let longest = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) longest = Math.max(longest, entry.duration);
    }).observe({ type: "longtask" });
    const place = document.querySelector(".clm-viewer");
    [...place.querySelectorAll("button")].find((b) => b.innerText === "Find").click();
    while (!place.querySelector("tbody tr")) await new Promise((r) => setTimeout(r, 50));
    await new Promise((r) => setTimeout(r, 100));
    return longest;
}"""


@pytest.mark.alone
def test_a_search_leaves_the_page_awake(page):
    assert page.evaluate(LONGEST_TASK) < 100 * patience()  # ms; one portion is 12 and a step


def test_units_are_found_and_tested_on_the_readers_text(page):
    viewer = widget(page, VIEWER)
    finder = viewer.get_by_role("group", name="Find units")
    expect(finder.get_by_label("These letters")).to_be_hidden()
    finder.get_by_role("button", name="Find").click()
    told = finder.get_by_role("status")
    expect(told).to_contain_text("17,818 characters, the last tenth of The Time Machine")
    expect(finder.locator("progress")).to_be_hidden()
    rows = cells(finder.locator("table"))
    scores = [abs(float(row[1].replace("−", "-"))) for row in rows]
    assert len(rows) == 8 and scores == sorted(scores, reverse=True)
    assert all(re.fullmatch(r"[+−]\d\.\d\d \(\d\.\d\d\)", row[2]) for row in rows)
    best = finder.get_by_role("button", name="layer").first
    layer, unit = re.findall(r"\d+", best.inner_text())
    best.click()
    assert viewer.locator("output").all_inner_texts() == [layer, unit]
    viewer.get_by_role("textbox", name="Your text").fill("time")
    expect(finder.locator("tbody td").nth(2)).to_have_text("too short")
    viewer.get_by_role("textbox", name="Your text").fill("mmm" * 9)
    expect(finder.locator("tbody td").nth(2)).to_have_text("it has none")
    viewer.get_by_label("Model").select_option("3 GRU layers")
    expect(finder.locator("tbody tr")).to_have_count(0)  # they were of another model
    expect(told).to_have_text("")


def test_units_are_found_for_letters_that_the_reader_marks(page):
    viewer = widget(page, VIEWER)
    finder = viewer.get_by_role("group", name="Find units")
    finder.get_by_label("Find units for").select_option("the letters that I mark")
    finder.get_by_label("These letters").fill("1")
    finder.get_by_role("button", name="Find").click()
    expect(finder.get_by_text("None of these letters stands on the pages.")).to_be_visible()
    finder.get_by_label("These letters").fill("E")
    finder.get_by_role("button", name="Find").click()
    expect(finder.locator("tbody tr")).to_have_count(8)
    first = cells(finder.locator("table"))
    finder.get_by_label("Find units for").select_option("the place in the word")
    finder.get_by_role("button", name="Find").click()
    expect(finder.locator("tbody tr")).to_have_count(8)
    assert cells(finder.locator("table")) != first


def verdicts(study):
    return study.locator(".clm-verdicts p").all_inner_texts()


def test_the_verdict_follows_the_comparison(page):
    study = widget(page, STUDY)
    assert verdicts(study)[1].startswith("GRU, equal width") and "2 of 3" in verdicts(study)[1]
    study.get_by_label("Compare at").select_option("equal parameters")
    expect(study.locator(".clm-verdicts p").first).to_contain_text("is more than a tie")
    study.get_by_label("Cells").select_option("GRU")
    expect(study.locator(".clm-verdicts p")).to_have_count(1)
    assert study.locator(".clm-point").count() == 4
    study.get_by_label("Learning rate").select_option("0.003 for all")
    expect(study.locator(".clm-verdicts p")).to_contain_text("a single seed each cannot tell")
    study.get_by_label("Learning rate").select_option("the best of each")
    study.get_by_label("every seed").check()
    assert study.locator(".clm-point").count() == 12


def middle(study, number):
    """Where a point is, in pixels of the window; it may lie under others."""
    point = study.locator(f'.clm-point[data-at="{number}"]')
    point.scroll_into_view_if_needed()
    box = point.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def go_to(page, study, number):
    page.mouse.move(*middle(study, number))


def test_a_point_shows_its_learning_curve(page):
    study = widget(page, STUDY)
    told = study.locator("[aria-live]")
    curve = study.locator(".clm-study-plots > svg")
    for shape in ("circle", "rect", "polygon"):  # one for each cell
        expect(study.locator(f"{shape}.clm-point")).to_have_count(4)
    go_to(page, study, 5)
    expect(told).to_contain_text("GRU, 2 × 32, 13,084 parameters")
    expect(curve).to_have_attribute("aria-label", re.compile("Learning curve of GRU, 2 × 32"))
    assert curve.locator("polyline").count() == 2
    before = curve.locator("polyline").first.get_attribute("points")
    study.get_by_role("group", name="Networks by depth").focus()
    page.keyboard.press("ArrowRight")
    expect(told).to_contain_text("GRU, 3 × 32")
    assert curve.locator("polyline").first.get_attribute("points") != before
    page.keyboard.press("ArrowUp")  # the next one above it
    expect(told).to_contain_text("LSTM, 3 × 32")
    page.keyboard.press("ArrowUp")
    expect(told).to_contain_text("tanh, 3 × 32")
    page.keyboard.press("ArrowUp")  # there is none
    expect(told).to_contain_text("tanh, 3 × 32")
    study.get_by_label("every seed").check()
    for seed in (0, 2, 1):
        go_to(page, study, seed)
        expect(told).to_contain_text(f"tanh, 1 × 32, 2,876 parameters, rate 0.1, seed {seed}")


@pytest.mark.parametrize("number", [LOOK, VIEWER, STUDY])
def test_they_fit_a_phone_and_answer_to_a_touch(opened, number):
    page = opened(width=390, height=844)
    place = widget(page, number)
    if number == VIEWER:
        place.get_by_role("button", name="Find").click()
        expect(place.locator("tbody tr")).to_have_count(8)
    elif number == LOOK:
        panel(place, 1).locator(".clm-text span").nth(4).dispatch_event("click")
        expect(panel(place, 0).locator(".clm-selected")).to_have_text("t")
    else:
        x, y = middle(place, 2)
        place.locator(".clm-depths svg").dispatch_event("click", {"clientX": x, "clientY": y})
        expect(place.locator("[aria-live]")).to_contain_text("tanh, 3 × 32")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = place.bounding_box()
    for control in place.locator("button:visible, select:visible, input:visible").all():
        inside = control.bounding_box()
        assert box["x"] <= inside["x"] and inside["x"] + inside["width"] <= box["x"] + box["width"]
