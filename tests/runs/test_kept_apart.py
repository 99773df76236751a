"""What a result keeps apart: last and best, training and validation, run and compilation."""

import dataclasses
import math
from types import SimpleNamespace

import jax
import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import charlm_lib as cl
from charlm_lib.engine.running import Measured
from charlm_lib.runs.log import Log
from charlm_lib.runs.results import FitResult

VOCAB = cl.Vocab("abc ")
MODEL = cl.RNNLM(cl.RNN(2), len(VOCAB), lr=1.0)
losses = st.one_of(st.floats(1.0, 1e6), st.sampled_from([math.nan, math.inf]))


@pytest.fixture(scope="module")
def trees(randomise):
    """Two trees of parameters of `MODEL`."""
    return [randomise(MODEL, np.zeros((1, 2), np.int32), seed=seed) for seed in (1, 2)]


@st.composite
def histories(draw):
    epochs = draw(st.integers(1, 7))

    def column(values):
        return draw(st.lists(values, min_size=epochs, max_size=epochs))

    return {
        "epoch": list(range(1, epochs + 1)),
        "train_perplexity": column(losses),
        "val_perplexity": column(losses),
        "seconds": column(st.floats(0.01, 1e3)),
    }


@st.composite
def runs(draw):
    """All of a result but its model, parameters and vocabulary; each number may differ."""
    history = draw(histories())
    updates = len(history["epoch"]) * draw(st.integers(1, 3))
    numbers = st.lists(st.floats(0, 1e4, width=32), min_size=updates, max_size=updates)
    return dict(
        history=history,
        settings={"key": draw(st.lists(st.integers(0, 2**32 - 1), min_size=2, max_size=2))},
        grad_norms=np.array(draw(numbers), np.float32),
        compile_seconds=draw(st.floats(0, 1e3)),
        stopped=draw(st.sampled_from(["finished", "interrupted", "diverged"])),
        opt_state=[np.full(i + 1, draw(st.floats(-9, 9, width=32)), np.float32) for i in range(11)],
    )


def made(trees, run):
    return FitResult(model=MODEL, params=trees[0], vocab=VOCAB, best_params=trees[1], **run)


def equal(a, b):
    return all(np.array_equal(x, y) for x, y in zip(*map(jax.tree.leaves, (a, b)), strict=True))


@settings(max_examples=8, phases=[Phase.generate])  # a smaller file would say no more
@given(run=runs())
def test_what_is_saved_is_what_is_loaded(trees, tmp_path_factory, run):
    path = tmp_path_factory.mktemp("saved") / "run.safetensors"
    result = made(trees, run)
    assert not equal(*trees)
    result.save(path)
    loaded = cl.load(path)
    assert equal(loaded.params, trees[0]) and equal(loaded.best_params, trees[1])
    assert loaded.vocab == VOCAB and loaded.model == MODEL
    for name in ("settings", "compile_seconds", "stopped"):
        assert getattr(loaded, name) == run[name], name
    for name, values in run["history"].items():
        np.testing.assert_array_equal(loaded.history[name], values)
    np.testing.assert_array_equal(loaded.grad_norms, run["grad_norms"])
    assert [x.tolist() for x in loaded.opt_state] == [x.tolist() for x in run["opt_state"]]


@given(run=runs())
def test_the_best_epoch_is_that_of_the_lowest_validation_perplexity(trees, run):
    val = run["history"]["val_perplexity"]
    finite = [v for v in val if math.isfinite(v)]
    result = made(trees, run)
    assert result.best_epoch == (1 + val.index(min(finite)) if finite else 0)


@given(run=runs())
def test_at_its_best_epoch_a_result_ends_there(trees, run):
    result = made(trees, run)
    best, epochs = result.best_epoch, len(run["history"]["epoch"])
    there = result.at_best_epoch()
    assert equal(there.params, trees[1]) and equal(there.best_params, trees[1])
    if not best:
        assert there.history == run["history"] and there.opt_state == []
        return
    for name, values in run["history"].items():
        np.testing.assert_array_equal(there.history[name], values[:best])
    updates = len(run["grad_norms"]) // epochs
    np.testing.assert_array_equal(there.grad_norms, run["grad_norms"][: best * updates])
    assert there.opt_state == (run["opt_state"] if best == epochs else [])
    assert there.stopped == ("finished" if run["stopped"] == "diverged" else run["stopped"])
    assert there.best_epoch == best


def test_a_result_says_which_number_is_which(trees):
    history = {"epoch": [1, 2, 3], "train_perplexity": [9.0, 5.0, 3.0]}
    history |= {"val_perplexity": [8.0, 6.0, 7.0], "seconds": [1.0, 2.0, 4.0]}
    result = made(trees, dict(history=history, settings={}, compile_seconds=1.5))
    assert repr(result) == (
        "finished after 3 epochs: train perplexity 3.00, validation perplexity 7.00 (best 6.00 at "
        "epoch 2); 7.0 s + 1.5 s to compile"
    )
    assert result.num_params == sum(x.size for x in jax.tree.leaves(trees[0]))
    one = {name: values[:1] for name, values in history.items()}
    assert repr(dataclasses.replace(result, history=one)).startswith("finished after 1 epoch: ")


def test_a_run_keeps_its_best_and_its_last_parameters_and_both_losses_apart():
    log = Log(train_size=2, val_size=4)
    run = SimpleNamespace(first_params={"w": np.zeros(1)}, compile_seconds=0.5, opt_state=[])
    for number, (train, val) in enumerate([(4.0, 12.0), (3.0, 4.0), (1.0, 8.0)], start=1):
        run.params = {"w": np.full(1, float(number))}
        log.add(number, Measured(np.array([train]), val, np.array([10.0 * number]), 0.1), run)
    result = log.result(MODEL, VOCAB, {}, run)
    assert (float(result.params["w"][0]), float(result.best_params["w"][0])) == (3.0, 2.0)
    assert result.history["epoch"] == [1, 2, 3] and result.grad_norms.tolist() == [10, 20, 30]
    np.testing.assert_allclose(np.log(result.history["train_perplexity"]), [2.0, 1.5, 0.5])
    np.testing.assert_allclose(np.log(result.history["val_perplexity"]), [3.0, 1.0, 2.0])


def test_a_run_that_goes_on_keeps_the_best_of_the_part_before(trees):
    history = {"epoch": [1, 2, 3], "train_perplexity": [9.0, 5.0, 3.0]}
    history |= {"val_perplexity": [8.0, 6.0, 7.0], "seconds": [1.0, 2.0, 4.0]}
    start = made(trees, dict(history=history, settings={}, compile_seconds=1.5))
    log, run = Log(train_size=2, val_size=4), SimpleNamespace(params={})
    log.take_over(start)
    assert log.best == 6.0 and log.best_params is start.best_params is not start.params
    log.add(4, Measured(np.array([2.0]), 4 * math.log(6.5), np.array([1.0]), 0.1), run)
    assert log.best == 6.0 and log.best_params is start.best_params
    log.add(5, Measured(np.array([2.0]), 4 * math.log(5.5), np.array([1.0]), 0.1), run)
    assert log.best == pytest.approx(5.5) and log.best_params is run.params
    assert history["epoch"] == [1, 2, 3] and log.history["epoch"] == [1, 2, 3, 4, 5]
