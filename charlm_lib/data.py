"""From a text to windows of token ids: `Vocab` and `TextData`."""

import reprlib
import unicodedata
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from charlm_lib.corpus import (
    check_no_name,
    check_string,
    clean,
    read_corpus,
    read_file,
    read_url,
    shorten,
)
from charlm_lib.models import check_sizes, refuse_arguments

UNK = "<unk>"
# What readers of *Dive into Deep Learning* pass, and what to do here.
OLD_VOCAB_ARGUMENTS = {
    "min_freq": "every character of the text is a token: leave it out",
    "reserved_tokens": "<unk> is the only token besides the characters: leave it out",
}
OLD_DATA_ARGUMENTS = {
    "root": "leave it out; TextData.from_file(path, ...) reads a file of your own",
    "num_workers": "leave it out; windows are cut on the device",
    "max_tokens": "say how much of the text to use with num_train and num_val",
    "use_random_iter": "leave it out; Trainer shuffles the windows, or goes on from one to the "
    "next with carry_state=True",
}
NOVEL_ARGUMENTS = dict.fromkeys(
    ("keep_case", "keep_punctuation", "keep_lines"),
    "this text is letters and spaces already: leave it out, or use TextData(text, ...)",
)


class Vocab:
    """A two-way table between the distinct characters of a text and integers.

    Index 0 is `<unk>`, the token of every character that the text does not have; the others
    are sorted. Vocabularies of the same characters are equal.

    Args:
        text: the text, or any iterable of characters.

    Raises:
        ValueError: this is no text, or an item is not one character.
    """

    def __init__(self, text, **others):
        refuse_arguments("Vocab", others, OLD_VOCAB_ARGUMENTS)
        self.tokens = [UNK, *sorted(distinct_characters(text))]
        codes = [ord(token) for token in self.tokens[1:]]
        self._ids = np.zeros(max(codes, default=0) + 2, np.int32)  # the last entry stays <unk>
        self._ids[codes] = np.arange(1, len(self.tokens))

    def __eq__(self, other) -> bool:
        return self.tokens == other.tokens if isinstance(other, Vocab) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self.tokens))

    def __len__(self) -> int:
        return len(self.tokens)

    def __repr__(self) -> str:
        return f"Vocab({some_of(''.join(self.tokens[1:]))})"

    def encode(self, text: str) -> np.ndarray:
        """Turn a string of n characters into n ids, shape `(n,)`, int32; unknown ones become 0."""
        codes = codes_of(text)
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
        return "".join([self.tokens[i] for i in ids.tolist()])

    @property
    def kept(self) -> dict[str, bool]:
        """The options of `clean` for a text to be read in this vocabulary: what its own kept."""
        characters = self.tokens[1:]
        dropped = {c for c in characters if clean(f"a{c}", keep_case=True) == "a"}
        return {
            "keep_case": any(c != c.lower() for c in characters),
            "keep_punctuation": not dropped <= {" ", "\n"},
            "keep_lines": "\n" in dropped,
        }

    def fold(self, text: str) -> str:
        """Spell a text as the vocabulary does, as far as it can.

        A character that the vocabulary lacks becomes its small form where the vocabulary has
        that; all others stay. A letter and its accent become one character, as in `clean`.
        """
        # The widgets' js/model/text.js has the same rule; tests/widgets/test_text.py compares them.
        check_string(text)
        text = unicodedata.normalize("NFC", text)
        known, small = set(self.tokens), text.lower()  # some letters differ at the end of a word
        folded, at = [], 0
        for character in text:
            form = small[at : at + len(character.lower())]
            at += len(form)
            fits = character not in known and known.issuperset(form)
            folded.append(form if fits else character)
        return unicodedata.normalize("NFC", "".join(folded))

    def unknown(self, text: str) -> list[str]:
        """List the distinct characters of `text` that are not in the vocabulary, in order."""
        return list(
            dict.fromkeys(c for c, i in zip(text, self.encode(text), strict=True) if i == 0)
        )


