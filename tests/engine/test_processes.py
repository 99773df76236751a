"""Two processes that train together, as on two hosts of a cluster."""

import json
import os
import socket
import subprocess
import sys

import jax
import numpy as np
import pytest

import charlm_lib as cl

# jax.distributed has to start before anything else does.
HOST = """
import sys, json, jax
port, number, path, text = sys.argv[1:]
jax.distributed.initialize(f"127.0.0.1:{port}", num_processes=2, process_id=int(number))
jax.config.update("jax_disable_most_optimizations", True)
import charlm_lib as cl
data = cl.TextData(text, batch_size=16, num_steps=6, num_train=40, num_val=30)
model = cl.RNNLM(cl.GRU(8, 2, dropout=0.5), len(data.vocab), lr=1.0)
result = cl.fit_or_load(path, cl.Trainer(2, gradient_clip_val=1.0), model, data)
if number == "1":  # the other process need not take part
    print("alone", cl.evaluate(result, data), file=sys.stderr)
again = cl.fit_or_load(path, cl.Trainer(2, gradient_clip_val=1.0), model, data)
weights = [float(abs(x).sum()) for x in jax.tree.leaves(result.params)]
found = {"devices": len(jax.devices()), "local": len(jax.local_devices()), "weights": weights}
print("found:" + json.dumps(found | {"history": result.history, "again": again.history}))
"""


def start(port, number, path, text):
    environment = {**os.environ, "CHARLM_CPU_DEVICES": "2", "JAX_PLATFORMS": "cpu"}
    return subprocess.Popen(
        [sys.executable, "-c", HOST, str(port), str(number), str(path), text],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def hosts(tmp_path_factory, text):
    """What the two processes print, and the file that they save."""
    path = tmp_path_factory.mktemp("shared") / "run.safetensors"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    processes = [start(port, number, path, text) for number in (0, 1)]
    try:
        printed = [process.communicate(timeout=900) for process in processes]
    finally:
        for process in processes:
            process.kill()
    for process, (_, errors) in zip(processes, printed, strict=True):
        assert process.returncode == 0, errors
    return printed, path


def found(printed):
    return [json.loads(out.split("found:")[1]) for out, _ in printed]


def test_two_processes_train_as_one_does(hosts, text):
    first, second = found(hosts[0])
    assert first["devices"] == second["devices"] == 4
    assert first["local"] == second["local"] == 2
    assert first["weights"] == second["weights"]  # bit for bit
    data = cl.TextData(text, batch_size=16, num_steps=6, num_train=40, num_val=30)
    model = cl.RNNLM(cl.GRU(8, 2, dropout=0.5), len(data.vocab), lr=1.0)
    alone = cl.Trainer(2, gradient_clip_val=1.0).fit(model, data, show=False)
    weights = [float(abs(x).sum()) for x in jax.tree.leaves(alone.params)]
    np.testing.assert_allclose(first["weights"], weights, rtol=1e-4, atol=1e-4)
    for host in (first, second):
        for name in ("train_perplexity", "val_perplexity"):
            np.testing.assert_allclose(host["history"][name], alone.history[name], rtol=1e-4)


def test_the_first_process_shows_and_saves_for_all(hosts):
    printed, path = hosts
    (first_out, first_errors), (second_out, second_errors) = printed
    assert "2/2" in first_errors and "2/2" not in second_errors  # progress
    assert "run.safetensors: finished" in first_out and "finished" not in second_out
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    saved = cl.load(path).history
    assert all(host["again"] == saved for host in found(printed))


def test_one_process_can_evaluate_alone(hosts):
    printed, path = hosts
    errors = printed[1][1]
    loss = float(errors.split("alone ")[1].split()[0])
    last = cl.load(path).history["val_perplexity"][-1]
    assert cl.perplexity(loss) == pytest.approx(last, rel=1e-4)
