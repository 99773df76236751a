"""Greedy and sampled text against loops that know nothing of programs and their lengths."""

import functools
import re
from dataclasses import replace
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

import charlm_lib as cl
from charlm_lib.cells import layer_of
from charlm_lib.export import output_weights
from charlm_lib.sampling import draw, padded

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
    result.params["params"]["output"]["bias"] = jnp.zeros(V).at[0].set(50.0)
    return result


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def tanh_step(X, H, W_xh, W_hh, b_h):
    return np.tanh(X @ W_xh + H @ W_hh + b_h)


def gru_step(X, H, W_x, W_h, b, b_hn):
    (x_r, x_z, x_n), (h_r, h_z, h_n) = np.split(X @ W_x + b, 3), np.split(H @ W_h, 3)
    R, Z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    return (1 - Z) * np.tanh(x_n + R * (h_n + b_hn)) + Z * H


def lstm_step(X, state, W_x, W_h, b):
    H, C = state
    a_i, a_f, a_g, a_o = np.split(X @ W_x + H @ W_h + b, 4)
    C = sigmoid(a_f) * C + sigmoid(a_i) * np.tanh(a_g)
    return np.array([sigmoid(a_o) * np.tanh(C), C])


def numpy_text(result, prefix, num_preds, choose):
    """Read and write one character at a time in NumPy; `choose(i, logits)` gives character i."""
    tree, layer = jax.tree.map(np.float64, result.params["params"]), layer_of(result.model)
    layers, (W_hq, b_q) = layer.layers(tree["rnn"]), output_weights(tree)
    step = {"tanh": tanh_step, "gru": gru_step, "lstm": lstm_step}[layer.cell]
    shape = (2, len(W_hq)) if layer.cell == "lstm" else (1, len(W_hq))
    states, text, logits = [np.zeros(shape)] * len(layers), "", None
    for t in range(len(prefix) + num_preds):
        text += prefix[t] if t < len(prefix) else choose(t - len(prefix), logits)
        X = np.eye(len(b_q))[result.vocab.encode(text[-1])[0]]
        for i, weights in enumerate(layers):
            states[i] = step(X, np.squeeze(states[i]), *weights).reshape(shape)
            X = states[i][0]
        logits = X @ W_hq + b_q
    return text


MODELS = {
    "RNNScratch": lambda v: cl.RNNLMScratch(cl.RNNScratch(v, 8), v, 1.0),
    **{
        f"StackedRNNScratch {n}": lambda v, n=n: cl.RNNLMScratch(
            cl.StackedRNNScratch(v, 8, n), v, 1.0
        )
        for n in (1, 2, 3)
    },
    "RNN": lambda v: cl.RNNLM(cl.RNN(8), v, 1.0),
    **{f"GRU {n}": lambda v, n=n: cl.RNNLM(cl.GRU(8, n, 0.5), v, 1.0) for n in (1, 2, 3)},
    **{f"LSTM {n}": lambda v, n=n: cl.RNNLM(cl.LSTM(8, n, 0.5), v, 1.0) for n in (1, 2, 3)},
}
LENGTHS = (1, 15, 16, 17, 64, 65, 3000)


@pytest.mark.parametrize("name", MODELS)
def test_texts_of_all_prefix_lengths_equal_those_of_a_loop_in_numpy(name, data, make_result):
    result = make_result(MODELS[name](len(data.vocab)), data.vocab, seed=3, scale=1.0)
    characters = data.vocab.tokens[1:]
    u = 1 - np.asarray(jax.random.uniform(jax.random.key(4), (20, 1)), np.float64)

    def likeliest(i, logits):
        return characters[np.argmax(logits[1:])]

    def drawn(i, logits):
        sums = np.cumsum(np.exp(logits[1:] / 0.8))
        return characters[np.searchsorted(sums, u[i, 0] * sums[-1])]

    for length in LENGTHS:
        prefix = (data.text * 20)[7 : 7 + length]
        assert cl.predict(prefix, 20, result) == numpy_text(result, prefix, 20, likeliest)
        (text,) = cl.sample(prefix, 20, result, 0.8, key=4)
        assert text == numpy_text(result, prefix, 20, drawn)


