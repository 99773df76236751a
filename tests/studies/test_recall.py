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


@pytest.mark.parametrize(
    "start, usual, gate, bias",
    [
        ("slow gru", "gru", "iz", recall.SLOW),
        ("slow lstm", "lstm", "hf", recall.SLOW),
        ("open lstm", "lstm", "hf", recall.OPEN),
    ],
)
def test_one_bias_alone_is_another_where_the_gate_that_keeps_begins_open(start, usual, gate, bias):
    fast, slow = (recall.Network(name, 2).first_params(0) for name in (usual, start))
    moved = jax.tree.map(lambda a, b: b - a, fast, slow)["params"]["rnn"]
    for layer in moved.values():
        assert (layer[gate].pop("bias") == bias).all()
    assert not any(x.any() for x in jax.tree.leaves(moved))


def test_a_slow_start_keeps_a_state_that_forgets_nothing_else():
    """Without an input and with no other bias, by hand, from the first state of one unit."""
    zeros = jnp.zeros((1, 1, 2 * recall.NUM_SYMBOLS))
    for start, shape, place in (("slow gru", (1, 1, 32), ()), ("slow lstm", (1, 2, 1, 32), (1,))):
        network = recall.Network(start, 1)
        params = {"params": network.first_params(0)["params"]["rnn"]}
        state = jnp.zeros(shape).at[0, *place, 0, 5].set(1e-3)
        _, after = network.model().rnn.apply(params, zeros, state)
        assert float(after[0, *place, 0, 5] / 1e-3) == pytest.approx(0.953, abs=0.03)


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
