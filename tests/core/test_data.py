"""From a text to windows: vocabulary, split, batches."""

import re
import subprocess
import sys

import jax
import numpy as np
import pytest

import charlm_lib as cl


# --- vocabulary ---
def test_vocab_tokens():
    vocab = cl.Vocab("banana bread")
    assert vocab.tokens == ["<unk>", " ", "a", "b", "d", "e", "n", "r"]
    assert len(vocab) == 8
    assert "abdenr" in repr(vocab)


@pytest.mark.parametrize(
    "alphabet", ["abc ", "αβγ ώ", "नमस्ते ", "日本語", "a😀b", "\U0010ffff\x00z", "é", "e\u0301"]
)
@pytest.mark.parametrize("seed", range(3))
def test_vocab_round_trip(alphabet, seed):
    rng = np.random.default_rng(seed)
    text = "".join(alphabet[i] for i in rng.integers(0, len(alphabet), 50))
    vocab = cl.Vocab(alphabet)
    ids = vocab.encode(text)
    assert ids.dtype == np.int32 and ids.shape == (50,)
    assert ids.min() >= 1 and ids.max() < len(vocab)
    assert vocab.decode(ids) == text
    assert vocab.unknown(text) == []
    assert cl.Vocab(vocab.tokens).tokens == vocab.tokens


def test_vocab_unknown_characters():
    vocab = cl.Vocab("abc")
    assert vocab.encode("aXb😀\x00d").tolist() == [1, 0, 2, 0, 0, 0]
    assert vocab.unknown("dXaXd😀") == ["d", "X", "😀"]
    assert vocab.decode([1, 0, 3]) == "a<unk>c"


@pytest.mark.parametrize(
    "characters, text, folded",
    [
        ("emit ", "Time IT", "time it"),
        ("Temit ", "Time TIME", "Time Time"),
        ("ab", "aXé?B", "aXé?b"),
        ("i\u0307", "\u0130", "i\u0307"),  # small letters may be two
        ("i", "\u0130", "\u0130"),
        ("a", "", ""),
    ],
)
def test_vocab_folds_what_it_lacks(characters, text, folded):
    assert cl.Vocab(characters).fold(text) == folded


def test_vocab_of_nothing():
    vocab = cl.Vocab("")
    assert len(vocab) == 1 and vocab.encode("ab").tolist() == [0, 0]
    assert vocab.encode("").shape == (0,) and vocab.decode([]) == ""


@pytest.mark.parametrize("bad", [-1, 4, 99])
def test_vocab_decode_rejects_ids_outside(bad):
    with pytest.raises(ValueError, match=rf"id {bad} is outside 0\.\.3"):
        cl.Vocab("abc").decode([1, bad, 2])


# --- windows ---
def naive_windows(data, split):
    first, size = (0, data.num_train) if split == "train" else (data.num_train, data.num_val)
    for k in range(first, first + size):
        yield data.text[k : k + data.num_steps], data.text[k + 1 : k + data.num_steps + 1]


