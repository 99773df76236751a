"""The widgets in Chromium: on a static page, over http and as a file, and on the built site."""

import copy
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import HTML, new_context, open_page, patience
from tests.browser.contrast import contrast
from tests.browser.widgets_page import (
    CHOICE,
    NEXT,
    NUMBER,
    SAMPLER,
    TRAIN,
    VIEWER,
    WHICH,
    enter,
    wait_for,
    widget,
    write_page,
)

pytest_plugins = ["tests.browser.widgets_fixtures"]
BUDGET = 2000  # ms from opening a page to its last widget


def tints(page):
    return page.locator(".clm-sampler .clm-text > span:not(.clm-prefix)").evaluate_all(
        "spans => spans.map((span) => span.style.getPropertyValue('--clm-amount'))"
    )


def texts(page):
    return page.locator(".clm-sampler .clm-text").all_inner_texts()


@pytest.mark.alone
@pytest.mark.parametrize("kind", ["http", "file"])
def test_all_widgets_render_in_time_and_ask_for_nothing_else(opened, served, folder, kind):
    page = opened(served if kind == "http" else (folder / "index.html").as_uri())
    assert page.locator(".widget-place > .clm").count() == 13
    assert page.locator(".clm-error").count() == 0
    page.reload(wait_until="commit")
    widget(page, TRAIN).locator(".clm-plot text").first.wait_for(timeout=BUDGET * patience())


@pytest.mark.engines
def test_sampler_writes_and_follows_its_controls(page):
    sampler = widget(page, SAMPLER)
    wait_for(page, lambda: [len(t) for t in texts(page)] == [215, 215])
    first = texts(page)
    assert first[0] != first[1]
    assert all(t.startswith("time traveller ") for t in first)
    sampler.get_by_label("letter by letter").uncheck()
    page.get_by_role("button", name="New sample").click()
    assert sampler.get_by_label("Seed").input_value() == "1"
    wait_for(page, lambda: texts(page) != first)
    enter(sampler.get_by_label("Seed"), "0")
    wait_for(page, lambda: texts(page) == first)  # the same seed gives the same text
    enter(sampler.get_by_label("Length"), "40")
    wait_for(page, lambda: texts(page) == [t[:55] for t in first])
    sampler.get_by_label("Temperature").fill("0")
    expect(page.locator(".clm-sampler output").first).to_have_text("0, greedy")
    wait_for(page, lambda: {len(t) for t in texts(page)} == {55})
    greedy = texts(page)
    enter(sampler.get_by_label("Seed"), "9")
    wait_for(page, lambda: texts(page) == greedy)
    card = page.locator(".clm-card").first
    expect(card.locator(".clm-detail p").first).to_contain_text(": 100%, 0.0 bits")
    assert card.locator(".clm-bars").first.locator("li").count() == 1  # nothing else is possible
    expect(card.locator(".clm-detail")).to_contain_text("At temperature 1 the model would give:")
    assert card.locator(".clm-bars").nth(1).locator("li").count() >= 5
    sampler.get_by_label("tint by surprise").check()
    assert set(tints(page)) == {"0.00"}
    sampler.get_by_label("Temperature").fill("1.5")
    amounts = page.locator(".clm-sampler .clm-text > span").evaluate_all(
        "spans => spans.map((span) => getComputedStyle(span).backgroundColor)"
    )
    assert len(set(amounts)) > 3


STOP_SOON = """async () => {
    const text = document.querySelector(".clm-sampler .clm-text");
    while (text.innerText.length <= 16) await new Promise(requestAnimationFrame);
    [...document.querySelectorAll("button")].find((b) => b.innerText === "Stop").click();
}"""


def test_sampler_types_letter_by_letter_and_stops(page):
    page.get_by_role("button", name="Write").click()
    page.evaluate(STOP_SOON)  # in the page, where no slow machine comes between
    [length, _] = [len(t) for t in texts(page)]
    assert 16 < length < 150
    page.wait_for_timeout(200)
    assert len(texts(page)[0]) == length


