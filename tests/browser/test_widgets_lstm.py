"""An LSTM in the page, used as a reader would: trained a little, and the same numbers as JAX's."""

import re

import numpy as np
import optax
import pytest
from playwright.sync_api import expect

import charlm_lib as cl
from charlm_lib.widgets import (
    HiddenStateViewer,
    PredictFirst,
    StepThrough,
    TextSampler,
    TrainInThePage,
)
from tests.browser.conftest import serving
from tests.browser.widgets_page import (
    page_parts,
    perplexity,
    setting,
    wait_for,
    widget,
    write_page,
)

pytest_plugins = ["tests.browser.widgets_fixtures"]
SAMPLER, VIEWER, NEXT, TRAIN, STEPS = range(5)
PREFIX = "the time traveller "
VIEWS = {
    "hidden state": "h",
    "memory cell": "c",
    "input gate": "i",
    "forget gate": "f",
    "candidate": "g",
    "output gate": "o",
}


@pytest.fixture(scope="module")
def results():
    """Two LSTM layers that have learned a little, and a tanh layer that has not."""
    data = cl.TimeMachine(batch_size=32, num_steps=16, num_train=3200, num_val=320)
    size = len(data.vocab)
    model = cl.RNNLM(cl.LSTM(24, 2), size, lr=1.0)
    lstm = cl.Trainer(3).fit(model, data, optimizer=optax.adam(0.03), show=False)
    assert lstm.history["val_perplexity"][-1] < size / 2
    other = cl.RNNLMScratch(cl.RNNScratch(size, 16), size, lr=1.0)
    return {"two LSTM layers": lstm, "one tanh layer": cl.Trainer(0).fit(other, data, show=False)}


@pytest.fixture(scope="module")
def address(results, tmp_path_factory):
    lstm = results["two LSTM layers"]
    widgets = [
        TextSampler(results, prefix=PREFIX, dtype="float32"),
        HiddenStateViewer(results, text=PREFIX, layer=2, unit=3, dtype="float32"),
        PredictFirst.next_character(lstm, PREFIX, 5),
        TrainInThePage(cell="lstm", layers=2, hiddens=16, num_steps=16),
        StepThrough(lstm, text="time", dtype="float32"),
    ]
    folder = tmp_path_factory.mktemp("lstm")
    write_page(folder, *page_parts(widgets))
    with serving(folder) as address:
        yield f"{address}/index.html"


@pytest.fixture(scope="module")
def values(results):
    """What JAX computes over the prefix: of each view `(num_steps, num_layers, num_hiddens)`."""
    result = results["two LSTM layers"]
    params = result.params["params"]["rnn"]
    ids = np.asarray(result.vocab.encode(PREFIX))
    state, steps = None, []
    for token in ids:
        _, new = result.model.apply(result.params, np.array([[token]]), state)
        below, before = np.eye(len(result.vocab))[token], np.zeros_like(new)
        before = before if state is None else state
        rows = []
        for i in range(len(new)):
            layer, old = params[f"layer_{i}"], before[i, 0, 0]
            a = {
                gate: below @ layer[f"i{gate}"]["kernel"]
                + old @ layer[f"h{gate}"]["kernel"]
                + layer[f"h{gate}"]["bias"]
                for gate in "ifgo"
            }
            row = {gate: 1 / (1 + np.exp(-a[gate])) for gate in "ifo"}
            row |= {"g": np.tanh(a["g"]), "h": new[i, 0, 0], "c": new[i, 1, 0]}
            rows.append(row)
            below = new[i, 0, 0]
        steps.append(rows)
        state = new
    return {key: np.array([[row[key] for row in rows] for rows in steps]) for key in VIEWS.values()}


