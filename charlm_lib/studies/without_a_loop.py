"""The study of chapter 8: recurrences without a loop, and attention, beside tanh, GRU and LSTM.

`python -m charlm_lib.studies.without_a_loop` trains what the record,
`records/without_a_loop.json`, does not have yet; it takes a few minutes on two CPU cores. It goes
on where `cells_compared` ends, whose GRU, LSTM and tanh of two layers it is put beside: the same
windows, optimizer, number of updates and parameters, and the first seed. Each network, of two
residual blocks, learns with each of `LEARNING_RATES`; the best one is chosen by the validation
text. Linear recurrences run as a loop, which gives the same numbers and is faster here.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import jax
import numpy as np
from flax import linen as nn

from charlm_lib.attention import CausalAttention
from charlm_lib.engine.parameters import param_shapes
from charlm_lib.evaluation import nll_by_context, text_nll
from charlm_lib.linear_recurrence import LRU, MinGRU, linear_loop
from charlm_lib.models import RNNLM
from charlm_lib.residual import ResidualStack
from charlm_lib.runs.results import FitResult
from charlm_lib.runs.training import Trainer
from charlm_lib.studies import cells_compared
from charlm_lib.studies.cells_compared import BUDGET, STEP
from charlm_lib.studies.depth_study import SEEDS, TEST_START, versions

RECORD = Path(__file__).parent / "records" / "without_a_loop.json"
NUM_LAYERS, HEADS, WINDOW = 2, 2, 32
LEARNING_RATES = (0.01, 0.03, 0.1)
CONTEXTS = (1, 2, 4, 8, 16, 32, 64, 256)
STRIDE = 64  # every so manieth character of the test text is predicted after all contexts
STACKS: dict[str, Callable[[int], nn.Module]] = {
    "minGRU": lambda width: MinGRU(width, linear_loop),
    "LRU": lambda width: LRU(width, linear_loop),
    "attention": lambda width: CausalAttention(width, HEADS, WINDOW),
}
BESIDE, NEW = ("tanh", "gru", "lstm"), tuple(STACKS)  # of `cells_compared`, and of this study


@dataclass(frozen=True)
class Network:
    """Residual blocks of one kind.

    Args:
        cell: one of `STACKS`.
        num_hiddens: units of each block.
    """

    cell: str
    num_hiddens: int

    def model(self) -> RNNLM:
        """Make the language model of the novel's vocabulary."""
        layers = tuple(STACKS[self.cell](self.num_hiddens) for _ in range(NUM_LAYERS))
        return RNNLM(ResidualStack(layers, self.num_hiddens), 28, 1.0)

    def num_params(self) -> int:
        """How many numbers the model learns."""
        return sum(x.size for x in jax.tree.leaves(param_shapes(self.model())))


@cache
def network(cell: str) -> Network:
    """Give the network of a cell whose number of parameters comes closest to `BUDGET`."""
    step = HEADS if cell == "attention" else 1
    candidates = (Network(cell, width) for width in range(20, 41, step))
    return min(candidates, key=lambda network: abs(network.num_params() - BUDGET))


def train(network: Network, lr: float, seed: int = SEEDS[0], show: bool = False) -> FitResult:
    """Train a network as `cells_compared` trains its own."""
    trainer = Trainer(STEP.max_epochs, 1.0, STEP.carry_state)
    optimizer = replace(STEP, lr=lr).optimizer()
    return trainer.fit(network.model(), STEP.data(), seed, optimizer, show)


def measure(network: Network, lr: float) -> dict:
    """Train one network, and write down what came of it, as JSON types."""
    result, test = train(network, lr), STEP.data().tokens[TEST_START:]
    by_context = nll_by_context(result, test, CONTEXTS, STRIDE)
    in_one_go = np.asarray(text_nll(result, test), float)[max(CONTEXTS) - 1 :: STRIDE]
    return {
        "cell": network.cell,
        "lr": lr,
        "seed": SEEDS[0],
        "num_hiddens": network.num_hiddens,
        "num_params": result.num_params,
        **cells_compared.losses(result),
        "by_context": np.asarray(by_context, float).mean(1).round(4).tolist(),
        "in_one_go": round(float(in_one_go.mean()), 4),  # the same characters, after all before
    }


def tried(record: dict, cell: str) -> list[dict]:
    """Give the runs of a cell with the first seed and each of `LEARNING_RATES`, in their order.

    Those of `BESIDE` are in the record of `cells_compared`.
    """
    runs = [run for run in record["runs"] if run["cell"] == cell]
    if cell in BESIDE:
        config = cells_compared.network(cell, NUM_LAYERS)
        runs = cells_compared.runs_of(cells_compared.read_record(), config)
    runs = [run for run in runs if run["seed"] == SEEDS[0] and run["lr"] in LEARNING_RATES]
    return sorted(runs, key=lambda run: run["lr"])


def best_run(record: dict, cell: str) -> dict:
    """Give the run of a cell whose learning rate is best for the validation text."""
    return min(tried(record, cell), key=lambda run: run["val_loss"])


def read_record() -> dict:
    """Read the record: `versions`, and `runs`, one per cell and learning rate."""
    if not RECORD.is_file():
        return {"versions": versions(), "runs": []}
    return json.loads(RECORD.read_text(encoding="utf-8"))


def main() -> None:
    """Train what the record lacks, and write it after each run."""
    record = read_record()
    for lr in LEARNING_RATES:
        for cell in NEW:
            if lr in [run["lr"] for run in tried(record, cell)]:
                continue
            record["runs"].append(measure(network(cell), lr))
            RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
            print(
                {name: record["runs"][-1][name] for name in ("cell", "lr", "val_loss")}, flush=True
            )


if __name__ == "__main__":
    main()
