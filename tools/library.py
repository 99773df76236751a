"""Two rules that tools share with the library: what decides an outcome, how a file is written.

The first is read past the door of `charlm_lib`, which imports JAX: that takes seconds, and most
commands find that nothing has changed.
"""

import importlib.util
from pathlib import Path

_PLACE = Path(__file__).resolve().parents[1] / "charlm_lib" / "engine" / "source.py"
_SPEC = importlib.util.spec_from_file_location("source_of_charlm_lib", _PLACE)
source = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(source)

code = source.code
digest = source.digest
fingerprint = source.fingerprint


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, so that nobody ever finds half of it."""
    from charlm_lib.runs.files import write_whole  # here, since JAX comes with it

    write_whole(path, content)