@pytest.mark.parametrize("prefix", ["t", "the time "])
def test_predict_equals_a_loop_over_the_growing_text(prefix, gru_result):
    text = prefix
    for _ in range(10):
        text += gru_result.vocab.tokens[1 + int(np.argmax(next_logits(gru_result, text)[1:]))]
    assert cl.predict(prefix, 10, gru_result) == text


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
    assert draw(jnp.asarray(logits), 0.7, u.astype(np.float32)).tolist() == wanted
    # At the ends: neither the impossible first index nor one after the last.
    for end, index in ((1e-30, 1), (1.0, size - 1)):
        assert draw(jnp.zeros((1, size)).at[0, 0].set(-np.inf), 1.0, np.array([end])) == index


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
    assert draw(3) == draw(jax.random.PRNGKey(3)) == draw(jnp.int32(3))
    assert draw(3) != draw(4)
    assert len(set(draw(3))) == 4


def test_many_samples_at_once(result):
    texts = cl.sample("abc", 7, result, num_samples=64)
    assert len(texts) == 64 and {len(t) for t in texts} == {10}
    assert len(set(texts)) > 32


@pytest.fixture
def compiled(caplog):
    """A function that gives the programs compiled since the last call."""

    def names():
        found = [r.getMessage().split()[1] for r in caplog.records if "Compiling" in r.getMessage()]
        caplog.clear()
        return found

    with jax.log_compiles():
        yield names


def test_all_prefix_lengths_share_a_program_and_so_do_numbers_of_characters(make_result, compiled):
    vocab = cl.Vocab("abc")
    result = make_result(cl.RNNLM(cl.RNN(5), len(vocab), lr=1.0), vocab)
    letters = "abcacbbaccba" * 4
    cl.sample(letters[:20], 7, result)
    assert any("write" in name for name in compiled())
    for length in range(10, 40):
        cl.sample(letters[:length], 7, result)
        cl.sample(letters[:15], length - 8, result)
        cl.predict(letters[:length], 7, result)
    assert compiled() == []
    cl.sample(letters, 17, result)  # 65 characters
    assert any("write" in name for name in compiled())


def test_padded_lengths_are_few_and_hold_the_text():
    assert [padded(n) for n in (1, 16, 17, 64, 65, 1025)] == [16, 16, 64, 64, 256, 4096]


def test_one_program_for_all_temperatures_keys_and_learning_rates(result, compiled):
    cl.sample("abc", 7, result, 0.5)
    compiled()
    for temperature in (0.6, 1, 3.0, np.float32(0.1), 1e39):
        cl.sample("cba", 7, result, temperature, key=9)
    cl.sample("abc", 7, replace(result, model=result.model.clone(lr=0.123)), 0.5)
    assert compiled() == []


def test_more_characters_go_on_with_the_same_text(result):
    short, long = (cl.sample("abc", n, result, num_samples=3, key=2) for n in (20, 50))
    assert [text[:23] for text in long] == short


# --- layers and models of one's own ---
class Memory(nn.Module):
    """A layer whose state is a dict of a pair, a whole number and a truth value."""

    num_hiddens: int

    @nn.compact
    def __call__(self, inputs, state=None, training=False):
        if state is None:
            zeros = jnp.zeros((inputs.shape[1], self.num_hiddens))
            state = {"pair": (zeros, zeros), "seen": 0, "odd": False}
        cell, outputs = nn.LSTMCell(self.num_hiddens), []
        for X in inputs:
            pair, H = cell(state["pair"], X)
            state = {"pair": pair, "seen": state["seen"] + 1, "odd": jnp.logical_not(state["odd"])}
            outputs.append(H * (1 + state["seen"] % 5) * jnp.where(state["odd"], 1, -1))
        return jnp.stack(outputs), state


class LearnedStart(nn.Module):
    """A layer whose first state is learned."""

    num_hiddens: int

    @nn.compact
    def __call__(self, inputs, state=None, training=False):
        first = self.param("first", nn.initializers.normal(), (self.num_hiddens,))
        state = jnp.tile(first, (inputs.shape[1], 1)) if state is None else state
        cell, outputs = nn.SimpleCell(self.num_hiddens), []
        for X in inputs:
            state, H = cell(state, X)
            outputs.append(H)
        return jnp.stack(outputs), state


class Forgetful(nn.Module):
    """A layer without a state."""

    num_hiddens: int

    @nn.compact
    def __call__(self, inputs, state=None, training=False):
        return nn.Dense(self.num_hiddens)(inputs), None


class WithoutLr(nn.Module):
    """A language model that has no field `lr`."""

    vocab_size: int

    @nn.compact
    def __call__(self, X, state=None, training=False):
        outputs, state = Memory(6, name="rnn")(jax.nn.one_hot(X.T, self.vocab_size), state)
        return nn.Dense(self.vocab_size)(outputs).swapaxes(0, 1), state


OWN = {
    **{
        kind.__name__: lambda v, kind=kind: cl.RNNLM(kind(6), v, lr=1.0)
        for kind in (Memory, LearnedStart, Forgetful)
    },
    "WithoutLr": WithoutLr,
}


