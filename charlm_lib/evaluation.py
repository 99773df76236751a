"""How well a model predicts: windows, a text read from front to back, each place in a window."""

import warnings
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn

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
def nll_by_position(trained: TrainedModel, text: str | jax.Array, num_steps: int) -> jax.Array:
    """Mean negative log-likelihood (nats) after 1, 2, ..., num_steps characters of context.

    The text is cut into windows that start half a window apart, and each window is read from a
    first state, so that the prediction at step t knows t characters and no more.

    Args:
        trained, text: as for `text_nll`.
        num_steps: the longest context, in characters.

    Returns:
        `(num_steps,)`.

    Raises:
        ValueError: the text is shorter than one window, or has an unknown character.
    """
    ids = known_ids(trained, text)
    if len(ids) < num_steps + 1:
        raise ValueError(
            f"a text of {len(ids)} characters has no window of num_steps={num_steps} and a "
            "target: use a longer text or a smaller num_steps"
        )
    starts = jnp.arange(0, len(ids) - num_steps, max(1, num_steps // 2))
    windows = gather_windows(ids, starts, num_steps)
    model = fuse(trained.model, Use(len(starts), num_steps))
    return _nll(model, trained.params, *windows).mean(0)  # (windows, num_steps) -> (num_steps,)


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
