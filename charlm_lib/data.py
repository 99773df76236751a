"""From a text to windows of token ids: corpus -> `Vocab` -> `TextData`."""

import hashlib
import importlib.metadata
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pooch
import requests

UNK = "<unk>"
CORPUS_WHEEL = "word-text-counter"
CORPUS_FILE = "word_text_counter/data/time_machine.txt"
CORPUS_SHA256 = "531e11d1185ca4a86cb7acf60fd45943c1591945aea40f4f1c1ea577dfd6e2d9"


def clean(text: str, keep_case: bool = False, keep_punctuation: bool = False) -> str:
    """Reduce a text to letters (of any alphabet) and single spaces.

    Args:
        text: any string.
        keep_case: keep capital letters instead of lowering them.
        keep_punctuation: keep every visible character, digits and punctuation too.

    Returns:
        The cleaned text, without spaces at its ends. It may be empty.
    """
    text = unicodedata.normalize("NFC", text if keep_case else text.lower())
    # First letters of Unicode categories: letters, the marks that belong to them, then
    # numbers, punctuation and symbols. Deciding once per distinct character is fast.
    kept = "LMNPS" if keep_punctuation else "LM"
    dropped = {ord(c): " " for c in set(text) if unicodedata.category(c)[0] not in kept}
    # Soft hyphens and joiners ("Cf") stand inside words, so that no space may replace them.
    dropped |= {code: None for code in dropped if unicodedata.category(chr(code)) == "Cf"}
    return " ".join(text.translate(dropped).split())


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


class Vocab:
    """A two-way table between the distinct characters of a text and integers.

    Index 0 is `<unk>`, the token of every character that the text does not have; the others
    are sorted.

    Args:
        text: the text, or any iterable of characters.
    """

    def __init__(self, text):
        self.tokens = [UNK, *sorted(set(text) - {UNK})]
        codes = [ord(token) for token in self.tokens[1:]]
        self._ids = np.zeros(max(codes, default=0) + 2, np.int32)  # the last entry stays <unk>
        self._ids[codes] = np.arange(1, len(self.tokens))

    def __len__(self) -> int:
        return len(self.tokens)

    def __repr__(self) -> str:
        return f"Vocab({''.join(self.tokens[1:])!r})"

    def encode(self, text: str) -> np.ndarray:
        """Turn a string of n characters into n ids, shape `(n,)`, int32; unknown ones become 0."""
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        return self._ids[np.minimum(codes, len(self._ids) - 1)]

    def decode(self, ids) -> str:
        """Turn ids back into a string; id 0 becomes `<unk>`.

        Raises:
            ValueError: an id is outside 0..len(vocab) - 1.
        """
        ids = np.asarray(ids).reshape(-1)
        outside = ids[(ids < 0) | (ids >= len(self))]
        if outside.size:
            raise ValueError(f"id {outside[0]} is outside 0..{len(self) - 1}, the vocabulary's ids")
        return "".join(self.tokens[i] for i in ids)

    def unknown(self, text: str) -> list[str]:
        """List the distinct characters of `text` that are not in the vocabulary, in order."""
        return list(
            dict.fromkeys(c for c, i in zip(text, self.encode(text), strict=True) if i == 0)
        )