@pytest.mark.parametrize("name", OWN)
def test_a_state_may_be_any_tree_and_its_first_value_anything(name, make_result):
    vocab = cl.Vocab("abcd ")
    result = make_result(OWN[name](len(vocab)), vocab, seed=1, scale=0.8)
    text = "dab"
    for _ in range(15):
        text += vocab.tokens[1 + int(np.argmax(next_logits(result, text)[1:]))]
    assert cl.predict("dab", 15, result) == text
    assert cl.sample("dab", 15, result, 1e-30, num_samples=2) == [text, text]


def test_whatever_has_a_model_its_parameters_and_its_vocabulary_can_write(result):
    own = SimpleNamespace(model=result.model, params=result.params, vocab=result.vocab)
    assert cl.sample("ab", 9, own) == cl.sample("ab", 9, result)


def test_a_vocabulary_of_one_character(make_result):
    result = make_result(cl.RNNLM(cl.RNN(3), 2, 1.0), cl.Vocab("a"))
    assert cl.predict("a", 3, result) == "aaaa"
    assert cl.sample("a", 3, result, top_k=1, num_samples=2) == ["aaaa", "aaaa"]


def test_characters_of_the_name_unk_are_characters(make_result):
    result = make_result(cl.RNNLM(cl.RNN(3), 6, 1.0), cl.Vocab("<unk>"))
    texts = cl.sample("<", 30, result, num_samples=20)
    assert all(len(text) == 31 for text in texts)


class Half(cl.RNNLM):
    """A language model with logits of half precision."""

    def output_layer(self, outputs):
        return super().output_layer(outputs).astype(jnp.bfloat16)


SETTINGS = {
    "jax_disable_jit": True,
    "jax_enable_x64": True,
    "jax_debug_nans": True,
    "jax_numpy_dtype_promotion": "strict",
}


@pytest.mark.parametrize("setting", SETTINGS)
def test_other_settings_of_jax_write_the_same(setting, make_result):
    vocab = cl.Vocab("abcd ")
    result = make_result(Half(LearnedStart(6), len(vocab), 1.0), vocab, seed=2, scale=0.8)

    def texts():
        drawn = cl.sample("a", 3, result, num_samples=2), cl.sample("a", 3, result, top_k=3)
        return *drawn, cl.predict("a", 3, result)

    wanted, before = texts(), getattr(jax.config, setting)
    jax.config.update(setting, SETTINGS[setting])
    try:
        assert texts() == wanted
    finally:
        jax.config.update(setting, before)


# --- numbers that are none ---
def test_parameters_that_are_not_finite_are_an_error_and_no_text(result):
    bias = result.params["params"]["output"]["bias"]
    total = sum(x.size for x in jax.tree.leaves(result.params))
    for value in (np.nan, np.inf, -np.inf):
        params = jax.tree.map(jnp.copy, result.params)
        params["params"]["output"]["bias"] = bias.at[2:4].set(value)
        message = (
            f"2 of {total:,} parameters are not finite: .*; use result.at_best_epoch\\(\\), or"
        )
        broken = replace(result, params=params)
        others = broken.at_best_epoch(), replace(broken, best_params=params)
        assert cl.predict("ab", 3, others[0]) == cl.predict("ab", 3, result)
        own = SimpleNamespace(model=result.model, params=params, vocab=result.vocab)
        for write in (cl.predict, cl.sample):
            with pytest.raises(ValueError, match=message):
                write("ab", 3, broken)
            for other in (others[1], own):
                with pytest.raises(ValueError, match="is damaged; train again with a smaller"):
                    write("ab", 3, other)


class Growing(cl.RNNLM):
    """A model whose logits leave the numbers with the seventh character."""

    wrong: float = np.inf

    def output_layer(self, outputs):
        seen = outputs[..., :1] > 6.5
        return super().output_layer(outputs) + jnp.where(seen, self.wrong, 0.0).swapaxes(0, 1)


class Counter(nn.Module):
    """A layer that counts."""

    num_hiddens: int

    @nn.compact
    def __call__(self, inputs, state=None, training=False):
        state = jnp.zeros((inputs.shape[1], self.num_hiddens)) if state is None else state
        outputs = state + 1 + jnp.arange(len(inputs))[:, None, None]
        return outputs, outputs[-1]


