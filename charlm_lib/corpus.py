"""Where texts come from: the novel, a file, a web address; and how they are cleaned."""

import codecs
import hashlib
import importlib.metadata
import os
import re
import reprlib
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pooch

LINE_ENDS = "\n\v\f\r\x85\u2028\u2029"
WEB = ("http://", "https://")
TEXT_FILES = (".txt", ".text", ".md", ".csv", ".json", ".html", ".pdf", ".doc", ".docx", ".epub")
SAMPLE = 1 << 16  # bytes that tell what a file is
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # it begins with that of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
AS_TEXT = "open it in its program and save it as plain text, encoding UTF-8"
SIGNATURES = (
    (b"PK\x03\x04", "a zip archive, as .docx and .epub files are", f"unpack it, or {AS_TEXT}"),
    (b"%PDF-", "a PDF document", AS_TEXT),
    (b"\xd0\xcf\x11\xe0", "an old Word document", AS_TEXT),
    (b"{\\rtf", "an RTF document", AS_TEXT),
    (b"\x1f\x8b", "a gzip file", "unpack it first"),
    (b"\x89PNG", "a PNG picture", "pass a text file"),
    (b"\xff\xd8\xff", "a JPEG picture", "pass a text file"),
)
CODES = ("Cc", "Cn", "Co", "Cs")  # categories of what is no text
CORPUS_WHEEL = "word-text-counter"
CORPUS_FILE = "word_text_counter/data/time_machine.txt"
CORPUS_SHA256 = "531e11d1185ca4a86cb7acf60fd45943c1591945aea40f4f1c1ea577dfd6e2d9"


def clean(
    text: str, keep_case: bool = False, keep_punctuation: bool = False, keep_lines: bool = False
) -> str:
    """Reduce a text to letters (of any alphabet) and single spaces.

    Letters are lowered and keep their marks (accents, vowel signs). Format characters, such as soft
    hyphens and joiners, vanish; any other character becomes a space, and so do the marks on it. The
    result is in Unicode's form NFC, and cleaning it again changes nothing.

    Args:
        text: any string.
        keep_case: keep capital letters instead of lowering them.
        keep_punctuation: keep every visible character, digits and punctuation too.
        keep_lines: keep the ends of lines (of any system), each as one newline without spaces
            around it. Of several blank lines one stays, as between stanzas; at the ends of the
            text none does. A newline after the last line stays, so that a model learns its end.

    Returns:
        The cleaned text, without spaces at its ends. It may be empty.

    Raises:
        ValueError: the text is no string.
    """
    # The widgets' js/model/text.js has the same rule; tests/widgets/test_text.py compares them.
    check_string(text)
    text = text if keep_case else text.lower()
    kept = "LMNPS" if keep_punctuation else "LM"  # first letters of Unicode categories
    categories = {c: unicodedata.category(c) for c in set(text)}
    becomes = dict.fromkeys(map(ord, categories), " ")
    for character, category in categories.items():
        if category == "Cf":  # it stands inside words: no space there
            becomes[ord(character)] = ""
        elif keep_lines and character in LINE_ENDS:
            becomes[ord(character)] = "\r" if character == "\r" else "\n"
        elif category[0] in kept:
            becomes[ord(character)] = character
    text = text.translate(becomes)
    marks = "".join(c for c, category in categories.items() if category[0] == "M")
    if marks:  # a mark does not outlive what it stood on; at the start it stands on nothing
        text = re.sub(f"(?<=[ \r\n])[{marks}]+", "", f" {text}")
    text = re.sub(" {2,}", " ", text)
    text = _tidy_lines(text) if keep_lines else text.strip()
    return unicodedata.normalize("NFC", text)  # the last word: lower case decomposes some


def _tidy_lines(text: str) -> str:
    text = re.sub(" ?(?:\r\n?|\n) ?", "\n", text)
    lines = re.sub("\n{3,}", "\n\n", text.strip())
    return f"{lines}\n" if lines and text.endswith("\n") else lines


