"""Greedy and sampled text against a loop that runs the model on the growing text."""

import functools
import re
from dataclasses import replace

import jax
import numpy as np
import pytest

import charlm_lib as cl
from charlm_lib.sampling import draw

V = 6  # tokens of the small vocabulary


@functools.partial(jax.jit, static_argnums=0)
def logits_of(model, params, window):
    return model.apply(params, window)[0]


def next_logits(result, text):
    window = np.zeros((1, 20), np.int32)  # one shape, compiled once; later steps are not read
    window[0, : len(text)] = result.vocab.encode(text)
    return np.array(logits_of(result.model, result.params, window)[0, len(text) - 1], np.float64)


def small_result(make_result, seed=0, scale=0.7):
    vocab = cl.Vocab("abcd ")
    return make_result(cl.RNNLM(cl.GRU(4, 2), len(vocab), lr=1.0), vocab, seed, scale)


@pytest.fixture(scope="module")
def result(make_result):
    return small_result(make_result)


@pytest.fixture(scope="module")
def favours_unknown(make_result):
    """A model to which `<unk>` is by far the most likely token."""
    result = small_result(make_result)
    result.params["params"]["output"]["bias"] = jax.numpy.zeros(V).at[0].set(50.0)
    return result


@pytest.mark.parametrize(
    "make",
    [
        lambda v: cl.RNNLMScratch(cl.RNNScratch(v, 8), v, 1.0),
        lambda v: cl.RNNLMScratch(cl.StackedRNNScratch(v, 8, 2), v, 1.0),
        lambda v: cl.RNNLM(cl.RNN(8), v, 1.0),
        lambda v: cl.RNNLM(cl.GRU(8, 2, 0.5), v, 1.0),
    ],
)
@pytest.mark.parametrize("prefix", ["t", "the time "])
def test_predict_equals_a_loop_over_the_growing_text(make, prefix, data, make_result):
    result = make_result(make(len(data.vocab)), data.vocab, seed=3, scale=1.0)
    text = prefix
    for _ in range(10):
        text += data.vocab.tokens[1 + int(np.argmax(next_logits(result, text)[1:]))]
    assert cl.predict(prefix, 10, result) == text


def test_greedy_never_writes_unknown(favours_unknown):
    text = cl.predict("ab", 30, favours_unknown)
    assert len(text) == 32 and "<unk>" not in text


def chi_square(texts, probabilities, vocab):
    """The statistic of the first drawn characters, and a bound it exceeds once in 100,000."""
    ids = vocab.encode("".join(texts))
    counts = np.bincount(ids, minlength=len(vocab))[1:]
    possible = probabilities > 0
    assert counts[~possible].sum() == 0
    expected = probabilities[possible] * counts.sum()
    assert expected.min() > 5
    free = possible.sum() - 1
    # Wilson and Hilferty's approximation of the chi-square quantile.
    bound = free * (1 - 2 / (9 * free) + 4.265 * np.sqrt(2 / (9 * free))) ** 3
    return ((counts[possible] - expected) ** 2 / expected).sum(), bound


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("top_k", [None, 3])
def test_frequencies_follow_the_softmax(result, temperature, top_k):
    prefix, draws = "abca", 4000
    logits = next_logits(result, prefix)[1:] / temperature
    if top_k:
        logits[np.argsort(logits)[:-top_k]] = -np.inf
    probabilities = np.exp(logits - logits.max())
    probabilities /= probabilities.sum()
    texts = cl.sample(prefix, 1, result, temperature, top_k, num_samples=draws, key=11)
    assert all(text[:-1] == prefix for text in texts)
    statistic, bound = chi_square([t[-1] for t in texts], probabilities, result.vocab)
    assert statistic < bound
    # The test can fail: the softmax at another temperature does not fit.
    other = np.where(probabilities > 0, probabilities**1.5, 0)
    statistic, bound = chi_square([t[-1] for t in texts], other / other.sum(), result.vocab)
    assert statistic > bound


def test_second_character_depends_on_the_first(result):
    texts = cl.sample("b", 2, result, num_samples=6000, key=5)
    for first in "abcd ":
        logits = next_logits(result, "b" + first)[1:]
        probabilities = np.exp(logits - logits.max())
        drawn = [text[2] for text in texts if text[1] == first]
        if len(drawn) < 500:
            continue
        statistic, bound = chi_square(drawn, probabilities / probabilities.sum(), result.vocab)
        assert statistic < bound
    assert len({text[1] for text in texts}) >= 3


