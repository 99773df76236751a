"""The check of a machine with a GPU, on the CPU and with tiny sizes: does it find what is wrong?"""

import json
import shutil
import subprocess
import sys

import jax
import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook

import charlm_lib as cl
from benchmarks.gpu import __main__ as command
from benchmarks.gpu import cells, chapters, masks, memory, parity, summary, worker
from benchmarks.gpu.checks import at_most, check, for_information, has_passed
from benchmarks.gpu.distance import distance, distances, largest_difference
from charlm_lib.engine.fused import FusedRNN, FusedRNNLM

ONE = "RNN"
DROPOUT = "GRU of 3, dropout"


@pytest.fixture
def few_models(monkeypatch):
    """Two models instead of ten."""
    few = {name: model for name, model in cells.make_models(True).items() if name in (ONE, DROPOUT)}
    monkeypatch.setattr(parity, "make_models", lambda quick: few)


@pytest.fixture
def quick_workers(monkeypatch):
    """Processes with two simulated devices, which do not optimise, and keep, what they compile."""
    monkeypatch.setenv("CHARLM_CPU_DEVICES", "2")
    monkeypatch.setenv("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")
    monkeypatch.setenv("JAX_PLATFORMS", "cpu")
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", jax.config.jax_compilation_cache_dir or "")


def run(monkeypatch, tmp_path, **parts):
    """Run the command with these parts; give its exit status and the file that it wrote."""
    monkeypatch.setattr(command, "PARTS", parts)
    path = tmp_path / "gpu.json"
    status = command.main(["--quick", "--parts", *parts, "--output", str(path)])
    return status, json.loads(path.read_text(encoding="utf-8"))


def put_modules(monkeypatch, tmp_path, **sources):
    """Let workers find other modules than ours, below a folder of their own."""
    room = tmp_path / "benchmarks" / "gpu"
    room.mkdir(parents=True)
    for name, source in {"__init__": "", **sources}.items():
        (room / f"{name}.py").write_text(source, encoding="utf-8")
    (tmp_path / "benchmarks" / "__init__.py").write_text("", encoding="utf-8")
    monkeypatch.setattr(worker, "ROOT", tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)


# --- all of it, with tiny sizes ---
def test_parity_and_memory_pass_on_a_cpu(few_models, quick_workers, monkeypatch, tmp_path, capsys):
    advised = {memory.ADVISED: memory.SETTINGS[memory.ADVISED]}
    monkeypatch.setattr(memory, "SETTINGS", advised)
    path = tmp_path / "gpu.json"
    arguments = ["--quick", "--parts", "parity", "memory", "--output", str(path)]
    assert command.main(arguments) == 0
    results = json.loads(path.read_text(encoding="utf-8"))
    assert results["quick"] and results["machine"]["versions"]["jax"] == jax.__version__
    names = [c["name"] for part in results["parts"].values() for c in part["checks"]]
    for name in (ONE, DROPOUT):
        for who in ("fused", "unmodified"):
            assert {f"{name}, {who}, highest", f"{name}, {who}, default"} <= set(names)
    for words in ("carried", "bfloat16", "chances", "devices", "evaluation", "second notebook"):
        assert [name for name in names if words in name], words
    assert max(
        results["parts"]["parity"]["details"]["distances"][f"{ONE}, fused, highest"].values()
    )
    printed = capsys.readouterr().out
    assert "PREALLOCATE=false" in printed and "nothing more" in printed
    assert f"{ONE}, fused, highest" in printed


def test_the_models_have_every_cell_and_depth_and_a_twin():
    for quick in (True, False):
        models = cells.make_models(quick)
        assert len(models) == 13
        assert cells.without_twin(models, cells.make_data(True)) == []


# --- what is wrong is found ---
class WrongRNN(FusedRNN):
    """A twin that is off by a thousandth in its last step."""

    def __call__(self, inputs, state=None, training=False):
        outputs, state = super().__call__(inputs, state, training)
        return outputs if self.is_initializing() else outputs.at[-1].mul(1.001), state


