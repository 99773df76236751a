"""The text that a model is to go on from: one that it can read."""

from charlm_lib.texts.vocabulary import Vocab, some_of

USUAL = "time traveller"


def opening(text: str) -> str:
    """Give the first words of a text, about twenty characters of its first line."""
    line = text.split("\n")[0]
    return line if len(line) <= 20 else line[:21].rsplit(" ", 1)[0]


def any_prefix(vocab: Vocab) -> str:
    """Choose a prefix: the usual one, or else where a line or a word begins, or any character."""
    choices = (USUAL, "\n", " ", *vocab.tokens[1:])
    return next(prefix for prefix in choices if not vocab.unknown(prefix))


def typed_prefix(typed: str, vocab: Vocab) -> str:
    r"""Read a prefix as the text was read that the model learned.

    Where the model knows the end of a line and no backslash, `\n` stands for the former.

    Raises:
        ValueError: the prefix is empty, or has a character that the model does not know.
    """
    if not vocab.unknown("\n") and vocab.unknown("\\"):
        typed = typed.replace(r"\n", "\n")
    prefix = vocab.fold(typed)
    if not prefix:
        raise ValueError(f"--prefix {typed!r} has no character that the model can read")
    unknown = vocab.unknown(prefix)
    if unknown:
        raise ValueError(
            f"--prefix {typed!r} has {some_of(unknown)}, which the model has never seen: it knows "
            f"{some_of(''.join(vocab.tokens[1:]))}"
        )
    return prefix
