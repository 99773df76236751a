"""Texts from a file or a web address: what is read, in which encoding, and what is no text."""

import codecs
import os
import re
import reprlib
import unicodedata
from collections import Counter
from pathlib import Path

import numpy as np
import pooch

from charlm_lib.texts.cleaning import WEB, quoted

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
    name = quoted(str(path))
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
        shown = quoted(url) if isinstance(url, str) else reprlib.repr(url)
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
