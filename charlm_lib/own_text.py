"""How to train on a text of one's own: the recipe of chapter 6, at a size that fits the text."""

import math
from dataclasses import dataclass, fields, replace
from typing import NamedTuple

import optax
from flax import linen as nn

from charlm_lib.cells import CELLS, make_model
from charlm_lib.checks import check_sizes
from charlm_lib.engine.streams import SHARES
from charlm_lib.runs.training import Trainer
from charlm_lib.texts.data import TextData, cleaned

HELD_OUT = 10  # one character in so many is held out, at the end of the text
WORK = 3.5e11  # hidden units, squared, times characters read: minutes on two CPU cores


@dataclass(frozen=True)
class Settings:
    """All that a training run needs besides its text and its cell.

    Args:
        num_hiddens, num_layers, dropout: of the model.
        lr: learning rate, the highest one where it changes.
        adamw: AdamW with a schedule (see `adamw`), instead of SGD.
        batch_size, num_steps, num_train, num_val, stride: of the windows, see `TextData`.
        max_epochs, gradient_clip_val, carry_state: see `Trainer`.
    """

    num_hiddens: int
    num_layers: int
    dropout: float
    lr: float
    adamw: bool
    batch_size: int
    num_steps: int
    num_train: int
    num_val: int
    stride: int
    max_epochs: int
    gradient_clip_val: float | None = 1.0
    carry_state: bool = False

    def num_updates(self) -> int:
        """How many updates the training makes."""
        return self.max_epochs * -(-self.num_train // self.batch_size)

    def trainer(self) -> Trainer:
        """Make the trainer."""
        return Trainer(self.max_epochs, self.gradient_clip_val, self.carry_state)

    def model(self, cell: str, vocab_size: int) -> nn.Module:
        """Make the model."""
        sizes = self.num_hiddens, self.num_layers, self.dropout
        return make_model(cell, vocab_size, *sizes, lr=self.lr)

    def optimizer(self) -> optax.GradientTransformation | None:
        """Make the optimizer; None stands for SGD with the model's `lr`."""
        return adamw(self.lr, self.num_updates()) if self.adamw else None

    def data(self, text: str, **reading) -> TextData:
        """Cut the windows of a text; `reading` is what `TextData` takes besides sizes."""
        sizes = self.batch_size, self.num_steps, self.num_train, self.num_val
        return TextData(text, *sizes, stride=self.stride, **reading)


NAMES = {setting.name for setting in fields(Settings)}
READING = ("keep_case", "keep_punctuation", "keep_lines", "vocab")


class Size(NamedTuple):
    """What suits texts of up to so many characters."""

    characters: float
    num_hiddens: int
    dropout: float
    batch_size: int
    num_steps: int
    lr: float
    updates: float


# Tried on beginnings of the novel, the whole of it, and 1.5 million characters of other prose. A
# model learns a small text by heart before it has learned much else: few updates, a small model.
SIZES = (
    Size(2_000, 32, 0.3, 8, 16, 0.01, 120),
    Size(10_000, 32, 0.3, 8, 32, 0.01, 300),
    Size(100_000, 64, 0.3, 32, 64, 0.01, 600),
    Size(500_000, 128, 0.3, 64, 64, 0.01, 1_000),
    Size(5_000_000, 256, 0.1, 64, 64, 0.005, math.inf),
    Size(math.inf, 128, 0.0, 64, 64, 0.01, math.inf),
)


# Chapter 4's, on the first pages of the novel.
REFERENCE = Settings(32, 2, 0.0, 2.0, False, 1024, 32, 10_000, 5_000, 1, 100)


class Recipe(NamedTuple):
    """What `Trainer.fit` takes: `trainer.fit(model, data, key, optimizer)`."""

    data: TextData
    model: nn.Module
    trainer: Trainer
    optimizer: optax.GradientTransformation | None


def adamw(lr: float, num_updates: int) -> optax.GradientTransformation:
    """Make AdamW with a learning rate that warms up and then falls to zero along a cosine.

    Loshchilov and Hutter (2017, 2019). The warm-up takes a tenth of the updates.
    """
    schedule = optax.warmup_cosine_decay_schedule(0.0, lr, num_updates // 10, num_updates)
    return optax.adamw(schedule, weight_decay=0.05)


def fitting_settings(num_characters: int, **chosen) -> Settings:
    """Choose settings for a text of so many characters: chapter 6's recipe at a size that fits.

    All of the text is used. Its last tenth, or nearly so, is held out. Two layers learn with AdamW
    and carried state; a text of up to 2,000 characters is read in windows in random order. It takes
    minutes at most on two CPU cores for up to 20 million characters, and then grows with the text.

    Args:
        num_characters: of the text after cleaning.
        chosen: settings that are to have another value than the one that fits; the windows are
            cut to the `batch_size` and `num_steps` chosen.

    Raises:
        ValueError: the text is too short for the windows.
        TypeError: a setting that there is not.
    """
    check_sizes(num_characters=num_characters)
    size = next(size for size in SIZES if num_characters <= size.characters)
    carry_state = chosen.get("carry_state", size is not SIZES[0])
    batch_size = chosen.get("batch_size", size.batch_size)
    rows = batch_size if carry_state else 1  # so many windows must be whole
    num_steps = chosen.get("num_steps") or fitting_steps(num_characters, rows, size.num_steps)
    parts = (num_characters - 1) // (rows * num_steps)
    if parts < 2:
        raise ValueError(
            f"the text has {num_characters} characters after cleaning, but batch_size={batch_size} "
            f"and num_steps={num_steps} need {2 * rows * num_steps + 1}, to train and to "
            f"validate: use {numbers_that_fit(num_characters, num_steps, carry_state)}"
        )
    num_val = rows * max(1, round(parts / HELD_OUT))
    num_train = rows * parts - num_val
    batch_size = batch_size if "batch_size" in chosen else min(batch_size, num_train)
    num_updates = -(-num_train // batch_size)  # of an epoch
    hiddens = chosen.get("num_hiddens", size.num_hiddens)
    affordable = WORK / (hiddens**2 * num_train * num_steps)
    settings = Settings(
        num_hiddens=hiddens,
        num_layers=2,
        dropout=size.dropout,
        lr=size.lr,
        adamw=True,
        batch_size=batch_size,
        num_steps=num_steps,
        num_train=num_train,
        num_val=num_val,
        stride=num_steps,
        max_epochs=max(1, round(min(size.updates / num_updates, affordable))),
        carry_state=carry_state,
    )
    return replace(settings, **chosen)


def fitting_steps(num_characters: int, rows: int, num_steps: int) -> int:
    """Give about num_steps, so that so many rows of windows leave little of the text unused."""
    parts = max(HELD_OUT, (num_characters - 1) // (rows * num_steps))
    return max(1, (num_characters - 1) // (rows * parts))


def numbers_that_fit(num_characters: int, num_steps: int, carry_state: bool) -> str:
    """Name a batch_size, or a num_steps, at which a text has windows to train and to validate."""
    least = SHARES if carry_state else 1
    rows = (num_characters - 1) // 2 // num_steps // least * least
    if rows:
        return f"batch_size={rows}"
    longest = (num_characters - 1) // 2 // least
    return f"batch_size={least}, num_steps={longest}" if longest else "a longer text"


def recipe_for(text: str, cell: str = "gru", settings: Settings | None = None, **options) -> Recipe:
    """Prepare to train on the whole of a text, with settings that fit it.

    `data, model, trainer, optimizer = recipe_for(text)`, and then
    `trainer.fit(model, data, key=0, optimizer=optimizer)`.

    Args:
        text: the text; it goes through `clean`.
        cell: "gru", "lstm" or "tanh".
        settings: such as `REFERENCE`; None: those that fit.
        options: how `TextData` is to read the text (`keep_case`, `keep_punctuation`, `keep_lines`,
            `vocab`), and settings of `Settings` that are to have another value.

    Raises:
        ValueError: the text is too short, or a number is out of range.
        TypeError: an option that there is not.
    """
    chosen = {name: value for name, value in options.items() if name in NAMES}
    reading = {name: value for name, value in options.items() if name not in NAMES}
    unknown = sorted(reading.keys() - READING)
    if unknown:
        raise TypeError(
            f"recipe_for() has no option {unknown[0]!r}: there are {', '.join(READING)}, and the "
            f"settings {', '.join(sorted(NAMES))}"
        )
    if settings is not None:
        settings = replace(settings, **chosen)
    else:
        if cell in CELLS and not CELLS[cell].has_dropout:
            chosen = {"dropout": 0.0} | chosen
        settings = fitting_settings(len(cleaned(text, **reading)), **chosen)
    data = settings.data(text, **reading)
    model = settings.model(cell, len(data.vocab))
    return Recipe(data, model, settings.trainer(), settings.optimizer())
