"""Has this changed? One record of content hashes answers for chapters, site, decks and tests.

What was made from files, or has passed for them, is noted under a name with the key of all that it
depends on. The record is _build/record.json; without it everything is made again.
"""

import json
import threading
from collections.abc import Iterable
from pathlib import Path

from tools.book import places
from tools.library import digest, write_whole

_LOCK = threading.Lock()  # two chapters may end at the same time


def key_of(files: Iterable[Path], *more: str) -> str:
    """Hash files, each with its place below the project, and further texts."""
    named = [f"{place(path)}\n".encode() + path.read_bytes() for path in files]
    return digest(*named, *(text.encode() for text in more))


def place(path: Path) -> str:
    """Name a file by its place below the project."""
    return path.relative_to(places.ROOT).as_posix()


def known(name: str) -> dict:
    """Give what was noted under a name: its key and further facts; nothing, an empty dict."""
    return _read().get(name, {})


def is_same(name: str, key: str) -> bool:
    """Say whether a name was noted with this key."""
    return known(name).get("key") == key


def note(name: str, key: str, **facts: object) -> None:
    """Note that what the name stands for is now made from, or has passed for, this key."""
    _change(lambda record: record | {name: {"key": key, **facts}})


def forget(name: str) -> None:
    """Note that what the name stands for is being made: if that fails, it is not there."""
    if known(name):
        _change(lambda record: {k: v for k, v in record.items() if k != name})


def _change(change) -> None:
    with _LOCK:
        content = json.dumps(change(_read()), indent=1, sort_keys=True) + "\n"
        write_whole(places.BUILD / "record.json", content.encode())


def _read() -> dict:
    path = places.BUILD / "record.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
