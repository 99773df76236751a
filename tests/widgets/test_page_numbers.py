"""The numbers that widgets show, in Node with a small document: each is the one that it names.

The models are tables, from which it can be read off what must stand on the page.
"""

import math

import numpy as np
import pytest

TOKENS = ["<unk>", "a", "b", "c", "d"]
# After each character, the chances of the next: no two alike, and the likeliest is another one
# each time.
CHANCES = {
    "a": [0.001, 0.039, 0.6, 0.3, 0.06],
    "b": [0.001, 0.099, 0.1, 0.7, 0.1],
    "c": [0.001, 0.449, 0.2, 0.15, 0.2],
    "d": [0.001, 0.299, 0.4, 0.05, 0.25],
}
TABLE = """
    await openPage();
    const table = (name) => ({
      about: { name, cell: "gru", layers: 2, hiddens: 3, tokens: input.tokens },
      parameters: { length: 12345 },
      zeroState: () => [],
      step: (token) => Float64Array.from(input.chances[input.tokens[token]], Math.log),
    });
"""


@pytest.fixture
def page(run_node):
    def run(program, **inputs):
        return run_node(TABLE + program, tokens=TOKENS, chances=CHANCES, **inputs)

    return run


def test_the_readers_score_and_the_models_are_counted_apart(page):
    # The text is "abdb"; after a, b, d the model guesses b, c, b: right, wrong, right.
    program = """
    const { NextCharacterQuestion } = await load("page/predict/next_character.js");
    const question = new NextCharacterQuestion({ text: "abdb", start: 1 }, [table("it")]);
    const rounds = ["c", "d", "a"].map((guess) => {
      const told = question.reveal(guess).map((element) => element.textContent);
      return [...told, question.more()];
    });
    give(rounds);
    """
    first, second, third = page(program)
    assert first[0] == (
        "✗ You were not right: the text goes on with “b”. The model gave it 60% (0.7 bits of "
        "surprise), and your “c” 30%."
    )
    assert first[2] == "So far, of 1: you 0, the model's first choice 1."
    assert second[0] == (
        "✓ You were right: the text goes on with “d”. The model gave it 10% (3.3 bits of surprise)."
    )
    assert second[2] == "So far, of 2: you 1, the model's first choice 1."
    assert third[0].endswith("goes on with “b”. The model gave it 40% (1.3 bits of surprise), "
                             "and your “a” 30%.")  # fmt: skip
    assert third[2] == "So far, of 3: you 1, the model's first choice 2."
    assert [first[3], second[3], third[3]] == [True, True, False]


def test_bars_are_those_of_the_likeliest_and_of_the_chosen(page):
    program = """
    const { distributionBars } = await load("page/distribution.js");
    const list = distributionBars(input.chances.a, input.tokens, 4, 2);
    const rows = list.all("li").map((row) => [
      row.className,
      row.textContent,
      row.all("clm-bar")[0].style.width,
    ]);
    const none = distributionBars([0, 1, 0, 0, 0], input.tokens, -1).all("li").length;
    give([rows, none]);
    """
    rows, none = page(program)
    assert rows == [
        ["", "b60%", "60%"],
        ["", "c30%", "30%"],
        ["clm-chosen", "d6%✓", "6%"],
    ]
    assert none == 1  # what is impossible has no bar


def test_the_writer_is_named_and_the_score_counts_only_right_guesses(page):
    program = """
    const { WhichModelQuestion } = await load("page/predict/which_model.js");
    const models = ["one", "two", "three"].map(table);
    const spec = { prefix: "a", temperature: 1, length: 5, seed: 3 };
    const question = new WhichModelQuestion(spec, models);
    const rounds = [];
    for (let i = 0; i < 9; i++) {
      question.nextRound();
      const writer = question.writer.about.name;
      const told = question.reveal("two").map((element) => element.textContent);
      rounds.push([writer, ...told]);
    }
    give(rounds);
    """
    right = 0
    for number, (writer, verdict, score) in enumerate(page(program), start=1):
        right += writer == "two"
        assert verdict == f"{'✓ Yes' if writer == 'two' else '✗ No'}: {writer} wrote it."
        assert score == f"So far: {right} right out of {number}."
    assert 0 < right < 9