@pytest.mark.parametrize("wrong", [np.inf, np.nan, -np.inf])
@pytest.mark.parametrize("options", [{}, {"top_k": 2}])
def test_logits_that_are_not_finite_are_an_error_and_no_text(wrong, options, make_result):
    vocab = cl.Vocab("abcd ")
    result = make_result(Growing(Counter(2), len(vocab), 1.0, wrong=wrong), vocab)
    assert len(cl.sample("abc", 4, result, num_samples=2, **options)[0]) == 7
    for prefix, num_preds, after in (("abc", 5, 7), ("abc", 60, 7), ("abcdabcd", 3, 8)):
        with pytest.raises(ValueError, match=f"after {after} characters the model's logits are"):
            cl.sample(prefix, num_preds, result, num_samples=2, **options)
        with pytest.raises(ValueError, match=f"after {after} characters the model's logits are"):
            cl.predict(prefix, num_preds, result)


def test_logits_of_another_vocabulary_are_refused(result):
    with pytest.raises(ValueError, match=r"logits of shape \(1, 1, 6\), but .* of 5 tokens need"):
        cl.predict("ab", 3, replace(result, vocab=cl.Vocab("abcd")))


def test_the_hottest_temperatures_draw_all_characters_alike(result):
    even = np.full(V - 1, 1 / (V - 1))
    for temperature in (1e39, 3e38, 10**400):
        texts = cl.sample("ab", 1, result, temperature, num_samples=2000, key=3)
        statistic, bound = chi_square([t[-1] for t in texts], even, result.vocab)
        assert statistic < bound


def test_of_equally_likely_characters_predict_writes_the_first(result):
    zeros = jax.tree.map(jnp.zeros_like, result.params)
    assert cl.predict("ab", 20, replace(result, params=zeros)) == "ab" + " " * 20


@pytest.mark.parametrize(
    "temperature", [np.float32(0.5), np.float16(0.5), jnp.float32(0.5), np.array(0.5)]
)
def test_other_numbers_are_temperatures(temperature, result):
    assert cl.sample("ab", 20, result, temperature) == cl.sample("ab", 20, result, 0.5)


# --- stop, and what the model reads ---
def test_each_text_ends_before_the_first_stop_that_is_written(result):
    whole = cl.sample("a b", 40, result, num_samples=30, key=1)
    for stop in ("c", "  ", "cd", "dada"):
        texts = cl.sample("a b", 40, result, num_samples=30, key=1, stop=stop)
        for text, full in zip(texts, whole, strict=True):
            place = full.find(stop, 3)
            assert text == (full if place < 0 else full[:place])
        lengths = {len(text) for text in texts}
        assert len(lengths) > 1 and (stop != "dada" or 43 in lengths)


def test_a_stop_ends_what_is_drawn_among_a_few_characters_too(result):
    drawn = dict(num_samples=30, key=1, top_k=3)
    whole = cl.sample("a b", 40, result, **drawn)
    stop = whole[0][9]
    texts = cl.sample("a b", 40, result, **drawn, stop=stop)
    assert texts == ["a b" + full[3:].partition(stop)[0] for full in whole]
    assert len(texts[0]) <= 9


def test_predict_stops_too_and_what_the_prefix_has_does_not_stop(result):
    whole = cl.predict("dab", 25, result)
    stop = whole[9]
    assert cl.predict("dab", 25, result, stop=stop) == whole[: whole.index(stop, 3)]
    assert cl.predict("dab", 25, result, stop=None) == whole
    assert cl.predict("da" + stop, 3, result, stop=stop).startswith("da" + stop)


def test_a_list_of_names_is_written_name_by_name(make_result):
    vocab = cl.Vocab("\nJoanS")
    result = make_result(cl.RNNLM(cl.GRU(4, 1), len(vocab), 1.0), vocab)
    names = cl.sample("\nJo", 30, result, num_samples=20, stop="\n")
    assert all(name.startswith("\nJo") and name.count("\n") == 1 for name in names)
    assert len(set(map(len, names))) > 3


@pytest.mark.parametrize(
    "stop, message",
    [
        ("", "stop='' must be a character or several"),
        (5, "stop=5 must be"),
        (b"a", "stop=b'a' must be"),
        (["a", "b"], "stop=['a', 'b'] must be"),
        ("A", "stop='A' has 'A', which the model never writes: use characters of its vocabulary"),
        ("a\n", "never writes: use characters of its vocabulary, ' abcd' (TextData keeps lines"),
    ],
)
def test_a_stop_that_is_never_written_is_refused(stop, message, result):
    for write in (cl.predict, cl.sample):
        with pytest.raises(ValueError, match=re.escape(message)):
            write("ab", 3, result, stop=stop)


def test_capitals_are_read_as_training_read_them(result):
    assert cl.sample("DaB C", 9, result) == cl.sample("dab c", 9, result)
    assert cl.predict("DaB C", 9, result) == cl.predict("dab c", 9, result)