@pytest.mark.parametrize("size", [6, 300])  # a product or a cumsum adds up
def test_draw_inverts_the_running_sum(size):
    rng = np.random.default_rng(size)
    logits = rng.normal(size=(40, size))
    logits[:, 0] = -np.inf
    u = rng.uniform(0, 1, 40)
    weights = np.exp(logits / 0.7)
    sums = np.cumsum(weights / weights.sum(1, keepdims=True), axis=1)
    wanted = [np.searchsorted(row, x) for row, x in zip(sums, u, strict=True)]
    assert draw(jax.numpy.asarray(logits), 0.7, u.astype(np.float32)).tolist() == wanted
    # At the ends: neither the impossible first index nor one after the last.
    for end, index in ((1e-30, 1), (1.0, size - 1)):
        assert draw(jax.numpy.zeros((1, size)).at[0, 0].set(-np.inf), 1.0, np.array([end])) == index


def test_unknown_is_never_drawn(favours_unknown):
    for options in ({}, {"top_k": 1}, {"top_k": V - 1}, {"temperature": 100.0}):
        texts = cl.sample("ab", 20, favours_unknown, num_samples=50, **options)
        assert all("<unk>" not in t and len(t) == 22 for t in texts)


@pytest.mark.parametrize("options", [{"top_k": 1}, {"temperature": 1e-6}, {"temperature": 1e-40}])
def test_limits_are_greedy(result, options):
    greedy = cl.predict("dab", 25, result)
    assert cl.sample("dab", 25, result, num_samples=3, key=2, **options) == [greedy] * 3


def test_keys(result):
    def draw(key):
        return cl.sample("a", 40, result, num_samples=4, key=key)

    assert draw(3) == draw(3) == draw(np.int64(3)) == draw(jax.random.key(3))
    assert draw(3) != draw(4)
    assert len(set(draw(3))) == 4


def test_many_samples_at_once(result):
    texts = cl.sample("abc", 7, result, num_samples=64)
    assert len(texts) == 64 and {len(t) for t in texts} == {10}
    assert len(set(texts)) > 32


def test_one_compilation_for_all_temperatures_and_learning_rates(result):
    from charlm_lib.sampling import _writing

    cl.sample("abc", 7, result, 0.5)
    before = _writing()._cache_size()
    for temperature in (0.6, 1, 3.0):
        cl.sample("cba", 7, result, temperature, key=9)
    cl.sample("abc", 7, replace(result, model=result.model.clone(lr=0.123)), 0.5)
    assert _writing()._cache_size() == before
    cl.sample("abcd", 7, result, 0.5)
    assert _writing()._cache_size() == before + 1


BAD = {
    "prefix='' is empty": {"prefix": ""},
    "prefix 'aXbX?' has 'X' '?', which the model has never seen": {"prefix": "aXbX?"},
    "only the 5 characters ' abcd', or pass the prefix through charlm_lib.clean": {"prefix": "E"},
    "num_preds=0 must be a whole number of at least 1": {"num_preds": 0},
    "num_preds=2.5 must be": {"num_preds": 2.5},
    "num_preds=True must be": {"num_preds": True},
    "temperature=0 must be a positive number: for the most likely": {"temperature": 0},
    "temperature=-1.0 must be": {"temperature": -1.0},
    "temperature=nan must be": {"temperature": float("nan")},
    "temperature=inf must be": {"temperature": float("inf")},
    "top_k=0 must be a whole number from 1 to 5": {"top_k": 0},
    "top_k=6 must be": {"top_k": 6},
    "top_k=True must be": {"top_k": True},
    "top_k=1.5 must be": {"top_k": 1.5},
    "top_k=2.0 must be": {"top_k": 2.0},
    "num_samples=0 must be a whole number of at least 1": {"num_samples": 0},
    "num_samples=1.0 must be": {"num_samples": 1.0},
}


@pytest.mark.parametrize("message", BAD)
def test_bad_input_is_named(result, message):
    options = {"prefix": "ab", "num_preds": 3} | BAD[message]
    with pytest.raises(ValueError, match=re.escape(message)):
        cl.sample(result=result, **options)
    if options.keys() <= {"prefix", "num_preds"}:
        with pytest.raises(ValueError, match=re.escape(message)):
            cl.predict(result=result, **options)


def test_a_prefix_of_half_a_character_is_unknown_too(result):
    with pytest.raises(ValueError, match="never seen"):
        cl.predict("a\ud800", 3, result)


def test_numpy_whole_numbers_are_counts(result):
    three = np.int64(3)
    assert cl.predict("ab", three, result) == cl.predict("ab", 3, result)
    texts = cl.sample("ab", three, result, top_k=three, num_samples=three)
    assert texts == cl.sample("ab", 3, result, top_k=3, num_samples=3)
