"""How well a model predicts a text, read from front to back, and how much of it the model uses."""

from functools import partial

import jax
import jax.numpy as jnp
import optax
from flax import linen as nn

from charlm_lib.data import gather_windows
from charlm_lib.engine.twins import Use, fuse


@partial(jax.jit, static_argnums=0)
def _nll(model: nn.Module, params: dict, X: jax.Array, Y: jax.Array) -> jax.Array:
    logits, _ = model.apply(params, X)
    return optax.softmax_cross_entropy_with_integer_labels(logits, Y)


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
    model = fuse(model.clone(lr=0.0), Use(1, len(tokens) - 1))
    return _nll(model, params, tokens[None, :-1], tokens[None, 1:])[0]


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
    model = fuse(model.clone(lr=0.0), Use(len(starts), num_steps))
    return _nll(model, params, *windows).mean(0)
