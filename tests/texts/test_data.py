"""From a text to windows: vocabulary, split, batches."""

import itertools
import re
import subprocess
import sys

import jax
import numpy as np
import pytest

import charlm_lib as cl
from charlm_lib.texts import vocabulary
from tests.random_texts import assigned, random_texts


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


def test_vocabularies_of_the_same_characters_are_equal():
    assert cl.Vocab("banana") == cl.Vocab("nab") == cl.Vocab(["<unk>", "b", "a", "n"])
    assert hash(cl.Vocab("banana")) == hash(cl.Vocab("nab"))
    assert cl.Vocab("banana") != cl.Vocab("banane")
    assert cl.Vocab("ab") != ["<unk>", "a", "b"]


def test_a_long_vocabulary_is_not_printed_whole():
    characters = "".join(map(chr, range(0x4E00, 0x4E00 + 5000)))
    shown = repr(cl.Vocab(characters))
    assert len(shown) < 130 and "5,000 characters" in shown
    assert characters[:30] in shown and characters[-30:] in shown


@pytest.mark.parametrize(
    "text, words",
    [
        (["the", "time"], "'the' is not one character.*pass Vocab the text itself"),
        ([["t", "h"], ["e"]], r"\['t', 'h'\] is not one character"),
        (np.arange(3), "0.* is not one character"),
        (b"bytes", "not bytes b'bytes': decode"),
        (None, "one string, not NoneType None"),
        (7, "not int 7"),
    ],
)
def test_what_vocabularies_are_not_made_of(text, words):
    with pytest.raises(ValueError, match=words) as error:
        cl.Vocab(text)
    assert len(str(error.value)) < 200


@pytest.mark.parametrize(
    "vocab, text, folded",
    [
        ("abc", "aBCd D", "abcd D"),
        ("abAB", "aABb", "aABb"),
        ("abA", "ABA", "AbA"),  # where the vocabulary has the capital, it stays
        ("i\u0307", "İ", "i\u0307"),
        ("i", "İ", "İ"),
        ("café", "Cafe\u0301 CAFE\u0301", "café café"),
        ("h\u1e96", "H\u0331", "\u1e96"),  # composed in small letters only
        ("οδςσ", "ΟΔΟΣ ΣΟ", "οδος σο"),
        ("аб", "АБВ", "абВ"),
        ("\n a", "\nA\r", "\na\r"),
        ("ab", "", ""),
        ("a", "\ud800A", "\ud800a"),
    ],
)
def test_a_prefix_is_spelled_as_the_vocabulary_does(vocab, text, folded):
    assert cl.Vocab(vocab).fold(text) == folded


@pytest.mark.parametrize("seed", range(3))
def test_folding_does_to_capitals_what_cleaning_did(seed):
    for text in random_texts(seed, 500):
        vocab = cl.Vocab(cl.clean(text))
        folded = vocab.fold(cl.clean(text, keep_case=True))
        assert folded == cl.clean(text), ascii(text)
        assert vocab.fold(folded) == folded, ascii(text)


# --- what a vocabulary tells of its text ---
@pytest.mark.parametrize("kept", list(itertools.product((False, True), repeat=3)), ids=str)
def test_a_vocabulary_tells_how_its_text_was_cleaned(kept):
    options = dict(zip(("keep_case", "keep_punctuation", "keep_lines"), kept, strict=True))
    text = "Jo is 7.\nAnn, e\u0301mile and m\u0331 too: नमस्ते\n"
    assert cl.Vocab(cl.clean(text, **options)).kept == options


@pytest.mark.parametrize("text", ["", "a ", " ".join(assigned())], ids=["none", "few", "all"])
def test_no_small_letter_passes_for_a_capital_or_a_sign(text):
    assert not any(cl.Vocab(cl.clean(text)).kept.values())


