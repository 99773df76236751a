"""The `Trainer`, which lets a language model learn the windows of a text."""

import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import jax
import numpy as np
import optax
from flax import linen as nn

from charlm_lib.checks import check_sizes, refuse_arguments
from charlm_lib.display.progress import FitDisplay
from charlm_lib.engine.batches import on_any_process
from charlm_lib.engine.fingerprint import describe_run
from charlm_lib.engine.optimizers import Rule, clipped, is_number, sgd
from charlm_lib.engine.parameters import without_lr
from charlm_lib.engine.probing import is_known, looks_ahead
from charlm_lib.engine.running import Run
from charlm_lib.engine.settings import our_settings
from charlm_lib.engine.short_runs import note, shorten
from charlm_lib.engine.stopping import StopButton
from charlm_lib.engine.streams import check_streams
from charlm_lib.engine.twins import fuse, training_uses
from charlm_lib.evaluation import TrainedModel
from charlm_lib.losses import has_exploded
from charlm_lib.runs.checkpoints import Timer, check_checkpoint
from charlm_lib.runs.going_on import go_on
from charlm_lib.runs.judging import advise, check_kinds, check_model, check_start, exploded
from charlm_lib.runs.log import Log
from charlm_lib.runs.results import FitResult
from charlm_lib.texts.data import TextData

