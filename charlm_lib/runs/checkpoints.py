"""Checkpoints: where the result so far may be saved during a run, and when it is due."""

import time
from pathlib import Path

from charlm_lib.engine.optimizers import is_number
from charlm_lib.runs.files import may_be_replaced


def check_checkpoint(path: Path) -> None:
    """Raise a ValueError unless checkpoints can be written to a file of this name."""
    if path.is_dir() or not may_be_replaced(path):
        raise ValueError(
            f"checkpoint {str(path)!r} exists and is no saved result: name another file"
        )


class Timer:
    """Says, when called, whether so many minutes have passed since it last said so."""

    def __init__(self, minutes: float):
        if not (is_number(minutes) and minutes >= 0):
            raise ValueError(f"checkpoint_minutes={minutes!r} must be a number of minutes")
        self.seconds, self.last = 60 * minutes, time.monotonic()

    def __call__(self) -> bool:
        if time.monotonic() - self.last < self.seconds:
            return False
        self.last = time.monotonic()
        return True
