"""TrainInThePage in Chromium: it learns, compares, explodes and explains, without freezing."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import patience
from tests.browser.widgets_page import TRAIN, perplexity, updates, wait_for, widget

pytest_plugins = ["tests.browser.widgets_fixtures"]


@pytest.mark.alone
@pytest.mark.parametrize("where", ["a Worker of this page", "this page"])
def test_it_learns_in_the_page_without_freezing_it(opened, browser, served, where):
    page = opened()
    if where == "this page":
        page.add_init_script("delete globalThis.Worker")
        page.reload()
    train = widget(page, TRAIN)
    page.evaluate("""() => {
        globalThis.longest = 0;
        let last = performance.now();
        const beat = () => {
            const now = performance.now();
            longest = Math.max(longest, now - last);
            last = now;
            setTimeout(beat, 0);
        };
        beat();
    }""")
    train.get_by_role("button", name="Train", exact=True).click()
    wait_for(page, lambda: perplexity(train) < 14)
    assert f"in {where}" in train.locator(".clm-status").inner_text()
    assert page.evaluate("longest") < 700 * patience()  # ms without an answer to the reader
    assert len(train.locator(".clm-sample").inner_text()) > 100
    train.get_by_role("button", name="Pause").click()

    def is_at_rest():  # an update may still be under way
        done = updates(train)
        page.wait_for_timeout(300)
        return updates(train) == done

    wait_for(page, is_at_rest)
    done = updates(train)
    train.get_by_role("button", name="One update").click()
    wait_for(page, lambda: updates(train) == done + 1)


@pytest.mark.engines
def test_runs_are_compared_and_reset(page):
    train = widget(page, TRAIN)
    lines = train.locator(".clm-runs li")
    for count, cell in ((1, "tanh"), (2, "GRU"), (3, "tanh")):
        train.get_by_label("Cell").select_option(cell)
        train.get_by_role("button", name="Train", exact=True).click()
        wait_for(page, lambda: updates(train) >= 21)
        train.get_by_role("button", name="Pause").click()
        expect(lines).to_have_count(count)
        expect(lines.last).to_contain_text(f"1 {cell} layer of 32")
        if count < 3:
            train.get_by_role("button", name="New run").click()
    assert train.locator(".clm-plots svg").first.locator("polyline").count() == 6
    train.get_by_label("Layers").select_option("2")
    expect(train.locator(".clm-train")).to_contain_text("These settings are for the next run")
    train.get_by_role("button", name="Reset").click()
    expect(lines.last).to_contain_text("2 tanh layers of 32")
    expect(train.locator(".clm-status")).to_contain_text("Not trained yet")


def test_a_fourth_run_begins_only_where_the_reader_makes_room(page):
    train = widget(page, TRAIN)
    keep = train.get_by_role("button", name="New run")
    for count in (1, 2, 3):
        train.get_by_role("button", name="One update").click()
        wait_for(page, lambda: updates(train) == 1)
        assert keep.is_disabled() == (count == 3)
        if count < 3:
            keep.click()
    expect(train.get_by_text("Three runs are kept")).to_be_visible()
    letters = train.locator(".clm-runs b")
    assert letters.all_inner_texts() == ["A", "B", "C"]
    assert train.get_by_role("button", name="Remove run C").count() == 0  # Reset is for this one
    train.get_by_role("button", name="Remove run A").click()
    expect(letters).to_have_text(["B", "C"])
    expect(train.get_by_text("Three runs are kept")).to_have_count(0)
    keep.click()
    expect(letters).to_have_text(["B", "C", "A"])


@pytest.mark.engines
def test_each_single_update_is_told_and_drawn(page):
    train = widget(page, TRAIN)
    told = []
    for count in range(1, 6):
        train.get_by_role("button", name="One update").click()
        wait_for(page, lambda n=count: updates(train) == n)
        status = train.locator(".clm-status").inner_text()
        pattern = r"loss: (\S+), a perplexity of (\S+); gradient (\S+)\. .*validation (\S+)\."
        told.append(re.search(pattern, status).groups())
        curves = train.locator(".clm-plots svg")
        drawn = curves.first.locator("polyline").last.get_attribute("points").split()
        assert len(drawn) == count + 1
        gradients = curves.last.locator("circle" if count == 1 else "polyline")
        assert gradients.count() == 1 and gradients.is_visible()
    for column in zip(*told, strict=True):
        assert len(set(column)) > 1 and all(float(value) > 0 for value in column)
    assert len(set(told)) == 5
    expect(train.get_by_text("What it writes after update 5, at temperature 0.7:")).to_be_visible()


def test_without_clipping_the_explosion_is_explained(page):
    train = widget(page, TRAIN)
    train.get_by_label("clip gradients").uncheck()
    train.get_by_label("Learning rate").fill("13")
    expect(train.locator("output")).to_have_text("20")
    train.get_by_role("button", name="Train", exact=True).click()
    expect(train.get_by_role("alert")).to_contain_text("Turn clipping on")
    assert train.get_by_role("button", name="Go on").is_disabled()
    plot = train.locator(".clm-plots svg").first
    assert plot.locator(".clm-exit").count() == 2  # training and validation leave the drawing
    line = plot.locator("polyline:not(.clm-thin)").get_attribute("points").split()
    x, top = map(float, line[-1].split(","))
    assert plot.locator(".clm-exit:not(.clm-thin)").get_attribute("d").split()[2] == f"L{x:.1f}"
    assert top == 30  # the line ends at the upper edge, below the arrow
    assert float(line[0].split(",")[1]) > top
    expect(plot.locator(".clm-end")).to_have_text(
        re.compile(r"A (\d\.\de\+\d+|\d{3}\.\d\d|not a number|too large a number)")
    )
    expect(train.locator(".clm-runs")).to_contain_text("exploded at update")
    assert len(train.locator(".clm-sample").inner_text()) > 100  # what the wreck writes
    train.get_by_role("button", name="Reset").click()
    expect(train.get_by_role("button", name="Train", exact=True)).to_be_enabled()
    assert plot.locator(".clm-exit").count() == 0


def test_own_text_is_judged_and_learned(page):
    train = widget(page, TRAIN)
    train.get_by_text("Train on your own text").click()
    area = train.get_by_role("textbox", name="Your text")
    area.fill("Too short <script>")
    expect(train.get_by_text("This text has 16 letters and spaces")).to_be_visible()
    for name in ("Train", "One update", "Reset", "New run"):
        expect(train.get_by_role("button", name=name, exact=True)).to_be_disabled()
    expect(train.get_by_text("Empty the field to train on The Time Machine.")).to_be_visible()
    area.fill("")
    expect(train.get_by_role("button", name="Train", exact=True)).to_be_enabled()
    area.fill("".join(chr(0x4E00 + i) for i in range(3000)))
    expect(train.get_by_text("3000 different characters")).to_be_visible()
    area.evaluate(
        "(area, text) => { area.value = text; area.dispatchEvent(new Event('input')); }",
        "<script>alert(1)</script> ÄÖ " * 190_000,
    )
    expect(train.get_by_text("Only the first 200,000 characters count.")).to_be_visible()
    assert len(area.input_value()) == 200_001
    train.get_by_role("button", name="Train", exact=True).click()
    wait_for(page, lambda: updates(train) >= 20)
    assert page.locator(".clm script").count() == 0
    train.get_by_role("button", name="Pause").click()
    expect(train.locator(".clm-runs")).to_contain_text(
        "on your text “script alert script äö scrip…”"
    )
    area.fill("short")  # a run that is paused does not go on behind it
    expect(train.get_by_role("button", name="Go on")).to_be_disabled()


def test_runs_on_different_texts_share_no_axes(page):
    train = widget(page, TRAIN)
    plots = train.locator(".clm-plots svg")
    train.get_by_role("button", name="One update").click()
    wait_for(page, lambda: updates(train) == 1)
    assert plots.count() == 2
    train.get_by_text("Train on your own text").click()
    train.get_by_role("textbox").fill("it was a dark and stormy night " * 20)
    expect(train.get_by_text("These settings are for the next run")).to_be_visible()
    train.get_by_role("button", name="New run").click()
    lines = train.locator(".clm-runs li")
    expect(lines.nth(0)).to_contain_text("on The Time Machine: validation down to")
    expect(lines.nth(1)).to_contain_text(
        "your text “it was a dark and stormy nig…”, 619 characters"
    )
    expect(plots).to_have_count(4)
    expect(train.get_by_text("each text has its own axes")).to_be_visible()
    train.get_by_role("button", name="One update").click()
    wait_for(page, lambda: updates(train) == 1)
    for number, letter in ((0, "A"), (2, "B")):
        ends = plots.nth(number).locator(".clm-end").all_text_contents()
        assert [end[0] for end in ends] == [letter]


def test_a_file_that_may_start_no_worker_still_learns_step_by_step(opened, folder):
    page = opened((folder / "index.html").as_uri())
    train = widget(page, TRAIN)
    train.get_by_role("button", name="One update").click()
    wait_for(page, lambda: updates(train) == 1)
    expect(train.locator(".clm-status")).to_contain_text("page")