def test_a_wrong_twin_fails(monkeypatch):
    models = {ONE: cells.make_models(True)[ONE]}
    monkeypatch.setattr(parity, "make_models", lambda quick: models)
    wrong = FusedRNNLM(WrongRNN(models[ONE].rnn.num_hiddens), 28, None)
    monkeypatch.setattr(cells, "fuse", lambda model, *uses: wrong)
    checks, _ = parity.check_cells(True)
    failed = [c["name"] for c in checks if c["ok"] is False]
    assert failed == [f"{ONE}, fused, highest"]


def test_a_model_without_a_twin_is_named(monkeypatch):
    models = {ONE: cells.make_models(True)[ONE]}
    monkeypatch.setattr(cells, "fuse", lambda model, *uses: model)
    assert cells.without_twin(models, cells.make_data(True)) == [ONE]


def test_a_wrong_gradient_of_one_bias_is_not_lost_beside_a_matrix():
    wanted = {"W": np.ones((100, 100)), "b": np.ones(2)}
    found = wanted | {"b": np.array([1.0, 1.1])}
    far = distances(found, wanted)
    assert far["['W']"] == 0 and far["['b']"] == pytest.approx(0.1 / 2**0.5)
    update = {"loss": 1.0, "logits": np.ones(3), "gradient": found}
    compared = cells.compared(update, update | {"loss": 2.0, "gradient": wanted})
    assert compared["loss"] == 0.5 and compared["logits"] == 0 and compared["['b']"] > 0.05


def test_distances_are_relative_and_what_is_not_a_number_fails():
    assert distance([3e8, 4e8], [3e8, 0]) == pytest.approx(4 / 3)
    assert largest_difference({"a": [1.0, 2.2]}, {"a": [1.0, 2.0]}) == pytest.approx(0.1)
    assert not at_most("x", largest_difference({"a": [1.0]}, {"a": [1.0, 2.0]}), 1.0)["ok"]
    assert np.isnan(parity.largest({"a": 1.0, "b": float("nan"), "c": 2.0}))
    assert parity.largest({"a": 1.0, "b": 3.0, "c": 2.0}) == 3.0
    failed = at_most("x", float("nan"), 1.0)
    assert failed["ok"] is False and failed["measured"] == "nan"


def test_precision_reaches_the_program(monkeypatch):
    seen = []

    def lowered(model, data, params, device):
        seen.append(jax.config.jax_default_matmul_precision)
        return None, None

    monkeypatch.setattr(cells, "lowered_update", lowered)
    monkeypatch.setattr(cells, "computed", lambda updates, platform: updates)
    models, data = {ONE: cells.make_models(True)[ONE]}, cells.make_data(True)
    for precision in parity.PRECISIONS:
        cells.on_this_device(models, data, parity.precision_of(precision))
    assert seen == ["highest", "highest", None, None]


def test_masks_that_are_wrong_are_found(monkeypatch):
    model, data = cells.make_models(True)[DROPOUT], cells.make_data(True)
    assert has_passed({"checks": masks.check_dropout(model, data)})
    less = cl.RNNLM(cl.GRU(8, 3, dropout=0.2), 28, 1.0)
    monkeypatch.setattr(masks, "twin_of", lambda model, data: less)
    differ, rate, key, evaluated = masks.check_dropout(model, data)
    assert (differ["ok"], rate["ok"], key["ok"], evaluated["ok"]) == (False, False, True, True)
    same = masks.mask
    monkeypatch.setattr(masks, "mask", lambda *a, training=True: same(*a[:3], 1))
    _, _, key, evaluated = masks.check_dropout(model, data)
    assert (key["ok"], evaluated["ok"]) == (False, False)


def test_other_histories_fail(monkeypatch):
    flat = {"train_perplexity": [9.0], "val_perplexity": [9.0]}
    names = "RNNScratch", "GRU of 2", "GRU of 2, carried state"
    monkeypatch.setattr(parity, "histories", lambda quick: dict.fromkeys(names, flat))
    half = {name: [9.0 * 1.1] for name in flat}
    monkeypatch.setattr(parity, "trained", lambda *a, **k: half)
    on_cpu = dict.fromkeys(names, {name: [9.0 * 1.001] for name in flat})
    checks, _ = parity.check_runs(True, on_cpu)
    assert [c["ok"] for c in checks] == [False] * 3 + [True] * 3 + [False]