def alphas(canvas):
    """How strong each cell of a heat map is, 0 to 255: `(num_hiddens, num_steps)`."""
    read = "c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"
    width, height = canvas.evaluate("c => [c.width, c.height]")
    return np.reshape(canvas.evaluate(read), (height, width // 2, 2, 4))[:, :, 0, 3]


def test_the_viewer_shows_gates_and_memory_cell(opened, address, values):
    viewer = widget(opened(address), VIEWER)
    show = viewer.get_by_label("Show")
    assert show.locator("option").all_inner_texts() == list(VIEWS)
    assert np.abs(values["c"]).max() > 1.2  # or its scale would not be tested
    for name, key in VIEWS.items():
        show.select_option(name)
        note = viewer.locator(".clm-note").last
        full = np.abs(values["c"]).max() if key == "c" else 1
        if key in "ifo":
            expect(note).to_contain_text("A gate lies between 0, which is clear, and 1")
        else:
            expect(note).to_contain_text("Positive values are wide, negative ones narrow.")
        words = f"The memory cell has no bounds: full colour is {full:.2f}, its largest here."
        assert (words in note.inner_text()) == (key == "c")
        for place, layer in ((0, 1), (1, 0)):  # the top layer is drawn first
            canvas = viewer.locator("canvas").nth(place)
            expected = np.abs(values[key][:, layer]).T / full * 255
            np.testing.assert_allclose(alphas(canvas), expected, atol=1.01)
            label = canvas.get_attribute("aria-label")
            assert label == f"{name} of layer {layer + 1}: 24 units, one row each"
        viewer.locator(".clm-text span").nth(4).click()
        number = f"{values[key][4, 1, 2]:.2f}".replace("-", "−")
        unit = "Unit 3" if key == "h" else f"The {name} of unit 3"
        expect(viewer.locator(".clm-detail")).to_contain_text(f"{unit} of layer 2 is at {number}.")


def test_the_viewer_forgets_a_view_that_the_other_model_lacks(opened, address):
    viewer = widget(opened(address), VIEWER)
    show = viewer.get_by_label("Show")
    show.select_option("output gate")
    viewer.get_by_label("Model").select_option("one tanh layer")
    expect(show).to_be_hidden()
    canvas = viewer.locator("canvas")
    expect(canvas).to_have_attribute(
        "aria-label", "hidden state of layer 1: 16 units, one row each"
    )
    viewer.get_by_label("Model").select_option("two LSTM layers")
    expect(show).to_have_value("h")
    expect(canvas).to_have_count(2)


def test_the_sampler_writes_what_the_library_writes(opened, address, results):
    sampler = widget(opened(address), SAMPLER)
    sampler.get_by_label("Temperature").fill("0")
    sampler.get_by_label("Prefix").fill("there was a ")
    text = sampler.locator(".clm-card").first.locator(".clm-text")
    expected = cl.predict("there was a ", 200, results["two LSTM layers"])
    expect(text).to_have_text(re.compile(f"^{expected}$"))
    meta = sampler.locator(".clm-meta").first
    size = results["two LSTM layers"].num_params
    expect(meta).to_have_text(f"2 LSTM layers of 24 units, {size:,} parameters")


def test_the_reader_guesses_against_the_lstm(opened, address, results):
    guess = widget(opened(address), NEXT)
    guess.get_by_label("Next character").fill("i")
    guess.get_by_role("button", name="Commit").click()
    result = results["two LSTM layers"]
    ids = np.asarray(result.vocab.encode(PREFIX))
    logits, _ = result.model.apply(result.params, ids[None, :5])
    p = np.exp(logits[0, -1]) / np.exp(logits[0, -1]).sum()
    said = f"The model gave it {round(100 * p[ids[5]])}% ({-np.log2(p[ids[5]]):.1f} bits"
    expect(guess.locator(".clm-answer")).to_contain_text(said)


def test_an_lstm_learns_in_the_page(opened, address):
    train = widget(opened(address), TRAIN)
    page = train.page
    expect(train.get_by_label("Cell")).to_have_value("lstm")
    train.get_by_label("Optimizer").select_option("Adam")
    expect(setting(train, "Learning rate")).to_have_text("0.01")
    train.get_by_label("Learning rate").fill("3")
    expect(setting(train, "Learning rate")).to_have_text("0.03")
    train.get_by_role("button", name="Train", exact=True).click()
    wait_for(page, lambda: perplexity(train) < 14)
    train.get_by_role("button", name="Pause").click()
    line = train.locator(".clm-runs li").last
    words = "2 LSTM layers of 16, Adam with learning rate 0.03, clipped at 1, windows of 16"
    expect(line).to_contain_text(words)
    train.get_by_role("button", name="New run").click()
    train.get_by_label("Optimizer").select_option("SGD")
    expect(setting(train, "Learning rate")).to_have_text("1")
    train.get_by_role("button", name="One update").click()
    expect(line).to_contain_text("2 LSTM layers of 16, SGD with learning rate 1,")
    wait_for(page, lambda: "Update 1," in train.locator(".clm-status").inner_text())


def test_a_letter_is_followed_through_the_gates_to_the_memory(opened, address, values):
    place = widget(opened(address), STEPS)
    now, step = place.locator(".clm-moment"), place.get_by_role("button", name="Step", exact=True)
    words = ["The forget gate opens", "The input gate opens", "The candidate: what the letter"]
    words += ["The old memory, shrunk by the forget gate", "The output gate opens"]
    words += ["the output gate shows of it"]
    for i, text in enumerate(words):
        expect(now).to_contain_text(text)
        expect(place.locator(".clm-active")).to_have_count([2, 2, 2, 1, 2, 0][i])  # arrows
        if i == 3:
            expect(place.locator(".clm-equation")).to_have_text("Ct = Ft ⊙ Ct−1 + It ⊙ Gt")
        step.click()
    place.locator('[data-t="1"][data-l="1"]').click()  # PREFIX, too, begins with “t”, then “h”
    place.get_by_role("textbox").fill("the")
    place.locator('[data-t="2"][data-l="1"]').click()
    place.locator('.clm-slot[data-row="3"][data-unit="2"]').hover()
    told = place.locator(".clm-term-place")
    memory = f"{values['c'][2, 1, 2]:.2f}".replace("-", "−")
    expect(told).to_contain_text(f"memory, unit 3: {memory}, a sum of 2 terms")
    kept = values["f"][2, 1, 2] * values["c"][1, 1, 2]
    line = told.locator("li", has_text="forget gate × old memory")
    number = line.locator(".clm-number").inner_text().replace("−", "-")
    assert abs(float(number) - kept) < 0.006


def test_backward_the_memory_has_a_road_of_its_own(opened, address, values):
    place = widget(opened(address), STEPS)
    place.get_by_role("textbox").fill("thet")
    place.get_by_label("Direction").select_option("backward")
    place.locator('[data-t="0"][data-l="1"]').click()
    expect(place.locator(".clm-moment")).to_contain_text("what comes from the next memory")
    place.get_by_role("button", name="Back").click()
    expect(place.locator(".clm-moment")).to_contain_text("What reaches the memory on its straight")
    active = place.locator(".clm-active")
    expect(active).to_have_count(1)
    place.locator('.clm-slot[data-row="3"][data-unit="2"]').hover()
    line = place.locator(".clm-terms li", has_text="straight through the forget gate")
    factor = float(line.locator(".clm-product").inner_text().split(" × ")[0])
    assert abs(factor - values["f"][1, 1, 2]) < 0.006  # of the next letter


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_all_of_it(opened, address, scheme):
    page = opened(address, scheme=scheme, width=390, height=844)
    widget(page, VIEWER).get_by_label("Show").select_option("memory cell")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    small = page.locator(".clm button, .clm select").evaluate_all(
        "all => all.filter((e) => e.offsetParent && e.offsetHeight < 44).map((e) => e.outerHTML)"
    )
    assert small == []
