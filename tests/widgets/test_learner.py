"""Learning in the page, run in Node: the same steps as JAX, and it does learn."""

import base64

import numpy as np
import pytest

from charlm_lib import Vocab, read_corpus
from charlm_lib.losses import EXPLODED
from charlm_lib.widgets.train_in_page import (
    CHARACTERS,
    CHOICES,
    FIRST_RATES,
    TrainInThePage,
    update_with_jax,
)

TEXT = read_corpus()[:CHARACTERS]
START = """
    const { Learner } = await load("learning/learner.js");
    const { vocabularyOf } = await load("model/text.js");
    const { InKernel } = await load("learning/places.js");
    const { Model } = await load("model/network.js");
    const { openingOf, sampleOf } = await load("learning/screen.js");
    const tokens = vocabularyOf(input.text);
    const learner = new Learner(input.settings, input.text, tokens);
    const written = (prefix, length) => {
      const { parameters } = learner.reel.frames.at(-1);
      const model = new Model(learner.about, Float64Array.from(parameters));
      const task = sampleOf(model, openingOf(prefix, input.text, tokens), learner.updates, length);
      for (;;) {
        const { done, value } = task.next();
        if (done) return value;
      }
    };
"""


def settings(
    cell="tanh",
    layers=1,
    hiddens=16,
    learningRate=1.0,
    clip=1.0,
    numSteps=16,
    seed=0,
    optimizer="sgd",
    scale=1,
):
    return dict(
        cell=cell,
        layers=layers,
        hiddens=hiddens,
        learningRate=learningRate,
        clip=clip,
        numSteps=numSteps,
        seed=seed,
        optimizer=optimizer,
        scale=scale,
    )


@pytest.mark.parametrize(
    ("cell", "layers", "clip", "optimizer", "rate"),
    [
        ("tanh", 2, 0.1, "sgd", 1.0),
        ("gru", 2, 0.1, "sgd", 1.0),
        ("gru", 1, 0, "adam", 0.01),
        ("lstm", 3, 0.01, "sgd", 1.0),
        ("lstm", 2, 0.1, "adam", 0.01),
    ],
)
def test_updates_equal_those_of_jax(run_node, cell, layers, clip, optimizer, rate):
    chosen = settings(cell, layers, numSteps=8, clip=clip, optimizer=optimizer, learningRate=rate)
    program = (
        START
        + """
    const vectors = () => learner.vectors.map((vector) => Array.from(vector));
    const starts = [];
    const draw = learner.draw.bind(learner);
    learner.draw = () => { starts.push(draw()); return starts.at(-1); };
    const before = vectors();
    const nll = [], norms = [];
    const record = learner.record.bind(learner);
    learner.record = (loss, norm) => { nll.push(loss); norms.push(norm); record(loss, norm); };
    for (let i = 0; i < 4; i++) learner.step();
    give({ before, after: vectors(), starts, nll, norms });
    """
    )
    found = run_node(program, settings=chosen, text=TEXT)
    vectors, done = [np.array(vector, np.float32) for vector in found["before"]], 0
    for count in (1, 3):  # as if the kernel had been asked twice: it goes on where it was
        now = slice(done, done + count)
        starts = found["starts"][now]
        vectors, nll, norms = update_with_jax(TEXT, chosen, starts, vectors, done)
        np.testing.assert_allclose(found["nll"][now], nll, rtol=0, atol=1e-5)
        np.testing.assert_allclose(found["norms"][now], norms, rtol=0, atol=1e-5)
        done += count
    assert len(vectors) == len(found["after"]) == {"sgd": 1, "adam": 3}[optimizer]
    for ours, theirs in zip(found["after"], vectors, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5)
    if clip:
        assert max(found["norms"]) > clip, "nothing was clipped, so clipping was not tested"
    assert np.abs(np.subtract(found["after"][0], found["before"][0])).max() > 1e-3


@pytest.mark.parametrize(
    ("cell", "optimizer", "rate"),
    [("tanh", "sgd", 2.0), ("gru", "sgd", 2.0), ("lstm", "adam", 0.01)],
)
def test_it_learns(run_node, cell, optimizer, rate):
    program = (
        START
        + """
    while (learner.updates < 201) learner.task.next(); // the last one, past the point at 200
    const { points, problem } = learner;
    learner.reel.film(learner.updates);
    give({ points, problem, text: written("time ", 30) });
    """
    )
    chosen = settings(cell, optimizer=optimizer, learningRate=rate, hiddens=32)
    found = run_node(program, settings=chosen, text=TEXT)
    assert found["problem"] == ""
    validation = [point["validation"] for point in found["points"]]
    assert [point["updates"] for point in found["points"]] == list(range(0, 201, 20))
    size = len(Vocab(TEXT))
    assert size * 0.9 < validation[0] < size * 1.1  # untrained: it guesses evenly
    assert validation[-1] < size / 2
    assert found["text"].startswith("time ") and len(found["text"]) == 35


