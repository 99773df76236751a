"""What is wrong with a model, with a start, or with a run that has ended; and what to change."""

import jax
import numpy as np
from flax import linen as nn

from charlm_lib.cells import describe_model
from charlm_lib.display.numbers import format_perplexity
from charlm_lib.engine.optimizers import is_number
from charlm_lib.engine.parameters import param_shapes, without_lr
from charlm_lib.engine.probing import logits_shape
from charlm_lib.evaluation import TrainedModel, check_vocab, windows_loss
from charlm_lib.losses import has_exploded
from charlm_lib.runs.results import FitResult
from charlm_lib.texts.data import TextData

CLEARLY_WORSE = 1.1  # times guessing evenly: a run that has only begun may be a little above it


def check_kinds(model: nn.Module, data: TextData) -> None:
    """Raise a ValueError unless these are a model and data, in this order."""
    if not (isinstance(model, nn.Module) and isinstance(data, TextData)):
        raise ValueError(
            f"fit needs a Flax model and TextData, in this order, not {type(model).__name__} and "
            f"{type(data).__name__}"
        )


def check_model(model: nn.Module, data: TextData) -> None:
    """Raise a ValueError unless the model gives one logit per token of the vocabulary."""
    vocab_size = len(data.vocab)
    if getattr(model, "vocab_size", vocab_size) != vocab_size:
        raise ValueError(
            f"the model has vocab_size={model.vocab_size}, but the text has {vocab_size} "
            "tokens: build the model with vocab_size=len(data.vocab)"
        )
    batch_size, num_steps = 2, 3
    shape = logits_shape(without_lr(model), batch_size, num_steps)
    if shape != (batch_size, num_steps, vocab_size):
        raise ValueError(
            f"the model gives logits of shape {shape} for ids of shape {batch_size, num_steps}, "
            f"but training needs (batch_size, num_steps, {vocab_size}): {vocab_size} tokens are in "
            "the vocabulary"
        )


def check_start(start: FitResult, model: nn.Module, data: TextData) -> None:
    """Raise a ValueError unless training can go on from this result with this model and text."""
    if not isinstance(start, FitResult):
        raise ValueError(
            f"start is of type {type(start).__name__}: pass the result that fit gave, or load(path)"
        )
    if not all(np.isfinite(x).all() for x in jax.tree.leaves(start.params)):
        raise ValueError("start has parameters that are not finite: go on from another result")
    if start.stopped == "diverged":
        raise ValueError("start has diverged: go on from start.at_best_epoch()")
    check_vocab(start.vocab, data)
    shapes = param_shapes(without_lr(model))
    if jax.tree.map(np.shape, shapes) != jax.tree.map(np.shape, start.params):
        raise ValueError(
            f"the parameters of start have other shapes than those of {describe_model(model)}: "
            "pass the model that start.model is"
        )


def exploded(trained: TrainedModel, data: TextData, starts: np.ndarray) -> bool:
    """Say whether a model has exploded on windows that it was trained on.

    On validation windows alone it may be right to be wrong: they can be of another kind.

    Args:
        trained: the model.
        data, starts: what it is trained on.
    """
    some = starts[:: -(-len(starts) // data.batch_size)]  # all over the text, at most one batch
    return has_exploded(windows_loss(trained, data, some), len(trained.vocab))


def same_numbers(params: dict, others: dict) -> bool:
    """Say whether two trees of parameters are equal."""
    return all(jax.tree.leaves(jax.tree.map(np.array_equal, params, others)))


def advise(result: FitResult, lr: float | None, is_clipped: bool, first_params: dict) -> str:
    """Say what went wrong in a run, and what to change; nothing where nothing did.

    Args:
        result: what it left behind.
        lr: the model's; None for an optimizer of one's own.
        is_clipped: whether gradients were clipped.
        first_params: the parameters that it began with.
    """
    epoch, size = len(result.history["epoch"]), len(result.vocab)
    train, val = (result.history[f"{name}_perplexity"][-1] for name in ("train", "val"))
    guessing = f"guessing evenly among {size} tokens has {size}"
    remedy = "a smaller learning rate" + (f" than lr={lr}" if is_number(lr) else "")
    if not is_clipped:
        remedy += ", or gradient_clip_val=1 in the Trainer"
    if result.stopped == "diverged" and not np.isfinite(train):
        return (
            f"Training diverged in epoch {epoch}: the loss is not finite. The parameters are those "
            f"after the last finite update. Try {remedy}."
        )
    if result.stopped == "diverged":
        return (
            f"Training diverged in epoch {epoch}: validation perplexity {format_perplexity(val)}, "
            f"and it is no better on the windows it learns from; {guessing}. Try {remedy}."
        )
    if same_numbers(first_params, result.params):
        return (
            "Training changed no parameter: its learning rate is 0, as at the end of a schedule "
            "that has come to its end. Pass an optimizer with a rate above 0."
        )
    if not val <= CLEARLY_WORSE * size:
        return (
            f"After epoch {epoch} the model is worse than no model: validation perplexity "
            f"{format_perplexity(val)}, while {guessing}. If its training perplexity "
            f"({format_perplexity(train)}) is no better, try {remedy}, or more epochs; if it is, "
            "the validation text is of another kind, or the training text was learned by heart."
        )
    return ""
