"""The page shows a GPU's results where there are some, and says so where there are none."""

import json

import pytest

from benchmarks.gpu import page

RESULTS = {
    "quick": False,
    "machine": {"device": "Card 9 <large>", "versions": {"jax": "1.2", "torch": "3.4"}},
    "parts": {
        "parity": {"checks": [{"name": "gru 2", "ok": True}, {"name": "rnn 1", "ok": None}]},
        "speed": {
            "checks": [{"name": "2 layers: times torch.nn", "ok": True}],
            "milliseconds": {
                "2 layers": {"plain loop": 12.345, "fused": 0.5},
                "LSTM": {"plain loop": 3.0, "cuDNN": "failed: no such thing"},
            },
        },
    },
}


@pytest.mark.parametrize("written", [None, {"quick": True}])
def test_where_nothing_was_measured_the_page_says_so(tmp_path, written):
    path = tmp_path / "gpu.json"
    if written:
        path.write_text(json.dumps(written))
    results = page.read(path)
    assert results is None
    assert "make gpu-check" in page.setting(results) and page.times_table(results) == ""


def test_a_measurement_is_shown(tmp_path):
    path = tmp_path / "gpu.json"
    path.write_text(json.dumps(RESULTS))
    results = page.read(path)
    assert page.setting(results) == (
        "Measured on one Card 9 <large>, with jax 1.2, torch 3.4. All checks passed."
    )
    shown = page.times_table(results)
    for text in ("ms per update", "plain loop", "12.3", "0.5", "cuDNN", "failed", "–"):
        assert text in shown, text
    assert "no such thing" not in shown


def test_what_was_not_met_is_named():
    speed = RESULTS["parts"]["speed"] | {"checks": [{"name": "too slow", "ok": False}]}
    parts = {"speed": speed, "memory": {"failed": "RuntimeError: full"}}
    said = page.setting(RESULTS | {"parts": parts})
    assert said.endswith("Not met: too slow, memory.")
    assert page.times_table(RESULTS | {"parts": {"parity": {}}}) == ""
