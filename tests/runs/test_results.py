"""Saving, loading, and training only when nothing was saved."""

import dataclasses
import json
import math
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn
from safetensors.numpy import load as safetensors_load
from safetensors.numpy import save as safetensors_save
from safetensors.numpy import save_file

import charlm_lib as cl
from charlm_lib.cells import describe_model
from charlm_lib.engine import twins
from charlm_lib.engine.fingerprint import describe_run
from charlm_lib.runs import results

H = 8


def assert_same_trees(a, b):
    assert jax.tree.structure(a) == jax.tree.structure(b)
    for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True):
        assert jnp.shape(x) == jnp.shape(y) and jnp.result_type(x) == jnp.result_type(y)
        np.testing.assert_array_equal(x, y)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "new" / "folder" / "run.safetensors"


def test_round_trip(fitted, path, data):
    fitted.save(path)
    loaded = cl.load(str(path))
    assert loaded.model == fitted.model and type(loaded.model) is cl.RNNLM
    assert_same_trees(loaded.params, fitted.params)
    assert_same_trees(loaded.best_params, fitted.best_params)
    np.testing.assert_array_equal(loaded.grad_norms, fitted.grad_norms)
    for name in ("history", "settings", "compile_seconds", "stopped"):
        assert getattr(loaded, name) == getattr(fitted, name), name
    assert loaded.vocab.tokens == fitted.vocab.tokens
    assert repr(loaded) == repr(fitted) and loaded.num_params == fitted.num_params
    assert cl.predict("the ", 9, loaded) == cl.predict("the ", 9, fitted)
    assert cl.evaluate(loaded, data) == cl.evaluate(fitted, data)
    assert [p.name for p in path.parent.iterdir()] == [path.name]  # nothing half-written


def test_a_committed_model_is_known_by_the_logits_that_were_saved_with_it():
    path = Path(__file__).parents[2] / "chapters/results/rnn_concise.safetensors"
    kept, saved = cl.load(path), safetensors_load(path.read_bytes())["logits"]
    now = results.probe(kept.model, kept.params, len(kept.vocab))
    np.testing.assert_allclose(now, saved, atol=1e-5)
    assert saved.shape == (results.ROWS, len(kept.vocab)) and saved.std() > 0.5


def test_arrays_are_saved_in_whatever_order_they_lie_in_memory(fitted, path):
    turned = jax.tree.map(np.asfortranarray, fitted.params)
    dataclasses.replace(fitted, params=turned).save(path)
    assert_same_trees(jax.tree.map(jnp.asarray, cl.load(path).params), fitted.params)


@pytest.mark.parametrize(
    "rnn",
    [
        cl.RNNScratch(24, H),
        cl.StackedRNNScratch(24, H, 3, 0.02),
        cl.RNN(H),
        cl.GRU(H, 3, 0.25),
        cl.LSTM(H, 2, 0.5),
    ],
)
@pytest.mark.parametrize("head", [cl.RNNLMScratch, cl.RNNLM])
def test_every_model_comes_back(head, rnn, make_result, path):
    vocab = cl.Vocab("abcdefghijklmnopqrstuv ")
    result = make_result(head(rnn, len(vocab), lr=0.5), vocab)
    result.save(path)
    loaded = cl.load(path)
    assert loaded.model == result.model
    assert_same_trees(loaded.params, result.params)


def test_other_alphabets_and_values_that_are_not_finite(make_result, path):
    vocab = cl.Vocab("αβγ नमस्ते 😀\u0000")
    result = make_result(cl.RNNLM(cl.RNN(H), len(vocab), lr=1.0), vocab)
    result.history = {
        "epoch": [1],
        "train_perplexity": [math.nan],
        "val_perplexity": [math.inf],
        "seconds": [0.1],
    }
    result.save(path)
    loaded = cl.load(path)
    assert loaded.vocab.tokens == vocab.tokens
    assert math.isnan(loaded.history["train_perplexity"][0])
    assert loaded.history["val_perplexity"] == [math.inf]


