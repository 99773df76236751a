"""A quick look, runs that were cut short, places that cannot be written, rules for Windows."""

import dataclasses
import os
import signal
import threading
from pathlib import Path

import numpy as np
import pytest

import charlm_lib as cl
from charlm_lib.display import plots, progress
from charlm_lib.engine import short_runs
from charlm_lib.runs import files


@pytest.fixture
def model(data):
    return cl.RNNLM(cl.RNN(8), len(data.vocab), lr=1.0)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setenv("CHARLM_FAST", "1")


# --- CHARLM_FAST ---
@pytest.mark.parametrize("value, wanted", [(None, False), ("", False), ("0", False), ("1", True)])
def test_values_of_charlm_fast(monkeypatch, value, wanted):
    monkeypatch.delenv("CHARLM_FAST", raising=False)
    if value is not None:
        monkeypatch.setenv("CHARLM_FAST", value)
    assert short_runs.short_runs_wanted() is wanted


@pytest.mark.parametrize("value", ["true", "2", "yes", " 1"])
def test_other_values_of_charlm_fast_are_refused(monkeypatch, model, data, value):
    monkeypatch.setenv("CHARLM_FAST", value)
    with pytest.raises(ValueError, match=f"CHARLM_FAST='{value}' must be 1 .* or 0"):
        cl.Trainer(1).fit(model, data, show=False)


def test_a_quick_look_is_short_and_says_so(quick, model, data):
    result = cl.Trainer(100, gradient_clip_val=1.0).fit(model, data, show=False)
    assert result.history["epoch"] == [1, 2, 3] and result.stopped == "finished"
    assert result.settings["left_out"] == "3 of 100 epochs" and result.cut_short
    assert result.settings["trainer"]["max_epochs"] == 100
    assert repr(result).endswith("(CHARLM_FAST=1: 3 of 100 epochs)")


def test_a_quick_look_is_the_beginning_of_the_full_run(quick, model, data, fitted):
    short = cl.Trainer(9, gradient_clip_val=1.0).fit(model, data, key=0, show=False)
    assert short.history["val_perplexity"] == fitted.history["val_perplexity"]


def test_a_run_that_was_short_anyway_is_no_quick_look(quick, fitted, model, data):
    result = cl.Trainer(3, gradient_clip_val=1.0).fit(model, data, show=False)
    assert not result.cut_short and result.settings == fitted.settings


def test_windows_of_a_quick_look_lie_evenly_over_the_text(monkeypatch, model, data):
    monkeypatch.setattr(short_runs, "WINDOWS", 20)
    full = cl.Trainer(1).fit(model, data, show=False)
    assert len(full.grad_norms) == 3  # 40 windows in batches of 16
    monkeypatch.setenv("CHARLM_FAST", "1")
    short = cl.Trainer(1).fit(model, data, show=False)
    assert len(short.grad_norms) == 2 and short.settings["left_out"] == "20 of 40 windows"
    # A mean over the windows that were used, so that it is near the untrained model's.
    assert short.history["train_perplexity"][0] == pytest.approx(
        full.history["train_perplexity"][0], rel=0.2
    )
    _, starts, left_out = short_runs.shorten(5, np.arange(100, 150))
    assert left_out == "3 of 5 epochs, 20 of 50 windows"
    assert len(starts) == 20 and set(np.diff(starts)) == {2, 3} and starts[0] == 100


def titles(figure):
    return [ax.get_title(loc="right") for ax in figure.axes]


def test_every_figure_of_a_quick_look_says_so(monkeypatch, quick, model, data):
    result = cl.Trainer(4).fit(model, data, show=False)
    other = cl.Trainer(9).fit(model, data, show=False)
    figure = plots.plot_runs({"a": result.history}, note=result.note)
    assert titles(figure) == ["CHARLM_FAST=1: 3 of 4 epochs"]
    both = titles(plots.plot_runs({"a": result.history, "b": other.history}))
    assert both == ["CHARLM_FAST=1: short training"]
    others = [
        plots.plot_grad_norms({"a": result.grad_norms}),
        plots.plot_lines([1, 2], {"a": [1, 2]}, "x", "y"),
        plots.plot_bars({"a": 1}, "y"),
    ]
    assert {t for f in others for t in titles(f)} == {"CHARLM_FAST=1: short training"}
    heat_map = plots.plot_heat_map(np.zeros((2, 3)), "abc", "layer 1").axes[0]
    assert heat_map.get_title() == "layer 1" and "CHARLM_FAST=1" in heat_map.get_title(loc="right")
    monkeypatch.setenv("CHARLM_FAST", "0")
    assert titles(plots.plot_bars({"a": 1}, "y")) == [""]
    # The run was a quick look, whoever draws it later.
    figure = plots.plot_runs({"a": result.history}, note=result.note)
    assert titles(figure) == ["CHARLM_FAST=1: 3 of 4 epochs"]


