"""Which devices train, the cores of a CPU included; and where compiled programs are kept."""

import os
import re
from collections.abc import Callable
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import jax
import pooch

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


def keep_compiled_programs() -> None:
    """Let JAX keep its compiled programs, so that a new session need not compile them again.

    They lie in the folder `charlm_lib/jax` of the user's cache, which may be deleted at any time.
    The environment variable `CHARLM_CACHE` names another folder; `off` turns this off. It does
    nothing where the user has configured JAX's cache, or where the folder cannot be written.
    """
    chosen = os.environ.get("CHARLM_CACHE") or pooch.os_cache("charlm_lib") / "jax"
    if chosen == "off" or jax.config.jax_compilation_cache_dir or not can_be_made(Path(chosen)):
        return
    jax.config.update("jax_compilation_cache_dir", str(chosen))
    if "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS" not in os.environ:
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)  # small ones add up


def can_be_made(folder: Path) -> bool:
    """Say whether a folder is there, or can be made, to be written in; this writes nothing.

    JAX makes it when it has a program to keep, and where it cannot would warn at every program.
    """
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    return nearest.is_dir() and os.access(nearest, os.W_OK)


def compiler_options(platform: str) -> dict[str, int | str] | None:
    """Tell XLA how to compile a model for "cpu", "gpu" or "tpu", as `jax.jit` takes it.

    On a CPU, LLVM shall optimise less. That compiles these programs a quarter to a third sooner,
    and they run as fast and give the same numbers: their time goes into matrix products, which
    are not compiled anew, and into loops that XLA vectorises itself. Vectors shall be as long as
    the processor has them: 16 numbers where there is AVX-512, of which XLA by default uses 8.
    And operations shall be in an order that reuses memory, not in one that lets many run at a
    time (jaxlib 0.9.1 can be told so): the cores are busy, each with windows of its own.

    Where JAX itself is told to optimise nothing, as in tests, this asks for nothing either.
    """
    if platform != "cpu" or jax.config.read("jax_disable_most_optimizations"):
        return None
    options = {"xla_backend_optimization_level": 1, "xla_cpu_prefer_vector_width": 512}
    if release(version("jaxlib")) >= (0, 9, 1):
        options["xla_cpu_scheduler_type"] = "CPU_SCHEDULER_TYPE_MEMORY_OPTIMIZED"
    return options


def release(version: str) -> tuple[int, ...]:
    """Give the numbers that a version begins with: (0, 10, 2) for "0.10.2rc1" or "0.10.2+nv25".

    A version that begins with none gives an empty tuple, which counts as older than all others.
    """
    return tuple(
        int(number) for number in re.match(r"(\d+\.)*\d+|", version)[0].split(".") if number
    )


def jit_model(function: Callable, **options) -> Callable:
    """Make a function without arguments that gives `jax.jit(function)` with `compiler_options`.

    It asks JAX for its devices, and so starts them, only when it is first called.
    """

    @lru_cache(maxsize=1)
    def program():
        chosen = compiler_options(jax.default_backend())
        return jax.jit(function, compiler_options=chosen, **options)

    return program


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
