"""A process's own memory is counted, and not that of the one which started it."""

import subprocess
import sys

from benchmarks.peak import peak_megabytes

SAY = "from benchmarks.peak import peak_megabytes; print(peak_megabytes())"


def test_a_process_started_by_a_large_one_is_small():
    large = bytearray(500_000_000)
    done = subprocess.run([sys.executable, "-c", SAY], capture_output=True, text=True, check=True)
    assert len(large) / 1e6 < peak_megabytes()
    assert 5 < float(done.stdout) < 100


def test_a_peak_that_has_passed_is_remembered():
    peak = peak_megabytes()
    large = bytearray(int(1e6 * peak) + 100_000_000)
    del large
    assert peak_megabytes() > peak + 50
