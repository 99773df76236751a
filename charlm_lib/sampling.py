"""From logits to text: greedy prediction and sampling, as one compiled loop."""

from numbers import Real

import jax
import jax.numpy as jnp
import numpy as np

from charlm_lib.checks import check_sizes
from charlm_lib.engine.devices import jit_model
from charlm_lib.engine.parameters import as_key
from charlm_lib.engine.settings import our_settings
from charlm_lib.engine.twins import Use, fuse
from charlm_lib.runs.results import FitResult
from charlm_lib.texts.vocabulary import Vocab, readable, some_of

COLDEST, HOTTEST = 1e-37, 1e37  # float32 still divides by these
LEAST = np.finfo(np.float32).tiny  # the random number that picks the first of equally likely ones


@our_settings()
def predict(prefix: str, num_preds: int, result: FitResult, stop: str | None = None) -> str:
    """Continue a text greedily: each new character is the most likely one.

    Args:
        prefix: text to continue. Capitals are lowered where the vocabulary has only small letters.
        num_preds: characters to add.
        result: a trained model, as `Trainer.fit` and `load` give it; what has a `model`, its
            `params` and its `vocab` will do.
        stop: a character, or several in a row: the text ends before the first that is written.

    Returns:
        The prefix as the model read it and `num_preds` more characters, fewer where `stop` came.

    Raises:
        ValueError: the prefix is empty or has an unknown character, num_preds is below 1, `stop`
            can never be written, or parameters or logits are not finite.
    """
    prefix = check_request(prefix, num_preds, result, stop)
    return _texts(result, prefix, num_preds, stop, 1, jax.random.key(0), np.float32(0), None)[0]


@our_settings()
def sample(
    prefix: str,
    num_preds: int,
    result: FitResult,
    temperature: float = 1.0,
    top_k: int | None = None,
    num_samples: int = 1,
    key: jax.Array | int = 0,
    stop: str | None = None,
) -> list[str]:
    """Continue a text by drawing each new character from `softmax(logits / temperature)`.

    `<unk>` is never drawn.

    Args:
        prefix, num_preds, result, stop: as for `predict`.
        temperature: below 1 the likely characters become likelier, above 1 less so. Numbers below
            1e-37 count as 1e-37, which leaves the most likely character; above 1e37 as 1e37, and
            all characters are equally likely.
        top_k: draw among the k most likely characters only; None: among all.
        num_samples: how many texts, all computed at once.
        key: a JAX random key, or a seed for one. Same key, same texts.

    Returns:
        `num_samples` texts: the prefix as the model read it and `num_preds` more characters, fewer
        where `stop` came.

    Raises:
        ValueError: as for `predict`; the temperature is not positive, or a number is out of range.
    """
    prefix = check_request(prefix, num_preds, result, stop)
    temperature = check_temperature(temperature)
    check_top_k(top_k, len(result.vocab) - 1)
    check_sizes(num_samples=num_samples)
    return _texts(result, prefix, num_preds, stop, num_samples, as_key(key), temperature, top_k)


def check_request(prefix: str, num_preds: int, result: FitResult, stop: str | None) -> str:
    """Give the prefix as the model reads it; raise a ValueError for what cannot be used."""
    if not all(hasattr(result, name) for name in ("model", "params", "vocab")):
        raise ValueError(
            "the third argument must be a trained model, as Trainer.fit and load give it, or "
            f"TrainedModel(model, params, vocab), but this is of type {type(result).__name__}"
        )
    prefix = readable(prefix, result.vocab)
    check_sizes(num_preds=num_preds)
    if stop is not None:
        check_stop(stop, result.vocab)
    check_finite(result)
    return prefix


def check_stop(stop: str, vocab: Vocab) -> None:
    """Raise a ValueError unless a model with this vocabulary can write `stop`."""
    if not isinstance(stop, str) or not stop:
        raise ValueError(f"stop={stop!r:.40} must be a character or several, or None for no stop")
    unknown = vocab.unknown(stop)
    if unknown:
        lines = " (TextData keeps lines with keep_lines=True)" if "\n" in unknown else ""
        raise ValueError(
            f"stop={stop!r:.40} has {some_of(unknown)}, which the model never writes: use "
            f"characters of its vocabulary, {some_of(''.join(vocab.tokens[1:]))}{lines}"
        )


def check_temperature(temperature: float) -> np.float32:
    """Give the temperature between `COLDEST` and `HOTTEST`; raise a ValueError for no number."""
    number = temperature
    if getattr(number, "ndim", None) == 0 and jnp.issubdtype(number.dtype, np.number):
        number = number.item()
    if isinstance(number, bool) or not isinstance(number, Real) or not 0 < number < float("inf"):
        raise ValueError(
            f"temperature={temperature!r:.40} must be a positive number: for the most likely "
            "character every time use predict"
        )
    return np.float32(min(max(number, COLDEST), HOTTEST))


def check_top_k(top_k: int | None, choices: int) -> None:
    """Raise a ValueError unless `top_k` is None or can be drawn among."""
    if top_k is None:
        return
    whole = isinstance(top_k, int | np.integer) and not isinstance(top_k, bool)
    if not whole or not 1 <= top_k <= choices:
        raise ValueError(
            f"top_k={top_k!r:.40} must be a whole number from 1 to {choices}, the characters of "
            "the vocabulary"
        )