# --- a second text ---
def test_a_second_text_is_read_in_the_vocabulary_of_the_first(text):
    first = cl.TextData(text, 8, 6, 20, 10)
    second = cl.TextData("The MAN, in his room!\n", 2, 4, 8, 4, vocab=first.vocab)
    assert second.vocab is first.vocab and second.num_unknown == first.num_unknown == 0
    assert second.text == "the man in his room"
    assert first.vocab.decode(second.tokens) == second.text


def test_a_second_text_is_cleaned_as_the_first_was():
    kept = {"keep_case": True, "keep_punctuation": True, "keep_lines": True}
    vocab = cl.TextData("Jo, Ann\nJan\n", 1, 2, 2, 2, **kept).vocab
    second = cl.TextData("Ann,\r\nJoan\n", 1, 2, 2, 2, vocab=vocab)
    assert second.text == "Ann,\nJoan\n" and second.num_unknown == 0
    second = cl.TextData("Ann,\r\nJoan\n", 1, 2, 2, 2, vocab=vocab, keep_lines=False)
    assert second.text == "Ann, Joan"
    with pytest.warns(UserWarning, match=r"^1 of 9 characters \(11.11%\) is not .*\('N' 1\)"):
        second = cl.TextData("Nan,\r\nJoan", 1, 2, 2, 2, vocab=vocab)
    assert second.num_unknown == 1 and second.tokens[0] == 0


def test_unknown_characters_are_counted_and_said():
    vocab = cl.Vocab("abcdefgh ")
    text = "abcd efgh " * 500 + "zzzqqy" + "klmnopr" * 2
    with pytest.warns(UserWarning) as said:
        data = cl.TextData(text, 8, 6, 20, 10, vocab=vocab)
    assert data.num_unknown == 20
    assert data.tokens[-1] == 0 and (np.asarray(data.tokens) == 0).sum() == 20
    assert str(said[0].message) == (
        "20 of 5,020 characters (0.40%) are not in the vocabulary ('z' 3, 'k' 2, 'l' 2, 'm' 2, "
        "'n' 2, 'o' 2, 'p' 2, 'q' 2, 'r' 2, 'y' 1): the model reads them as <unk>, which it has "
        "never seen"
    )
    assert said[0].filename == __file__
    with pytest.warns(UserWarning, match=r"'z' 3, .*'v' 1, 3 others\)"):
        cl.TextData(text + "xvw", 8, 6, 20, 10, vocab=vocab)
    with pytest.warns(UserWarning, match=r"^1 of 20,001 characters \(less than 0.01%\) is not in"):
        cl.TextData("abcd efgh " * 2000 + "z", 8, 6, 20, 10, vocab=vocab)


@pytest.mark.parametrize("text", ["αβγ δεζ ηθι", "машина времени", "xyz xyz a", "日本語日本語"])
def test_a_second_text_in_another_alphabet_is_refused(text):
    with pytest.raises(ValueError, match=r"characters \(\d+\.\d\d%\) are not .* another alphabet"):
        cl.TextData(text, 1, 2, 1, 1, vocab=cl.Vocab("abcdefgh "))


def test_half_of_a_text_may_be_unknown():
    with pytest.warns(UserWarning, match="6 of 12 "):
        cl.TextData("abcxyz" * 2, 1, 2, 1, 1, vocab=cl.Vocab("abc"))


def test_no_vocabulary_at_all(text, gru_result, data):
    for wrong in (gru_result, data, "abc", ["<unk>", "a"], 28):
        with pytest.raises(ValueError, match=f"not {type(wrong).__name__}: .*result.vocab"):
            cl.TextData(text, 8, 6, 20, 10, vocab=wrong)


def test_the_novel_in_the_vocabulary_of_another_text():
    with pytest.warns(UserWarning, match=r"are not in the vocabulary \('z' \d+\)"):
        data = cl.TimeMachine(8, 6, 20, 10, vocab=cl.Vocab("abcdefghijklmnopqrstuvwxy ,A"))
    assert data.num_unknown == cl.read_corpus().count("z") and len(data.vocab) == 29


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


