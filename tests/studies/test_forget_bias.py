"""The sweep changes the forget gate's first bias alone, and its record is whole."""

import jax
import numpy as np
import pytest

from charlm_lib import LSTM, RNNLM, first_params
from charlm_lib.studies import forget_bias, recall
from charlm_lib.studies.depth_study import SEEDS

RECORD = forget_bias.read_record()


def test_one_bias_alone_moves_in_every_layer():
    params = first_params(RNNLM(LSTM(5, 3), 28, lr=1.0), 0)
    moved = jax.tree.map(lambda a, b: b - a, params, forget_bias.opened(params, 2.5))["params"]
    assert list(moved["rnn"]) == ["layer_0", "layer_1", "layer_2"]
    for layer in moved["rnn"].values():
        assert (layer["hf"].pop("bias") == 2.5).all()
    assert not any(x.any() for x in jax.tree.leaves(moved))


def test_what_is_kept_is_what_a_memory_cell_keeps():
    """Of one unit without weights, read from the layer itself."""
    layer = LSTM(4, 1)
    zeros = np.zeros((6, 1, 3))
    params = layer.init(jax.random.key(0), zeros)
    params = forget_bias.opened(jax.tree.map(np.zeros_like, params), 0.7)
    state = np.zeros((1, 2, 1, 4), np.float32)
    state[0, 1, 0, 2] = 0.3
    _, after = layer.apply(params, zeros, state)
    assert float(after[0, 1, 0, 2]) / 0.3 == pytest.approx(forget_bias.kept(0.7, 6), rel=1e-5)


def test_a_bias_decides_whether_a_short_training_finds_the_symbol():
    shares = [forget_bias.recall_share(bias, 12, 0, num_updates=250) for bias in (-2, 3)]
    assert shares[0] < 0.3 and shares[1] > 0.9


@pytest.mark.parametrize("bias", forget_bias.ELSEWHERE)
def test_the_networks_of_recall_begin_with_the_same_biases(bias):
    named = recall.Network(forget_bias.ELSEWHERE[bias], 1).first_params(4)
    ours = forget_bias.opened(forget_bias.LSTM.first_params(4), bias)
    jax.tree.map(np.testing.assert_array_equal, named, ours)


def test_the_record_is_whole():
    for bias in forget_bias.BIASES:
        for delay in forget_bias.DELAYS:
            assert len(forget_bias.right_answers(RECORD, bias, delay)) == len(SEEDS)
    for bias in (0, *forget_bias.NOVEL_BIASES):
        runs, best = forget_bias.novel_runs(RECORD, bias), forget_bias.best_rate(RECORD, bias)
        tried = {run["lr"]: run["val_loss"] for run in runs if run["seed"] == SEEDS[0]}
        assert bias == 0 or tried.keys() == set(forget_bias.NOVEL_RATES)
        assert tried[best] == min(tried.values()) and min(tried) < best < max(tried)
        for lr in (0.1, best):
            seeds = [run["seed"] for run in runs if run["lr"] == lr]
            assert sorted(seeds) == list(SEEDS)
        assert len(forget_bias.test_losses(RECORD, bias)) == len(SEEDS)


def test_losses_at_one_rate_and_at_the_best():
    runs = [(3, 0.1, 0, 2.0), (3, 0.3, 0, 1.5), (3, 0.1, 1, 2.5), (3, 0.3, 1, 1.0), (5, 0.1, 0, 9)]
    novel = [
        {"bias": b, "lr": lr, "seed": s, "val_loss": x, "test_loss": x + 0.25}
        for b, lr, s, x in runs
    ]
    assert forget_bias.test_losses({"novel": novel}, 3, 0.1).tolist() == [2.25, 2.75]
    assert forget_bias.test_losses({"novel": novel}, 3).tolist() == [1.75, 1.25]


def test_only_what_the_record_lacks_is_run(monkeypatch, tmp_path):
    monkeypatch.setattr(forget_bias, "RECORD", tmp_path / "forget_bias.json")
    monkeypatch.setattr(forget_bias, "DELAYS", (5, 7))
    monkeypatch.setattr(forget_bias, "BIASES", (0, 4, 6))
    ran = []

    def recall_share(bias, delay, seed):
        ran.append((delay, bias, seed))
        return 0.123456

    def novel_losses(bias, lr, seed):
        ran.append(("novel", bias, seed))
        return {"test_loss": 1.5, "val_loss": lr}

    monkeypatch.setattr(forget_bias, "recall_share", recall_share)
    monkeypatch.setattr(forget_bias, "novel_losses", novel_losses)
    forget_bias.main()
    assert ran[:12] == [(k, b, s) for k in (5, 7) for b in (4, 6) for s in SEEDS]
    seeds = (*[0] * len(forget_bias.NOVEL_RATES), *SEEDS[1:])
    assert ran[12:] == [("novel", b, s) for b in forget_bias.NOVEL_BIASES for s in seeds]
    forget_bias.main()
    assert len(ran) == 12 + 3 * 8
    assert forget_bias.right_answers({"recall": []}, 7, 5).size == 0
    assert forget_bias.right_answers(forget_bias.read_record(), 4, 7).tolist() == [0.1235] * 3
