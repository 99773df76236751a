"""The networks of chapter 8 are comparable, and the record of its study is whole."""

import numpy as np
import pytest

from charlm_lib.studies import cells_compared
from charlm_lib.studies import without_a_loop as study

RECORD = study.read_record()


@pytest.mark.parametrize("cell", study.NEW)
def test_networks_have_equal_parameters_as_far_as_widths_allow(cell):
    network = study.network(cell)
    assert abs(network.num_params() / cells_compared.BUDGET - 1) < 0.05
    layers = network.model().rnn.layers
    assert len(layers) == 2 and {layer.num_hiddens for layer in layers} == {network.num_hiddens}


@pytest.mark.parametrize("cell", study.NEW + study.BESIDE)
def test_every_cell_has_tried_every_rate_with_the_same_seed(cell):
    runs = study.tried(RECORD, cell)
    assert [run["lr"] for run in runs] == list(study.LEARNING_RATES)
    assert {run["seed"] for run in runs} == {0}
    for run in runs:
        assert np.mean(run["test_blocks"]) == pytest.approx(run["test_loss"], abs=0.01)
        assert len(run["test_blocks"]) == 35
    assert study.best_run(RECORD, cell)["val_loss"] == min(run["val_loss"] for run in runs)


@pytest.mark.parametrize("cell", study.NEW)
def test_what_only_the_new_ones_are_asked(cell):
    for run in study.tried(RECORD, cell):
        assert run["num_params"] == study.network(cell).num_params()
        assert len(run["by_context"]) == len(study.CONTEXTS)
        assert run["in_one_go"] == pytest.approx(run["test_loss"], abs=0.15)  # a sample of it


def test_only_what_the_record_lacks_is_run(monkeypatch, tmp_path):
    monkeypatch.setattr(study, "RECORD", tmp_path / "record.json")
    ran = []

    def measure(network, lr):
        ran.append((network.cell, lr))
        return {"cell": network.cell, "lr": lr, "seed": 0, "val_loss": abs(lr - 0.03)}

    monkeypatch.setattr(study, "measure", measure)
    study.main()
    assert sorted(ran) == sorted((c, lr) for c in study.NEW for lr in study.LEARNING_RATES)
    before = study.read_record()
    study.main()
    assert len(ran) == 9 and study.read_record() == before
    assert study.best_run(before, "LRU")["lr"] == 0.03