@pytest.mark.parametrize("temperature", [0, 0.5, 1, 2])
def test_a_card_shows_what_each_character_was_drawn_from(page, temperature):
    program = """
    const { Card } = await load("page/sampler/card.js");
    const card = new Card({ name: "it", tokens: input.tokens }, new DataView(new ArrayBuffer(0)));
    card.model = table("it");
    card.begin("a", input.temperature, 4);
    while (card.isReading()) card.read();
    for (let i = 0; i < 12; i++) card.write();
    const spans = card.fresh.map((s) => [s.textContent, s.style["--clm-amount"], s.className]);
    const told = card.written.map((_, place) => {
      card.explain(place);
      const bars = card.detail.all("clm-bars").map((list) =>
        list.all("li").map((row) => row.textContent));
      return [card.detail.parts[0].textContent, bars];
    });
    give([spans, told, card.textUntil(12)]);
    """
    spans, told, text = page(program, temperature=temperature)
    assert text == "a" + "".join(character for character, *_ in spans)
    for place, ((character, amount, odd), (words, bars)) in enumerate(
        zip(spans, told, strict=True)
    ):
        weights = np.array(CHANCES[text[place]][1:])  # <unk> is never written
        likely = np.round(weights / weights.sum(), 12)
        if temperature:
            chances = weights ** (1 / temperature) / (weights ** (1 / temperature)).sum()
        else:
            chances = (np.arange(4) == likely.argmax()).astype(float)
        p = chances["abcd".index(character)]
        assert f"it wrote “{character}”: " in words
        assert f"after “…{text[: place + 1][-12:]}” it wrote" in words
        assert f"{abs(math.log2(p)):.1f} bits" in words
        share = f"{100 * p + 1e-9:.0f}%"
        assert share in words
        shown = [bar[0] for bar in bars[0]]
        assert shown[0] == "abcd"[np.argmax(chances.round(12))]
        assert [bar for bar in bars[0] if bar.endswith("✓")] == [f"{character}{share}✓"]
        assert float(amount) == pytest.approx(min(1, abs(math.log2(p)) / 6), abs=0.006)
        assert (odd == "clm-odd") == (-math.log2(p) > 4)
        assert len(bars) == (1 if temperature else 2)  # greedy: also what it would give at 1
        if not temperature:
            assert bars[1][0].startswith(f"{character}{100 * likely.max():.0f}%")


def test_the_sheet_has_each_layer_and_each_view_in_its_place(page):
    # Value of a view at letter t, layer l, unit j: all different.
    program = """
    const { Sheet } = await load("page/viewer/sheet.js");
    const sheet = new Sheet(() => {}, () => {});
    const steps = [0, 1].map((t) => ({
      shown: "ab"[t], guess: "bc"[t], right: t === 0, next: [2, -1][t],
      probabilities: [0, 0.25, 0.0625, 0.6875, 0],
      values: Object.fromEntries(["h", "r", "z"].map((view, v) => [
        view, Array.from({ length: 6 }, (_, k) => (100 * v + 10 * t + k + 1) / 500),
      ])),
    }));
    const painted = (view) => {
      sheet.fill(steps, { layers: 2, hiddens: 3 }, view, 0.5);
      return sheet.sheet.all("canvas").map((canvas) => [
        canvas.layer, canvas.attributes["aria-label"], Array.from(canvas.painted),
      ]);
    };
    const rows = sheet.sheet;
    const all = ["h", "r", "z"].map(painted);
    give([all, rows.all("clm-surprises")[0].all("i").map((bar) => bar.style.height),
          rows.all("clm-right").map((cell) => cell.textContent),
          rows.all("clm-reads")[0].textContent]);
    """
    views, surprises, right, read = page(program)
    names = ["hidden state", "reset gate", "update gate"]
    for v, (name, canvases) in enumerate(zip(names, views, strict=True)):
        assert [layer for layer, *_ in canvases] == [2, 1]  # the top layer above
        for layer, label, strengths in canvases:
            assert label == f"{name} of layer {layer}: 3 units, one row each"
            cells = np.array(strengths).reshape(3, 2, 2)  # unit, letter, half
            units, letters = np.indices((3, 2))
            expected = (100 * v + 10 * letters + 3 * (layer - 1) + units + 1) / 500 / 0.5 * 255
            np.testing.assert_allclose(cells, np.stack([expected] * 2, -1), atol=1e-9)
    assert surprises == ["50%", "0%"]  # four of eight bits; nothing came after the last
    assert (right, read) == (["b"], "readsab")


