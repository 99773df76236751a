"""The study of chapter 5: its plan, its rule for the learning rate, and its record."""

import jax
import numpy as np
import pytest

from charlm_lib.studies import depth_study as study
from charlm_lib.texts.data import TimeMachine


@pytest.mark.parametrize("cell", study.CELLS)
def test_the_plans(cell):
    width, params = study.equal_width(cell), study.equal_params(cell)
    assert {c.num_hiddens for c in width} == {32}
    assert [c.num_layers for c in width] == [c.num_layers for c in params] == [1, 2, 3, 4]
    assert width[-1] == params[-1]
    sizes = np.array([c.num_params() for c in params])
    assert (abs(sizes / sizes[-1] - 1) < 0.03).all()
    model = params[1].model()
    learned = jax.eval_shape(model.init, jax.random.key(0), np.zeros((1, 1), np.int32))
    assert sum(x.size for x in jax.tree.leaves(learned)) == sizes[1]


def test_the_three_texts_do_not_overlap():
    data = study.study_data()
    ends = data.starts("train")[-1], data.starts("val")[0], data.starts("val")[-1]
    assert ends[1] == 139_200 and ends[0] < ends[1]
    assert ends[2] + data.num_steps < study.TEST_START < len(data.tokens) - 15_000
    assert (data.tokens == TimeMachine(128, 32).tokens).all()


@pytest.mark.parametrize(
    "losses, expected",
    [
        ({}, (0.003, False)),
        ({0.003: 2.0}, (0.01, False)),
        ({0.003: 2.0, 0.01: 1.9}, (0.03, False)),
        ({0.003: 1.8, 0.01: 1.9}, (0.001, False)),
        ({0.003: 2.0, 0.01: 1.9, 0.03: 1.95}, (0.01, True)),
        ({0.001: 2.0, 0.003: 1.8, 0.01: 1.9}, (0.003, True)),
        ({0.003: 2.0, 0.01: 1.9, 0.03: 1.8}, (0.1, False)),
        ({0.003: 2.0, 0.01: 1.9, 0.03: 1.8, 0.1: 1.7}, (0.3, False)),
        ({0.003: 2.0, 0.01: 1.9, 1.0: 1.6, 3.0: 1.5}, (3.0, True)),  # the grid ends
    ],
)
def test_the_rule_for_the_learning_rate(losses, expected):
    assert study.choose_lr(losses) == expected


def test_a_rate_is_found_between_two_that_are_worse():
    asked = []

    def loss(lr):
        asked.append(lr)
        return abs(np.log(lr / 0.25))

    assert study.find_lr(loss) == 0.3
    assert asked == [0.003, 0.01, 0.03, 0.1, 0.3, 1.0]


def test_the_record_is_complete_and_follows_the_rule():
    record = study.read_record()
    for config in study.all_configs():
        runs = study.chosen_runs(record, config)
        assert [run["seed"] for run in runs] == list(study.SEEDS)
        tried = {
            run["lr"]: run["val_loss"]
            for run in record["runs"]
            if run["name"] == config.name and run["seed"] == 0
        }
        assert study.choose_lr(tried) == (runs[0]["lr"], True)
        assert study.LEARNING_RATES[0] < runs[0]["lr"] < study.LEARNING_RATES[-1]
        for run in runs:
            assert run["num_params"] == config.num_params() and run["stopped"] == "finished"
            assert len(run["val_perplexity"]) == study.MAX_EPOCHS
            assert run["val_loss"] == pytest.approx(np.log(run["val_perplexity"][-1]), abs=1e-4)
        shapes = jax.tree.map(np.shape, study.recorded(config).params)
        key, X = jax.random.key(0), np.zeros((1, 1), np.int32)
        assert shapes == jax.tree.map(np.shape, jax.eval_shape(config.model().init, key, X))


def test_a_run_is_written_once_and_not_repeated(tmp_path, monkeypatch):
    monkeypatch.setattr(study, "RECORD", tmp_path / "record.json")
    monkeypatch.setattr(study, "WEIGHTS", tmp_path / "record.safetensors")
    monkeypatch.setattr(study, "MAX_EPOCHS", 1)
    monkeypatch.setattr(study, "WARMUP", 1)
    monkeypatch.setattr(study, "TEST_START", 173_000)  # a short test text
    trained = []
    train = study.train
    monkeypatch.setattr(study, "train", lambda *a, **k: trained.append(a[1:3]) or train(*a, **k))
    data = TimeMachine(16, 8, num_train=64, num_val=32, stride=8)
    config, record, weights = study.Config("tanh", 1, 4), study.read_record(), {}
    study.study_network(config, data, record, weights)
    assert len(trained) == len(set(trained)) == len(study.read_record()["runs"]) >= 4
    chosen = study.chosen_runs(record, config)
    assert [run["seed"] for run in chosen] == [0, 1, 2]
    loss = study.text_nll(study.recorded(config), data.tokens[study.TEST_START :])
    assert float(loss.mean()) == pytest.approx(chosen[0]["test_loss"], abs=1e-5)
    study.study_network(config, data, study.read_record(), weights)
    assert len(trained) == len(study.read_record()["runs"])


def test_parameters_that_were_not_kept():
    with pytest.raises(ValueError, match="no parameters of tanh-1x32 with seed=2, only of gru-"):
        study.recorded(study.Config("tanh", 1, 32), seed=2)
