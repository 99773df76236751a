"""The follow-up: a tied weight is one array, the mean is a mean, learning comes after reading."""

import json
from dataclasses import asdict, replace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from charlm_lib import GRU, RNNLM, TrainedModel, Vocab, paired_blocks, read_corpus, text_nll
from charlm_lib.studies import follow_up, search

TINY = follow_up.Trial(num_hiddens=8, max_epochs=1, batch_size=64)
VOCAB = Vocab(read_corpus())
IDS = VOCAB.encode(read_corpus()[70_000:70_200])


def network(num_layers: int = 2) -> TrainedModel:
    model = RNNLM(GRU(8, num_layers), len(VOCAB), 1.0)
    return TrainedModel(model, model.init(jax.random.key(3), jnp.ones((1, 4), int)), VOCAB)


def test_one_vector_a_character_reads_and_writes():
    model = follow_up.TiedRNNLM(GRU(8, 1), len(VOCAB), 1.0)
    X = jnp.array([[3, 5, 3]])
    params = model.init(jax.random.key(0), X)
    inner = dict(params["params"])
    E, b_q = inner.pop("E"), inner.pop("b_q") + jnp.arange(len(VOCAB))
    outputs, state = GRU(8, 1).apply({"params": inner["rnn"]}, E[X.T])
    changed = {"params": params["params"] | {"b_q": b_q}}
    logits, of_model = model.apply(changed, X)
    np.testing.assert_allclose(logits, (outputs @ E.T + b_q).swapaxes(0, 1), atol=1e-6)
    np.testing.assert_allclose(of_model, state, atol=1e-6)


def test_the_mean_of_parameters_is_kept_and_changes_no_update():
    sgd, both = optax.sgd(0.5), optax.chain(optax.sgd(0.5), follow_up.mean_of_params(0.9))
    params = mean = {"W": jnp.array([2.0, -1.0])}
    state = both.init(params)
    for step in range(1, 4):
        grads = {"W": jnp.array([1.0, 3.0]) * step}
        plain, _ = sgd.update(grads, sgd.init(params), params)
        updates, state = both.update(grads, state, params)
        np.testing.assert_array_equal(updates["W"], plain["W"])
        params = optax.apply_updates(params, updates)
        mean = {"W": 0.9 * mean["W"] + 0.1 * params["W"]}
    np.testing.assert_allclose(state[-1]["W"], mean["W"], rtol=1e-6)


def test_an_averaged_trial_ends_with_the_mean(monkeypatch):
    trial = replace(TINY, averaged=True)
    data = trial.data()
    averaged = trial.train(data)
    monkeypatch.setattr(follow_up, "DECAY", 0.0)  # the mean is then the last value
    last = trial.train(data)
    ends = [jax.tree.leaves(result.params) for result in (averaged, last)]
    assert all(a.shape == b.shape for a, b in zip(*ends, strict=True))
    assert any(not np.allclose(a, b, atol=1e-3) for a, b in zip(*ends, strict=True))
    monkeypatch.undo()
    plain = search.Trial.train(trial, data)
    for a, b in zip(jax.tree.leaves(plain.params), ends[1], strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_a_network_that_does_not_learn_only_reads():
    trained = network()
    read = follow_up.dynamic_nll(trained, IDS, lr=0.0, num_steps=32)
    assert len(read) == 192
    np.testing.assert_allclose(read, text_nll(trained, IDS)[:192], atol=1e-5)


def test_it_learns_from_what_it_has_predicted_and_not_before():
    trained = network(1)
    read, learned = (follow_up.dynamic_nll(trained, IDS, lr, num_steps=8) for lr in (0.0, 0.5))
    np.testing.assert_allclose(learned[:8], read[:8], atol=1e-5)  # nothing is learned yet

    def loss(params):
        logits, state = trained.model.apply(params, jnp.array(IDS[None, :8]))
        nll = optax.softmax_cross_entropy_with_integer_labels(logits[0], jnp.array(IDS[1:9]))
        return nll.mean(), state

    grads, state = jax.grad(loss, has_aux=True)(trained.params)
    params = jax.tree.map(lambda p, g: p - 0.5 * g, trained.params, grads)
    logits, _ = trained.model.apply(params, jnp.array(IDS[None, 8:16]), state)
    nll = optax.softmax_cross_entropy_with_integer_labels(logits[0], jnp.array(IDS[9:17]))
    np.testing.assert_allclose(learned[8:16], nll, atol=1e-5)


def test_a_follow_up_is_run_once_and_finished(tmp_path, monkeypatch):
    trials = TINY, replace(TINY, tied=True, num_hiddens=6)
    monkeypatch.setattr(follow_up, "TRIALS", trials)
    monkeypatch.setattr(follow_up, "RECORD", tmp_path / "follow_up.json")
    command = ["follow_up", "--work", str(tmp_path)]
    monkeypatch.setattr("sys.argv", command)
    follow_up.main()
    first = follow_up.read_record()["trials"]
    follow_up.main()  # nothing is left to run
    assert follow_up.read_record()["trials"] == first and len(first) == 2
    monkeypatch.setattr("sys.argv", [*command, "--finish"])
    follow_up.main()
    record = follow_up.read_record()
    best = min(first, key=lambda entry: entry["validation_loss"])
    assert record["chosen"]["trial"] == best["trial"]
    validation = record["validation"]["follow-up network"]["loss"]
    assert validation == pytest.approx(best["validation_loss"], abs=5e-3)
    assert 0 <= record["chosen"]["share"] <= 1


def test_the_record_holds_all_trials():
    record = follow_up.read_record()
    recorded = [json.dumps(entry["trial"]) for entry in record["trials"]]
    assert sorted(recorded) == sorted(json.dumps(asdict(trial)) for trial in follow_up.TRIALS)
    table = record["test"]["table"]["blocks"]
    for of in record["test"].values():
        assert np.mean(of["blocks"]) == pytest.approx(of["loss"], abs=2e-3)
        assert np.isfinite(paired_blocks(of["blocks"], table, 1).difference)
