"""One chapter from its first cell to its last, in a new kernel of the Python that runs this.

`python -m benchmarks.gpu.chapter NAME FOLDER [--quick]` runs it in the new folder FOLDER/chapters,
where no results lie, so that it trains. It prints seconds, cells, the first error, and the
perplexities of what it trained as JSON.
"""

import os
import re
import sys
import time
from pathlib import Path

import nbformat
from ipykernel.kernelspec import write_kernel_spec

from benchmarks.gpu.worker import ROOT, say
from charlm_lib.runs.files import read
from tools.book.kernel import execute_chapter
from tools.book.places import BuildError

COLOURS = re.compile(r"\x1b\[[0-9;]*m")  # of a traceback


def use_this_python(folder: Path) -> None:
    """Let Jupyter find, before any other kernel `python3`, one of the Python that runs this.

    The chapter finds the library that lies here, though it runs in another folder.
    """
    write_kernel_spec(folder / "kernels" / "python3")
    for name, place in (("JUPYTER_PATH", folder), ("PYTHONPATH", ROOT)):
        os.environ[name] = os.pathsep.join(filter(None, [str(place), os.environ.get(name)]))


def perplexities(results: Path) -> dict[str, float]:
    """Read the last validation perplexity of each result in a folder."""
    files = sorted(results.glob("*.safetensors"))
    return {path.stem: read(path)[0]["history"]["val_perplexity"][-1] for path in files}


def main() -> None:
    """Run the chapter and say how it went."""
    name, folder = sys.argv[1], Path(sys.argv[2])
    use_this_python(folder)
    notebook = nbformat.read(ROOT / f"{name}.ipynb", as_version=4)
    place = folder / "chapters"
    place.mkdir()
    begun, error = time.perf_counter(), None
    try:
        execute_chapter(name, notebook, place, fast="--quick" in sys.argv)
    except BuildError as failed:  # this is what is measured
        error = COLOURS.sub("", str(failed))
    say(
        seconds=time.perf_counter() - begun,
        cells=sum(cell.cell_type == "code" for cell in notebook.cells),
        error=error,
        perplexities=perplexities(place / "results"),
    )


if __name__ == "__main__":
    main()
