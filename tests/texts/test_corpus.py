"""Where a text comes from, and how it is cleaned."""

import errno
import functools
import gzip
import hashlib
import http.server
import io
import itertools
import re
import sys
import threading
import unicodedata
import zipfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
import safetensors.numpy

import charlm_lib as cl
from charlm_lib.texts import corpus as corpus_module
from charlm_lib.texts import files as files_module
from charlm_lib.texts.cleaning import quoted
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


@pytest.mark.parametrize(
    "text, cleaned, whole",
    [
        ("\U0001f44d\U0001f3fd ok", "ok", "\U0001f44d\U0001f3fd ok"),  # a skin tone
        ("\U0001f1e9\U0001f1ea a", "a", "\U0001f1e9\U0001f1ea a"),  # a flag of two letters
        ("\U0001f3f4\U000e0067\U000e0062\U000e007f a", "a", "\U0001f3f4 a"),  # one of tags
        ("👨\u200d👩\u200d👧 a", "a", "👨👩👧 a"),
        ("1\ufe0f\u20e3 a", "a", "1\ufe0f\u20e3 a"),  # a keycap
        ("a\u3000\ufe0fb", "a b", "a b"),
        ("\x00\u0301a \u0378\u0301b \ud800\u0301c \ue000\u0301d", "a b c d", "a b c d"),
        ("\u0301\u0302 \u0303", "", ""),
        ("\ufeffa\ufeff b", "a b", "a b"),  # byte order marks inside
        ("שָׁלוֹם, 5!", "שָׁלוֹם", "שָׁלוֹם, 5!"),
        ("สวัสดี ชาวโลก", "สวัสดี ชาวโลก", "สวัสดี ชาวโลก"),
    ],
)
def test_clean_takes_a_sign_with_its_marks_or_not_at_all(text, cleaned, whole):
    assert cl.clean(text) == unicodedata.normalize("NFC", cleaned)
    assert cl.clean(text, keep_punctuation=True) == unicodedata.normalize("NFC", whole)


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\u2028", "\u2029", "\x85", "\v", "\f"])
def test_clean_keeps_lines_on_request(end):
    verse = end.join([" Low tide,", "slow  ride, ", "", "the gulls decide."])
    assert cl.clean(verse, keep_lines=True) == "low tide\nslow ride\n\nthe gulls decide"
    whole = cl.clean(verse, keep_case=True, keep_punctuation=True, keep_lines=True)
    assert whole == "Low tide,\nslow ride,\n\nthe gulls decide."
    assert cl.clean(verse) == "low tide slow ride the gulls decide"


@pytest.mark.parametrize(
    "text, cleaned",
    [
        ("Jo\nAnn\n", "jo\nann\n"),
        ("\n\nJo\n\nAnn", "jo\n\nann"),
        ("Jo \n \n\t\n\r\n  Ann \n\n\n", "jo\n\nann\n"),
        ("Jo\n---\nAnn\n***", "jo\n\nann\n"),
        ("Jo\r\u200d\nAnn", "jo\nann"),
        ("Jo\n\u0301Ann\n \u200d\u0301", "jo\nann\n"),
        ("Jo\x1cAnn\x1d\x1e", "jo ann"),
        ("\n", ""),
    ],
)
def test_clean_keeps_at_most_one_blank_line_and_the_last_end(text, cleaned):
    assert cl.clean(text, keep_lines=True) == cleaned


