"""Writing texts and reading large ones: speed of sampling, seconds and memory of loading."""

import json
import statistics
import sys
import time

import jax
import numpy as np

import charlm_lib as cl
from benchmarks.peak import peak_megabytes

PREFIX = "time traveller "


def timed(function, *arguments, **options) -> float:
    """Give the seconds of one call."""
    begun = time.perf_counter()
    function(*arguments, **options)
    return time.perf_counter() - begun


def python_loop(result: cl.FitResult, num_preds: int, apply) -> str:
    """Sample as one would first write it: `apply`, the model, is called once per character."""
    ids = result.vocab.encode(PREFIX)[None]
    logits, state = apply(result.params, ids)
    rng, text = np.random.default_rng(0), []
    for _ in range(num_preds):
        shares = np.array(jax.nn.softmax(logits[0, -1].at[0].set(-np.inf)), np.float64)
        text.append(rng.choice(len(shares), p=shares / shares.sum()))
        logits, state = apply(result.params, np.array([[text[-1]]]), state)
    return result.vocab.decode(text)


def sampling(is_quick: bool) -> dict:
    """Measure the first text, the speed of one and of 64 texts, and those of two Python loops."""
    data = cl.TimeMachine(16, 4, 32, 16)
    model = cl.RNNLM(cl.GRU(8 if is_quick else 32, 2), len(data.vocab), lr=1.0)
    result = cl.Trainer(0).fit(model, data)  # the weights do not change the time
    length, looped = (20, 3) if is_quick else (1000, 10)
    first = timed(cl.sample, PREFIX, 100, result)
    apply, compiled = model.apply, jax.jit(model.apply)
    python_loop(result, 2, apply)
    python_loop(result, 2, compiled)
    seconds = {1: [], 64: [], "loop": [], "compiled loop": []}
    for number in (1, 64):
        cl.sample(PREFIX, length, result, num_samples=number)
    for key in range(1 if is_quick else 7):
        for number in (1, 64):
            seconds[number].append(
                timed(cl.sample, PREFIX, length, result, num_samples=number, key=key)
            )
        seconds["loop"].append(timed(python_loop, result, looped, apply))
        seconds["compiled loop"].append(timed(python_loop, result, length, compiled))
    middle = {name: statistics.median(values) for name, values in seconds.items()}
    return {
        "first text": first,
        "one text": length / middle[1],
        "64 texts": 64 * length / middle[64],
        "cost of 64": middle[64] / middle[1],
        "Python loop": looped / middle["loop"],
        "Python loop, compiled model": length / middle["compiled loop"],
    }


def loading(length: int) -> dict:
    """Load a text of this length and train on it briefly; give seconds and peak megabytes."""
    page = cl.read_corpus()[:5000] + " “Where's my mutton?” he said, in 1895.\n"
    text = (page * (length // len(page) + 1))[:length]
    begun = time.perf_counter()
    data = cl.TextData(text, 1024, 32)
    load = time.perf_counter() - begun
    model = cl.RNNLM(cl.RNN(32), len(data.vocab), lr=1.0)
    cl.Trainer(1, gradient_clip_val=1).fit(model, data, show=False)
    return {"characters": length, "seconds": load, "megabytes": peak_megabytes()}


def main() -> None:
    """Print what the first argument names, `sampling` or a number of characters, as JSON."""
    what = sys.argv[1]
    print(json.dumps(sampling("--quick" in sys.argv) if what == "sampling" else loading(int(what))))


if __name__ == "__main__":
    main()