def test_a_vocabulary_with_capitals_keeps_them(make_result):
    result = make_result(cl.RNNLM(cl.RNN(4), 5, 1.0), cl.Vocab("aAbc"), scale=2.0)
    assert cl.predict("AB", 2, result).startswith("Ab")
    large, small = (cl.sample(prefix, 4, result, num_samples=50) for prefix in ("AAA", "aaa"))
    assert [text[3:] for text in large] != [text[3:] for text in small]


BAD = {
    "the prefix is empty": {"prefix": ""},
    "the prefix 'aXbX?' has 'X', '?', which the vocabulary of the model lacks": {"prefix": "aXbX?"},
    "only its 5 characters ' abcd', or pass the prefix through charlm_lib.clean": {"prefix": "a?"},
    "the prefix must be a string, but this is of type NoneType": {"prefix": None},
    "the prefix must be a string, but this is of type int": {"prefix": 5},
    "the prefix must be a string, but this is of type bytes": {"prefix": b"ab"},
    "the prefix must be a string, but this is of type list": {"prefix": ["a", "b"]},
    "num_preds=0 must be a whole number of at least 1": {"num_preds": 0},
    "num_preds=2.5 must be": {"num_preds": 2.5},
    "num_preds='20' must be": {"num_preds": "20"},
    "num_preds=20.0 must be": {"num_preds": 20.0},
    "num_preds=None must be": {"num_preds": None},
    "num_preds=True must be": {"num_preds": True},
    "temperature=0 must be a positive number: for the most likely": {"temperature": 0},
    "temperature=-1.0 must be": {"temperature": -1.0},
    "temperature=nan must be": {"temperature": float("nan")},
    "temperature=inf must be": {"temperature": float("inf")},
    "temperature='0.5' must be": {"temperature": "0.5"},
    "temperature=None must be": {"temperature": None},
    "temperature=True must be": {"temperature": True},
    "temperature=[0.5] must be": {"temperature": [0.5]},
    "temperature=array([0.5]) must be": {"temperature": np.array([0.5])},
    "temperature=Array(nan, dtype=float32) must be": {"temperature": jnp.float32(np.nan)},
    "temperature=array(True) must be": {"temperature": np.array(True)},
    "temperature=1j must be": {"temperature": 1j},
    "temperature=Array((), dtype=key": {"temperature": jax.random.key(0)},
    "top_k=0 must be a whole number from 1 to 5": {"top_k": 0},
    "top_k=6 must be": {"top_k": 6},
    "top_k=True must be": {"top_k": True},
    "top_k=1.5 must be": {"top_k": 1.5},
    "top_k=2.0 must be": {"top_k": 2.0},
    "top_k='3' must be": {"top_k": "3"},
    "top_k=[3] must be": {"top_k": [3]},
    "num_samples=0 must be a whole number of at least 1": {"num_samples": 0},
    "num_samples=1.0 must be": {"num_samples": 1.0},
    "num_samples='4' must be": {"num_samples": "4"},
    "key=None must be one JAX random key": {"key": None},
    "key='1' must be": {"key": "1"},
    "key=1.5 must be": {"key": 1.5},
}


@pytest.mark.parametrize("message", BAD)
def test_bad_input_is_named(result, message):
    options = {"prefix": "ab", "num_preds": 3} | BAD[message]
    with pytest.raises(ValueError, match=re.escape(message)):
        cl.sample(result=result, **options)
    if options.keys() <= {"prefix", "num_preds"}:
        with pytest.raises(ValueError, match=re.escape(message)):
            cl.predict(result=result, **options)


def test_what_is_no_trained_model_is_named(result):
    model, params, vocab = result.model, result.params, result.vocab
    for wrong in (None, model, params, vocab, "dab", 20, [result]):
        for write in (cl.predict, cl.sample):
            message = f"must be a trained model, .* but this is of type {type(wrong).__name__}$"
            with pytest.raises(ValueError, match=message):
                write("ab", 20, wrong)
    with pytest.raises(ValueError, match="the prefix must be a string, but this is of type Fit"):
        cl.sample(result, 20, result)


def test_a_prefix_of_half_a_character_is_unknown_too(result):
    with pytest.raises(ValueError, match="vocabulary of the model lacks"):
        cl.predict("a\ud800", 3, result)


def test_numpy_whole_numbers_are_counts(result):
    three = np.int64(3)
    assert cl.predict("ab", three, result) == cl.predict("ab", 3, result)
    texts = cl.sample("ab", three, result, top_k=three, num_samples=three)
    assert texts == cl.sample("ab", 3, result, top_k=3, num_samples=3)