def test_each_view_shows_the_numbers_of_its_letter(page):
    program = """
    const { viewsOf, nameOfView } = await load("page/viewer/views.js");
    const { cellOf } = await load("model/cells/cells.js");
    give(Object.fromEntries(["tanh", "gru", "lstm"].map((cell) =>
      [cell, Object.fromEntries(viewsOf(cellOf(cell)).map((key) => [key, nameOfView(key)]))])));
    """
    gates = {"i": "input gate", "f": "forget gate", "g": "candidate", "o": "output gate"}
    assert page(program) == {
        "tanh": {"h": "hidden state"},
        "gru": {"h": "hidden state", "r": "reset gate", "z": "update gate", "n": "candidate"},
        "lstm": {"h": "hidden state", "c": "memory cell", **gates},
    }


def test_what_the_viewer_sums_up(page):
    program = """
    const { expectation, summary, unitInWords } = await load("page/viewer/sentences.js");
    const step = (p, next, right) => ({ probabilities: [0, p, 1 - p], next, right });
    const steps = [step(0.25, 1, true), step(0.5, 2, false), step(0.125, 1, false), step(1, -1)];
    give([summary(steps, "L. "), expectation(steps[2], "x", ["<unk>", "a", "b"]),
          expectation(steps[3], "x", []), unitInWords(2, 5, -0.254, "hidden state"),
          unitInWords(1, 3, 0.75, "update gate")]);
    """
    told, after, end, unit, gate = page(program)
    assert "right 1 times out of 3; it was surprised by 2.00 bits per character" in told
    assert after == "After “x” came “a”: 13%, 3.0 bits."
    assert end == "After “x” the text ends; the model would go on as below."
    assert unit == " Unit 5 of layer 2 is at −0.25."
    assert gate == " The update gate of unit 3 of layer 1 is at 0.75."


def test_the_curves_of_a_run_are_its_own(page):
    program = """
    const { drawCurves, emptyDrawing } = await load("page/curves.js");
    const plots = await load("page/train/plots.js");
    const points = [
      { updates: 0, train: 28, validation: 28, norm: 0 },
      { updates: 20, train: 20, validation: 10, norm: 3 },
      { updates: 40, train: 14, validation: 5, norm: 7 },
    ];
    const run = { title: "it", text: "t", tokens: Array(28), settings: { numSteps: 8 } };
    const drawn = new plots.Plots();
    const film = { updates: [0, 20, 40], train: [28, 20, 14], norm: [1, 3, 7] };
    const around = { bound: 1, width: 800, at: -1 };
    drawn.draw([{ ...run, name: "A", points, film, changes: [] }], around);
    const [perplexity, norms] = drawn.panels[0].element.all("svg");
    const lines = (drawing) => drawing.all("polyline").map((line) => [
      line.attributes.class,
      line.attributes.points.split(" ").map((place) => place.split(",").map(Number)),
    ]);
    const base = perplexity.all("clm-base")[0].attributes.y1;
    const clip = norms.all("clm-base")[0].attributes.y1;
    give([lines(perplexity), lines(norms), Number(base), Number(clip),
          perplexity.all("clm-end").map((label) => label.textContent)]);
    """
    curves, norms, guessing, clip, labels = page(program)
    by_class = {classes: np.array(places) for classes, places in curves}
    thin = by_class["clm-curve clm-thin clm-run-A"]
    thick = by_class["clm-curve clm-run-A"]
    np.testing.assert_allclose(thin[:, 0], thick[:, 0])
    np.testing.assert_allclose(np.diff(thin[:, 0]), (thin[2, 0] - thin[0, 0]) / 2)
    assert thin[0, 1] == thick[0, 1] == pytest.approx(guessing, abs=0.06)
    # On a logarithmic axis the same factor is the same way: 28 to 14, and 10 to 5, are halves.
    half = thin[2, 1] - thin[0, 1]
    assert half > 10 and thick[2, 1] - thick[1, 1] == pytest.approx(half, abs=0.11)
    assert thin[1, 1] - thin[0, 1] == pytest.approx(half * math.log2(28 / 20), abs=0.11)
    [[_, lengths]] = norms
    unit = (lengths[1][1] - lengths[2][1]) / math.log(7 / 3)
    assert clip == pytest.approx(lengths[0][1], abs=0.06)
    assert clip - lengths[1][1] == pytest.approx(unit * math.log(3), abs=0.2)
    assert labels == ["A 5.00"]


