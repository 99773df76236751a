"""Where a result may be written, so that nothing else is lost there; and a run that was broken off.

What is not finished lies beside the output, as `NAME.unfinished.safetensors`, if not in its place.
"""

import tempfile
import warnings
from pathlib import Path

from charlm_lib.console.output import say
from charlm_lib.engine.fingerprint import describe_run
from charlm_lib.own_text import Recipe
from charlm_lib.runs.files import description, free_name, may_be_replaced
from charlm_lib.runs.keeping import unfinished_name, unfinished_run
from charlm_lib.runs.results import FitResult, holds_whole_run


def check_output(path: Path, text: str | None, overwrite: bool) -> None:
    """Raise a ValueError unless a result may be written to `path`: before training, not after.

    Args:
        path: what --output names.
        text: what --text names.
        overwrite: whether it may replace a file that is no result.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    special = path.exists() and not path.is_file()
    if special or not can_be_written_in(path.parent):
        raise ValueError(f"--output {path} cannot be written: name a file in a folder of yours")
    if path.exists() and text is not None and Path(text).exists() and path.samefile(text):
        raise ValueError(f"--output {path} is the text to train on: name another file")
    if not (overwrite or may_be_replaced(path)):
        raise ValueError(
            f"--output {path} exists and is no result of this program: name another file, or "
            "replace it with --overwrite"
        )
    if not may_be_replaced(unfinished_name(path)):
        raise ValueError(
            f"--output {path} needs the name {unfinished_name(path)} while it trains, but that "
            "exists and is no result of this program: name another file"
        )


def can_be_written_in(folder: Path) -> bool:
    """Say whether a file can be made in a folder, by making one."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def begun(path: Path, recipe: Recipe, key: int, first_params: dict | None) -> FitResult | None:
    """Find what an earlier run with these very settings learned before it was broken off."""
    data, model, trainer, optimizer = recipe
    rule = trainer.rule_for(model, data, optimizer)
    wanted = describe_run(trainer, model, data, key, rule, first_params)
    places = filter(may_be_replaced, (unfinished_name(path), path))  # another kind holds no run
    found = [unfinished_run(place, wanted, model) for place in places]
    return max(filter(None, found), key=lambda run: len(run.history["epoch"]), default=None)


def settings_in(path: Path) -> dict | None:
    """Give the settings of the run whose result a file holds; None where it holds none."""
    is_result = path.is_file() and may_be_replaced(path)
    return description(path).get("settings") if is_result else None


def put_aside(path: Path, result: FitResult) -> None:
    """Give another name to the result of another run that stands where this one is to be saved."""
    if settings_in(path) not in (None, result.settings):
        aside = free_name(path.with_name(f"{path.stem}.before"))
        path.replace(aside)
        say(f"{path} held the result of another run: that is now {aside}")


def keep(result: FitResult, path: Path, overwrite: bool) -> Path:
    """Save a result where nothing else is lost, and give the name of the file.

    Where it cannot be written, it goes to the folder for temporary files.

    Raises:
        OSError: it cannot be written there either.
    """
    place = path
    if not overwrite and not may_be_replaced(path):  # it has appeared during training
        place = free_name(path)
    elif result.cut_short and holds_whole_run(path):
        place = unfinished_name(path)
    put_aside(place, result)
    with warnings.catch_warnings(record=True, action="always") as said:
        result.save(place, overwrite)
    if said:
        spare = Path(tempfile.gettempdir()) / place.name
        say(f"--output {place} could not be written; {spare} is tried instead")
        with warnings.catch_warnings(record=True, action="always") as said:
            result.save(spare)
        for warning in said:
            raise OSError(str(warning.message))
        place = spare
    rest = unfinished_name(path)
    if place != rest and settings_in(rest) == result.settings:
        rest.unlink()
    return place
