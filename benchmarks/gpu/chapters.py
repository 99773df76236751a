"""Two chapters, as a reader with a GPU runs them: to their ends, and to the CPU's perplexities."""

import tempfile
from contextlib import ExitStack

from benchmarks.gpu.chapter import perplexities
from benchmarks.gpu.checks import at_most, check, for_information
from benchmarks.gpu.worker import ROOT, Worker

NAMES = "chapters/rnn-from-scratch", "chapters/multilayer-gru"
# TF32 makes a run a slightly different one; seeds differ by about as much.
TOLERANCE = 0.05


def words_for(found: dict) -> str:
    """Say in a few words how a chapter fared: where it failed, and the last line about it."""
    if found["error"]:
        first, *_, last = found["error"].strip().splitlines()
        return f"{first} {last:.200}"
    return f"{found['cells']} code cells"


def checks_of(name: str, found: dict) -> list[dict]:
    """Check that a chapter ran to its end."""
    return [
        check(name, words_for(found), "no error", not found["error"]),
        for_information(f"{name}: seconds, beside the other one", found["seconds"]),
    ]


def perplexity_checks(name: str, found: dict[str, float], on_cpu: dict[str, float]) -> list[dict]:
    """Check the validation perplexities of what a chapter trained against those of the CPU."""
    return [
        at_most(
            f"{name}: {run}, {here:.3f} here, {on_cpu[run]:.3f} on a CPU",
            abs(here / on_cpu[run] - 1),
            TOLERANCE,
        )
        for run, here in found.items()
    ]


def chapters(quick: bool) -> dict:
    """Run both chapters beside each other, each in a folder without results, so that it trains.

    The trainings of a quick run are short: their perplexities are not compared.
    """
    with ExitStack() as stack:
        workers, flag = {}, ["--quick"] if quick else []
        for name in NAMES:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            workers[name] = stack.enter_context(Worker("chapter", name, folder, *flag))
        found = {name: worker.read() for name, worker in workers.items()}
    checks = [c for name in NAMES for c in checks_of(name, found[name])]
    if not quick:
        on_cpu = perplexities(ROOT / "chapters" / "results")
        for name in NAMES:
            checks += perplexity_checks(name, found[name]["perplexities"], on_cpu)
    return {"checks": checks, "details": found}
