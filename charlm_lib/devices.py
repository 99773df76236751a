"""Which devices train: all of them, the cores of a CPU included."""

import os
from importlib.metadata import version

import jax

MAX_CPU_DEVICES = 8


def use_all_cores() -> None:
    """Let JAX see each CPU core as a device, so that `Trainer` can share a batch among them.

    XLA runs the small operations of a character model on one core. The environment variable
    `CHARLM_CPU_DEVICES` sets another number than one per core (at most 8); 1 turns this off.
    It does nothing where the user has configured JAX's CPU devices, or after JAX has started.

    Raises:
        ValueError: `CHARLM_CPU_DEVICES` is not a whole number of at least 1.
    """
    wanted = os.environ.get("CHARLM_CPU_DEVICES", "")
    if wanted and not (wanted.isdecimal() and int(wanted) >= 1):
        raise ValueError(f"CHARLM_CPU_DEVICES={wanted!r} must be a whole number of at least 1")
    if jax.config.jax_num_cpu_devices != -1 or "host_platform_device" in os.environ.get(
        "XLA_FLAGS", ""
    ):
        return
    affinity = getattr(os, "sched_getaffinity", None)  # containers may own fewer cores
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    try:
        jax.config.update("jax_num_cpu_devices", int(wanted or min(cores, MAX_CPU_DEVICES)))
    except RuntimeError:  # JAX has started: its devices stay as they are
        return


def describe_machine(computing: str) -> None:
    """Print the versions and devices that run a chapter, and how long it takes; warn of no GPU.

    Args:
        computing: how long the chapter computes on two CPU cores, for example "two minutes".
    """
    devices = jax.devices()
    warning = ", no GPU" if devices[0].platform == "cpu" else ""
    print(
        f"JAX {jax.__version__}, Flax {version('flax')} on {len(devices)} x "
        f"{devices[0].device_kind}{warning}: on 2 CPU cores this takes {computing}"
    )