def check_string(text: str) -> None:
    """Raise a ValueError that says what to pass instead, unless the text is a string."""
    if isinstance(text, str):
        return
    advice = 'pass what is to be read, such as read_file("my.txt")'
    if isinstance(text, bytes | bytearray):
        advice = 'decode it with text.decode("utf-8")'
    elif isinstance(text, os.PathLike):
        advice = "pass read_file(path), or use TextData.from_file(path, ...)"
    elif hasattr(text, "read"):
        advice = "pass what the file has, file.read()"
    elif isinstance(text, Iterable):
        advice = 'join its strings with "".join(...), or lines with "\\n".join(...)'
    shown = " ".join(reprlib.repr(text).split())
    raise ValueError(f"the text must be one string, not {type(text).__name__} {shown}: {advice}")


def check_no_name(text: str) -> None:
    """Raise a ValueError if a text is but the name of a file or a web address."""
    if text.startswith(WEB) and not any(map(str.isspace, text)):
        raise ValueError(
            f"the text {shorten(text)} is a web address: to train on what is there, use "
            "TextData.from_url"
        )
    short = len(text) < 256 and not any(c in LINE_ENDS for c in text)
    if short and (text.lower().endswith(TEXT_FILES) or os.path.isfile(text)):
        raise ValueError(
            f"the text {shorten(text)} is the name of a file: to train on what is in it, use "
            "TextData.from_file, or pass read_file of that name"
        )


def shorten(text: str, most: int = 80) -> str:
    """Give a string as `repr` does; of one longer than `most`, its ends and its length."""
    if len(text) <= most:
        return repr(text)
    half = most // 2
    return f"{text[:half] + '…' + text[-half:]!r} ({len(text):,} characters)"


def read_corpus() -> str:
    """Read *The Time Machine* by H. G. Wells (1895): 26 letters and spaces, lower case.

    The Project Gutenberg file comes with the wheel `word-text-counter`. Its licence header
    and footer and its table of contents are dropped; accents are removed (ü -> u, æ -> ae).

    Returns:
        About 174,000 characters.

    Raises:
        FileNotFoundError: the wheel is not installed.
        ValueError: the file is not the one that this book was written with.
    """
    try:
        path = importlib.metadata.distribution(CORPUS_WHEEL).locate_file(CORPUS_FILE)
        content = Path(path).read_bytes()
    except (importlib.metadata.PackageNotFoundError, FileNotFoundError) as error:
        raise FileNotFoundError(
            f"The Time Machine is not on this machine: run `pip install {CORPUS_WHEEL}==0.3.0`."
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != CORPUS_SHA256:
        raise ValueError(
            f"{path} is not the text this book was written with (SHA-256 {found[:12]}…, expected "
            f"{CORPUS_SHA256[:12]}…): run `pip install --force-reinstall {CORPUS_WHEEL}==0.3.0`."
        )
    text = content.decode("utf-8-sig")
    text = re.search(r"\*\*\* START OF.*?\*\*\*(.*)\*\*\* END OF", text, re.DOTALL)[1]
    text = re.sub(r"CONTENTS\s.*?Epilogue\s", " ", text, count=1, flags=re.DOTALL)
    text = text.lower().replace("æ", "ae").replace("œ", "oe")
    text = re.sub(r"[\u0300-\u036f]", "", unicodedata.normalize("NFD", text))
    return " ".join(re.sub(r"[^a-z]", " ", text).split())


def read_file(path: str | Path) -> str:
    """Read a text file in UTF-8, or in UTF-16 or UTF-32, which it recognises.

    Ends of lines become newlines.

    Raises:
        OSError: there is no such file (FileNotFoundError), or it is a folder or cannot be read.
        ValueError: the file is empty, is no text, or is in another encoding; or `path` is no
            name of a file.
    """
    if not isinstance(path, str | os.PathLike):
        raise ValueError(
            f"path must be a string or a Path, not {type(path).__name__} {reprlib.repr(path)}: "
            "pass the name of a text file"
        )
    name = shorten(str(path))
    if str(path).startswith(WEB):
        raise ValueError(f"{name} is a web address: use TextData.from_url, or read_url")
    if not str(path) or _is_no_name(str(path)):
        raise ValueError(
            f"{name} is not the name of a file: if it is the text itself, pass it to "
            "TextData(text, ...)"
        )
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(
            f"{name} is a folder: name a file in it, or join several with "
            '"\\n".join(read_file(p) for p in sorted(Path(folder).glob("*.txt")))'
        )
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"There is no file {name} in {str(Path.cwd())!r}: check the name."
        ) from error
    except OSError as error:
        raise type(error)(
            f"{name} cannot be read ({error.strerror}): check that you may open it, or copy it to "
            "a folder of your own"
        ) from error
    return decode(content, name)


