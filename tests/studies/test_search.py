"""The search: its texts do not overlap, its layers compute what they say, its choices are blind."""

import json
from dataclasses import asdict, replace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from charlm_lib import GRU, RNNLM, paired_blocks, read_corpus
from charlm_lib.studies import search

TINY = search.Trial(num_hiddens=8, max_epochs=1, batch_size=64)
X = jax.random.randint(jax.random.key(0), (3, 7), 1, 28)


def test_every_character_of_the_novel_is_in_one_part():
    parts, text = search.text_parts(), read_corpus()
    assert sum(map(len, parts.values())) == len(text)
    assert parts["test"] == text[70_000:87_000] and parts["validation"] == text[139_200:156_032]
    assert parts["train"].startswith(text[:70_000]) and parts["train"].endswith(text[156_032:])


def test_a_trial_trains_and_validates_on_its_parts_only():
    data, parts = search.Trial().data(), search.text_parts()
    ends = np.array([data.starts(name)[-1] + data.num_steps for name in ("train", "val")])
    assert ends[0] < len(parts["train"])
    assert ends[1] < len(parts["train"]) + len(parts["validation"])
    assert data.num_val * data.num_steps > 0.9 * len(parts["validation"])


@pytest.mark.parametrize("num_layers", [1, 2, 3])
def test_without_dropping_it_is_the_gru(num_layers):
    ours = RNNLM(search.WeightDropGRU(8, num_layers), 28, 1.0)
    theirs = RNNLM(GRU(8, num_layers), 28, 1.0)
    params = ours.init(jax.random.key(1), X)["params"]
    rnn = params["rnn"]
    layers = {}
    for i in range(num_layers):
        cell = {f"i{g}": rnn[f"layer_{i}_i{g}"] for g in "rzn"}
        cell |= {f"h{g}": {"kernel": rnn[f"layer_{i}_h{g}"]} for g in "rzn"}
        cell["hn"]["bias"] = rnn[f"layer_{i}_hn_bias"] + 0.3
        layers[f"layer_{i}"] = cell
    rnn |= {f"layer_{i}_hn_bias": rnn[f"layer_{i}_hn_bias"] + 0.3 for i in range(num_layers)}
    same = {"params": {"output": params["output"], "rnn": layers}}
    for a, b in zip(
        ours.apply({"params": params | {"rnn": rnn}}, X), theirs.apply(same, X), strict=True
    ):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_dropping_is_for_training_only():
    model = RNNLM(search.WeightDropGRU(8, 2, 0.3, 0.3, 0.3), 28, 1.0)
    params = model.init(jax.random.key(1), X)
    plain = RNNLM(search.WeightDropGRU(8, 2), 28, 1.0).apply(params, X)[0]
    np.testing.assert_array_equal(model.apply(params, X)[0], plain)
    for name in ("dropout", "weight_drop", "output_drop"):
        one = RNNLM(search.WeightDropGRU(8, 2, **{name: 0.5}), 28, 1.0)
        rngs = {"dropout": jax.random.key(2)}
        assert not np.allclose(one.apply(params, X, training=True, rngs=rngs)[0], plain)


def test_a_dropped_weight_is_missing_in_all_steps():
    layer = search.WeightDropGRU(4, 1, weight_drop=0.5)
    inputs = jnp.zeros((5, 2, 3))
    params = layer.init(jax.random.key(0), inputs)
    rngs = {"dropout": jax.random.key(3)}
    whole, _ = layer.apply(params, inputs, jnp.ones((1, 2, 4)), training=True, rngs=rngs)
    state, steps = jnp.ones((1, 2, 4)), []
    for x in inputs:  # the same key draws the same mask in each call
        outputs, state = layer.apply(params, x[None], state, training=True, rngs=rngs)
        steps.append(outputs[0])
    np.testing.assert_allclose(whole, jnp.stack(steps), atol=1e-6)


def test_losses_of_an_ensemble_are_of_the_mean_probability():
    a, b = np.log([2.0, 4.0]), np.log([4.0, 4.0])
    np.testing.assert_allclose(np.exp(-search.ensemble_nll([a, b])), [3 / 8, 1 / 4])


def test_the_name_says_what_is_not_as_in_the_first_trial():
    assert search.Trial().name == "first trial"
    assert replace(search.Trial(), dropout=0.2, seed=3).name == "dropout=0.2, seed=3"


def test_a_finished_search_reads_the_test_text_when_all_is_chosen(tmp_path, monkeypatch):
    monkeypatch.setattr(search, "TRIALS", (TINY, replace(TINY, seed=1)))
    monkeypatch.setattr(search, "RECORD", tmp_path / "search.json")
    monkeypatch.setattr("sys.argv", ["search", "--work", str(tmp_path)])
    search.main()
    search.main()  # nothing is left to run
    monkeypatch.setattr("sys.argv", ["search", "--work", str(tmp_path), "--finish"])
    search.main()
    record = search.read_record()
    assert [entry["trial"]["seed"] for entry in record["trials"]] in ([0, 1], [1, 0])
    losses = [entry["validation_loss"] for entry in record["trials"]]
    assert losses == sorted(losses)
    best, ensemble = (record["validation"][k]["loss"] for k in ("best network", "ensemble"))
    assert best == pytest.approx(losses[0], abs=1e-3) and ensemble <= best
    assert set(record["test"]) == set(record["validation"])


def test_the_record_holds_all_trials():
    record = search.read_record()
    recorded = [json.dumps(entry["trial"]) for entry in record["trials"]]
    assert sorted(recorded) == sorted(json.dumps(asdict(trial)) for trial in search.TRIALS)
    for of in record["test"].values():
        assert len(of["blocks"]) == 33 or len(of["blocks"]) == 34
        assert np.mean(of["blocks"]) == pytest.approx(of["loss"], abs=2e-3)
    table = record["test"]["table"]["blocks"]
    assert paired_blocks(record["test"]["ensemble and table"]["blocks"], table, 1).difference < 0


def test_the_search_can_be_compiled_to_adamw():
    assert isinstance(TINY.optimizer(100), optax.GradientTransformation)
