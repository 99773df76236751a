"""The `Trainer`, which lets a language model learn the windows of a text."""

import math
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import jax
import numpy as np
import optax
from flax import linen as nn

from charlm_lib.data import TextData, Vocab
from charlm_lib.display.progress import FitDisplay
from charlm_lib.engine.batches import on_any_process
from charlm_lib.engine.fingerprint import describe_run
from charlm_lib.engine.optimizers import Rule, clipped, sgd
from charlm_lib.engine.running import Measured, Run
from charlm_lib.engine.settings import our_settings
from charlm_lib.engine.short_runs import note, shorten
from charlm_lib.engine.stopping import StopButton
from charlm_lib.engine.streams import check_streams
from charlm_lib.evaluation import check_vocab
from charlm_lib.losses import perplexity
from charlm_lib.models import check_sizes
from charlm_lib.results import FitResult, load, read


@dataclass(frozen=True)
class Trainer:
    """Trains a language model on windows of text.

    Args:
        max_epochs: passes over the training windows; 0 gives the untrained model.
        gradient_clip_val: longest gradient that an update uses; a longer one is scaled down to
            it (Pascanu et al., 2013). None: no clipping.
        carry_state: read the text from front to back, each row of a batch going on with the state
            that its last window left, instead of windows in random order from a state of zeros.
            The data must have `stride=num_steps`.
        compute_dtype: "bfloat16" computes products and hidden states with 8 significant bits
            instead of 24, in training and its validation; parameters, their gradients' sums and
            the loss stay float32. It saves time and memory on a GPU or TPU that has units for
            it, not on most CPUs. None: everything in float32.

    Raises:
        ValueError: a setting is out of range.
    """

    max_epochs: int
    gradient_clip_val: float | None = None
    carry_state: bool = False
    compute_dtype: str | None = None

    def __post_init__(self):
        check_sizes(least=0, max_epochs=self.max_epochs)
        if self.gradient_clip_val is not None and not self.gradient_clip_val > 0:
            raise ValueError(
                f"gradient_clip_val={self.gradient_clip_val!r} must be positive, or None for no "
                "clipping"
            )
        if self.compute_dtype not in (None, "bfloat16"):
            raise ValueError(
                f'compute_dtype={self.compute_dtype!r} must be "bfloat16", or None for float32'
            )
        if self.compute_dtype and self.carry_state:
            raise ValueError(
                f"compute_dtype={self.compute_dtype!r} and carry_state=True do not go together: "
                "leave one of them out"
            )

    def fit(
        self,
        model: nn.Module,
        data: TextData,
        key: jax.Array | int = 0,
        optimizer: optax.GradientTransformation | None = None,
        show: bool = True,
    ) -> FitResult:
        """Train a model from new random parameters.

        Progress and a growing perplexity plot are shown in a notebook, a progress bar in a
        terminal. The stop button (Ctrl-C) ends training after the running epoch and keeps what
        was learned. When the loss is no longer finite, training stops with a warning.
        `CHARLM_FAST=1` in the environment cuts training short, for a quick look.

        Args:
            model: a language model such as `RNNLM(GRU(32, 2), len(data.vocab), lr=2)`.
            data: the windows of a text.
            key: a JAX random key, or a seed for one, for the parameters, the order of the
                windows, and dropout. Same key, same result.
            optimizer: any optax optimizer; None stands for SGD with the model's `lr`. Clipping
                comes before it.
            show: whether to show progress.

        Raises:
            ValueError: the model does not fit the data, its lr is not a positive number, or the
                windows do not follow each other although the state is to be carried.
        """
        rule = self.rule_for(model, data, optimizer)
        max_epochs, starts, left_out = shorten(self.max_epochs, data.starts("train"))
        log = Log(len(starts) * data.num_steps, data.num_val * data.num_steps)
        show = show and jax.process_index() == 0
        display = FitDisplay(log.history, max_epochs, show, note(left_out))
        with our_settings(), StopButton() as stop, display:
            how = self.compute_dtype, self.carry_state, max_epochs > 0
            run = Run(model, data, starts, key, rule, *how)
            # Before the first epoch: what cannot be described must not cost a training.
            kind = "sgd" if optimizer is None else "own"
            settings = describe_run(self, model, data, key, kind, run.first_params)
            if max_epochs:
                run.wait()
            for number in range(1, max_epochs + 1):
                measured = run.epoch(number)
                log.add(number, measured, run)
                display.update()
                if log.stopped == "diverged":
                    break
                if number < max_epochs and on_any_process(stop.pressed):
                    log.stopped = "interrupted"
                    break
        if log.stopped == "diverged":
            lr = model.lr if optimizer is None else None
            warnings.warn(divergence_advice(self, lr, number), stacklevel=2)
        return log.result(model, data.vocab, settings, run)

    def rule_for(
        self, model: nn.Module, data: TextData, optimizer: optax.GradientTransformation | None
    ) -> Rule:
        """Give the rule of updates; raise a ValueError unless the model can learn the data."""
        check_vocab(model, data)
        if self.carry_state:
            check_streams(data)
        if optimizer is None:
            return sgd(model.lr, self.gradient_clip_val)
        return clipped(optimizer, self.gradient_clip_val)


