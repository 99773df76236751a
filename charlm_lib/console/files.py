"""Where a result may be written, so that nothing else is lost there; and a run that was broken off.

What is not finished lies beside the output, as `NAME.unfinished.safetensors`, if not in its place.
"""

import os
import warnings
from pathlib import Path

from charlm_lib.engine.fingerprint import describe_run
from charlm_lib.own_text import Recipe
from charlm_lib.results import FitResult, free_name, holds_whole_run, may_be_replaced
from charlm_lib.training import unfinished_run


def unfinished(path: Path) -> Path:
    """Give the name of the file for a result that is not finished yet."""
    return path.with_name(f"{path.stem}.unfinished.safetensors")  # as in fit_or_load


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
    if not (overwrite or may_be_replaced(path)):
        raise ValueError(
            f"--output {path} exists and is no result of this program: name another file, or "
            "replace it with --overwrite"
        )
    if not may_be_replaced(unfinished(path)):
        raise ValueError(
            f"--output {path} needs the name {unfinished(path)} while it trains, but that exists "
            "and is no result of this program: name another file"
        )


def begun(path: Path, recipe: Recipe, key: int, first_params: dict | None) -> FitResult | None:
    """Find what an earlier run with these very settings learned before it was broken off."""
    data, model, trainer, optimizer = recipe
    rule = trainer.rule_for(model, data, optimizer)
    wanted = describe_run(trainer, model, data, key, rule, first_params)
    places = filter(may_be_replaced, (unfinished(path), path))  # another kind holds no run
    found = [unfinished_run(place, wanted, model) for place in places]
    return max(filter(None, found), key=lambda run: len(run.history["epoch"]), default=None)


def keep(result: FitResult, path: Path, overwrite: bool) -> Path:
    """Save a result where nothing else is lost, and give the name of the file.

    Raises:
        OSError: it could not be written.
    """
    place = path
    if not overwrite and not may_be_replaced(path):  # it has appeared during training
        place = free_name(path)
    elif result.cut_short and holds_whole_run(path):
        place = unfinished(path)
    with warnings.catch_warnings(record=True, action="always") as said:
        result.save(place, overwrite)
    for warning in said:
        raise OSError(f"--output {place} could not be written: {warning.message}")
    if place != unfinished(path) and may_be_replaced(unfinished(path)):
        unfinished(path).unlink(missing_ok=True)
    return place
