"""What this device trains and writes: short runs, a text, and chances of the next character.

`python -m benchmarks.gpu.reference [--quick]` prints it as JSON: with JAX_PLATFORMS=cpu that of the
CPU, to compare with.
"""

import sys
from pathlib import Path

import jax
import numpy as np

import charlm_lib as cl
from benchmarks.gpu.worker import ROOT, say

PREFIX = "time traveller "
SAVED = ROOT / "chapters" / "results" / "gru.safetensors"
EPOCHS = 3


def windows(quick: bool) -> cl.TextData:
    """Cut the windows of the chapters, in random order."""
    return cl.TimeMachine(16, 4, 32, 16) if quick else cl.TimeMachine(1024, 32)


def streams(quick: bool) -> cl.TextData:
    """Cut windows that follow each other, for a state that is carried."""
    sizes = (16, 4, 32, 16) if quick else (128, 32, 4096, 1024)
    return cl.TimeMachine(*sizes, stride=sizes[1])


def make_gru(quick: bool):
    """Make the GRU of two layers that several runs train, at a rate that is not wild."""
    return cl.RNNLM(cl.GRU(8 if quick else 32, 2), 28, lr=1.0)


def trained(model, data: cl.TextData, **settings) -> dict[str, list[float]]:
    """Train shortly; give the perplexities of each epoch."""
    trainer = cl.Trainer(1 if data.num_train < 100 else EPOCHS, gradient_clip_val=1.0, **settings)
    history = trainer.fit(model, data, show=False).history
    return {name: history[name] for name in ("train_perplexity", "val_perplexity")}


def histories(quick: bool) -> dict[str, dict]:
    """Train a cell from scratch and one of Flax's, and one whose state is carried."""
    H = 8 if quick else 32
    scratch = cl.RNNLMScratch(cl.RNNScratch(28, H), 28, lr=1.0)
    return {
        "RNNScratch": trained(scratch, windows(quick)),
        "GRU of 2": trained(make_gru(quick), windows(quick)),
        "GRU of 2, carried state": trained(make_gru(quick), streams(quick), carry_state=True),
    }


def written(saved: Path = SAVED) -> dict:
    """Let a model that a chapter trained write, and give its chances of the next character."""
    result = cl.load(saved)
    ids = result.vocab.encode(PREFIX)[None]
    logits, _ = jax.jit(result.model.apply)(result.params, ids)
    return {
        "text": cl.predict(PREFIX, 100, result),
        "chances": np.float64(jax.nn.softmax(logits[0, -1])).tolist(),
    }


def main() -> None:
    """Print all as one line."""
    say(histories=histories("--quick" in sys.argv), **written())


if __name__ == "__main__":
    main()