def test_at_best_epoch_saves_the_best_parameters(fitted, path):
    doubled = jax.tree.map(lambda x: 2 * x, fitted.params)
    result = dataclasses.replace(fitted, best_params=doubled).at_best_epoch()
    result.save(path)
    loaded = cl.load(path)
    assert_same_trees(loaded.params, doubled)
    assert_same_trees(loaded.best_params, doubled)


def test_saving_again_replaces_the_file(fitted, make_result, data, path):
    fitted.save(path)
    other = make_result(fitted.model, data.vocab)
    other.save(path)
    assert_same_trees(cl.load(path).params, other.params)


def test_a_save_that_fails_keeps_the_old_file(fitted, path, monkeypatch):
    fitted.save(path)
    before = path.read_bytes()

    def full_disk(file, content):
        with file.open("wb") as half:
            half.write(content[: len(content) // 2])
        raise OSError("No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full_disk)
    with pytest.warns(UserWarning, match="No space left.*in memory only"):
        fitted.save(path)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


# --- classes of one's own ---
class Scaled(nn.Module):
    """A language model with a parameter that is a single number."""

    vocab_size: int
    lr: float

    @nn.compact
    def __call__(self, X, state=None, training=False):
        scale = self.param("scale", nn.initializers.ones, ())
        return scale * nn.Embed(self.vocab_size, self.vocab_size)(X), jnp.zeros(())


def test_a_model_of_ones_own(make_result, path):
    vocab = cl.Vocab("abc")
    result = make_result(Scaled(len(vocab), lr=1.0), vocab)
    result.save(path)
    with pytest.raises(ValueError, match=r"'Scaled'.*load\(path, model=\.\.\.\)"):
        cl.load(path)
    loaded = cl.load(path, result.model)
    assert loaded.model is result.model
    assert_same_trees(loaded.params, result.params)  # the scalar is still a scalar


def test_a_chapters_class_of_the_same_name_is_loaded_as_the_librarys(data, make_result, path):
    class RNN(cl.RNN):
        pass

    result = make_result(cl.RNNLM(RNN(H), len(data.vocab), lr=1.0), data.vocab)
    result.save(path)
    assert cl.load(path).model == cl.RNNLM(cl.RNN(H), len(data.vocab), lr=1.0)
    assert cl.load(path, result.model).model.rnn == RNN(H)


def test_a_model_of_other_sizes_is_refused(fitted, path):
    fitted.save(path)
    other = cl.RNNLM(cl.GRU(H + 1, 2), fitted.model.vocab_size, lr=1.0)
    with pytest.raises(ValueError, match="GRU"):
        cl.load(path, other)


def test_numbers_of_numpy_in_a_model_come_back_as_numbers(data, make_result, path):
    model = cl.RNNLM(cl.GRU(H, 2, np.float32(0.25)), len(data.vocab), lr=np.float32(0.5))
    make_result(model, data.vocab).save(path)
    loaded = cl.load(path).model
    assert loaded.lr == 0.5 and loaded.rnn.dropout == 0.25


# --- a model is what it computes ---
class Leaky(cl.RNNScratch):
    """The library's layer with one edit, in a class that can have the library's name."""

    def __call__(self, inputs, state=None, training=False):
        outputs, state = super().__call__(inputs, state, training)
        return jnp.where(outputs < 0, 0.1 * outputs, outputs), state


class Noisy(cl.GRU):
    """Differs from `GRU` in training only: it drops inputs as well."""

    @nn.compact
    def __call__(self, inputs, state=None, training=False):
        inputs = nn.Dropout(0.5, deterministic=not training)(inputs)
        return super().__call__(inputs, state, training)


def named_as_in_the_library(kind):
    """Give a class the name of the one that it comes from, as an edited cell of a chapter does."""
    return type(kind.__base__.__name__, (kind,), {"__module__": __name__})


@pytest.mark.parametrize(
    "model",
    [
        cl.RNNLMScratch(named_as_in_the_library(Leaky)(24, H), 24, lr=1.0),
        cl.RNNLM(named_as_in_the_library(Noisy)(H, 2, 0.25), 24, lr=1.0),
    ],
    ids=["another activation", "another dropout"],
)
def test_an_edited_class_of_the_librarys_name_has_to_be_passed(model, make_result, path):
    vocab = cl.Vocab("abcdefghijklmnopqrstuvw")
    result = make_result(model, vocab)
    result.save(path)
    with pytest.raises(ValueError, match=r"a model of one's own.*load\(path, model=\.\.\.\)"):
        cl.load(path)
    assert cl.predict("abc", 9, cl.load(path, model)) == cl.predict("abc", 9, result)


@pytest.mark.parametrize("scale", [0.01, 0.5, 3.0])
def test_a_model_that_computes_something_else_is_refused(scale, make_result, path):
    vocab = cl.Vocab("abcdefghijklmnopqrstuvw")
    ours, edited = (cl.RNNLMScratch(kind(24, H), 24, lr=1.0) for kind in (cl.RNNScratch, Leaky))
    for saved, other in ((ours, edited), (edited, ours)):
        make_result(saved, vocab, scale=scale).save(path)
        with pytest.raises(ValueError, match="computed other logits from these parameters"):
            cl.load(path, other)


def test_a_setting_that_changes_nothing_is_no_hindrance(make_result, path):
    class RNN(cl.RNN):
        colour: str = "red"

    vocab = cl.Vocab("abcdefg")
    make_result(cl.RNNLM(RNN(H, "blue"), len(vocab), lr=0.5), vocab).save(path)
    assert cl.load(path).model == cl.RNNLM(cl.RNN(H), len(vocab), lr=0.5)


def test_a_file_of_the_version_before_is_read_with_a_warning(make_result, path, monkeypatch):
    vocab = cl.Vocab("abcdefg")
    result = make_result(cl.RNNLM(cl.RNN(H), len(vocab), lr=0.5), vocab)
    monkeypatch.setattr(results, "FORMAT", "charlm_lib result 1")
    content = safetensors_of(result)
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.warns(UserWarning, match="older version.*did not note what its model computes"):
        assert_same_trees(cl.load(path).params, result.params)


def safetensors_of(result):
    """Give what the version before wrote: no logits, and no word on whose the model is."""
    tensors = safetensors_load(result._content())
    del tensors["logits"]
    rest = {"format": results.FORMAT, "model": describe_model(result.model)}
    rest |= {"vocab": result.vocab.tokens}
    for name in ("history", "settings", "compile_seconds", "stopped"):
        rest[name] = getattr(result, name)
    return safetensors_save(tensors, metadata={"charlm": json.dumps(rest)})


# --- files that are not ours ---
@pytest.mark.parametrize("name", ["diary.txt", "model.safetensors"])
def test_a_save_never_replaces_what_is_no_result(fitted, tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"dear diary " * 9)
    for number in ("", ".2"):
        with pytest.warns(UserWarning, match=f"{name}' is no result of charlm_lib and stays"):
            fitted.save(path)
        beside = tmp_path / f"{name}{number}.safetensors"
        assert_same_trees(cl.load(beside).params, fitted.params)
    assert path.read_bytes() == b"dear diary " * 9
    fitted.save(path, overwrite=True)
    assert_same_trees(cl.load(path).params, fitted.params)


def test_a_safetensors_file_of_another_program_stays(fitted, tmp_path):
    path = tmp_path / "weights.safetensors"
    save_file({"weight": np.arange(3, dtype=np.float32)}, path, metadata={"format": "pt"})
    before = path.read_bytes()
    with pytest.warns(UserWarning, match="stays as it is"):
        fitted.save(path)
    assert path.read_bytes() == before


def test_fit_or_load_of_a_diary_trains_nothing_and_leaves_it(data, tmp_path):
    path = tmp_path / "diary.txt"
    path.write_text("dear diary")
    model = cl.RNNLM(cl.RNN(H), len(data.vocab), lr=1.0)
    with pytest.raises(ValueError, match="diary.txt' is no saved result"):
        cl.fit_or_load(path, cl.Trainer(10**6), model, data)
    assert path.read_text() == "dear diary"


def test_a_whole_run_is_replaced_by_a_short_one_only_on_demand(fitted, path, capsys):
    fitted.save(path)
    short = dataclasses.replace(fitted, params=fitted.best_params, stopped="interrupted")
    before = path.read_bytes()
    short.save(path)
    assert "keeps its whole training run" in capsys.readouterr().out
    assert path.read_bytes() == before
    short.save(path, overwrite=True)
    assert cl.load(path).stopped == "interrupted"


# --- damaged and foreign files ---
def test_missing_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match="no saved result 'gone.safetensors' in .*check"):
        cl.load("gone.safetensors")
    with pytest.raises(ValueError, match="is a folder"):
        cl.load(tmp_path)


@pytest.mark.parametrize("keep", [0, 3, 8, 60, 400, 0.5, 0.99, -1])
def test_truncated_file(fitted, path, keep):
    fitted.save(path)
    content = path.read_bytes()
    size = int(keep * len(content)) if 0 < keep < 1 else keep
    path.write_bytes(content[:size])
    with pytest.raises(
        ValueError, match="run.safetensors' is no saved result .*damaged: train again"
    ):
        cl.load(path)


@pytest.mark.parametrize(
    "content", [b"just some text\n" * 9, b"\x89PNG\r\n\x1a\n" + bytes(99), b"{}"]
)
def test_a_file_of_another_kind(tmp_path, content):
    path = tmp_path / "other.bin"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="other.bin' is no saved result .*check the name"):
        cl.load(path)


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        {"framework": "pt"},
        {"charlm": json.dumps({"format": "charlm_lib result 99"})},
        {"charlm": "[]"},
        {"charlm": "{not json"},
    ],
)
def test_a_safetensors_file_of_another_program(tmp_path, metadata):
    path = tmp_path / "foreign.safetensors"
    save_file({"weight": np.zeros(3, np.float32)}, path, metadata=metadata)
    with pytest.raises(ValueError, match="foreign.safetensors'.* no saved result"):
        cl.load(path)


