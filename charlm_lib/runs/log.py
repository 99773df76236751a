"""The `Log` of a run: what it has been like so far, epoch by epoch."""

import math
from dataclasses import dataclass, field

import jax
import numpy as np
from flax import linen as nn

from charlm_lib.engine.running import Measured, Run
from charlm_lib.losses import perplexity
from charlm_lib.runs.results import FitResult
from charlm_lib.texts.vocabulary import Vocab


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
    val_loss: float = math.nan  # of the last epoch, per character
    stopped: str = "finished"
    grad_norms: list[np.ndarray] = field(default_factory=list)
    history: dict[str, list] = field(
        default_factory=lambda: {
            name: [] for name in ("epoch", "train_perplexity", "val_perplexity", "seconds")
        }
    )

    def take_over(self, start: FitResult) -> None:
        """Begin with what an earlier part of the run was like."""
        self.history = {name: list(values) for name, values in start.history.items()}
        self.grad_norms = [start.grad_norms]
        if start.best_epoch:
            self.best = start.history["val_perplexity"][start.best_epoch - 1]
            self.best_params = start.best_params

    def add(self, number: int, measured: Measured, run: Run) -> None:
        """Take note of an epoch, and of the run's parameters if they are the best so far."""
        train_nll = measured.train_nll.sum(dtype=float)
        self.val_loss = measured.val_nll / self.val_size
        self.history["epoch"].append(number)
        self.history["train_perplexity"].append(perplexity(train_nll / self.train_size))
        self.history["val_perplexity"].append(perplexity(self.val_loss))
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
            opt_state=run.opt_state,
        )
