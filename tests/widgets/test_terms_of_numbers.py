"""What StepThrough shows: every number and the terms that it is the sum of, against JAX."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from charlm_lib.cells import layer_of
from charlm_lib.export import output_weights
from charlm_lib.widgets import StepThrough
from tests.widgets.test_core import IDS, MODELS, READ, H, V, packed, trained_like

TOKENS = IDS[:6]
NAMES = ["tanh scratch 1", "tanh stacked 3", "gru 1", "gru 3", "lstm 1", "lstm 3"]
RUN = """
    const { passageOf, layerQuantities, outputQuantities } = await load("model/terms/passage.js");
    const { gradientsOf } = await load("model/terms/gradients.js");
    const { sumOf } = await load("model/terms/term.js");
    const { rowInWords, termInWords } = await load("page/steps/words.js");
    const steps = passageOf(model, input.tokens.slice(0, -1));
    const target = input.tokens.at(-1);
    const told = ({ key, squash, values, terms }) => ({
      key,
      squash,
      values: Array.from(values),
      sums: Array.from(values, (_, j) => sumOf(terms(j))),
      counts: terms(3).length,
      words: [rowInWords(key), ...terms(3).map((term) => termInWords(term, model.about, 0))],
      products: terms(3).map(({ value, factors }) => [value, factors && factors[0] * factors[1]]),
    });
    const layers = (of) => steps.map((step, t) =>
      model.layout.rows.map((_, l) => of(step, t, l).map(told)));
    const { error, layers: gradients } = gradientsOf(model, steps, target);
    give({
      forward: layers((step, t, l) => layerQuantities(model, step, l)),
      output: steps.map((step) => outputQuantities(model, step).map(told)),
      error: told(error),
      backward: layers((step, t, l) => gradients[t][l]),
    });