@pytest.mark.parametrize("split", ["train", "val"])
def test_batches_in_order_are_the_windows_of_the_text(data, split):
    batches = list(data.batches(split))
    size = data.num_train if split == "train" else data.num_val
    sizes = [X.shape[0] for X, _ in batches]
    assert sizes == [data.batch_size] * (size // data.batch_size) + [size % data.batch_size]
    rows = [
        (data.vocab.decode(x), data.vocab.decode(y))
        for X, Y in batches
        for x, y in zip(X, Y, strict=True)
    ]
    assert rows == list(naive_windows(data, split))
    assert all(X.dtype == Y.dtype == np.int32 for X, Y in batches)


def test_shuffled_batches_are_the_same_windows_in_an_order_of_the_key(data):
    def rows(key):
        return [tuple(x.tolist()) for X, _ in data.batches("train", key) for x in np.asarray(X)]

    first = rows(jax.random.key(1))
    assert first == rows(jax.random.key(1))
    assert first != rows(jax.random.key(2)) and first != rows(None)
    assert sorted(first) == sorted(rows(None))


def test_split_goes_by_position_and_may_use_every_window(text):
    cleaned = cl.clean(text)
    windows = len(cleaned) - 6
    data = cl.TextData(text, 8, 6, windows - 5, 5)
    assert data.num_windows == windows
    assert data.starts("train").tolist() == list(range(windows - 5))
    assert data.starts("val").tolist() == list(range(windows - 5, windows))
    assert data.vocab.decode(list(data.batches("val"))[-1][1][-1]) == cleaned[-6:]


def test_shortest_possible_text():
    data = cl.TextData("abcdef", 1, 4, 1, 1)
    assert [data.vocab.decode(Y[0]) for _, Y in data.batches("val")] == ["cdef"]


def test_windows_are_not_stored(data):
    stored = sum(x.nbytes for x in vars(data).values() if isinstance(x, jax.Array | np.ndarray))
    assert stored == 4 * len(data.text)


LARGE = """
import resource, sys
import charlm_lib as cl
data = cl.TextData("the “time” traveller, smiling. " * 380_000, 512, 32)
assert len(data.text) > 10_000_000 and data.num_windows == len(data.text) - 32
cl.Trainer(1).fit(cl.RNNLM(cl.RNN(8), len(data.vocab), lr=1.0), data, show=False)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # in KB, but bytes on macOS
print(peak * (1 if sys.platform == "darwin" else 1024))
"""


def test_a_text_of_ten_million_characters_trains_in_two_gigabytes():
    done = subprocess.run([sys.executable, "-c", LARGE], capture_output=True, text=True, check=True)
    assert 100e6 < int(done.stdout) < 2e9


def test_gather_windows_under_jit():
    tokens = np.arange(20, dtype=np.int32)
    X, Y = jax.jit(cl.gather_windows, static_argnums=2)(tokens, np.array([0, 7, 15]), 4)
    np.testing.assert_array_equal(X, [[0, 1, 2, 3], [7, 8, 9, 10], [15, 16, 17, 18]])
    np.testing.assert_array_equal(Y, X + 1)


@pytest.mark.parametrize("name", ["batch_size", "num_steps", "num_train", "num_val"])
@pytest.mark.parametrize("value", [0, -3, 2.5, "8", None, True])
def test_numbers_out_of_range(text, name, value):
    settings = {"batch_size": 8, "num_steps": 6, "num_train": 20, "num_val": 10, name: value}
    with pytest.raises(ValueError, match=rf"{name}={re.escape(repr(value))} .*at least 1"):
        cl.TextData(text, **settings)


@pytest.mark.parametrize(
    "text, settings, words",
    [
        ("", (1, 4, 1, 1), ["no usable character", "''", "keep_punctuation=True"]),
        ("123 !?", (1, 4, 1, 1), ["no usable character", "'123 !?'", "keep_punctuation=True"]),
        ("abcde", (1, 4, 1, 1), ["5 characters", "num_steps=4", "need 6", "longer text"]),
        ("abcdefgh", (1, 4, 3, 2), ["num_train=3", "num_val=2", "4 windows", "lower num_train"]),
        ("abcdefghij", (5, 4, 4, 2), ["batch_size=5", "num_train=4", "at most 4"]),
    ],
)
def test_texts_that_cannot_be_used(text, settings, words):
    with pytest.raises(ValueError) as error:
        cl.TextData(text, *settings)
    assert all(word in str(error.value) for word in words), error.value


def test_unknown_split_fails_at_once(data):
    with pytest.raises(ValueError, match='split=\'test\'.*"train" and "val"'):
        data.starts("test")
    with pytest.raises(ValueError, match="split='test'"):
        data.batches("test")  # before the first batch is asked for


# --- The Time Machine ---
def test_time_machine_defaults():
    data = cl.TimeMachine(batch_size=1024, num_steps=32)
    assert (data.num_train, data.num_val, len(data.vocab)) == (10_000, 5_000, 28)
    assert data.text == cl.read_corpus()
    X, Y = next(data.batches("train"))
    assert X.shape == Y.shape == (1024, 32)
    assert data.vocab.decode(X[0]) == data.text[:32]
