"""The logic of the benchmark: counts, slopes, ratios, targets. Not its times."""

import copy
import json
import re
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks import compare, floor, growth, report, texts
from benchmarks.flax_model import make_model
from benchmarks.workloads import WORKLOADS, Workload, quick


def results():
    """Results with times that are easy to divide."""
    seconds = {"plain loop": 8.0, "one program": 10.0, "all cores": 5.0}
    seconds |= {"unmodified": 4.0, "fused": 2.0, "torch.nn": 6.0}
    runs = {
        name: {"seconds": [value, value * 1.5, value * 0.5], "megabytes": 300.0}
        for name, value in seconds.items()
    }
    wide = {name: run for name, run in runs.items() if name != "fused"}
    whole = {"ours": [3.0, 3.0], "plain": [6.0, 6.0]}
    sweep = {"sizes": [1, 10], "seconds": [2.0, 20.0], "bytes": [1, 2], "load seconds": [1.0, 1.0]}
    slopes = {"seconds": 1.0, "bytes": 0.3, "load seconds": 0.0}
    look = {"start": 1.0, "whole": 5.0}
    return {
        "quick": False,
        "machine": {"processor": "P", "cores": 2, "system": "S", "load before": 0.1}
        | {"versions": {"jax": "1", "torch": None}},
        "updates": {"1 layer": runs, "2 layers, 256 units": wide},
        "floor": {n: {k: 1.0 for k in ("products", "functions", "bytes", "total")}
                  for n in ("1 layer", "2 layers, 256 units")},
        "end to end": {"epochs": 100, "seconds": {"1": whole, "2": whole}},
        "edits": {"first run": look, "width": look},
        "sampling": {"first text": 1.0, "one text": 500.0, "64 texts": 1.0, "cost of 64": 2.0}
        | {"Python loop": 10.0, "Python loop, compiled model": 100.0},
        "loading": [{"characters": n, "seconds": 1.0, "megabytes": 500.0} for n in (10, 100)],
        "growth": {name: {**sweep, "slopes": slopes} for name in ("batch", "text length")},
        "minutes": 5.0,
    }  # fmt: skip


# --- growth ---
def test_a_sweep_measures_every_size():
    found = growth.sweep("batch", is_quick=True)
    assert found["sizes"] == [2, 4] and set(found["slopes"]) == {"seconds", "bytes", "load seconds"}
    assert min(found["seconds"] + found["bytes"] + found["load seconds"]) > 0


def test_a_short_text_is_loaded_and_trained_on():
    found = texts.loading(20_000)
    assert found["characters"] == 20_000 and found["seconds"] > 0 and found["megabytes"] > 100


@pytest.mark.parametrize("power", [0.0, 1.0, 2.0])
def test_slope_is_the_exponent(power):
    sizes = np.array([3, 6, 15, 30])
    assert growth.slope(sizes, 0.7 * sizes**power) == pytest.approx(power, abs=1e-9)


def test_slope_of_a_fixed_price_lies_between():
    sizes = np.array([1, 2, 5, 10])
    assert 0.2 < growth.slope(sizes, 5.0 + sizes) < 0.8


@pytest.mark.parametrize("vocab_size", [2, 28, 280])
def test_random_text_has_the_vocabulary_that_was_asked_for(vocab_size):
    text = growth.random_text(1000, vocab_size)
    data = growth.cl.TextData(text, 4, 4, 8, 4)
    assert len(text) == len(data.text) == 1000 and len(data.vocab) == vocab_size


# --- floor ---
def test_counts_of_one_layer_by_hand():
    # 1 window of 1 character, 3 tokens, 2 units: H W_hh (2x2), H W_hq (2x3); X selects from W_xh.
    count = floor.counts(Workload("RNN", 1, 2, batch_size=1, num_steps=1, vocab_size=3))
    forward, backward = 4 + 6, 2 * 4 + 2 * 6
    assert count["products"] == 2 * (forward + backward)
    assert count["functions"] == 2 + 3
    assert count["bytes"] == 4 * (2 * (2 + 3) + 4 * 16)


def test_counts_grow_as_they_must():
    small, gru = Workload("RNN", 1), Workload("GRU", 1)
    for name in ("batch_size", "num_steps"):
        doubled = floor.counts(Workload("RNN", 1, **{name: 2 * getattr(small, name)}))
        for what in ("products", "functions"):
            assert doubled[what] == 2 * floor.counts(small)[what]
    lstm = Workload("LSTM", 1)
    for gated, blocks in ((gru, 3), (lstm, 4)):  # times the products, except in the output layer
        assert floor.counts(gated)["products"] < blocks * floor.counts(small)["products"]
    steps = [floor.counts(w)["products"] for w in (small, gru, lstm)]
    assert steps[1] - steps[0] == 2 * (steps[2] - steps[1]) > 0  # one block of weights more
    deep = [floor.counts(Workload("GRU", n))["products"] for n in (2, 3, 4)]
    assert deep[2] - deep[1] == deep[1] - deep[0] > 0


