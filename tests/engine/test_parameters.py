"""What may be passed as a random key."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import charlm_lib as cl
from charlm_lib.engine.parameters import as_key, without_lr


def same(key, other):
    return (jax.random.key_data(key) == jax.random.key_data(other)).all()


@pytest.mark.parametrize(
    "seed",
    [7, np.int64(7), np.uint8(7), np.array(7), jnp.int32(7), jnp.asarray(7)],
    ids=lambda seed: type(seed).__name__,
)
def test_a_whole_number_is_a_seed(seed):
    assert same(as_key(seed), jax.random.key(7))
    assert not same(as_key(seed), as_key(8))


@pytest.mark.parametrize("seed", [-(2**31), -5, 2**31 + 3, 2**32 - 1])
def test_a_seed_gives_the_same_key_in_double_precision(seed):
    key = jax.random.key(seed)
    assert same(as_key(seed), key)
    jax.config.update("jax_enable_x64", True)
    try:
        assert same(as_key(seed), key)
    finally:
        jax.config.update("jax_enable_x64", False)


def test_keys_stay_what_they_are_the_older_kind_too():
    key = jax.random.key(5)
    assert as_key(key) is key
    for raw in (jax.random.PRNGKey(5), np.asarray(jax.random.PRNGKey(5))):
        assert same(as_key(raw), key) and as_key(raw).dtype == key.dtype


WRONG = [
    *(None, "1", 1.0, True, np.float32(1), np.True_, jnp.float32(1), [1], b"1"),
    *(2**32, -(2**31) - 1, 2**40, 2**70, np.uint64(2**40)),
    *(jax.random.split(jax.random.key(0), 3), jax.random.split(jax.random.PRNGKey(0), 3)),
    *(np.array([1, 2]), np.array([1, 2, 3], np.uint32), np.zeros((0,), np.uint32)),
]


@pytest.mark.parametrize("key", WRONG, ids=lambda key: " ".join(repr(key).split())[:40])
def test_anything_else_is_refused_in_one_short_sentence(key, one_batch):
    model = cl.RNNLM(cl.RNN(4), len(one_batch.vocab), 1.0)
    for use in (as_key, lambda key: cl.Trainer(1).fit(model, one_batch, key=key, show=False)):
        with pytest.raises(ValueError, match=re.escape("must be one JAX random key, or")) as found:
            use(key)
        assert len(str(found.value)) < 180 and "\n" not in str(found.value)


def test_models_that_differ_by_their_learning_rates_share_programs():
    slow, fast, none = (cl.RNNLM(cl.RNN(4), 5, lr) for lr in (0.5, 2.0, 0.0))
    assert without_lr(slow) == without_lr(fast) == without_lr(none) == none
    assert without_lr(cl.RNN(4)) == cl.RNN(4)