def test_without_clipping_a_high_rate_explodes_and_says_so(run_node):
    program = (
        START
        + """
    learner.work(20000);
    const { problem, exploded, updates, points } = learner;
    give({ problem, exploded, updates, points, sample: written("time ", 40) });
    """
    )
    found = run_node(program, settings=settings(clip=0, learningRate=20.0), text=TEXT)
    assert found["exploded"] and f"{EXPLODED} times worse than guessing evenly" in found["problem"]
    points = found["points"]
    assert points[-1]["updates"] == found["updates"] == 20
    far = EXPLODED * len(Vocab(TEXT))
    assert points[-1]["train"] > far and points[-1]["validation"] > far
    assert 3 < len([point for point in points if point["train"] > far])  # drawn where it began
    assert found["sample"].startswith("time ") and len(found["sample"]) == 45  # a wreck writes too
    same = run_node(
        program.replace("20000", "3000"), settings=settings(learningRate=4.0), text=TEXT
    )
    assert same["problem"] == "" and not same["exploded"]


def test_an_explosion_is_judged_alike_however_the_updates_were_asked_for(run_node):
    """This run is far worse than chance at single updates, and comes back."""
    program = (
        START
        + """
    const once = new Learner(input.settings, input.text, tokens);
    while (once.updates < 60 && !once.problem) once.step();
    while (learner.updates < 60 && !learner.problem) learner.task.next();
    const { EXPLODED } = await load("model/loss.js");
    const bound = EXPLODED * tokens.length;
    const isFar = ({ train, validation }) => Math.min(train, validation) > bound;
    const end = (l) => [l.updates, l.problem];
    give({ far: once.points.filter(isFar).length, ends: [once, learner].map(end) });
    """
    )
    wild = settings("gru", learningRate=20.0)
    found = run_node(program, settings=wild, text=TEXT)
    assert found["far"] > 3 and found["ends"] == [[60, ""], [60, ""]]
    found = run_node(program, settings=wild | {"clip": 0}, text=TEXT)
    assert found["far"] > 3 and found["ends"][0] == found["ends"][1] and found["ends"][0][1]


@pytest.mark.parametrize(
    ("train", "validation", "exploded"),
    [
        (281.0, 281.0, True),
        (281.0, 280.0, False),
        (280.0, 5e29, False),
        (280.0, 280.0, False),
        ("NaN", 3.0, True),
        (3.0, "Infinity", True),
    ],
)
def test_a_run_has_exploded_where_both_texts_are_far_worse_than_chance(
    run_node, train, validation, exploded
):
    program = """
    const { EXPLODED, hasExploded } = await load("model/loss.js");
    const point = { train: Number(input.train), validation: Number(input.validation) };
    give({ factor: EXPLODED, exploded: hasExploded(point, 28) });
    """
    found = run_node(program, train=train, validation=validation)
    assert found == {"factor": EXPLODED, "exploded": exploded}


def test_each_single_update_tells_its_own_numbers(run_node):
    program = (
        START
        + """
    const own = [];
    const record = learner.record.bind(learner);
    learner.record = (nll, norm) => { own.push([Math.exp(nll), norm]); record(nll, norm); };
    while (learner.updates < 3) learner.task.next(); // a run that was paused at update 3
    for (let i = 0; i < 4; i++) learner.step();
    while (learner.updates < 19) learner.task.next();
    learner.step();
    while (learner.updates < 41) learner.task.next();
    give({ own, points: learner.points });
    """
    )
    found = run_node(program, settings=settings(), text=TEXT)
    points = {point["updates"]: point for point in found["points"]}
    assert [point["updates"] for point in found["points"]] == [0, 3, 4, 5, 6, 7, 19, 20, 40]
    for update in (4, 5, 6, 7, 20):
        perplexity, norm = found["own"][update - 1]
        assert points[update]["train"] == pytest.approx(perplexity, rel=1e-12)
        assert points[update]["norm"] == norm
    assert len({point["train"] for point in points.values()}) == len(points)
    perplexities, norms = zip(*found["own"][20:40], strict=True)
    assert points[40]["train"] == pytest.approx(np.exp(np.mean(np.log(perplexities))), rel=1e-12)
    assert points[40]["norm"] == max(norms)