def test_memory_works_beside_arithmetic():
    count = {"products": 6.0, "functions": 8.0, "bytes": 30.0}
    rates = {"products": 2.0, "functions": 4.0, "bytes": 10.0}
    assert floor.floor_seconds(count, rates)["total"] == 3 + 2  # memory takes 3 meanwhile
    assert floor.floor_seconds(count, rates | {"bytes": 5.0})["total"] == 6


def test_the_best_rate_of_all_rounds_and_meshes_counts(monkeypatch):
    slower = {"products": 2.0, "functions": 2.0, "bytes": 1.0}
    last = slower | {"products": 4.0}
    rates = iter([slower | {"bytes": 3.0}, *[slower] * (2 * floor.ROUNDS - 2), last])
    monkeypatch.setattr(floor, "measure_rates", lambda *_: next(rates))
    monkeypatch.setattr(floor, "PAUSE", 0)
    (found,) = floor.floors({"small": Workload("RNN")}).values()
    assert found["rates"] == {"products": 4.0, "functions": 2.0, "bytes": 3.0}
    assert next(rates, None) is None


# --- ratios and targets ---
def test_speedups_are_ratios_of_medians():
    found = report.speedups(results()["updates"])
    assert found["1 layer"] == {
        "plain loop": 1.0, "one program": 0.8, "all cores": 1.6, "unmodified": 2.0, "fused": 4.0,
        "torch.nn": 8 / 6,
    }  # fmt: skip
    assert report.speedups(results()["updates"], "torch.nn")["1 layer"]["fused"] == 3.0


def test_each_step_is_compared_with_the_one_before():
    rows = re.findall("<tr>(.*?)</tr>", report.steps_table(results()))[1:]
    cells = [re.findall("<td>(.*?)</td>", row) for row in rows]
    assert cells[0] == ["1 layer", "0.80", "2.00", "1.25", "2.00", "4.00"]
    assert cells[1] == ["2 layers, 256 units", "0.80", "2.00", "1.25", "", "2.00"]


def test_one_slow_round_changes_nothing():
    slow = results()
    slow["updates"]["1 layer"]["unmodified"]["seconds"][1] = 1000.0
    assert report.speedups(slow["updates"]) == report.speedups(results()["updates"])


def test_targets_name_what_was_missed():
    rows = {what: (value, *bound) for what, value, *bound in report.targets(results())}
    assert rows["1 layer: fused, against torch.nn"] == (3.0, "at least", 2.0)
    assert rows["2 layers, 256 units: against the plain loop"] == (2.0, "at least", 1.3)
    assert rows["sampling, against a call per character"] == (50.0, "at least", 50.0)
    assert "seconds to 20 epochs: first run" not in rows
    # Half of the plain loop's time is enough for one layer, not for two; 5 s are more than 4.
    missed = [what for what, row in rows.items() if not report.met(*row)]
    assert len(missed) == 2 and "layers: 2" in missed[0] and missed[1].endswith("epochs: width")
    sentence = report.missed(results())
    assert sentence.startswith(f"{len(rows) - 2} of {len(rows)} targets") and missed[1] in sentence


def test_without_torch_there_is_no_target_against_it():
    without = copy.deepcopy(results())
    for runs in without["updates"].values():
        del runs["torch.nn"]
    assert not [what for what, *_ in report.targets(without) if "torch" in what]
    report.plot_speedups(without)


def test_tables_hold_every_row_and_escape():
    assert report.updates_table(results()).count("<tr>") == 1 + 6 + 5
    assert "8000.0" in report.updates_table(results())
    assert "&lt;unk&gt;" in report.table(["a"], [["<unk>"]])
    for make in (report.steps_table, report.floor_table, report.growth_table, report.targets_table):
        assert 'tabindex="0"' in make(results())


def test_texts():
    sentences = report.texts(results())
    assert "at 500 characters per second" in sentences and "2.0 times as long" in sentences
    assert "of 100 characters is loaded in 1.0 s" in sentences
    assert "exponent 0.00" in sentences


def test_plots():
    bars = report.plot_speedups(results())
    assert len(bars.axes[0].patches) == 3 + 2
    assert report.plot_growth(results()).axes[0].get_xscale() == "log"


