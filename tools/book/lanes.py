"""Which chapters run beside others: the one statement, for `make execute` and `make test`."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Done = TypeVar("Done")

# A chapter leaves cores idle, so that two take less time together. Those that run beside another
# one neither take nor save results. Nothing runs beside a chapter that compares times, unless it
# does so in turns.
BESIDE = {
    "chapters/does-depth-help": "chapters/bigger-and-better",
    "chapters/linen-and-nnx": "chapters/bigger-and-better",
}
# A test compares no times, so that chapters which print some may run beside others there.
IN_TESTS = {
    "chapters/recurrence-without-a-loop": "chapters/stacked-rnn",
    "chapters/what-the-layers-know": "chapters/multilayer-gru",
}


def in_lanes(
    names: list[str], run: Callable[[str], Done], pairs: dict[str, str] | None = None
) -> dict[str, Done]:
    """Call `run` for each chapter in reading order, for those of BESIDE beside the other one.

    Args:
        names: the chapters.
        run: runs one.
        pairs: others than BESIDE.

    Returns what it returned, in reading order. An error ends the run once the lanes are still.
    """
    pairs = BESIDE if pairs is None else pairs
    beside = {n: pairs[n] for n in names if pairs.get(n) in names}
    done = dict.fromkeys(names)
    with ThreadPoolExecutor(1) as second_lane:
        for name in (n for n in names if n not in beside):
            waiting = {
                n: second_lane.submit(run, n) for n, other in beside.items() if other == name
            }
            done[name] = run(name)
            done |= {n: future.result() for n, future in waiting.items()}
    return done
