"""Training that goes on from a result: the same run in parts, another text, after a crash."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import charlm_lib as cl
from charlm_lib.display.progress import FitDisplay
from charlm_lib.engine import running
from charlm_lib.engine.optimizers import (
    clipped,
    describe_optimizer,
    restored_state,
    sgd,
)
from charlm_lib.engine.programs import as_numbers
from charlm_lib.runs import checkpoints, training

H = 8


def make_model(data, lr=1.0, dropout=0.5):
    return cl.RNNLM(cl.GRU(H, 2, dropout), len(data.vocab), lr=lr)


def adamw(updates=15):
    schedule = optax.warmup_cosine_decay_schedule(0.0, 0.05, 3, updates)
    return optax.adamw(schedule, weight_decay=1e-2)


OPTIMIZERS = {
    "sgd": lambda: None,
    "adamw": adamw,
    "noisy_sgd": lambda: optax.noisy_sgd(0.1, key=0),
    "MultiSteps": lambda: optax.MultiSteps(optax.sgd(0.5, momentum=0.9), 2),
}


def assert_same_run(a, b):
    """Equal but for the order in which a busy machine may add: any other run is far away."""
    assert a.history["epoch"] == b.history["epoch"]
    for name in ("train_perplexity", "val_perplexity"):
        np.testing.assert_allclose(a.history[name], b.history[name], rtol=1e-5, err_msg=name)
    np.testing.assert_allclose(a.grad_norms, b.grad_norms, rtol=1e-4)
    for name in ("params", "best_params", "opt_state"):
        close = functools.partial(np.testing.assert_allclose, rtol=1e-4, atol=1e-6)
        jax.tree.map(close, getattr(a, name), getattr(b, name))
    assert a.settings == b.settings and a.stopped == b.stopped


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("keep", ["in memory", "in a file"])
def test_two_parts_equal_the_whole(data, tmp_path, optimizer, keep):
    model, make = make_model(data), OPTIMIZERS[optimizer]
    whole = cl.Trainer(5, 1.0).fit(model, data, 3, make(), show=False)
    part = cl.Trainer(2, 1.0).fit(model, data, 3, make(), show=False)
    if keep == "in a file":
        part.save(tmp_path / "part")
        part = cl.load(tmp_path / "part")
    both = cl.Trainer(3, 1.0).fit(model, data, 3, make(), show=False, start=part)
    assert_same_run(both, whole)
    assert len(whole.opt_state) > 0 or optimizer == "sgd"
    assert len(part.history["epoch"]) == 2  # the part is left as it was


def test_carried_state_goes_on_too():
    text = "the time machine was begun and then it was lost in the dark of the night " * 12
    data = cl.TextData(text, 8, 5, 80, 16, stride=5)
    model = make_model(data)
    whole = cl.Trainer(3, 1.0, carry_state=True).fit(model, data, show=False)
    part = cl.Trainer(1, 1.0, carry_state=True).fit(model, data, show=False)
    both = cl.Trainer(2, 1.0, carry_state=True).fit(model, data, show=False, start=part)
    assert_same_run(both, whole)


def notes_of(monkeypatch):
    """Collect what a run says of itself."""
    said = []

    def init(display, history, max_epochs, show, note):
        said.append(note)
        FitDisplay.__init__(display, history, max_epochs, show, note)

    quiet = type("Quiet", (FitDisplay,), {"__init__": init})
    monkeypatch.setattr(training, "FitDisplay", quiet)
    return said


def test_a_file_without_the_optimizers_state_is_smaller_and_goes_on_with_a_new_one(
    data, tmp_path, monkeypatch
):
    model = make_model(data)
    part = cl.Trainer(2, 1.0).fit(model, data, 3, adamw(), show=False)
    for name in ("with", "without"):
        part.save(tmp_path / name, with_optimizer=name == "with")
    sizes = [(tmp_path / name).stat().st_size for name in ("with", "without")]
    assert sizes[0] - sizes[1] > 8 * part.num_params  # two numbers a parameter
    said = notes_of(monkeypatch)
    start = cl.load(tmp_path / "without")
    cl.Trainer(1, 1.0).fit(model, data, 3, adamw(), show=False, start=start)
    assert said == ["goes on after epoch 2, with a new state of the optimizer"]


CHANGED_WITHIN_A_RUN = {
    "lr": ({"lr": 0.25}, {}, {}),
    "clip": ({}, {"clip": 0.02}, {}),
    "optimizer": ({}, {}, {"optimizer": optax.adam(0.01)}),
}


@pytest.mark.parametrize("change", CHANGED_WITHIN_A_RUN)
def test_another_rule_goes_on_in_the_same_order_but_is_another_run(data, change, monkeypatch):
    model, trainer, options = CHANGED_WITHIN_A_RUN[change]
    part = cl.Trainer(2, 1.0).fit(make_model(data), data, show=False)
    said = notes_of(monkeypatch)
    on = cl.Trainer(1, trainer.get("clip", 1.0)).fit(
        make_model(data, **model), data, show=False, start=part, **options
    )
    assert on.history["epoch"] == [1, 2, 3] and said[0].startswith("goes on after epoch 2")
    assert ("new state of the optimizer" in said[0]) == (change == "optimizer")
    whole = cl.Trainer(3, 1.0).fit(make_model(data), data, show=False)
    # Before its update the third epoch is as in the whole run: same windows, masks, parameters
    updates = len(part.grad_norms)
    assert on.grad_norms[updates] == whole.grad_norms[updates]
    assert on.history["val_perplexity"][2] != whole.history["val_perplexity"][2]
    assert on.settings != whole.settings


CHANGED_RUNS = {
    "key": ({}, {"key": 1}),
    "text": ({"text": "slippers and hands were walking into the laboratory " * 5}, {}),
    "windows": ({"num_train": 41}, {}),
}


@pytest.mark.parametrize("change", CHANGED_RUNS)
def test_anything_else_begins_a_new_run_from_the_parameters(data, text, change, monkeypatch):
    other, options = CHANGED_RUNS[change]
    part = cl.Trainer(2, 1.0).fit(make_model(data), data, show=False)
    sizes = {"text": text, "batch_size": 16, "num_steps": 6, "num_train": 40, "num_val": 30}
    second = cl.TextData(**sizes | other, vocab=part.vocab)
    said = notes_of(monkeypatch)
    run = functools.partial(cl.Trainer(1, 1.0).fit, make_model(data), second, show=False, **options)
    on = run(start=part)
    assert on.history["epoch"] == [1] and said == ["a new run from the parameters of start"]
    none = cl.Trainer(0).fit(make_model(data), second, show=False, start=part)
    jax.tree.map(np.testing.assert_array_equal, none.params, part.params)
    assert cl.evaluate(on, second) != cl.evaluate(run(), second)
    assert on.settings != run().settings


def test_from_the_best_epoch(data):
    part = cl.Trainer(4, 1.0).fit(make_model(data), data, optimizer=optax.adam(0.1), show=False)
    part.history["val_perplexity"][1] = 1.5
    marked = dataclasses.replace(part, best_params=jax.tree.map(lambda x: 2 * x, part.params))
    best = marked.at_best_epoch()
    assert best.history["epoch"] == [1, 2] and best.best_epoch == 2 and best.opt_state == []
    assert len(best.grad_norms) == len(part.grad_norms) // 2
    on = cl.Trainer(0).fit(make_model(data), data, optimizer=optax.adam(0.1), start=best)
    jax.tree.map(np.testing.assert_array_equal, on.params, marked.best_params)
    assert on.history["epoch"] == [1, 2]


def test_best_parameters_of_the_first_part_are_kept(data):
    part = cl.Trainer(2, 1.0).fit(make_model(data), data, show=False)
    part.history["val_perplexity"] = [20.0, 1.25]
    on = cl.Trainer(1, 1.0).fit(make_model(data), data, show=False, start=part)
    assert on.best_epoch == 2
    jax.tree.map(np.testing.assert_array_equal, on.best_params, part.best_params)


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda r: "model.safetensors", r"start is of type str: pass the result.*load\(path\)"),
        (
            lambda r: dataclasses.replace(r, params=jax.tree.map(lambda x: x * np.nan, r.params)),
            "start has parameters that are not finite",
        ),
        (lambda r: dataclasses.replace(r, stopped="diverged"), r"start.at_best_epoch\(\)"),
        (lambda r: dataclasses.replace(r, vocab=cl.Vocab("abc")), "another vocabulary"),
        (
            lambda r: dataclasses.replace(r, params=jax.tree.map(lambda x: x[:1], r.params)),
            "other shapes than those of .*GRU",
        ),
    ],
)
def test_what_cannot_be_gone_on_from(data, change, words):
    model = make_model(data)
    untrained = cl.Trainer(0).fit(model, data)
    with pytest.raises(ValueError, match=words):
        cl.Trainer(1).fit(model, data, start=change(untrained))


# --- checkpoints ---
class Crash(RuntimeError):
    pass


def crash_in(monkeypatch, number):
    """Let epoch `number` of the next run fail, as a power cut would."""
    epoch = running.Run.epoch

    def failing(run, n):
        if n == number:
            raise Crash
        return epoch(run, n)

    monkeypatch.setattr(running.Run, "epoch", failing)


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_after_a_crash_the_same_call_goes_on_from_the_last_checkpoint(
    data, tmp_path, monkeypatch, capsys, optimizer
):
    path = tmp_path / "long.safetensors"
    arguments = path, cl.Trainer(5, 1.0), make_model(data), data, 3, OPTIMIZERS[optimizer]()
    with monkeypatch.context() as patched:
        crash_in(patched, 4)
        with pytest.raises(Crash):
            cl.fit_or_load(*arguments, checkpoint_minutes=0)
    kept = cl.load(tmp_path / "long.unfinished.safetensors")
    assert kept.history["epoch"] == [1, 2, 3] and kept.stopped == "interrupted"
    assert not path.exists()
    result = cl.fit_or_load(*arguments)
    whole = cl.Trainer(5, 1.0).fit(*arguments[2:5], OPTIMIZERS[optimizer](), show=False)
    assert_same_run(result, whole)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]  # no checkpoint is left
    capsys.readouterr()
    assert_same_run(cl.fit_or_load(*arguments), whole)
    assert "long.safetensors: finished after 5 epochs" in capsys.readouterr().out


def test_a_checkpoint_of_another_run_is_left_alone(data, tmp_path, monkeypatch):
    path = tmp_path / "long.safetensors"
    with monkeypatch.context() as patched:
        crash_in(patched, 2)
        with pytest.raises(Crash):
            cl.fit_or_load(path, cl.Trainer(3), make_model(data), data, checkpoint_minutes=0)
    other = cl.fit_or_load(path, cl.Trainer(3), make_model(data, lr=0.5), data)
    fresh = cl.Trainer(3).fit(make_model(data, lr=0.5), data, show=False)
    assert_same_run(other, fresh)
    assert (tmp_path / "long.unfinished.safetensors").is_file()
    first = cl.fit_or_load(path, cl.Trainer(3), make_model(data), data)  # goes on
    assert_same_run(first, cl.Trainer(3).fit(make_model(data), data, show=False))
    assert not (tmp_path / "long.unfinished.safetensors").exists()


@pytest.mark.parametrize("name", ["notes.txt", "."])
def test_a_checkpoint_that_would_go_astray_is_refused_before_training(data, tmp_path, name):
    (tmp_path / "notes.txt").write_text("my own")
    with pytest.raises(ValueError, match="checkpoint .* exists and is no saved result"):
        cl.Trainer(10**6).fit(make_model(data), data, checkpoint=tmp_path / name)
    assert (tmp_path / "notes.txt").read_text() == "my own"


def test_checkpoints_come_after_so_many_minutes(data, tmp_path, monkeypatch):
    clock = iter(range(0, 100_000, 100))  # every look at the clock is 100 seconds later
    monkeypatch.setattr(checkpoints.time, "monotonic", lambda: next(clock))
    saved = []
    monkeypatch.setattr(cl.FitResult, "save", lambda r, p: saved.append(len(r.history["epoch"])))
    fit = functools.partial(cl.Trainer(9).fit, make_model(data), data, show=False)
    fit(checkpoint=tmp_path / "c", checkpoint_minutes=5)
    assert len(saved) > 1 and saved == sorted(set(saved)) and saved[-1] < 9
    assert np.diff(saved).min() >= 2
    saved.clear()
    fit(checkpoint=tmp_path / "c", checkpoint_minutes=10**6)
    assert saved == []
    for wrong in ("5", -0.5):
        with pytest.raises(ValueError, match=f"checkpoint_minutes={wrong!r}"):
            fit(checkpoint=tmp_path / "c", checkpoint_minutes=wrong)


def test_a_minute_has_sixty_seconds(monkeypatch):
    clock = iter([0, 119, 120, 240])
    monkeypatch.setattr(checkpoints.time, "monotonic", lambda: next(clock))
    is_due = checkpoints.Timer(2)
    assert [is_due(), is_due()] == [False, True]


# --- optimizers told apart ---
def test_optimizers_are_told_apart_by_what_they_compute():
    params = {"W": jnp.ones((3, 2)), "b": jnp.arange(2.0)}
    rules = [
        clipped(optax.adam(0.1), None),
        clipped(optax.adam(0.01), None),
        clipped(optax.adam(0.1), 1.0),
        clipped(optax.adam(0.1, b1=0.8), None),
        clipped(adamw(15), None),
        clipped(adamw(16), None),
        clipped(optax.noisy_sgd(0.1, key=0), None),
        clipped(optax.noisy_sgd(0.1, key=1), None),
        sgd(0.1, None),
        sgd(optax.linear_schedule(1.0, 0.0, 9), None),
        sgd(optax.linear_schedule(1.0, 0.0, 8), None),
    ]
    names = [describe_optimizer(rule, params) for rule in rules]
    assert len(set(names)) == len(names)
    assert describe_optimizer(sgd(0.2, 1.0), params) == "sgd"  # the model says with which rate
    again = clipped(adamw(15), None)
    assert describe_optimizer(again, jax.eval_shape(lambda: params)) == names[4]


def test_a_state_is_restored_only_where_it_fits():
    params = {"W": jnp.ones((3, 2)), "b": jnp.arange(2.0)}
    rule = clipped(optax.noisy_sgd(0.1, key=5), None)
    state = rule.optimizer.update(params, rule.first_state(params), params)[1]
    leaves = [as_numbers(x) for x in jax.tree.leaves(state)]
    restored = restored_state(rule, params, leaves)
    assert jax.tree.structure(restored) == jax.tree.structure(state)
    for a, b in zip(jax.tree.leaves(restored), jax.tree.leaves(state), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(as_numbers(a), as_numbers(b))
    assert restored_state(clipped(optax.adam(0.1), None), params, leaves) is None
