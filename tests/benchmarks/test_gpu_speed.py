"""Candidates for a GPU compute what the engine does; their measurement runs on any device."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks.gpu import candidates, profile, speed
from benchmarks.gpu.launches import seconds_per_step
from benchmarks.gpu.on_chip import steps_on_chip
from benchmarks.workloads import Workload
from charlm_lib.engine import recurrences

ON_CHIP = partial(steps_on_chip, interpret=True)
RUNNERS = candidates.RUNNERS | {"on chip": ON_CHIP}
SIZES = [(5, 21, 20), (4, 16, 32), (3, 3, 40)]  # steps, rows, units; also what no chip likes


def arguments(kind: str, T: int, B: int, H: int) -> tuple:
    keys = jax.random.split(jax.random.key(1), 9)
    square = [jax.random.normal(key, (H, H)) * H**-0.5 for key in keys[:3]]
    state = jax.random.normal(keys[3], (B, H))
    P = [jax.random.normal(key, (T, B, H)) for key in keys[4:7]]
    if kind == "tanh":
        return P[0], state, square[0]
    return tuple(P), state, *square, jax.random.normal(keys[7], (H,))


def value_and_gradients(recurrence, args):
    weights = jax.random.normal(jax.random.key(2), (*jax.tree.leaves(args[0])[0].shape,))
    return jax.jit(
        jax.value_and_grad(
            lambda *args: (recurrence(*args) * weights).sum(), argnums=tuple(range(len(args)))
        )
    )(*args)


@pytest.mark.parametrize("T, B, H", SIZES)
@pytest.mark.parametrize("kind", ["tanh", "gru"])
@pytest.mark.parametrize("name", RUNNERS)
def test_a_candidate_computes_what_the_engine_does(name, kind, T, B, H):
    args = arguments(kind, T, B, H)
    run = RUNNERS[name]
    if kind == "tanh":
        ours, wanted = candidates.tanh_recurrence(run), recurrences.tanh_recurrence
    else:
        ours = candidates.gru_recurrence(run, is_joined=name != "on chip")
        wanted = recurrences.gru_recurrence
    found, expected = (value_and_gradients(f, args) for f in (ours, wanted))
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


@pytest.mark.skipif(
    jax.__version_info__ > (0, 10, 2), reason="later ones compile it with their CUDA plugin only"
)
@pytest.mark.parametrize("kind", ["tanh", "gru"])
def test_the_kernel_can_be_lowered_for_a_gpu(kind):
    args = arguments(kind, 4, 32, 32)
    make = (
        candidates.tanh_recurrence
        if kind == "tanh"
        else partial(candidates.gru_recurrence, is_joined=False)
    )
    gradients = jax.jit(jax.grad(lambda *args: make(steps_on_chip)(*args).sum(), argnums=1))
    lowered = gradients.trace(*args).lower(lowering_platforms=("cuda",)).as_text()
    assert lowered.count("xla.gpu.triton") == 2  # forwards and backwards, each one program


def test_who_can_run_what():
    small, large = Workload("GRU", 2), Workload("GRU", 2, 512, dtype="bfloat16")
    lstm = Workload("LSTM", 2)
    assert "on chip" in speed.contenders(small, None, on_gpu=True)
    assert "on chip" not in speed.contenders(small, None, on_gpu=False)
    assert speed.contenders(large, None, True) == [
        "unmodified",
        "fused",
        "joined gates",
        "joined gates, unrolled",
    ]
    assert speed.contenders(lstm, "python", True) == [
        "plain loop",
        "unmodified",
        "fused",
        "cuDNN in JAX",
        "torch.nn",
        "torch.nn, compiled",
        "torch.nn, graph",
    ]


def test_workloads_that_fill_a_gpu_are_there():
    many = speed.gpu_workloads()
    assert len(many) == 15
    assert many["3 layers, LSTM, 1024 units, bfloat16"].dtype == "bfloat16"


def test_verdicts():
    small = Workload("GRU", 2)
    (found,) = speed.verdicts("x", small, {"fused": 2.0, "on chip": 1.0, "torch.nn": 3.0})
    assert found["measured"] == 3.0 and found["ok"]
    (found,) = speed.verdicts("x", small, {"fused": 2.0, "torch.nn": 3.0})
    assert found["measured"] == 1.5 and not found["ok"]
    large = Workload("GRU", 2, 512)
    (found,) = speed.verdicts("x", large, {"fused": 2.0, "torch.nn": 1.9})
    assert found["ok"] and found["tolerance"] == "at least 0.9"
    assert speed.verdicts("x", Workload("GRU", 2, 256), {"fused": 2.0, "torch.nn": 1.0}) == []
    assert speed.verdicts("x", small, {"fused": 2.0}) == []


def test_the_whole_measurement_in_small(monkeypatch):
    monkeypatch.setattr(speed, "torch_python", lambda quick: None)
    found = speed.speed(quick=True)
    for name, milliseconds in found["milliseconds"].items():
        assert all(isinstance(value, float) and value > 0 for value in milliseconds.values()), name
    assert {"fused", "joined gates"} <= set(found["milliseconds"]["2 layers, GRU"])
    assert {"plain loop", "unmodified", "fused"} <= set(
        found["milliseconds"]["2 layers, LSTM, 512 units, float32"]
    )


def test_a_contender_that_fails_does_not_stop_the_others():
    workload = Workload("GRU", 1, 8, 8, 4, num_updates=2, num_epochs=1)
    found = speed.compare(workload, ["cuDNN in JAX", "unmodified"], None, 1)
    assert found["cuDNN in JAX"].startswith("failed") and len(found["unmodified"]) == 1


def test_a_timeline_has_what_the_device_did():
    found = profile.timeline(quick=True)
    (events,) = found["details"].values()
    assert found["programs per update"] > 1 and len(events) > 10
    starts = [start for _, start, _ in events]
    assert starts == sorted(starts) and starts[0] == 0


def test_a_step_takes_time():
    assert 0 < seconds_per_step(quick=True) < 0.1


def test_no_python_has_pytorch(monkeypatch):
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    monkeypatch.setattr(speed, "TORCH", "/nowhere/either")
    assert speed.torch_python(True) is None


def test_the_kernels_rows_are_independent():
    args = arguments("tanh", 4, 40, 16)
    run = candidates.tanh_recurrence(ON_CHIP)
    whole = run(*args)
    part = run(args[0][:, 7:9], args[1][7:9], args[2])
    np.testing.assert_allclose(whole[:, 7:9], part, atol=1e-6)
    assert not jnp.allclose(whole[:, 7], whole[:, 8])