def test_numbers_that_are_not_finite_end_a_run_and_its_writing(run_node):
    program = (
        START
        + """
    learner.step();
    const whole = written("time ", 40);
    learner.model.parameters.fill(NaN, -1);
    learner.work(2000);
    const { problem, exploded, updates, points } = learner;
    const filmed = learner.reel.frames.map((frame) => frame.updates);
    const last = written("time ", 40);
    learner.reel.frames.at(-1).parameters.fill(NaN, -1);
    const rest = { whole: whole.length, last: last.length, sample: written("time ", 40) };
    give({ problem, exploded, updates, points, filmed, ...rest });
    """
    )
    found = run_node(program, settings=settings(), text=TEXT)
    assert found["exploded"] and "update 2 are no longer finite" in found["problem"]
    assert found["updates"] == 2 and found["sample"] == ""
    assert found["filmed"] == [0, 1]  # the last model with finite numbers, and it still writes
    assert found["whole"] == found["last"] == 45
    assert found["points"][-1] == {"updates": 2, "train": None, "validation": None, "norm": None}


def test_a_sample_begins_with_the_text_where_the_text_lacks_the_prefix(run_node):
    text = "какъ хорошо весной въ поляхъ и лѣсахъ " * 20
    program = START + 'give(["как", "time ", "какъ x"].map((prefix) => written(prefix, 9)));'
    known, *others = run_node(program, settings=settings(numSteps=8), text=text)
    assert known.startswith("как") and len(known) == 12
    for lacking in others:
        assert lacking.startswith(text[:16]) and len(lacking) == 25


@pytest.mark.parametrize(
    ("cell", "optimizer", "rate"), [("gru", "sgd", 1.0), ("lstm", "adam", 0.03)]
)
def test_the_page_and_the_kernel_give_the_same_curve(run_node, cell, optimizer, rate):
    """InKernel, with its requests answered by JAX, against the browser's own updates."""
    chosen = settings(cell, numSteps=8, optimizer=optimizer, learningRate=rate)
    job = """
    const job = { ...input, tokens };
    """
    program = (
        START
        + job
        + """
    const asked = [];
    const send = (content, buffers) => asked.push({ content, buffers });
    const kernel = new InKernel(send, job, () => {});
    kernel.run();
    const { content, buffers } = asked[0];
    give({ content, bytes: buffers.map((buffer) => Buffer.from(buffer).toString("base64")) });
    """
    )
    asked = run_node(program, settings=chosen, text=TEXT)
    content = asked["content"]
    assert np.shape(content["starts"]) == (20, 32)
    vectors = [np.frombuffer(base64.b64decode(data), "<f4") for data in asked["bytes"]]
    assert len(vectors) == {"sgd": 1, "adam": 3}[optimizer] and content["updates"] == 0
    after, nll, norms = update_with_jax(TEXT, content["settings"], content["starts"], vectors)
    program = (
        START
        + job
        + """
    const reports = [];
    const kernel = new InKernel(() => {}, job, (report) => reports.push(report));
    kernel.run();
    kernel.running = false;
    const view = (data) => new DataView(new Uint8Array(Buffer.from(data, "base64")).buffer);
    kernel.waiting = input.answer.id;
    kernel.receive(input.answer, input.bytes.map(view));
    while (learner.points.length < 2) learner.task.next();
    const asked = [];
    kernel.send = (content, buffers) => asked.push([content.updates, buffers.length]);
    kernel.step();
    const points = { kernel: reports.flatMap((report) => report.points) };
    points.page = learner.points.slice(0, 2);
    const last = ({ vectors }) => Array.from(vectors.at(-1));
    give({ ...points, asked, last: [kernel.reporter.learner, learner].map(last) });
    """
    )
    answer = {"id": content["id"], "nll": nll.tolist(), "norms": norms.tolist()}
    found = run_node(
        program,
        settings=chosen,
        text=TEXT,
        answer=answer,
        bytes=[base64.b64encode(vector.tobytes()).decode() for vector in after],
    )
    assert found["asked"] == [[20, len(vectors)]]  # the next request goes on from there
    np.testing.assert_allclose(*found["last"], rtol=0, atol=1e-4)
    assert [point["updates"] for point in found["kernel"]] == [0, 20]
    for ours, theirs in zip(found["kernel"], found["page"], strict=True):
        assert ours == pytest.approx(theirs, rel=1e-4)


def test_a_late_answer_reaches_only_the_run_that_asked(run_node):
    """Whoever resets, or begins another run, while the kernel computes."""
    program = (
        START
        + """
    const { Comparison } = await load("learning/comparison.js");
    const asked = [];
    const page = { get: () => "time ", send: (content) => asked.push(content) };
    const comparison = new Comparison();
    const corpus = { text: input.text, tokens, title: "it" };
    const begin = () => {
      comparison.current.begin("kernel", page, () => {});
      comparison.current.step();
    };
    comparison.add(input.settings, corpus);
    begin();
    comparison.replace(input.settings, corpus);
    begin();
    comparison.current.step(); // two more clicks before the first update is there
    comparison.current.step();
    comparison.keep(input.settings, corpus);
    begin();
    const size = learner.model.parameters.length;
    const answer = (id, value) => {
      const view = new DataView(Float32Array.from({ length: size }, () => value).buffer);
      comparison.receive({ id, nll: [3], norms: [1] }, [view]);
    };
    const ids = asked.map(({ id }) => id);
    answer(ids[0], 7); // of the run that was replaced
    answer(ids[2], 0.5);
    answer(ids[1], 0.25);
    answer(asked[3].id, 0.125);
    answer(asked[4].id, 0.0625);
    const of = ({ updates, place }) => [updates, place.reporter.learner.model.parameters[0]];
    give({ different: new Set(ids).size, asked: asked.length, runs: comparison.runs.map(of) });
    """
    )
    found = run_node(program, settings=settings(hiddens=8, numSteps=8), text=TEXT)
    assert found == {"different": 3, "asked": 5, "runs": [[3, 0.0625], [1, 0.5]]}


