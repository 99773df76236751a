"""Where texts come from: the novel, a file, a web address; and how they are cleaned."""

import hashlib
import importlib.metadata
import re
import unicodedata
from pathlib import Path

import numpy as np
import pooch

NOTHING = 0xFFFFFFFF  # no character has this code
CORPUS_WHEEL = "word-text-counter"
CORPUS_FILE = "word_text_counter/data/time_machine.txt"
CORPUS_SHA256 = "531e11d1185ca4a86cb7acf60fd45943c1591945aea40f4f1c1ea577dfd6e2d9"


def clean(text: str, keep_case: bool = False, keep_punctuation: bool = False) -> str:
    """Reduce a text to letters (of any alphabet) and single spaces.

    Letters are lowered and keep their marks (accents, vowel signs). Format characters, such as soft
    hyphens and joiners, vanish; any other character becomes a space, and so do the marks on it. The
    result is in Unicode's form NFC, and cleaning it again changes nothing.

    Args:
        text: any string.
        keep_case: keep capital letters instead of lowering them.
        keep_punctuation: keep every visible character, digits and punctuation too.

    Returns:
        The cleaned text, without spaces at its ends. It may be empty.
    """
    # The widgets' js/model/text.js has the same rule; tests/widgets/test_text.py compares them.
    text = text if keep_case else text.lower()
    kept = "LMNPS" if keep_punctuation else "LM"  # first letters of Unicode categories
    categories = {c: unicodedata.category(c) for c in set(text)}
    # Deciding once per distinct character is fast.
    becomes = np.arange(max(map(ord, categories), default=0) + 1, dtype=np.uint32)
    for character, category in categories.items():
        if category == "Cf":  # it stands inside words: no space there
            becomes[ord(character)] = NOTHING
        elif category[0] not in kept:
            becomes[ord(character)] = ord(" ")
    codes = becomes[np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)]
    text = codes[codes != NOTHING].tobytes().decode("utf-32-le")
    marks = "".join(c for c, category in categories.items() if category[0] == "M")
    if marks:  # a mark does not outlive what it stood on; at the start it stands on nothing
        text = re.sub(f" [{marks} ]+", " ", f" {text}")
    text = " ".join(text.split())
    return unicodedata.normalize("NFC", text)  # the last word: lower case decomposes some


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
    """Read a UTF-8 text file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not UTF-8 text.
    """
    path = Path(path)
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"There is no file {str(path)!r} in {str(Path.cwd())!r}: check the name."
        ) from error
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{str(path)!r} is not UTF-8 text ({error.reason} at byte {error.start}): "
            "open it in an editor and save it with the encoding UTF-8."
        ) from error


def read_url(url: str, known_hash: str | None = None) -> str:
    """Download a UTF-8 text file once and keep it in the user's cache folder (with `pooch`).

    Args:
        url: address of a text file.
        known_hash: its SHA-256, checked if given.

    Raises:
        ConnectionError: the address cannot be reached.
        ValueError: this is no web address, the hash is another one, or the file is not UTF-8 text.
    """
    if not url.startswith(("http://", "https://")):
        raise ValueError(
            f"{url!r} is not a web address: it must begin with http:// or https://; for a file "
            "use TextData.from_file"
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
    return read_file(path)
