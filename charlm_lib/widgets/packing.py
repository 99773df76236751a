"""Weights for the browser in a byte each, for a page that has to be light."""

from typing import Any

import numpy as np

from charlm_lib.export import DTYPES, pack

BLOCK = 64  # numbers that share a scale
SMALL = "int8"


def packed(results: Any, dtype: str) -> tuple[list[dict[str, Any]], bytes]:
    """Put the weights of models into one string of bytes, as `export.pack`, or smaller.

    Args:
        results: a result of `Trainer.fit`, or a dict from a name to such a result.
        dtype: "float16", "float32", or "int8": see `in_bytes`.

    Returns:
        One description a model, and the bytes of all models.

    Raises:
        ValueError: as `export.pack`.
    """
    if dtype not in (SMALL, *DTYPES):
        raise ValueError(f"dtype {dtype!r}: choose one of {', '.join((SMALL, *DTYPES))}")
    if dtype != SMALL:
        return pack(results, dtype)
    models, whole = pack(results, "float32")
    small, data = [], b""
    for about in models:
        numbers = np.frombuffer(whole, "<f4", about["bytes"] // 4, about["offset"])
        chunk = in_bytes(numbers, repr(about["name"]))
        place = {"dtype": SMALL, "offset": len(data), "bytes": len(chunk)}
        small.append({**about, **place})
        data += chunk
    return small, data


def in_bytes(numbers: np.ndarray, name: str) -> bytes:
    """Write each block of 64 numbers as a scale and a signed byte a number.

    For numbers w, the last block filled up by zeros, the scale is the float16 s = max|w| / 127, and
    the bytes are q = round(w / s): w is s q to within s / 2. This is the form Q8_0 of llama.cpp,
    with blocks twice as long.

    Args:
        numbers: finite, `(n,)`.
        name: whose weights they are, for the message.

    Returns:
        66 bytes a block, the lowest byte of a scale first.

    Raises:
        ValueError: a scale is too large for float16.
    """
    blocks = np.pad(numbers, (0, -numbers.size % BLOCK)).reshape(-1, BLOCK)  # (num_blocks, 64)
    with np.errstate(over="ignore"):
        scales = (np.abs(blocks).max(1, keepdims=True) / 127).astype("<f2")  # (num_blocks, 1)
    if not np.isfinite(scales).all():
        raise ValueError(f'{name} has weights too large for int8: pass dtype="float32"')
    steps = np.where(scales > 0, scales.astype(np.float32), 1)
    whole = np.clip(np.rint(blocks / steps), -127, 127).astype(np.int8)  # (num_blocks, 64)
    return np.concatenate([scales.view(np.int8), whole], axis=1).tobytes()
