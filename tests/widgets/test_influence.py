"""The influences of WhatDidItLookAt, run in Node, against JAX."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from charlm_lib import GRU, RNNLM, Vocab
from charlm_lib.widgets import WhatDidItLookAt
from charlm_lib.widgets.what_did_it_look_at import letter_shares
from tests.widgets.test_core import IDS, MODELS, READ, VOCAB, V, packed, trained_like

# One letter comes twice, some stand far off, and one is the first after <unk>.
TOKENS = np.array([*IDS[:7], 1, *IDS[8:14], IDS[4]])
SHARES = np.random.default_rng(5).dirichlet(np.ones(V - 1))
SHARES = np.array([0, *SHARES])
FOUND = """
    const { Influence } = await load("model/influence.js");
    const influence = new Influence(model, input.tokens, input.shares);
    const before = influence.bySwap(5) === undefined && !influence.isDone;
    for (const _ of influence.work());
    const places = input.tokens.map((_, t) => t).slice(1);
    const all = (measure) => places.map((t) => Array.from(influence[measure](t)));
    give({
      before,
      done: influence.isDone,
      logP: Array.from(influence.logP),
      gradients: all("byGradient"),
      swaps: all("bySwap"),
      means: Array.from(influence.meanByDistance("byGradient")),
      agreement: influence.agreement(),
    });
"""


def found_in_node(run_node, result, tokens=TOKENS):
    values = {"tokens": tokens.tolist(), "shares": SHARES.tolist()}
    return run_node(READ + FOUND, **packed(result), **values)


def log_probabilities(result, inputs):
    """log p(x_t | inputs before t) for t = 1 ... T - 1 from `(T, vocab_size)` inputs."""

    def outputs(model, x):
        return model.output_layer(model.rnn(x)[0])

    logits = result.model.apply(result.params, inputs[:, None], method=outputs)[0]
    return jnp.take_along_axis(jax.nn.log_softmax(logits[:-1]), TOKENS[1:, None], 1)[:, 0]


def in_jax(result):
    """log p, and the influences `(T - 1, T)` by the gradient and by swaps."""
    one_hot = jax.nn.one_hot(TOKENS, V)

    def of(inputs):
        return log_probabilities(result, inputs)

    slopes = jax.jit(jax.jacrev(of))(one_hot)  # (T - 1, T, V)
    by_gradient = jnp.einsum("tsv,sv->ts", slopes, one_hot - SHARES)
    swapped = jnp.stack([one_hot.at[s].set(SHARES) for s in range(len(TOKENS))])
    log_p = jax.jit(of)(one_hot)
    by_swap = log_p[:, None] - jax.jit(jax.vmap(of))(swapped).T
    return log_p, by_gradient, by_swap


def as_rows(square):
    """The influences on each letter of those before it."""
    return [np.asarray(row)[: t + 1] for t, row in enumerate(square)]


@pytest.mark.parametrize("name", ["tanh scratch 1", "tanh stacked 3", "gru 3", "lstm 2"])
def test_influences_equal_jax(run_node, name):
    result = trained_like(MODELS[name])
    found = found_in_node(run_node, result)
    assert found["before"] and found["done"]
    log_p, by_gradient, by_swap = in_jax(result)
    np.testing.assert_allclose(found["logP"][1:], log_p, atol=1e-5)
    for mine, theirs in (("gradients", by_gradient), ("swaps", by_swap)):
        for row, expected in zip(found[mine], as_rows(theirs), strict=True):
            np.testing.assert_allclose(row, expected, rtol=1e-4, atol=1e-5)
    one, two = (np.concatenate(found[name]) for name in ("gradients", "swaps"))
    assert np.abs(one).max() > 0.1 and np.abs(one - two).max() > 0.01  # two measures, not one
    near, far = (np.concatenate([row[-10:] for row in found[n]]) for n in ("gradients", "swaps"))
    same = np.mean((near > 0) == (far > 0))
    assert found["agreement"] == pytest.approx(
        {"r": np.corrcoef(near, far)[0, 1], "sameSign": same}
    )


def test_the_gradient_foretells_small_swaps(run_node):
    """Where all weights are small a model is nearly linear, and both measures are one."""
    found = found_in_node(run_node, trained_like(MODELS["gru 2"], scale=0.01))
    gradients, swaps = (np.concatenate(found[name]) for name in ("gradients", "swaps"))
    np.testing.assert_allclose(gradients, swaps, rtol=0.1, atol=1e-8)
    assert found["agreement"]["r"] > 0.999


def test_means_are_by_distance_where_enough_letters_have_one(run_node):
    found = found_in_node(run_node, trained_like(MODELS["gru 1"]), IDS[:14])
    rows = found["gradients"]  # of letters 1 to 13
    expected = [
        np.mean([abs(row[len(row) - k]) for row in rows if len(row) >= k]) for k in range(1, 9)
    ]
    np.testing.assert_allclose(found["means"], expected)
    assert len(set(np.round(expected, 9))) == 8


def test_the_reach_holds_the_share_of_all_influence(run_node):
    program = """
    const { reachOf } = await load("model/influence.js");
    give([reachOf([8, 1, 1], 0.8), reachOf([5, 3, 2], 0.81), reachOf([0, 0, 3], 0.1)]);
    """
    assert run_node(program) == [1, 3, 3]


def test_numbers_keep_their_sign_and_size(run_node):
    program = """
    const { signed, strongest } = await load("page/look/words.js");
    give([[1.234, -0.04, 3e-5, -2e-12, 0, 12].map(signed), strongest([0.1, -3, 2, 0, 1, -0.5])]);
    """
    numbers, places = run_node(program)
    assert numbers == ["+1.23", "−0.04", "+3e−5", "−2e−12", "+0.00", "+12.00"]
    assert places == [1, 2, 4, 5, 0]


def test_shares_are_those_of_letters_that_the_models_know():
    shares = letter_shares("aab?", ["<unk>", "a", "b", "c"])
    np.testing.assert_allclose(shares, [0, 2 / 3, 1 / 3, 0])


def other_vocabulary():
    vocab = Vocab("abc ")
    result = trained_like(RNNLM(GRU(8, 1), len(vocab), 1.0))
    return SimpleNamespace(model=result.model, params=result.params, vocab=vocab)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"text": "a"}, "the text has 1 characters: pass 2 to 120"),
        ({"text": "a" * 121}, "the text has 121 characters"),
        ({"text": "a#b"}, "'#'"),
        ({"place": 37}, "place 37: choose from -1, the last one, to 36"),
        ({"place": -2}, "place -2"),
        ({"right": 2}, "right 2: there are models 0 to 1"),
        ({"average_of": "?!"}, "'\\?!' has no letter that the models know"),
    ],
)
def test_what_cannot_be_shown_is_refused(arguments, message):
    results = {name: trained_like(MODELS[name]) for name in ("gru 1", "tanh scratch 1")}
    with pytest.raises(ValueError, match=message):
        WhatDidItLookAt(results, **arguments)


def test_models_of_two_vocabularies_are_not_compared():
    results = {"one": trained_like(MODELS["gru 1"]), "other": other_vocabulary()}
    with pytest.raises(ValueError, match="'other' has another vocabulary than 'one'"):
        WhatDidItLookAt(results, text="abc")
    assert VOCAB.tokens != results["other"].vocab.tokens