def test_sampler_shows_what_a_character_was_drawn_from(page):
    text = page.locator(".clm-sampler .clm-text").first
    card = page.locator(".clm-card").first
    text.locator("span").nth(5).hover()
    told = card.locator(".clm-detail").inner_text()
    assert re.search(r"after “….*” it wrote “.”: .*%, \d+\.\d bits", told)
    shares = [int(n) for n in re.findall(r"(\d+)%", " ".join(card.locator("li").all_inner_texts()))]
    assert sum(shares) <= 103 and len(shares) >= 5
    text.focus()
    page.keyboard.press("End")
    assert text.locator(".clm-selected").inner_text() == texts(page)[0][-1]
    page.keyboard.press("ArrowLeft")
    expect(card.locator("[aria-live]")).to_contain_text("bits")
    assert text.locator("span").nth(199).get_attribute("class").endswith("clm-selected")


@pytest.mark.parametrize("prefix", ["The <script>alert(1)</script> Éloi ", "漢字 and 1895 "])
def test_sampler_strikes_out_what_the_models_do_not_know(page, prefix):
    sampler = widget(page, SAMPLER)
    sampler.get_by_label("Prefix").fill(prefix)
    struck = page.locator(".clm-sampler .clm-note del").all_inner_texts()
    unknown = [c for c in prefix if not re.match("[A-Za-z ]", c)]
    assert struck == unknown
    known = "".join(c for c in prefix if c not in unknown).lower()
    assert all(t.startswith(known) for t in texts(page))
    assert page.locator(".clm script").count() == 0


def test_sampler_copes_with_an_empty_prefix(page):
    sampler = widget(page, SAMPLER)
    for prefix in ("", "123"):
        sampler.get_by_label("Prefix").fill(prefix)
        expect(page.locator(".clm-card .clm-detail").first).to_contain_text(
            "at least one character"
        )
    sampler.get_by_label("Prefix").fill("a")
    wait_for(page, lambda: [len(t) for t in texts(page)] == [201, 201])
    assert all(t.startswith("a") for t in texts(page))


