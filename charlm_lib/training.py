"""The `Trainer`, and what it learned measured on a split of the text."""

import math
import time
import warnings
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn

from charlm_lib.data import TextData
from charlm_lib.display.progress import FitDisplay, StopButton
from charlm_lib.engine.devices import jit_model
from charlm_lib.engine.epochs import (
    abstract,
    compiled,
    compiling_epoch,
    device_mesh,
    epoch_function,
    on_all_devices,
    on_any_process,
    shuffled_batches,
    windows_nll,
)
from charlm_lib.engine.fingerprint import describe_fit
from charlm_lib.engine.parameters import as_key, first_params, param_shapes
from charlm_lib.engine.short_runs import note, shorten
from charlm_lib.engine.streams import (
    check_streams,
    stream_batches,
    stream_epoch_function,
    stream_mesh,
)
from charlm_lib.engine.twins import Use, fuse
from charlm_lib.losses import perplexity
from charlm_lib.results import FitResult, load

_windows_nll = jit_model(windows_nll, static_argnums=range(5))  # compiled once per model and shape


def evaluate(model: nn.Module, params: dict, data: TextData, split: str = "val") -> float:
    """Mean negative log-likelihood per character (nats) over all windows of a split.

    Total over total: batches of different sizes weigh by their characters. No dropout.

    Args:
        model, params: a language model, for example of a `FitResult`.
        data: the windows; its vocabulary must be the one the model learned.
        split: "train" or "val".

    Raises:
        ValueError: unknown split, or a model for another vocabulary size.
    """
    check_vocab(model, data)
    starts = data.starts(split)
    # On this host alone: a process may then evaluate without the others.
    model = fuse(model.clone(lr=0.0), Use(data.batch_size, data.num_steps))
    mesh, sizes = device_mesh(jax.local_devices()), (data.num_steps, data.batch_size)
    total = _windows_nll()(model, None, mesh, *sizes, params, data.tokens, starts)
    return float(total) / (len(starts) * data.num_steps)


def check_vocab(model: nn.Module, data: TextData) -> None:
    """Raise a ValueError unless the model has one logit per token of the vocabulary."""
    if model.vocab_size != len(data.vocab):
        raise ValueError(
            f"the model has vocab_size={model.vocab_size}, but the text has {len(data.vocab)} "
            "tokens: build the model with vocab_size=len(data.vocab)"
        )


def clipped_sgd(learning_rate: float, max_norm: float) -> optax.GradientTransformation:
    """SGD on gradients that are scaled down to length max_norm where they are longer."""
    chain = optax.chain(optax.clip_by_global_norm(max_norm), optax.sgd(learning_rate))
    return optax.flatten(chain)  # one vector, because XLA compiles a program for every array