def test_a_step_of_a_gated_unit_names_what_was_kept_and_what_was_added(page):
    program = """
    const words = await load("page/gates/words.js");
    const after = { kept: 0.3, added: -0.12, h: 0.18, c: 0.7 };
    const unit = { layer: 2, unit: 5, keep: 0.5, means: { r: 0.25, z: 0.5 } };
    give([words.stepOfUnit("gru", 4, after, 0.55), words.stepOfUnit("lstm", 4, after, 0.55),
          words.unitInList(unit, "gru"), words.unitInDetail(unit, "gru", 3, { r: 0.9, z: 0.6 }),
          words.unitInDetail(unit, "gru", 3, { r: 0.25, z: 0.9 }),
          words.verdictOnGates("gru", { r: 0.1, z: 0.5 }, 0.25, -0.03, 2),
          [0.05, 0.5, 0.9, 0.97, 1, 0].map((keep) => words.halfLifeInWords(keep))]);
    """
    gru, lstm, listed, near, far, verdict, lives = page(program)
    assert gru.startswith("Step 4: it keeps 0.30 and adds −0.12, which makes ")
    assert " 0.18. The letter added 0.55 inside tanh." in gru and " 0.70. " in lstm
    assert listed == "layer 2, unit 5: reset 0.25, update 0.50"
    assert "far" not in near and "Its update gate is far from yours." in far
    assert "over these 3 letters is 0.13: on average it keeps half of it for 1 letter." in near
    assert verdict == (
        "An update gate at 0.50 keeps half of it for 1 step: alone it leaves 25% after 2 steps. "
        "With the way back through tanh, 25% of the difference is left; the tanh unit has −3%."
    )
    assert lives == [
        "keeps half of it for less than one step",
        "keeps half of it for 1 step",
        "keeps half of it for 6.6 steps",
        "keeps half of it for 23 steps",
        "keeps it for ever",
        "keeps nothing",
    ]


def test_what_is_said_of_a_gradients_way_back(page):
    program = """
    const { stepInWords, verdict } = await load("page/jacobians/words.js");
    const way = {
      norms: [1, 0.5, 0.25], powers: [1, 2, 4], slopes: [0.9, 0.5, 0.3],
      states: [[0.999999, 0], [0, 0.1], [0.2, 0.3]],
    };
    give([verdict(way), ...[0, 1, 2].map((back) => stepInWords(way, back, ["x", "y", "z"])),
          verdict({ norms: [1, 1.2], powers: [1, 0.5] }),
          verdict({ norms: [1, 1], powers: [1, 1] })]);
    """
    dies, last, one, two, grows, stays = page(program)
    assert dies == (
        "The gradient dies: times 0.50 a step on average. Without tanh's slopes, W_hh alone would "
        "make it grow, times 2.00."
    )
    assert last == (
        "The last step reads “z”. The gradient begins here: 0 of 2 units are saturated, the mean "
        "slope is 0.90."
    )
    assert one.startswith("1 step back, at “y”: the gradient has 0.5 of its first length. This ")
    assert "made it times 0.5; here 0 of 2 units" in one and "slope is 0.50." in one
    assert two.startswith("2 steps back, at “x”: the gradient has 0.25") and "1 of 2 units" in two
    assert "made it times 0.5;" in two
    assert grows.startswith("The gradient grows: times 1.20") and "would be, times 0.50" in grows
    assert stays.startswith("The gradient neither dies nor grows: times 1.00")


