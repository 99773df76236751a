"""The machine that is checked: its GPUs, their driver, and the versions of what computes."""

import importlib.metadata
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys

import jax

CARD = "driver_version", "memory.total"  # as nvidia-smi calls them
TORCH = (
    "import json, torch; print(json.dumps({'torch': torch.__version__, "
    "'CUDA of torch': torch.version.cuda, 'cuDNN of torch': torch.backends.cudnn.version()}))"
)


def has_gpu() -> bool:
    """Say whether JAX computes on something else than the CPU."""
    return jax.default_backend() != "cpu"


def smi(*fields: str) -> list[list[str]]:
    """Ask nvidia-smi for fields of each GPU; no rows where there is no nvidia-smi.

    Raises:
        CalledProcessError: it is there and fails.
    """
    if shutil.which("nvidia-smi") is None:
        return []
    command = ["nvidia-smi", f"--query-gpu={','.join(fields)}", "--format=csv,noheader,nounits"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return [line.split(", ") for line in done.stdout.splitlines()]


def torch_versions() -> dict:
    """Ask a process of its own for PyTorch's versions, if PyTorch is there: it takes memory."""
    if importlib.util.find_spec("torch") is None:
        return {}
    done = subprocess.run([sys.executable, "-c", TORCH], stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout) if done.returncode == 0 else {"torch": "cannot be imported"}


def describe() -> dict:
    """Describe where and with what is measured, as JSON types."""
    names = "jax", "jaxlib", "flax", "optax", "numpy"
    cards = [dict(zip(("driver", "MiB"), row, strict=True)) for row in smi(*CARD)]
    affinity = getattr(os, "sched_getaffinity", None)  # containers may own fewer cores
    return {
        "device": jax.devices()[0].device_kind,
        "platform": jax.default_backend(),
        "devices": jax.device_count(),
        "cards": cards,
        "processor": platform.processor() or platform.machine(),
        "cores": len(affinity(0)) if affinity else os.cpu_count(),
        "load before": os.getloadavg()[0],
        "versions": {"python": platform.python_version()}
        | {name: importlib.metadata.version(name) for name in names}
        | torch_versions(),
    }
