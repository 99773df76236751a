"""The command line does what a notebook does, and explains a mistake in one line."""

import io
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import termios
import tomllib
from dataclasses import replace
from functools import partial, partialmethod
from pathlib import Path

import jax
import numpy as np
import pytest
import yaml

import charlm_lib as cl
from charlm_lib.__main__ import best_is_better, build_parser, main, prepare
from charlm_lib.console import announcement, files
from charlm_lib.console.names import as_options
from charlm_lib.console.signals import NAMES, StopSignals
from charlm_lib.engine.stopping import StopButton
from charlm_lib.runs import results, training

ROOT = Path(__file__).resolve().parents[2]
SMALL = "--epochs 2 --hiddens 8 --batch-size 16 --num-steps 6 --num-train 40 --num-val 30".split()
REFERENCE = ["--recipe", "reference", *SMALL]
GREEK = "η θάλασσα είναι ήσυχη και ο ουρανός είναι γαλανός "


@pytest.fixture
def book(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "my.txt"
    path.write_text(text * 10, encoding="utf-8")
    return path


@pytest.fixture
def saved(make_result, book):
    """A function that saves a model of random weights that knows these characters."""

    def save(characters, name="model.safetensors", **changes):
        vocab = cl.Vocab(characters)
        result = make_result(cl.RNNLM(cl.GRU(8, 2), len(vocab), lr=1.0), vocab, seed=3, scale=1.0)
        result = replace(result, **changes)
        result.save(book.parent / name)
        return result

    return save


def run(*arguments) -> int:
    try:
        return main([str(argument) for argument in arguments])
    except SystemExit as stop:  # argparse's way out
        return stop.code


def flat(params):
    return np.concatenate([np.ravel(x) for x in jax.tree.leaves(params)])


# --- training ---
def test_the_reference_recipe_gives_what_a_notebook_gives(book, tmp_path, capsys):
    output = tmp_path / "new" / "one.safetensors"
    assert run("train", "--text", book, *REFERENCE, "--key", 3, "--output", output) == 0
    shown = capsys.readouterr()
    assert re.search(r"2/2 .* left, perplexity: train \d", shown.err)
    assert f"sample --model {output}" in shown.out

    data = cl.TextData.from_file(book, 16, 6, 40, 30)
    model = cl.RNNLM(cl.GRU(8, 2), len(data.vocab), lr=2)
    here = cl.Trainer(2, gradient_clip_val=1).fit(model, data, key=3, show=False)
    there = cl.load(output)
    assert there.settings == here.settings  # so that fit_or_load takes the file for its own
    for name in ("train_perplexity", "val_perplexity"):
        assert there.history[name] == here.history[name]

    wanted = ("--prefix", "the time", "--length", 30, "--samples", 2, "--top-k", 5, "--key", 7)
    assert run("sample", "--model", output, *wanted) == 0
    texts = cl.sample("the time", 30, here, temperature=0.7, top_k=5, num_samples=2, key=7)
    assert capsys.readouterr().out.splitlines() == texts


def test_a_text_of_ones_own_is_trained_on_whole_and_the_line_says_so(book, capsys):
    assert run("train", "--text", "my.txt", "--epochs", 2, "--key", 3) == 0
    line, *_ = capsys.readouterr().out.splitlines()
    data, model, trainer, optimizer = cl.recipe_for(book.read_text(), max_epochs=2)
    here = trainer.fit(model, data, 3, optimizer, show=False)
    there = cl.load("model.safetensors")
    assert there.history["val_perplexity"] == here.history["val_perplexity"]

    numbers = [int(n.replace(",", "")) for n in re.findall(r"\d[\d,]*(?![\d.])", line)]
    size, learned, held_out, unused = numbers[:4]
    assert size == len(data.text) == learned + held_out + unused + 1
    assert learned == data.num_train * data.num_steps
    assert numbers[4:7] == [data.num_train, data.num_val, data.num_steps]
    assert f"{here.num_params:,} parameters; 2 epochs, less than a minute" in line


@pytest.mark.parametrize(
    "options, model",
    [
        ("--cell tanh --layers 1", cl.RNNLMScratch(cl.RNNScratch(28, 32), 28, lr=1)),
        ("--cell tanh --layers 3", cl.RNNLMScratch(cl.StackedRNNScratch(28, 32, 3), 28, lr=2)),
        ("--cell gru --layers 1", cl.RNNLM(cl.GRU(32, 1), 28, lr=2)),
        ("--cell lstm --hiddens 24", cl.RNNLM(cl.LSTM(24, 2), 28, lr=2)),
        ("", cl.RNNLM(cl.GRU(32, 2), 28, lr=2)),
        ("--lr 3", cl.RNNLM(cl.GRU(32, 2), 28, lr=3)),
    ],
)
def test_without_a_text_models_and_windows_are_those_of_the_chapters(options, model):
    made = prepare(build_parser().parse_args(["train", *options.split()]), None)
    assert made.model == model
    assert made.trainer == cl.Trainer(100, gradient_clip_val=1)
    assert made.optimizer is None
    windows = cl.TimeMachine(1024, 32)
    for name in ("batch_size", "num_steps", "num_train", "num_val", "stride", "text"):
        assert getattr(made.data, name) == getattr(windows, name)


def test_who_counts_windows_gets_the_reference_recipe(book):
    command = ["train", "--text", "my.txt", "--num-train", "90", "--num-val", "30"]
    made = prepare(build_parser().parse_args([*command, "--batch-size", "16"]), None)
    assert (made.data.num_train, made.data.stride, made.optimizer) == (90, 1, None)


def test_going_on_learns_from_another_text_in_the_old_vocabulary(book, capsys):
    assert run("train", "--text", "my.txt", "--epochs", 3) == 0
    Path("other.txt").write_text("und die zeit verging im flug, ÄÄÄ sagte er " * 60)
    more = ("train", "--text", "other.txt", "--start", "model.safetensors", "--epochs", 3)
    assert run(*more, "--output", "more.safetensors") == 0
    assert "ä" in capsys.readouterr().err  # the vocabulary lacks it
    old, new = cl.load("model.safetensors"), cl.load("more.safetensors")
    assert new.vocab.tokens == old.vocab.tokens
    assert new.model == old.model


@pytest.mark.parametrize("recipe", ["fitting", "reference"])
def test_going_on_with_the_same_command_learns_more(recipe, book):
    options = ["--num-train", 40, "--num-val", 30, "--batch-size", 16, "--num-steps", 6]
    command = ("train", "--text", "my.txt", "--epochs", 3, "--recipe", recipe)
    command += tuple(options) if recipe == "reference" else ()
    assert run(*command) == 0
    assert run(*command, "--start", "model.safetensors", "--output", "more.safetensors") == 0
    old, new = cl.load("model.safetensors"), cl.load("more.safetensors")
    assert new.history["epoch"] == [1, 2, 3]
    # A schedule that has come to its end begins anew.
    assert new.history["train_perplexity"][-1] < old.history["train_perplexity"][-1]


def crash(monkeypatch, after):
    """Let the power go off after so many epochs, with a checkpoint after each."""

    def update(display):
        if display.history["epoch"][-1] > after:
            raise RuntimeError("the power went off")

    monkeypatch.setattr(training.FitDisplay, "update", update)
    fit = partialmethod(cl.Trainer.fit, checkpoint_minutes=0)
    monkeypatch.setattr(cl.Trainer, "fit", fit)


def presses(monkeypatch, after):
    """Press Ctrl-C in an epoch."""

    def update(display):
        if display.history["epoch"][-1] == after:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(training.FitDisplay, "update", update)


@pytest.mark.parametrize("broken_off, place", [(crash, "model.unfinished"), (presses, "model")])
@pytest.mark.parametrize("start", [[], ["--start", "old.safetensors"]])
def test_the_same_command_goes_on_where_it_was_broken_off(
    broken_off, place, start, book, monkeypatch, capsys
):
    if start:
        assert run("train", "--text", "my.txt", "--epochs", 1, "--output", start[1]) == 0
    command = ("train", "--text", "my.txt", "--epochs", 4, *start)
    assert run(*command, "--output", "whole.safetensors") == 0
    with monkeypatch.context() as patched:
        broken_off(patched, after=2)
        try:
            assert run(*command) == 130
        except RuntimeError:
            pass
    assert cl.load(f"{place}.safetensors").history["epoch"] == [1, 2]
    capsys.readouterr()
    assert run(*command) == 0
    assert "2 epochs" in capsys.readouterr().out.splitlines()[0]  # are left
    whole, again = cl.load("whole.safetensors"), cl.load("model.safetensors")
    for name in ("train_perplexity", "val_perplexity"):
        assert again.history[name] == pytest.approx(whole.history[name], rel=1e-5)
    np.testing.assert_allclose(flat(again.params), flat(whole.params), rtol=1e-4, atol=1e-6)
    assert again.settings == whole.settings and again.stopped == "finished"
    assert not Path("model.unfinished.safetensors").exists()


@pytest.mark.parametrize(
    "options, advice",
    [
        ("--lr 1e30 --clip inf", "a smaller --lr than 1e+30, or --clip 1"),
        ("--lr 1e30", "a smaller --lr than 1e+30"),
        ("--lr 10000 --clip inf --cell tanh", "a smaller --lr than 10000, or --clip 1"),  # finite
    ],
)
def test_an_exploded_run_is_said_and_nothing_is_saved(options, advice, book, capsys):
    assert run("train", "--text", book, *REFERENCE, *options.split()) == 1
    err = capsys.readouterr().err.splitlines()[-1]
    assert err.endswith(advice) and "lr=" not in err
    assert list(book.parent.iterdir()) == [book]


# --- files ---
def test_no_file_of_another_kind_is_replaced(book, saved, capsys):
    diary = Path("diary.md")
    diary.write_text("dear diary")
    command = ("train", "--text", "my.txt", *REFERENCE, "--output")
    Path("same.txt").symlink_to(book)
    for output in ("my.txt", "../" + book.parent.name + "/my.txt", "same.txt"):
        assert run(*command, output, "--overwrite") == 2
        assert f"--output {output} is the text to train on" in capsys.readouterr().err
    assert run(*command, diary) == 2
    err = capsys.readouterr().err
    assert "--output diary.md" in err and "--overwrite" in err and "epoch" not in err
    assert diary.read_text() == "dear diary" and book.read_text().startswith("the time")

    assert run(*command, diary, "--overwrite") == 0
    assert cl.load(diary).history["epoch"] == [1, 2]
    saved("abc", "old.safetensors")
    assert run(*command, "old.safetensors") == 0  # a result of ours
    assert cl.load("old.safetensors").history["epoch"] == [1, 2]


def test_a_device_is_no_place_to_write(book, capsys):
    assert run("train", "--text", "my.txt", *REFERENCE, "--output", os.devnull) == 2
    assert "cannot be written" in capsys.readouterr().err
    assert not Path(os.devnull).is_file()


def test_a_run_cut_short_stands_beside_a_whole_one(book, saved, monkeypatch, capsys):
    saved("abc")
    presses(monkeypatch, after=1)
    command = ("train", "--text", "my.txt", *REFERENCE, "--epochs", 7)
    assert run(*command) == 130
    assert "sample --model model.unfinished.safetensors" in capsys.readouterr().out
    assert cl.load("model.unfinished.safetensors").history["epoch"] == [1]
    assert cl.load("model.safetensors").vocab.tokens[1:] == list("abc")
    Path("model.unfinished.safetensors").write_text("my own")
    assert run(*command) == 2
    assert "name another file" in capsys.readouterr().err
    assert Path("model.unfinished.safetensors").read_text() == "my own"


# --- signals ---
@pytest.mark.parametrize("number", [getattr(signal, n) for n in NAMES if hasattr(signal, n)])
def test_a_signal_presses_the_stop_button_once(number):
    before = signal.signal(number, signal.SIG_DFL)  # these tests may run where it is ignored
    try:
        with StopSignals() as stop, StopButton() as button:
            for _ in range(3):  # a closed terminal sends several
                signal.raise_signal(number)
            assert button.pressed
            assert stop.status == 128 + number
        assert signal.getsignal(number) == signal.SIG_DFL
    finally:
        signal.signal(number, before)


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no SIGHUP")
def test_an_ignored_signal_stays_ignored_and_another_stops_all_the_same(monkeypatch):
    before = {n: signal.signal(n, signal.SIG_IGN) for n in (signal.SIGHUP, signal.SIGINT)}
    try:
        with StopSignals() as stop:
            signal.raise_signal(signal.SIGHUP)  # nohup
            assert stop.received is None
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGTERM)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_nothing_to_save_before_the_first_epoch(book, monkeypatch, capsys):
    monkeypatch.setattr(cl, "read_file", lambda path: signal.raise_signal(signal.SIGTERM))
    assert run("train", "--text", "my.txt", *REFERENCE) == 128 + signal.SIGTERM
    assert "nothing to save" in capsys.readouterr().err
    assert list(book.parent.iterdir()) == [book]


