"""What the tests of the tools share."""

import pytest

from tests.tools.small_book import write
from tools.book import places


@pytest.fixture
def small_book(tmp_path, monkeypatch):
    """Point the tools at a book of two chapters, the second of which needs the first's result."""
    write(tmp_path)
    monkeypatch.setattr(places, "ROOT", tmp_path)
    monkeypatch.setattr(places, "BUILD", tmp_path / "_build")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))  # its library, not ours
    monkeypatch.delenv("CHARLM_REPOSITORY", raising=False)
    return tmp_path
