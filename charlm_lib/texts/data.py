"""From a text to windows of token ids: `TextData`."""

from collections.abc import Iterator
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from charlm_lib.checks import check_sizes, refuse_arguments
from charlm_lib.texts.cleaning import check_no_name, check_string, clean, quoted
from charlm_lib.texts.corpus import read_corpus
from charlm_lib.texts.files import read_file, read_url
from charlm_lib.texts.vocabulary import Vocab, check_is_vocab, tell_unknown

# What readers of *Dive into Deep Learning* pass, and what to do here.
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


def cleaned(
    text: str,
    keep_case: bool | None = None,
    keep_punctuation: bool | None = None,
    keep_lines: bool | None = None,
    vocab: Vocab | None = None,
) -> str:
    """Clean a text as `TextData` does with these arguments; errors of `TextData`."""
    check_string(text)
    check_no_name(text)
    check_is_vocab(vocab)
    asked = {
        "keep_case": keep_case,
        "keep_punctuation": keep_punctuation,
        "keep_lines": keep_lines,
    }
    kept = (vocab or Vocab("")).kept
    return clean(text, **kept | {k: asked[k] for k in asked if asked[k] is not None})


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
            f"no usable character in the text {quoted(text)}: it needs letters, or with "
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
        self.text = cleaned(text, keep_case, keep_punctuation, keep_lines, vocab)
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