def test_the_progress_bar_of_a_quick_look_says_so(quick, model, data, capsys):
    cl.Trainer(8).fit(model, data)
    assert "CHARLM_FAST=1: 3 of 8 epochs" in capsys.readouterr().out


# --- what is saved ---
def test_a_quick_look_and_a_full_run_are_never_taken_for_each_other(
    monkeypatch, model, data, tmp_path, capsys
):
    path, trainer = tmp_path / "run.safetensors", cl.Trainer(4)
    monkeypatch.setenv("CHARLM_FAST", "1")
    assert cl.fit_or_load(path, trainer, model, data).cut_short
    assert cl.fit_or_load(path, trainer, model, data).cut_short  # loaded
    assert f"{path}: finished after 3 epochs" in capsys.readouterr().out
    monkeypatch.setenv("CHARLM_FAST", "0")
    full = cl.fit_or_load(path, trainer, model, data)
    assert len(full.history["epoch"]) == 4
    monkeypatch.setenv("CHARLM_FAST", "1")
    before = path.read_bytes()
    short = cl.fit_or_load(path, trainer, model, data)
    assert len(short.history["epoch"]) == 3
    assert path.read_bytes() == before
    assert "keeps its whole training run" in capsys.readouterr().out


def test_a_run_that_was_stopped_does_not_replace_a_whole_one(fitted, tmp_path):
    path = tmp_path / "run.safetensors"
    stopped = dataclasses.replace(fitted, stopped="interrupted")
    assert stopped.cut_short and not fitted.cut_short
    stopped.save(path)
    assert cl.load(path).stopped == "interrupted"
    fitted.save(path)
    stopped.save(path)
    assert cl.load(path).stopped == "finished"
    path.write_bytes(b"damaged")
    with pytest.warns(UserWarning, match="stays as it is"):
        stopped.save(path)
    assert path.read_bytes() == b"damaged"
    assert cl.load(path.with_name("run.safetensors.safetensors")).stopped == "interrupted"


def test_a_run_that_was_stopped_is_not_loaded_as_a_whole_one(model, data, tmp_path):
    path, trainer = tmp_path / "run.safetensors", cl.Trainer(2)
    result = trainer.fit(model, data, show=False)
    dataclasses.replace(result, stopped="interrupted").save(path)
    assert cl.fit_or_load(path, trainer, model, data).stopped == "finished"


def test_the_stop_button_during_compilation_still_keeps_one_epoch(model, data, monkeypatch):
    def press(display):
        signal.raise_signal(signal.SIGINT)
        return display

    monkeypatch.setattr(progress.FitDisplay, "__enter__", press)
    result = cl.Trainer(50).fit(model, data, show=False)
    assert result.stopped == "interrupted" and result.history["epoch"] == [1]


@pytest.mark.parametrize("blocked", ["folder", "file"])
def test_a_result_that_cannot_be_saved_is_kept_with_a_warning(model, data, tmp_path, blocked):
    (tmp_path / "results").write_text("in the way")
    path = tmp_path / "results" / "run.safetensors" if blocked == "folder" else tmp_path
    with pytest.warns(UserWarning, match=r"could not be written.*in memory only") as caught:
        result = cl.Trainer(1).fit(model, data, show=False)
        result.save(path)
    assert str(path) in str(caught[0].message).replace("\\\\", "\\")
    assert caught[0].filename == __file__
    assert np.isfinite(cl.evaluate(result, data))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write")
def test_a_folder_without_the_right_to_write(fitted, tmp_path):
    tmp_path.chmod(0o555)
    with pytest.warns(UserWarning, match="Permission denied"):
        fitted.save(tmp_path / "run.safetensors")
    tmp_path.chmod(0o755)
    assert not list(tmp_path.iterdir())


def test_many_writers_of_one_file_leave_one_whole_file(fitted, tmp_path):
    path = tmp_path / "run.safetensors"
    threads = [threading.Thread(target=fitted.save, args=(path,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert cl.load(path).history == fitted.history


def test_two_writers_never_share_an_unfinished_file(tmp_path, monkeypatch):
    names = []
    real = Path.write_bytes
    monkeypatch.setattr(Path, "write_bytes", lambda p, c: names.append(p.name) or real(p, c))
    for _ in range(4):
        files.write_whole(tmp_path / "run", b"x")
    assert len(set(names)) == 4 and all(name.endswith(".part") for name in names)
