"""What runs are told apart by, and when one goes on what another began."""

import copy
import hashlib

import jax
import numpy as np
import optax
import pytest

import charlm_lib as cl
from charlm_lib.engine.fingerprint import (
    describe_run,
    goes_on,
    hash_of_arrays,
    json_value,
    settings_of_whole,
    short_hash,
)
from charlm_lib.engine.optimizers import clipped, describe_optimizer, sgd

TRAINER = {"max_epochs": 3, "carry_state": False, "compute_dtype": None, "clip": 1.0}
WINDOWS = {"batch_size": 8, "num_steps": 4, "num_train": 64, "num_val": 16, "stride": 1}
FIRST = {
    **{"program": "p", "text": "t", "vocab": "v", "key": [0, 7], "optimizer": "SGD"},
    **WINDOWS,
    **{"first_params": "drawn", "trainer": TRAINER},
}


def second(**changes):
    """The settings of a run of 5 epochs that begins with the parameters of the first."""
    settings = copy.deepcopy(FIRST) | {"first_params": "of the first"}
    settings["trainer"] |= {"max_epochs": 5}
    for name, value in changes.items():
        place = settings["trainer"] if name in TRAINER else settings
        assert place[name] != value
        place[name] = value
    return settings


@pytest.mark.parametrize("name", ["max_epochs", "clip", "optimizer"])
def test_a_run_goes_on_with_another_way_of_updating(name):
    assert goes_on(FIRST, second())
    assert goes_on(FIRST, second(**{name: 9}))


@pytest.mark.parametrize(
    "name", ["program", "text", "vocab", "key", "carry_state", "compute_dtype", *WINDOWS]
)
def test_a_run_with_other_windows_or_another_model_does_not_go_on(name):
    assert not goes_on(FIRST, second(**{name: "another"}))


def test_two_runs_add_up_to_one():
    whole = settings_of_whole(FIRST, 2, second())  # the first was ended after 2 of its 3 epochs
    assert whole == FIRST | {"trainer": TRAINER | {"max_epochs": 7}}


@pytest.mark.parametrize("name", ["clip", "optimizer", "program", "stride"])
def test_runs_that_differ_add_up_to_none(name):
    assert settings_of_whole(FIRST, 3, second(**{name: 9})) is None


def test_values_for_json():
    assert type(json_value(np.float32(0.5))) is float and json_value(np.int64(3)) == 3
    assert json_value(len) == "a function, which no file holds"
    assert json_value({1}) == "{1}"


def test_hashes_have_sixteen_digits_and_tell_texts_apart():
    text = "time traveller"
    marked = len(text).to_bytes(8, "big") + text.encode()
    assert short_hash(text) == hashlib.sha256(marked).hexdigest()[:16]
    assert short_hash(text) != short_hash(text[:-1])
    a, b = np.arange(6.0), np.ones(2)
    assert hash_of_arrays([a, b]) == hash_of_arrays([a.copy(), b]) != hash_of_arrays([b, a])


def test_optimizers_are_told_apart_by_sixteen_digits():
    params = {"w": np.ones(3, np.float32)}
    found = [describe_optimizer(clipped(optax.adam(lr), 1.0), params) for lr in (0.1, 0.2, 0.1)]
    assert found[0] == found[2] != found[1] and {len(hash) for hash in found} == {16}


@pytest.mark.parametrize("rule", ["jax_numpy_rank_promotion", "jax_numpy_dtype_promotion"])
def test_a_run_is_described_under_the_users_rules(rule, data):
    model = cl.RNNLMScratch(cl.RNNScratch(len(data.vocab), 7), len(data.vocab), lr=1.0)
    arguments = cl.Trainer(1), model, data, 0, sgd(optax.constant_schedule(1.0), 1.0)
    usual = describe_run(*arguments)
    strict = {"jax_numpy_rank_promotion": "raise", "jax_numpy_dtype_promotion": "strict"}[rule]
    before = getattr(jax.config, rule)
    jax.config.update(rule, strict)
    try:
        assert describe_run(*arguments) == usual
    finally:
        jax.config.update(rule, before)
