"""How soon a reader sees the effect of an edit: the first epoch's point, and 20 epochs."""

import json
import sys
import time

import charlm_lib as cl

WIDTH, EPOCHS = 32, 20


def stack(width: int = WIDTH, layers: int = 2, lr: float = 1.0):
    """Make chapter 3's model."""
    return cl.RNNLMScratch(cl.StackedRNNScratch(28, width, layers), 28, lr)


EDITS = {
    "first run": stack(),
    "learning rate": stack(lr=0.5),
    "width": stack(width=48),
    "depth": stack(layers=3),
    "cell": cl.RNNLM(cl.GRU(WIDTH, 2), 28, lr=1.0),
}


def look(model, data: cl.TextData, epochs: int) -> dict[str, float]:
    """Train; give the seconds until the curve starts, after the first epoch, and until the end."""
    begun = time.perf_counter()
    result = cl.Trainer(epochs, gradient_clip_val=1).fit(model, data, show=False)
    whole = time.perf_counter() - begun
    return {"start": whole - sum(result.history["seconds"][1:]), "whole": whole}


def main() -> None:
    """Print the seconds of each edit, or with --first of the first run alone, as JSON."""
    is_quick = "--quick" in sys.argv
    data = cl.TimeMachine(*((16, 4, 32, 16) if is_quick else (1024, 32)))
    edits = {"first run": EDITS["first run"]} if "--first" in sys.argv else EDITS
    epochs = 2 if is_quick else EPOCHS
    print(json.dumps({name: look(model, data, epochs) for name, model in edits.items()}))


if __name__ == "__main__":
    main()
