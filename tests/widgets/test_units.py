"""The search for units of HiddenStateViewer, run in Node, against NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from charlm_lib import read_corpus
from charlm_lib.widgets import HiddenStateViewer
from charlm_lib.widgets.hidden_state_viewer import LAST_PAGES
from tests.widgets.test_core import MODELS, READ, VOCAB, packed, trained_like

LETTERS = read_corpus()[LAST_PAGES:][:700]
SEARCH = """
    const { PROPERTIES, UnitStates, scoreOnText } = await load("model/unit_search.js");
    const labels = PROPERTIES[input.property].labels(input.letters, input.marked);
    const states = new UnitStates(model);
    const shares = [...states.read(input.tokens)];
    let at = 0;
    const search = states.chance(labels, () => input.uniform[at++]);
    let step = search.next();
    while (!step.done) step = search.next();
    give({
      labels,
      shares,
      drawn: at,
      scores: Array.from(states.scores(labels)),
      best: states.best(labels),
      chance: step.value,
      own: scoreOnText(input.values, labels.slice(0, input.values.length)),
    });
"""


def labels_of(name, marked=""):
    word, places = 0, []
    for letter in LETTERS:
        word = 0 if letter == " " else word + 1
        places.append(word)
    classes = {"space": " ", "vowel": "aeiou", "marked": marked}
    return places if name == "place" else [int(c in classes[name]) for c in LETTERS]


def states_in_flax(result):
    """The states of every layer's units, `(num_units, num_characters)`."""
    one_hot = jax.nn.one_hot(VOCAB.encode(LETTERS), len(VOCAB))[:, None]

    @jax.jit
    def step(state, x):
        return result.model.apply(result.params, x[None], state, method=lambda m, *a: m.rnn(*a))[1]

    state = jnp.zeros_like(jax.eval_shape(step, None, one_hot[0]))
    found = []
    for x in one_hot:
        state = step(state, x)
        found.append(np.ravel(state))
    return np.array(found).T


def correlations(states, labels, shift=0):
    return [np.corrcoef(row, np.roll(labels, -shift))[0, 1] for row in states]


@pytest.mark.parametrize(
    ("name", "property", "marked"),
    [("tanh scratch 1", "space", ""), ("gru 2", "place", ""), ("gru 2", "marked", "th")],
)
def test_scores_and_chance_equal_numpy(run_node, name, property, marked):
    result = trained_like(MODELS[name])
    labels = labels_of(property, marked)
    uniform = np.random.default_rng(2).random(200)
    values = np.random.default_rng(3).normal(size=60) + np.array(labels[:60])
    found = run_node(
        READ + SEARCH,
        **packed(result),
        letters=list(LETTERS),
        tokens=VOCAB.encode(LETTERS).tolist(),
        property=property,
        marked=marked,
        uniform=uniform.tolist(),
        values=values.tolist(),
    )
    assert found["labels"] == labels and found["drawn"] == 200
    read = [t / len(LETTERS) for t in range(0, len(LETTERS), 50)]
    assert found["shares"][: len(read)] == read and set(found["shares"][len(read) :]) == {1}
    states = states_in_flax(result)
    expected = correlations(states, labels)
    np.testing.assert_allclose(found["scores"], expected, atol=1e-5)
    assert found["best"] == pytest.approx(np.abs(expected).max(), abs=1e-5)
    shifts = 100 + np.floor(uniform * (len(LETTERS) - 200)).astype(int)
    best = [np.abs(correlations(states, labels, shift)).max() for shift in shifts]
    assert found["chance"] == pytest.approx(np.sort(best)[189], abs=1e-5)
    own = np.array(labels[:60])
    assert found["own"]["score"] == pytest.approx(np.corrcoef(values, own)[0, 1], abs=1e-9)
    moved = [abs(np.corrcoef(values, np.roll(own, -k))[0, 1]) for k in range(1, 60)]
    assert found["own"]["chance"] == pytest.approx(np.sort(moved)[56], abs=1e-9)


def test_a_unit_that_follows_nothing_is_not_above_chance(run_node):
    """Of 60 units of noise and one that knows the spaces, the search finds the one."""
    random = np.random.default_rng(0)
    labels = np.array(labels_of("space"))
    noise = random.normal(size=(60, len(labels)))
    program = """
    const { UnitStates } = await load("model/unit_search.js");
    const about = { layers: 1, hiddens: input.rows.length };
    const states = new UnitStates({
      about,
      stateWidth: about.hiddens,
      zeroState: () => new Float64Array(about.hiddens),
      step: (token, state) => input.rows.forEach((row, u) => (state[u] = row[token])),
    });
    for (const _ of states.read(input.rows[0].map((_, t) => t)));
    const { randomNumbers } = await load("model/random.js");
    const search = states.chance(input.labels, randomNumbers(1));
    let step = search.next();
    while (!step.done) step = search.next();
    give({ scores: states.scores(input.labels), chance: step.value });
    """
    rows = [*noise, labels - 0.3 * random.normal(size=len(labels)), np.full(len(labels), 0.5)]
    found = run_node(program, rows=np.array(rows).tolist(), labels=labels.tolist())
    sizes = np.abs(found["scores"])
    assert sizes[60] > 0.7 and sizes[61] == 0  # a unit that never changes goes with nothing
    assert sizes[:60].max() < 1.3 * found["chance"] < 0.3
    alone = np.quantile(sizes[:60], 0.95)
    assert found["chance"] > alone  # the level is that of the best of all units, not of one


def test_the_pages_are_held_out_and_travel_with_the_viewer():
    viewer = HiddenStateViewer(trained_like(MODELS["gru 2"]), text="the time")
    assert viewer.pages.decode() == read_corpus()[LAST_PAGES:]
    assert len(viewer.pages) > 17_000 and viewer.title == "the last tenth of The Time Machine"
    own = HiddenStateViewer(trained_like(MODELS["gru 2"]), text="the time", search_in="naïve words")
    assert own.pages.decode() == "naïve words" and own.title == "the given text"
    with pytest.raises(ValueError, match="search_in has 100,001 characters: pass at most 100,000"):
        HiddenStateViewer(trained_like(MODELS["gru 2"]), text="a", search_in="a" * 100_001)


def test_what_was_found_is_said_beside_chance_and_an_untrained_network(run_node):
    program = """
    const { foundInWords, correlationInWords } = await load("page/viewer/sentences.js");
    const scores = [0.9, -0.7, 0.04, 0.2];
    const told = (untrained) =>
      foundInWords({ scores, chance: 0.051, untrained, length: 17818 }, "some pages");
    give([0.652, 0.8, 0.95].map(told).concat(correlationInWords(-0.314)));
    """
    two, one, none, number = run_node(program)
    assert two.startswith("Correlations over 17,818 characters, some pages. 3 of 4 units are above")
    assert "reaches 0.05 in one of twenty tries" in two
    assert "reaches 0.65; 2 of these exceed that." in two
    assert "reaches 0.80; 1 of these exceeds that." in one
    assert "reaches 0.95; none of these exceed that." in none
    assert number == "−0.31"
