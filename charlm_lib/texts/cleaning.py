"""What is kept of a text, and what is none."""

import os
import re
import reprlib
import unicodedata
from collections.abc import Iterable

LINE_ENDS = "\n\v\f\r\x85\u2028\u2029"
WEB = ("http://", "https://")
TEXT_FILES = (".txt", ".text", ".md", ".csv", ".json", ".html", ".pdf", ".doc", ".docx", ".epub")


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
            f"the text {quoted(text)} is a web address: to train on what is there, use "
            "TextData.from_url"
        )
    short = len(text) < 256 and not any(c in LINE_ENDS for c in text)
    if short and (text.lower().endswith(TEXT_FILES) or os.path.isfile(text)):
        raise ValueError(
            f"the text {quoted(text)} is the name of a file: to train on what is in it, use "
            "TextData.from_file, or pass read_file of that name"
        )


def quoted(text: str, most: int = 80) -> str:
    """Give a string as `repr` does; of one longer than `most`, its ends and its length."""
    if len(text) <= most:
        return repr(text)
    half = most // 2
    return f"{text[:half] + '…' + text[-half:]!r} ({len(text):,} characters)"
