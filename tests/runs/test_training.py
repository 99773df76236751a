"""Evaluation and the trainer, against plain loops."""

import copy
import dataclasses
import functools
import math
import re
import signal
import threading
import time

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.sharding import Mesh

import charlm_lib as cl
from charlm_lib import evaluation
from charlm_lib.display.progress import FitDisplay
from charlm_lib.engine import compiling, running
from charlm_lib.engine.epochs import total_nll
from charlm_lib.engine.parameters import first_params
from charlm_lib.engine.stopping import StopButton
from charlm_lib.losses import has_exploded

H = 8


def rnn_model(data, lr=1.0):
    return cl.RNNLM(cl.RNN(H), len(data.vocab), lr=lr)


def gru_model(data, lr=1.0, dropout=0.0, num_layers=2):
    return cl.RNNLM(cl.GRU(H, num_layers, dropout), len(data.vocab), lr=lr)


def fit(model, data, epochs=1, clip=None, **options):
    return cl.Trainer(epochs, clip).fit(model, data, show=False, **options)


def flat(params):
    return np.concatenate([np.ravel(x) for x in jax.tree.leaves(params)])


@pytest.fixture
def devices(monkeypatch):
    """A function that restricts training to the first n devices."""

    def use(n):
        assert len(jax.devices()) >= n
        mesh = Mesh(np.array(jax.devices()[:n]), ("batch",))
        for module in (running, evaluation):
            monkeypatch.setattr(module, "device_mesh", lambda *_: mesh)

    return use


# --- evaluation ---
def batch_losses(model, params, data, split):
    apply = jax.jit(model.apply)
    for X, Y in data.batches(split):
        yield float(cl.cross_entropy(apply(params, X)[0], Y)), Y.size


@pytest.mark.parametrize("split", ["train", "val"])
def test_evaluate_is_total_over_total(data, gru_result, split):
    model, params = gru_result.model, gru_result.params
    losses, sizes = zip(*batch_losses(model, params, data, split), strict=True)
    assert len(set(sizes)) == 2  # a short last batch
    wanted = np.average(losses, weights=sizes)
    found = cl.evaluate(gru_result, data, split)
    assert found == pytest.approx(wanted, rel=1e-5)
    # Neither the mean over batches nor the mean of their exponentials.
    assert abs(np.mean(losses) - wanted) > 1e-4
    assert abs(np.mean(np.exp(losses)) - math.exp(wanted)) > 1e-3


def test_evaluate_without_dropout(data, gru_result):
    dropping = gru_model(data, dropout=0.9)
    found = cl.evaluate(dataclasses.replace(gru_result, model=dropping), data)
    assert found == cl.evaluate(gru_result, data)


def test_evaluate_bad_input(data, gru_result):
    with pytest.raises(ValueError, match="split='test'"):
        cl.evaluate(gru_result, data, "test")
    other = cl.RNNLM(cl.RNN(H), len(data.vocab) + 1, lr=1.0)
    wanted = rf"vocab_size={len(data.vocab) + 1}.*{len(data.vocab)} tokens.*len\(data.vocab\)"
    with pytest.raises(ValueError, match=wanted):
        fit(other, data)


# --- the trainer against a plain loop ---
def plain_fit(model, data, epochs, seed, optimizer):
    """One Python step per batch, with nothing of the trainer but its random keys."""
    params_key, key = jax.random.split(jax.random.key(seed))
    params = jax.jit(model.init)(params_key, jnp.zeros((1, data.num_steps), jnp.int32))
    state, apply = optimizer.init(params), jax.jit(model.apply)
    loss_and_grads = jax.jit(
        jax.value_and_grad(lambda p, X, Y: cl.cross_entropy(model.apply(p, X)[0], Y))
    )
    update = jax.jit(optimizer.update)
    history, norms = {"train_perplexity": [], "val_perplexity": []}, []
    for epoch in range(1, epochs + 1):
        shuffle_key, _ = jax.random.split(jax.random.fold_in(key, epoch))
        total = {"train": [0, 0], "val": [0, 0]}
        for X, Y in data.batches("train", shuffle_key):
            loss, grads = loss_and_grads(params, X, Y)
            norms.append(float(optax.tree.norm(grads)))
            steps, state = update(grads, state, params)
            params = optax.apply_updates(params, steps)
            total["train"] = np.add(total["train"], [float(loss) * Y.size, Y.size])
        for X, Y in data.batches("val"):
            loss = cl.cross_entropy(apply(params, X)[0], Y)
            total["val"] = np.add(total["val"], [float(loss) * Y.size, Y.size])
        for split, (nll, size) in total.items():
            history[f"{split}_perplexity"].append(math.exp(nll / size))
    return params, history, norms


