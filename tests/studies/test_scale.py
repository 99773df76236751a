"""The study of amount, width and depth: its rules are followed, and its record is whole."""

import json
from dataclasses import asdict

import jax
import numpy as np
import pytest

from charlm_lib.studies import amounts, recipe, scale
from charlm_lib.studies.depth_study import SEEDS, choose_lr

SMALL = scale.Size(2, 4)


def test_a_quarter_of_the_text_gets_half_of_the_updates():
    updates = [n * scale.max_epochs(n) for n in scale.ROWS_OF]
    assert updates[2] == recipe.STEPS[-1].num_updates() == 1_056
    assert updates[1] / updates[2] == pytest.approx(0.5, abs=0.02)
    assert updates[0] / updates[2] == pytest.approx(0.25, abs=0.02)


@pytest.mark.parametrize("num_layers", scale.DEPTHS)
def test_every_layer_drops_its_outputs(num_layers):
    """With all outputs of a layer dropped, what comes out does not depend on what came in."""
    model, X = scale.Size(num_layers, 4).model(0.5), np.array([[1, 2, 3, 4]])
    params, key = model.init(jax.random.key(0), X), {"dropout": jax.random.key(1)}
    assert [model.rnn.dropout, model.rnn.output_drop, model.rnn.weight_drop] == [0.5, 0.5, 0.0]
    calm, dropped = (model.apply(params, X, training=t, rngs=key)[0] for t in (False, True))
    assert not np.allclose(calm, dropped)
    assert model.rnn.num_layers == num_layers


def test_parameters_are_counted():
    rows = 3 * (28 * 24 + 24) + 3 * 24 * 24 + 24 + (24 * 28 + 28)
    assert scale.Size(1, 24).num_params() == rows


def made(losses, tmp_path, monkeypatch):
    """Give runs whose losses a function of (windows_per_row, lr, dropout, seed) makes up."""

    def measure(size, windows_per_row, lr, dropout, seed):
        loss, n = losses(windows_per_row, lr, dropout, seed), windows_per_row * 4096
        key = {"characters": n, "lr": lr, "dropout": dropout, "seed": seed}
        return {**asdict(size), **key, "val_loss": loss}

    monkeypatch.setattr(scale, "measure", measure)
    return scale.Runs(SMALL, tmp_path / "runs.json")


def test_the_rate_is_found_on_a_quarter_with_dropout(tmp_path, monkeypatch):
    runs = made(lambda n, lr, p, s: abs(np.log(lr / 0.1)), tmp_path, monkeypatch)
    assert runs.find_lr() == 0.1
    assert [run["lr"] for run in runs.runs] == [0.003, 0.01, 0.03, 0.1, 0.3]
    assert {(run["characters"], run["dropout"]) for run in runs.runs} == {(8 * 4096, 0.3)}


@pytest.mark.parametrize("best, tried", [(0.0, [0.0, 0.3]), (0.3, [0.0, 0.3, 0.6]), (0.6, None)])
def test_more_dropout_is_tried_where_some_helps(best, tried, tmp_path, monkeypatch):
    runs = made(lambda n, lr, p, s: abs(p - best), tmp_path, monkeypatch)
    assert runs.choose_dropout(2, 0.01) == best
    assert [run["dropout"] for run in runs.runs] == (tried or [0.0, 0.3, 0.6])
    again = scale.Runs(SMALL, tmp_path / "runs.json")
    monkeypatch.setattr(scale, "measure", None)  # nothing is run twice
    assert again.choose_dropout(2, 0.01) == best and again.runs == runs.runs


def test_the_best_network_of_each_amount_gets_further_seeds(tmp_path, monkeypatch):
    monkeypatch.setattr(scale, "SIZES", (scale.Size(1, 4), SMALL))
    files = {}
    for i, size in enumerate(scale.SIZES):
        # The larger one is the better one on all of the text, the smaller one elsewhere
        runs = made(
            lambda n, lr, p, s, i=i: abs(lr - 0.01) + p + s + (1 - i if n == 33 else i),
            tmp_path / str(i),
            monkeypatch,
        )
        runs.path.parent.mkdir()
        runs.size, files[size] = size, runs
        lr = runs.find_lr()
        for n in scale.ROWS_OF:
            runs.choose_dropout(n, lr)
    monkeypatch.setattr(
        scale,
        "measure",
        lambda size, n, lr, p, seed: {
            **asdict(size),
            "characters": n * 4096,
            "lr": lr,
            "dropout": p,
            "seed": seed,
            "val_loss": 9,
        },
    )
    monkeypatch.setattr(amounts, "count", lambda n: {"characters": n * 4096})
    record = scale.finish(files)
    for n, size in ((2, scale.Size(1, 4)), (8, scale.Size(1, 4)), (33, SMALL)):
        found = scale.best_runs(record, n * 4096)
        assert [run["seed"] for run in found] == list(SEEDS)
        assert {(run["num_layers"], run["dropout"], run["lr"]) for run in found} == {
            (size.num_layers, 0.0, 0.01)
        }
    assert len(record["runs"]) == sum(len(json.loads(f.path.read_text())) for f in files.values())


def test_the_record_follows_the_rules():
    record = scale.read_record()
    characters = [table["characters"] for table in record["tables"]]
    assert characters == [64 * 64 * n for n in scale.ROWS_OF]
    for size in scale.SIZES:
        runs = [run for run in record["runs"] if asdict(size).items() <= run.items()]
        first = [run for run in runs if run["seed"] == SEEDS[0]]
        pilots = {
            run["lr"]: run["val_loss"]
            for run in first
            if run["dropout"] == 0.3 and run["characters"] == characters[1]
        }
        lr, chosen = choose_lr(pilots)
        assert chosen and {run["num_params"] for run in runs} == {size.num_params()}
        for n in characters:
            here = {
                run["dropout"]: run["val_loss"]
                for run in first
                if (run["characters"], run["lr"]) == (n, lr)
            }
            assert {0.0, 0.3} <= set(here)
            assert (0.6 in here) == (here[0.3] <= here[0.0])
            best = scale.chosen_run(record, size, n)
            assert (best["lr"], best["val_loss"]) == (lr, min(here.values()))
    for n in characters:
        assert sorted(run["seed"] for run in scale.best_runs(record, n)) == list(SEEDS)


def test_a_short_run_is_measured(monkeypatch):
    monkeypatch.setattr(scale, "max_epochs", lambda n: 2)
    found = scale.measure(SMALL, 2, 0.03, 0.0, 1)
    assert (found["num_layers"], found["num_hiddens"], found["seed"]) == (2, 4, 1)
    assert found["characters"] == 8_192 and found["best_epoch"] in (1, 2)
    assert 2.5 < found["val_loss"] < 4 and 2.5 < found["test_loss"] < 4
