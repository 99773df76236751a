"""From a text to windows: cleaning, vocabulary, split, batches, and where a text comes from."""

import functools
import hashlib
import http.server
import re
import subprocess
import sys
import threading
import unicodedata

import jax
import numpy as np
import pytest

import charlm_lib as cl
from charlm_lib import corpus as corpus_module
from charlm_lib import data as data_module
from tests.random_texts import random_texts


# --- clean ---
@pytest.mark.parametrize(
    "text, options, cleaned",
    [
        ("It's  9 o'clock,\n\tTime!", {}, "it s o clock time"),
        ("It's 9.", {"keep_case": True}, "It s"),
        ("It's  9.\n", {"keep_punctuation": True}, "it's 9."),
        ("It's 9 €.", {"keep_case": True, "keep_punctuation": True}, "It's 9 €."),
        ("Ἀρχὴ ἥμισυ", {}, "ἀρχὴ ἥμισυ"),
        ("नमस्ते दुनिया!", {}, "नमस्ते दुनिया"),
        ("Straße, 2 Häuser", {}, "straße häuser"),
        ("a\u00a0b\u2003c\x00d", {}, "a b c d"),
        ("!!! 123", {}, ""),
        ("", {}, ""),
    ],
)
def test_clean(text, options, cleaned):
    assert cl.clean(text, **options) == cleaned


def test_clean_makes_one_character_of_a_letter_and_its_accent():
    assert cl.clean("cafe\u0301") == cl.clean("caf\u00e9") == "caf\u00e9"


def test_clean_gives_one_spelling_after_lowering_too():
    # H with a line below exists as one character in lower case only.
    assert cl.clean("H\u0331") == cl.clean("h\u0331") == "\u1e96"


@pytest.mark.parametrize("invisible", ["\u00ad", "\u200c", "\u200d", "\u2060"])
def test_clean_does_not_split_words_at_invisible_characters(invisible):
    # Soft hyphens, and the joiners of Persian and Indic scripts, stand inside words.
    assert cl.clean(f"ab{invisible}cd") == "abcd"


@pytest.mark.parametrize(
    "text, cleaned",
    [
        ("i ❤\ufe0f you", "i you"),
        ("1\ufe0f\u20e3 a", "a"),
        ("\u0301a \u0301b", "a b"),
        ("cafe\u200d\u0301", "caf\u00e9"),
        ("\u0130", "i\u0307"),
        ("\u1112\u00ad\u1161\u200d\u11ab", "\ud55c"),
    ],
)
def test_clean_keeps_a_mark_as_long_as_what_it_stands_on(text, cleaned):
    assert cl.clean(text) == cleaned


def test_clean_keeps_a_mark_on_a_symbol_that_it_keeps():
    assert cl.clean("i ❤\ufe0f you, =\u0338", keep_punctuation=True) == "i ❤\ufe0f you, \u2260"


def test_clean_changes_nothing_of_the_novel():
    assert cl.clean(cl.read_corpus()) == cl.read_corpus()


OPTIONS = [
    {"keep_case": case, "keep_punctuation": punctuation}
    for case in (False, True)
    for punctuation in (False, True)
]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_clean_twice_changes_nothing_more(seed, options):
    for text in random_texts(seed, 1500):
        once = cl.clean(text, **options)
        assert cl.clean(once, **options) == once, ascii(text)
        assert unicodedata.is_normalized("NFC", once), ascii(text)
        assert not re.search(r"\s\s|^\s|\s$|[^\S ]", once), ascii(text)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_clean_is_blind_to_the_spelling_and_to_format_characters(options):
    for text in random_texts(9, 1500):
        cleaned = cl.clean(text, **options)
        assert cl.clean(unicodedata.normalize("NFC", text), **options) == cleaned, ascii(text)
        assert cl.clean(unicodedata.normalize("NFD", text), **options) == cleaned, ascii(text)
        joined = "\u200d".join(text)
        assert cl.clean(joined, **options) == cleaned, ascii(text)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_every_mark_of_a_cleaned_text_stands_on_something(options):
    for text in random_texts(11, 1500):
        kinds = "".join(unicodedata.category(c)[0] for c in cl.clean(text, **options))
        assert not re.search("^M|ZM", kinds), ascii(text)
        assert set(kinds) <= set("LMNPSZ" if options["keep_punctuation"] else "LMZ"), ascii(text)


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
        data_module.readable(text, cl.Vocab("ab"), "text", "'mine'")


def test_a_readable_text_is_given_as_it_is_read():
    assert data_module.readable("aB", cl.Vocab("ab")) == "ab"