def distinct_characters(text) -> set[str]:
    """Give the characters of a text, or of a list of tokens, without `<unk>`."""
    if isinstance(text, bytes | bytearray) or not isinstance(text, Iterable):
        check_string(text)  # it says what to pass
    if isinstance(text, str):
        return set(text)
    tokens = list(text)
    for token in tokens:
        if not isinstance(token, str) or (len(token) != 1 and token != UNK):
            raise ValueError(
                f"{reprlib.repr(token)} is not one character, and tokens are characters here: "
                "pass Vocab the text itself, one string"
            )
    return set(tokens) - {UNK}


def codes_of(text: str) -> np.ndarray:
    """Give the Unicode numbers of a string's n characters, shape `(n,)`, uint32."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def check_vocab(vocab: Vocab | None) -> None:
    """Raise a ValueError unless this is a vocabulary, or None."""
    if vocab is not None and not isinstance(vocab, Vocab):
        raise ValueError(
            f"vocab must be a Vocab, not {type(vocab).__name__}: pass that of a trained model, "
            "result.vocab, or of another text, data.vocab"
        )


def tell_unknown(text: str, ids: np.ndarray) -> None:
    """Warn of the characters with id 0; raise a ValueError if they are more than half of all."""
    codes, counts = np.unique(codes_of(text)[ids == 0], return_counts=True)
    first = np.argsort(-counts, kind="stable")[:10]
    named = [f"{chr(codes[i])!r} {counts[i]:,}" for i in first]
    named += [f"{len(codes) - 10:,} others"] * (len(codes) > 10)
    unknown, share = counts.sum(), counts.sum() / len(text)
    percent = f"{share:.2%}" if share >= 0.0001 else "less than 0.01%"
    said = (
        f"{unknown:,} of {len(text):,} characters ({percent}) {'is' if unknown == 1 else 'are'} "
        f"not in the vocabulary ({', '.join(named)})"
    )
    if share > 0.5:
        raise ValueError(
            f"{said}: the text seems to be in another alphabet; use one in that of the model, or "
            "leave out vocab and train a new model"
        )
    warnings.warn(f"{said}: the model reads them as {UNK}, which it has never seen", stacklevel=3)


def count_windows(length: int, num_steps: int, stride: int) -> int:
    """Count the windows of a text: one per start that leaves a target for each step."""
    return -(-(length - num_steps) // stride)


def check_fit(text: str, length: int, sizes: dict[str, int]) -> None:
    """Raise a ValueError, with sizes that fit, unless these fit a text.

    Args:
        text: the text as it was given.
        length: its characters after cleaning.
        sizes: batch_size, num_steps, num_train, num_val and stride.
    """
    if not length:
        raise ValueError(
            f"no usable character in the text {shorten(text)}: it needs letters, or with "
            "keep_punctuation=True anything visible"
        )
    if length < 3:
        raise ValueError(
            f"the text has {length} characters after cleaning, but a training and a validation "
            "window need at least 3: use a longer text"
        )
    fitting = sizes_that_fit(length, **sizes)
    if fitting != sizes:
        changed = fitting["stride"] != sizes["stride"]
        named = [f"{k}={v}" for k, v in fitting.items() if changed or k != "stride"]
        raise ValueError(f"{misfit(length, **sizes)}: use {', '.join(named)}")


def misfit(
    length: int, batch_size: int, num_steps: int, num_train: int, num_val: int, stride: int
) -> str:
    """Say which of the sizes does not fit a text of this length first."""
    windows = count_windows(length, num_steps, stride)
    place = f"the text of {length} characters after cleaning"
    if windows < 2:
        return (
            f"num_steps={num_steps} and stride={stride} leave no window to train on and another to "
            f"validate on in {place}"
        )
    if num_train + num_val > windows:
        return (
            f"num_train={num_train} + num_val={num_val} is more than the {windows} windows of "
            f"num_steps={num_steps}, stride={stride} in {place}"
        )
    return f"batch_size={batch_size} is more than the num_train={num_train} training windows"


def sizes_that_fit(
    length: int, batch_size: int, num_steps: int, num_train: int, num_val: int, stride: int
) -> dict[str, int]:
    """Give sizes that work for a text: the wishes, changed only where they do not fit.

    Args:
        length: characters of the text, at least 3.
        batch_size, num_steps, num_train, num_val, stride: the wishes; see `TextData`. Where
            the stride is num_steps it remains so.

    Returns:
        The five sizes by name, with at least one window to train on and one to validate on.
    """
    if count_windows(length, num_steps, stride) < 2:
        touching = stride == num_steps
        if touching or length - num_steps < 2:
            num_steps = max(1, length // 4)
        if touching:
            stride = num_steps
        elif count_windows(length, num_steps, stride) < 2:
            stride = max(1, (length - num_steps) // 10)
    windows = count_windows(length, num_steps, stride)
    tenth = max(1, windows // 10)
    if num_train + num_val > windows:
        if num_train <= windows - tenth:
            num_val = tenth
        else:
            num_val = num_val if 4 * num_val <= windows else tenth
            num_train = windows - num_val
    if batch_size > num_train:  # about eight updates an epoch
        batch_size = 1 << (max(1, num_train // 8).bit_length() - 1)
    return {
        "batch_size": batch_size,
        "num_steps": num_steps,
        "num_train": num_train,
        "num_val": num_val,
        "stride": stride,
    }


def readable(text: str, vocab: Vocab, what: str = "prefix", reader: str = "the model") -> str:
    """Give a text as a model reads it: folded by its vocabulary.

    Args:
        text: at least one character.
        vocab: the model's vocabulary.
        what, reader: the names of the text and of the model in an error.

    Raises:
        ValueError: it is no string, it is empty, or the vocabulary lacks one of its characters.
    """
    if not isinstance(text, str):
        raise ValueError(f"the {what} must be a string, but this is of type {type(text).__name__}")
    if not text:
        raise ValueError(f"the {what} is empty: give at least one character")
    folded = vocab.fold(text)
    unknown = vocab.unknown(folded)
    if unknown:
        cleaned = vocab.fold(clean(text))
        helps = cleaned and not vocab.unknown(cleaned)
        raise ValueError(
            f"the {what} {shorten(text)} has {some_of(unknown, 10)}, which the vocabulary of "
            f"{reader} lacks: use only its {len(vocab) - 1} characters "
            f"{some_of(''.join(vocab.tokens[1:]))}"
            + (f", or pass the {what} through charlm_lib.clean" if helps else "")
        )
    return folded


def some_of(characters: str | list[str], most: int = 60) -> str:
    """Write out a string, or a list of characters, and of a long one the beginning."""
    begin = characters[:most]
    shown = repr(begin) if isinstance(begin, str) else ", ".join(map(repr, begin))
    return f"{shown}…" if len(characters) > most else shown


class TextData:
    """Windows of `num_steps` characters of a text, with the next characters as targets.

    The window that starts at k has inputs `X = tokens[k : k + num_steps]` and targets
    `Y = tokens[k + 1 : k + num_steps + 1]`. The split goes by position: the first num_train
    windows are for training, the next num_val for validation. Windows start `stride` characters
    apart. With a stride of one there is a window for every character, and neighbours overlap:
    the last num_steps training windows reach into the first characters of the validation text
    (the split of Zhang et al., *Dive into Deep Learning*). Windows are gathered on the device
    from one array; they are never stored.

    A text to judge a trained model by, or to go on training it with, has to be read in the
    model's own vocabulary: pass `vocab=result.vocab`. Characters that this lacks become `<unk>`.
    A warning says which, and `num_unknown` counts them.

    Args:
        text: the text; it goes through `clean`.
        batch_size: windows per update.
        num_steps: characters per window.
        num_train, num_val: windows to train on and to validate on.
        keep_case, keep_punctuation, keep_lines: see `clean`. None: as the text of `vocab` was
            cleaned, as far as its characters tell, and False without one.
        stride: characters from the start of one window to the start of the next.
        vocab: the vocabulary of a trained model; None: that of this text.

    Raises:
        ValueError: the text is too short for one window or for the split (the message has
            numbers that fit), is no string, or has more than half its characters not in
            `vocab`; or a number is out of range.
    """

    def __init__(
        self,
        text: str,
        batch_size: int,
        num_steps: int,
        num_train: int = 10_000,
        num_val: int = 5_000,
        *,
        keep_case: bool | None = None,
        keep_punctuation: bool | None = None,
        keep_lines: bool | None = None,
        stride: int = 1,
        vocab: Vocab | None = None,
        **others,
    ):
        refuse_arguments("TextData", others, OLD_DATA_ARGUMENTS)
        sizes = {
            "batch_size": batch_size,
            "num_steps": num_steps,
            "num_train": num_train,
            "num_val": num_val,
            "stride": stride,
        }
        check_sizes(**sizes)
        check_string(text)
        check_no_name(text)
        check_vocab(vocab)
        asked = {
            "keep_case": keep_case,
            "keep_punctuation": keep_punctuation,
            "keep_lines": keep_lines,
        }
        kept = (vocab or Vocab("")).kept
        kept |= {name: value for name, value in asked.items() if value is not None}
        self.text = clean(text, **kept)
        check_fit(text, len(self.text), sizes)
        self.batch_size, self.num_steps = batch_size, num_steps
        self.num_train, self.num_val, self.stride = num_train, num_val, stride
        self.vocab = vocab or Vocab(self.text)
        ids = self.vocab.encode(self.text)
        self.num_unknown = int(np.count_nonzero(ids == 0))
        if self.num_unknown:
            tell_unknown(self.text, ids)
        self.tokens = jax.device_put(ids)

    @classmethod
    def from_file(cls, path: str | Path, *args, **kwargs) -> "TextData":
        """Make the windows of a text file; arguments as for `TextData`, errors of `read_file`."""
        return cls(read_file(path), *args, **kwargs)

    @classmethod
    def from_url(cls, url: str, *args, known_hash: str | None = None, **kwargs) -> "TextData":
        """Make the windows of a text on the web; see `TextData` and `read_url`."""
        return cls(read_url(url, known_hash), *args, **kwargs)

    @property
    def num_windows(self) -> int:
        """How many windows the text has: one per start that leaves a target for each step."""
        return count_windows(len(self.text), self.num_steps, self.stride)

    def starts(self, split: str) -> np.ndarray:
        """Give the first positions of the windows of a split, "train" or "val", shape `(n,)`.

        Raises:
            ValueError: the split has another name.
        """
        if split not in ("train", "val"):
            raise ValueError(f'split={split!r}: there are "train" and "val"')
        first, size = (0, self.num_train) if split == "train" else (self.num_train, self.num_val)
        return np.arange(first, first + size, dtype=np.int32) * self.stride

    def batches(
        self, split: str, key: jax.Array | None = None
    ) -> Iterator[tuple[jax.Array, jax.Array]]:
        """Iterate over the pairs `X`, `Y` of a split, each `(batch_size, num_steps)` int32.

        With a key the windows are shuffled, without one they come in order. The last batch has
        what is left over and may be smaller.
        """
        starts = self.starts(split)
        if key is not None:
            starts = shuffled(starts, jax.random.bits(key, starts.shape, jnp.uint32))
        return (
            gather_windows(self.tokens, starts[i : i + self.batch_size], self.num_steps)
            for i in range(0, len(starts), self.batch_size)
        )


class TimeMachine(TextData):
    """The windows of *The Time Machine* (see `read_corpus`): a vocabulary of 28 tokens.

    Args and errors as for `TextData`; with `vocab` it is read in a trained model's vocabulary.
    """

    def __init__(
        self,
        batch_size: int,
        num_steps: int,
        num_train: int = 10_000,
        num_val: int = 5_000,
        *,
        stride: int = 1,
        vocab: Vocab | None = None,
        **others,
    ):
        refuse_arguments("TimeMachine", others, OLD_DATA_ARGUMENTS | NOVEL_ARGUMENTS)
        sizes = batch_size, num_steps, num_train, num_val
        super().__init__(read_corpus(), *sizes, stride=stride, vocab=vocab)


def shuffled(starts: np.ndarray, bits: jax.Array) -> np.ndarray:
    """Put the starts of windows into the order of random bits, 32 for each of them.

    NumPy sorts them: on a CPU it takes a tenth of the time of `jax.random.permutation`, which for
    a small model is a tenth of an epoch. Same bits, same order.
    """
    return starts[np.argsort(np.asarray(bits), kind="stable")]


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
    # One column more than X has: its last is the last target.
    windows = tokens[jnp.asarray(starts)[:, None] + jnp.arange(num_steps + 1)]
    return windows[:, :-1], windows[:, 1:]  # each (batch_size, num_steps)