@pytest.mark.parametrize(
    "text, words",
    [
        (["one", "two"], ["not list ['one', 'two']: ", 'join its strings with "".join']),
        ((line for line in "ab"), ["generator", "join"]),
        (np.array(["a", "b"]), ["ndarray", "join"]),
        (b"bytes", ["not bytes b'bytes': ", 'text.decode("utf-8")']),
        (None, ["not NoneType None: ", "read_file"]),
        (Path("my.txt"), ["my.txt", "TextData.from_file"]),
        (io.StringIO("text"), ["StringIO", "file.read()"]),
        (64, ["one string, not int 64: "]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_string_is_told_what_to_pass(text, words):
    for use in (cl.clean, lambda text: cl.TextData(text, 8, 6, 20, 10)):
        with pytest.raises(ValueError) as error:
            use(text)
        assert all(word in str(error.value) for word in words), error.value
        assert len(str(error.value)) < 200


def test_of_a_long_string_the_ends_are_quoted():
    assert quoted("ab" * 40) == repr("ab" * 40)
    assert quoted("a" * 40 + "b" * 41) == f"'{'a' * 40}…{'b' * 40}' (81 characters)"


def test_clean_changes_nothing_of_the_novel():
    assert cl.clean(cl.read_corpus()) == cl.read_corpus()


FLAGS = ("keep_case", "keep_punctuation", "keep_lines")
OPTIONS = [
    dict(zip(FLAGS, kept, strict=True)) for kept in itertools.product((False, True), repeat=3)
]
# What a cleaned text never has: two spaces or line ends in a row, but for a blank line; any at its
# ends, but for a last newline; another white space than these two.
UNTIDY = {False: r"\s\s|^\s|\s$|[^\S ]", True: r" \s|\s |\n{3}|^\s|\s\s\Z| \Z|[^\S \n]"}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_clean_twice_changes_nothing_more(seed, options):
    for text in random_texts(seed, 1500):
        once = cl.clean(text, **options)
        assert cl.clean(once, **options) == once, ascii(text)
        assert unicodedata.is_normalized("NFC", once), ascii(text)
        assert not re.search(UNTIDY[options["keep_lines"]], once), ascii(text)


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
        check_marks(cl.clean(text, **options), options["keep_punctuation"])


def check_marks(cleaned, keep_punctuation):
    kinds = "".join(unicodedata.category(c)[0] for c in cleaned.replace("\n", " "))
    assert not re.search("^M|ZM", kinds), ascii(cleaned)
    assert set(kinds) <= set("LMNPSZ" if keep_punctuation else "LMZ"), ascii(cleaned)


@functools.cache
def all_of_unicode():
    """Every character that has a rule of its own, and texts in which all of Unicode occurs."""
    every = [chr(code) for code in range(sys.maxunicode + 1)]
    # Nine in ten are unassigned, private, Chinese or Korean: alike.
    alike = [c for c in every if unicodedata.category(c) in ("Cn", "Co", "Lo") and c > "\u3400"]
    other = sorted(set(every) - set(alike))
    lines = [f"{c}\na{c}b {c}\u0301b\n{c}\u200d\ufe0f\n" for c in other]
    texts = ["".join(lines[i : i + 4096]) for i in range(0, len(lines), 4096)]
    texts += ["a\u0301".join(alike[i : i + 65_536]) for i in range(0, len(alike), 65_536)]
    return [*other, *texts]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_no_character_anywhere_is_cleaned_further_the_second_time(options):
    for text in all_of_unicode():
        once = cl.clean(text, **options)
        assert cl.clean(once, **options) == once, ascii(text[:40])
        check_marks(once, options["keep_punctuation"])


# --- the novel ---
def test_corpus_content():
    corpus = cl.read_corpus()
    assert len(corpus) == 173_850
    assert hashlib.sha256(corpus.encode()).hexdigest()[:16] == "ac9ea03f9243f619"
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


def test_changed_corpus_is_refused(monkeypatch, tmp_path):
    (tmp_path / "t.txt").write_bytes(b"*** START OF ***x*** END OF")

    class Wheel:
        def locate_file(self, name):
            return tmp_path / "t.txt"

    monkeypatch.setattr(corpus_module.importlib.metadata, "distribution", lambda name: Wheel())
    found = hashlib.sha256(b"*** START OF ***x*** END OF").hexdigest()[:12]
    expected = rf"t\.txt.*\(SHA-256 {found}…, expected [0-9a-f]{{12}}…\).* --force-reinstall"
    with pytest.raises(ValueError, match=expected):
        cl.read_corpus()


@pytest.mark.parametrize("wheel, file", [("no-such-wheel-x", None), (None, "no/such/file.txt")])
def test_missing_corpus(monkeypatch, wheel, file):
    if wheel:
        monkeypatch.setattr(corpus_module, "CORPUS_WHEEL", wheel)
    if file:
        monkeypatch.setattr(corpus_module, "CORPUS_FILE", file)
    with pytest.raises(FileNotFoundError, match="pip install .*==0.3.0"):
        cl.read_corpus()


# --- a file, a web address ---
def test_from_file(tmp_path, text):
    path = tmp_path / "own.txt"
    path.write_text("\ufeff" + text.upper() + "Ω", encoding="utf-8")
    data = cl.TextData.from_file(path, 8, 6, num_train=20, num_val=10, keep_case=True)
    assert data.text == cl.clean(text.upper() + "Ω", keep_case=True)
    assert "\ufeff" not in data.text and data.num_train == 20


WRITTEN = "Ärger über „Käse“,\nund \U0001f600\n\nEnde\n"
RUSSIAN = "Тише едешь,\nдальше будешь.\n" * 20
ENCODINGS = [f"utf-{size}-{order}" for size in (16, 32) for order in ("le", "be")]


@pytest.mark.parametrize("text", [WRITTEN, RUSSIAN, "नमस्ते, दुनिया\n", "שלום עולם", "a", "日本語"])
@pytest.mark.parametrize("encoding", ["utf-8", *ENCODINGS])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_byte_order_mark_tells_the_encoding(tmp_path, text, encoding, end):
    (tmp_path / "t.txt").write_bytes(f"\ufeff{text}".replace("\n", end).encode(encoding))
    assert cl.read_file(tmp_path / "t.txt") == text


@pytest.mark.parametrize("text", [WRITTEN, RUSSIAN, "नमस्ते, दुनिया\n", "שלום עולם", "a", "aaaa"])
@pytest.mark.parametrize("encoding", ["utf-8", *ENCODINGS])
def test_the_encoding_is_recognised_without_a_mark(tmp_path, text, encoding):
    (tmp_path / "t.txt").write_bytes(text.encode(encoding))
    assert cl.read_file(tmp_path / "t.txt") == text


@pytest.mark.parametrize(
    "content", ["words \x00 and words " * 9 + "\x1b[1mbold", "日本語 " * 30_000, "\x0c"]
)
def test_a_few_control_characters_do_not_make_a_text_another_one(tmp_path, content):
    (tmp_path / "t.txt").write_text(content, encoding="utf-8", newline="")
    assert cl.read_file(tmp_path / "t.txt") == content


RNG = np.random.default_rng(0)
NUMBERS = {
    "weights": RNG.standard_normal(9000).astype(np.float32),
    "half weights": RNG.standard_normal(9000).astype(np.float16),
    "ids of tokens": np.minimum(RNG.zipf(1.3, 9000), 50_000).astype(np.uint16),
    "long ids": np.minimum(RNG.zipf(1.3, 9000), 50_000).astype(np.int32),
    "sound": (300 * RNG.standard_normal(9000)).astype(np.int16),
    "zeros": np.zeros(9000, np.uint8),
    "Cyrillic, no space": np.frombuffer(("дом" * 50).encode("utf-16-le"), np.uint8),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_are_not_taken_for_text(tmp_path, name):
    (tmp_path / "t.bin").write_bytes(NUMBERS[name].tobytes())
    with pytest.raises(
        ValueError, match="t.bin' seems to be a binary file, or a text in UTF-16 wi"
    ):
        cl.read_file(tmp_path / "t.bin")


def binary(kind):
    """A file of this kind, in full."""
    file = io.BytesIO()
    if kind in ("png", "pdf", "jpg"):
        plt.figure(figsize=(1, 1)).savefig(file, format=kind)
    elif kind == "docx":
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("word/document.xml", "<w:t>words</w:t>")
    elif kind == "model":
        file.write(safetensors.numpy.save({"W": np.ones((3, 2), np.float32)}))
    elif kind == "gz":
        file.write(gzip.compress(b"words"))
    else:
        file.write({"rtf": rb"{\rtf1\ansi words}", "doc": b"\xd0\xcf\x11\xe0\xa1\xb1"}[kind])
    return file.getvalue()


@pytest.mark.parametrize(
    "kind, words",
    [
        ("png", "a PNG picture, not a text: pass a text file"),
        ("jpg", "a JPEG picture, not a text: pass a text file"),
        ("pdf", "a PDF document, not a text: open it in its program and save it as plain text"),
        ("doc", "an old Word document, .* save it as plain text, encoding UTF-8"),
        ("rtf", "an RTF document, .* save it as plain text"),
        ("docx", "a zip archive, as .docx and .epub files are, .* unpack it, or .* plain text"),
        ("gz", "a gzip file, not a text: unpack it"),
        ("model", r"a saved model \(safetensors\), not a text: open it with charlm_lib.load"),
    ],
)
def test_a_file_of_another_kind_is_named(tmp_path, kind, words):
    (tmp_path / "t.txt").write_bytes(binary(kind))
    with pytest.raises(ValueError, match=f"t.txt' seems to be {words}"):
        cl.read_file(tmp_path / "t.txt")


def test_file_errors(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match="no file 'none.txt' in .*check the name"):
        cl.read_file("none.txt")
    Path("latin.txt").write_bytes("Käse".encode("cp1252"))
    with pytest.raises(ValueError, match="'latin.txt' is not UTF-8 text .*byte 1.*save it"):
        cl.read_file("latin.txt")
    Path("half.txt").write_bytes(b"\xff\xfea\x00b")
    with pytest.raises(ValueError, match="'half.txt' is not UTF-16-LE text .*byte 4.*save it"):
        cl.read_file("half.txt")
    Path("half.txt").write_bytes("三百六十行\n".encode("utf-16-le"))  # without a mark
    with pytest.raises(ValueError, match="'half.txt' is not UTF-8 text .*save it"):
        cl.read_file("half.txt")
    for mark in (b"", b"\xef\xbb\xbf", b"\xff\xfe"):
        Path("empty.txt").write_bytes(mark)
        with pytest.raises(ValueError, match="'empty.txt' is empty: use a file with"):
            cl.read_file("empty.txt")
    Path("folder").mkdir()
    with pytest.raises(IsADirectoryError, match="'folder' is a folder: name a file .*join"):
        cl.read_file("folder")


def test_the_advice_for_a_folder_reads_all_its_files(tmp_path):
    for name in ("b", "a"):
        (tmp_path / f"{name}.txt").write_text(f"text {name}")
    with pytest.raises(IsADirectoryError) as error:
        cl.read_file(tmp_path)
    advice = str(error.value).split("join several with ")[1]
    place = {"folder": tmp_path, "Path": Path, "read_file": cl.read_file}
    assert eval(advice, place) == "text a\ntext b"


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(errno.EACCES, "Permission denied")

    (tmp_path / "t.txt").write_text("text")
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(
        PermissionError, match=r"t.txt' cannot be read \(Permission denied\): check"
    ):
        cl.read_file(tmp_path / "t.txt")


@pytest.mark.parametrize(
    "path, words",
    [
        (None, "a string or a Path, not NoneType None: pass the name"),
        (b"my.txt", "not bytes b'my.txt'"),
        (3, "not int 3"),
        (["a.txt", "b.txt"], r"not list \['a.txt', 'b.txt'\]"),
        ("", "'' is not the name of a file"),
        ("a line\nand another", "'a line.*another' is not the name .*TextData\\(text, "),
        ("word " * 1000, "… ?word word .*5,000 characters.* is not the name .*TextData"),
        ("a\0b", "is not the name of a file"),
        ("https://example.org/t.txt", "t.txt' is a web address: use TextData.from_url"),
    ],
)
def test_what_names_no_file(path, words):
    with pytest.raises(ValueError, match=words) as error:
        cl.read_file(path)
    assert len(str(error.value)) < 300


@pytest.mark.parametrize(
    "text, words",
    [
        ("my.txt", "'my.txt' is the name of a file: .*TextData.from_file"),
        ("/home/me/My Diary.TXT", "is the name of a file"),
        ("thesis.docx", "is the name of a file"),
        ("x" * 251 + ".txt", "is the name of a file"),  # systems of files allow no longer one
        ("notes", "'notes' is the name of a file"),
        ("https://example.org/t", "is a web address: .*TextData.from_url"),
    ],
)
def test_a_name_passed_as_the_text(tmp_path, monkeypatch, text, words):
    monkeypatch.chdir(tmp_path)
    Path("notes").write_text("what is in the file")
    with pytest.raises(ValueError, match=words):
        cl.TextData(text, 1, 2, 1, 1)


@pytest.mark.parametrize(
    "text",
    [
        "note",
        "see my.txt for more",
        "one line\nmy.txt",
        "see my.txt\n",
        "see " * 99 + "my.txt",
        "https://example.org has more",
        "日" * 250,
        "x" * 252 + ".txt",
    ],
)
def test_a_text_that_is_no_name(tmp_path, monkeypatch, text):
    monkeypatch.chdir(tmp_path)
    assert cl.TextData(text, 1, 2, 1, 1).text == cl.clean(text)


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A web server on this machine, and an empty cache folder."""
    folder = tmp_path / "www"
    folder.mkdir()
    monkeypatch.setattr(files_module.pooch, "os_cache", lambda name: tmp_path / "cache" / name)
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
    for content, words in (
        (b"\xff\xfe\x00", "is not UTF-16-LE text"),
        (b"\x89PNG", "seems to be a PNG picture"),
        (b"", "is empty"),
    ):
        (folder / f"{len(content)}.bin").write_bytes(content)
        with pytest.raises(ValueError, match=f"^{address}/{len(content)}.bin {words}"):
            cl.read_url(f"{address}/{len(content)}.bin")


def test_no_network(server):
    with http.server.HTTPServer(("127.0.0.1", 0), None) as closed:
        port = closed.server_port
    with pytest.raises(ConnectionError, match="cannot be reached.*network.*TextData.from_file"):
        cl.read_url(f"http://127.0.0.1:{port}/t.txt")


def test_a_text_on_the_web_may_be_utf_16(server):
    folder, address, _ = server
    (folder / "t.txt").write_bytes("Größe\r\n".encode("utf-16"))
    assert cl.read_url(f"{address}/t.txt") == "Größe\n"


@pytest.mark.parametrize("url", [None, b"http://x", Path("x"), "a long text " * 500])
def test_what_is_no_url_at_all(url):
    with pytest.raises(ValueError, match="is not a web address: it must be a string") as error:
        cl.read_url(url)
    assert len(str(error.value)) < 300


def test_something_that_is_not_a_url(server):
    with pytest.raises(ValueError, match="book.txt") as error:
        cl.read_url("book.txt")
    assert "http" in str(error.value) and "known_hash=None" not in str(error.value)