EVERY_DEVICE = (
    "leave it out, since all devices that JAX sees share the work; JAX_PLATFORMS=cpu in the "
    "environment keeps JAX on the CPU"
)
INSTEAD = {  # of arguments that trainers of other books and libraries have
    "num_gpus": EVERY_DEVICE,
    "accelerator": EVERY_DEVICE,
    "devices": EVERY_DEVICE,
    "precision": 'write compute_dtype="bfloat16", or nothing for float32',
    "lr": "it belongs to the model, RNNLM(rnn, vocab_size, lr=1.0)",
    "optimizer": "pass it to fit, Trainer(...).fit(model, data, optimizer=...)",
}


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

    def __new__(cls, *_, **given):
        foreign = {name: given[name] for name in given if name in INSTEAD}
        refuse_arguments("Trainer", foreign, INSTEAD)
        return super().__new__(cls)

    def __post_init__(self):
        check_sizes(least=0, max_epochs=self.max_epochs)
        clip = self.gradient_clip_val
        if clip is not None and not (is_number(clip) and clip > 0):
            raise ValueError(
                f"gradient_clip_val={clip!r} must be positive, or None for no clipping"
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

    @our_settings()
    def fit(
        self,
        model: nn.Module,
        data: TextData,
        key: jax.Array | int = 0,
        optimizer: optax.GradientTransformation | None = None,
        show: bool = True,
        start: FitResult | None = None,
        checkpoint: str | Path | None = None,
        checkpoint_minutes: float = 10,
    ) -> FitResult:
        """Train a model, from new random parameters or from those of a result.

        Progress and a growing perplexity plot are shown in a notebook, a progress bar in a
        terminal. The stop button (Ctrl-C) ends training after the running epoch and keeps what
        was learned. `CHARLM_FAST=1` in the environment cuts training short, for a quick look.

        Training stops with a warning when it has diverged: when the loss is no longer finite, or
        when the model, after an epoch, predicts both validation windows and windows that it was
        trained on more than ten times worse than guessing evenly (perplexity above `10 *
        vocab_size`).

        Args:
            model: a language model such as `RNNLM(GRU(32, 2), len(data.vocab), lr=2)`.
            data: the windows of a text.
            key: a JAX random key, or a seed for one, for the parameters, the order of the
                windows, and dropout. Same key, same result.
            optimizer: any optax optimizer; None stands for SGD with the model's `lr`, a number or
                a schedule. Clipping comes before it.
            show: whether to show progress.
            start: a result to go on from, for `max_epochs` more epochs. If windows, key and what
                the model computes are the same, then order and history go on, and so does the
                state of the optimizer if that is the same too: 50 and 50 epochs equal 100. If
                not, as in fine-tuning on a second text, a new run begins from its parameters.
            checkpoint: a file to which the result so far is saved now and then; `load` reads it
                after a crash, for `start`.
            checkpoint_minutes: how often.

        Raises:
            ValueError: the model does not fit the data or the start, it has no usable lr, or the
                windows do not follow each other although the state is to be carried.
        """
        check_kinds(model, data)
        if start is not None:
            check_start(start, model, data)
        if checkpoint is not None:
            check_checkpoint(Path(checkpoint))
        rule = self.rule_for(model, data, optimizer)
        max_epochs, starts, left_out = shorten(self.max_epochs, data.starts("train"))
        log = Log(len(starts) * data.num_steps, data.num_val * data.num_steps)
        with StopButton() as stop:
            run, settings, words = self.begin(model, data, starts, key, rule, start, log)
            self.warn_of_looking_ahead(model, data)
            due = Timer(checkpoint_minutes)
            done = len(log.history["epoch"])
            last = done + max_epochs
            show = show and jax.process_index() == 0
            words = "; ".join(filter(None, (note(left_out), words)))
            with FitDisplay(log.history, last, show, words) as display:
                if max_epochs:
                    run.wait()
                    display.begin()
                for number in range(done + 1, last + 1):
                    with stop.held():
                        log.add(number, run.epoch(number), run)
                    display.update()
                    if has_exploded(log.val_loss, len(data.vocab)):
                        trained = TrainedModel(model, run.params, data.vocab)
                        if exploded(trained, data, starts):
                            log.stopped = "diverged"
                    if log.stopped == "diverged":
                        break
                    if number < last and on_any_process(stop.pressed):
                        log.stopped = "interrupted"
                        break
                    if checkpoint and number < last and due():
                        so_far = log.result(model, data.vocab, settings, run)
                        replace(so_far, stopped="interrupted").save(checkpoint)
        result = log.result(model, data.vocab, settings, run)
        lr = model.lr if optimizer is None else None
        is_clipped = self.gradient_clip_val is not None
        advice = advise(result, lr, is_clipped, run.first_params) if max_epochs else ""
        if advice:
            warnings.warn(advice, stacklevel=3)
        return result

    def rule_for(
        self, model: nn.Module, data: TextData, optimizer: optax.GradientTransformation | None
    ) -> Rule:
        """Give the rule of updates; raise a ValueError unless the model can learn the data."""
        check_model(model, data)
        if self.carry_state:
            check_streams(data)
        if optimizer is not None:
            return clipped(optimizer, self.gradient_clip_val)
        if getattr(model, "lr", None) is None:
            raise ValueError(
                f"{type(model).__name__} has no learning rate: give it a field `lr`, as in lr=1.0, "
                "or pass an optimizer, fit(..., optimizer=optax.adamw(0.01))"
            )
        return sgd(model.lr, self.gradient_clip_val)

    def begin(
        self,
        model: nn.Module,
        data: TextData,
        starts: np.ndarray,
        key: jax.Array | int,
        rule: Rule,
        start: FitResult | None,
        log: Log,
    ) -> tuple[Run, dict, str]:
        """Begin a run, which begins to compile; give also its settings, and a few words on it.

        What cannot be described must not cost a training: so the settings come first.
        """
        how = self.compute_dtype, self.carry_state, self.max_epochs > 0
        if start is None:
            run = Run(model, data, starts, key, rule, *how)
            return run, describe_run(self, model, data, key, rule, run.first_params), ""
        settings = describe_run(self, model, data, key, rule, start.params)
        begin, settings, words = go_on(start, settings, log)
        return Run(model, data, starts, key, rule, *how, begin), settings, words

    def warn_of_looking_ahead(self, model: nn.Module, data: TextData) -> None:
        """Warn where a model of one's own sees what it should predict."""
        twin = fuse(model, *training_uses(data, self.compute_dtype, self.carry_state))
        if not is_known(twin) and looks_ahead(without_lr(model)):
            warnings.warn(
                "This model sees the future: what it predicts changes with characters that come "
                "later, as in a layer that reads both ways. So it can read off its target instead "
                "of predicting it: a perplexity near 1 is no success, and it cannot write. Let "
                "every step depend on the steps before it only.",
                stacklevel=4,
            )
