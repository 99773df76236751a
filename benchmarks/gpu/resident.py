"""A notebook that has trained a small model and stays open: it waits until its input ends."""

import sys

import jax

import charlm_lib as cl
from benchmarks.gpu.reference import make_gru, windows
from benchmarks.gpu.worker import say


def main() -> None:
    """Train, say how it went and what memory it holds, and stay."""
    quick = "--quick" in sys.argv
    result = cl.Trainer(1, gradient_clip_val=1.0).fit(make_gru(quick), windows(quick), show=False)
    memory = jax.devices()[0].memory_stats() or {}  # a CPU has none
    say(perplexity=result.history["val_perplexity"][-1], memory=memory)
    sys.stdin.read()


if __name__ == "__main__":
    main()
