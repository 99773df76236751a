"""How well a model predicts: windows, a text from front to back, the same after more context."""

import warnings
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn

from charlm_lib.checks import check_sizes
from charlm_lib.engine.batches import device_mesh
from charlm_lib.engine.devices import jit_model
from charlm_lib.engine.epochs import windows_nll
from charlm_lib.engine.settings import our_settings
from charlm_lib.engine.twins import Use, fuse
from charlm_lib.texts.data import TextData, gather_windows
from charlm_lib.texts.vocabulary import UNK, Vocab, readable, some_of

_windows_nll = jit_model(windows_nll, static_argnums=range(5))  # compiled once per model and shape


class TrainedModel(NamedTuple):
    """A language model, its parameters, and the vocabulary that they know.

    Every `FitResult` has these three. What takes a `TrainedModel` takes a result as well.
    """

    model: nn.Module
    params: dict
    vocab: Vocab


def check_trained(trained: TrainedModel) -> None:
    """Raise a ValueError unless this has a model, its parameters and their vocabulary."""
    if not all(hasattr(trained, name) for name in TrainedModel._fields):
        raise ValueError(
            f"{type(trained).__name__} is no trained model: pass the result of Trainer.fit, or "
            "TrainedModel(model, params, vocab), since ids mean nothing without their vocabulary"
        )


@our_settings()
def evaluate(trained: TrainedModel, data: TextData, split: str = "val") -> float:
    """Mean negative log-likelihood per character (nats) over all windows of a split.

    Total over total: batches of different sizes weigh by their characters. No dropout.

    Args:
        trained: a `FitResult`, or a `TrainedModel`.
        data: the windows; the model reads their text in its own vocabulary.
        split: "train" or "val".

    Raises:
        ValueError: unknown split, or a text with characters that the model does not know.
    """
    check_trained(trained)
    return windows_loss(trained, data, data.starts(split))


def windows_loss(trained: TrainedModel, data: TextData, starts: np.ndarray) -> float:
    """Mean negative log-likelihood per character (nats) of the windows that begin at `starts`."""
    tokens = tokens_for(trained.vocab, data)
    twin = fuse(trained.model, Use(data.batch_size, data.num_steps))
    # On this host alone: a process may then evaluate without the others.
    mesh, sizes = device_mesh(jax.local_devices()), (data.num_steps, data.batch_size)
    total = _windows_nll()(twin, None, mesh, *sizes, trained.params, tokens, starts)
    return float(total) / (len(starts) * data.num_steps)


def tokens_for(vocab: Vocab, data: TextData) -> jax.Array:
    """Give the ids of a text in the vocabulary of a model; raise a ValueError if it lacks some."""
    if data.vocab == vocab:
        return data.tokens
    if vocab.unknown(data.text):
        check_vocab(vocab, data)
    return jax.device_put(vocab.encode(data.text))


def check_vocab(vocab: Vocab, data: TextData) -> None:
    """Raise a ValueError unless the ids of the data mean what the model learned them to mean."""
    if data.vocab == vocab:
        return
    known, found = set(vocab.tokens), set(data.vocab.tokens)
    new, missing = (some_of(sorted(tokens), 5) for tokens in (found - known, known - found))
    raise ValueError(
        f"the text has another vocabulary than the one that the model learned ({len(found)} "
        f"tokens, {new} of them unknown; {len(known)} tokens in the model's, {missing} of them "
        "missing here), so an id would mean another character: read it in the model's, "
        "TextData(..., vocab=result.vocab)"
    )


@partial(jax.jit, static_argnums=0)
def _nll(model: nn.Module, params: dict, X: jax.Array, Y: jax.Array) -> jax.Array:
    logits, _ = model.apply(params, X)  # (batch_size, num_steps, vocab_size)
    return optax.softmax_cross_entropy_with_integer_labels(logits, Y)


@our_settings()
def text_nll(trained: TrainedModel, text: str | jax.Array) -> jax.Array:
    """Negative log-likelihood (nats) of each character of a text but the first.

    The model reads the text once, as one long sequence: each prediction uses everything before.

    Args:
        trained: a `FitResult`, or a `TrainedModel`.
        text: at least 2 characters that the model knows; a capital that it does not know counts
            as its small letter. Or their ids, `(n,)`.

    Returns:
        `(n - 1,)`; its mean is the loss of the text.

    Raises:
        ValueError: fewer than 2 characters, or one that the model does not know.
    """
    ids = known_ids(trained, text)
    if len(ids) < 2:
        raise ValueError(f"a text of {len(ids)} characters leaves nothing to predict: pass 2")
    model = fuse(trained.model, Use(1, len(ids) - 1))
    # A batch of one text: (1, n - 1) ids and targets
    return _nll(model, trained.params, ids[None, :-1], ids[None, 1:])[0]


