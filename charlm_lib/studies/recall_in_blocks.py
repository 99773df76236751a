"""The task of `recall`, for the layers of chapter 8: what can each keep through noise?

`python -m charlm_lib.studies.recall_in_blocks` trains every network on every delay that the record,
`records/recall_in_blocks.json`, does not have yet; it takes about half an hour on two CPU
cores. Sequences, optimizer, updates and seeds are those of `recall`. Each network is a stack of two
residual blocks, and begins as its layers do: no gate is told to keep.
"""

import json
from collections.abc import Callable
from itertools import product
from pathlib import Path

import jax
import numpy as np
from flax import linen as nn

from charlm_lib.engine.parameters import first_params
from charlm_lib.language_model import RNNLM
from charlm_lib.layers.attention import CausalAttention
from charlm_lib.layers.concise import GRU, RNN
from charlm_lib.layers.linear_recurrence import LRU, MinGRU, linear_loop
from charlm_lib.layers.residual import ResidualStack
from charlm_lib.studies import recall
from charlm_lib.studies.depth_study import SEEDS, versions

RECORD = Path(__file__).parent / "records" / "recall_in_blocks.json"
NUM_HIDDENS, NUM_BLOCKS, HEADS = recall.NUM_HIDDENS, 2, 2
DELAYS = 10, 20, 50, 100
LAYERS: dict[str, Callable[[], nn.Module]] = {
    "tanh": lambda: RNN(NUM_HIDDENS),
    "gru": lambda: GRU(NUM_HIDDENS, 1),
    "minGRU": lambda: MinGRU(NUM_HIDDENS, linear_loop),
    "LRU": lambda: LRU(NUM_HIDDENS, linear_loop),
    "window of 16": lambda: CausalAttention(NUM_HIDDENS, HEADS, 16),
    "window of 128": lambda: CausalAttention(NUM_HIDDENS, HEADS, 128),
}


def model(layer: str) -> RNNLM:
    """Make the language model of the symbols, with two blocks of a layer."""
    layers = tuple(LAYERS[layer]() for _ in range(NUM_BLOCKS))
    return RNNLM(ResidualStack(layers, NUM_HIDDENS), 2 * recall.NUM_SYMBOLS, 1.0)


def train(layer: str, delay: int, seed: int) -> float:
    """Train two blocks on one delay, and give the share of right answers on other sequences."""
    run = recall.training(model(layer), delay, recall.NUM_UPDATES)
    train_key, test_key = jax.random.split(jax.random.key(seed))
    return float(run(first_params(model(layer), seed), train_key, test_key))


def read_record() -> dict:
    """Read the record: `versions`, and `runs`, one per layer, delay and seed."""
    if not RECORD.is_file():
        return {"versions": versions(), "runs": []}
    return json.loads(RECORD.read_text(encoding="utf-8"))


def accuracy(record: dict, layer: str, delay: int) -> np.ndarray:
    """Give the share of right answers of each seed, `(num_seeds,)`."""
    runs = [run for run in record["runs"] if (run["layer"], run["delay"]) == (layer, delay)]
    return np.array([run["accuracy"] for run in runs])


def main() -> None:
    """Train what the record lacks, and write it after each run."""
    record = read_record()
    for seed, layer, delay in product(SEEDS, LAYERS, DELAYS):
        key = {"layer": layer, "delay": delay, "seed": seed}
        if any(key.items() <= run.items() for run in record["runs"]):
            continue
        record["runs"].append({**key, "accuracy": round(train(layer, delay, seed), 4)})
        RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        print(record["runs"][-1], flush=True)


if __name__ == "__main__":
    main()
