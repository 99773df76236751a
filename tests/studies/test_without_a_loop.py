"""The networks of chapter 8 are comparable, and the records of its studies are whole."""

import numpy as np
import pytest

from charlm_lib import first_params
from charlm_lib.studies import cells_compared, recall, recall_in_blocks
from charlm_lib.studies import without_a_loop as study
from charlm_lib.studies.depth_study import LEARNING_RATES, choose_lr

RECORD = study.read_record()
EVERY = study.BESIDE + study.IN_BLOCKS


@pytest.mark.parametrize("cell", study.IN_BLOCKS)
def test_networks_have_equal_parameters_as_far_as_widths_allow(cell):
    network = study.network(cell)
    assert abs(network.num_params() / cells_compared.BUDGET - 1) < 0.05
    layers = network.model().rnn.layers
    assert len(layers) == 2 and {layer.num_hiddens for layer in layers} == {network.num_hiddens}


def test_the_controls_are_the_layers_of_the_book():
    made = {cell: type(study.STACKS[cell](8)).__name__ for cell in study.IN_BLOCKS}
    assert list(made.values()) == ["RNN", "GRU", "MinGRU", "LRU", "CausalAttention"]
    assert study.CONTROLS == tuple(made)[:2] and study.NEW == tuple(made)[2:]


@pytest.mark.parametrize("cell", EVERY)
def test_the_rate_of_every_cell_follows_the_rule(cell):
    runs = study.tried(RECORD, cell)
    assert {run["seed"] for run in runs.values()} == {0}
    best = study.best_run(RECORD, cell)
    assert choose_lr({lr: run["val_loss"] for lr, run in runs.items()}) == (best["lr"], True)
    assert best["lr"] not in (LEARNING_RATES[0], LEARNING_RATES[-1])


@pytest.mark.parametrize("cell", EVERY)
def test_the_best_rate_has_three_seeds(cell):
    runs, best = study.chosen_runs(RECORD, cell), study.best_run(RECORD, cell)
    assert [run["seed"] for run in runs] == [0, 1, 2] and runs[0] == best
    assert {run["lr"] for run in runs} == {best["lr"]}
    assert len({run["test_loss"] for run in runs}) == 3
    for run in runs:
        assert np.mean(run["test_blocks"]) == pytest.approx(run["test_loss"], abs=0.01)
        assert len(run["test_blocks"]) == 35


@pytest.mark.parametrize("cell", study.IN_BLOCKS)
def test_what_only_the_networks_in_blocks_are_asked(cell):
    for run in study.runs_of(RECORD, cell):
        assert run["num_params"] == study.network(cell).num_params()
        assert len(run["by_context"]) == len(study.CONTEXTS)
        assert run["in_one_go"] == pytest.approx(run["test_loss"], abs=0.15)  # a sample of it


def test_equal_seconds_are_the_gru_s():
    assert [run["cell"] for run in RECORD["equally_long"]] == list(EVERY)
    seconds = RECORD["seconds_per_epoch"]
    whole = study.STEP.max_epochs * seconds["gru"]
    for run in RECORD["equally_long"]:
        assert run["epochs"] == study.epochs_for_equal_seconds(RECORD, run["cell"])
        assert abs(run["epochs"] * seconds[run["cell"]] - whole) <= seconds[run["cell"]] / 2 + 1e-9
        assert run["lr"] == study.best_run(RECORD, run["cell"])["lr"]


def test_only_what_the_record_lacks_is_run(monkeypatch, tmp_path):
    monkeypatch.setattr(study, "RECORD", tmp_path / "record.json")
    ran, long = [], []

    def measure(network, lr, seed):
        ran.append((network.cell, lr, seed))
        return {"cell": network.cell, "lr": lr, "seed": seed, "val_loss": abs(lr - 0.03) + seed}

    def equally_long(record, cell):
        long.append(cell)
        return {"cell": cell, "lr": study.best_run(record, cell)["lr"]}

    monkeypatch.setattr(study, "measure", measure)
    monkeypatch.setattr(study, "train_equally_long", equally_long)
    monkeypatch.setattr(study, "seconds_per_epoch", lambda: {"gru": 0.5})
    study.main()
    rates = [(lr, 0) for lr in (0.003, 0.01, 0.03, 0.1)]
    runs = [*rates, (0.03, 1), (0.03, 2)]
    assert ran == [(cell, *run) for cell in study.IN_BLOCKS for run in runs]
    assert long == list(EVERY)
    before = study.read_record()
    study.main()
    assert len(ran) == 30 and len(long) == 8 and study.read_record() == before
    assert study.best_run(before, "LRU")["lr"] == 0.03
    assert before["seconds_per_epoch"] == {"gru": 0.5}
    before["equally_long"][4]["lr"] = 0.1  # of a rate that is not the best one
    study.write(before)
    study.main()
    assert len(ran) == 30 and long[8:] == [EVERY[4]]
    assert [run["cell"] for run in study.read_record()["equally_long"]] == list(EVERY)


def test_recall_in_blocks_has_every_layer_delay_and_seed():
    record = recall_in_blocks.read_record()
    for layer in recall_in_blocks.LAYERS:
        for delay in recall_in_blocks.DELAYS:
            shares = recall_in_blocks.accuracy(record, layer, delay)
            assert len(shares) == 3 and ((0 <= shares) & (shares <= 1)).all()
    assert len(record["runs"]) == 6 * 4 * 3
    assert set(recall_in_blocks.DELAYS) < set(recall.DELAYS)


def test_a_window_that_does_not_reach_the_symbol_sees_the_noise_alone():
    """Two blocks of 16 steps see 31: what stands before them changes nothing."""
    model = recall_in_blocks.model("window of 16")
    X = np.array([[3, *range(8, 16), *range(8, 16), *range(8, 16), *range(8, 16)]])
    params, other = first_params(model, 0), X.copy()
    other[0, 0] = 5
    for length, is_same in ((31, False), (32, True)):
        ends = [model.apply(params, x[:, :length])[0][0, -1] for x in (X, other)]
        assert np.allclose(*ends, atol=1e-6) == is_same, length


def test_recall_in_blocks_trains_what_is_missing(monkeypatch, tmp_path):
    monkeypatch.setattr(recall_in_blocks, "RECORD", tmp_path / "record.json")
    monkeypatch.setattr(recall_in_blocks, "DELAYS", (10, 50))
    ran = []

    def train(layer, delay, seed):
        ran.append((layer, delay, seed))
        return 0.1 * seed + delay / 1000

    monkeypatch.setattr(recall_in_blocks, "train", train)
    recall_in_blocks.main()
    assert len(ran) == len(set(ran)) == 6 * 2 * 3
    record = recall_in_blocks.read_record()
    assert recall_in_blocks.accuracy(record, "LRU", 50).tolist() == [0.05, 0.15, 0.25]
    recall_in_blocks.main()
    assert len(ran) == 36


def test_a_minimal_gru_recalls_a_near_symbol(monkeypatch):
    monkeypatch.setattr(recall, "NUM_UPDATES", 300)
    assert recall_in_blocks.train("minGRU", 5, 0) > 0.9
