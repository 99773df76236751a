"""JAX as others set it: a short run under each setting is the usual one, or close to it.

What has to be set before JAX starts (platforms, folders, devices) is in `test_devices`.
"""

import warnings
from contextlib import contextmanager
from functools import lru_cache

import jax
import numpy as np
import pytest

import charlm_lib as cl
from charlm_lib.engine import compiling, twins

TEXT = "the time traveller smiled round at us then still smiling faintly " * 3
V = len(set(TEXT)) + 1
MODELS = {
    "scratch": cl.RNNLMScratch(cl.RNNScratch(V, 5), V, lr=1.0),
    "stacked": cl.RNNLMScratch(cl.StackedRNNScratch(V, 4, 2), V, lr=1.0),
    "rnn": cl.RNNLM(cl.RNN(6), V, lr=1.0),
    "gru": cl.RNNLM(cl.GRU(3, 2, dropout=0.3), V, lr=1.0),
    "lstm": cl.RNNLM(cl.LSTM(3, 2, dropout=0.3), V, lr=1.0),
}
RULES = {  # how code is written and checked: no number depends on them
    "jax_disable_jit": True,
    "jax_numpy_rank_promotion": "raise",
    "jax_numpy_dtype_promotion": "strict",
    "jax_debug_nans": True,
    "jax_debug_infs": True,
    "jax_enable_checks": True,
    "jax_transfer_guard": "disallow",
    "jax_default_matmul_precision": "highest",  # a CPU has no other one
}


@contextmanager
def setting(name, value):
    """Set JAX as a user does, and the library as if it had computed nothing before."""
    before = getattr(jax.config, name)
    forget()
    jax.config.update(name, value)
    try:
        yield
    finally:
        jax.config.update(name, before)
        forget()


def forget():
    for cache in (compiling.compiling_epoch, twins._fuse, twins._traced):
        cache.cache_clear()


def windows(carry=False):
    return cl.TextData(
        TEXT, batch_size=8, num_steps=6, num_train=16, num_val=8, stride=5 * carry + 1
    )


def fit(name, carry=False, **changes):
    trainer = cl.Trainer(2, gradient_clip_val=None if carry else 1.0, carry_state=carry)
    return trainer.fit(MODELS[name].clone(**changes), windows(carry), show=False)


@lru_cache
def usual(name, carry=False):
    result = fit(name, carry)
    return result, cl.sample("the ", 9, result, num_samples=2)


def perplexities(result):
    return np.array([result.history[f"{split}_perplexity"] for split in ("train", "val")])


def check(name, path, same):
    """Fit, evaluate, sample, save and load, and compare with the usual run."""
    expected, texts = usual(name)
    with setting(*same):
        result = fit(name)
        written = cl.sample("the ", 9, result, num_samples=2)
        greedy = cl.predict("the ", 9, result)
        val = cl.perplexity(cl.evaluate(result, windows()))
        result.save(path)
        assert cl.sample("the ", 9, cl.load(path), num_samples=2) == written
        assert cl.predict("the ", 9, cl.load(path)) == greedy
    assert val == pytest.approx(result.history["val_perplexity"][-1], rel=1e-5)
    return expected, texts, result, written


@pytest.mark.parametrize(
    "rule, name",
    [(rule, "gru") for rule in RULES]
    + [("jax_disable_jit", "stacked"), ("jax_numpy_rank_promotion", "stacked")]
    + [("jax_disable_jit", "lstm"), ("jax_numpy_dtype_promotion", "lstm")],
)
def test_rules_for_code_change_no_number(rule, name, tmp_path):
    expected, texts, result, written = check(name, tmp_path / "run", (rule, RULES[rule]))
    np.testing.assert_allclose(perplexities(result), perplexities(expected), rtol=1e-6)
    assert written == texts
    if rule != "jax_default_matmul_precision":  # which a program names
        assert result.settings == expected.settings


@pytest.mark.parametrize("name", MODELS)
def test_more_digits_give_nearly_the_same(name, tmp_path):
    """Flax draws the same float32 weights; layers from scratch draw others, in float64."""
    expected, _, result, _ = check(name, tmp_path / "run", ("jax_enable_x64", True))
    own = name in ("scratch", "stacked")
    assert {x.dtype.name for x in jax.tree.leaves(result.params)} == {
        "float64" if own else "float32"
    }
    close = 1e-5 if name == "rnn" else 0.1  # dropout draws other masks
    np.testing.assert_allclose(perplexities(result), perplexities(expected), rtol=close)
    assert not np.array_equal(perplexities(result), perplexities(expected))


