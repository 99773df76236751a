"""The widgets that show numbers on their way, in Chromium."""

import re

from playwright.sync_api import expect

from tests.browser.widgets_page import JACOBIANS, STEPS, widget

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


def numbers_of(place):
    """The numbers of the terms shown, and their sum as the widget says it."""
    shown = place.locator(".clm-terms .clm-number").all_inner_texts()
    [told] = place.locator(".clm-term-place p").all_inner_texts()
    return [float(text.replace("−", "-")) for text in shown], told


def test_a_letter_is_followed_moment_by_moment(page):
    place = widget(page, STEPS)
    now, step = place.locator(".clm-moment"), place.get_by_role("button", name="Step", exact=True)
    filled = place.locator(".clm-box:has(.clm-plus)")
    expect(now).to_have_text(re.compile("“t” picks its row of W_xh"))
    expect(place.get_by_role("button", name="Back")).to_be_disabled()
    assert filled.count() == 0
    said = []
    for _ in range(4):
        step.click()
        said.append(now.inner_text())
    words = ("W_hh adds nothing", "are added", "tanh squashes", "W_xh of layer 2")
    assert all(word in text for word, text in zip(words, said, strict=True))
    expect(filled).to_have_count(1)
    for _ in range(5):
        step.click()
    expect(now).to_contain_text("The softmax turns scores into chances of the next letter: “")
    expect(place.locator(".clm-chance")).to_have_count(3)
    likeliest = place.locator(".clm-unrolled .clm-guess").first.text_content()
    expect(now).to_contain_text(f": “{likeliest}” gets")
    place.get_by_role("button", name="Back").click()
    expect(place.locator(".clm-chance")).to_have_count(0)
    place.locator('[data-t="2"][data-l="1"]').click()
    expect(now).to_contain_text("tanh squashes")
    expect(place.get_by_role("slider")).to_have_value("28")  # two steps of ten, and eight of ten
    expect(filled).to_have_count(6)


def test_a_number_shows_its_terms_largest_first(page):
    place = widget(page, STEPS)
    place.locator('[data-t="1"][data-l="0"]').click()
    place.locator('.clm-slot[data-row="1"][data-unit="4"]').hover()
    terms, told = numbers_of(place)
    total = float(re.search("old state, unit 5: (.*), a sum of 32", told)[1].replace("−", "-"))
    assert abs(sum(terms) - total) < 0.05 and len(terms) == 7
    sizes = [abs(term) for term in terms[:6]]
    assert sizes == sorted(sizes, reverse=True) and sizes[0] > sizes[5]
    products = place.locator(".clm-product").all_inner_texts()[:6]
    for product, term in zip(products, terms, strict=False):
        one, two = (float(x.replace("−", "-")) for x in product.split(" × "))
        assert abs(one * two - term) < 0.03
    numbers = place.locator(".clm-numbers")
    numbers.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(place.locator(".clm-hidden").last).to_contain_text("state, unit 6: tanh(")
    page.keyboard.press("ArrowDown")  # there is no row below
    expect(place.locator(".clm-term-place p")).to_contain_text("state, unit 6: tanh(")


def test_backward_the_gradient_comes_from_the_last_letter(page):
    place = widget(page, STEPS)
    place.get_by_label("Direction").select_option("backward")
    assert place.locator(".clm-letter").all_text_contents() == ["t", "i", "m"]
    expect(place.locator(".clm-moment")).to_contain_text("“e” came, to which the model had given")
    place.get_by_role("slider").press("End")
    lengths = place.locator(".clm-length").all_text_contents()
    assert len(lengths) == len(set(lengths)) == 6  # of every box, and none like another
    expect(place.locator(".clm-moment")).to_contain_text("Times the slope of tanh")
    place.get_by_role("textbox").fill("no")
    assert place.locator(".clm-letter").all_text_contents() == ["n"]
    place.get_by_role("textbox").fill("7")
    expect(place.get_by_text("at least two characters")).to_be_visible()
    expect(place.locator(".clm-unrolled")).to_be_hidden()


def test_the_letters_play_by_themselves_and_stop(page):
    place = widget(page, STEPS)
    place.get_by_role("textbox").fill("ab")
    place.get_by_role("button", name="Play").click()
    expect(place.get_by_role("slider")).not_to_have_value("1")
    place.get_by_role("button", name="Pause").click()
    stopped = place.get_by_role("slider").input_value()
    page.wait_for_timeout(1500)
    expect(place.get_by_role("slider")).to_have_value(stopped)
    place.get_by_role("slider").fill("19")
    place.get_by_role("button", name="Play").click()
    expect(place.get_by_role("slider")).to_have_value("20")
    expect(place.get_by_role("button", name="Play")).to_be_visible()  # the end
    expect(place.get_by_role("button", name="Step", exact=True)).to_be_disabled()