def test_what_is_said_of_a_letters_influences(page):
    program = """
    const words = await load("page/look/words.js");
    const row = [0.1, -0.9, 0.4];
    const letters = ["x", " ", "z", "q"];
    give([words.strongest(row, 2), words.panelAloud("A", letters, 3, Math.log(0.25), row),
          words.panelAloud("A", ["x"], 0, 0, []), words.chosenInWords("q", Math.log(0.125)),
          [1.234, -0.04, 0.00003, 0].map(words.signed)]);
    """
    places, aloud, first, chosen, signs = page(program)
    assert places == [1, 2]
    assert aloud == "Model A: 25%, most of it from space, 2 letters back: −0.90 nats."
    assert (first, chosen) == ("Model A: 100%.", "“q”: 13%, 3.0 bits")
    assert signs == ["+1.23", "−0.04", "+3e−5", "+0.00"]


def test_what_is_said_of_a_point_and_a_comparison_of_the_study(page):
    program = """
    const words = await load("page/study/words.js");
    const network = { cell: "gru", layers: 2, hiddens: 64, params: 12345 };
    const place = { network, runs: [{ lr: 0.5 }, { lr: 0.5 }] };
    const compared = [
      { difference: 0.0291, p: 0.0007, verdict: "better" },
      { difference: -0.05, p: 0.00001, verdict: "worse" },
    ];
    compared.forEach((it, i) => {
      Object.assign(it, { first: { layers: i + 1 }, second: { layers: i + 2 } });
    });
    const options = { plan: "equal width", judge: "val", rate: 0 };
    give([words.pointInWords({ place, chosen: null, loss: Math.log(4) }, "test"),
          words.pointInWords({ place, chosen: { seed: 7 }, loss: Math.log(4) }, "val"),
          words.verdictOf("gru", [1, 2, 3], compared, options)]);
    """
    mean, one, verdict = page(program)
    assert mean == (
        "GRU, 2 × 64, 12,345 parameters, rate 0.5, mean of 2 seeds: perplexity 4.000 on the test "
        "text (1.386 nats)"
    )
    assert ", seed 7: " in one and "on the validation windows" in one
    assert verdict["sentence"] == (
        "GRU, equal width, each with its best rate, on the validation windows: 1 of 2 further "
        "layers better, by 0.029 nats at most; 1 worse."
    )
    assert verdict["details"] == [
        "two layers than one layer: better (+0.029 nats, p = 0.0007)",
        "three layers than two layers: worse (−0.050 nats, p < 0.0001)",
    ]


def test_what_is_said_of_a_runs_last_point_and_of_its_longest_gradient(page):
    program = """
    const words = await load("page/train/words.js");
    const point = (updates, train, validation, norm) => ({ updates, train, validation, norm });
    const settings = {
      cell: "gru", layers: 1, hiddens: 8, optimizer: "sgd", learningRate: 2, clip: 0, numSteps: 16,
      scale: 1,
    };
    const run = {
      settings, first: settings, changes: [], title: "it", tokens: Array(28), seconds: 4,
      placeName: "worker", updates: 60,
      points: [point(0, 28, 28, 0), point(20, 21, 12, 50), point(60, 9, 15, 3)],
    };
    const exploded = { ...run, exploded: true, problem: "So.", points: [...run.points,
      point(61, 1, 1, Infinity)] };
    const single = { ...run, updates: 61, points: [...run.points, point(61, Math.exp(2), 14, 7)] };
    give([words.progressInWords(run, ""), words.runInWords(run), words.explainProblem(exploded),
          words.progressInWords(single, "")]);
    """
    progress, line, explained, single = page(program)
    assert progress == (
        "Update 60, 15 a second in a Worker of this page. Perplexity at update 60: training 9.00 "
        "(over 40 updates), validation 15.00. Longest gradient of these: 3.00."
    )
    assert line.endswith("windows of 16, on it: validation down to 12.00")
    assert "The gradient grew to 50.00 and nothing shortened it" in explained
    assert "Its own loss: 2.00, a perplexity of 7.39; gradient 7.00." in single
    assert single.endswith("Perplexity after it: validation 14.00.")
