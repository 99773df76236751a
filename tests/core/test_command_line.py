"""The command line does what a notebook does, and explains a mistake in one line."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import charlm_lib as cl
from charlm_lib.__main__ import build_parser, main, make_model

ROOT = Path(__file__).resolve().parents[2]
SMALL = "--epochs 2 --hiddens 8 --batch-size 16 --num-steps 6 --num-train 40 --num-val 30".split()


@pytest.fixture
def book(text, tmp_path):
    path = tmp_path / "my.txt"
    path.write_text(text, encoding="utf-8")
    return path


def test_training_and_writing_give_what_a_notebook_gives(book, tmp_path, capsys):
    saved = tmp_path / "new" / "one.safetensors"
    command = ["train", "--layers", "2", "--cell", "gru", "--text", str(book), "--key", "3"]
    assert main([*command, *SMALL, "--output", str(saved)]) == 0
    shown = capsys.readouterr()
    assert re.search(r"2/2 .* left, perplexity: train \d", shown.err)
    assert f"sample --model {saved}" in shown.out

    data = cl.TextData.from_file(book, 16, 6, 40, 30)
    model = cl.RNNLM(cl.GRU(8, 2), len(data.vocab), lr=2)
    here = cl.Trainer(2, gradient_clip_val=1).fit(model, data, key=3, show=False)
    there = cl.load(saved)
    assert there.settings == here.settings  # so that fit_or_load takes the file for its own
    for name in ("train_perplexity", "val_perplexity"):
        assert there.history[name] == here.history[name]

    command = ["sample", "--model", str(saved), "--prefix", "the time", "--length", "30"]
    assert main([*command, "--samples", "2", "--top-k", "5", "--key", "7"]) == 0
    texts = cl.sample("the time", 30, here, temperature=0.7, top_k=5, num_samples=2, key=7)
    assert capsys.readouterr().out.splitlines() == texts


@pytest.mark.parametrize(
    "cell, layers, model",
    [
        ("tanh", 1, cl.RNNLMScratch(cl.RNNScratch(28, 32), 28, lr=1)),
        ("tanh", 3, cl.RNNLMScratch(cl.StackedRNNScratch(28, 32, 3), 28, lr=2)),
        ("gru", 1, cl.RNNLM(cl.GRU(32, 1), 28, lr=2)),
    ],
)
def test_models_are_those_of_the_chapters(cell, layers, model):
    options = build_parser().parse_args(["train", "--cell", cell, "--layers", str(layers)])
    assert make_model(options, 28) == model


@pytest.mark.parametrize(
    "arguments, words",
    [
        ("train --text missing.txt", "There is no file 'missing.txt'"),
        ("train --text my.txt --num-train 5000", "use batch_size="),
        ("train --text my.txt --layers 0", "num_layers=0 must be a whole number of at least 1"),
        ("train --text my.txt --lr -1", "lr=-1.0 must be a positive number"),
        ("train --text my.txt --cell tanh --dropout 0.5", "--cell gru only"),
        ("train --text my.txt --output .", "--output . cannot be written"),
        ("train --text my.txt --output my.txt/m.safetensors", "my.txt"),
        ("train --cell lstm", "invalid choice: 'lstm'"),
        ("train --layers two", "invalid int value: 'two'"),
        ("sample --model missing.safetensors", "There is no saved result 'missing.safetensors'"),
        ("sample --model my.txt", "is damaged or is not a saved result"),
        ("practice", "invalid choice: 'practice'"),
    ],
)
def test_a_mistake_has_status_2_and_no_traceback(arguments, words, book, monkeypatch, capsys):
    monkeypatch.chdir(book.parent)
    command = arguments.split()
    sizes = SMALL if command[:2] == ["train", "--text"] else []
    try:
        status = main(["train", *sizes, *command[1:]] if sizes else command)
    except SystemExit as stop:  # argparse's way out
        status = stop.code
    err = capsys.readouterr().err
    assert status == 2
    assert words in err and "Traceback" not in err
    assert not list(book.parent.glob("*.safetensors"))


def test_divergence_is_said_and_nothing_is_saved(book, tmp_path, capsys):
    saved = tmp_path / "one.safetensors"
    command = ["train", "--text", str(book), *SMALL, "--output", str(saved)]
    assert main([*command, "--lr", "1e30", "--clip", "inf"]) == 1
    assert "Training diverged in epoch" in capsys.readouterr().err
    assert not saved.exists()


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
