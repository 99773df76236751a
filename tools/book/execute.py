"""Execute the chapters in reading order, each in its own kernel, and keep what is still valid."""

import hashlib
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode

from tools.book.normalise import machine_folders, normalise, write
from tools.book.stage import (
    EXECUTED,
    RESULTS,
    ROOT,
    SOURCE,
    BuildError,
    chapter_names,
    place,
    sources,
)

CELL_TIMEOUT = 1800  # seconds
# Chapters that run beside another one, since one alone leaves cores idle: they neither take nor
# save results. Nothing runs beside a chapter that compares times, unless it does so in turns.
BESIDE = {
    "chapters/does-depth-help": "chapters/bigger-and-better",
    "chapters/linen-and-nnx": "chapters/bigger-and-better",
}


def digest(*parts: bytes) -> str:
    """Return the SHA-256 of the parts, each marked off by its length."""
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "big") + part)
    return total.hexdigest()


def library_key() -> str:
    """Hash everything besides a chapter's own code that its outputs depend on."""
    files = [
        ROOT / "requirements.txt",
        ROOT / "tools" / "book" / "execute.py",
        ROOT / "tools" / "book" / "normalise.py",
    ]
    library = sorted((ROOT / "charlm_lib").rglob("*"))
    files += [p for p in library if p.is_file() and "__pycache__" not in p.parts]
    named = [f"{p.relative_to(ROOT).as_posix()}\n".encode() + p.read_bytes() for p in files]
    return digest(sys.version.encode(), *named)


def chapter_key(nb: NotebookNode, library: str, results: dict[str, str]) -> str:
    """Hash what a chapter's outputs depend on: its code, `library` and the results it may load."""
    code = [
        [c.source, sorted(c.metadata.get("tags", []))] for c in nb.cells if c.cell_type == "code"
    ]
    return digest(library.encode(), json.dumps([code, sorted(results.items())]).encode())


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
        "JAX_COMPILATION_CACHE_DIR": str(ROOT / "_build" / "jax"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    }
    fixed = {"JUPYTER_PATH": path, "PYTHONHASHSEED": "0", "CHARLM_FAST": "0"}
    return {**shared, **os.environ, **fixed}


def execute_chapter(name: str, nb: NotebookNode, folder: Path) -> NotebookNode:
    """Run every cell of a notebook in `folder` from a clean kernel and return it with its outputs.

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
        client.execute(env=kernel_environment())
    except (CellExecutionError, DeadKernelError, TimeoutError) as error:
        trace = error.traceback if isinstance(error, CellExecutionError) else str(error)
        raise BuildError(
            f"{name}.ipynb failed in cell {running['number']} of {len(nb.cells)}:\n\n"
            f"{_indent(running['source'])}\n\n{trace}"
        ) from error
    return normalise(nb, machine_folders(folder))


def execute_all() -> dict[str, NotebookNode]:
    """Return every chapter with outputs that belong to its present code, in reading order.

    A chapter is executed when its code, the library, the requirements or the results of the
    chapters before it changed, or when a result that it saved did. It finds the results of the
    chapters before it, and none of its own from an earlier execution. Those of BESIDE run beside
    another one. Prints the seconds per chapter.
    """
    place(sources(), SOURCE)  # a chapter may read files that lie beside it
    folder = SOURCE / "chapters"
    (folder / EXECUTED).mkdir(parents=True, exist_ok=True)
    library, known, names = library_key(), {}, chapter_names()
    chapters = dict.fromkeys(names)
    in_order = [name for name in names if name not in BESIDE]
    with ThreadPoolExecutor(1) as pool:
        for name in in_order:
            beside = {
                n: pool.submit(keep_valid, n, folder, library, None)
                for n in names
                if BESIDE.get(n) == name
            }
            chapters[name], saved = keep_valid(name, folder, library, known)
            known |= saved
            chapters |= {n: done.result()[0] for n, done in beside.items()}
    return chapters


def keep_valid(
    name: str, folder: Path, library: str, known: dict[str, str] | None
) -> tuple[NotebookNode, dict[str, str]]:
    """Give a chapter with valid outputs, and the results that it saved; execute it if need be.

    Args:
        name, library: the chapter, and what `library_key` gives.
        folder: where it runs.
        known: the results that others have saved there; None for a chapter of BESIDE.
    """
    nb = nbformat.read(ROOT / f"{name}.ipynb", as_version=4)
    key = chapter_key(nb, library, known or {})
    kept = folder / EXECUTED / f"{Path(name).name}.ipynb"
    record = kept.with_suffix(".json")
    if _is_valid(record, key, folder):
        print(f"  {name}: unchanged", flush=True)
    else:
        print(f"  {name} ...", flush=True)
        record.unlink(missing_ok=True)
        if known is not None:
            for stale in _results(folder).keys() - known.keys():
                (folder / stale).unlink()
        start = time.perf_counter()
        write(execute_chapter(name, nb, folder), kept)
        seconds = time.perf_counter() - start
        saved = {} if known is None else dict(_results(folder).items() - known.items())
        kept_as = {"key": key, "seconds": seconds, "results": saved}
        record.write_text(json.dumps(kept_as), encoding="utf-8")
        print(f"  {name}: {seconds:.0f} s", flush=True)
    saved = json.loads(record.read_text(encoding="utf-8"))["results"]
    return with_outputs(nb, nbformat.read(kept, as_version=4)), saved


def with_outputs(nb: NotebookNode, executed: NotebookNode) -> NotebookNode:
    """Give a chapter, whose text may be newer, the outputs of an execution of the same code."""
    nb = nbformat.from_dict(nb)
    code = [c for c in nb.cells if c.cell_type == "code"]
    for cell, ran in zip(code, (c for c in executed.cells if c.cell_type == "code"), strict=True):
        cell.outputs = ran.outputs
    nb.metadata.pop("widgets", None)
    if "widgets" in executed.metadata:
        nb.metadata.widgets = executed.metadata.widgets
    return normalise(nb)


def _results(folder: Path) -> dict[str, str]:
    files = sorted(p for p in (folder / RESULTS).rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): digest(p.read_bytes()) for p in files}


def _is_valid(record: Path, key: str, folder: Path) -> bool:
    if not (record.is_file() and record.with_suffix(".ipynb").is_file()):
        return False
    known = json.loads(record.read_text(encoding="utf-8"))
    return known["key"] == key and known["results"].items() <= _results(folder).items()


def _indent(source: str) -> str:
    return "\n".join(f"    {line}" for line in source.splitlines())