def test_sampler_copies_its_text(page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy the text from 3 GRU layers").click()
    expect(page.locator(".clm-card").nth(1).get_by_role("status")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == texts(page)[1]


@pytest.mark.engines
def test_viewer_shows_layers_and_tints_with_a_unit(page):
    viewer = widget(page, VIEWER)
    assert viewer.locator(".clm-name").all_inner_texts() == [
        "guess",
        "surprise",
        "layer 2",
        "layer 1",
        "reads",
    ]
    viewer.get_by_label("Model").select_option("3 GRU layers")
    viewer.get_by_role("textbox", name="Your text").fill("Hello <b> world")
    assert viewer.locator("canvas").count() == 3
    assert viewer.locator("del").all_inner_texts() == ["<", ">"]
    assert viewer.locator(".clm-text").inner_text() == "hello b world"
    size = viewer.locator("canvas").first.evaluate("canvas => [canvas.width, canvas.height]")
    assert size == [26, 32]  # two pixels a cell
    pixels = "c => [...c.getContext('2d').getImageData(0, 0, 26, 32).data]"
    pixels = np.reshape(viewer.locator("canvas").first.evaluate(pixels), (32, 13, 2, 4))
    assert len(np.unique(pixels)) > 50
    left, right = pixels[:, :, 0], pixels[:, :, 1]
    positive = right[..., 3] > 0
    assert (left[positive] == right[positive]).all()
    # Negative cells are narrow, and only they are blue: the sign is a shape as well as a colour.
    assert (left[positive, 0] > left[positive, 2]).all()
    negative = ~positive & (left[..., 3] > 9)
    assert negative.sum() > 20 and (left[negative, 0] < left[negative, 2]).all()
    tints = "spans => spans.map((span) => span.style.getPropertyValue('--clm-amount'))"
    spans = viewer.locator(".clm-text span")
    before = spans.evaluate_all(tints)
    canvas = viewer.locator("canvas").nth(1)  # layer 2 of 3
    canvas.click(position={"x": 30, "y": 7})  # 5 px a unit: the second
    assert viewer.locator("output").all_inner_texts() == ["2", "2"]
    assert spans.evaluate_all(tints) != before
    expect(viewer.locator(".clm-detail")).to_contain_text("Unit 2 of layer 2 is at")
    viewer.locator(".clm-text").focus()
    page.keyboard.press("End")
    expect(viewer.locator(".clm-detail")).to_contain_text("the text ends")
    viewer.get_by_label("Show").select_option("update gate")
    assert viewer.locator("canvas").first.get_attribute("aria-label").startswith("update gate")
    viewer.get_by_role("textbox", name="Your text").fill("!")
    expect(viewer.locator(".clm-detail")).to_contain_text("at least one character")


@pytest.mark.engines
def test_predict_first_reveals_only_after_a_guess(page):
    def answer(place):
        return place.locator(".clm-answer")

    for number in (NEXT, WHICH, NUMBER, CHOICE):
        assert widget(page, number).get_by_role("button", name="Commit").is_disabled()
        assert answer(widget(page, number)).is_hidden()
    guess = widget(page, NEXT)
    guess.get_by_label("Next character").fill("#")
    assert guess.get_by_role("button", name="Commit").is_disabled()
    refused = guess.get_by_role("status").filter(has_text="“#” is none of the model's characters.")
    expect(refused).to_be_visible()
    guess.get_by_label("Next character").fill(" ")
    expect(refused).to_have_count(0)
    guess.get_by_label("Next character").press("Enter")
    expect(answer(guess)).to_contain_text("✓ You were right")
    expect(answer(guess)).to_contain_text("So far, of 1: you 1")
    guess.get_by_role("button", name="Another one").click()
    assert guess.locator(".clm-text").inner_text().startswith("time ")
    guess.get_by_label("Next character").fill("q")
    guess.get_by_role("button", name="Commit").click()
    expect(answer(guess)).to_contain_text("of 2: you 1")

    which = widget(page, WHICH)
    text = which.locator(".clm-text").inner_text()
    which.get_by_label("2 tanh layers").check()
    which.get_by_role("button", name="Commit").click()
    expect(answer(which)).to_contain_text("wrote it.")
    which.get_by_role("button", name="Another one").click()
    assert which.locator(".clm-text").inner_text() != text

    number = widget(page, NUMBER)
    enter(number.get_by_label("Your guess"), "99")
    assert number.get_by_role("button", name="Commit").is_disabled()
    refused = number.get_by_role("status").filter(has_text="Guess a number from 1 to 28.")
    expect(refused).to_be_visible()
    enter(number.get_by_label("Your guess"), "12.5")
    expect(refused).to_have_count(0)
    number.get_by_role("button", name="Commit").click()
    expect(answer(number)).to_contain_text("It is 7.3. You said 12.5.")

    choice = widget(page, CHOICE)
    choice.get_by_label("one").check()
    choice.get_by_role("button", name="Commit").click()
    expect(answer(choice)).to_contain_text("✗ No: two.")
    expect(answer(choice)).to_contain_text("Because.")


def test_the_writers_are_balanced_and_their_texts_unseen(opened):
    def visit():
        """The texts and the writers of eight rounds of a new visit."""
        page = opened()
        which = widget(page, WHICH)
        rounds = []
        for _ in range(8):
            text = which.locator(".clm-text").inner_text()
            which.get_by_label("2 tanh layers").check()
            which.get_by_role("button", name="Commit").click()
            rounds.append((text, which.locator(".clm-answer strong").inner_text()))
            which.get_by_role("button", name="Another one").click()
        return page, rounds

    page, rounds = visit()
    writers = [writer for _, writer in rounds]
    for block in (writers[:4], writers[4:]):
        assert sorted(block) == ["2 tanh layers"] * 2 + ["3 GRU layers"] * 2
    shown = {text for text, _ in rounds}
    assert len(shown) == 8
    _, others = visit()
    assert shown.isdisjoint(text for text, _ in others)
    sampler = widget(page, SAMPLER)
    sampler.get_by_label("Temperature").fill("0.5")
    for seed in range(5):
        sampler.get_by_label("Seed").fill(str(seed))
        for text in texts(page):
            assert not any(text.startswith(begun[:60]) for begun in shown)


@pytest.mark.parametrize("seed", ["-1", "1.5", "2147483648", ""])
def test_a_seed_that_cannot_be_is_refused_aloud(page, seed):
    sampler = widget(page, SAMPLER)
    sampler.get_by_label("Seed").fill("7")
    before = texts(page)
    sampler.get_by_label("Seed").fill(seed)
    refused = sampler.get_by_role("status").filter(has_text="A seed is a whole number from 0 to")
    expect(refused).to_contain_text("The texts are still those of seed 7.")
    assert sampler.get_by_label("Seed").get_attribute("aria-invalid") == "true"
    assert texts(page) == before
    sampler.get_by_label("Prefix").fill("a")  # now the field shows the seed in force again
    assert sampler.get_by_label("Seed").input_value() == "7"
    expect(refused).to_have_count(0)


def test_a_text_that_is_too_long_is_cut_aloud(page):
    words = "Too long: only the first {} characters stay."
    for number, name, longest in ((SAMPLER, "Prefix", 2000), (VIEWER, "Your text", 600)):
        place = widget(page, number)
        box = place.get_by_role("textbox", name=name)
        box.fill("a" * (longest + 1))
        said = place.get_by_role("status").filter(has_text=words.format(f"{longest:,}"))
        expect(said).to_be_visible()
        assert len(box.input_value()) == longest
        box.press("Backspace")
        expect(said).to_have_count(0)


def test_what_does_not_stand_in_the_vocabulary_is_said_aloud(page):
    for number, name in ((SAMPLER, "Prefix"), (VIEWER, "Your text")):
        place = widget(page, number)
        place.get_by_role("textbox", name=name).fill("a#b")
        said = place.get_by_role("status").filter(has_text="Not in its vocabulary")
        expect(said.first).to_contain_text("“#”")


def test_what_was_typed_is_there_again_after_going_back(page):
    sampler, viewer, train = (widget(page, number) for number in (SAMPLER, VIEWER, TRAIN))
    number = widget(page, NUMBER)
    number.get_by_label("Your guess").fill("12.5")
    own = "it was a dark and stormy night " * 20
    sampler.get_by_label("Prefix").fill("weena ")
    sampler.get_by_label("Seed").fill("12")
    viewer.get_by_role("textbox", name="Your text").fill("no machine")
    viewer.get_by_label("Model").select_option("3 GRU layers")
    train.get_by_label("Layers").select_option("2")
    train.get_by_text("Train on your own text").click()
    train.get_by_role("textbox").fill(own)
    written = texts(page)
    page.goto("about:blank")
    page.go_back()
    expect(sampler.get_by_label("Prefix")).to_have_value("weena ")
    expect(sampler.get_by_label("Seed")).to_have_value("12")
    assert texts(page) == written
    expect(viewer.get_by_role("textbox", name="Your text")).to_have_value("no machine")
    expect(viewer.get_by_label("Model")).to_have_value("1")
    expect(viewer.locator(".clm-text")).to_have_text("no machine")
    expect(number.get_by_label("Your guess")).to_have_value("12.5")
    expect(number.get_by_role("button", name="Commit")).to_be_enabled()
    expect(train.get_by_label("Layers")).to_have_value("2")
    expect(train.get_by_role("textbox")).to_have_value(own)
    expect(train.locator(".clm-runs")).to_contain_text("your text “it was a dark and stormy nig…”")
    train.get_by_role("textbox").fill("")
    page.reload()
    expect(train.locator("textarea")).to_have_value("")
    expect(train.locator(".clm-runs")).to_contain_text("on The Time Machine")


def test_a_tab_that_may_store_nothing_has_widgets_all_the_same(opened):
    page = opened()
    page.add_init_script(
        "Object.defineProperty(window, 'sessionStorage', "
        "{ get() { throw new DOMException('no', 'SecurityError'); } });"
    )
    page.reload()
    sampler = widget(page, SAMPLER)
    sampler.get_by_label("Prefix").fill("weena ")
    assert all(text.startswith("weena ") for text in texts(page))
    train = widget(page, TRAIN)
    train.get_by_text("Train on your own text").click()
    expect(train.get_by_label("it never leaves your browser)")).to_be_visible()
    page.reload()
    expect(sampler.get_by_label("Prefix")).to_have_value("time traveller ")


def test_a_text_for_which_the_tab_has_no_room_is_learned_but_not_kept(page):
    page.evaluate("""() => {
        for (let size = 2 ** 22, i = 0; size >= 2; i++) {
            try { sessionStorage.setItem(`full ${i}`, "x".repeat(size)); } catch { size /= 2; }
        }
    }""")
    train = widget(page, TRAIN)
    train.get_by_text("Train on your own text").click()
    train.get_by_role("textbox").fill("it was a dark and stormy night " * 20)
    expect(train.get_by_text("This browser has no room to keep it")).to_be_visible()
    expect(train.locator(".clm-runs")).to_contain_text("it was a dark")


def test_damaged_state_speaks_in_its_place_and_the_rest_lives(browser, parts, tmp_path):
    state, views = copy.deepcopy(parts)
    saved = [state["state"][view["model_id"]] for view in views]
    saved[SAMPLER]["state"]["models"][0]["bytes"] -= 2
    del saved[VIEWER]["buffers"]
    saved[WHICH]["buffers"][0]["data"] = "not base64!"
    del state["state"][views[NUMBER]["model_id"]]
    visit = open_page(new_context(browser), write_page(tmp_path, state, views).as_uri())
    page = visit.page
    cards = page.locator(".clm-card")
    expect(cards.nth(0).get_by_role("alert")).to_contain_text("“2 tanh layers” are damaged")
    assert len(cards.nth(1).locator(".clm-text").inner_text()) == 215
    for number, words in ((VIEWER, "are missing"), (WHICH, "could not start"), (NUMBER, "missing")):
        expect(widget(page, number)).to_contain_text(words)
    assert widget(page, CHOICE).get_by_role("button", name="Commit").count() == 1
    assert widget(page, TRAIN).get_by_role("button", name="Train", exact=True).is_enabled()
    assert page.locator("#after").is_visible()
    assert not visit.off_host
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_can_show_and_touch_everything(opened, scheme):
    page = opened(scheme=scheme, width=390, height=844)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    small = page.locator(".clm button, .clm select, .clm input[type=text]").evaluate_all(
        "all => all.filter((e) => e.offsetParent && e.offsetHeight < 44).map((e) => e.outerHTML)"
    )
    assert small == []
    unnamed = page.locator(".clm input, .clm select, .clm textarea").evaluate_all(
        "all => all.filter((e) => !e.labels.length).map((e) => e.outerHTML)"
    )
    assert unnamed == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_have_contrast(opened, scheme):
    page = opened(scheme=scheme)
    read = """(clm) => Object.fromEntries(
        ["page", "panel", "ink", "soft", "accent", "on-accent", "bad", "a", "b", "c", "edge"].map(
            (name) => {
                const hex = getComputedStyle(clm).getPropertyValue(`--clm-${name}`).trim();
                return [name, [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16))];
            }))"""
    colours = page.locator(".clm").first.evaluate(read)
    for name in ("ink", "soft", "bad", "a", "b", "c"):
        for ground in ("page", "panel"):
            assert contrast(colours[name], colours[ground]) >= 4.5, (name, ground)
    assert contrast(colours["on-accent"], colours["accent"]) >= 4.5
    assert contrast(colours["edge"], colours["page"]) >= 3


class Views(HTMLParser):
    """Counts the widgets of a page."""

    count = 0

    def handle_starttag(self, tag, attrs):
        self.count += ("type", "application/vnd.jupyter.widget-view+json") in attrs


@pytest.mark.alone
def test_every_widget_of_the_built_site_runs(visit):
    found = 0
    for path in sorted(HTML.rglob("*.html")):
        views = Views()
        views.feed(path.read_text(encoding="utf-8"))
        if not views.count:
            continue
        found += views.count
        visited = visit(path.relative_to(HTML).as_posix())
        page = visited.page
        page.reload(wait_until="domcontentloaded")
        last = page.locator(".widget-place > .clm").nth(views.count - 1)
        last.wait_for(state="attached", timeout=BUDGET * patience())
        assert page.locator(".clm-error").count() == 0, path.name
        assert not visited.problems, path.name
    assert found > 0