@dataclass
class Log:
    """What a run has been like so far.

    Args:
        train_size, val_size: characters that an epoch predicts.
    """

    train_size: int
    val_size: int
    best: float = math.inf  # the lowest validation perplexity
    best_params: dict = field(default_factory=dict)
    stopped: str = "finished"
    grad_norms: list[np.ndarray] = field(default_factory=list)
    history: dict[str, list] = field(
        default_factory=lambda: {
            name: [] for name in ("epoch", "train_perplexity", "val_perplexity", "seconds")
        }
    )

    def add(self, number: int, measured: Measured, run: Run) -> None:
        """Take note of an epoch, and of the run's parameters if they are the best so far."""
        train_nll = measured.train_nll.sum(dtype=float)
        self.history["epoch"].append(number)
        self.history["train_perplexity"].append(perplexity(train_nll / self.train_size))
        self.history["val_perplexity"].append(perplexity(measured.val_nll / self.val_size))
        self.history["seconds"].append(measured.seconds)
        self.grad_norms.append(measured.grad_norms)
        if self.history["val_perplexity"][-1] < self.best:
            self.best, self.best_params = self.history["val_perplexity"][-1], run.params
        if not np.isfinite(measured.train_nll).all():
            self.stopped = "diverged"

    def result(self, model: nn.Module, vocab: Vocab, settings: dict, run: Run) -> FitResult:
        """Give what is left when the run is over, on JAX's default device."""
        norms = np.concatenate(self.grad_norms) if self.grad_norms else np.zeros(0, np.float32)
        return FitResult(
            model=model,
            params=jax.device_put(run.params),
            vocab=vocab,
            history=self.history,
            settings=settings,
            best_params=jax.device_put(self.best_params or run.first_params),
            grad_norms=norms,
            compile_seconds=run.compile_seconds,
            stopped=self.stopped,
        )


def fit_or_load(
    path: str | Path, trainer: Trainer, model: nn.Module, data: TextData, key: int = 0
) -> FitResult:
    """Load a saved result if it came from the very same settings, otherwise train and save it.

    A file counts only if the model and all that it computes, the text, the windows, the trainer,
    the seed, the source of this library and the versions of the packages that it imports are the
    same, and only if the run was finished. A run that was stopped or diverged is not saved.

    Raises:
        ValueError: the file is damaged (see `load`).
    """
    wanted = describe_run(trainer, model, data, key)
    saved = read(Path(path))[0] if Path(path).is_file() else {}
    found = saved.get("settings") == wanted and saved.get("stopped") == "finished"
    # All processes train, or none: one alone would wait for the others for ever.
    if not on_any_process(not found):
        result = load(path, model)
        if jax.process_index() == 0:
            print(f"{path}: {result}")
        return result
    result = trainer.fit(model, data, key)
    if result.stopped == "finished":
        result.save(path)
    return result


def divergence_advice(trainer: Trainer, lr: float | None, epoch: int) -> str:
    """Say what to change after a loss that was not finite; lr is None for one's own optimizer."""
    remedy = "a smaller learning rate" + ("" if lr is None else f" than lr={lr}")
    if trainer.gradient_clip_val is None:
        remedy += ", or gradient_clip_val=1 in the Trainer"
    return (
        f"Training diverged in epoch {epoch}: the loss is not finite. The parameters are those "
        f"after the last finite update. Try {remedy}."
    )
