"""The memory task asks for what it says, and its record is whole."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from charlm_lib.studies import recall
from charlm_lib.studies.depth_study import SEEDS


def test_a_sequence_is_a_symbol_and_then_noise():
    X = np.asarray(recall.sequences(jax.random.key(0), 500, 6))
    assert X.shape == (500, 6)
    assert set(X[:, 0]) == set(range(8)) and set(X[:, 1:].ravel()) == set(range(8, 16))


@pytest.mark.parametrize("num_layers", [1, 3])
def test_an_orthogonal_start(num_layers):
    params = recall.Network("orthogonal", num_layers).first_params(0)["params"]["rnn"]
    W = [layer["W_hh"] for layer in params.values()]
    assert len(W) == num_layers
    for W_hh in W:
        np.testing.assert_allclose(W_hh.T @ W_hh, jnp.eye(32), atol=1e-5)
    assert num_layers == 1 or not np.allclose(W[0], W[1])
    for layer in params.values():
        assert float(layer["W_xh"].std()) == pytest.approx(32**-0.5, rel=0.15)


def test_a_small_start():
    params = recall.Network("small", 1).first_params(0)["params"]["rnn"]["layers_0"]
    assert float(params["W_hh"].std()) == pytest.approx(0.01, rel=0.1)


def test_a_slow_gru_begins_by_keeping_its_state():
    fast, slow = (recall.Network(start, 2).first_params(0) for start in ("gru", "slow gru"))
    moved = jax.tree.map(lambda a, b: b - a, fast, slow)["params"]["rnn"]
    for layer in moved.values():
        assert (layer["iz"].pop("bias") == recall.SLOW).all()
    assert not any(x.any() for x in jax.tree.leaves(moved))
    assert jax.nn.sigmoid(recall.SLOW) > 0.95


def test_a_short_delay_is_learned_and_no_training_is_chance(monkeypatch):
    network = recall.Network("gru", 1)
    assert recall.train(network, 3, seed=0) > 0.99
    monkeypatch.setattr(recall, "NUM_UPDATES", 1)
    assert recall.train(network, 3, seed=0) < 0.4


def test_the_record_is_whole():
    record = recall.read_record()
    for network in recall.NETWORKS:
        for delay in recall.DELAYS:
            assert len(recall.accuracy(record, network, delay)) == len(SEEDS)
    means = recall.mean_accuracy(record)
    assert list(means) == [network.name for network in recall.NETWORKS]
    assert means["gru, 1 layer"][0] > 0.99


def test_only_what_the_record_lacks_is_run(monkeypatch, tmp_path):
    monkeypatch.setattr(recall, "RECORD", tmp_path / "recall.json")
    monkeypatch.setattr(recall, "NETWORKS", recall.NETWORKS[:1])
    monkeypatch.setattr(recall, "DELAYS", (5, 7))
    ran = []

    def train(network, delay, seed):
        ran.append((delay, seed))
        return 0.5

    monkeypatch.setattr(recall, "train", train)
    recall.main()
    assert ran == [(delay, seed) for delay in (5, 7) for seed in SEEDS]
    recall.main()
    assert len(ran) == 6
