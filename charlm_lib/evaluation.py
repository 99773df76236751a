"""How well a model predicts: windows, a text read from front to back, each place in a window."""

from functools import partial

import jax
import jax.numpy as jnp
import optax
from flax import linen as nn

from charlm_lib.data import TextData, gather_windows
from charlm_lib.engine.batches import device_mesh
from charlm_lib.engine.devices import jit_model
from charlm_lib.engine.epochs import windows_nll
from charlm_lib.engine.settings import our_settings
from charlm_lib.engine.twins import Use, fuse

_windows_nll = jit_model(windows_nll, static_argnums=range(5))  # compiled once per model and shape


@our_settings()
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
    twin = fuse(model, Use(data.batch_size, data.num_steps))
    # On this host alone: a process may then evaluate without the others.
    mesh, sizes = device_mesh(jax.local_devices()), (data.num_steps, data.batch_size)
    total = _windows_nll()(twin, None, mesh, *sizes, params, data.tokens, starts)
    return float(total) / (len(starts) * data.num_steps)


def check_vocab(model: nn.Module, data: TextData) -> None:
    """Raise a ValueError unless the model has one logit per token of the vocabulary."""
    if model.vocab_size != len(data.vocab):
        raise ValueError(
            f"the model has vocab_size={model.vocab_size}, but the text has {len(data.vocab)} "
            "tokens: build the model with vocab_size=len(data.vocab)"
        )


@partial(jax.jit, static_argnums=0)
def _nll(model: nn.Module, params: dict, X: jax.Array, Y: jax.Array) -> jax.Array:
    logits, _ = model.apply(params, X)  # (batch_size, num_steps, vocab_size)
    return optax.softmax_cross_entropy_with_integer_labels(logits, Y)


@our_settings()
def text_nll(model: nn.Module, params: dict, tokens: jax.Array) -> jax.Array:
    """Negative log-likelihood (nats) of each character of a text but the first.

    The model reads the text once, as one long sequence: each prediction uses everything before.

    Args:
        model, params: a language model, for example of a `FitResult`.
        tokens: `(n,)` ids, at least 2.

    Returns:
        `(n - 1,)`; its mean is the loss of the text.

    Raises:
        ValueError: fewer than 2 tokens.
    """
    if len(tokens) < 2:
        raise ValueError(f"a text of {len(tokens)} characters leaves nothing to predict: pass 2")
    model = fuse(model, Use(1, len(tokens) - 1))
    # A batch of one text: (1, n - 1) ids and targets
    return _nll(model, params, tokens[None, :-1], tokens[None, 1:])[0]


@our_settings()
def nll_by_position(model: nn.Module, params: dict, tokens: jax.Array, num_steps: int) -> jax.Array:
    """Mean negative log-likelihood (nats) after 1, 2, ..., num_steps characters of context.

    The text is cut into windows that start half a window apart, and each window is read from a
    state of zeros, so that the prediction at step t knows t characters and no more.

    Args:
        model, params: a language model, for example of a `FitResult`.
        tokens: `(n,)` ids.
        num_steps: the longest context, in characters.

    Returns:
        `(num_steps,)`.

    Raises:
        ValueError: the text is shorter than one window.
    """
    if len(tokens) < num_steps + 1:
        raise ValueError(
            f"a text of {len(tokens)} characters has no window of num_steps={num_steps} and a "
            "target: use a longer text or a smaller num_steps"
        )
    starts = jnp.arange(0, len(tokens) - num_steps, max(1, num_steps // 2))
    windows = gather_windows(tokens, starts, num_steps)
    model = fuse(model, Use(len(starts), num_steps))
    return _nll(model, params, *windows).mean(0)  # (windows, num_steps) -> (num_steps,)
