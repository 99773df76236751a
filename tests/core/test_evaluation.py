"""Losses of a whole text and by context, against the model applied step by step."""

import jax
import numpy as np
import pytest

from charlm_lib import (
    GRU,
    LSTM,
    RNN,
    RNNLM,
    StackedRNNScratch,
    TextData,
    TrainedModel,
    Vocab,
    cross_entropy,
    evaluate,
    gather_windows,
    nll_after,
    nll_by_context,
    text_nll,
)

TOKENS = jax.random.randint(jax.random.key(5), (50,), 1, 7)
LAYERS = {
    "tanh": RNN(8),
    "stack": StackedRNNScratch(7, 8, 2, 0.5),
    "gru": GRU(8, 3),
    "lstm": LSTM(8, 2),
}


@pytest.fixture(params=LAYERS)
def fitted(request):
    model = RNNLM(LAYERS[request.param], 7, lr=1.0)
    return TrainedModel(model, model.init(jax.random.key(0), TOKENS[None]), Vocab("abcdef"))


def test_a_text_is_read_once_with_the_state_kept(fitted):
    model, params, _ = fitted
    step = jax.jit(model.apply)
    state, expected = None, []
    for now, following in zip(TOKENS[:-1], TOKENS[1:], strict=True):
        logits, state = step(params, now[None, None], state)
        expected.append(-jax.nn.log_softmax(logits[0, 0])[following])
    assert np.allclose(text_nll(fitted, TOKENS), expected, atol=1e-5)


def test_the_same_characters_are_predicted_after_each_context(fitted):
    model, params, _ = fitted
    contexts, ids = (5, 1, 8), np.asarray(TOKENS)
    targets = np.arange(8, 50, 3)
    found = nll_by_context(fitted, TOKENS, contexts, stride=3)
    assert found.shape == (3, len(targets))
    for row, context in zip(found, contexts, strict=True):
        for nll, target in zip(row, targets, strict=True):
            logits, _ = model.apply(params, ids[None, target - context : target])
            expected = -jax.nn.log_softmax(logits[0, -1])[ids[target]]
            assert np.allclose(nll, expected, atol=1e-5)


def test_one_character_after_each_context(fitted):
    X, targets = np.asarray(TOKENS[:42]).reshape(6, 7), np.array([3, 1, 6, 2, 2, 5])
    logits, _ = fitted.model.apply(fitted.params, X)
    wanted = -np.asarray(jax.nn.log_softmax(logits[:, -1]))[np.arange(6), targets]
    assert np.allclose(nll_after(fitted, X, targets), wanted, atol=1e-5)


@pytest.mark.parametrize(
    "X, targets, words",
    [
        (np.ones((2, 3), int), np.ones(3, int), r"X has shape \(2, 3\) and targets \(3,\)"),
        (np.ones(3, int), np.ones(3, int), r"X has shape \(3,\)"),
        (np.full((2, 3), 7), np.ones(2, int), r"id 7 is outside 0\.\.6"),
        (np.ones((2, 3), int), np.full(2, 9), r"id 9 is outside 0\.\.6"),
    ],
)
def test_contexts_and_targets_that_do_not_fit(fitted, X, targets, words):
    with pytest.raises(ValueError, match=words):
        nll_after(fitted, X, targets)


@pytest.mark.parametrize(
    "contexts, stride, words",
    [
        ((), 8, "contexts is empty"),
        ((4, 0), 8, "context=0 must be a whole number of at least 1"),
        ((2.5,), 8, "context=2.5"),
        ((4,), 0, "stride=0"),
        ((4, 50), 8, "a text of 50 characters has none after a context of 50"),
    ],
)
def test_contexts_that_cannot_be(fitted, contexts, stride, words):
    with pytest.raises(ValueError, match=words):
        nll_by_context(fitted, TOKENS, contexts, stride)


def test_texts_that_are_too_short(fitted):
    with pytest.raises(ValueError, match="a text of 1 characters leaves nothing to predict"):
        text_nll(fitted, TOKENS[:1])


def test_two_characters_are_the_shortest_text(fitted):
    two, more = text_nll(fitted, TOKENS[:2]), text_nll(fitted, TOKENS[:9])
    assert two.shape == (1,) and two[0] == pytest.approx(float(more[0]), abs=1e-5)


# --- the vocabulary ---
def data_of(letters):
    return TextData(letters * 9, 8, 4, 16, 8)


def test_a_text_is_read_in_the_models_vocabulary(fitted):
    part = data_of("fade")  # in its own vocabulary other ids stand for these letters
    same = TextData("fade" * 9, 8, 4, 16, 8, vocab=fitted.vocab)
    assert part.vocab != same.vocab
    assert evaluate(fitted, part) == evaluate(fitted, same)
    starts = part.starts("val")
    X, Y = gather_windows(same.tokens, starts, 4)
    wanted = cross_entropy(fitted.model.apply(fitted.params, X)[0], Y)
    assert evaluate(fitted, part) == pytest.approx(float(wanted), rel=1e-5)


def test_a_text_with_as_many_letters_but_others_is_refused(fitted):
    assert len(data_of("abcdeg").vocab) == len(fitted.vocab)
    words = "'g' of them unknown; .*'f' of them missing here.*vocab="
    with pytest.raises(ValueError, match=words):
        evaluate(fitted, data_of("abcdeg"))


def test_long_vocabularies_are_not_printed_whole(fitted):
    with pytest.raises(ValueError) as caught:
        evaluate(fitted, data_of("".join(map(chr, range(0x4E00, 0x5E00)))))
    assert len(str(caught.value)) < 400 and "… of them unknown" in str(caught.value)


def test_a_sentence_is_scored_as_its_ids_are(fitted):
    ids = fitted.vocab.encode("badface")
    np.testing.assert_array_equal(text_nll(fitted, "badface"), text_nll(fitted, ids))
    np.testing.assert_array_equal(text_nll(fitted, "BADface"), text_nll(fitted, ids))
    np.testing.assert_array_equal(
        nll_by_context(fitted, "badface" * 3, (1, 4)),
        nll_by_context(fitted, np.tile(ids, 3), (1, 4)),
    )


@pytest.mark.parametrize(
    "text, words",
    [
        ("bad guy", "has ' ', 'g', 'u', 'y', which the vocabulary of the model lacks"),
        (np.array([0.5, 1.0]), r"shape \(2,\) and type float64: pass a string, or ids"),
        (np.array([[1, 2]]), r"shape \(1, 2\)"),
        (np.array([1, 7]), r"id 7 is outside 0\.\.6"),
        (np.array([1, -1]), r"id -1 is outside 0\.\.6"),
        ("", "text is empty"),
        ("a", "1 characters leaves nothing"),
        (None, "pass a string, or ids"),
    ],
)
def test_what_cannot_be_scored(fitted, text, words):
    with pytest.raises(ValueError, match=words):
        text_nll(fitted, text)


def test_a_model_without_its_vocabulary_is_not_enough(fitted):
    model, params, _ = fitted
    for call in (
        lambda: evaluate(model, params, data_of("abcdef")),
        lambda: text_nll(model, "abc"),
        lambda: nll_by_context(params, TOKENS, (4,)),
    ):
        with pytest.raises(ValueError, match="is no trained model: pass the result of Trainer.fit"):
            call()


def test_unknown_characters_are_not_scored_in_silence(fitted):
    ids = fitted.vocab.encode("BAD face")
    with pytest.warns(UserWarning, match="4 of 8 ids are 0, <unk>, which") as caught:
        text_nll(fitted, ids)
    assert caught[0].filename == __file__
