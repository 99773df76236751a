"""A contender in a process of its own: it prints one JSON line for each line that it reads.

The first line says that it has compiled and warmed up; each further one has the seconds per
update of one run; the last one, at the end of the input, the peak of the process's memory.
"""

import argparse
import json
import sys

from benchmarks.peak import peak_megabytes
from benchmarks.workloads import Workload


def prepare(contender: str, workload: Workload):
    """Make the measured function; the contender's library is imported only here."""
    if contender.startswith("torch.nn"):
        from benchmarks.torch_loop import prepare

        return prepare(workload, contender)
    if contender.startswith("plain loop"):
        from benchmarks.plain_loop import prepare

        return prepare(workload, contender)
    from benchmarks.our_engine import prepare

    return prepare(workload, contender)


def say(**values) -> None:
    """Print one line of JSON at once."""
    print(json.dumps(values), flush=True)


def main() -> None:
    """Prepare, warm up, then run once per line of the input."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("contender")
    parser.add_argument("workload", type=lambda text: Workload(**json.loads(text)))
    options = parser.parse_args()
    run = prepare(options.contender, options.workload)
    for _ in range(2):
        run()
    say(ready=True)
    for _ in sys.stdin:
        say(seconds=run())
    say(megabytes=peak_megabytes())


if __name__ == "__main__":
    main()
