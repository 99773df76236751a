"""How much memory a process has needed at most."""

import resource
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")


def peak_megabytes() -> float:
    """Give the peak of the memory that this process has held since its program began.

    On Linux `getrusage` begins with the peak of the process that started this one.
    """
    if STATUS.is_file():
        lines = STATUS.read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) / 1e3 for line in lines if line.startswith("VmHWM:"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # in KB, but bytes on macOS
    return peak / (1e6 if sys.platform == "darwin" else 1e3)
