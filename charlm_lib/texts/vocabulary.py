"""The table between characters and ids, and what a model with such a table can read."""

import reprlib
import unicodedata
import warnings
from collections.abc import Iterable

import numpy as np

from charlm_lib.checks import refuse_arguments
from charlm_lib.texts.cleaning import check_string, clean, quoted

UNK = "<unk>"
# What readers of *Dive into Deep Learning* pass, and what to do here.
OLD_VOCAB_ARGUMENTS = {
    "min_freq": "every character of the text is a token: leave it out",
    "reserved_tokens": "<unk> is the only token besides the characters: leave it out",
}


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
        return f"Vocab({quoted(''.join(self.tokens[1:]))})"

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


def check_is_vocab(vocab: Vocab | None) -> None:
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
            f"the {what} {quoted(text)} has {some_of(unknown, 10)}, which the vocabulary of "
            f"{reader} lacks: use only its {len(vocab) - 1} characters "
            f"{some_of(''.join(vocab.tokens[1:]))}"
            + (f", or pass the {what} through charlm_lib.clean" if helps else "")
        )
    return folded


def some_of(characters: str | list[str], most: int = 60) -> str:
    """Write out a string, or a list of characters, and of a long one the beginning."""
    begin = characters[:most]
    shown = repr(begin) if isinstance(begin, str) else ", ".join(map(repr, begin))
    return f"{shown}…" if len(characters) > most else shown or "none"
