"""The networks of chapter 8 are comparable, and the record of its study is whole."""

import jax
import numpy as np
import pytest

from charlm_lib.studies import cells_compared, recall
from charlm_lib.studies import without_a_loop as study
from charlm_lib.studies.depth_study import SEEDS

RECORD = study.read_record()


@pytest.mark.parametrize("cell", ["gru", *study.STACKS])
def test_networks_have_equal_parameters_as_far_as_widths_allow(cell):
    network = study.network(cell)
    assert abs(network.num_params() / study.BUDGET - 1) < 0.05
    if cell != "gru":
        layers = network.model().rnn.layers
        assert len(layers) == 2 and {layer.num_hiddens for layer in layers} == {network.num_hiddens}


def test_the_gru_is_the_one_of_the_chapter_before():
    assert study.network("gru").model() == cells_compared.network("gru", 2).model()


@pytest.mark.parametrize("cell", study.NEW)
def test_every_seed_has_the_rate_that_the_first_one_chose(cell):
    first = [r for r in study.runs_of(RECORD, cell, "parameters") if r["seed"] == SEEDS[0]]
    assert sorted(run["lr"] for run in first) == sorted(study.LEARNING_RATES)
    best = min(first, key=lambda run: run["val_loss"])["lr"]
    for plan in ("parameters", "seconds"):
        runs = study.chosen_runs(RECORD, cell, plan)
        assert sorted(run["seed"] for run in runs) == list(SEEDS)
        assert {run["lr"] for run in runs} == {best}
        losses = [run["test_loss"] for run in runs]
        np.testing.assert_array_equal(study.losses(RECORD, cell, plan), losses)
        for run in runs:
            assert run["num_params"] == study.network(cell).num_params()
            assert np.mean(run["test_blocks"]) == pytest.approx(run["test_loss"], abs=0.01)
            assert len(run["by_context"]) == len(study.CONTEXTS)


@pytest.mark.parametrize("cell", study.NEW)
def test_equal_seconds_are_about_equal(cell):
    epochs = {run["epochs"] for run in study.chosen_runs(RECORD, cell, "seconds")}
    assert epochs == {study.epochs_in_equal_seconds(RECORD, cell)}
    seconds = epochs.pop() * study.epoch_seconds(RECORD, cell)
    budget = study.STEP.max_epochs * study.epoch_seconds(RECORD, "gru")
    assert seconds == pytest.approx(budget, abs=study.epoch_seconds(RECORD, cell))


def test_what_is_beside_comes_from_the_study_of_cells():
    config = cells_compared.network("lstm", 2)
    runs = cells_compared.chosen_runs(cells_compared.read_record(), config)
    found = study.losses(RECORD, "lstm")
    assert len(found) == len(SEEDS) and found.tolist() == [run["test_loss"] for run in runs]


@pytest.mark.parametrize("name", study.REMEMBERING)
def test_recall_is_recorded(name):
    for delay in study.DELAYS:
        shares = study.accuracy(RECORD, name, delay)
        assert len(shares) == len(study.RECALL_SEEDS) and all(0 <= share <= 1 for share in shares)


def test_a_slow_start_changes_one_bias_and_far_attention_the_window(monkeypatch):
    started = []

    def training(model, delay, num_updates):
        return lambda params, *keys: started.append((model, params)) or 0.5

    monkeypatch.setattr(recall, "training", training)
    for name in ("minGRU", "slow minGRU", "attention", "far attention"):
        assert study.recalled(name, 10, seed=1) == 0.5
    (_, fast), (_, slow), (near, _), (far, _) = started
    moved = jax.tree.map(lambda a, b: float(np.abs(b - a).max()), fast, slow)
    gate = moved["params"]["rnn"]["layers_0"]["keep"]
    assert gate.pop("bias") == pytest.approx(recall.SLOW) and not any(jax.tree.leaves(moved))
    windows = [model.rnn.layers[0].window for model in (near, far)]
    assert windows == [study.WINDOW, max(study.DELAYS)] and study.WINDOW < max(study.DELAYS)


def test_only_what_the_record_lacks_is_run(monkeypatch, tmp_path):
    monkeypatch.setattr(study, "RECORD", tmp_path / "record.json")
    ran = []

    def measure(network, lr, seed, plan, epochs):
        ran.append((network.cell, lr, seed))
        found = {"val_loss": abs(lr - 0.03), "test_loss": 1.5, "epoch_seconds": 1.0}
        key = {"cell": network.cell, "plan": plan, "lr": lr, "seed": seed, "epochs": epochs}
        return key | found

    monkeypatch.setattr(study, "measure", measure)
    monkeypatch.setattr(study, "recalled", lambda name, delay, seed: 0.5)
    study.main()
    of_lru = [run[1:] for run in ran if run[0] == "LRU"]
    assert of_lru[:4] == [(0.01, 0), (0.03, 0), (0.03, 1), (0.03, 2)]
    made, before = len(ran), study.read_record()
    study.main()
    assert len(ran) == made and study.read_record() == before