@our_settings()
def nll_by_context(
    trained: TrainedModel, text: str | jax.Array, contexts: Sequence[int], stride: int = 8
) -> jax.Array:
    """Negative log-likelihood (nats) of the same characters after more and more context.

    Each is predicted after exactly so many characters, read from a first state. All contexts
    predict the same characters, so that their losses differ by the context alone.

    Args:
        trained, text: as for `text_nll`.
        contexts: how many characters the model reads, such as `(1, 8, 64)`.
        stride: every stride-th character of the text is predicted, after the longest context.

    Returns:
        `(len(contexts), num_targets)`.

    Raises:
        ValueError: no context, one below 1 or a stride below 1, a text that is no longer than the
            longest context, or an unknown character.
    """
    ids = known_ids(trained, text)
    if not len(contexts):
        raise ValueError("contexts is empty: name numbers of characters, such as (1, 8, 64)")
    for context in contexts:
        check_sizes(context=context)
    check_sizes(stride=stride)
    longest = max(contexts)
    if len(ids) <= longest:
        raise ValueError(
            f"a text of {len(ids)} characters has none after a context of {longest}: use a longer "
            "text or shorter contexts"
        )
    targets = jnp.arange(longest, len(ids), stride)
    model = fuse(trained.model, Use(len(targets), longest))

    def after(context: int) -> jax.Array:
        # What a window holds after its target changes nothing before; one program does for all.
        X, Y = gather_windows(ids, targets - context, longest)  # (num_targets, longest)
        return _nll(model, trained.params, X, Y)[:, context - 1]

    return jnp.stack([after(context) for context in contexts])


@our_settings()
def nll_after(trained: TrainedModel, X: jax.Array, targets: jax.Array) -> jax.Array:
    """Negative log-likelihood (nats) of one character after each of many contexts.

    Args:
        trained: a `FitResult`, or a `TrainedModel`.
        X: the contexts, ids `(num_contexts, num_steps)`, each read from a first state.
        targets: the ids that follow, `(num_contexts,)`.

    Returns:
        `(num_contexts,)`.

    Raises:
        ValueError: the shapes do not belong together, or an unknown character.
    """
    X, targets = np.asarray(X), np.asarray(targets)
    if X.ndim != 2 or targets.shape != X.shape[:1]:
        raise ValueError(
            f"X has shape {X.shape} and targets {targets.shape}: pass ids of shapes "
            "(num_contexts, num_steps) and (num_contexts,)"
        )
    for ids in (X, targets):
        known_ids(trained, ids.ravel())
    model = fuse(trained.model, Use(*X.shape))
    Y = np.broadcast_to(targets[:, None], X.shape)  # asked for at every step, used at the last
    return _nll(model, trained.params, X, Y)[:, -1]


def known_ids(trained: TrainedModel, text: str | jax.Array) -> jax.Array:
    """Give the ids of a text, `(n,)`; raise a ValueError if the model does not know one of them."""
    check_trained(trained)
    vocab = trained.vocab
    if isinstance(text, str):
        return jax.device_put(vocab.encode(readable(text, vocab, "text")))
    ids = np.asarray(text)
    if ids.ndim != 1 or not np.issubdtype(ids.dtype, np.integer):
        raise ValueError(
            f"text has shape {ids.shape} and type {ids.dtype}: pass a string, or ids of shape (n,)"
        )
    outside = ids[(ids < 0) | (ids >= len(vocab))]
    if outside.size:
        raise ValueError(f"id {outside[0]} is outside 0..{len(vocab) - 1}, the vocabulary's ids")
    unknown = np.count_nonzero(ids == 0)
    if unknown:
        warnings.warn(
            f"{unknown:,} of {len(ids):,} ids are 0, {UNK}, which the model has never seen: what "
            "it says of them, and after them, means little",
            stacklevel=4,
        )
    return jax.device_put(ids)