def test_neither_long_texts_nor_long_vocabularies_are_written_out():
    vocab = cl.Vocab(map(chr, range(0x4E00, 0x5E00)))
    with pytest.raises(ValueError, match="use only its 4096 characters '一.*'…$") as found:
        data_module.readable("".join(map(chr, range(0x100, 0x900))), vocab)
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
def test_corpus_content():
    corpus = cl.read_corpus()
    assert 170_000 < len(corpus) < 178_000
    assert set(corpus) == set("abcdefghijklmnopqrstuvwxyz ")
    assert "  " not in corpus and corpus == corpus.strip()
    assert corpus.startswith("the time machine an invention by h g wells i introduction")
    assert "the time traveller for so it will be convenient to speak of him" in corpus[:200]
    assert corpus.endswith("still lived on in the heart of man")
    for word in ("gutenberg", "ebook", "license", "copyright"):
        assert not re.search(rf"\b{word}\b", corpus), word
    # A table of contents would name the chapters a second time.
    for title in ("i introduction", "ii the machine", "epilogue"):
        assert len(re.findall(rf"\b{title}\b", corpus)) == 1, title


def test_time_machine_defaults():
    data = cl.TimeMachine(batch_size=1024, num_steps=32)
    assert (data.num_train, data.num_val, len(data.vocab)) == (10_000, 5_000, 28)
    assert data.text == cl.read_corpus()
    X, Y = next(data.batches("train"))
    assert X.shape == Y.shape == (1024, 32)
    assert data.vocab.decode(X[0]) == data.text[:32]


def test_changed_corpus_is_refused(monkeypatch, tmp_path):
    (tmp_path / "t.txt").write_bytes(b"*** START OF ***x*** END OF")

    class Wheel:
        def locate_file(self, name):
            return tmp_path / "t.txt"

    monkeypatch.setattr(corpus_module.importlib.metadata, "distribution", lambda name: Wheel())
    found = hashlib.sha256(b"*** START OF ***x*** END OF").hexdigest()[:12]
    with pytest.raises(ValueError, match=rf"t\.txt.*{found}.*pip install --force-reinstall"):
        cl.read_corpus()


@pytest.mark.parametrize("wheel, file", [("no-such-wheel-x", None), (None, "no/such/file.txt")])
def test_missing_corpus(monkeypatch, wheel, file):
    if wheel:
        monkeypatch.setattr(corpus_module, "CORPUS_WHEEL", wheel)
    if file:
        monkeypatch.setattr(corpus_module, "CORPUS_FILE", file)
    with pytest.raises(FileNotFoundError, match="pip install .*==0.3.0"):
        cl.read_corpus()


# --- a text of one's own ---
def test_from_file(tmp_path, text):
    path = tmp_path / "own.txt"
    path.write_text("\ufeff" + text.upper() + "Ω", encoding="utf-8")
    data = cl.TextData.from_file(path, 8, 6, num_train=20, num_val=10, keep_case=True)
    assert data.text == cl.clean(text.upper() + "Ω", keep_case=True)
    assert "\ufeff" not in data.text and data.num_train == 20


def test_file_errors(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match="no file 'none.txt' in .*check the name"):
        cl.read_file("none.txt")
    (tmp_path / "latin.txt").write_bytes("Käse".encode("latin-1"))
    with pytest.raises(ValueError, match="'latin.txt' is not UTF-8 text .*byte 1.*save it"):
        cl.read_file("latin.txt")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        cl.read_file("folder")


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A web server on this machine, and an empty cache folder."""
    folder = tmp_path / "www"
    folder.mkdir()
    monkeypatch.setattr(corpus_module.pooch, "os_cache", lambda name: tmp_path / "cache" / name)
    requested = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            requested.append(self.path)

    httpd = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Handler, directory=str(folder))
    )
    thread = threading.Thread(target=httpd.serve_forever)
    thread.start()
    yield folder, f"http://127.0.0.1:{httpd.server_port}", requested
    httpd.shutdown()
    thread.join()
    httpd.server_close()


def test_from_url_downloads_once(server, text):
    folder, address, requested = server
    content = (text + "ß").encode()
    (folder / "t.txt").write_bytes(content)
    known = hashlib.sha256(content).hexdigest()
    for _ in range(2):
        data = cl.TextData.from_url(f"{address}/t.txt", 8, 6, 20, 10, known_hash=known)
        assert data.text == cl.clean(text + "ß")
    assert requested == ["/t.txt"]
    assert cl.read_url(f"{address}/t.txt").endswith("ß")  # without a hash


def test_url_errors(server):
    folder, address, _ = server
    (folder / "t.txt").write_bytes(b"words")
    wrong = "0" * 64
    with pytest.raises(ValueError, match=rf"{address}/t.txt .*known_hash='{wrong}'"):
        cl.read_url(f"{address}/t.txt", wrong)
    with pytest.raises(ConnectionError, match=rf"{address}/none.txt cannot be reached"):
        cl.read_url(f"{address}/none.txt")
    (folder / "b.bin").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="not UTF-8"):
        cl.read_url(f"{address}/b.bin")


def test_no_network(server):
    with http.server.HTTPServer(("127.0.0.1", 0), None) as closed:
        port = closed.server_port
    with pytest.raises(ConnectionError, match="cannot be reached.*network.*TextData.from_file"):
        cl.read_url(f"http://127.0.0.1:{port}/t.txt")


def test_something_that_is_not_a_url(server):
    with pytest.raises(ValueError, match="book.txt") as error:
        cl.read_url("book.txt")
    assert "http" in str(error.value) and "known_hash=None" not in str(error.value)
