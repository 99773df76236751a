"""Where a result may be written, and that nothing else is lost there."""

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from charlm_lib.results import FitResult, holds_whole_run, read


def check_output(path: Path, text: str | None, overwrite: bool) -> None:
    """Raise a ValueError unless a result may be written to `path`: before training, not after.

    Args:
        path: what --output names.
        text: what --text names.
        overwrite: whether it may replace a file that is no result.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    special = path.exists() and not path.is_file()
    if special or not os.access(path.parent, os.W_OK):
        raise ValueError(f"--output {path} cannot be written: name a file in a folder of yours")
    if path.exists() and text is not None and Path(text).exists() and path.samefile(text):
        raise ValueError(f"--output {path} is the text to train on: name another file")
    if not (overwrite or path_is_free(path)):
        raise ValueError(
            f"--output {path} exists and is no result of this program: name another file, or "
            "replace it with --overwrite"
        )


def path_is_free(path: Path) -> bool:
    """Say whether nothing is there but, at most, a saved result."""
    if not path.exists():
        return True
    try:
        read(path)
    except (ValueError, OSError):
        return False
    return True


def keep(result: FitResult, path: Path, overwrite: bool) -> Path:
    """Save a result, beside `path` where a whole run must not give way to one cut short.

    Returns:
        The file that was written.
    """
    free = next(name for name in names_beside(path) if may_replace(name, result, overwrite))
    result.save(free, overwrite=overwrite)
    return free


def names_beside(path: Path) -> Iterator[Path]:
    """Give the path, and then others beside it: `model.safetensors`, `model-2.safetensors`, ..."""
    yield path
    yield from (beside(path, str(number)) for number in count(2))


def beside(path: Path, word: str) -> Path:
    """Give the name of a file beside another: `model-word.safetensors`."""
    return path.with_stem(f"{path.stem}-{word}")


def may_replace(path: Path, result: FitResult, overwrite: bool) -> bool:
    """Say whether a result may stand where this path is."""
    if not path_is_free(path):
        return overwrite
    return not (result.cut_short and holds_whole_run(path))
