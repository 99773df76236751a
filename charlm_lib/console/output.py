"""What a command prints, on any console."""

import io
import os
import sys

PROGRAM = "python -m charlm_lib"


def lose_nothing() -> None:
    """Let the console show a character that it does not have as a code, instead of failing."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def can_show(text: str) -> bool:
    """Say whether the console has all of these characters."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def show(text: str) -> None:
    """Print a text, and say so if the console does not have all of its characters."""
    print(text)
    if not can_show(text):
        say(
            f"this console ({sys.stdout.encoding}) does not have some of the characters; they "
            "stand as codes: set PYTHONIOENCODING=utf-8 to print them"
        )


def say(message: object) -> None:
    """Print a line for the person, beside the output."""
    print(f"{PROGRAM}: {message}", file=sys.stderr)


def fall_silent() -> None:
    """Send the rest of the output nowhere: its reader has gone."""
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
