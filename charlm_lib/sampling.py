"""From logits to text: greedy prediction and sampling, as one compiled scan."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from charlm_lib.data import Vocab
from charlm_lib.models import check_sizes
from charlm_lib.results import FitResult


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
    steps = _generate(
        result.model, result.params, ids[None], jax.random.key(0), 0.0, num_preds, 1, True
    )
    return prefix + result.vocab.decode(steps[0])


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
    top_k = choices if top_k is None else top_k
    if isinstance(top_k, bool | float) or top_k not in range(1, choices + 1):
        raise ValueError(
            f"top_k={top_k!r} must be a whole number from 1 to {choices}, the characters of the "
            "vocabulary"
        )
    check_sizes(num_samples=num_samples)
    key = jax.random.key(key) if isinstance(key, int | np.integer) else key
    prefixes = np.tile(ids, (num_samples, 1))
    drawn = _generate(
        result.model, result.params, prefixes, key, float(temperature), num_preds, top_k, False
    )
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


@partial(jax.jit, static_argnames=("model", "num_preds", "top_k", "greedy"))
def _generate(model, params, prefixes, key, temperature, num_preds, top_k, greedy):
    """Read prefixes `(num_samples, n)`, then write ids `(num_samples, num_preds)`."""

    def choose(logits, key):
        logits = logits.at[:, 0].set(-jnp.inf)  # <unk> is not a character
        if greedy:
            return jnp.argmax(logits, axis=-1)
        best, ids = jax.lax.top_k(logits, top_k)
        drawn = jax.random.categorical(key, best / temperature)
        return jnp.take_along_axis(ids, drawn[:, None], axis=1)[:, 0]

    def step(carry, key):
        logits, state = carry
        ids = choose(logits, key)
        logits, state = model.apply(params, ids[:, None], state)
        return (logits[:, -1], state), ids

    logits, state = model.apply(params, prefixes)
    carry = (logits[:, -1], state)
    _, ids = jax.lax.scan(step, carry, jax.random.split(key, num_preds))
    return ids.T
