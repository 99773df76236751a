"""Branches and combinations that the usual small runs never take."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.sharding import Mesh

from charlm_lib import GRU, RNN, RNNLM, TextData, Trainer
from charlm_lib.engine import batches, epochs, products, streams
from charlm_lib.engine.optimizers import clipped, sgd

CLIP, RATE = 1.0, 2.0
LONG = {"a": np.array([30.0, 0.0], np.float32), "b": np.array([[40.0]], np.float32)}  # norm 50
SHORT = jax.tree.map(lambda x: x / 500, LONG)


def step(rule, grads):
    params = jax.tree.map(jnp.zeros_like, grads)
    return rule.optimizer.update(grads, rule.first_state(params), params)[0]


def assert_near(found, expected):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5), found, expected)


def text_data(vocab_text="the time machine ", **sizes):
    return TextData(vocab_text * 40, **dict(batch_size=8, num_steps=4, num_val=8) | sizes)


@pytest.mark.parametrize("grads, scale", [(LONG, 1 / 50), (SHORT, 1)], ids=["long", "short"])
def test_gradients_are_clipped_before_whatever_the_optimizer_does(grads, scale):
    model = RNNLM(RNN(2), len(text_data(num_train=8).vocab), lr=RATE)
    data = text_data(num_train=8)
    for optimizer in (optax.sgd(RATE), lambda count: RATE, RATE):
        wanted = jax.tree.map(lambda g: -RATE * scale * g, grads)
        if isinstance(optimizer, optax.GradientTransformation):
            rule = Trainer(1, gradient_clip_val=CLIP).rule_for(model, data, optimizer)
            assert_near(step(clipped(optimizer, CLIP), grads), wanted)
        else:
            rule = sgd(optimizer, CLIP)
        assert_near(step(rule, grads), wanted)


@pytest.mark.parametrize("lr", [RATE, lambda count: RATE], ids=["number", "schedule"])
def test_without_a_length_nothing_is_clipped(lr):
    whole = jax.tree.map(lambda g: -RATE * g, LONG)
    assert_near(step(sgd(lr, None), LONG), whole)
    assert_near(step(clipped(optax.sgd(RATE), None), LONG), whole)


def test_an_accelerator_gets_the_same_gradients_of_weights(monkeypatch):
    rng = np.random.default_rng(0)
    X, D, E = (rng.standard_normal((5, 3, n)).astype(np.float32) for n in (4, 2, 6))
    wanted = [np.einsum("tbi,tbh->ih", X, gradient) for gradient in (D, E)]
    chosen = []

    def as_on(platform):
        def choose(*arguments, default, **branches):
            chosen.append(platform)
            return branches.get(platform, default)(*arguments)

        return choose

    for platform in ("cpu", "cuda"):
        monkeypatch.setattr(jax.lax, "platform_dependent", as_on(platform))
        for found, expected in zip(products.weight_gradients(X, D, E), wanted, strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    assert chosen == ["cpu", "cuda"]


def mesh_like(platform, size):
    devices = np.array([SimpleNamespace(platform=platform)] * size, object)
    return SimpleNamespace(devices=devices, size=size)


@pytest.mark.parametrize(
    "batch_size, size, share", [(10, 3, 4), (12, 3, 4), (1, 2, 1), (64, 1, 64)]
)
def test_an_accelerator_takes_its_share_of_a_batch_at_once(batch_size, size, share):
    assert batches.micro_batch_size(batch_size, mesh_like("gpu", size)) == share


def distinct(keys):
    """How many of the keys differ."""
    data = np.asarray(jax.random.key_data(keys))
    return len(np.unique(data.reshape(-1, data.shape[-1]), axis=0))


def test_every_micro_batch_of_every_batch_and_epoch_has_its_own_dropout_key():
    mesh = Mesh(np.array(jax.devices()[:1]), ("batch",))
    starts = np.arange(250, dtype=np.int32)
    of_epochs = [
        batches.shuffled_batches(mesh, 96, starts, jax.random.key(0), epoch) for epoch in (1, 2)
    ]
    (order, _, keys), (other_order, _, _) = of_epochs
    assert keys.shape == order.shape[:2] == (3, 3)  # 250 windows: 3 batches of 3 micro-batches
    assert distinct(jnp.concatenate([k.ravel() for _, _, k in of_epochs])) == 18
    assert not np.array_equal(order, other_order)
    assert not np.array_equal(np.sort(order.ravel()), order.ravel())


def test_every_share_of_every_carried_batch_and_epoch_has_its_own_dropout_key():
    mesh = Mesh(np.array(jax.devices()[:1]), ("batch",))
    starts = np.arange(48, dtype=np.int32)
    keys = [
        streams.stream_batches(mesh, 16, starts, jax.random.key(0), epoch)[1] for epoch in (1, 2)
    ]
    assert keys[0].shape == (3, streams.SHARES)
    assert distinct(jnp.concatenate([k.ravel() for k in keys])) == 2 * 3 * streams.SHARES


def test_dropout_uses_the_key_that_it_is_given_and_none_without(randomise):
    model = RNNLM(GRU(8, 2, dropout=0.5), 6, lr=1.0)
    X = np.arange(12, dtype=np.int32).reshape(3, 4) % 6
    params = randomise(model, X)

    def loss(key):
        return float(epochs.total_nll(model, None, params, (X, X), np.ones(3), key))

    one, two = (loss(jax.random.key(seed)) for seed in (1, 2))
    assert loss(jax.random.key(1)) == one != two
    logits, _ = model.apply(params, X)
    chosen = np.take_along_axis(np.asarray(jax.nn.log_softmax(logits)), X[..., None], -1)
    assert loss(None) == pytest.approx(-chosen.sum(), rel=1e-5)


@pytest.mark.filterwarnings("ignore:After epoch 1")  # it hardly learns, on purpose
def test_a_short_last_batch_is_a_mean_over_its_own_characters():
    """40 windows in batches of 32: the 8 of the second batch weigh as much as a whole batch."""
    data = text_data(batch_size=32, num_train=40)
    model = RNNLM(RNN(4), len(data.vocab), lr=1e-6)
    result = Trainer(1).fit(model, data, show=False)
    starts = np.arange(40, dtype=np.int32)
    key = jax.random.split(jax.random.key(0))[1]
    mesh = batches.device_mesh()
    order, used, _ = batches.shuffled_batches(mesh, 32, starts, key, 1)
    for batch, norm in enumerate(result.grad_norms):
        chosen = np.asarray(order[batch])[np.asarray(used[batch]) == 1]
        assert len(chosen) == (32, 8)[batch]

        def mean_loss(params, chosen=chosen):
            X, Y = (jnp.stack([data.tokens[s + i : s + i + 4] for s in chosen]) for i in (0, 1))
            logits, _ = model.apply(params, X)
            return optax.softmax_cross_entropy_with_integer_labels(logits, Y).mean()

        grads = jax.grad(mean_loss)(result.params)
        assert norm == pytest.approx(float(optax.tree.norm(grads)), rel=1e-3)


@pytest.mark.parametrize(
    "processes, other, expected", [(1, True, False), (2, True, True), (2, False, False)]
)
def test_a_flag_of_another_process_counts_where_there_is_one(
    monkeypatch, processes, other, expected
):
    monkeypatch.setattr(jax, "process_count", lambda: processes)
    monkeypatch.setattr(batches, "process_allgather", lambda flag: np.array([flag, other]))
    assert batches.on_any_process(False) is expected
