"""The novel: *The Time Machine* by H. G. Wells."""

import hashlib
import importlib.metadata
import re
import unicodedata
from pathlib import Path

CORPUS_WHEEL = "word-text-counter"
CORPUS_FILE = "word_text_counter/data/time_machine.txt"
CORPUS_SHA256 = "531e11d1185ca4a86cb7acf60fd45943c1591945aea40f4f1c1ea577dfd6e2d9"


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