# --- fit_or_load ---
class CountedTrainer(cl.Trainer):
    """Counts the fits; writes what a real one would, without the work."""

    fits = []

    def fit(self, model, data, key=0, optimizer=None, **options):
        self.fits.append(1)
        result = cl.Trainer(0).fit(model, data, key)
        settings = describe_run(self, model, data, key, self.rule_for(model, data, optimizer))
        return dataclasses.replace(result, settings=settings)


@pytest.fixture
def run(path, text):
    """A function that says whether `fit_or_load` trained, given changed settings."""
    CountedTrainer.fits.clear()

    def trained(trainer=(2, 1.0), rnn=None, lr=1.0, key=0, text=text, **windows):
        windows = {"batch_size": 16, "num_steps": 6, "num_train": 40, "num_val": 30} | windows
        data = cl.TextData(text, **windows)
        model = cl.RNNLM(rnn or cl.RNN(H), len(data.vocab), lr=lr)
        before = len(CountedTrainer.fits)
        cl.fit_or_load(path, CountedTrainer(*trainer), model, data, key)
        return len(CountedTrainer.fits) - before == 1

    return trained


def test_fit_or_load_trains_once(data, path, capsys):
    model = cl.RNNLM(cl.RNN(H), len(data.vocab), lr=1.0)
    first = cl.fit_or_load(path, cl.Trainer(2, 1.0), model, data, 7)
    assert len(first.history["epoch"]) == 2
    stamp = path.stat().st_mtime_ns
    capsys.readouterr()
    second = cl.fit_or_load(path, cl.Trainer(2, 1.0), model, data, 7)
    assert path.stat().st_mtime_ns == stamp
    assert "run.safetensors" in capsys.readouterr().out
    assert second.history == first.history
    assert_same_trees(second.params, first.params)