@pytest.mark.parametrize(
    "make, clip, optimizer",
    [
        (rnn_model, 0.05, None),
        (functools.partial(gru_model, num_layers=1), None, optax.adam(0.02)),
        (lambda d: cl.RNNLM(cl.LSTM(H, 2), len(d.vocab), lr=1.0), 0.2, None),
    ],
)
def test_trainer_equals_a_plain_loop(data, make, clip, optimizer):
    model, begun = make(data), time.perf_counter()
    result = fit(model, data, 3, clip, key=5, optimizer=optimizer)
    took = time.perf_counter() - begun
    steps = [optax.clip_by_global_norm(clip)] if clip else []
    steps.append(optimizer or optax.sgd(1.0))
    params, history, norms = plain_fit(model, data, 3, 5, optax.chain(*steps))
    np.testing.assert_allclose(result.grad_norms, norms, rtol=1e-4)
    for name, values in history.items():
        np.testing.assert_allclose(result.history[name], values, rtol=1e-5)
    np.testing.assert_allclose(flat(result.params), flat(params), atol=2e-5)
    assert result.history["epoch"] == [1, 2, 3]
    assert len(result.history["seconds"]) == 3 and min(result.history["seconds"]) > 0
    assert result.compile_seconds > 0 and result.stopped == "finished"
    assert result.compile_seconds + sum(result.history["seconds"]) < took


def test_clipping_bounds_the_update(one_batch):
    lr, clip, model = 0.7, 0.01, rnn_model(one_batch, lr=0.7)
    start = flat(fit(model, one_batch, 0).params)
    clipped, free = fit(model, one_batch, 1, clip), fit(model, one_batch, 1)
    assert clipped.grad_norms == pytest.approx(free.grad_norms)  # measured before clipping
    assert free.grad_norms[0] > 2 * clip
    moved = [np.linalg.norm(flat(r.params) - start) for r in (clipped, free)]
    assert moved == pytest.approx([lr * clip, lr * free.grad_norms[0]], rel=1e-3)


def test_untrained_perplexity_is_near_the_vocabulary_size(data):
    for rnn in (cl.RNNScratch(len(data.vocab), H), cl.StackedRNNScratch(len(data.vocab), H, 2)):
        model = cl.RNNLMScratch(rnn, len(data.vocab), lr=1.0)
        result = fit(model, data, 0)
        found = cl.perplexity(cl.evaluate(result, data))
        assert found == pytest.approx(len(data.vocab), rel=0.01)


def test_no_epochs_give_the_untrained_model(data):
    model = rnn_model(data)
    result = cl.Trainer(0).fit(model, data, key=3)
    assert result.compile_seconds == 0
    assert result.history == {
        k: [] for k in ("epoch", "train_perplexity", "val_perplexity", "seconds")
    }
    assert result.stopped == "finished" and result.grad_norms.shape == (0,)
    assert result.best_epoch == 0 and "0 epochs" in repr(result)
    shapes = jax.eval_shape(model.init, jax.random.key(0), jnp.zeros((1, 1), jnp.int32))
    assert result.num_params == sum(np.prod(x.shape) for x in jax.tree.leaves(shapes))
    np.testing.assert_array_equal(flat(result.best_params), flat(result.params))
    assert np.isfinite(cl.evaluate(result, data))


def test_one_batch_can_be_learned_by_heart(one_batch):
    result = fit(rnn_model(one_batch), one_batch, 150, 1.0, optimizer=optax.adam(0.03))
    assert result.history["train_perplexity"][-1] < 1.3
    assert result.history["val_perplexity"][-1] > 5  # and nothing else


def test_same_key_same_result_other_key_other_result(data, fitted):
    model = fitted.model
    again = fit(model, data, 3, 1.0, key=jax.random.key(0))
    for name in ("train_perplexity", "val_perplexity"):
        assert again.history[name] == fitted.history[name]
    np.testing.assert_array_equal(flat(again.params), flat(fitted.params))
    np.testing.assert_array_equal(again.grad_norms, fitted.grad_norms)
    old_style = fit(model, data, 3, 1.0, key=jax.random.PRNGKey(0))
    assert old_style.history["val_perplexity"] == fitted.history["val_perplexity"]
    other = fit(model, data, 3, 1.0, key=1)
    assert np.abs(flat(other.params) - flat(fitted.params)).max() > 1e-2


