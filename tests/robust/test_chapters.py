"""Chapters under what learners do to them: `make test-robust`.

They run in a folder whose name has spaces and letters beyond ASCII, without a home directory, and
with short trainings.
"""

import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tools.book.kernel import kernel_environment

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
HOME = ("HOME", "USERPROFILE", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "MPLCONFIGDIR")


@pytest.fixture(params=CHAPTERS, ids=lambda p: p.stem)
def chapter(request, tmp_path):
    """A chapter, alone in a folder with an odd name; gives its path."""
    folder = tmp_path / "Die Zeitmaschine – für alle"
    folder.mkdir()
    return Path(shutil.copy(request.param, folder))


@pytest.fixture
def homeless(tmp_path):
    """The environment of a kernel whose user has no home directory."""
    environment = {k: v for k, v in kernel_environment().items() if k not in HOME}
    return environment | {"HOME": str(tmp_path / "no such folder"), "CHARLM_FAST": "1"}


def run(path, cells, environment):
    """Run cells in a new kernel, in the folder of `path`; a cell that fails raises."""
    nb = nbformat.read(path, as_version=4)
    nb.cells = [nbformat.from_dict(cell) for cell in cells]
    client = NotebookClient(
        nb, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
    )
    client.execute(env=environment)
    return nb


def code(path):
    return [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]


def test_twice_in_one_kernel_and_then_the_knobs_from_the_last_to_the_first(chapter, homeless):
    cells = code(chapter)
    knobs = [c for c in cells if "turn-this-knob" in c.metadata.get("tags", [])]
    ran = run(chapter, cells + cells + knobs[::-1], homeless)
    assert len(ran.cells) == 2 * len(cells) + len(knobs)
    assert not [o for c in ran.cells for o in c.outputs if o.output_type == "error"]


def test_a_restart_in_the_middle_of_a_folder_that_keeps_nothing(chapter, homeless):
    cells = code(chapter)
    (chapter.parent / "results").write_text("a file where the folder would be")
    chapter.parent.chmod(0o555)  # which does not stop root
    try:
        run(chapter, cells[: len(cells) // 2], homeless)
        ran = run(chapter, cells, homeless)
    finally:
        chapter.parent.chmod(0o755)
    assert sorted(p.name for p in chapter.parent.iterdir()) == sorted(["results", chapter.name])
    written = "".join(o.text for c in ran.cells for o in c.outputs if o.get("name") == "stderr")
    saves = any(".save(" in c.source or "fit_or_load(" in c.source for c in cells)
    assert ("could not be written" in written) == saves, written
