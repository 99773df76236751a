"""Whether a GPU has room for a second notebook while a first one is open."""

from benchmarks.gpu.checks import check, for_information
from benchmarks.gpu.machine import smi
from benchmarks.gpu.worker import Worker, environment

MEMORY = (
    "XLA_PYTHON_CLIENT_PREALLOCATE",
    "XLA_PYTHON_CLIENT_MEM_FRACTION",
    "XLA_CLIENT_MEM_FRACTION",
)
SETTINGS = {
    "JAX's own": {},
    "XLA_PYTHON_CLIENT_PREALLOCATE=false": {"XLA_PYTHON_CLIENT_PREALLOCATE": "false"},
    "XLA_PYTHON_CLIENT_MEM_FRACTION=.4": {"XLA_PYTHON_CLIENT_MEM_FRACTION": ".4"},
}
ADVISED = "XLA_PYTHON_CLIENT_PREALLOCATE=false"


def used() -> list[int]:
    """Give the MiB in use on each GPU, of all processes together; none without nvidia-smi."""
    return [int(row[0]) for row in smi("memory.used")]


def trains(worker: Worker) -> dict:
    """Wait until a notebook has trained; say what it holds then, or why it has not."""
    try:
        return {**worker.read(), "MiB used on the GPUs": used()}
    except RuntimeError as error:  # this is what is measured
        return {"failed": str(error)}


def two_notebooks(quick: bool, settings: dict[str, str]) -> dict[str, dict]:
    """Train in one process, and in a second one while the first stays open."""
    arguments = ["--quick"] if quick else []
    started = {"environment": environment(MEMORY, **settings)}
    before = used()
    with Worker("resident", *arguments, **started) as first:
        found = {"first": trains(first)}
        with Worker("resident", *arguments, **started) as second:
            found["second"] = trains(second)
    return {"MiB used before": before, **found}


def words_for(notebook: dict) -> str:
    """Say in a few words how a notebook fared."""
    if "failed" in notebook:
        return f"fails: {notebook['failed'].strip().splitlines()[-1]:.80}"
    held = notebook["memory"].get("bytes_in_use")
    mebibytes = ", ".join(f"{mib:,} MiB" for mib in notebook["MiB used on the GPUs"])
    needs = "" if held is None else f", needs {held / 2**20:.0f} MiB"
    return f"trains{needs}" + (f"; in use on the GPUs: {mebibytes}" if mebibytes else "")


def memory(quick: bool) -> dict:
    """Measure two notebooks under each setting; with the advised one both have to train."""
    details = {name: two_notebooks(quick, settings) for name, settings in SETTINGS.items()}
    checks = []
    for name, found in details.items():
        for which in ("first", "second"):
            label, words = f"{name}: {which} notebook", words_for(found[which])
            if name == ADVISED:
                checks.append(check(label, words, "trains", "failed" not in found[which]))
            else:
                checks.append(for_information(label, words))
    return {"checks": checks, "details": details}
