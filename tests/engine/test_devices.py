"""The layout of batches on devices, and which devices there are."""

import os
import subprocess
import sys
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import Mesh

import charlm_lib as cl
from charlm_lib.engine import batches, compiling, devices, parameters
from charlm_lib.engine.devices import (
    compiler_options,
    jit_model,
    keep_compiled_programs,
    release,
    use_all_cores,
)
from tests.quick_compiler import FLAG, TRIED


def mesh_of(n):
    return Mesh(np.array(jax.devices()[:n]), ("batch",))


@pytest.mark.parametrize("num_devices", [1, 2, 3, 8])
@pytest.mark.parametrize(
    "windows, batch_size",
    [(1, 1), (7, 7), (8, 3), (40, 16), (1024, 1024), (10_000, 1024), (5_000, 5_000), (300, 257)],
)
def test_every_window_is_used_once_and_padding_weighs_nothing(windows, batch_size, num_devices):
    mesh = mesh_of(num_devices)
    micro = batches.micro_batch_size(batch_size, mesh)
    starts = jnp.arange(windows, dtype=jnp.int32)
    position, weights = map(np.asarray, batches.micro_batches(starts, batch_size, micro, mesh))
    count = -(-windows // batch_size)
    assert position.shape == weights.shape and position.shape[0] == count
    assert position.shape[1] % num_devices == 0
    assert position.dtype == np.int32 and weights.dtype == np.float32
    assert position.min() >= 0 and position.max() < windows
    assert set(np.unique(weights)) <= {0.0, 1.0}
    for batch in range(count):
        used = np.sort(position[batch][weights[batch] == 1])
        last = min((batch + 1) * batch_size, windows)
        np.testing.assert_array_equal(used, np.arange(batch * batch_size, last))
    assert position.shape[2] == micro


@pytest.mark.parametrize("batch_size, micro", [(1, 1), (31, 31), (64, 32), (512, 64), (4096, 128)])
def test_micro_batches_do_not_depend_on_the_number_of_cores(batch_size, micro):
    sizes = {batches.micro_batch_size(batch_size, mesh_of(n)) for n in (1, 2, 3, 8)}
    assert sizes == {micro}


def run_python(code, **environment):
    environment = {k: v for k, v in {**os.environ, **environment}.items() if v is not None}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=600
    )


def test_number_of_cpu_devices():
    code = "import charlm_lib, jax; print(len(jax.local_devices()))"
    for number in ("1", "3"):
        assert run_python(code, CHARLM_CPU_DEVICES=number).stdout.split() == [number]
    default = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert run_python(code, CHARLM_CPU_DEVICES="").stdout.split() == [str(min(default, 8))]


def test_jax_that_has_started_keeps_its_devices():
    code = "import jax; jax.devices(); import charlm_lib; print(len(jax.local_devices()))"
    assert run_python(code, CHARLM_CPU_DEVICES="3").stdout.split() == ["1"]


@pytest.mark.parametrize("value", ["0", "two", "-1", "1.5"])
def test_number_of_devices_out_of_range(value, monkeypatch):
    monkeypatch.setenv("CHARLM_CPU_DEVICES", value)
    with pytest.raises(ValueError, match=f"CHARLM_CPU_DEVICES='{value}' must be a whole number"):
        use_all_cores()


FIT = """
import charlm_lib as cl, jax
seen = []
jax.monitoring.register_event_listener(lambda event, **_: seen.append(event.split("/")[-1]))
data = cl.TextData("the time traveller smiled " * 5, 16, 4, 32, 16)
cl.Trainer(1).fit(cl.RNNLM(cl.RNN(4), len(data.vocab), lr=1.0), data, show=False)
print(seen.count("cache_hits"), seen.count("cache_misses"))
"""
UNSET = {"JAX_COMPILATION_CACHE_DIR": None, "CHARLM_CPU_DEVICES": "2"}


def test_a_new_session_finds_the_programs_of_the_last(tmp_path):
    folder = tmp_path / "not yet" / "made"
    first, second = (run_python(FIT, CHARLM_CACHE=str(folder), **UNSET) for _ in range(2))
    hits, misses = map(int, first.stdout.split())
    assert misses > 3 and any(folder.iterdir())
    assert second.stdout.split() == [str(hits + misses), "0"]


def test_without_a_place_for_programs_training_is_the_same_and_quiet(tmp_path):
    (tmp_path / "file").write_text("")
    nowhere = {"CHARLM_CACHE": str(tmp_path / "file" / "below")}
    done = run_python(FIT, **UNSET | nowhere | {"CHARLM_CPU_DEVICES": "1"})
    assert done.stdout.split() == ["0", "0"] and done.stderr == ""