class TextData:
    """Every window of `num_steps` characters of a text, with the next characters as targets.

    Window k has inputs `X = tokens[k : k + num_steps]` and targets
    `Y = tokens[k + 1 : k + num_steps + 1]`. The split goes by position: windows 0 to
    num_train - 1 are for training, the next num_val for validation. Windows start one
    character apart, so that neighbours overlap: the last num_steps training windows reach into
    the first characters of the validation text (the split of Zhang et al., *Dive into Deep
    Learning*). Windows are gathered on the device from one array; they are never stored.

    Args:
        text: the text; it goes through `clean`.
        batch_size: windows per update.
        num_steps: characters per window.
        num_train, num_val: windows to train on and to validate on.
        keep_case, keep_punctuation: see `clean`.

    Raises:
        ValueError: the text is too short for one window or for the split, or a number is
            out of range.
    """

    def __init__(
        self,
        text: str,
        batch_size: int,
        num_steps: int,
        num_train: int = 10_000,
        num_val: int = 5_000,
        keep_case: bool = False,
        keep_punctuation: bool = False,
    ):
        self.text = clean(text, keep_case, keep_punctuation)
        self.batch_size, self.num_steps = batch_size, num_steps
        self.num_train, self.num_val = num_train, num_val
        self._check(text)
        self.vocab = Vocab(self.text)
        self.tokens = jnp.asarray(self.vocab.encode(self.text))

    @classmethod
    def from_file(cls, path: str | Path, *args, **kwargs) -> "TextData":
        """Make the windows of a text file; arguments as for `TextData`, errors of `read_file`."""
        return cls(read_file(path), *args, **kwargs)

    @classmethod
    def from_url(cls, url: str, *args, known_hash: str | None = None, **kwargs) -> "TextData":
        """Make the windows of a text on the web; see `TextData` and `read_url`."""
        return cls(read_url(url, known_hash), *args, **kwargs)

    def _check(self, text: str) -> None:
        for name in ("batch_size", "num_steps", "num_train", "num_val"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
                raise ValueError(f"{name}={value!r} must be a whole number of at least 1")
        if not self.text:
            raise ValueError(
                f"no usable character in the text {text[:40]!r}: it needs letters, "
                "or keep_punctuation=True to keep everything visible"
            )
        if len(self.text) < self.num_steps + 2:
            raise ValueError(
                f"the text has {len(self.text)} characters after cleaning, but one training and "
                f"one validation window of num_steps={self.num_steps} need {self.num_steps + 2}: "
                "use a longer text or a smaller num_steps"
            )
        if self.num_train + self.num_val > self.num_windows:
            raise ValueError(
                f"num_train={self.num_train} + num_val={self.num_val} is more than the "
                f"{self.num_windows} windows of {self.num_steps} steps in this text of "
                f"{len(self.text)} characters: lower num_train or num_val"
            )
        if self.batch_size > self.num_train:
            raise ValueError(
                f"batch_size={self.batch_size} is more than the num_train={self.num_train} "
                f"training windows: use a batch_size of at most {self.num_train}"
            )

    @property
    def num_windows(self) -> int:
        """How many windows the text has: one per start that leaves a target for each step."""
        return len(self.text) - self.num_steps

    def starts(self, split: str) -> np.ndarray:
        """Give the first positions of the windows of a split, "train" or "val", shape `(n,)`.

        Raises:
            ValueError: the split has another name.
        """
        if split not in ("train", "val"):
            raise ValueError(f'split={split!r}: there are "train" and "val"')
        first, size = (0, self.num_train) if split == "train" else (self.num_train, self.num_val)
        return np.arange(first, first + size, dtype=np.int32)

    def batches(
        self, split: str, key: jax.Array | None = None
    ) -> Iterator[tuple[jax.Array, jax.Array]]:
        """Iterate over the pairs `X`, `Y` of a split, each `(batch_size, num_steps)` int32.

        With a key the windows are shuffled, without one they come in order. The last batch has
        what is left over and may be smaller.
        """
        starts = self.starts(split)
        if key is not None:
            starts = np.asarray(jax.random.permutation(key, starts))
        return (
            gather_windows(self.tokens, starts[i : i + self.batch_size], self.num_steps)
            for i in range(0, len(starts), self.batch_size)
        )


class TimeMachine(TextData):
    """The windows of *The Time Machine* (see `read_corpus`): a vocabulary of 28 tokens.

    Args and errors as for `TextData`.
    """

    def __init__(
        self, batch_size: int, num_steps: int, num_train: int = 10_000, num_val: int = 5_000
    ):
        super().__init__(read_corpus(), batch_size, num_steps, num_train, num_val)


def gather_windows(
    tokens: jax.Array, starts: jax.Array, num_steps: int
) -> tuple[jax.Array, jax.Array]:
    """Cut windows out of one long array of ids.

    Args:
        tokens: `(n,)` int32.
        starts: `(batch_size,)` first positions, each at most n - num_steps - 1.
        num_steps: characters per window.

    Returns:
        `X` and `Y`, each `(batch_size, num_steps)`; `Y` is `X` shifted by one character.
    """
    windows = tokens[jnp.asarray(starts)[:, None] + jnp.arange(num_steps + 1)]
    return windows[:, :-1], windows[:, 1:]
