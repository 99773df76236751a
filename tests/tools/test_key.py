"""A chapter's key: an edit of what computes changes it, an edit of what shows does not."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from tests.tools.small_book import edit
from tools import library
from tools.book import places
from tools.book.key import chapter_key, outputs_digest, result_digest


def key(name="chapters/one", results=None):
    library.fingerprint.cache_clear()
    nb = nbformat.read(places.notebook(name), as_version=4)
    return chapter_key(name, nb, results or {})


def replace(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize(
    "file, old, new",
    [
        ("charlm_lib/display/plots.py", "red", "green"),
        ("charlm_lib/widgets/text.py", "a {}", "b {}"),
        ("charlm_lib/widgets/js/style.css", "a {}", "b {}"),
        ("charlm_lib/core.py", "Give 1.", "Give one."),
        ("charlm_lib/core.py", "def one", "# a comment\ndef one"),
        ("chapters/one.ipynb", "# One", "# Another title"),
        ("pyproject.toml", "'a'", "'b'"),
    ],
)
def test_an_edit_of_what_shows_executes_nothing(small_book, file, old, new):
    before = key()
    replace(small_book / file, old, new)
    assert key() == before


@pytest.mark.parametrize(
    "file, old, new",
    [
        ("charlm_lib/core.py", 'return "1"', 'return "2"'),
        ("chapters/one.ipynb", "one()", "one() * 2"),
    ],
)
def test_an_edit_of_what_computes_executes(small_book, file, old, new):
    before = key()
    replace(small_book / file, old, new)
    assert key() != before


def test_the_tags_of_a_cell_count_where_they_act(small_book):
    before, path = key(), places.notebook("chapters/one")
    nb = nbformat.read(path, as_version=4)
    nb.cells[1].metadata.tags = ["hide-input"]
    nb.cells[1].source += "  # a comment\n"
    nbformat.write(nb, path)
    assert key() == before
    nb.cells[1].metadata.tags = ["raises-exception"]
    nbformat.write(nb, path)
    assert key() != before


def test_results_count_for_a_chapter_that_loads_any(small_book):
    assert key("chapters/two", {"results/one": "a"}) != key("chapters/two", {"results/one": "b"})
    edit(small_book, "two", 0, "print('by itself')")
    assert key("chapters/two", {"results/one": "a"}) == key("chapters/two", {"results/one": "b"})


def test_a_cell_that_is_not_python_is_named(small_book):
    edit(small_book, "two", 0, "x = 1\n%timeit x")
    with pytest.raises(places.BuildError, match="two.ipynb has a line that is not Python: %timeit"):
        key("chapters/two")


def test_two_lanes_never_parse_at_the_same_time(small_book, monkeypatch):
    """Python 3.11 raises a SystemError then."""
    parsing, together = [], []

    def fingerprint(source, package, versions):
        parsing.append(source)
        time.sleep(0.05)
        together.append(len(parsing))
        parsing.remove(source)
        return ""

    monkeypatch.setattr("tools.book.key.fingerprint", fingerprint)
    with ThreadPoolExecutor(2) as pool:
        assert len(set(pool.map(key, ["chapters/one", "chapters/two"]))) == 2
    assert together == [1, 1]


def test_versions_of_packages_count_where_a_chapter_was_executed(small_book, monkeypatch):
    """Not for a committed one: a reader with another Python, and so another JAX, takes it as is."""
    edit(small_book, "two", 0, "import numpy")
    nb = nbformat.read(places.notebook("chapters/two"), as_version=4)

    def keys(version):
        monkeypatch.setattr(metadata, "version", lambda name: version)
        library.fingerprint.cache_clear()
        return [chapter_key("chapters/two", nb, {}, versions=here) for here in (False, True)]

    (committed, executed), (same, other) = keys("2.4.6"), keys("2.5.5")
    assert committed == same and executed != other


def saved(path, seconds, perplexity, tensor=b"1234"):
    about = {"history": {"seconds": [seconds], "val": [perplexity]}, "compile_seconds": seconds}
    header = json.dumps({"a": {"dtype": "F32"}, "__metadata__": {"charlm": json.dumps(about)}})
    path.write_bytes(len(header).to_bytes(8, "little") + header.encode() + tensor)
    return result_digest(path)


def test_a_result_is_the_same_when_only_its_clocks_differ(tmp_path):
    path = tmp_path / "one.safetensors"
    first = saved(path, 1.5, 8.0)
    assert saved(path, 2.5, 8.0) == first
    assert saved(path, 1.5, 8.1) != first
    assert saved(path, 1.5, 8.0, b"1235") != first


def test_a_real_result_is_the_same_after_another_run(fitted, tmp_path):
    path = tmp_path / "one.safetensors"
    fitted.save(path)
    first, content = result_digest(path), path.read_bytes()
    fitted.history["seconds"] = [x + 1 for x in fitted.history["seconds"]]
    fitted.save(path)
    assert path.read_bytes() != content and result_digest(path) == first


def test_outputs_are_those_of_code_and_widgets_alone():
    cells = [new_markdown_cell("a"), new_code_cell("1", outputs=[])]
    nb = nbformat.v4.new_notebook(cells=cells)
    before = outputs_digest(nb)
    nb.cells[0].source = "b"
    assert outputs_digest(nb) == before
    nb.metadata.widgets = {"state": {}}
    assert outputs_digest(nb) != before
