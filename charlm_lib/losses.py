"""The loss of a language model, and the two other ways in which it is reported."""

import math

import jax
import jax.numpy as jnp
import optax

EXPLODED = 10  # times worse than guessing evenly
LANES = 16  # float32 numbers in the longest vectors that CPUs have


def cross_entropy(logits: jax.Array, Y: jax.Array) -> jax.Array:
    """Mean negative log-likelihood per character, in nats: `-mean(log softmax(logits)[Y])`.

    Args:
        logits: `(..., vocab_size)`.
        Y: `(...)` integer ids.

    Raises:
        ValueError: the shapes do not belong together.
    """
    if logits.shape[:-1] != Y.shape:
        raise ValueError(
            f"logits of shape {logits.shape} need targets of shape {logits.shape[:-1]}, but Y "
            f"has shape {Y.shape}"
        )
    return optax.softmax_cross_entropy_with_integer_labels(logits, Y).mean()


@jax.custom_vjp
def weighted_nll(logits: jax.Array, Y: jax.Array, weights: jax.Array) -> jax.Array:
    """Add up negative log-likelihoods (nats): `-sum(weights * log softmax(logits)[Y])`.

    The same as optax's loss, in a form that a CPU computes faster: the gradient, `softmax(logits)`
    less 1 at Y, comes with the value, and each row is filled up with -inf to a multiple of `LANES`.
    Vectors of a CPU hold 4, 8 or 16 numbers: 28 logits leave them partly empty, 32 do not.

    Args:
        logits: `(..., vocab_size)`.
        Y: `(...)` integer ids.
        weights: `(...)`.
    """
    return _weighted_nll_and_gradient(logits, Y, weights)[0]


def _weighted_nll_and_gradient(logits, Y, weights):
    vocab_size = logits.shape[-1]
    missing = [(0, 0)] * (logits.ndim - 1) + [(0, -vocab_size % LANES)]
    logits = jnp.pad(logits, missing, constant_values=-jnp.inf)  # (..., a multiple of LANES)
    largest = logits.max(-1, keepdims=True)  # (..., 1)
    shares = jnp.exp(logits - largest)  # at most 1: no overflow
    total = shares.sum(-1, keepdims=True)  # (..., 1)
    is_target = jnp.arange(logits.shape[-1]) == Y[..., None]  # one-hot Y, as wide as logits
    chosen = jnp.where(is_target, logits, 0).sum(-1)  # (...): where sums, a gather would be slower
    nll = jnp.log(total[..., 0]) + largest[..., 0] - chosen  # (...)
    gradient = (shares / total - is_target.astype(logits.dtype)) * weights[..., None]
    return jnp.sum(nll * weights), (gradient[..., :vocab_size], nll)


def _weighted_nll_backward(saved, d):
    gradient, nll = saved
    return d * gradient, None, d * nll


weighted_nll.defvjp(_weighted_nll_and_gradient, _weighted_nll_backward)


def perplexity(nll: float) -> float:
    """exp(nll): among how many equally likely characters the model seems to choose.

    Args:
        nll: total negative log-likelihood over total characters, in nats.

    Returns:
        1 for a model that is always right, `vocab_size` for one that guesses evenly.
    """
    return math.exp(nll) if nll < 700 else math.inf if nll == nll else math.nan


def has_exploded(nll: float, vocab_size: int) -> bool:
    """Say whether a loss (nats per character) is that of a model which has exploded.

    It predicts more than `EXPLODED` times worse than guessing evenly, or its loss is no number.
    """
    return not nll <= math.log(EXPLODED * vocab_size)


def bits_per_character(nll: float) -> float:
    """nll / log 2: the same loss in bits (Shannon, 1948)."""
    return nll / math.log(2)