def test_the_result_of_another_run_is_put_aside_and_not_lost(book, capsys):
    short = "train", "--text", "my.txt", "--hiddens", 4, "--epochs"
    assert run(*short, 1) == 0
    first = cl.load("model.safetensors")
    assert run(*short, 1) == 0  # the same run again
    assert not Path("model.before.safetensors").exists()
    capsys.readouterr()
    assert run(*short, 2) == 0
    assert "held the result of another run: that is now model.before" in capsys.readouterr().err
    assert cl.load("model.before.safetensors").history["epoch"] == first.history["epoch"] == [1]
    assert cl.load("model.safetensors").history["epoch"] == [1, 2]


def test_the_printed_line_has_best_where_the_best_epoch_was_clearly_better(saved):
    history = {"epoch": [1, 2], "train_perplexity": [4.0, 3.0], "seconds": [1.0, 1.0]}
    for val, better in (([5.0, 5.5], True), ([5.0, 5.05], False), ([5.0, 4.0], False)):
        result = saved("abc", history=history | {"val_perplexity": val})
        assert best_is_better(result) == better


def test_what_cannot_be_written_at_the_end_is_saved_elsewhere(saved, monkeypatch, capsys):
    result, write = saved("abc "), results.write_whole

    def full(path, content):
        if path.parent.name != "spare":
            raise OSError("No space left on device")
        write(path, content)

    spare = Path("spare").absolute()
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(spare))
    monkeypatch.setattr(results, "write_whole", full)
    assert files.keep(result, Path("full.safetensors"), False) == spare / "full.safetensors"
    assert "full.safetensors could not be written" in capsys.readouterr().err
    assert cl.load(spare / "full.safetensors").vocab == result.vocab