def test_another_text_fails(monkeypatch):
    here = {"text": "time a", "chances": [0.5, 0.5]}
    monkeypatch.setattr(parity, "written", lambda: here)
    there = {"text": "time b", "chances": [0.5, 0.501]}
    first, chances, default, chances_by_default = parity.check_writing(there)
    assert first["ok"] is False and first["measured"] == "first 5 of 6"
    assert chances["ok"] is False and default["ok"] is None and chances_by_default["ok"]


def test_one_device_is_not_measured_and_does_not_pass(monkeypatch):
    monkeypatch.setattr(jax, "device_count", lambda: 1)
    (found,) = parity.check_devices(True, {})
    assert found["ok"] is None and "not measured" in found["measured"]


# --- parts ---
def test_a_failing_check_is_the_exit_status(monkeypatch, tmp_path, capsys):
    status, results = run(
        monkeypatch,
        tmp_path,
        good=lambda quick: {"checks": [at_most("a", 1.0, 2.0), for_information("b", 3.0)]},
        bad=lambda quick: {"checks": [at_most("too far", 3.0, 2.0)]},
    )
    assert status == 1 and results["parts"]["bad"]["checks"][0]["ok"] is False
    assert "too far" in (out := capsys.readouterr().out) and "0 of 1 checks passed" in out
    status, _ = run(monkeypatch, tmp_path, good=lambda quick: {"checks": [at_most("a", 1.0, 2.0)]})
    assert status == 0


def test_a_part_that_raises_is_noted_and_the_others_still_run(monkeypatch, tmp_path, capsys):
    def breaks(quick):
        raise ValueError("no such kernel")

    def looks(quick):
        known = json.loads((tmp_path / "gpu.json").read_text(encoding="utf-8"))
        return {"before": list(known["parts"])}

    status, results = run(monkeypatch, tmp_path, breaks=breaks, looks=looks)
    assert status == 1
    assert results["parts"]["breaks"]["failed"] == "ValueError: no such kernel"
    assert results["parts"]["looks"]["before"] == ["breaks"]  # written after each part
    printed = capsys.readouterr()
    assert "no such kernel" in printed.out and "in breaks" in printed.err


