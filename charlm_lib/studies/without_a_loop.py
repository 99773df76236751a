"""The study of chapter 8: recurrences without a loop, and attention, beside tanh, GRU and LSTM.

`python -m charlm_lib.studies.without_a_loop` trains what the record,
`records/without_a_loop.json`, does not have yet; it takes about half an hour on two CPU cores. It
goes on where `cells_compared` ends, whose GRU, LSTM and tanh of two layers it is put beside: the
same windows, optimizer, number of updates and parameters, and the same seeds. Each network is a
stack of two residual blocks: around what is new, and as controls around a tanh layer and a GRU.
Its learning rate is chosen as in `depth_study`, and the other seeds take it. Linear recurrences run
as a loop, which gives the same numbers and is faster here.

Then all learn once more, each for as many epochs as fit into the time that the GRU takes for its
own: equal seconds in place of equal updates.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import jax
import numpy as np
from flax import linen as nn

from charlm_lib.engine.parameters import param_shapes
from charlm_lib.evaluation import nll_by_context, text_nll
from charlm_lib.language_model import RNNLM
from charlm_lib.layers.attention import CausalAttention
from charlm_lib.layers.concise import GRU, RNN
from charlm_lib.layers.linear_recurrence import LRU, MinGRU, linear_loop
from charlm_lib.layers.residual import ResidualStack
from charlm_lib.runs.results import FitResult
from charlm_lib.runs.training import Trainer
from charlm_lib.studies import cells_compared
from charlm_lib.studies.cells_compared import BUDGET, STEP
from charlm_lib.studies.depth_study import SEEDS, TEST_START, Config, find_lr, versions

RECORD = Path(__file__).parent / "records" / "without_a_loop.json"
NUM_LAYERS, HEADS, WINDOW = 2, 2, 32
CONTEXTS = (1, 2, 4, 8, 16, 32, 64, 256)
STRIDE = 64  # every so manieth character of the test text is predicted after all contexts
STACKS: dict[str, Callable[[int], nn.Module]] = {
    "tanh in blocks": RNN,
    "gru in blocks": lambda width: GRU(width, 1),
    "minGRU": lambda width: MinGRU(width, linear_loop),
    "LRU": lambda width: LRU(width, linear_loop),
    "attention": lambda width: CausalAttention(width, HEADS, WINDOW),
}
BESIDE = "tanh", "gru", "lstm"  # of `cells_compared`
IN_BLOCKS = tuple(STACKS)
CONTROLS, NEW = IN_BLOCKS[:2], IN_BLOCKS[2:]


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


def network_of(cell: str) -> Network | Config:
    """Give the network of a cell, of this study or of `cells_compared`."""
    return cells_compared.network(cell, NUM_LAYERS) if cell in BESIDE else network(cell)


def train(
    network: Network | Config,
    lr: float,
    seed: int = SEEDS[0],
    max_epochs: int = STEP.max_epochs,
    show: bool = False,
) -> FitResult:
    """Train a network as `cells_compared` trains its own; the rate falls to zero at the end."""
    step = replace(STEP, lr=lr, max_epochs=max_epochs)
    trainer = Trainer(max_epochs, 1.0, step.carry_state)
    return trainer.fit(network.model(), step.data(), seed, step.optimizer(), show)


def measure(network: Network, lr: float, seed: int) -> dict:
    """Train one network, and write down what came of it, as JSON types."""
    result, test = train(network, lr, seed), STEP.data().tokens[TEST_START:]
    by_context = nll_by_context(result, test, CONTEXTS, STRIDE)
    in_one_go = np.asarray(text_nll(result, test), float)[max(CONTEXTS) - 1 :: STRIDE]
    return {
        "cell": network.cell,
        "lr": lr,
        "seed": seed,
        "num_hiddens": network.num_hiddens,
        "num_params": result.num_params,
        **cells_compared.losses(result),
        "by_context": np.asarray(by_context, float).mean(1).round(4).tolist(),
        "in_one_go": round(float(in_one_go.mean()), 4),  # the same characters, after all before
    }


def runs_of(record: dict, cell: str) -> list[dict]:
    """Give the runs of a cell; those of `BESIDE` are in the record of `cells_compared`."""
    if cell in BESIDE:
        return cells_compared.runs_of(cells_compared.read_record(), network_of(cell))
    return [run for run in record["runs"] if run["cell"] == cell]


def tried(record: dict, cell: str) -> dict[float, dict]:
    """Give the runs of a cell with the first seed, by their learning rate."""
    return {run["lr"]: run for run in runs_of(record, cell) if run["seed"] == SEEDS[0]}


def best_run(record: dict, cell: str) -> dict:
    """Give the run of a cell whose learning rate is best for the validation text."""
    return min(tried(record, cell).values(), key=lambda run: run["val_loss"])


def chosen_runs(record: dict, cell: str) -> list[dict]:
    """Give the runs of a cell with the best learning rate, one per seed."""
    lr = best_run(record, cell)["lr"]
    return sorted(
        (run for run in runs_of(record, cell) if run["lr"] == lr), key=lambda run: run["seed"]
    )


def seconds_per_epoch(turns: int = 4, epochs: int = 3) -> dict[str, float]:
    """Measure how long every network takes for an epoch: the shortest one, all in turns."""
    found: dict[str, list[float]] = {cell: [] for cell in (*BESIDE, *IN_BLOCKS)}
    for _ in range(turns):
        for cell, seconds in found.items():
            result = train(network_of(cell), lr=0.01, max_epochs=epochs)
            seconds += result.history["seconds"]
    return {cell: round(min(seconds), 4) for cell, seconds in found.items()}


def epochs_for_equal_seconds(record: dict, cell: str) -> int:
    """Say how many epochs fit into the time that the GRU takes for the epochs of `STEP`."""
    seconds = record["seconds_per_epoch"]
    return max(1, round(STEP.max_epochs * seconds["gru"] / seconds[cell]))


def train_equally_long(record: dict, cell: str) -> dict:
    """Train a network once more for as long as the GRU takes, with its best rate."""
    lr, epochs = best_run(record, cell)["lr"], epochs_for_equal_seconds(record, cell)
    result = train(network_of(cell), lr, max_epochs=epochs)
    return {"cell": cell, "lr": lr, "epochs": epochs, **cells_compared.losses(result)}


def read_record() -> dict:
    """Read the record: `versions`; `runs`, one per cell of this study, learning rate and seed;
    `seconds_per_epoch`; and `equally_long`, one run per cell."""
    if not RECORD.is_file():
        return {"versions": versions(), "runs": [], "equally_long": []}
    return json.loads(RECORD.read_text(encoding="utf-8"))


def write(record: dict) -> None:
    """Write the record."""
    RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def study(cell: str, record: dict) -> None:
    """Make the runs of a cell that the record lacks, and write them down one by one."""

    def loss(lr: float, seed: int = SEEDS[0]) -> float:
        for run in runs_of(record, cell):
            if (run["lr"], run["seed"]) == (lr, seed):
                return run["val_loss"]
        record["runs"].append(measure(network(cell), lr, seed))
        write(record)
        print(cell, lr, seed, record["runs"][-1]["val_loss"], flush=True)
        return record["runs"][-1]["val_loss"]

    lr = find_lr(loss)
    for seed in SEEDS[1:]:
        loss(lr, seed)


def main() -> None:
    """Train what the record lacks, and write it after each run."""
    record = read_record()
    for cell in IN_BLOCKS:
        study(cell, record)
    if "seconds_per_epoch" not in record:
        record["seconds_per_epoch"] = seconds_per_epoch()
    long = {run["cell"]: run for run in record["equally_long"]}
    for cell in (*BESIDE, *IN_BLOCKS):
        if cell not in long or long[cell]["lr"] != best_run(record, cell)["lr"]:
            long[cell] = train_equally_long(record, cell)
            print(long[cell], flush=True)
        record["equally_long"] = [long[c] for c in (*BESIDE, *IN_BLOCKS) if c in long]
        write(record)


if __name__ == "__main__":
    main()