LONG = "import charlm_lib.__main__ as m, sys; sys.exit(m.main())"


def begin(*arguments, **streams):
    """Start a process that trains for long, as from a shell."""
    command = [sys.executable, "-c", LONG, "train", "--text", "my.txt", *REFERENCE]
    heard = partial(signal.signal, signal.SIGHUP, signal.SIG_DFL)  # although these tests ignore it
    command += "--epochs", "100000", *arguments
    return subprocess.Popen(command, preexec_fn=heard, **streams)


def test_a_process_that_is_killed_keeps_what_it_learned(book):
    with begin(stderr=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        shown = b""
        while not re.search(rb"[1-9]\d*/100000", shown):
            shown += process.stderr.read1()
        process.send_signal(signal.SIGTERM)
        process.stderr.read()
        assert b"Saved as model.safetensors" in process.stdout.read()
    assert process.returncode == 128 + signal.SIGTERM
    assert cl.load("model.safetensors").stopped == "interrupted"


def test_a_terminal_that_is_closed_does_not_matter(book):
    terminal, inside = os.openpty()
    termios.tcsetwinsize(inside, (24, 80))  # one without columns shows no progress
    with begin(stdin=inside, stdout=inside, stderr=inside, start_new_session=True) as process:
        os.close(inside)
        shown = b""
        while not re.search(rb"[1-9]\d*/100000", shown):
            shown += os.read(terminal, 10_000)
        process.send_signal(signal.SIGHUP)
        os.close(terminal)
    assert process.returncode == 128 + signal.SIGHUP
    assert cl.load("model.safetensors").stopped == "interrupted"


# --- writing ---
@pytest.mark.parametrize("text", [GREEK, "kitty cat ", "漢字かな", "Ünïcödé Ωmega it's $HOME "])
def test_the_printed_line_and_the_bare_one_write_in_any_alphabet(text, book, capsys):
    book.write_text(text * 40, encoding="utf-8")
    assert run("train", "--text", "my.txt", "--epochs", 1, "--hiddens", 4) == 0
    *_, line = capsys.readouterr().out.splitlines()
    words = shlex.split(line)
    assert words[:4] == ["python", "-m", "charlm_lib", "sample"]
    assert run(*words[3:], "--length", 9) == 0
    out = capsys.readouterr().out.strip("\n")
    opening = cl.clean(text * 40)[:5]
    assert out.startswith(opening)
    assert run("sample", "--length", 9) == 0
    assert len(capsys.readouterr().out.strip("\n")) >= 9


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_console_without_the_characters_loses_nothing(encoding, saved, monkeypatch, capsys):
    result = saved(GREEK)
    (text,) = cl.sample("η ", 20, result, temperature=0.7)
    console = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", console)
    assert run("sample", "--prefix", "η ", "--length", 20) == 0
    shown = console.buffer.getvalue().decode(encoding).rstrip("\n")
    assert shown.encode().decode("unicode_escape") == text
    assert "PYTHONIOENCODING=utf-8" in capsys.readouterr().err
    assert run("sample", "--prefix", "θα", "--length", 2, "--temperature", 0) == 0
    assert run("train", "--text", "my.txt", *REFERENCE, "--output", "ж.safetensors") == 0
    assert rb"\u0436.safetensors" in console.buffer.getvalue()


@pytest.mark.parametrize("arguments", [["sample", "--length", "50"], ["train", "--help"]])
def test_a_closed_pipe_gives_no_traceback(arguments, saved):
    saved("abc ")
    command = [sys.executable, "-m", "charlm_lib", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    # argparse itself does not mind that nobody reads its help.
    assert process.returncode == (0 if "--help" in arguments else 128 + signal.SIGPIPE)


def test_a_prefix_is_read_as_the_text_was(saved, capsys):
    result = saved("abcdefghijklmnopqrstuvwxyz ")
    assert run("sample", "--prefix", "Zebras", "--length", 5) == 0
    shown = capsys.readouterr()
    assert shown.out.rstrip("\n") == cl.sample("zebras", 5, result, temperature=0.7)[0]
    assert "--prefix 'Zebras' is read as 'zebras'" in shown.err
    assert run("sample", "--prefix", "zebras", "--length", 5) == 0
    assert capsys.readouterr().err == ""
    for prefix, said in (("a!b", "'!', which the model has never seen"), ("", "no character")):
        assert run("sample", "--prefix", prefix) == 2
        err = capsys.readouterr().err
        assert f"--prefix {prefix!r}" in err and said in err
    saved("".join(map(chr, range(0x4E00, 0x5600))))
    assert run("sample", "--prefix", "a") == 2
    assert len(capsys.readouterr().err) < 300  # not the whole vocabulary


def test_lines(saved, capsys):
    result = saved("ab\n")
    assert run("sample", "--prefix", r"\na", "--length", 30, "--stop", r"\n", "--key", 1) == 0
    (text,) = cl.sample("\na", 30, result, temperature=0.7, key=1, stop="\n")
    assert capsys.readouterr().out == f"{text}\n"
    assert run("sample", "--length", 4, "--temperature", 0) == 0  # it begins a line by itself
    assert capsys.readouterr().out == f"{cl.predict(chr(10), 4, result)[1:]}\n"
    saved("ab\n\\")
    assert run("sample", "--prefix", r"\na", "--length", 4) == 2  # "n" is unknown: no line's end
    assert "'n'" in capsys.readouterr().err


def test_temperature_0_takes_the_likeliest_character(saved, capsys):
    result = saved("abcdef ")
    assert run("sample", "--prefix", "bad", "--length", 40, "--temperature", 0, "--samples", 2) == 0
    assert capsys.readouterr().out.splitlines() == 2 * [cl.predict("bad", 40, result)]


def test_the_best_epoch_can_write(saved, make_result, capsys):
    result = saved("abcdef ")
    other = make_result(result.model, result.vocab, seed=9, scale=1.0)
    result = saved("abcdef ", best_params=other.params)
    for best, writer in (([], result), (["--best"], other)):
        assert run("sample", "--prefix", "bad", "--length", 40, *best) == 0
        text = capsys.readouterr().out.rstrip("\n")
        assert text == cl.sample("bad", 40, writer, temperature=0.7)[0]


# --- mistakes ---
@pytest.mark.parametrize(
    "arguments, words",
    [
        ("train --text missing.txt", "There is no file 'missing.txt'"),
        ("train --text .", "--text '.' is no file"),
        ("train --text", "argument --text: expected one argument"),
        ("train --text=", "--text '' is no file"),
        ("train --text my.txt --recipe reference", "--num-train"),
        ("train --text my.txt --num-train 5000", "--num-train"),
        ("train --text my.txt --recipe fitting --num-train 12", "multiple of 8"),
        ("train --text my.txt --batch-size 12", "--batch-size that is a multiple of 8"),
        ("train --text my.txt --batch-size 800 --num-steps 40", "--batch-size 800 and --num-steps"),
        ("train --text my.txt --recipe fitting --stride 3", "--stride 3"),
        ("train --text my.txt --layers 0", "--layers: '0' must be a whole number of at least 1"),
        ("train --text my.txt --epochs 0", "--epochs: '0' must be a whole number of at least 1"),
        ("train --text my.txt --num-train all", "--num-train: 'all' must be a whole number"),
        ("train --text my.txt --num-train 1e3", "--num-train: '1e3' must be a whole number"),
        ("train --text my.txt --lr -1", "--lr"),
        ("train --text my.txt --lr=-1", "--lr: '-1' must be a positive number"),
        ("train --text my.txt --lr nan", "--lr: 'nan' must be a positive number"),
        ("train --text my.txt --clip 0", "--clip: '0' must be a positive number"),
        ("train --text my.txt --dropout 1", "--dropout: '1' must be a number from 0 to below 1"),
        ("train --text my.txt --cell tanh --dropout 0.5", "--cell 'gru', 'lstm' only"),
        ("train --text my.txt --key one", "--key: 'one' must be a whole number"),
        ("train --text my.txt --output .", "--output . cannot be written"),
        ("train --text my.txt --output my.txt/m.safetensors", "my.txt"),
        ("train --text my.txt --start my.txt", "my.txt"),
        ("train --text my.txt --start old.safetensors --hiddens 8", "leave out --hiddens"),
        ("train --cell elman", "invalid choice: 'elman'"),
        ("sample --model missing.safetensors", "There is no saved result 'missing.safetensors'"),
        ("sample --model my.txt", "my.txt"),
        ("sample --model .", "'.' is a folder"),
        ("sample --model half.safetensors", "half.safetensors"),
        ("sample --model old.safetensors --length 0", "--length: '0' must be"),
        ("sample --model old.safetensors --temperature -1", "--temperature"),
        ("sample --model old.safetensors --temperature=warm", "--temperature: 'warm' must be"),
        ("sample --model old.safetensors --top-k 99", "--top-k 99 must be"),
        ("sample --model old.safetensors --stop z", "--stop 'z'"),
        ("practice", "invalid choice: 'practice'"),
    ],
)
def test_a_mistake_has_status_2_and_names_the_option(arguments, words, book, saved, capsys):
    saved("abc ", "old.safetensors")
    Path("half.safetensors").write_bytes(Path("old.safetensors").read_bytes()[:500])
    before = sorted(book.parent.iterdir())
    command = arguments.split()
    assert run(*command) == 2
    err = capsys.readouterr().err
    assert words in err and "Traceback" not in err
    assert not re.search(r"\b(batch|num|max|keep|top|carry|gradient)_\w+", err), err
    assert "epoch" not in err.splitlines()[-1] or "--epochs" in err
    assert sorted(book.parent.iterdir()) == before  # found out before anything was trained


@pytest.mark.parametrize(
    "said, shown",
    [
        (
            "batch_size=12 is more than the num_train=8",
            "--batch-size 12 is more than the --num-train 8",
        ),
        (
            "a batch_size of at most 8, or keep_case=True",
            "a --batch-size of at most 8, or --keep-case",
        ),
        ("at stride=4, a stride of 4", "at --stride 4, a stride of 4"),
        ("carry_state=True needs", "--recipe fitting needs"),
        ("stop='z' is no stop", "--stop 'z' is no stop"),
        ("use TextData.from_file.", "use --text FILE."),
        ("max_num_steps=3", "max_num_steps=3"),
    ],
)
def test_names_become_options(said, shown):
    assert as_options(said) == shown


def test_the_wait_counts_updates_and_validation(data, monkeypatch):
    monkeypatch.setattr(announcement, "seconds", lambda call: 1.0)
    model = cl.RNNLM(cl.GRU(8, 2), len(data.vocab), lr=1.0)
    # 40 and 30 windows in batches of 16: 3 updates, each as long as 3 readings, and 2 readings
    expected = 5 * (3 * 3 + 2) / announcement.TRIES
    assert announcement.expected_seconds(model, data, max_epochs=5) == expected


@pytest.mark.parametrize(
    "seconds, words",
    [
        (0, "less than a minute"),
        (70, "about 1 minute"),
        (310, "about 5 minutes"),
        (9_000, "about 2 hours"),
    ],
)
def test_a_wait_in_words(seconds, words):
    assert announcement.in_words(seconds) == words


# --- versions ---
def test_versions_and_devices_without_a_warning():
    """A new process in which every warning is an error."""
    code = "import charlm_lib.widgets, runpy; runpy.run_module('charlm_lib', run_name='__main__')"
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True
    )
    assert (run.returncode, run.stderr) == (0, "")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"charlm_lib {cl.__version__}\n" in run.stdout
    for dependency in project["dependencies"]:
        name = re.match(r"[\w-]+", dependency)[0]
        assert re.search(rf"^{name} \d", run.stdout, re.MULTILINE), name
    assert re.search(r"^devices: \d+ x .*cpu", run.stdout, re.MULTILINE)


def test_versions_agree():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert cl.__version__ == project["version"] == citation["version"]
