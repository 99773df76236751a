"""Which model has a fused twin: the one that computes what the chapters' model computes."""

import dataclasses
from functools import lru_cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from flax import linen as nn

from charlm_lib.cells import KINDS
from charlm_lib.engine.fused import (
    FusedGRU,
    FusedLSTM,
    FusedRNN,
    FusedRNNLM,
    FusedRNNLMScratch,
    FusedRNNScratch,
    FusedStackedRNNScratch,
)
from charlm_lib.engine.parameters import param_shapes, without_lr
from charlm_lib.engine.programs import written_out
from charlm_lib.engine.settings import deciding_settings
from charlm_lib.texts.data import TextData

TWINS = {
    "RNNScratch": FusedRNNScratch,
    "StackedRNNScratch": FusedStackedRNNScratch,
    "RNN": FusedRNN,
    "GRU": FusedGRU,
    "LSTM": FusedLSTM,
    "RNNLMScratch": FusedRNNLMScratch,
    "RNNLM": FusedRNNLM,
}
LONGEST = 128  # steps that are compared; JAX traces a written-out loop step by step


class Use(NamedTuple):
    """One way to call a language model: what decides, numbers apart, what it computes."""

    batch_size: int
    num_steps: int
    given_state: bool = False
    training: bool = False


def training_uses(data: TextData, compute_dtype: str | None, carry_state: bool) -> tuple[Use, Use]:
    """Say how validation and training will call a model; the arguments are those of `Trainer`."""
    use = Use(data.batch_size, data.num_steps, carry_state or compute_dtype is not None)
    return use, use._replace(training=True)


def fuse(model: nn.Module, use: Use, *more: Use) -> nn.Module:
    """Give the fused twin of a language model, or the model itself if it has none.

    Either comes without a learning rate, which is no part of what it computes.

    A layer has a twin if it computes exactly what the layer of the same name in `layers` does:
    JAX traces both, called in each of these ways, and their programs must be equal. So a chapter's
    own copy of a layer has a twin, until somebody edits what it computes. The same holds for the
    language model around it; where that one is edited, its layer can still have a twin.

    Of more than 128 steps, the first 128 are compared.
    """
    return _fuse(without_lr(model), deciding_settings(), use, *more)


@lru_cache(maxsize=32)
def _fuse(model: nn.Module, settings: tuple, use: Use, *more: Use) -> nn.Module:
    same = partial(same_program, uses=(use, *more))
    rnn = settings_of_ours(getattr(model, "rnn", None))
    if rnn is None or rnn[0] not in TWINS:
        return model
    if not same(model, model.clone(rnn=KINDS[rnn[0]](**rnn[1]))):
        return model
    fused_rnn = TWINS[rnn[0]](**rnn[1])
    head = settings_of_ours(model)
    if head is None or not same(model, KINDS[head[0]](**head[1])):
        return model.clone(rnn=fused_rnn)
    return TWINS[head[0]](**head[1] | {"rnn": fused_rnn})


def as_ours(model: nn.Module, *uses: Use) -> nn.Module | None:
    """Give a language model of the library's own classes that computes what this one computes.

    A class counts as the library's if it has its name, its settings and its program: a reader's own
    `RNN` that computes something else has no such model. None: there is none.
    """
    rnn, head = settings_of_ours(getattr(model, "rnn", None)), settings_of_ours(model)
    if rnn is None or head is None:
        return None
    ours = KINDS[head[0]](**head[1] | {"rnn": KINDS[rnn[0]](**rnn[1])})
    return ours if same_program(model, ours, uses) else None


def settings_of_ours(module: nn.Module | None) -> tuple[str, dict] | None:
    """Give the name of the module's class and its settings, if `KINDS` has one of that name."""
    kind = type(module).__name__
    if kind not in KINDS:
        return None
    names = [f.name for f in dataclasses.fields(KINDS[kind]) if f.name not in ("parent", "name")]
    if not all(hasattr(module, name) for name in names):
        return None
    return kind, {name: getattr(module, name) for name in names}


def same_program(model: nn.Module, other: nn.Module, uses: tuple[Use, ...]) -> bool:
    """Say whether two language models have the same parameters and compute the same."""
    return model == other or all(traced(model, use) == traced(other, use) for use in uses)


def traced(model: nn.Module, use: Use) -> str:
    """Write out what a language model computes, as JAX traces it."""
    return _traced(without_lr(model), use, deciding_settings())


@lru_cache(maxsize=64)
def _traced(model: nn.Module, use: Use, settings: tuple) -> str:
    key = jax.random.key(0)
    X = jax.ShapeDtypeStruct((use.batch_size, min(use.num_steps, LONGEST)), jnp.int32)
    params = param_shapes(model)
    state = jax.eval_shape(model.apply, params, X)[1] if use.given_state else None

    def run(params, X, state, key):
        return model.apply(params, X, state, training=use.training, rngs={"dropout": key})

    program = jax.make_jaxpr(run)(params, X, state, key)
    return str(jax.tree.structure(params)) + written_out(program)
