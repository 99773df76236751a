"""Training only where nothing was kept, and going on where a run was broken off."""

from dataclasses import replace
from pathlib import Path

import jax
import optax
from flax import linen as nn
from jax.experimental.multihost_utils import sync_global_devices

from charlm_lib.engine.batches import on_any_process
from charlm_lib.engine.fingerprint import describe_run
from charlm_lib.engine.settings import our_settings
from charlm_lib.runs.files import read
from charlm_lib.runs.results import FitResult, load
from charlm_lib.runs.training import Trainer
from charlm_lib.texts.data import TextData


@our_settings()
def fit_or_load(
    path: str | Path,
    trainer: Trainer,
    model: nn.Module,
    data: TextData,
    key: jax.Array | int = 0,
    optimizer: optax.GradientTransformation | None = None,
    checkpoint_minutes: float = 10,
) -> FitResult:
    """Load a saved result if it came from the very same settings, otherwise train and save it.

    A file counts only if the model and all that it computes, the text, the windows, the trainer,
    the optimizer, the seed, the source of this library and the versions of the packages that it
    imports are the same, and only if the run was finished. A run that diverged is not saved.

    While it trains, the result so far is saved beside it now and then, and also after Ctrl-C, as
    `NAME.unfinished.safetensors`. Called again, also after a crash, it goes on from there.

    Args:
        path: the file.
        trainer, model, data, key, optimizer, checkpoint_minutes: see `Trainer.fit`.

    Raises:
        ValueError: the file is damaged or is no saved result (see `load`).
    """
    path = Path(path)
    wanted = describe_run(trainer, model, data, key, trainer.rule_for(model, data, optimizer))
    saved = read(path)[0] if path.is_file() else {}
    found = saved.get("settings") == wanted and saved.get("stopped") == "finished"
    # All processes train, or none: one alone would wait for the others for ever.
    if not on_any_process(not found):
        result = load(path, model)
        if jax.process_index() == 0:
            print(f"{path}: {result}")
        return result
    unfinished = unfinished_name(path)
    start = unfinished_run(unfinished, wanted, model)
    done = len(start.history["epoch"]) if start else 0
    left = replace(trainer, max_epochs=trainer.max_epochs - done)
    options = {"start": start, "checkpoint": unfinished, "checkpoint_minutes": checkpoint_minutes}
    result = left.fit(model, data, key, optimizer, **options)
    if result.stopped == "interrupted":
        result.save(unfinished)
    elif result.stopped == "finished":
        result.save(path)
        is_its_own = unfinished.is_file() and read(unfinished)[0].get("settings") == wanted
        if jax.process_index() == 0 and is_its_own:
            unfinished.unlink(missing_ok=True)
    if jax.process_count() > 1:  # the next call must find the file, in every process
        sync_global_devices(str(path))
    return result


def unfinished_name(path: Path) -> Path:
    """Give the name, beside that of a result, of the file for what is not finished yet."""
    return path.with_name(f"{path.stem}.unfinished.safetensors")


def unfinished_run(path: Path, wanted: dict, model: nn.Module) -> FitResult | None:
    """Load what is left of a run with these settings that was not finished, if there is."""
    saved = read(path)[0] if path.is_file() else {}
    found = saved.get("settings") == wanted and saved.get("stopped") == "interrupted"
    return None if on_any_process(not found) else load(path, model)
