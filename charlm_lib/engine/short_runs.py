"""A quick look: under `CHARLM_FAST=1` every training run is short, and says so."""

import os

import numpy as np

EPOCHS, WINDOWS = 3, 10_000  # as many windows as a chapter's usual epoch has


def short_runs_wanted() -> bool:
    """Say whether the environment variable `CHARLM_FAST` asks for short training runs.

    Raises:
        ValueError: it is anything but empty, "0" (off) or "1" (on).
    """
    value = os.environ.get("CHARLM_FAST", "")
    if value not in ("", "0", "1"):
        raise ValueError(
            f"CHARLM_FAST={value!r} must be 1 (short training runs, for a quick look) or 0 "
            "(full ones)"
        )
    return value == "1"


def shorten(max_epochs: int, starts: np.ndarray) -> tuple[int, np.ndarray, str]:
    """Give a training run's epochs, the starts of its windows, and what was left out.

    Under `CHARLM_FAST=1` that is at most 3 epochs over at most 10,000 windows, which lie evenly
    over the training text. Otherwise nothing changes, and the last is an empty string.
    """
    if not short_runs_wanted():
        return max_epochs, starts, ""
    epochs, total = min(max_epochs, EPOCHS), len(starts)
    left_out = [f"{epochs} of {max_epochs} epochs"] if epochs < max_epochs else []
    if total > WINDOWS:
        starts = starts[np.arange(WINDOWS) * total // WINDOWS]
        left_out.append(f"{WINDOWS:,} of {total:,} windows")
    return epochs, starts, ", ".join(left_out)


def note(left_out: str) -> str:
    """Say what a short run left out, for figures and lines of text; nothing for a full run."""
    return f"CHARLM_FAST=1: {left_out}" if left_out else ""
