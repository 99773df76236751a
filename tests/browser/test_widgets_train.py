"""TrainInThePage in Chromium: it learns, compares, explodes and explains, without freezing."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import patience
from tests.browser.widgets_page import TRAIN, perplexity, setting, updates, wait_for, widget

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
    expect(setting(train, "Learning rate")).to_have_text("20")
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
    titles = plots.locator(".clm-axis-title").all_text_contents()
    assert titles[:2] == [
        "Perplexity on The Time Machine",
        "Gradient before clipping on The Time Machine",
    ]
    assert all("on your text “it was a dark and stormy" in title for title in titles[2:])
    for number, letter in ((0, "A"), (2, "B")):
        ends = plots.nth(number).locator(".clm-end").all_text_contents()
        assert [end[0] for end in ends] == [letter]


def test_a_file_that_may_start_no_worker_still_learns_step_by_step(opened, folder):
    page = opened((folder / "index.html").as_uri())
    train = widget(page, TRAIN)
    train.get_by_role("button", name="One update").click()
    wait_for(page, lambda: updates(train) == 1)
    expect(train.locator(".clm-status")).to_contain_text("page")


def shown_now(train):
    """All that the film shows: words, gradients, the pixels of the states, and the text."""
    pixels = "all => all.map((c) => c.toDataURL())"
    return {
        "words": train.locator(".clm-film .clm-note").first.inner_text(),
        "lengths": train.locator(".clm-lengths .clm-number").all_inner_texts(),
        "states": train.locator(".clm-film canvas").evaluate_all(pixels),
        "text": train.locator(".clm-sample").inner_text(),
        "cursors": train.locator(".clm-cursor").evaluate_all(
            "all => all.map((e) => e.x1.baseVal.value)"
        ),
    }


def test_a_run_is_a_film_to_go_back_in(page):
    train = widget(page, TRAIN)
    film = train.get_by_role("slider", name="Film, update")
    expect(film).to_be_disabled()
    train.get_by_label("Layers").select_option("2")
    train.get_by_role("button", name="Train", exact=True).click()
    wait_for(page, lambda: updates(train) >= 80)
    train.get_by_role("button", name="Pause").click()
    # The screen is computed after the words have changed: wait for the one of the last update.
    wait_for(page, lambda: f"after update {updates(train)}, at" in train.inner_text())
    last = shown_now(train)
    assert f"update {updates(train)} of" in last["words"]
    assert last["cursors"] == []  # the end needs no mark
    film.focus()
    page.keyboard.press("Home")
    expect(train.get_by_text("What it writes after update 0, at temperature")).to_be_visible()
    first = shown_now(train)
    assert first["words"].startswith("Run A after update 0 of")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(train.get_by_text("What it writes after update 3, at temperature")).to_be_visible()
    wait_for(page, lambda: shown_now(train)["cursors"] != first["cursors"])
    second = shown_now(train)
    expect(setting(train, "Film, update")).to_have_text("3")
    for one, other in ((first, second), (second, last), (first, last)):
        assert all(one[key] != other[key] for key in one)
        assert len(one["lengths"]) == 3 and len(one["states"]) == 2
    assert len(first["cursors"]) == len(second["cursors"]) == 2  # in both drawings
    assert second["cursors"][0] == second["cursors"][1] > first["cursors"][0]
    page.keyboard.press("End")
    expect(train.locator(".clm-sample")).to_have_text(last["text"])
    assert shown_now(train)["states"] == last["states"]


NOTE_CHANGES = """(element) => {
  element.seen = [];
  const note = () => element.seen.push([element.textContent, performance.now()]);
  const all = { childList: true, characterData: true, subtree: true };
  new MutationObserver(note).observe(element, all);
}"""


def test_the_film_plays_by_itself_and_stops_at_its_end(page):
    page.emulate_media(reduced_motion="reduce")
    train = widget(page, TRAIN)
    one = train.get_by_role("button", name="One update")
    for count in (1, 2, 3):
        one.click()
        wait_for(page, lambda n=count: updates(train) == n)
    play = train.get_by_role("button", name="Play the film")
    value = setting(train, "Film, update")
    value.evaluate(NOTE_CHANGES)
    play.click()
    expect(value).to_have_text("0")
    expect(value).to_have_text("3")
    expect(play).to_be_visible()
    seen = {}
    for text, time in value.evaluate("(element) => element.seen"):
        seen.setdefault(text, time)  # in milliseconds, when it came
    assert list(seen) == ["0", "1", "2", "3"]
    assert seen["1"] - seen["0"] > 900  # a second a frame, for who wants less motion


def test_a_new_run_leaves_the_film_of_the_run_before_to_go_back_to(page):
    train = widget(page, TRAIN)
    which = train.get_by_label("Film of run")
    one, new = (train.get_by_role("button", name=name) for name in ("One update", "New run"))
    for count in (1, 2):
        one.click()
        wait_for(page, lambda n=count: updates(train) == n)
    words = train.locator(".clm-film .clm-note").first
    expect(words).to_contain_text("Run A after update 2 of 2")
    expect(which).to_be_hidden()
    new.click()
    expect(words).to_have_text("The film of this run begins with its first update.")
    expect(which).to_have_value("B")
    which.select_option("A")
    expect(words).to_contain_text("Run A after update 2 of 2")
    film = train.get_by_role("slider", name="Film, update")
    film.press("Home")
    expect(train.get_by_text("What it writes after update 0, at temperature")).to_be_visible()
    one.click()  # the newest run goes on, and the reader's choice stays
    wait_for(page, lambda: updates(train) == 1)
    expect(words).to_contain_text("Run A after update 0 of 2")
    train.get_by_role("button", name="Remove run A").click()
    expect(words).to_contain_text("Run B after update 1 of 1")
    expect(which).to_be_hidden()


def test_learning_rate_and_clipping_act_while_it_runs(page):
    train = widget(page, TRAIN)
    train.get_by_role("button", name="Train", exact=True).click()
    wait_for(page, lambda: updates(train) >= 20)
    train.get_by_label("Learning rate").fill("9")
    line = train.locator(".clm-runs li")
    expect(line).to_contain_text(
        re.compile(r"learning rate 1, .*; after update \d+ learning rate 3,")
    )
    train.get_by_label("clip gradients").uncheck()
    expect(line).to_contain_text(re.compile(r"after update \d+ learning rate 3, not clipped"))
    expect(train.get_by_text("These settings are for the next run")).to_have_count(0)
    first, second = map(int, re.findall(r"after update (\d+)", line.inner_text()))
    assert 20 <= first < second
    assert train.locator(".clm-change").count() == 4  # two in each drawing
    train.get_by_role("button", name="Pause").click()
    train.get_by_label("Learning rate").fill("5")  # a run at rest goes on with it, and only then
    page.wait_for_timeout(300)
    assert "0.2" not in line.inner_text().split("validation")[0]
    train.get_by_label("Cell").select_option("gru")
    expect(train.get_by_text("These settings are for the next run")).to_be_visible()
    train.get_by_label("Cell").select_option("tanh")
    train.get_by_role("button", name="One update").click()
    expect(line).to_contain_text("learning rate 0.2, not clipped")


def test_the_starting_scale_makes_a_plateau(page):
    train = widget(page, TRAIN)
    train.get_by_label("Layers").select_option("2")
    ends = []
    for place, scale in (("1", "0.05"), ("5", "1")):
        train.get_by_label("Starting scale").fill(place)
        expect(setting(train, "Starting scale")).to_have_text(scale)
        train.get_by_role("button", name="Train", exact=True).click()
        wait_for(page, lambda: updates(train) >= 121)
        train.get_by_role("button", name="Pause").click()
        ends.append(perplexity(train))
        if len(ends) == 1:
            train.get_by_role("button", name="New run").click()
    assert ends[0] > 16 and ends[1] < 14
    lines = train.locator(".clm-runs li")
    expect(lines.first).to_contain_text("starting scale 0.05, on The Time Machine")
    assert "scale" not in lines.last.inner_text()


def test_a_wreck_is_shown_to_its_end(page):
    """Here the numbers stop being finite: the film ends with the last model that still has some."""
    train = widget(page, TRAIN)
    train.get_by_label("clip gradients").uncheck()
    train.get_by_label("Learning rate").fill("14")
    train.get_by_role("button", name="Train", exact=True).click()
    expect(train.get_by_role("alert")).to_contain_text("The run exploded")
    title = train.get_by_text("What it writes after update")
    expect(title).to_be_visible()
    assert len(train.locator(".clm-sample").inner_text()) > 100
    film = train.get_by_role("slider", name="Film, update")
    assert int(film.get_attribute("max")) > 4
    film.press("Home")
    expect(train.get_by_text("What it writes after update 0, at temperature")).to_be_visible()