@pytest.mark.parametrize(
    "rule, value", [("jax_default_prng_impl", "rbg"), ("jax_threefry_partitionable", False)]
)
def test_other_random_numbers_give_another_run(rule, value, tmp_path):
    expected, _, result, _ = check("rnn", tmp_path / "run", (rule, value))
    first, last = result.history["train_perplexity"]
    assert last < first < 1.5 * V  # it learns, from a guess
    assert not np.array_equal(perplexities(result), perplexities(expected))


@pytest.mark.parametrize("name", ["stacked", "gru", "lstm"])
@pytest.mark.parametrize("rule", ["jax_enable_x64", "jax_disable_jit"])
def test_state_is_carried(rule, name):
    expected, _ = usual(name, carry=True)
    with setting(rule, True):
        result = fit(name, carry=True)
    close = 0.1 if rule == "jax_enable_x64" else 1e-6
    np.testing.assert_allclose(perplexities(result), perplexities(expected), rtol=close)


def test_another_device_by_default_gets_the_result(tmp_path):
    second = jax.devices()[1]
    expected, texts, result, written = check(
        "rnn", tmp_path / "run", ("jax_default_device", second)
    )
    np.testing.assert_allclose(perplexities(result), perplexities(expected), rtol=1e-6)
    assert written == texts
    assert {device for x in jax.tree.leaves(result.params) for device in x.devices()} == {second}


@pytest.mark.parametrize("name", ["stacked", "rnn", "gru", "lstm"])
def test_a_twin_has_as_many_digits_as_its_model(name):
    X = np.arange(12, dtype=np.int32).reshape(2, 6) % V
    model = MODELS[name]
    with setting("jax_enable_x64", True):
        params = model.init(jax.random.key(1), X)
        params = jax.tree.map(lambda x: x + 0.3, params)
        twin = twins.fuse(model, twins.Use(2, 6))
        assert type(twin) is not type(model)

        def loss(params, model):
            logits, state = model.apply(params, X)
            return (logits**2).sum() + state.sum(), logits

        plain, fused = (jax.value_and_grad(loss, has_aux=True)(params, m) for m in (model, twin))
    assert plain[0][1].dtype == fused[0][1].dtype == np.float64
    np.testing.assert_allclose(plain[0][1], fused[0][1], rtol=1e-12)
    for one, other in zip(jax.tree.leaves(plain[1]), jax.tree.leaves(fused[1]), strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_allclose(one, other, rtol=1e-10 if one.dtype == np.float64 else 1e-5)


@pytest.mark.parametrize("name", ["stacked", "gru", "lstm"])
def test_weights_in_fewer_digits_than_the_state(name):
    result, _ = usual(name)
    small = jax.tree.map(lambda x: x.astype("bfloat16"), result.params)
    nll, expected = (
        cl.evaluate(cl.TrainedModel(result.model, p, result.vocab), windows())
        for p in (small, result.params)
    )
    assert nll == pytest.approx(expected, rel=0.01)


def test_a_setting_that_changes_between_two_runs_is_heard():
    """The programs of the first run must not serve the second, whose arguments look alike."""
    first, use = fit("rnn"), twins.Use(8, 6)
    program = twins.traced(MODELS["rnn"], use)
    jax.config.update("jax_enable_x64", True)
    try:
        second, wide = fit("rnn"), twins.traced(MODELS["rnn"], use)
    finally:
        jax.config.update("jax_enable_x64", False)
    assert program != wide and "f64" in wide
    assert second.settings["program"] != first.settings["program"]
    assert not np.array_equal(perplexities(first), perplexities(second))


@pytest.mark.parametrize("rule", ["jax_debug_nans", "jax_debug_infs"])
def test_a_run_that_diverges_says_so_itself(rule):
    with setting(rule, True), warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        result = fit("stacked", lr=1e38)
    assert result.stopped == "diverged"
    assert [w for w in said if "Training diverged" in str(w.message)]
    assert all(np.isfinite(x).all() for x in jax.tree.leaves(result.params))


def test_the_users_rules_hold_again_after_a_run():
    with setting("jax_numpy_rank_promotion", "raise"), setting("jax_disable_jit", True):
        fit("rnn")
        assert jax.config.jax_disable_jit and jax.config.jax_numpy_rank_promotion == "raise"
        with pytest.raises(ValueError, match="rank_promotion"):
            jax.numpy.ones((2, 3)) + jax.numpy.ones(3)
