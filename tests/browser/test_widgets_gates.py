"""A gate to turn, in Chromium: sliders, the unit, what it remembers, and the trained units."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from charlm_lib import GRU, LSTM, RNNLM, Vocab
from charlm_lib.widgets import GateToTurn
from tests.browser.conftest import serving
from tests.browser.widgets_page import page_parts, widget, write_page

pytest_plugins = ["tests.browser.widgets_fixtures"]
GRU_PLACE, LSTM_PLACE = range(2)
BUTTON = "Show trained units that do this"


@pytest.fixture(scope="module")
def address(make_result, tmp_path_factory):
    vocab = Vocab("abcdefghijklmnopqrstuvwxyz ")
    results = [
        make_result(RNNLM(layer, len(vocab), lr=1.0), vocab) for layer in (GRU(16, 2), LSTM(12, 2))
    ]
    folder = tmp_path_factory.mktemp("gates")
    write_page(folder, *page_parts([GateToTurn(result, text="so it was") for result in results]))
    with serving(folder) as address:
        yield f"{address}/index.html"


def turn(place, **gates):
    for name, value in gates.items():
        place.get_by_role("slider", name=f"{name.title()} gate").fill(str(value))


def shares(place):
    """What the widget says is left: by the gate alone, with tanh's way back, and in tanh."""
    found = re.findall(r"(−?)[<>]?(\d+)%", place.locator(".clm-verdict").inner_text())
    return [int(sign.replace("−", "-") + digits) for sign, digits in found]


def test_the_update_gate_decides_what_a_gru_unit_keeps(opened, address):
    place = widget(opened(address), GRU_PLACE)
    verdict = place.locator(".clm-verdict")
    expect(verdict).to_contain_text("An update gate at 0.90 keeps half of it for 6.6 steps")
    turn(place, reset=0, update=0.97)
    expect(verdict).to_contain_text("gate at 0.97 keeps half of it for 23 steps")
    alone, left, plain = shares(place)
    assert alone == left == round(100 * 0.97**31) and plain <= 1
    turn(place, update=1)
    expect(verdict).to_contain_text("keeps it for ever")
    assert shares(place)[:2] == [100, 100]
    turn(place, update=0)
    expect(verdict).to_contain_text("keeps nothing")
    assert shares(place)[:2] == [0, 0]


def test_the_forget_gate_decides_what_an_lstm_unit_keeps(opened, address):
    place = widget(opened(address), LSTM_PLACE)
    turn(place, input=0, forget=0.95, output=0.4)
    expect(place.locator(".clm-verdict")).to_contain_text("A forget gate at 0.95 keeps half")
    alone, left, _ = shares(place)
    assert alone == left == round(100 * 0.95**31)
    labels = place.locator(".clm-diagram .clm-label").all_text_contents()
    assert "× input 0.00" in labels and "0.40" in labels


def test_roads_are_as_wide_as_the_gates_are_open_and_their_numbers_add_up(opened, address):
    place = widget(opened(address), GRU_PLACE)
    turn(place, reset=0.25, update=0.5)
    roads = place.locator(".clm-road")
    expect(roads.first).to_have_attribute("stroke-width", "8.0")
    expect(roads.nth(1)).to_have_attribute("stroke-width", "4.5")
    turn(place, reset=0)
    expect(roads.nth(1)).to_have_class(re.compile("clm-closed"))
    turn(place, reset=0.7)
    place.get_by_role("slider", name="Step").fill("3")
    detail = place.locator(".clm-detail-line").first
    expect(detail).to_contain_text("Step 3:")
    kept, added, state, _ = (
        float(x.replace("−", "-")) for x in re.findall(r"−?\d\.\d\d", detail.inner_text())
    )
    assert abs(kept + added - state) <= 0.011
    before, after = place.locator(".clm-diagram .clm-number").all_text_contents()[1::2][:2]
    assert float(after.replace("−", "-")) == state and before != after


def test_the_picture_is_visited_by_pointer_and_by_keyboard(opened, address):
    page = opened(address)
    place = widget(page, LSTM_PLACE)
    step = place.get_by_role("slider", name="Step")
    place.locator('[data-step="20"]').hover()
    expect(step).to_have_value("20")
    step.focus()
    page.keyboard.press("ArrowRight")
    expect(place.locator(".clm-detail-line").first).to_contain_text("Step 21:")
    marked = place.locator(".clm-here").bounding_box()["x"]
    assert abs(marked - place.locator('[data-step="21"]').bounding_box()["x"]) < 1


def means_in_list(place):
    options = place.locator("option").all_text_contents()
    return np.array([[float(x) for x in re.findall(r"0\.\d\d|1\.00", o)] for o in options])


def test_trained_units_are_ranked_by_how_near_their_gates_are(opened, address):
    page = opened(address)
    place = widget(page, LSTM_PLACE)
    expect(place.locator("select")).to_be_hidden()
    button = place.get_by_role("button", name=BUTTON)
    expect(button).to_have_attribute("aria-expanded", "false")
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-expanded", "true")
    for gates in ({"input": 0.2, "forget": 0.3, "output": 0.8}, {"forget": 0.7}):
        turn(place, **gates)
        wanted = [
            float(place.get_by_role("slider", name=f"{name} gate").input_value())
            for name in ("Input", "Forget", "Output")
        ]
        expect(place.locator("option")).to_have_count(6)
        page.wait_for_timeout(100)
        distances = np.linalg.norm(means_in_list(place) - wanted, axis=1)
        assert (np.diff(distances) > -0.02).all()
    names = place.locator("option").all_text_contents()
    place.locator("select").select_option(index=2)
    layer, unit = re.findall(r"layer (\d+), unit (\d+)", names[2])[0]
    detail = place.locator(".clm-detail-line").last
    expect(detail).to_contain_text(f"Unit {unit} of layer {layer}, from the trained weights.")
    expect(detail).to_contain_text("these 9 letters")
    letters = place.locator(".clm-trained .clm-letter").all_text_contents()
    assert "".join(letters) == "so␣it␣was"


def test_the_text_of_the_trained_units_is_the_readers(opened, address):
    place = widget(opened(address), GRU_PLACE)
    place.get_by_role("button", name=BUTTON).click()
    text = place.get_by_label("Your text")
    text.fill("Ab1c")
    expect(place.locator(".clm-trained .clm-letter")).to_have_text(["a", "b", "c"])
    expect(place.get_by_role("status").filter(has_text="Not in its vocabulary")).to_be_visible()
    text.fill("123")
    expect(place.locator(".clm-detail-line").last).to_contain_text("at least one character")
    expect(place.locator("select")).to_be_hidden()
    text.fill("a" * 80)
    expect(place.get_by_text("only the first 60 characters stay")).to_be_visible()
    expect(place.locator(".clm-trained .clm-letter")).to_have_count(60)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_all_of_it(opened, address, scheme):
    page = opened(address, scheme=scheme, width=390, height=844)
    for number in (GRU_PLACE, LSTM_PLACE):
        widget(page, number).get_by_role("button", name=BUTTON).click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    small = page.locator(".clm button, .clm select").evaluate_all(
        "all => all.filter((e) => e.offsetParent && e.offsetHeight < 44).map((e) => e.outerHTML)"
    )
    assert small == []