"""


def step_in_jax(cell, weights, x, old, added):
    """The new state `(2, H)` and its memory, zero if there is none; each with what is added."""
    W_x, W_h, b, *b_n = weights
    h, c = old
    if cell == "lstm":
        i, f, g, o = jnp.split(x @ W_x + h @ W_h + b, 4)
        i, f, o = (jax.nn.sigmoid(gate) for gate in (i, f, o))
        c = f * c + i * jnp.tanh(g) + added[1]
        return jnp.stack([o * jnp.tanh(c) + added[0], c])
    new = gru_in_jax(W_x, W_h, b, b_n, x, h) if b_n else jnp.tanh(x @ W_x + h @ W_h + b)
    return jnp.stack([new + added[0], c])


def gru_in_jax(W_x, W_h, b, b_n, x, h):
    (x_r, x_z, x_n), (h_r, h_z, h_n) = jnp.split(x @ W_x + b, 3), jnp.split(h @ W_h, 3)
    r, z = jax.nn.sigmoid(x_r + h_r), jax.nn.sigmoid(x_z + h_z)
    n = jnp.tanh(x_n + r * (h_n + b_n[0]))
    return (1 - z) * n + z * h


def in_jax(result):
    """States (T, L, 2, H), logits (T, V), and the gradient of the last loss at every state."""
    layer = layer_of(result.model)
    tree = result.params["params"]
    layers, (W_hq, b_q) = layer.layers(tree["rnn"]), output_weights(tree)
    *read, target = TOKENS

    def loss(added):
        state = [jnp.zeros((2, H)) for _ in layers]
        states, logits = [], []
        for t, token in enumerate(read):
            below = jax.nn.one_hot(token, V)
            for i, weights in enumerate(layers):
                state[i] = step_in_jax(layer.cell, weights, below, state[i], added[t, i])
                below = state[i][0]
            states.append(jnp.stack(state))
            logits.append(below @ W_hq + b_q)
        return -jax.nn.log_softmax(logits[-1])[target], (jnp.stack(states), jnp.stack(logits))

    zeros = jnp.zeros((len(read), len(layers), 2, H))
    gradients, (states, logits) = jax.jit(jax.grad(loss, has_aux=True))(zeros)
    return states, logits, gradients


@pytest.fixture(scope="module", params=NAMES)
def both(request, run_node):
    result = trained_like(MODELS[request.param])
    return run_node(READ + RUN, **packed(result), tokens=TOKENS.tolist()), in_jax(result)


ORDER = {  # of computing
    "tanh": ("x s a h", "above later g d", {"x": 1, "s": H, "a": 3, "h": H + 2}),
    "gru": ("r z q n h", "above later g", {"r": H + 2, "z": H + 2, "q": H + 1, "n": 3, "h": 2}),
    "lstm": (
        "forget input candidate memory output h",
        "above later g memoryLater memoryWhole",
        {"forget": H + 2, "input": H + 2, "candidate": H + 2, "memory": 2, "output": H + 2, "h": 1},
    ),
}


def cell_of(found):
    return {4: "tanh", 5: "gru", 6: "lstm"}[len(found["forward"][0][0])]


def values_of(layer, key):
    return next(q["values"] for q in layer if q["key"] == key)


def test_states_scores_and_gradients_are_those_of_jax(both):
    found, (states, logits, gradients) = both
    ours = [[layer[-1]["values"] for layer in step] for step in found["forward"]]
    np.testing.assert_allclose(ours, states[:, :, 0], atol=1e-5)
    scores, chances = zip(*found["output"], strict=True)
    np.testing.assert_allclose([o["values"] for o in scores], logits, atol=1e-4)
    p = jax.nn.softmax(logits)
    np.testing.assert_allclose([o["values"] for o in chances], p, atol=1e-5)
    np.testing.assert_allclose(found["error"]["values"], p[-1] - np.eye(V)[TOKENS[-1]], atol=1e-5)
    ours = [[layer[2]["values"] for layer in step] for step in found["backward"]]
    np.testing.assert_allclose(ours, gradients[:, :, 0], atol=1e-5)
    assert np.abs(gradients[:, :, 0]).reshape(len(gradients), -1).max(axis=1).min() > 1e-4
    if cell_of(found) == "lstm":
        ours = [[values_of(layer, "memory") for layer in step] for step in found["forward"]]
        np.testing.assert_allclose(ours, states[:, :, 1], atol=1e-5)
        ours = [[values_of(layer, "memoryWhole") for layer in step] for step in found["backward"]]
        np.testing.assert_allclose(ours, gradients[:, :, 1], atol=1e-5)
        assert np.abs(gradients[:, :, 1]).reshape(len(gradients), -1).max(axis=1).min() > 1e-4


SQUASH = {"": lambda x: x, "tanh": np.tanh, "σ": lambda x: 1 / (1 + np.exp(-x))}


def test_every_number_is_the_sum_of_its_terms(both):
    found, _ = both
    parts = [q for name in ("forward", "backward") for s in found[name] for one in s for q in one]
    for q in parts + [q for step in found["output"] for q in step if q["squash"] != "softmax"]:
        np.testing.assert_allclose(
            q["values"], SQUASH[q["squash"]](np.array(q["sums"])), atol=1e-12
        )
        for value, product in q["products"]:
            assert product is None or value == pytest.approx(product, abs=1e-12)


def test_every_row_and_every_term_has_words(both):
    found, _ = both
    parts = [q for name in ("forward", "backward") for s in found[name] for one in s for q in one]
    for q in [*parts, *(q for step in found["output"] for q in step), found["error"]]:
        assert len(q["words"]) == q["counts"] + 1 and all(q["words"]), q["words"]


def test_the_quantities_come_in_the_order_of_computing(both):
    found, _ = both
    forward, backward, counts = ORDER[cell_of(found)]
    for step, back in zip(found["forward"], found["backward"], strict=True):
        for layer, part in zip(step, back, strict=True):
            assert " ".join(q["key"] for q in layer) == forward
            assert " ".join(q["key"] for q in part) == backward
    assert {q["key"]: q["counts"] for q in found["forward"][0][0]} == counts


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"text": "a"}, "the text has 1 characters: pass 2 to 10"),
        ({"text": "a" * 11}, "the text has 11 characters"),
        ({"text": "a#"}, "'#'"),
    ],
)
def test_what_cannot_be_stepped_through_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        StepThrough(trained_like(MODELS["gru 1"]), **arguments)


def test_the_moments_go_on_step_by_step_and_layer_by_layer(run_node):
    program = """
    const all = await load("page/steps/moments.js");
    const { forwardMoments, backwardMoments, lastMomentOf } = all;
    const short = (moments) => moments.map(({ t, l, q }) => `${t}${l}${q}`).join(" ");
    const forward = forwardMoments(2, 2, 3);
    give([short(forward), short(backwardMoments(2, 2, 2)), lastMomentOf(forward, 1, 0),
      lastMomentOf(forward, 2, 0)]);
    """
    forward, backward, last, none = run_node(program)
    assert forward == "000 001 002 010 011 012 020 021 100 101 102 110 111 112 120 121"
    assert backward == "120 110 111 100 101 010 011 000 001"
    assert (last, none) == (10, -1)
