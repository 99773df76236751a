"""A check: what was measured, what it may be, and whether it is."""

import math


def check(name: str, measured: float | str, tolerance: float | str, ok: bool | None) -> dict:
    """Note a check.

    Args:
        name: what was compared with what.
        measured: a number, or a few words.
        tolerance: what it may be, as a number or in words.
        ok: whether it is; None where it was not measured, or where nothing is demanded.

    Returns:
        The check as JSON types; a number that JSON does not have becomes a word.
    """
    if isinstance(measured, float) and not math.isfinite(measured):
        measured = str(measured)
    return {"name": name, "measured": measured, "tolerance": tolerance, "ok": ok}


def at_most(name: str, measured: float, tolerance: float) -> dict:
    """Note a check of a number that may be as large as `tolerance`; nan is too large."""
    return check(name, float(measured), tolerance, bool(measured <= tolerance))


def for_information(name: str, measured: float | str) -> dict:
    """Note what nothing is demanded of, or why something was not measured."""
    return check(name, measured, "", None)


def has_passed(part: dict) -> bool:
    """Say whether a part has run to its end and none of its checks has failed."""
    return "failed" not in part and all(c["ok"] is not False for c in part.get("checks", []))