def check_finite(result: FitResult) -> None:
    """Raise a ValueError if a parameter is not finite."""
    wrong = not_finite(result.params)
    if wrong:
        has_better = not not_finite(getattr(result, "best_params", result.params))
        better = "use result.at_best_epoch(), or " if has_better else ""
        size = sum(np.size(leaf) for leaf in jax.tree.leaves(result.params))
        raise ValueError(
            f"{wrong:,} of {size:,} parameters are not finite: the training diverged, or the file "
            f"is damaged; {better}train again with a smaller learning rate"
        )


def not_finite(params: dict) -> int:
    """Count the parameters that are nan or infinite."""
    return sum(int((~np.isfinite(leaf)).sum()) for leaf in jax.tree.leaves(params))


def padded(length: int) -> int:
    """Give the least of 16, 64, 256, ... that is no less: each has a program of its own."""
    size = 16
    while size < length:
        size *= 4
    return size


def _texts(result, prefix, num_preds, stop, num_samples, key, temperature, top_k) -> list[str]:
    vocab, begin, end = result.vocab, len(prefix), len(prefix) + num_preds
    given = np.zeros(padded(end), np.int32)
    given[:begin] = vocab.encode(prefix)
    model = fuse(result.model, Use(num_samples, 1), Use(num_samples, 1, given_state=True))
    fixed = model, int(num_samples), len(vocab), top_k
    place = np.array([begin, end], np.int32)
    ids = np.asarray(_writing()(*fixed, result.params, given, place, key, temperature))
    ids = ids[begin:end].T  # time first -> (num_samples, num_preds)
    failed = (ids == 0).any(0)
    if failed.any():
        raise ValueError(
            f"after {begin + failed.argmax():,} characters the model's logits are not finite: its "
            "numbers grow too large, or it divides by 0; train again with a smaller learning rate, "
            "or check what the model computes"
        )
    texts = [vocab.decode(row) for row in ids]
    return [prefix + (text.partition(stop)[0] if stop else text) for text in texts]


def _write(model, num_samples, vocab_size, top_k, params, prefix, place, key, temperature):
    """Read a prefix, then write: give ids `(size, num_samples)`, those of the prefix first.

    `prefix` is `(size,)` ids; what is written begins and ends at the two numbers of `place`. So one
    program serves all lengths up to `size`. It reads in the loop in which it writes, and holds the
    model twice: without a state, for the first character, and with one.

    Where the logits are not finite, and no character can be drawn, stands a 0.
    """
    begin, end = place
    u = 1 - jax.random.uniform(key, (len(prefix), num_samples), jnp.float32)  # in (0, 1]
    u = jnp.where(temperature > 0, u, LEAST)
    temperature = jnp.maximum(temperature, COLDEST)

    def run(ids, *state):
        logits, state = model.apply(params, ids[:, None], *state)  # one step: (num_samples, 1)
        if logits.shape != (num_samples, 1, vocab_size):
            raise ValueError(
                f"the model gives logits of shape {logits.shape}, but {num_samples} texts and a "
                f"vocabulary of {vocab_size} tokens need {(num_samples, 1, vocab_size)}"
            )
        return logits[:, 0, 1:].astype(jnp.float32), state  # without <unk>, which is no character

    def choose(logits, u):
        if top_k is None:
            chosen = draw(logits, temperature, u)
        else:
            best, places = jax.lax.top_k(logits, top_k)  # each (num_samples, top_k)
            chosen = draw(best, temperature, u)
            chosen = jnp.take_along_axis(places, chosen[:, None], axis=1)[:, 0]
        return jnp.where(jnp.isfinite(logits.max(-1)), 1 + chosen, 0)  # (num_samples,)

    def step(t, carry):
        text, logits, state = carry
        ids = jnp.where(t < begin, prefix[t], choose(logits, u[t - begin]))
        return text.at[t].set(ids), *run(ids, state)

    text = jnp.tile(prefix[:, None], (1, num_samples))
    return jax.lax.fori_loop(1, end, step, (text, *run(text[0])))[0]


_writing = jit_model(_write, static_argnums=range(4))


def draw(logits: jax.Array, temperature: float, u: jax.Array) -> jax.Array:
    """Draw one index per row from `softmax(logits / temperature)`, by inverting its running sum.

    That takes one random number per row; Gumbel's method takes one per logit, and for many texts
    of a small model they cost ten times as much as the model.

    Args:
        logits: `(num_samples, choices)`.
        temperature: a positive number of float32.
        u: `(num_samples,)` uniform numbers in (0, 1]. An index with the logit -inf that comes
            first or last is never drawn.
    """
    weights = jnp.exp((logits - logits.max(-1, keepdims=True)) / temperature)
    size = logits.shape[-1]
    if size <= 256:  # one product is several times faster than cumsum
        ones = jnp.triu(jnp.ones((size, size), weights.dtype))  # column j adds up the weights 0..j
        sums = jnp.matmul(weights, ones, precision="highest")
    else:
        sums = jnp.cumsum(weights, axis=-1)
    return jnp.sum(sums < u[:, None] * sums[:, -1:], axis=-1, dtype=jnp.int32)