def _is_no_name(path: str) -> bool:
    """Say whether no system could have a file of this name."""
    return "\n" in path or "\0" in path or max(map(len, re.split(r"[/\\]", path))) > 255


def decode(content: bytes, name: str) -> str:
    """Decode a text in UTF-8, UTF-16 or UTF-32, with or without a byte order mark.

    Args:
        content: the bytes of a file.
        name: its name in messages.

    Raises:
        ValueError: it is empty, no text, or in another encoding.
    """
    encoding = _encoding(content, name)
    try:
        text = content.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{name} is not {encoding.upper()} text ({error.reason} at byte {error.start}): open "
            "it in an editor and save it with the encoding UTF-8"
        ) from error
    if not text:
        raise ValueError(f"{name} is empty: use a file with a text in it")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _encoding(content: bytes, name: str) -> str:
    """Name the encoding of a text; raise a ValueError for what is none."""
    for start, kind, advice in SIGNATURES:
        if content.startswith(start):
            raise ValueError(f"{name} seems to be {kind}, not a text: {advice}")
    if content[8:9] == b"{" and int.from_bytes(content[:8], "little") <= len(content) - 8:
        raise ValueError(
            f"{name} seems to be a saved model (safetensors), not a text: open it with "
            "charlm_lib.load"
        )
    for mark, encoding in BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return encoding
    sample = content[:SAMPLE]
    for encoding in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be"):
        if _is_wide(sample, encoding):
            return encoding
    if _is_readable(sample.decode("utf-8", "ignore")):
        return "utf-8"
    raise ValueError(
        f"{name} seems to be a binary file, or a text in UTF-16 without a byte order mark: pass a "
        "text file; if it is one, open it in an editor and save it with the encoding UTF-8"
    )


def _is_readable(text: str) -> bool:
    """Say whether nine in ten characters are letters, signs or white space, not control codes."""
    odd = sum(n for c, n in Counter(text).items() if unicodedata.category(c) in CODES)
    white = sum(map(text.count, "\t\n\v\f\r"))
    return odd - white <= len(text) / 10


def _is_wide(sample: bytes, encoding: str) -> bool:
    """Say whether this is UTF-16 or UTF-32 of one alphabet: the high bytes are 0, or all alike.

    That tells one byte order from the other, and text from numbers.
    """
    width = int(encoding[4:6]) // 8
    units = np.frombuffer(sample[: len(sample) // width * width], np.uint8).reshape(-1, width)
    low_first = units if encoding.endswith("le") else units[:, ::-1]  # (characters, width)
    alphabets = np.bincount(low_first[:, 1], minlength=256)
    alike = alphabets[0] + alphabets[1:].max()
    beyond = np.count_nonzero(low_first[:, 2:].any(axis=1))  # emoji
    readable = _is_readable(units.tobytes().decode(encoding, "ignore"))
    return bool(alphabets[0] and alike - beyond >= 0.9 * len(units) and readable)


def read_url(url: str, known_hash: str | None = None) -> str:
    """Download a text file once and keep it in the user's cache folder (with `pooch`).

    Args:
        url: address of a text file, encoded as for `read_file`.
        known_hash: its SHA-256, checked if given.

    Raises:
        ConnectionError: the address cannot be reached.
        ValueError: this is no web address, the hash is another one, or the file is empty, is no
            text, or is in another encoding.
    """
    if not isinstance(url, str) or not url.startswith(WEB):
        shown = shorten(url) if isinstance(url, str) else reprlib.repr(url)
        raise ValueError(
            f"{shown} is not a web address: it must be a string that begins with http:// or "
            "https://; for a file use TextData.from_file"
        )
    import requests  # half a second, for this alone

    try:
        path = pooch.retrieve(url, known_hash, path=pooch.os_cache("charlm_lib"))
    except (requests.exceptions.RequestException, OSError) as error:
        raise ConnectionError(
            f"{url} cannot be reached ({type(error).__name__}): check the address and the "
            "network, or save the text as a file and use TextData.from_file."
        ) from error
    except ValueError as error:
        raise ValueError(
            f"{url} did not give the expected file: {error} Check known_hash={known_hash!r}."
        ) from error
    return decode(Path(path).read_bytes(), url)