def test_windows_are_shuffled_anew_in_each_epoch(data):
    # Nothing is learned, so that only the order of the windows can change the gradients.
    norms = fit(rnn_model(data), data, 2, optimizer=optax.sgd(0.0)).grad_norms.reshape(2, 3)
    assert np.abs(norms[0] - norms[1]).max() > 1e-4


class Counting(cl.RNNLM):
    """Counts how often Python runs the model."""

    calls = 0

    def forward(self, X, state=None, training=False):
        type(self).calls += 1
        return super().forward(X, state, training)


def counting() -> type[Counting]:
    """Make a class of its own, whose programs no other test has compiled."""
    return type("Counting", (Counting,), {})


def test_the_model_is_traced_once_per_fit_not_per_epoch(data):
    kind = counting()
    result = fit(kind(cl.RNN(H), len(data.vocab), lr=1.0), data, 6)
    assert len(result.history["epoch"]) == 6 and 1 < kind.calls < 10


def test_a_short_last_batch_is_used_and_needs_no_program_of_its_own(text):
    calls, kind = [], counting()
    for num_train in (32, 40):  # two whole batches; and half a batch more
        data = cl.TextData(text, 16, 6, num_train, 30)
        model = kind(cl.RNN(7), len(data.vocab), lr=1.0)
        fit(model, data, 0)  # what a model is traced for once in its life
        kind.calls = 0
        result = fit(model, data, 2)
        assert len(result.grad_norms) == 2 * -(-num_train // 16)
        calls.append(kind.calls)
    assert calls[0] == calls[1]


@pytest.mark.parametrize(
    "change",
    [{"lr": 0.5}, {"clip": 0.05}, {"clip": None}, {"epochs": 3}, {"key": 1}],
    ids=str,
)
def test_numbers_that_are_no_part_of_the_program_compile_nothing_anew(data, change):
    settings = {"lr": 1.0, "epochs": 1, "clip": 0.1, "key": 0}
    results, kind = [], counting()
    for changed in (settings, settings | change):
        model = kind(cl.RNN(H), len(data.vocab), lr=changed.pop("lr"))
        kind.calls = 0
        results.append(fit(model, data, **changed))
    assert kind.calls == 0  # nothing is traced, not even to draw the parameters
    first, second = (result.history["val_perplexity"] for result in results)
    assert second != first


def keeps_a_copy() -> optax.GradientTransformation:
    """An optimizer whose state begins as the parameters themselves, as that of `prodigy`."""
    return optax.GradientTransformation(
        lambda params: params,
        lambda grads, state, params: (jax.tree.map(lambda g: -0.1 * g, grads), state),
    )


@pytest.mark.parametrize(
    "optimizer",
    [
        optax.adamw(optax.warmup_cosine_decay_schedule(0.0, 0.05, 3, 9), weight_decay=1e-4),
        optax.noisy_sgd(0.1, key=0),
        optax.MultiSteps(optax.sgd(0.5, momentum=0.9), 2),
        keeps_a_copy(),
    ],
    ids=["adamw", "noisy_sgd", "MultiSteps", "keeps_a_copy"],
)
def test_any_optimizer(data, optimizer, devices):
    devices(1)
    result = fit(rnn_model(data, lr=None), data, 3, optimizer=optimizer)
    start = fit(rnn_model(data), data, 0)
    assert result.stopped == "finished"
    assert np.isfinite(flat(result.params)).all()
    assert np.abs(flat(result.params) - flat(start.params)).max() > 1e-3


# --- bfloat16 ---
@pytest.mark.parametrize(
    "make",
    [
        rnn_model,
        gru_model,
        lambda d: cl.RNNLM(cl.LSTM(H, 2), len(d.vocab), 1.0),
        lambda d: cl.RNNLMScratch(cl.RNNScratch(len(d.vocab), H), len(d.vocab), 1.0),
    ],
    ids=["RNN", "GRU", "LSTM", "fused RNNScratch"],
)
def test_bfloat16_is_close_to_float32_but_not_the_same(data, make):
    model = make(data)
    exact = fit(model, data, 3, 1.0)
    rounded = cl.Trainer(3, 1.0, compute_dtype="bfloat16").fit(model, data, show=False)
    assert rounded.settings != exact.settings  # a saved run of one kind is not taken for the other
    assert {x.dtype for x in jax.tree.leaves(rounded.params)} == {jnp.dtype("float32")}
    assert rounded.grad_norms.dtype == np.float32
    for name in ("train_perplexity", "val_perplexity"):
        np.testing.assert_allclose(rounded.history[name], exact.history[name], rtol=0.02)
    np.testing.assert_allclose(rounded.grad_norms, exact.grad_norms, rtol=0.05)
    assert np.abs(rounded.grad_norms / exact.grad_norms - 1).max() > 1e-4


@pytest.mark.parametrize("make", [rnn_model, functools.partial(gru_model, dropout=0.5)])
def test_bfloat16_reaches_every_product(data, make):
    model = make(data)
    params, windows = first_params(model, 0), next(data.batches("train"))
    weights = jnp.ones(len(windows[0]))

    def types(compute_dtype):
        loss = functools.partial(total_nll, model, compute_dtype)
        program = str(jax.make_jaxpr(jax.grad(loss))(params, windows, weights, jax.random.key(0)))
        return set(re.findall(r"(\w+)\[[\d,]*\] = dot_general", program))

    assert types("bfloat16") == {"bf16"} and types(None) == {"f32"}


# --- dropout in training ---
def test_dropout_masks_differ_between_updates_and_vanish_in_validation():
    # All windows are alike and nothing is learned: only masks can change the gradient.
    data = cl.TextData("a" * 60, batch_size=8, num_steps=4, num_train=32, num_val=8)
    norms = {}
    for dropout in (0.0, 0.5):
        result = fit(gru_model(data, dropout=dropout), data, 2, optimizer=optax.sgd(0.0))
        norms[dropout] = result.grad_norms
        assert len(set(result.history["val_perplexity"])) == 1
    assert norms[0.0] == pytest.approx(norms[0.0][0], rel=1e-5)
    assert len(np.unique(norms[0.5])) == len(norms[0.5]) == 8
    spread = np.ptp(norms[0.5]) / norms[0.5].mean()
    assert spread > 1e-2


# --- devices ---
@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_the_number_of_devices_changes_nothing(data, devices, dropout):
    model = gru_model(data, dropout=dropout) if dropout else rnn_model(data)
    results = {}
    for n in (1, 2, 8):
        devices(n)
        results[n] = fit(model, data, 2, 1.0)
    for n in (2, 8):
        for name in ("train_perplexity", "val_perplexity"):
            np.testing.assert_allclose(
                results[n].history[name], results[1].history[name], rtol=1e-4
            )
        np.testing.assert_allclose(flat(results[n].params), flat(results[1].params), atol=1e-4)


# --- arguments of other books ---
@pytest.mark.parametrize(
    "argument, instead",
    [
        ({"num_gpus": 1}, "all devices that JAX sees"),
        ({"devices": 2}, "all devices that JAX sees"),
        ({"precision": 16}, 'compute_dtype="bfloat16"'),
        ({"lr": 1}, r"RNNLM\(rnn, vocab_size, lr=1.0\)"),
        ({"optimizer": "adam"}, "pass it to fit"),
        ({"max_step": 9}, "unexpected keyword argument 'max_step'"),
    ],
    ids=str,
)
def test_arguments_that_the_trainer_does_not_have_say_what_to_write(argument, instead):
    with pytest.raises(TypeError, match=instead):
        cl.Trainer(max_epochs=10, gradient_clip_val=1, **argument)
    trainer = cl.Trainer(max_epochs=10, gradient_clip_val=1)
    assert dataclasses.replace(trainer, max_epochs=3) == cl.Trainer(3, 1)
    assert copy.deepcopy(trainer) == trainer


@pytest.mark.parametrize("clip", [0, -1.0, float("nan"), "1"])
def test_a_length_that_no_gradient_can_be_clipped_to(clip):
    with pytest.raises(ValueError, match="gradient_clip_val=.*or None for no clipping"):
        cl.Trainer(1, clip)


# --- explosion ---
@pytest.mark.parametrize(
    "lr, clip, words",
    [
        (40.0, None, "and it is no better on the windows it learns from"),
        (400.0, 1.0, "diverged in epoch 1: validation perplexity"),
        (1e25, None, "the loss is not finite"),
    ],
)
def test_a_run_that_ends_worse_than_guessing_says_so(data, lr, clip, words):
    with pytest.warns(UserWarning, match=words) as caught:
        result = fit(gru_model(data, lr=lr), data, 3, clip)
    assert caught[0].filename == __file__ and f"lr={lr:g}"[:5] in str(caught[0].message)
    assert result.stopped == "diverged" and len(result.history["epoch"]) == 1
    assert not result.history["val_perplexity"][-1] < len(data.vocab)


def test_a_good_run_says_nothing(data, recwarn):
    fit(gru_model(data, lr=1.0), data, 12, 1.0)
    assert not recwarn.list


@pytest.mark.parametrize("rate", [0.0, optax.linear_schedule(0.0, 0.0, 9)])
def test_a_run_that_changes_nothing_says_so(data, rate):
    with pytest.warns(UserWarning, match="changed no parameter: its learning rate is 0") as caught:
        fit(rnn_model(data), data, 1, optimizer=optax.sgd(rate))
    assert caught[0].filename == __file__


def test_what_was_learned_by_heart_is_no_explosion(one_batch):
    with pytest.warns(UserWarning, match="learned by heart"):
        result = fit(rnn_model(one_batch), one_batch, 60, optimizer=optax.adam(0.1))
    assert result.history["val_perplexity"][-1] > 10 * len(one_batch.vocab)
    assert result.stopped == "finished" and len(result.history["epoch"]) == 60


@pytest.mark.parametrize("nll", [float("inf"), float("nan"), math.log(10.1 * 28)])
def test_the_rule_of_explosion(nll):
    assert has_exploded(nll, 28) and not has_exploded(math.log(9.9 * 28), 28)


# --- keeping the best, divergence, interrupts ---
def test_best_parameters_are_those_after_the_best_epoch(one_batch):
    # A rate that is too high: validation goes down, then up.
    model, optimizer = rnn_model(one_batch), optax.adam(0.1)
    result = fit(model, one_batch, 40, optimizer=optimizer)
    best = result.best_epoch
    val = result.history["val_perplexity"]
    assert 1 < best < 40 and val[best - 1] == min(val)
    np.testing.assert_array_equal(
        flat(result.best_params), flat(fit(model, one_batch, best, optimizer=optimizer).params)
    )
    at_best = result.at_best_epoch()
    found = cl.perplexity(cl.evaluate(at_best, one_batch))
    assert found == pytest.approx(min(val), rel=1e-5)
    assert cl.perplexity(cl.evaluate(result, one_batch)) == pytest.approx(val[-1], rel=1e-5)


def test_divergence_stops_early_with_a_remedy_and_finite_parameters(data):
    with pytest.warns(UserWarning, match="diverged") as caught:
        result = fit(rnn_model(data, lr=1e25), data, 9)
    (warning,) = (w for w in caught if "diverged" in str(w.message))
    message = str(warning.message)
    assert warning.filename == __file__
    for part in ("diverged in epoch 1", "not finite", "lr=1e+25", "gradient_clip_val=1"):
        assert part in message
    assert result.stopped == "diverged" and len(result.history["epoch"]) == 1
    assert np.isfinite(flat(result.params)).all() and np.isfinite(flat(result.best_params)).all()
    assert math.isnan(result.history["train_perplexity"][-1])
    with pytest.warns(UserWarning, match="diverged") as caught:
        fit(rnn_model(data, lr=1e25), data, 2, 1e20)
    assert not any("gradient_clip_val=1" in str(w.message) for w in caught)  # clipped already


def test_divergence_with_an_optimizer_of_ones_own_does_not_blame_the_models_lr(data):
    with pytest.warns(UserWarning, match="diverged") as caught:
        fit(rnn_model(data, lr=0.125), data, 2, optimizer=optax.sgd(1e25))
    assert not any("lr=0.125" in str(w.message) for w in caught)


@pytest.mark.parametrize("num_devices", [1, 8])
def test_validation_that_was_never_finite(one_batch, devices, num_devices):
    # After the only update the parameters are finite, and the loss overflows.
    devices(num_devices)
    with pytest.warns(UserWarning, match="diverged in epoch 1: validation perplexity inf"):
        result = fit(rnn_model(one_batch, lr=1e10), one_batch, 1)
    assert not np.isfinite(result.history["val_perplexity"]).any()
    assert result.best_epoch == 0 and result.stopped == "diverged"
    assert np.isfinite(flat(result.params)).all() and np.isfinite(flat(result.best_params)).all()
    assert "best" not in repr(result)


def press_at(epoch):
    def update(display):
        if len(display.history["epoch"]) == epoch:
            signal.raise_signal(signal.SIGINT)

    return update


def test_the_stop_button_keeps_what_was_learned(data, fitted, monkeypatch):
    monkeypatch.setattr(FitDisplay, "update", press_at(3))
    before = signal.getsignal(signal.SIGINT)
    result = fit(fitted.model, data, 1000, 1.0)
    assert signal.getsignal(signal.SIGINT) is before
    assert result.stopped == "interrupted" and result.history["epoch"] == [1, 2, 3]
    np.testing.assert_array_equal(flat(result.params), flat(fitted.params))
    assert "interrupted after 3 epochs" in repr(result)


def test_presses_within_an_epoch_do_not_lose_it(data, fitted, monkeypatch):
    """Python hears of them only when the epoch is over."""
    epoch = running.Run.epoch

    def pressed(run, number):
        measured = epoch(run, number)
        for _ in range(3 * (number == 3)):
            signal.raise_signal(signal.SIGINT)
        return measured

    monkeypatch.setattr(running.Run, "epoch", pressed)
    result = fit(fitted.model, data, 1000, 1.0)
    assert result.stopped == "interrupted" and result.history["epoch"] == [1, 2, 3]


def test_a_second_press_at_another_time_stops_at_once(data, fitted, monkeypatch):
    def twice(display):
        for _ in range(2):
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(FitDisplay, "update", twice)
    with pytest.raises(KeyboardInterrupt):
        fit(fitted.model, data, 1000, 1.0)


def test_model_and_data_the_wrong_way_round(data):
    model = rnn_model(data)
    for call in ((data, model), (model, "a text"), ("a model", data)):
        with pytest.raises(ValueError, match="a Flax model and TextData, in this order, not"):
            cl.Trainer(1).fit(*call)


def test_an_error_in_fit_restores_the_stop_button(data, fitted, monkeypatch):
    def broken(display):
        raise RuntimeError("broken display")

    monkeypatch.setattr(FitDisplay, "update", broken)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(RuntimeError, match="broken display"):
        fit(fitted.model, data, 3, 1.0)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_program_that_could_not_be_compiled_is_tried_again(data, monkeypatch):
    model = cl.RNNLM(cl.RNN(9), len(data.vocab), lr=1.0)  # no other test has compiled this
    with monkeypatch.context() as patch:
        patch.setattr(compiling, "compiler_options", lambda platform: {"no_such_option": 1})
        with pytest.raises(jax.errors.JaxRuntimeError, match="no_such_option"):
            fit(model, data)
    assert fit(model, data).stopped == "finished"


def test_a_second_press_interrupts_at_once():
    with pytest.raises(KeyboardInterrupt), StopButton() as stop:
        signal.raise_signal(signal.SIGINT)
        assert stop.pressed
        signal.raise_signal(signal.SIGINT)
    with StopButton() as fresh:
        assert not fresh.pressed


def test_training_in_another_thread(data, fitted):
    before, results = signal.getsignal(signal.SIGINT), []
    thread = threading.Thread(target=lambda: results.append(fit(fitted.model, data, 3, 1.0)))
    thread.start()
    thread.join()
    assert results[0].history["val_perplexity"] == fitted.history["val_perplexity"]
    assert signal.getsignal(signal.SIGINT) is before


# --- bad input ---
@pytest.mark.parametrize(
    "arguments, message",
    [
        ((-1,), "max_epochs=-1 must be a whole number of at least 0"),
        ((2.5,), "max_epochs=2.5 must be a whole number"),
        (("3",), "max_epochs='3' must be a whole number"),
        ((True,), "max_epochs=True must be a whole number"),
        ((1, 0), "gradient_clip_val=0 must be positive, or None"),
        ((1, -1.0), "gradient_clip_val=-1.0 must be positive"),
        ((1, math.nan), "gradient_clip_val=nan must be positive"),
        (
            (1, None, False, "float16"),
            "compute_dtype='float16' must be \"bfloat16\", or None for float32",
        ),
    ],
)
def test_trainer_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        cl.Trainer(*arguments)


def test_trainer_takes_numpy_whole_numbers():
    assert cl.Trainer(np.int64(3)).max_epochs == 3


@pytest.mark.parametrize("lr", [0, -1.0, math.nan, math.inf])
def test_learning_rate_out_of_range(data, lr):
    with pytest.raises(ValueError, match=f"lr={lr!r} must be a positive number"):
        fit(rnn_model(data, lr=lr), data)


def test_model_that_cannot_be_built_fails_in_fit(data):
    with pytest.raises(ValueError, match="num_layers=0"):
        fit(cl.RNNLM(cl.GRU(H, 0), len(data.vocab), lr=1.0), data)


def test_trainer_settings_are_fixed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        cl.Trainer(3).max_epochs = 4
