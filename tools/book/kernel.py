"""Run one chapter in a clean kernel, the same way wherever and whenever it runs."""

import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode

from tools.book import places
from tools.book.normalise import machine_folders, normalise
from tools.book.places import BuildError

CELL_TIMEOUT = 1800  # seconds


def kernel_environment() -> dict[str, str]:
    """Return the environment in which kernels start.

    Jupyter's own kernel specification comes first on the path, so that a `python3` kernel which the
    user once installed elsewhere is not taken for this environment's. Chapters share the programs
    that JAX has compiled, and a GPU, since two may run at a time. What is built or tested comes
    from full training runs.
    """
    here = os.path.join(sys.prefix, "share", "jupyter")
    path = os.pathsep.join(filter(None, [here, os.environ.get("JUPYTER_PATH")]))
    shared = {
        "JAX_COMPILATION_CACHE_DIR": str(places.BUILD / "jax"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    }
    fixed = {"JUPYTER_PATH": path, "PYTHONHASHSEED": "0", "CHARLM_FAST": "0"}
    return {**shared, **os.environ, **fixed}


def execute_chapter(name: str, nb: NotebookNode, folder: Path, fast: bool = False) -> NotebookNode:
    """Run every cell of a notebook in `folder` from a clean kernel and return it with its outputs.

    If `fast`, every training run is short.

    Raises BuildError with the cell, its source and the traceback when a cell fails.
    """
    nb = nbformat.from_dict(nb)
    running = {"number": 0, "source": ""}

    def remember(cell: NotebookNode, cell_index: int) -> None:
        running.update(number=cell_index + 1, source=cell.source)

    client = NotebookClient(
        nb,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        store_widget_state=True,
        record_timing=False,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],  # no word about its local TCP ports
        on_cell_execute=remember,
    )
    try:
        client.execute(env=kernel_environment() | ({"CHARLM_FAST": "1"} if fast else {}))
    except (CellExecutionError, DeadKernelError, TimeoutError) as error:
        trace = error.traceback if isinstance(error, CellExecutionError) else str(error)
        raise BuildError(
            f"{name}.ipynb failed in cell {running['number']} of {len(nb.cells)}:\n\n"
            f"{_indent(running['source'])}\n\n{trace}"
        ) from error
    return normalise(nb, machine_folders(folder))


def _indent(source: str) -> str:
    return "\n".join(f"    {line}" for line in source.splitlines())
