"""From a text to windows of token ids: `Vocab` and `TextData`."""

from collections.abc import Iterator
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from charlm_lib.corpus import clean, read_corpus, read_file, read_url
from charlm_lib.models import check_sizes

UNK = "<unk>"


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
        return "".join([self.tokens[i] for i in ids.tolist()])

    def unknown(self, text: str) -> list[str]:
        """List the distinct characters of `text` that are not in the vocabulary, in order."""
        return list(
            dict.fromkeys(c for c, i in zip(text, self.encode(text), strict=True) if i == 0)
        )


class TextData:
    """Windows of `num_steps` characters of a text, with the next characters as targets.

    The window that starts at k has inputs `X = tokens[k : k + num_steps]` and targets
    `Y = tokens[k + 1 : k + num_steps + 1]`. The split goes by position: the first num_train
    windows are for training, the next num_val for validation. Windows start `stride` characters
    apart. With a stride of one there is a window for every character, and neighbours overlap:
    the last num_steps training windows reach into the first characters of the validation text
    (the split of Zhang et al., *Dive into Deep Learning*). Windows are gathered on the device
    from one array; they are never stored.

    Args:
        text: the text; it goes through `clean`.
        batch_size: windows per update.
        num_steps: characters per window.
        num_train, num_val: windows to train on and to validate on.
        keep_case, keep_punctuation: see `clean`.
        stride: characters from the start of one window to the start of the next.

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
        *,
        keep_case: bool = False,
        keep_punctuation: bool = False,
        stride: int = 1,
    ):
        self.text = clean(text, keep_case, keep_punctuation)
        self.batch_size, self.num_steps = batch_size, num_steps
        self.num_train, self.num_val, self.stride = num_train, num_val, stride
        self._check(text)
        self.vocab = Vocab(self.text)
        self.tokens = jax.device_put(self.vocab.encode(self.text))

    @classmethod
    def from_file(cls, path: str | Path, *args, **kwargs) -> "TextData":
        """Make the windows of a text file; arguments as for `TextData`, errors of `read_file`."""
        return cls(read_file(path), *args, **kwargs)

    @classmethod
    def from_url(cls, url: str, *args, known_hash: str | None = None, **kwargs) -> "TextData":
        """Make the windows of a text on the web; see `TextData` and `read_url`."""
        return cls(read_url(url, known_hash), *args, **kwargs)

    def _check(self, text: str) -> None:
        names = ("batch_size", "num_steps", "num_train", "num_val", "stride")
        check_sizes(**{name: getattr(self, name) for name in names})
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
                f"{len(self.text)} characters at stride={self.stride}: lower num_train or num_val"
            )
        if self.batch_size > self.num_train:
            raise ValueError(
                f"batch_size={self.batch_size} is more than the num_train={self.num_train} "
                f"training windows: use a batch_size of at most {self.num_train}"
            )

    @property
    def num_windows(self) -> int:
        """How many windows the text has: one per start that leaves a target for each step."""
        return -(-(len(self.text) - self.num_steps) // self.stride)

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

    Args and errors as for `TextData`.
    """

    def __init__(
        self,
        batch_size: int,
        num_steps: int,
        num_train: int = 10_000,
        num_val: int = 5_000,
        *,
        stride: int = 1,
    ):
        super().__init__(read_corpus(), batch_size, num_steps, num_train, num_val, stride=stride)


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
