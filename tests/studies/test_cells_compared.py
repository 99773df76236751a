"""The cells differ in nothing but the cell and the width, and the record is whole."""

import numpy as np
import pytest

from charlm_lib import read_corpus, text_nll
from charlm_lib.engine.parameters import first_params
from charlm_lib.evaluation import TrainedModel
from charlm_lib.studies import cells_compared, recipe
from charlm_lib.studies.depth_study import LEARNING_RATES, SEEDS, TEST_START, Config, choose_lr
from charlm_lib.texts.vocabulary import Vocab

RECORD = cells_compared.read_record()


def test_the_budget_is_that_of_the_gru_of_chapter_4():
    assert Config("gru", 2, 32).num_params() == cells_compared.BUDGET
    assert cells_compared.network("gru", 2).num_hiddens == 32


@pytest.mark.parametrize("config", cells_compared.networks(), ids=lambda config: config.name)
def test_no_width_comes_closer_to_the_budget(config):
    def distance(width):
        changed = Config(config.cell, config.num_layers, width)
        return abs(changed.num_params() - cells_compared.BUDGET)

    h = config.num_hiddens
    assert distance(h) <= min(distance(h - 1), distance(h + 1))
    assert distance(h) < 0.03 * cells_compared.BUDGET


def test_the_rung_carries_its_state_and_drops_nothing_out():
    step = cells_compared.STEP
    assert step.carry_state and step.dropout == 0 and step.falls and step.adam
    assert step in recipe.STEPS and step.num_updates() == 1_056


@pytest.mark.parametrize("config", cells_compared.networks(), ids=lambda config: config.name)
def test_the_record_has_every_seed_with_the_rate_that_was_chosen(config):
    runs = cells_compared.chosen_runs(RECORD, config)
    assert sorted(run["seed"] for run in runs) == list(SEEDS)
    tried = {
        r["lr"]: r["val_loss"] for r in cells_compared.runs_of(RECORD, config) if not r["seed"]
    }
    assert choose_lr(tried) == (runs[0]["lr"], True)
    assert set(tried) <= set(LEARNING_RATES) and min(tried) < runs[0]["lr"] < max(tried)
    for run in runs:
        assert run["stopped"] == "finished" and run["num_params"] == config.num_params()
        assert np.mean(run["test_blocks"]) == pytest.approx(run["test_loss"], abs=0.01)


@pytest.mark.parametrize("lr", [0.003, 0.01, 0.03, 0.1])
def test_the_same_gru_scores_as_on_its_rung_of_the_ladder(lr):
    """Two studies have trained this network with this seed; rounding may part them a little."""
    key = {"lr": lr, "seed": SEEDS[0]}
    rung = {"step": cells_compared.STEP.name} | key
    (there,) = [run for run in recipe.read_record()["runs"] if rung.items() <= run.items()]
    runs = cells_compared.runs_of(RECORD, cells_compared.network("gru", 2))
    (here,) = [run for run in runs if key.items() <= run.items()]
    assert here["test_loss"] == pytest.approx(there["test_loss"], abs=0.01)
    assert here["num_params"] == there["num_params"]


def test_each_text_is_read_once_and_whole():
    config, vocab = Config("lstm", 1, 7), Vocab(read_corpus())
    untrained = TrainedModel(config.model(), first_params(config.model(), 3), vocab)
    found = cells_compared.losses(untrained)
    tokens = vocab.encode(read_corpus())
    test = np.asarray(text_nll(untrained, tokens[TEST_START:]))
    assert found["test_loss"] == pytest.approx(test.mean(), abs=1e-4)
    assert len(found["test_blocks"]) == len(test) // 500
    assert found["test_blocks"][3] == pytest.approx(test[1500:2000].mean(), abs=1e-3)


def test_only_what_the_record_lacks_is_run(monkeypatch, tmp_path):
    monkeypatch.setattr(cells_compared, "RECORD", tmp_path / "cells_compared.json")
    ran = []

    def measure(config, lr, seed):
        ran.append((lr, seed))
        key = {"cell": config.cell, "num_layers": config.num_layers}
        width = {"num_hiddens": config.num_hiddens}
        return {**key, **width, "lr": lr, "seed": seed, "val_loss": abs(lr - 0.03)}

    monkeypatch.setattr(cells_compared, "measure", measure)
    record = cells_compared.read_record()
    cells_compared.study(cells_compared.network("lstm", 1), record)
    assert ran == [(0.003, 0), (0.01, 0), (0.03, 0), (0.1, 0), (0.03, 1), (0.03, 2)]
    cells_compared.study(cells_compared.network("lstm", 1), cells_compared.read_record())
    assert len(ran) == 6
