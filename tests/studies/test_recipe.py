"""The ladder changes one thing at a time, and its record is whole."""

from dataclasses import asdict
from itertools import pairwise

import numpy as np
import optax
import pytest

from charlm_lib.studies import recipe
from charlm_lib.studies.depth_study import SEEDS, choose_lr

STEPS, RECORD = recipe.STEPS, recipe.read_record()
# What a step changes, beside the learning rate, the name, and the epochs that keep its updates.
CHANGED = {
    "the whole novel": {"windows"},
    "batches of 128": {"batch_size"},
    "Adam": {"adam"},
    "falling rate": {"falls"},
    "weight decay": {"weight_decay"},
    "windows side by side": {"windows"},
    "carried state": {"carry_state"},
    "windows of 64": {"windows", "num_steps", "batch_size"},  # half as many, twice as long
    "128 units": {"num_hiddens"},
    "dropout 0.3": {"dropout"},
}


@pytest.mark.parametrize("before, step", [*pairwise(STEPS)])
def test_a_step_changes_one_thing(before, step):
    a, b = asdict(before), asdict(step)
    changed = {name for name in a if a[name] != b[name]} - {"name", "lr", "max_epochs"}
    assert changed == CHANGED[step.name]


@pytest.mark.parametrize("step", STEPS)
def test_every_step_makes_about_as_many_updates(step):
    assert 1_000 <= step.num_updates() <= 1_100


def test_windows_of_64_are_the_same_characters_in_as_many_updates():
    short, long = (
        next(s for s in STEPS if s.name == n) for n in ("carried state", "windows of 64")
    )
    assert short.batch_size * short.num_steps == long.batch_size * long.num_steps
    assert short.num_updates() == long.num_updates()
    assert short.data().starts("val")[0] == long.data().starts("val")[0]


@pytest.mark.parametrize("step", STEPS)
def test_the_record_has_every_seed_with_the_rate_that_was_chosen(step):
    runs = recipe.chosen_runs(RECORD, step)
    assert sorted(run["seed"] for run in runs) == list(SEEDS)
    assert {run["lr"] for run in runs} == {step.lr}
    tried = {
        run["lr"]: run["val_loss"]
        for run in RECORD["runs"]
        if run["step"] == step.name and run["seed"] == 0
    }
    assert choose_lr(tried) == (step.lr, True) if step.adam else list(tried) == [step.lr]
    for run in runs:
        assert np.mean(run["test_blocks"]) == pytest.approx(run["test_loss"], abs=0.01)
        assert run["updates"] == step.num_updates()


def test_a_falling_rate_rises_first():
    rates = recipe.falling(0.5, 100)
    assert rates(0) == 0 and rates(10) == pytest.approx(0.5) and rates(100) == pytest.approx(0)
    assert rates(5) == pytest.approx(0.25) and 0 < rates(80) < rates(40) < 0.5


def test_optimizers():
    sgd, constant, falling = (
        next(s for s in STEPS if s.name == n).optimizer()
        for n in ("batches of 128", "Adam", "falling rate")
    )
    assert sgd is None
    for optimizer in (constant, falling):
        assert isinstance(optimizer, optax.GradientTransformation)


def test_only_what_the_record_lacks_is_run(monkeypatch, tmp_path):
    monkeypatch.setattr(recipe, "RECORD", tmp_path / "recipe.json")
    ran = []

    def measure(step, seed):
        ran.append((step.lr, seed))
        return {"step": step.name, "lr": step.lr, "seed": seed, "val_loss": abs(step.lr - 0.01)}

    monkeypatch.setattr(recipe, "measure", measure)
    record = recipe.read_record()
    assert record["runs"] == []
    step = next(s for s in STEPS if s.adam)
    recipe.study_step(step, record)
    assert ran == [(0.003, 0), (0.01, 0), (0.03, 0), (0.01, 1), (0.01, 2)]
    recipe.study_step(step, recipe.read_record())
    assert len(ran) == 5