def test_a_fourth_run_is_refused_and_a_removed_name_is_free_again(run_node):
    program = (
        START
        + """
    const { Comparison } = await load("learning/comparison.js");
    const comparison = new Comparison();
    const corpus = { text: input.text, tokens, title: "it" };
    const names = () => comparison.runs.map((run) => run.name).join("");
    const seen = [];
    comparison.add(input.settings, corpus);
    for (let i = 0; i < 3; i++) {
      try { comparison.keep(input.settings, corpus); } catch (e) { seen.push(e.message); }
      seen.push(names(), comparison.isFull);
    }
    comparison.remove(comparison.runs[1]);
    seen.push(names());
    comparison.keep(input.settings, corpus);
    seen.push(names());
    give(seen);
    """
    )
    refused = "There are 3 runs: remove one first."
    expected = ["AB", False, "ABC", True, refused, "ABC", True, "AC", "ACB"]
    assert run_node(program, settings=settings(), text=TEXT) == expected


def test_the_python_side_answers_the_browser():
    widget = TrainInThePage(hiddens=8)
    sent = []
    widget.send = lambda content, buffers=None: sent.append((content, buffers))
    widget._answer(widget, {"type": "hello"}, [])
    assert sent.pop()[0] == {"type": "hello", "device": "CPU"}
    request = {"type": "update", "id": 7, "starts": [[0] * 32], "updates": 0}
    request["settings"] = settings(hiddens=8)
    widget._answer(widget, request, [memoryview(b"1234")])
    message, _ = sent.pop()
    assert message["id"] == 7 and "1 numbers for a model of" in message["error"]
    size = 28 * 8 + 64 + 8 + 8 * 28 + 28
    widget._answer(widget, request, [memoryview(np.zeros(size, np.float32).tobytes())])
    message, buffers = sent.pop()
    assert message["nll"] == pytest.approx([np.log(28)], abs=1e-4)
    assert [len(buffer) for buffer in buffers] == [4 * size]
    request["settings"]["optimizer"] = "adam"
    vectors = [memoryview(np.full(size, value, np.float32).tobytes()) for value in (0, 0.3, 0.2)]
    after = []
    for updates in (0, 6):  # the same means weigh less after more updates
        widget._answer(widget, request | {"updates": updates}, vectors)
        message, buffers = sent.pop()
        assert [len(buffer) for buffer in buffers] == 3 * [4 * size]
        after.append(np.frombuffer(buffers[0], np.float32))
    assert np.abs(after[0] - after[1]).min() > 0.05


def test_training_and_validation_share_no_character(run_node):
    program = (
        START
        + """
    const last = learner.trainWindows - 1 + input.settings.numSteps; // last target of training
    const first = Math.min(...learner.validationStarts);
    const end = Math.max(...learner.validationStarts) + input.settings.numSteps;
    const starts = Array.from({ length: 300 }, () => learner.draw()).flat();
    give([last, first, end, input.text.length, Math.min(...starts), Math.max(...starts)]);
    """
    )
    for text in (TEXT, TEXT[:400]):
        last, first, end, size, low, high = run_node(
            program, settings=settings(numSteps=64), text=text
        )
        assert last < first
        assert end < size
        assert low >= 0 and high + 64 <= last


def test_an_optimizer_begins_at_a_rate_of_its_own(run_node):
    program = """
    const { OPTIMIZERS } = await load("learning/optimizers.js");
    give(Object.entries(OPTIMIZERS).map(([key, { name, rate }]) => [key, name, rate]));
    """
    found = run_node(program)
    assert [name for _, name, _ in found] == ["SGD", "Adam"]
    rates = {key: rate for key, _, rate in found}
    assert rates == FIRST_RATES and tuple(rates) == CHOICES["optimizer"]
    for optimizer, rate in rates.items():
        assert TrainInThePage(optimizer=optimizer).learning_rate == rate
    assert TrainInThePage(optimizer="adam", learning_rate=0.03).learning_rate == 0.03
