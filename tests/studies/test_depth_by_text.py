"""Depth by amount of text: the same windows, less of them; equal parameters; one table a share."""

from dataclasses import asdict

import numpy as np
import pytest

from charlm_lib import KneserNey
from charlm_lib.studies import depth_by_text as by_text
from charlm_lib.studies import depth_study
from charlm_lib.studies.depth_study import Config

NEW = [plan for plan in by_text.PLANS if not plan.recorded]


@pytest.mark.parametrize("share, num_train", [(1 / 16, 1024), (1 / 4, 4224)])
def test_a_share_is_the_text_before_the_validation_text(share, num_train):
    data = by_text.Plan("gru", share).data()
    whole = depth_study.study_data()
    assert data.num_train == num_train and data.num_val == whole.num_val
    for part in ("train", "val"):
        ends = [d.starts(part)[-1] + d.num_steps + 1 for d in (data, whole)]
        last, of_whole = (d.tokens[e - 33 : e] for d, e in zip((data, whole), ends, strict=True))
        np.testing.assert_array_equal(last, of_whole)
    assert by_text.Plan("gru").data().num_train == whole.num_train


def test_a_quarter_of_the_text_makes_half_of_the_updates():
    epochs = [by_text.Plan("tanh", share).max_epochs for share in (1 / 16, 1 / 4, 1.0)]
    assert epochs == [80, 40, 20]


@pytest.mark.parametrize("plan", by_text.PLANS)
def test_networks_of_a_plan_differ_in_depth_alone(plan):
    configs = plan.configs()
    assert [config.num_layers for config in configs] == [1, 2, 4]
    sizes = [config.num_params() for config in configs]
    assert max(sizes) < 1.07 * min(sizes)  # whole units allow no better
    whole = Config(plan.cell, 4, 32).num_params()
    assert (sizes[0] < 0.35 * whole) == plan.small


def test_the_width_is_the_one_that_comes_closest():
    budget = Config("gru", 1, 32).num_params()
    sizes = {w: abs(Config("gru", 2, w).num_params() - budget) for w in range(4, 33)}
    assert by_text.closest_width("gru", 2, budget).num_hiddens == min(sizes, key=sizes.get)


def test_a_table_counts_the_same_characters():
    table = by_text.count(1 / 16)
    ids = depth_study.study_data().tokens
    train = np.asarray(ids[139_200 - 8_192 : 139_200])
    nll = KneserNey(train, table["order"], 28).nll(np.asarray(ids[156_032:]))
    assert table["characters"] == 8_192
    assert table["test_loss"] == pytest.approx(nll.mean(), abs=1e-4)


def test_the_rate_of_the_first_seed_decides():
    runs = [
        {"lr": lr, "seed": seed, "val_loss": val, "test_loss": test}
        for lr, seed, val, test in ((0.01, 0, 1.5, 1.1), (0.03, 0, 1.4, 1.9), (0.03, 1, 1.7, 1.3))
    ]
    assert [run["test_loss"] for run in by_text.with_best_lr(runs)] == [1.9, 1.3]


def test_a_run_is_measured_at_its_best_epoch(monkeypatch):
    monkeypatch.setattr(depth_study, "MAX_EPOCHS", 4)  # sixteen epochs of a sixteenth
    plan = by_text.Plan("tanh", 1 / 16)
    entry = by_text.measure(plan, Config("tanh", 1, 4), 0.01, 1)
    assert entry["num_params"] == Config("tanh", 1, 4).num_params()
    assert 1 <= entry["best_epoch"] <= 16
    assert 2.0 < entry["test_loss"] < 3.3 and entry["seed"] == 1
    found = by_text.runs_of({"runs": [entry]}, plan, 1)
    assert found == [entry] and by_text.runs_of({"runs": [entry]}, plan, 2) == []


@pytest.mark.parametrize("plan", NEW)
def test_the_record_is_whole(plan):
    record = by_text.read_record()
    for depth in by_text.DEPTHS:
        runs = by_text.runs_of(record, plan, depth)
        tried = {run["lr"]: run["val_loss"] for run in runs if run["seed"] == 0}
        lr, chosen = depth_study.choose_lr(tried)
        assert chosen and min(tried) < lr < max(tried)
        assert len(by_text.losses(record, plan, depth)) == len(depth_study.SEEDS)


def test_the_whole_text_stands_in_the_record_of_the_depth_study():
    plan = by_text.Plan("tanh")
    record, runs = {"runs": []}, depth_study.read_record()["runs"]
    of = {run["test_loss"] for run in runs if run["name"] == "tanh-2x46" and run["lr"] == 0.03}
    assert set(by_text.losses(record, plan, 2)) == of and len(of) == 3


def test_the_tables_are_those_of_the_shares():
    tables = by_text.read_record()["tables"]
    assert [table["share"] for table in tables] == list(by_text.SHARES)
    assert tables[0] == by_text.count(1 / 16)
    falling = [table["test_loss"] for table in tables]
    assert falling == sorted(falling, reverse=True)


def test_every_new_network_gets_a_rate_of_its_own_and_three_seeds(monkeypatch, tmp_path):
    plans = [by_text.Plan("tanh", 1 / 16), by_text.Plan("tanh"), by_text.Plan("gru", 1 / 4)]
    best = {"tanh": 0.1, "gru": 0.01}
    ran = []

    def measure(plan, config, lr, seed):
        ran.append((plan.cell, config.num_layers, lr, seed))
        about = {"num_layers": config.num_layers, "lr": lr, "seed": seed}
        return {**asdict(plan), **about, "val_loss": float(abs(np.log(lr / best[plan.cell])))}

    monkeypatch.setattr(by_text, "PLANS", plans)
    monkeypatch.setattr(by_text, "RECORD", tmp_path / "record.json")
    monkeypatch.setattr(by_text, "count", lambda share: {"share": share})
    monkeypatch.setattr(by_text, "measure", measure)
    by_text.main()
    rates = {"tanh": (0.003, 0.01, 0.03, 0.1, 0.3), "gru": (0.003, 0.01, 0.03)}
    wanted = [
        (cell, depth, lr, seed)
        for cell in ("tanh", "gru")  # all of the text is in the other study's record
        for depth in by_text.DEPTHS
        for lr, seed in [*((lr, 0) for lr in rates[cell]), (best[cell], 1), (best[cell], 2)]
    ]
    assert ran == wanted
    by_text.main()  # nothing is run twice
    assert ran == wanted and len(by_text.read_record()["runs"]) == len(wanted)