CHANGES = {
    "lr": {"lr": 2.0},
    "epochs": {"trainer": (3, 1.0)},
    "clipping": {"trainer": (2, None)},
    "key": {"key": 1},
    "hidden": {"rnn": cl.RNN(H + 1)},
    "layer": {"rnn": cl.GRU(H, 1)},
    "dropout": {"rnn": cl.GRU(H, 1, 0.1)},
    "batch_size": {"batch_size": 8},
    "num_steps": {"num_steps": 7},
    "num_train": {"num_train": 41},
    "num_val": {"num_val": 31},
    "stride": {"stride": 2},
    "compute_dtype": {"trainer": (2, 1.0, False, "bfloat16")},
}


def test_fit_or_load_trains_again_after_any_change(run, text):
    assert run() and not run()
    for name, change in {**CHANGES, "text": {"text": text[:-9] + "labaratory"}}.items():
        assert run(**change), name
        assert not run(**change), name
        assert run(), name  # else the next one would also differ by what this one has changed


def test_fit_or_load_of_numpy_numbers(run):
    settings = {"batch_size": np.int64(16), "num_train": np.int32(40), "lr": np.float32(0.5)}
    assert run(**settings) and not run(**settings)


def test_fit_or_load_notices_a_changed_class_of_the_same_name(run):
    class RNN(cl.RNN):
        def __call__(self, inputs, state=None, training=False):
            outputs, state = super().__call__(inputs, state, training)
            return 2 * outputs, state

    assert run()
    assert run(rnn=RNN(H))


