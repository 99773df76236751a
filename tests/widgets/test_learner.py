"""Learning in the page, run in Node: the same steps as JAX, and it does learn."""

import base64

import numpy as np
import pytest

from charlm_lib import Vocab, read_corpus
from charlm_lib.widgets.train_in_page import CHARACTERS, TrainInThePage, update_with_jax

TEXT = read_corpus()[:CHARACTERS]
START = """
    const { Learner } = await load("learning/learner.js");
    const { vocabularyOf } = await load("model/text.js");
    const { InKernel } = await load("learning/places.js");
    const tokens = vocabularyOf(input.text);
    const learner = new Learner(input.settings, input.text, tokens);
"""


def settings(cell="tanh", layers=1, hiddens=16, learningRate=1.0, clip=1.0, numSteps=16, seed=0):
    return dict(
        cell=cell,
        layers=layers,
        hiddens=hiddens,
        learningRate=learningRate,
        clip=clip,
        numSteps=numSteps,
        seed=seed,
    )


@pytest.mark.parametrize(
    ("cell", "layers", "clip"), [("tanh", 2, 0.1), ("gru", 2, 0.1), ("gru", 1, 0)]
)
def test_updates_equal_those_of_jax(run_node, cell, layers, clip):
    chosen = settings(cell, layers, numSteps=8, clip=clip)
    program = (
        START
        + """
    const parameters = () => Array.from(learner.model.parameters);
    const starts = [];
    const draw = learner.draw.bind(learner);
    learner.draw = () => { starts.push(draw()); return starts.at(-1); };
    const before = parameters();
    const nll = [], norms = [];
    const record = learner.record.bind(learner);
    learner.record = (loss, norm) => { nll.push(loss); norms.push(norm); record(loss, norm); };
    for (let i = 0; i < 4; i++) learner.step();
    give({ before, after: parameters(), starts, nll, norms });
    """
    )
    found = run_node(program, settings=chosen, text=TEXT)
    vector, nll, norms = update_with_jax(
        TEXT, chosen, found["starts"], np.array(found["before"], np.float32)
    )
    np.testing.assert_allclose(found["nll"], nll, rtol=0, atol=1e-5)
    np.testing.assert_allclose(found["norms"], norms, rtol=0, atol=1e-5)
    np.testing.assert_allclose(found["after"], vector, rtol=0, atol=1e-5)
    if clip:
        assert max(norms) > clip, "nothing was clipped, so clipping was not tested"
    assert np.abs(np.subtract(found["after"], found["before"])).max() > 1e-3


@pytest.mark.parametrize("cell", ["tanh", "gru"])
def test_it_learns(run_node, cell):
    program = (
        START
        + """
    for (let i = 0; i < 201; i++) learner.step(); // the last one, to get past the point at 200
    const { points, problem } = learner;
    give({ points, problem, text: learner.sample("time ", 30, 0.5) });
    """
    )
    found = run_node(program, settings=settings(cell, learningRate=2.0, hiddens=32), text=TEXT)
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
    give({ problem: learner.problem, updates: learner.updates, points: learner.points });
    """
    )
    found = run_node(program, settings=settings(clip=0, learningRate=20.0), text=TEXT)
    assert "far worse than guessing evenly" in found["problem"]
    assert found["points"][-1]["updates"] == found["updates"]
    same = run_node(
        program.replace("20000", "3000"), settings=settings(learningRate=4.0), text=TEXT
    )
    assert same["problem"] == ""


def test_the_page_and_the_kernel_give_the_same_curve(run_node):
    """InKernel, with its requests answered by JAX, against the browser's own updates."""
    chosen = settings("gru", numSteps=8)
    job = """
    const job = { ...input, tokens, prefix: "time ", temperature: 1 };
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
    const bytes = Buffer.from(buffers[0]).toString("base64");
    give({ content, bytes });
    """
    )
    asked = run_node(program, settings=chosen, text=TEXT)
    content = asked["content"]
    assert np.shape(content["starts"]) == (20, 32)
    vector = np.frombuffer(base64.b64decode(asked["bytes"]), "<f4")
    after, nll, norms = update_with_jax(TEXT, content["settings"], content["starts"], vector)
    program = (
        START
        + job
        + """
    const reports = [];
    const kernel = new InKernel(() => {}, job, (report) => reports.push(report));
    kernel.run();
    kernel.running = false;
    const view = new DataView(new Uint8Array(Buffer.from(input.bytes, "base64")).buffer);
    kernel.receive(input.answer, [view]);
    while (learner.updates < 20) learner.step();
    learner.work(50);
    give({ kernel: reports.flatMap((report) => report.points), page: learner.points.slice(0, 2) });
    """
    )
    answer = {"id": content["id"], "nll": nll.tolist(), "norms": norms.tolist()}
    found = run_node(
        program,
        settings=chosen,
        text=TEXT,
        answer=answer,
        bytes=base64.b64encode(after.tobytes()).decode(),
    )
    assert [point["updates"] for point in found["kernel"]] == [0, 20]
    for ours, theirs in zip(found["kernel"], found["page"], strict=True):
        assert ours == pytest.approx(theirs, rel=1e-4)


def test_the_python_side_answers_the_browser():
    widget = TrainInThePage(hiddens=8)
    sent = []
    widget.send = lambda content, buffers=None: sent.append((content, buffers))
    widget._answer(widget, {"type": "hello"}, [])
    assert sent.pop()[0] == {"type": "hello", "device": "CPU"}
    request = {"type": "update", "id": 7, "starts": [[0] * 32], "settings": settings(hiddens=8)}
    widget._answer(widget, request, [memoryview(b"1234")])
    message, _ = sent.pop()
    assert message["id"] == 7 and "1 numbers for a model of" in message["error"]
    size = 28 * 8 + 64 + 8 + 8 * 28 + 28
    widget._answer(widget, request, [memoryview(np.zeros(size, np.float32).tobytes())])
    message, buffers = sent.pop()
    assert message["nll"] == pytest.approx([np.log(28)], abs=1e-4)
    assert len(buffers[0]) == 4 * size


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
