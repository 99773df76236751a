"""Training with carried state: against a plain loop, and independent of the number of devices."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from charlm_lib import GRU, LSTM, RNN, RNNLM, TextData, Trainer, cross_entropy, gather_windows
from charlm_lib.engine import running
from charlm_lib.engine.batches import device_mesh
from charlm_lib.engine.optimizers import sgd
from charlm_lib.engine.parameters import first_params
from charlm_lib.engine.streams import stream_batches, stream_epoch_function, stream_mesh, streams

TEXT = "the time machine was begun and then it was lost in the dark of the night " * 12


def make_data(**changes):
    sizes = dict(batch_size=8, num_steps=5, num_train=80, num_val=16, stride=5)
    return TextData(TEXT, **sizes | changes)


def test_a_row_of_the_batch_reads_neighbouring_windows():
    dealt = streams(jnp.arange(0, 60, 5), 3)
    assert dealt.tolist() == [[0, 20, 40], [5, 25, 45], [10, 30, 50], [15, 35, 55]]


def test_a_batch_is_shared_by_as_many_devices_as_divide_it():
    meshes = [stream_mesh(device_mesh(jax.devices()[:n])) for n in range(1, 9)]
    assert [mesh.size for mesh in meshes] == [1, 2, 2, 4, 4, 4, 4, 8]
    assert list(meshes[2].devices) == jax.devices()[:2]


@pytest.mark.parametrize("rnn", [RNN(8), GRU(8, 2), LSTM(8, 2)], ids=["tanh", "gru", "lstm"])
def test_same_history_as_a_plain_loop_that_keeps_the_state(rnn):
    data = make_data()
    model = RNNLM(rnn, len(data.vocab), lr=0.5)
    result = Trainer(2, 1.0, carry_state=True).fit(model, data, show=False)

    params = first_params(model, 0)
    optimizer = optax.chain(optax.clip_by_global_norm(1.0), optax.sgd(0.5))
    opt_state, expected = optimizer.init(params), []

    @jax.jit
    def loss(params, state, X, Y):
        logits, state = model.apply(params, X, state)
        return cross_entropy(logits, Y), state

    @jax.jit
    def update(params, opt_state, state, X, Y):
        (value, state), grads = jax.value_and_grad(loss, has_aux=True)(params, state, X, Y)
        updates, opt_state = optimizer.update(grads, opt_state)
        return value, optax.apply_updates(params, updates), opt_state, state

    _, zeros = jax.tree.map(jnp.zeros_like, model.apply(params, jnp.zeros((8, 1), jnp.int32)))
    for _ in range(2):
        state, losses = zeros, []
        for starts in streams(jnp.asarray(data.starts("train")), 8):
            X, Y = gather_windows(data.tokens, starts, 5)
            value, params, opt_state, state = update(params, opt_state, state, X, Y)
            losses.append(value)
        expected.append(np.exp(np.mean(losses)))
    assert np.allclose(result.history["train_perplexity"], expected, rtol=1e-4)

    state, losses = zeros, []
    for starts in streams(jnp.asarray(data.starts("val")), 8):
        value, state = loss(params, state, *gather_windows(data.tokens, starts, 5))
        losses.append(value)
    assert result.history["val_perplexity"][-1] == pytest.approx(np.exp(np.mean(losses)), rel=1e-4)


def test_one_device_and_all_give_the_same_with_dropout():
    assert jax.device_count() > 1, "run the tests with more than one device"
    data = make_data()
    model = RNNLM(GRU(8, 2, dropout=0.5), len(data.vocab), lr=0.5)
    params = first_params(model, 0)
    optimizer = optax.sgd(0.5)

    def epoch(mesh):
        batches = stream_batches(mesh, 8, data.starts("train"), jax.random.key(3), 1)
        return jax.jit(stream_epoch_function(model, None, mesh, 5, 8, optimizer))(
            params, optimizer.init(params), data.tokens, batches, data.starts("val")
        )

    one, both = map(
        epoch, (jax.sharding.Mesh(np.array(jax.devices()[:1]), ("batch",)), device_mesh())
    )
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(both), strict=True):
        assert np.allclose(a, b, rtol=1e-4, atol=1e-6)


def test_dropout_acts_in_training_by_its_key_and_never_in_validation():
    """The rate is 0, so that all four epochs see the same parameters."""
    data, optimizer = make_data(), optax.sgd(0.0)
    plain, dropped = (RNNLM(GRU(8, 2, dropout=p), len(data.vocab), lr=0.0) for p in (0.0, 0.5))
    params = first_params(plain, 0)

    def losses(model, seed):
        mesh = jax.sharding.Mesh(np.array(jax.devices()[:1]), ("batch",))
        batches = stream_batches(mesh, 8, data.starts("train"), jax.random.key(seed), 1)
        _, _, nll, _, val_nll = jax.jit(stream_epoch_function(model, None, mesh, 5, 8, optimizer))(
            params, optimizer.init(params), data.tokens, batches, data.starts("val")
        )
        return np.asarray(nll), float(val_nll)

    runs = (plain, 1), (dropped, 1), (dropped, 1), (dropped, 2)
    (without, val), (one, val_one), (same, _), (other, _) = (losses(*run) for run in runs)
    assert val_one == pytest.approx(val, rel=1e-6)
    np.testing.assert_array_equal(one, same)
    for different in (without, other):
        assert np.abs(one - different).min() > 1e-4


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"stride": 1}, "stride=1 apart and have num_steps=5"),
        ({"batch_size": 12}, "batch_size that is a multiple of 8, but it is 12: use 8"),
        ({"num_train": 81}, "num_train that is a multiple of 8, but it is 81: use 80"),
        ({"num_val": 3}, "num_val that is a multiple of 8, but it is 3: use 8"),
    ],
)
def test_windows_that_do_not_follow_each_other(changes, words):
    data = make_data(**changes)
    with pytest.raises(ValueError, match=words):
        Trainer(1, carry_state=True).fit(RNNLM(RNN(4), len(data.vocab), 1.0), data, show=False)


def test_carried_state_is_computed_in_float32():
    with pytest.raises(ValueError, match="compute_dtype='bfloat16' and carry_state=True"):
        Trainer(1, carry_state=True, compute_dtype="bfloat16")


@pytest.mark.parametrize("carry_state", [True, False])
def test_only_a_run_that_carries_its_state_leaves_devices_out(carry_state, monkeypatch):
    fewer = device_mesh(jax.devices()[:1])
    monkeypatch.setattr(running, "stream_mesh", lambda mesh: fewer)
    data = make_data()
    model = RNNLM(RNN(8), len(data.vocab), lr=1)
    run = running.Run(model, data, data.starts("train"), 0, sgd(1, None), None, carry_state, False)
    assert run.mesh.size == (1 if carry_state else jax.device_count())
