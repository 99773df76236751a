"""Weights of widgets beside the committed chapters: taken out, put back, and never another's."""

import base64

import nbformat
import pytest
from nbformat.v4 import new_notebook

from tools.book import places, weights
from tools.book.key import outputs_digest
from tools.mime import WIDGET_STATE

LARGE, OTHER = bytes(range(256)) * 40, bytes(range(255)) * 40


def chapter(**buffers):
    """A chapter with a widget for each of the buffers."""
    state = {
        name: {
            "state": {"layout": "a"},
            "buffers": [
                {
                    "path": ["weights"],
                    "encoding": "base64",
                    "data": base64.b64encode(content).decode(),
                }
            ],
        }
        for name, content in buffers.items()
    }
    return nbformat.from_dict(
        new_notebook(metadata={"widgets": {WIDGET_STATE: {"state": {**state, "a": {"state": {}}}}}})
    )


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A book of two chapters, of which a test writes what it needs."""
    monkeypatch.setattr(places, "ROOT", tmp_path)
    (tmp_path / "chapters").mkdir()
    monkeypatch.setattr(places, "chapter_names", lambda: ["chapters/one", "chapters/two"])
    for name in places.chapter_names():
        weights.write_chapter(new_notebook(), places.notebook(name))
    return tmp_path / "chapters"


def test_a_chapter_is_read_as_it_was_written(book):
    one = chapter(first=LARGE, second=OTHER, third=b"short")
    before = outputs_digest(one)
    weights.write_chapter(one, places.notebook("chapters/one"))
    assert outputs_digest(one) == before  # the one in memory has its weights still
    text = (book / "one.ipynb").read_text()
    assert len(text) < 3000 and base64.b64encode(b"short").decode() in text
    contents = sorted(path.read_bytes() for path in (book / "weights").iterdir())
    assert contents == sorted([LARGE, OTHER])
    again = weights.read_chapter("chapters/one")
    assert outputs_digest(again) == before
    assert again.metadata.widgets == one.metadata.widgets


def test_two_widgets_of_the_same_model_share_a_file(book):
    weights.write_chapter(chapter(a=LARGE, b=LARGE), places.notebook("chapters/one"))
    weights.write_chapter(chapter(c=LARGE), places.notebook("chapters/two"))
    assert len(list((book / "weights").iterdir())) == 1


@pytest.mark.parametrize("spoil", ["missing", "other"])
def test_weights_that_are_not_what_was_written_stay_out(book, spoil):
    one = chapter(first=LARGE, second=OTHER)
    weights.write_chapter(one, places.notebook("chapters/one"))
    for path in (book / "weights").iterdir():
        if path.read_bytes() == LARGE:
            path.unlink() if spoil == "missing" else path.write_bytes(OTHER)
    again = weights.read_chapter("chapters/one")
    state = again.metadata.widgets[WIDGET_STATE]["state"]
    assert state["first"].buffers[0].data == ""
    assert base64.b64decode(state["second"].buffers[0].data) == OTHER
    assert outputs_digest(again) != outputs_digest(one)


def test_what_no_chapter_names_is_removed(book):
    weights.write_chapter(chapter(first=LARGE), places.notebook("chapters/one"))
    weights.write_chapter(chapter(second=OTHER), places.notebook("chapters/two"))
    weights.remove_unused()
    assert len(list((book / "weights").iterdir())) == 2
    weights.write_chapter(new_notebook(), places.notebook("chapters/one"))
    weights.remove_unused()
    assert [path.read_bytes() for path in (book / "weights").iterdir()] == [OTHER]