@pytest.mark.parametrize(
    "text, message",
    [
        (None, "the text must be a string, but this is of type NoneType"),
        (["a"], "the text must be a string, but this is of type list"),
        ("", "the text is empty: give at least one character"),
        ("aX", "has 'X', which the vocabulary of 'mine' lacks: use only its 2 characters 'ab'$"),
        ("a, b", "its 2 characters 'ab'$"),  # cleaned, it would have a space
        ("a,", "its 2 characters 'ab', or pass the text through charlm_lib.clean$"),
        (",", "its 2 characters 'ab'$"),  # cleaned, it would be empty
    ],
)
def test_what_a_model_cannot_read_is_named(text, message):
    with pytest.raises(ValueError, match=message):
        vocabulary.readable(text, cl.Vocab("ab"), "text", "'mine'")


def test_a_readable_text_is_given_as_it_is_read():
    assert vocabulary.readable("aB", cl.Vocab("ab")) == "ab"


def test_neither_long_texts_nor_long_vocabularies_are_written_out():
    vocab = cl.Vocab(map(chr, range(0x4E00, 0x5E00)))
    with pytest.raises(ValueError, match="use only its 4096 characters '一.*'…$") as found:
        vocabulary.readable("".join(map(chr, range(0x100, 0x900))), vocab)
    assert len(str(found.value)) < 400


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
import charlm_lib as cl
from benchmarks.peak import peak_megabytes
data = cl.TextData("the “time” traveller, smiling. " * 380_000, 512, 32)
assert len(data.text) > 10_000_000 and data.num_windows == len(data.text) - 32
cl.Trainer(1).fit(cl.RNNLM(cl.RNN(8), len(data.vocab), lr=1.0), data, show=False)
print(peak_megabytes())
"""


def test_a_text_of_ten_million_characters_trains_in_two_gigabytes():
    done = subprocess.run([sys.executable, "-c", LARGE], capture_output=True, text=True, check=True)
    assert 100 < float(done.stdout) < 2000


def test_gather_windows_under_jit():
    tokens = np.arange(20, dtype=np.int32)
    X, Y = jax.jit(cl.gather_windows, static_argnums=2)(tokens, np.array([0, 7, 15]), 4)
    np.testing.assert_array_equal(X, [[0, 1, 2, 3], [7, 8, 9, 10], [15, 16, 17, 18]])
    np.testing.assert_array_equal(Y, X + 1)


@pytest.mark.parametrize("name", ["batch_size", "num_steps", "num_train", "num_val", "stride"])
@pytest.mark.parametrize("value", [0, -3, 2.5, 64.0, "8", None, True])
def test_numbers_out_of_range(text, name, value):
    settings = {"batch_size": 8, "num_steps": 6, "num_train": 20, "num_val": 10, name: value}
    with pytest.raises(ValueError, match=rf"{name}={re.escape(repr(value))} .*at least 1"):
        cl.TextData(text, **settings)


@pytest.mark.parametrize(
    "text, settings, words",
    [
        ("", (1, 4, 1, 1), ["no usable character", "''", "keep_punctuation=True"]),
        ("123 !?", (1, 4, 1, 1), ["no usable character", "'123 !?'", "keep_punctuation=True"]),
        ("\x00" * 9999, (1, 4, 1, 1), ["no usable character", "9,999 characters"]),
        ("a!b", (1, 1, 1, 1), None),
        ("ab", (1, 1, 1, 1), ["the text has 2 characters", "at least 3", "longer text"]),
        ("abcde", (1, 4, 1, 1), ["num_steps=4 and stride=1", "5 characters", "num_steps=1"]),
        ("abcdefgh", (1, 4, 3, 2), ["num_train=3 + num_val=2", "4 windows", "use", "num_val=1"]),
        ("abcdefghij", (5, 4, 4, 2), ["batch_size=5", "num_train=4 ", "use batch_size=1"]),
    ],
)
def test_texts_that_cannot_be_used(text, settings, words):
    if words is None:
        assert cl.TextData(text, *settings).text == text.replace("!", " ")
        return
    with pytest.raises(ValueError) as error:
        cl.TextData(text, *settings)
    assert all(word in str(error.value) for word in words), error.value
    assert len(str(error.value)) < 500


def test_the_default_sizes_on_a_short_text_get_sizes_that_train():
    text = "".join(chr(97 + i % 26) for i in range(779))
    with pytest.raises(
        ValueError, match="use batch_size=64, num_steps=32, num_train=673, num_val=74$"
    ):
        cl.TextData(text, 1024, 32)


WISHES = {"batch_size": 1024, "num_steps": 32, "num_train": 10_000, "num_val": 5_000}
SMALL = {"batch_size": 1, "num_steps": 1, "num_train": 1, "num_val": 1}


@pytest.mark.parametrize(
    "length", [3, 4, 5, 9, 10, 11, 33, 34, 35, 63, 66, 80, 779, 15_031, 50_000]
)
@pytest.mark.parametrize("stride", [1, 2, 8, "num_steps", 10_000])
@pytest.mark.parametrize("wrong", [*WISHES, "all", "none"])
def test_one_error_gives_sizes_that_work(length, stride, wrong):
    wishes = {"all": WISHES, "none": SMALL}.get(wrong) or SMALL | {wrong: WISHES[wrong]}
    wishes = wishes | {"stride": wishes["num_steps"] if stride == "num_steps" else stride}
    text = ("abcdefghij" * 5000)[:length]
    try:
        data = cl.TextData(text, **wishes)
    except ValueError as error:
        advice = str(error).split(": use ")[1]
        found = {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", advice)}
        data = cl.TextData(text, **wishes | found)
        assert found != {name: wishes[name] for name in found}
        check_advice(wishes, found, data)
    assert data.num_train >= 1 and data.num_val >= 1 and len(data.text) == length


def check_advice(wishes, found, data):
    """What can stay has stayed; a validation part that had to change is about a tenth."""
    least = wishes["num_steps"] + wishes["stride"] + 1  # characters for two windows
    if len(data.text) >= least:
        assert found["num_steps"] == wishes["num_steps"] and "stride" not in found
    if wishes["stride"] == wishes["num_steps"]:
        assert found.get("stride", wishes["stride"]) == found["num_steps"]
    if found["num_val"] != wishes["num_val"]:
        assert found["num_val"] == max(1, data.num_windows // 10)
    if wishes["num_train"] <= 0.9 * data.num_windows - 1:
        assert found["num_train"] == wishes["num_train"]
    if wishes["batch_size"] <= found["num_train"]:
        assert found["batch_size"] == wishes["batch_size"]


@pytest.mark.parametrize(
    "make, words",
    [
        (
            lambda: cl.TimeMachine(8, 6, root="../data"),
            "TimeMachine.. has no root='../data': leave",
        ),
        (lambda: cl.TimeMachine(8, 6, num_workers=4), "has no num_workers=4: leave it out"),
        (lambda: cl.TimeMachine(8, 6, max_tokens=9999), "max_tokens=9999: .*num_train and num_val"),
        (lambda: cl.TimeMachine(8, 6, use_random_iter=True), "carry_state=True"),
        (lambda: cl.TimeMachine(8, 6, keep_case=True), "keep_case=True: this text is letters"),
        (lambda: cl.TimeMachine(8, 6, seed=1), "TimeMachine.. got an unexpected .*'seed'"),
        (lambda: cl.TextData("a" * 99, 8, 6, 9, 9, root="."), "TextData.. has no root='.': leave"),
        (lambda: cl.TextData("a" * 99, 8, 6, 9, 9, stride_=2), "unexpected keyword .*'stride_'"),
        (lambda: cl.Vocab("ab", min_freq=2), "Vocab.. has no min_freq=2: every character"),
        (lambda: cl.Vocab("ab", reserved_tokens=["<pad>"]), "reserved_tokens=.*<unk>"),
    ],
)
def test_arguments_of_dive_into_deep_learning_get_what_to_write_instead(make, words):
    with pytest.raises(TypeError, match=words):
        make()


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