# Both numbers are part of the optimizer's state, so that changing them compiles nothing anew.
_SGD = optax.inject_hyperparams(clipped_sgd)(learning_rate=0.0, max_norm=math.inf)


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
        epochs = self.max_epochs
        if isinstance(epochs, bool) or not isinstance(epochs, int | np.integer) or epochs < 0:
            raise ValueError(f"max_epochs={epochs!r} must be a whole number of at least 0")
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
        check_vocab(model, data)
        if self.carry_state:
            check_streams(data)
        kind = "sgd" if optimizer is None else "own"
        optimizer, first_opt_state = self.start(optimizer, model.lr)
        max_epochs, train_starts, left_out = shorten(self.max_epochs, data.starts("train"))

        mesh = stream_mesh(device_mesh()) if self.carry_state else device_mesh()
        tokens, val_starts = on_all_devices((data.tokens, data.starts("val")), mesh)
        order_key = on_all_devices(jax.random.split(as_key(key))[1], mesh)
        if self.carry_state:
            lay_out, function = stream_batches, stream_epoch_function
        else:
            lay_out, function = shuffled_batches, epoch_function
        lay_out = partial(lay_out, mesh, data.batch_size, train_starts, order_key)

        history = {"epoch": [], "train_perplexity": [], "val_perplexity": [], "seconds": []}
        grad_norms, compile_seconds = [], 0.0
        best, stopped = math.inf, "finished"
        train_tokens, val_tokens = (n * data.num_steps for n in (len(train_starts), data.num_val))
        shapes = param_shapes(model)
        show = show and jax.process_index() == 0
        screen = FitDisplay(history, max_epochs, show, note(left_out))
        with StopButton() as stop, screen as display:
            begun = time.perf_counter()
            if max_epochs:
                shapes = shapes, jax.eval_shape(first_opt_state, shapes)
                shapes = abstract((*shapes, tokens, lay_out(1), val_starts), mesh)
                sizes = data.num_steps, data.batch_size
                # The lr is no part of what is compiled.
                fast = fuse(model.clone(lr=0.0), *self.uses(data))
                compiling = compiling_epoch(
                    function, fast, self.compute_dtype, mesh, *sizes, optimizer, *shapes
                )
            params = first_params(model, key)
            # Before the run: what cannot be described must not cost a training.
            settings = describe_fit(self, model, data, key, kind, params)
            best_params = jax.device_get(params)
            # Copies, because the parameters are donated: an optimizer may keep them in its state.
            opt_state = jax.tree.map(jnp.copy, first_opt_state(params))
            state = on_all_devices((params, opt_state), mesh)
            if max_epochs:
                epoch = compiled(compiling)
                compile_seconds = time.perf_counter() - begun
            for number in range(1, max_epochs + 1):
                begun = time.perf_counter()
                *state, nll, norms, val_nll = epoch(*state, tokens, lay_out(number), val_starts)
                nll, norms, val_nll = jax.device_get((nll, norms, val_nll))
                history["epoch"].append(number)
                history["train_perplexity"].append(perplexity(nll.sum(dtype=float) / train_tokens))
                history["val_perplexity"].append(perplexity(float(val_nll) / val_tokens))
                history["seconds"].append(time.perf_counter() - begun)
                grad_norms.append(norms)
                if history["val_perplexity"][-1] < best:
                    best, best_params = history["val_perplexity"][-1], jax.device_get(state[0])
                display.update()
                if not np.isfinite(nll).all():
                    stopped = "diverged"
                    break
                if number < max_epochs and on_any_process(stop.pressed):
                    stopped = "interrupted"
                    break
        if stopped == "diverged":
            lr = model.lr if settings["optimizer"] == "sgd" else None
            warnings.warn(divergence_advice(self, lr, number), stacklevel=2)
        return FitResult(
            model=model,
            params=local_copy(state[0]),
            vocab=data.vocab,
            history=history,
            settings=settings,
            best_params=local_copy(best_params),
            grad_norms=np.concatenate(grad_norms) if grad_norms else np.zeros(0, np.float32),
            compile_seconds=compile_seconds,
            stopped=stopped,
        )

    def uses(self, data: TextData) -> tuple[Use, Use]:
        """Say how training and validation will call the model."""
        given_state = self.carry_state or self.compute_dtype is not None
        use = Use(data.batch_size, data.num_steps, given_state)
        return use, use._replace(training=True)

    def start(self, optimizer: optax.GradientTransformation | None, lr: float) -> tuple:
        """Give the optimizer, with clipping before it, and the function that makes its state."""
        clip = self.gradient_clip_val
        if optimizer is not None:
            if clip is not None:
                optimizer = optax.chain(optax.clip_by_global_norm(clip), optimizer)
            return optimizer, optimizer.init
        if not 0 < lr < math.inf:
            raise ValueError(f"lr={lr!r} must be a positive number")

        def first_state(params: dict):
            state = _SGD.init(jnp.zeros(1))  # alike for any parameters: nothing to compile anew
            state.hyperparams["learning_rate"] = jnp.float32(lr)
            state.hyperparams["max_norm"] = jnp.float32(math.inf if clip is None else clip)
            return state

        return _SGD, first_state


def fit_or_load(
    path: str | Path, trainer: Trainer, model: nn.Module, data: TextData, key: int = 0
) -> FitResult:
    """Load a saved result if it came from the very same settings, otherwise train and save it.

    A file counts only if the model and all that it computes, the text, the windows, the trainer,
    the seed, the versions of JAX, Flax and optax and the source of this library are the same, and
    only if the run was finished. A run that was stopped or diverged is not saved.

    Raises:
        ValueError: the file is damaged (see `load`).
    """
    result = load(path) if Path(path).is_file() else None
    wanted = describe_fit(trainer, model, data, key)
    found = result is not None and result.settings == wanted and result.stopped == "finished"
    # All processes train, or none: one alone would wait for the others for ever.
    if not on_any_process(not found):
        if jax.process_index() == 0:
            print(f"{path}: {result}")
        return replace(result, model=model)
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


def local_copy(tree):
    """Copy parameters from all training devices to JAX's default device."""
    return jax.tree.map(jnp.asarray, jax.device_get(tree))