def test_fit_or_load_does_not_keep_an_interrupted_run(data, path, monkeypatch):
    model = cl.RNNLM(cl.RNN(H), len(data.vocab), lr=1.0)
    untrained = cl.Trainer(0).fit(model, data)
    trainer = cl.Trainer(5)
    settings = describe_run(trainer, model, data, 0, trainer.rule_for(model, data, None))
    stopped = dataclasses.replace(untrained, settings=settings, stopped="interrupted")
    monkeypatch.setattr(cl.Trainer, "fit", lambda *args, **options: stopped)
    assert cl.fit_or_load(path, trainer, model, data).stopped == "interrupted"
    complete = dataclasses.replace(stopped, stopped="finished")
    monkeypatch.setattr(cl.Trainer, "fit", lambda *args, **options: complete)
    assert cl.fit_or_load(path, trainer, model, data).stopped == "finished"


def test_fit_or_load_of_a_damaged_file_trains_nothing(data, path):
    path.parent.mkdir(parents=True)
    path.write_bytes(b"damaged")
    model = cl.RNNLM(cl.RNN(H), len(data.vocab), lr=1.0)
    with pytest.raises(ValueError, match="run.safetensors' is no saved result"):
        cl.fit_or_load(path, cl.Trainer(1), model, data)


class Masked(cl.RNNLM):
    """A reader's own model: some logits are damped, by numbers that stand outside of it."""

    mask = np.ones(40, np.float32)

    def output_layer(self, outputs):
        return super().output_layer(outputs) * self.mask[: self.vocab_size]


def test_a_model_of_ones_own_is_found_again_and_its_constants_count(
    data, path, monkeypatch, capsys
):
    model = Masked(cl.RNN(H), len(data.vocab), lr=1.0)
    first = cl.fit_or_load(path, cl.Trainer(1), model, data)
    again = cl.fit_or_load(path, cl.Trainer(1), model, data)
    assert "run.safetensors: finished" in capsys.readouterr().out
    assert again.model == model and again.history == first.history
    twins._traced.cache_clear()  # a new session, in which the numbers are others
    monkeypatch.setattr(Masked, "mask", np.linspace(0, 1, 40, dtype=np.float32))
    other = cl.fit_or_load(path, cl.Trainer(1), model, data)
    assert other.settings != first.settings