def test_a_quick_run_says_so():
    assert "mean nothing" not in report.setting(results())
    assert "mean nothing" in report.setting(results() | {"quick": True})
    assert "3 rounds" in report.setting(results()) and "torch" not in report.setting(results())


def test_no_results(tmp_path):
    with pytest.raises(FileNotFoundError, match="run `make bench` first"):
        report.read(tmp_path / "none.json")


# --- running ---
def test_quick_workloads_are_small():
    for workload in map(quick, WORKLOADS.values()):
        assert workload.num_hiddens * workload.batch_size * workload.num_steps <= 1024


def write_worker(folder, text):
    """Put another worker into the place of ours, below a folder from which it is started."""
    (folder / "benchmarks").mkdir()
    for name, content in (("__init__.py", ""), ("worker.py", text)):
        (folder / "benchmarks" / name).write_text(content)


def test_a_contender_that_fails_is_named(tmp_path, monkeypatch):
    write_worker(tmp_path, "raise SystemExit(3)")
    monkeypatch.setattr(compare, "ROOT", tmp_path)
    with pytest.raises(RuntimeError, match="benchmarks.worker plain loop .* ended with 3"):
        compare.Worker("plain loop", Workload("RNN")).read()


def test_contenders_take_turns(tmp_path, monkeypatch):
    log = tmp_path / "log"
    write_worker(
        tmp_path,
        "import json, sys\n"
        "print('{}', flush=True)\n"
        "for _ in sys.stdin:\n"
        f"    open({str(log)!r}, 'a').write(sys.argv[1][0])\n"
        "    print(json.dumps({'seconds': 2.0}), flush=True)\n"
        "print(json.dumps({'megabytes': 7.0}))\n",
    )
    monkeypatch.setattr(compare, "ROOT", tmp_path)
    monkeypatch.setattr(compare, "TORCH", tmp_path / "none")
    found = compare.compare(WORKLOADS["1 layer, written out"], 3)
    assert log.read_text() == "ppoauf" * 3
    assert json.loads(json.dumps(found))["fused"] == {"seconds": [2.0] * 3, "megabytes": 7.0}


@pytest.mark.parametrize("num_layers", [1, 2, 3])
def test_layers_that_scan_compute_what_the_written_out_ones_compute(num_layers):
    X = jnp.array([[3, 1, 4, 1, 5]])
    out = Workload("RNNScratch" if num_layers == 1 else "StackedRNNScratch", num_layers, 4)
    scanning = make_model(replace(out, layer="ScanningRNN"))
    assert out.is_written_out and not Workload("RNN").is_written_out
    params = scanning.init(jax.random.key(2), X)["params"]
    layers = [
        {"W_xh": cell["i"]["kernel"], "W_hh": cell["h"]["kernel"], "b_h": cell["i"]["bias"] + i}
        for i, (_, layer) in enumerate(sorted(params["rnn"].items()))
        for cell in [layer["cell"]]
    ]
    for i, (_, layer) in enumerate(sorted(params["rnn"].items())):
        layer["cell"]["i"]["bias"] = layers[i]["b_h"]
    rnn = layers[0] if num_layers == 1 else {f"layers_{i}": x for i, x in enumerate(layers)}
    head = {"W_hq": params["output"]["kernel"], "b_q": params["output"]["bias"]}
    wanted, state = make_model(out).apply({"params": {"rnn": rnn} | head}, X)
    found, states = scanning.apply({"params": params}, X)
    np.testing.assert_allclose(found, wanted, atol=1e-6)
    np.testing.assert_allclose(states.reshape(state.shape), state, atol=1e-6)
    again = scanning.apply({"params": params}, X, states)[0]
    assert not np.allclose(again, found)


def test_the_committed_results_are_whole():
    committed = report.read()
    assert not committed["quick"]
    assert list(committed["updates"]) == list(WORKLOADS) == list(committed["floor"])
    assert report.unmeasured(committed) == []
    for name, runs in committed["updates"].items():
        assert set(runs) <= {*compare.TORCH_PROGRAMS, *compare.contenders(WORKLOADS[name])}
    assert list(committed["growth"]) == list(growth.SWEPT)
    assert report.targets(committed) and report.setting(committed)


def test_every_contender_trains(monkeypatch, tmp_path):
    monkeypatch.setattr(compare, "TORCH", tmp_path / "none")
    workload = quick(WORKLOADS["1 layer, written out"])
    found = compare.compare(workload, 1)
    assert list(found) == compare.contenders(workload) and len(found) == 6
    assert all(run["seconds"][0] > 0 and run["megabytes"] > 50 for run in found.values())
