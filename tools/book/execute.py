"""Give every chapter outputs that belong to its present code, and execute only what that takes."""

import shutil
import time
from collections.abc import Iterable
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tools.book import changed, places
from tools.book.kernel import execute_chapter
from tools.book.key import MARK, chapter_key, marked, outputs_digest, result_digest, results_in
from tools.book.lanes import BESIDE, in_lanes
from tools.book.normalise import normalise, write
from tools.book.stage import place, sources
from tools.book.timings import keep_timings
from tools.book.weights import read_chapter, remove_unused, write_chapter

# What was done with a chapter: its notebook with outputs, the results that it saved, its key.
Kept = tuple[NotebookNode, dict[str, str], str]


def execute_all(committed: bool = False) -> dict[str, Kept]:
    """Return every chapter with outputs, the results that it saved, and its key, in reading order.

    A chapter is executed when its key is not that of an earlier execution below _build, or when a
    result that it saved there is gone. It finds the results of the chapters before it, and none of
    its own. Prints the seconds per chapter.

    Args:
        committed: whether outputs and results that were committed count as well.
    """
    place(sources(), places.source_folder())  # a chapter may read files that lie beside it
    folder = places.source_folder() / "chapters"
    (folder / places.EXECUTED).mkdir(parents=True, exist_ok=True)
    before: dict[str, str] = {}

    def keep(name: str) -> Kept:
        kept = keep_valid(name, folder, None if name in BESIDE else dict(before), committed)
        before.update(kept[1])
        return kept

    return in_lanes(places.chapter_names(), keep)


def keep_valid(
    name: str, folder: Path, before: dict[str, str] | None, committed: bool = False
) -> Kept:
    """Give a chapter with valid outputs; execute it if need be.

    Args:
        name: the chapter.
        folder: where it runs.
        before: the results that others have saved there; None for a chapter of BESIDE.
        committed: as for `execute_all`.
    """
    nb = read_chapter(name)
    key = chapter_key(name, nb, before or {})
    if committed and counts(nb, key):
        saved = dict(nb.metadata[MARK]["results"])
        fetch(saved, places.ROOT / "chapters", folder)
        print(f"  {name}: as committed", flush=True)
        return normalise(nb), saved, key
    executed = folder / places.EXECUTED / f"{Path(name).name}.ipynb"
    here = chapter_key(name, nb, before or {}, versions=True)
    if is_kept(name, here, executed):
        print(f"  {name}: unchanged", flush=True)
    else:
        execute(name, nb, here, before, executed)
    saved = changed.known(name)["results"]
    fetch(saved, executed.with_suffix(""), folder)
    return with_outputs(nb, nbformat.read(executed, as_version=4)), saved, key


def counts(nb: NotebookNode, key: str) -> bool:
    """Say whether a committed chapter has the outputs, and its results, of its present key."""
    mark = nb.metadata.get(MARK, {})
    if mark.get("key") != key or mark.get("outputs") != outputs_digest(normalise(nb)):
        return False
    files = {places.ROOT / "chapters" / file: known for file, known in mark["results"].items()}
    return all(path.is_file() and result_digest(path) == known for path, known in files.items())


def out_of_date() -> list[str]:
    """List the chapters whose committed outputs, or results, are not those of their present key."""
    old, before = [], {}
    for name in places.chapter_names():
        nb = read_chapter(name)
        if not counts(nb, chapter_key(name, nb, {} if name in BESIDE else before)):
            old.append(name)
        before |= nb.metadata.get(MARK, {}).get("results", {})
    return old


def is_kept(name: str, key: str, executed: Path) -> bool:
    """Say whether a chapter was executed below _build with this key, and its results are there."""
    return (
        changed.is_same(name, key)
        and executed.is_file()
        and changed.known(name)["results"] == results_in(executed.with_suffix(""))
    )


def execute(
    name: str, nb: NotebookNode, key: str, before: dict[str, str] | None, executed: Path
) -> None:
    """Execute a chapter, keep it as the file `executed`, its results beside that, and note both."""
    folder, store = executed.parent.parent, executed.with_suffix("")
    print(f"  {name} ...", flush=True)
    changed.forget(name)
    if before is not None:
        remove(results_in(folder).keys() - before.keys(), folder)
    start = time.perf_counter()
    write(execute_chapter(name, nb, folder), executed)
    seconds = time.perf_counter() - start
    saved = {} if before is None else dict(results_in(folder).items() - before.items())
    remove(results_in(store).keys() - saved.keys(), store)
    fetch(saved, folder, store)
    changed.note(name, key, results=saved, seconds=round(seconds, 1))
    print(f"  {name}: {seconds:.0f} s", flush=True)


def fetch(results: dict[str, str], source: Path, target: Path) -> None:
    """Copy results (file -> digest) between the folders of two books, unless they are the same."""
    there = results_in(target)
    for file, known in results.items():
        if there.get(file) != known:
            (target / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / file, target / file)


def remove(files: Iterable[str], folder: Path) -> None:
    """Remove files of a folder."""
    for file in files:
        (folder / file).unlink()


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


def update_chapters() -> None:
    """Execute what changed and write outputs, keys and results to chapters/.

    What was committed before does not count. Where clocks alone differ, it stays as it is.
    """
    committed, saved = places.ROOT / "chapters", {}
    for name, (executed, results, key) in execute_all().items():
        old = read_chapter(name)
        new = marked(keep_timings(executed, normalise(old)), key, results)
        saved |= results
        if new != old:
            write_chapter(new, places.notebook(name))
            print(f"  {name}.ipynb: updated")
    remove_unused()
    fetch(saved, places.source_folder() / "chapters", committed)
    remove(results_in(committed).keys() - saved.keys(), committed)
