"""From logits to text: greedy prediction and sampling, as one compiled scan."""

import jax
import jax.numpy as jnp
import numpy as np

from charlm_lib.data import Vocab
from charlm_lib.engine.devices import jit_model
from charlm_lib.engine.parameters import as_key
from charlm_lib.engine.settings import our_settings
from charlm_lib.engine.twins import Use, fuse
from charlm_lib.models import check_sizes
from charlm_lib.results import FitResult


@our_settings()
def predict(prefix: str, num_preds: int, result: FitResult) -> str:
    """Continue a text greedily: each new character is the most likely one.

    Args:
        prefix: text to continue, in the characters of the vocabulary.
        num_preds: characters to add.
        result: a trained model.

    Returns:
        The prefix and `num_preds` more characters.

    Raises:
        ValueError: the prefix is empty or has an unknown character, or num_preds is below 1.
    """
    ids = check_prefix(prefix, result.vocab, num_preds)
    drawn = _generate(result, ids[None], jax.random.key(0), 0.0, num_preds, 1)
    return prefix + result.vocab.decode(drawn[0])


@our_settings()
def sample(
    prefix: str,
    num_preds: int,
    result: FitResult,
    temperature: float = 1.0,
    top_k: int | None = None,
    num_samples: int = 1,
    key: jax.Array | int = 0,
) -> list[str]:
    """Continue a text by drawing each new character from `softmax(logits / temperature)`.

    `<unk>` is never drawn.

    Args:
        prefix: text to continue, in the characters of the vocabulary.
        num_preds: characters to add.
        result: a trained model.
        temperature: below 1 the likely characters become likelier, above 1 less so.
        top_k: draw among the k most likely characters only; None: among all.
        num_samples: how many texts, all computed at once.
        key: a JAX random key, or a seed for one. Same key, same texts.

    Returns:
        `num_samples` texts: the prefix and `num_preds` more characters.

    Raises:
        ValueError: the prefix is empty or has an unknown character, the temperature is not
            positive, or a number is out of range.
    """
    ids = check_prefix(prefix, result.vocab, num_preds)
    if not 0 < temperature < float("inf"):
        raise ValueError(
            f"temperature={temperature!r} must be a positive number: for the most likely "
            "character every time use predict"
        )
    choices = len(result.vocab) - 1
    if top_k is not None and (
        isinstance(top_k, bool | float) or top_k not in range(1, choices + 1)
    ):
        raise ValueError(
            f"top_k={top_k!r} must be a whole number from 1 to {choices}, the characters of the "
            "vocabulary"
        )
    check_sizes(num_samples=num_samples)
    prefixes = np.tile(ids, (num_samples, 1))
    drawn = _generate(result, prefixes, as_key(key), float(temperature), num_preds, top_k)
    return [prefix + result.vocab.decode(row) for row in drawn]


def check_prefix(prefix: str, vocab: Vocab, num_preds: int) -> np.ndarray:
    """Encode a prefix; raise a ValueError if it, or num_preds, cannot be used."""
    check_sizes(num_preds=num_preds)
    if not prefix:
        raise ValueError("prefix='' is empty: give the model at least one character to begin with")
    unknown = vocab.unknown(prefix)
    if unknown:
        raise ValueError(
            f"prefix {prefix!r} has {' '.join(map(repr, unknown))}, which the model has never "
            f"seen: use only the {len(vocab) - 1} characters {''.join(vocab.tokens[1:])!r}, or "
            "pass the prefix through charlm_lib.clean"
        )
    return vocab.encode(prefix)


def _generate(result: FitResult, prefixes: np.ndarray, *request) -> np.ndarray:
    reading, writing = Use(*prefixes.shape), Use(len(prefixes), 1, given_state=True)
    model = fuse(result.model, reading, writing)
    return np.asarray(_writing()(model, result.params, prefixes, *request))


def _write(model, params, prefixes, key, temperature, num_preds, top_k) -> jax.Array:
    """Read prefixes `(num_samples, n)`, then write ids `(num_samples, num_preds)`."""

    def choose(logits, u):
        logits = logits.at[:, 0].set(-jnp.inf)  # (num_samples, vocab_size); <unk> is no character
        if top_k is None:
            return draw(logits, temperature, u)
        best, ids = jax.lax.top_k(logits, top_k)  # each (num_samples, top_k)
        return jnp.take_along_axis(ids, draw(best, temperature, u)[:, None], axis=1)[:, 0]

    def step(carry, u):
        logits, state = carry
        ids = choose(logits, u)  # (num_samples,)
        logits, state = model.apply(params, ids[:, None], state)  # one step: (num_samples, 1)
        return (logits[:, -1], state), ids

    logits, state = model.apply(params, prefixes)  # (num_samples, n, vocab_size)
    carry = (logits[:, -1], state)
    u = 1 - jax.random.uniform(key, (num_preds, len(prefixes)), jnp.float32)  # in (0, 1]
    return jax.lax.scan(step, carry, u)[1].T  # time first -> (num_samples, num_preds)


_writing = jit_model(_write, static_argnames=("model", "num_preds", "top_k"))


def draw(logits: jax.Array, temperature: float, u: jax.Array) -> jax.Array:
    """Draw one index per row from `softmax(logits / temperature)`, by inverting its running sum.

    That takes one random number per row; Gumbel's method takes one per logit, and for many texts
    of a small model they cost ten times as much as the model.

    Args:
        logits: `(num_samples, choices)`.
        u: `(num_samples,)` uniform numbers in (0, 1]. An index with the logit -inf that comes
            first or last is never drawn.
    """
    below = logits - logits.max(-1, keepdims=True)
    # Not 0 / temperature: on some devices a tiny temperature counts as 0.
    weights = jnp.exp(jnp.where(below < 0, below / temperature, 0))
    size = logits.shape[-1]
    if size <= 256:  # one product is several times faster than cumsum
        ones = jnp.triu(jnp.ones((size, size)))  # column j adds up the weights 0..j
        sums = jnp.matmul(weights, ones, precision="highest")
    else:
        sums = jnp.cumsum(weights, axis=-1)
    return jnp.sum(sums < u[:, None] * sums[:, -1:], axis=-1, dtype=jnp.int32)