def test_without_a_gpu_it_says_what_to_do(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(command, "PARTS", {"a": lambda quick: {}})
    path = tmp_path / "gpu.json"
    assert command.main(["--output", str(path)]) == 1
    assert 'jax[cuda13]"' in capsys.readouterr().err and not path.exists()


# --- processes ---
def test_a_worker_that_fails_says_why(monkeypatch, tmp_path):
    put_modules(monkeypatch, tmp_path, broken="raise SystemExit('out of memory')")
    with pytest.raises(RuntimeError, match="gpu.broken --quick ended with 1\nout of memory"):
        with worker.Worker("broken", "--quick") as started:
            started.read()


def test_a_worker_that_hangs_is_ended(monkeypatch, tmp_path):
    put_modules(monkeypatch, tmp_path, hangs="import time\ntime.sleep(600)")
    monkeypatch.setattr(worker, "SECONDS", 0.5)
    with worker.Worker("hangs") as started:
        with pytest.raises(RuntimeError, match="ended with -9"):
            started.read()


def test_a_worker_ends_with_the_part_that_started_it(monkeypatch, tmp_path):
    put_modules(monkeypatch, tmp_path, stays="print('{}', flush=True)\ninput()")
    with pytest.raises(KeyError):
        with worker.Worker("stays") as started:
            assert started.read() == {}
            raise KeyError
    assert started.process.poll() is not None


RESIDENT = """
import json, os, sys
mine = {k: v for k, v in os.environ.items() if k.startswith("XLA_")}
if mine == REFUSED:
    raise SystemExit("RESOURCE_EXHAUSTED: no room")
print(json.dumps({"perplexity": 1.0, "memory": {"bytes_in_use": 2**21}, "mine": mine}), flush=True)
sys.stdin.read()
"""


def test_only_the_advised_setting_has_to_leave_room(monkeypatch, tmp_path):
    put_modules(monkeypatch, tmp_path, resident=RESIDENT.replace("REFUSED", "{}"))
    found = memory.memory(True)  # JAX's own settings are refused here
    for name, settings in memory.SETTINGS.items():
        if settings:
            assert found["details"][name]["second"]["mine"] == settings
    own, advised = found["checks"][0], found["checks"][2]
    assert own["ok"] is None and own["measured"] == "fails: RESOURCE_EXHAUSTED: no room"
    assert advised["ok"] and advised["measured"].startswith("trains, needs 2 MiB")


def test_no_room_under_the_advised_setting_fails(monkeypatch, tmp_path):
    refused = {"XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
    put_modules(monkeypatch, tmp_path, resident=RESIDENT.replace("REFUSED", str(refused)))
    assert [c["ok"] for c in memory.memory(True)["checks"]] == [
        None,
        None,
        False,
        False,
        None,
        None,
    ]


# --- chapters ---
def test_a_chapter_runs_in_this_python_up_to_its_error(tmp_path):
    saved = chapters.ROOT / "chapters" / "results" / "rnn_scratch.safetensors"
    cells_ = [
        f"import os, sys\nassert sys.executable == {sys.executable!r}, sys.executable",
        "assert os.environ['CHARLM_FAST'] == '1' and not os.path.exists('results')",
        f"import shutil\nos.mkdir('results')\nshutil.copy({str(saved)!r}, 'results')",
        "1 / 0",
        "never = 1",
    ]
    notebook = new_notebook(cells=[new_code_cell(source) for source in cells_])
    nbformat.write(notebook, tmp_path / "small.ipynb")
    folder = tmp_path / "empty"
    folder.mkdir()
    with worker.Worker("chapter", str(tmp_path / "small"), str(folder), "--quick") as started:
        found = started.read()
    assert found["cells"] == 5 and found["seconds"] > 0
    assert list(found["perplexities"]) == ["rnn_scratch"]
    ended, seconds = chapters.checks_of("small", found)
    assert ended["ok"] is False and seconds["ok"] is None
    assert "failed in cell 4 of 5" in ended["measured"] and "by zero" in ended["measured"]


def test_perplexities_are_compared_with_those_of_a_cpu():
    found = {"cells": 3, "seconds": 1.0, "error": None, "perplexities": {}}
    assert chapters.checks_of("a", found)[0]["ok"]
    near, far = chapters.perplexity_checks("a", {"x": 7.1, "y": 6.0}, {"x": 7.0, "y": 7.0})
    assert near["ok"] and not far["ok"] and "7.000 on a CPU" in near["name"]


# --- summary ---
def test_the_summary_lists_checks_and_values_but_no_details():
    part = {"checks": [at_most("near", 1e-7, 1e-5), for_information("seen", "so")], "seconds": 2.0}
    part |= {"details": {"hidden": 1}, "ratios": {"GRU": {"fused": 2.5, "rounds": [1.0, 2.0]}}}
    lines = summary.part_text("parity", part).splitlines()
    assert lines[0] == "parity: 2 s, 1 of 1 checks passed"
    assert lines[2].split() == ["near", "1e-07", "1e-05", "ok"]
    assert lines[3].split() == ["seen", "so", "-"]
    assert lines[4:] == ["  ratios, GRU, fused: 2.5", "  ratios, GRU, rounds: 1, 2"]
    failed = summary.part_text("a", {"checks": [check("b", "c", "d", False)], "seconds": 1.0})
    assert failed.endswith("FAILED")


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
def test_make_takes_another_python_as_it_is():
    done = subprocess.run(
        ["make", "--no-print-directory", "-n", "gpu-check", "PYTHON=python3"],
        cwd=chapters.ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split("\n")[:-1] == ["python3 -m benchmarks.gpu"]
