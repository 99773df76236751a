"""What makes XLA compile the small models of the unit tests sooner: they compile longer than run.

XLA's newer emitters of fused loops take about half of the time of a compilation. An XLA that does
not know the flag would end the process, and newer ones may drop it: they are asked for nothing.
"""

import mmap
import os
from pathlib import Path

import jax
import jaxlib

EMITTERS = "xla_cpu_use_fusion_emitters"
FLAG = f" --{EMITTERS}=false"
NEWEST = 0, 10  # of JAX, where this was tried


def knows_flag() -> bool:
    """Say whether the installed XLA has the flag: then the library holds its name."""
    if jax.__version_info__[:2] > NEWEST:
        return False
    for path in Path(jaxlib.__file__).parent.glob("libjax_common.*"):
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as code:
            return code.find(f"{EMITTERS}\0".encode()) >= 0
    return False


def set_flag() -> None:
    """Ask for it, before JAX starts."""
    flags = os.environ.get("XLA_FLAGS", "")
    if EMITTERS not in flags and knows_flag():
        os.environ["XLA_FLAGS"] = flags + FLAG


def unset_flag() -> None:
    """Take it back, after JAX has started: processes that tests start compile as a reader's do."""
    left = os.environ.pop("XLA_FLAGS", "").replace(FLAG, "")
    if left:
        os.environ["XLA_FLAGS"] = left
