"""What makes XLA compile the small models of the unit tests sooner: they compile longer than run.

XLA's newer emitters of fused loops take about half of the time of a compilation. An XLA that does
not know the flag would end the process, so only that of the JAX where it was tried is asked.
"""

import os

import jax

FLAG = "--xla_cpu_use_fusion_emitters=false"
TRIED = 0, 10  # of JAX


def set_flag() -> None:
    """Ask for it, before JAX starts."""
    if jax.__version_info__[:2] == TRIED:
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {FLAG}"


def unset_flag() -> None:
    """Take it back, after JAX has started: processes that tests start compile as a reader's do."""
    left = os.environ.pop("XLA_FLAGS", "").replace(FLAG, "").strip()
    if left:
        os.environ["XLA_FLAGS"] = left