@pytest.mark.parametrize(
    "environment, folder",
    [
        ({"CHARLM_CACHE": "off"}, None),
        ({"CHARLM_CACHE": "", "XDG_CACHE_HOME": "{here}"}, "{here}/charlm_lib/jax"),
        ({"CHARLM_CACHE": "{here}/a"}, "{here}/a"),
        ({"CHARLM_CACHE": "{here}/file/below"}, None),
    ],
)
def test_where_compiled_programs_are_kept(tmp_path, monkeypatch, environment, folder):
    (tmp_path / "file").write_text("")
    for name, value in environment.items():
        monkeypatch.setenv(name, value.format(here=tmp_path))
    before = jax.config.jax_compilation_cache_dir
    jax.config.update("jax_compilation_cache_dir", None)
    try:
        keep_compiled_programs()
        found = jax.config.jax_compilation_cache_dir
        assert found == (folder and folder.format(here=tmp_path))
        monkeypatch.setenv("CHARLM_CACHE", str(tmp_path / "other"))
        jax.config.update("jax_compilation_cache_dir", "chosen by the user")
        keep_compiled_programs()
        assert jax.config.jax_compilation_cache_dir == "chosen by the user"
    finally:
        jax.config.update("jax_compilation_cache_dir", before)


@pytest.fixture
def usual_compiler(monkeypatch):
    """The compiler as a reader has it, not the quick one of these tests."""

    emitters = FLAG.removeprefix("--").removesuffix("=false")

    def options(platform):
        found = compiler_options(platform)
        return found | {emitters: True} if found and jax.__version_info__[:2] == TRIED else found

    for module in (devices, compiling):
        monkeypatch.setattr(module, "compiler_options", options)
    jax.config.update("jax_disable_most_optimizations", False)
    yield
    jax.config.update("jax_disable_most_optimizations", True)


def test_the_compiler_takes_the_options_for_a_cpu(usual_compiler):
    options = compiler_options("cpu")
    assert options and compiler_options("gpu") is None
    assert jax.jit(lambda x: 2 * x, compiler_options=options)(1.0) == 2
    with pytest.raises(Exception, match="no_such_option"):
        jax.jit(lambda x: 3 * x, compiler_options={"no_such_option": 1})(1.0)


@pytest.mark.parametrize(
    "version, numbers, is_new",
    [
        ("0.7.2", (0, 7, 2), False),
        ("0.9.0+nv25.10", (0, 9, 0), False),
        ("0.9.1", (0, 9, 1), True),
        ("0.10.2+nv25.10", (0, 10, 2), True),
        ("0.10.2rc1", (0, 10, 2), True),
        ("0.11.0.dev20260101", (0, 11, 0), True),
        ("1", (1,), True),
        ("unknown", (), False),
        ("", (), False),
    ],
)
def test_a_vendors_version_is_read(version, numbers, is_new, monkeypatch, usual_compiler):
    assert release(version) == numbers
    monkeypatch.setattr(devices, "version", lambda package: version)
    assert ("xla_cpu_scheduler_type" in compiler_options("cpu")) is is_new


def test_who_wants_nothing_optimised_gets_that():
    assert jax.config.read("jax_disable_most_optimizations")
    assert compiler_options("cpu") is None


def test_an_epoch_takes_the_options_and_one_that_failed_is_compiled_anew(data, monkeypatch):
    model = cl.RNNLM(cl.RNN(5), len(data.vocab), lr=1.0)

    def run():
        return cl.Trainer(1).fit(model, data, show=False)

    monkeypatch.setattr(compiling, "compiler_options", lambda platform: {"no_such_option": 1})
    compiling.compiling_epoch.cache_clear()  # the options are no part of what it knows
    with pytest.raises(Exception, match="no_such_option"):
        run()
    monkeypatch.undo()
    assert len(run().history["epoch"]) == 1


@pytest.mark.parametrize("layer", [cl.RNN(7), cl.GRU(7, 2, dropout=0.2), cl.LSTM(7, 2)])
def test_training_with_the_options_gives_the_same(layer, data, usual_compiler):
    model = cl.RNNLM(layer, len(data.vocab), lr=1.0)
    results = []
    for is_quick in (False, True):
        jax.config.update("jax_disable_most_optimizations", is_quick)
        compiling.compiling_epoch.cache_clear()  # the options are no part of what it knows
        results.append(cl.Trainer(2, gradient_clip_val=1).fit(model, data, show=False))
    compiling.compiling_epoch.cache_clear()
    usual, quick = (jax.tree.leaves(r.params) for r in results)
    for one, other in zip(usual, quick, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_the_first_parameters_with_the_options_are_the_same(usual_compiler):
    model, key = cl.RNNLM(cl.GRU(7, 2), 6, lr=0.0), jax.random.key(3)
    drawn = jit_model(parameters._draw, static_argnums=0)()(model, key)
    usual = model.init(key, jnp.zeros((1, 1), jnp.int32))
    for one, other in zip(jax.tree.leaves(drawn), jax.tree.leaves(usual), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.parametrize(
    "count, platform, kind", [(1, "cpu", "cpu, no GPU"), (2, "gpu", "Tesla T4")]
)
def test_the_machine_in_one_line(monkeypatch, capsys, count, platform, kind):
    device = SimpleNamespace(platform=platform, device_kind=kind.partition(",")[0])
    monkeypatch.setattr("jax.devices", lambda: [device] * count)
    cl.describe_machine("two minutes")
    line = capsys.readouterr().out
    assert line.startswith("JAX ") and line.endswith(
        f" on {count} x {kind}: on 2 CPU cores this takes two minutes\n"
    )
