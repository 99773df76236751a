"""The file of a result: one safetensors file, with the rest as JSON in its metadata."""

import json
import secrets
from pathlib import Path

from safetensors import SafetensorError, safe_open

ANY_FORMAT = "charlm_lib result "
FORMAT = ANY_FORMAT + "2"


def read(path: Path) -> tuple[dict, dict]:
    """Read the JSON part and the arrays of a saved result; errors as for `load`."""
    rest = description(path)
    found = rest.get("format")
    if found not in (FORMAT, ANY_FORMAT + "1"):
        raise ValueError(
            f"{str(path)!r} is a safetensors file, but no saved result of this version (format "
            f"{found!r}, expected {FORMAT!r})"
        )
    with safe_open(path, framework="numpy") as file:
        return rest, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def description(path: Path) -> dict:
    """Read the JSON part of a safetensors file; errors as for `load`."""
    if path.is_dir():
        raise ValueError(f"{str(path)!r} is a folder: name a file that FitResult.save wrote")
    if not path.is_file():
        raise FileNotFoundError(
            f"There is no saved result {str(path)!r} in {str(Path.cwd())!r}: check the name, or "
            "run the chapter that trains this model first."
        )
    try:
        with safe_open(path, framework="numpy") as file:
            rest = json.loads((file.metadata() or {}).get("charlm", "{}"))
    except (SafetensorError, json.JSONDecodeError, OSError) as error:
        raise ValueError(
            f"{str(path)!r} is no saved result ({error}): check the name. If it was one, it is "
            "damaged: train again and save under another name"
        ) from error
    return rest if isinstance(rest, dict) else {}


def may_be_replaced(path: Path) -> bool:
    """Say whether nothing is lost that we did not write: there is no such file, or a result."""
    if not path.is_file():
        return True
    try:
        return str(description(path).get("format")).startswith(ANY_FORMAT)
    except ValueError:
        return False


def free_name(path: Path) -> Path:
    """Give a name beside a foreign file's that no other file has."""
    names = ("", *(f".{number}" for number in range(2, 1000)))
    beside = (path.with_name(f"{path.name}{number}.safetensors") for number in names)
    return next(p for p in beside if not p.exists())


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, so that nobody ever finds half of it, even where several write at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
