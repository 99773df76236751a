"""Training as a film: what is kept of a run, what a frame shows, and changes while it runs."""

import base64

import jax
import numpy as np
import pytest

from charlm_lib import cross_entropy
from charlm_lib.cells import layer_of
from charlm_lib.export import from_vector, output_weights, to_vector
from charlm_lib.texts.vocabulary import Vocab
from charlm_lib.widgets.train_in_page import make_model, update_with_jax
from tests.widgets.test_core import IDS, MODELS, VOCAB, trained_like
from tests.widgets.test_learner import START, TEXT, settings

SCREEN = """
    const { screenOf } = await load("learning/screen.js");
    const shown = (frame, job, prefix) => {
      const task = screenOf(frame, job, prefix);
      for (let pauses = 0; ; pauses++) {
        const { done, value } = task.next();
        if (done) return { ...value, pauses, states: value.states.map((s) => Array.from(s)) };
      }
    };
"""


@pytest.mark.parametrize("name", ["tanh stacked 3", "gru 2", "lstm 1", "lstm 3"])
def test_a_frame_shows_states_and_gradients_of_jax(run_node, name):
    result = trained_like(MODELS[name])
    vector, about = to_vector(result.model, result.params)
    text = "".join(VOCAB.tokens[i] for i in np.tile(IDS, 8))
    job = {"text": text, "tokens": VOCAB.tokens, "settings": about | {"numSteps": 8}}
    program = (
        SCREEN
        + """
    const bytes = new Uint8Array(Buffer.from(input.data, "base64"));
    const frame = { updates: 7, parameters: new Float32Array(bytes.buffer) };
    give(shown(frame, input.job, "time "));
    """
    )
    found = run_node(program, job=job, data=base64.b64encode(vector.tobytes()).decode())
    assert "".join(found["shown"]) == text[:32]
    for t in (0, 1, 31):
        _, state = result.model.apply(result.params, np.array(VOCAB.encode(text[: t + 1]))[None])
        outputs = state[:, 0, 0] if about["cell"] == "lstm" else state[:, 0]
        ours = np.reshape(found["states"][t], outputs.shape)
        np.testing.assert_allclose(ours, outputs, atol=1e-5)
    starts = [i * len(text) // 5 for i in range(4)]
    windows = np.array([VOCAB.encode(text[at : at + 9]) for at in starts])

    def loss(params):
        return cross_entropy(result.model.apply(params, windows[:, :-1])[0], windows[:, 1:])

    gradient = jax.grad(loss)(result.params)["params"]
    layers = [*layer_of(result.model).layers(gradient["rnn"]), output_weights(gradient)]
    norms = [np.sqrt(sum(np.sum(np.square(w)) for w in layer)) for layer in layers]
    np.testing.assert_allclose(found["lengths"], norms, rtol=1e-4)
    assert found["text"].startswith("time ") and len(found["text"]) == 165
    assert found["pauses"] > 32 + 4 + 100  # so that the page can go on between them


def test_frames_are_the_parameters_after_their_updates(run_node):
    program = (
        START
        + """
    const copies = [];
    for (let i = 0; i < 5; i++) {
      copies.push(Array.from(learner.model.parameters, Math.fround));
      learner.step();
    }
    while (learner.updates < 90) learner.task.next();
    const { frames, trail } = learner.reel;
    const kept = frames.slice(0, 5).map((frame) => Array.from(frame.parameters));
    give({ copies, kept, counts: frames.map((frame) => frame.updates), trail });
    """
    )
    found = run_node(program, settings=settings(hiddens=8, numSteps=8), text=TEXT)
    assert found["kept"] == found["copies"]
    assert len(np.unique(found["kept"], axis=0)) == 5
    assert found["counts"][:6] == list(range(6))
    assert 15 < len(found["counts"]) < 25  # later ones are further apart
    assert [count for count, _, _ in found["trail"]] == list(range(1, 91))  # every update


def test_a_film_keeps_its_ends_and_more_of_the_beginning(run_node):
    program = """
    const { Film } = await load("learning/film.js");
    const filmOf = (size, count) => {
      const film = new Film();
      for (let updates = 0; updates < count; updates++) {
        const frame = { updates, parameters: new Float32Array(size) };
        film.add([[updates, 9 + updates, updates / 2]], [frame]);
      }
      return film;
    };
    const counts = ({ frames }) => frames.map(({ updates }) => updates);
    const small = filmOf(2, 3000);
    const long = filmOf(1, 120_001);
    const brim = new Film();
    const lengths = [[1, 50_000], [50_001, 50_001]].map(([first, last]) => {
      for (let updates = first; updates <= last; updates++) brim.add([[updates, 9, 1]], []);
      return brim.updates.length;
    });
    give({
      small: counts(small),
      large: counts(filmOf(500_000, 300)),
      places: [0, 1, 2, 1e9].map((updates) => small.placeOf(updates)),
      long: [long.updates.length, long.updates[0], long.updates.at(-1), long.train.length],
      at: small.numbersAt(17),
      lengths,
    });
    """
    found = run_node(program)
    small = found["small"]
    assert len(small) == 64 and small[0] == 0 and small[-1] == 2999
    gaps = np.diff(small)
    assert gaps[:5].max() < 10 < 40 < gaps[-12:-1].min()
    assert len(found["large"]) == 8 and found["large"][-1] == 299  # 16 MB of 2 MB each
    assert found["places"][:1] == [0] and found["places"][-1] == 63
    length, first, last, same = found["long"]
    assert length == same < 50_000 and first == 0 and last >= 119_000
    assert found["at"] == {"train": 26, "norm": 8.5}
    assert found["lengths"] == [50_000, 25_001]  # every second one stays


def test_a_new_run_leaves_the_film_of_the_run_before(run_node):
    program = (
        START
        + """
    const { Comparison } = await load("learning/comparison.js");
    const comparison = new Comparison();
    const corpus = { text: input.text, tokens, title: "it" };
    comparison.add(input.settings, corpus);
    const [before] = comparison.runs;
    const frames = [0, 1].map((updates) => ({ updates, parameters: new Float32Array([updates]) }));
    before.film.add([[1, 9, 2]], frames);
    comparison.keep(input.settings, corpus);
    const counts = comparison.runs.map(({ film }) => film.frames.length);
    give({ counts, names: comparison.runs.map(({ name }) => name) });
    """
    )
    found = run_node(program, settings=settings(), text=TEXT)
    assert found == {"counts": [2, 0], "names": ["A", "B"]}


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_change_acts_from_the_next_update_on_as_in_jax(run_node, optimizer):
    rates = {"sgd": (1.0, 0.2), "adam": (0.01, 0.03)}[optimizer]
    chosen = settings(numSteps=8, hiddens=8, optimizer=optimizer, learningRate=rates[0], clip=1)
    program = (
        START
        + """
    const { InSlices } = await load("learning/places.js");
    const reports = [];
    const place = new InSlices({ ...input, tokens }, (report) => reports.push(report));
    const { learner: it } = place.reporter;
    const starts = [];
    const draw = it.draw.bind(it);
    it.draw = () => { starts.push(draw()); return starts.at(-1); };
    const before = it.vectors.map((vector) => Array.from(vector));
    place.step();
    place.tune({ learningRate: 7, clip: 0 }); // taken back before it acted
    place.tune({ learningRate: input.rate, clip: 0.05 });
    place.step();
    place.step();
    const { changes } = reports.at(-1);
    give({ before, after: Array.from(it.model.parameters), starts, changes });
    """
    )
    found = run_node(program, settings=chosen, text=TEXT, rate=rates[1])
    vectors = [np.array(vector, np.float32) for vector in found["before"]]
    vectors, *_ = update_with_jax(TEXT, chosen, found["starts"][:1], vectors, 0)
    later = chosen | {"learningRate": rates[1], "clip": 0.05}
    vectors, _, norms = update_with_jax(TEXT, later, found["starts"][1:], vectors, 1)
    assert min(norms) > 0.05  # so that the new clipping acts
    np.testing.assert_allclose(found["after"], vectors[0], atol=1e-5)
    assert found["changes"] == [{"updates": 1, "learningRate": rates[1], "clip": 0.05}]


def test_a_run_is_tuned_only_by_what_differs(run_node):
    program = (
        START
        + """
    const { TrainingRun } = await load("learning/training_run.js");
    const run = new TrainingRun("A", input.settings, { text: input.text, tokens, title: "it" });
    const asked = [];
    run.place = { tune: (change) => asked.push(change) };
    run.tune({ learningRate: input.settings.learningRate, clip: input.settings.clip });
    run.tune({ learningRate: 3, clip: input.settings.clip });
    give({ asked, rate: run.settings.learningRate, first: run.first.learningRate });
    """
    )
    found = run_node(program, settings=settings(), text=TEXT)
    assert found == {"asked": [{"learningRate": 3, "clip": 1.0}], "rate": 3, "first": 1.0}


def perplexities(run_node, scale):
    program = (
        START
        + """
    while (learner.updates < 181) learner.task.next();
    const first = Array.from(learner.reel.frames[0].parameters);
    give({ first, points: learner.points.map((point) => point.validation) });
    """
    )
    chosen = settings(layers=2, hiddens=32, numSteps=32, scale=scale)
    return run_node(program, settings=chosen, text=TEXT)


def test_a_small_starting_scale_makes_the_plateau_of_the_chapter(run_node):
    """At its plateau a model knows how often each letter comes, and nothing of what it has read."""
    small, usual = (perplexities(run_node, scale) for scale in (0.05, 1))
    vocab = Vocab(TEXT)
    counts = np.bincount(vocab.encode(TEXT), minlength=len(vocab))
    p = counts[counts > 0] / counts.sum()
    unigram = np.exp(-(p * np.log(p)).sum())
    for perplexity in small["points"][3:]:
        assert 0.93 * unigram < perplexity < 1.1 * unigram
    assert usual["points"][-1] < 0.7 * unigram
    model = make_model("tanh", len(vocab), 32, 2, as_stack=True)
    like = jax.eval_shape(model.init, jax.random.key(0), np.zeros((1, 4), np.int32))
    one, two = (from_vector(model, np.array(run["first"]), like) for run in (small, usual))
    layers = layer_of(model).layers
    for ours, theirs in zip(
        layers(one["params"]["rnn"]), layers(two["params"]["rnn"]), strict=True
    ):
        for kernel in (0, 1):
            np.testing.assert_allclose(ours[kernel], 0.05 * theirs[kernel], rtol=1e-5)
    sigma = np.std(layers(one["params"]["rnn"])[1][1])
    assert 0.007 < sigma < 0.011  # the book's 0.01, or near it
    outputs = [output_weights(tree["params"])[0] for tree in (one, two)]
    np.testing.assert_array_equal(*outputs)
