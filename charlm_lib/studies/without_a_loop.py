"""The study of chapter 8: recurrences without a loop, and attention, beside tanh, GRU and LSTM.

`python -m charlm_lib.studies.without_a_loop` trains what the record,
`records/without_a_loop.json`, does not have yet; it takes about a quarter of an hour on two CPU
cores. It goes on where `cells_compared` ends, whose GRU, LSTM and tanh of two layers it is put
beside: the same windows, optimizer, number of updates and parameters; of learning rates, the better
of two. Linear recurrences run as a loop, which gives the same numbers and is faster here.
The networks, of two residual blocks, are trained

- at equal parameters;
- at equal seconds: as many epochs as fit into the time that the GRU takes for its own;
- afresh: every window begins with a first state, so that no state is older than `num_steps`.

Then `recall`'s task asks the new layers how far back they remember.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jax
import numpy as np
import optax
from flax import linen as nn

from charlm_lib.attention import CausalAttention
from charlm_lib.engine.parameters import first_params, param_shapes
from charlm_lib.evaluation import nll_by_context, text_nll
from charlm_lib.linear_recurrence import LRU, MinGRU, linear_loop
from charlm_lib.models import RNNLM
from charlm_lib.residual import ResidualStack
from charlm_lib.runs.results import FitResult
from charlm_lib.runs.training import Trainer
from charlm_lib.studies import cells_compared, recall, recipe
from charlm_lib.studies.cells_compared import BUDGET, STEP
from charlm_lib.studies.depth_study import SEEDS, TEST_START, versions

RECORD = Path(__file__).parent / "records" / "without_a_loop.json"
NUM_LAYERS, HEADS, WINDOW = 2, 2, 32
LEARNING_RATES = (0.01, 0.03)  # the better one for the first seed, on the validation text
GRU_LR = 0.03  # what `cells_compared` chose
CONTEXTS = (1, 2, 4, 8, 16, 32, 64, 256)
STRIDE = 64  # every so manieth character of the test text is predicted after all contexts
STACKS: dict[str, Callable[[int], nn.Module]] = {
    "minGRU": lambda width: MinGRU(width, linear_loop),
    "LRU": lambda width: LRU(width, linear_loop),
    "attention": lambda width: CausalAttention(width, HEADS, WINDOW),
}
BESIDE = "tanh", "gru", "lstm"  # of `cells_compared`
NEW = tuple(STACKS)
DELAYS, RECALL_SEEDS = (10, 100), (0,)
REMEMBERING = "minGRU", "slow minGRU", "LRU", "attention", "far attention"


@dataclass(frozen=True)
class Network:
    """Residual blocks of one kind, or the GRU that they are compared with.

    Args:
        cell: one of `STACKS`, or "gru".
        num_hiddens: units of each block.
    """

    cell: str
    num_hiddens: int

    def model(self) -> RNNLM:
        """Make the language model of the novel's vocabulary."""
        if self.cell == "gru":
            return cells_compared.network("gru", NUM_LAYERS).model()
        layers = tuple(STACKS[self.cell](self.num_hiddens) for _ in range(NUM_LAYERS))
        return RNNLM(ResidualStack(layers, self.num_hiddens), 28, 1.0)

    def num_params(self) -> int:
        """How many numbers the model learns."""
        return sum(x.size for x in jax.tree.leaves(param_shapes(self.model())))


@cache
def network(cell: str) -> Network:
    """Give the network of a cell whose number of parameters comes closest to `BUDGET`."""
    if cell == "gru":
        return Network("gru", cells_compared.network("gru", NUM_LAYERS).num_hiddens)
    step = HEADS if cell == "attention" else 1
    candidates = (Network(cell, width) for width in range(20, 41, step))
    return min(candidates, key=lambda network: abs(network.num_params() - BUDGET))


def train(
    network: Network,
    lr: float,
    seed: int,
    plan: str = "parameters",
    epochs: int = STEP.max_epochs,
    show: bool = False,
) -> FitResult:
    """Train a network as `cells_compared` does, but afresh or for other epochs where told so."""
    data = STEP.data()
    updates = epochs * (data.num_train // data.batch_size)
    optimizer = optax.adamw(recipe.falling(lr, updates), weight_decay=STEP.weight_decay)
    trainer = Trainer(epochs, 1.0, carry_state=plan != "afresh")
    return trainer.fit(network.model(), data, seed, optimizer, show)


def measure(network: Network, lr: float, seed: int, plan: str, epochs: int) -> dict:
    """Train one network, and write down what came of it, as JSON types."""
    result = train(network, lr, seed, plan, epochs)
    test = STEP.data().tokens[TEST_START:]
    by_context = nll_by_context(result, test, CONTEXTS, STRIDE)
    in_one_go = np.asarray(text_nll(result, test), float)[max(CONTEXTS) - 1 :: STRIDE]
    return {
        "cell": network.cell,
        "plan": plan,
        "lr": lr,
        "seed": seed,
        "epochs": epochs,
        "num_hiddens": network.num_hiddens,
        "num_params": result.num_params,
        **cells_compared.losses(result),
        "by_context": np.asarray(by_context, float).mean(1).round(4).tolist(),
        "in_one_go": round(float(in_one_go.mean()), 4),  # the same characters, after all before
        "epoch_seconds": round(float(np.median(result.history["seconds"])), 4),
    }


def runs_of(record: dict, cell: str, plan: str) -> list[dict]:
    """Give the runs of one network and plan, with all learning rates that were tried."""
    return [run for run in record["runs"] if (run["cell"], run["plan"]) == (cell, plan)]


def chosen_runs(record: dict, cell: str, plan: str = "parameters") -> list[dict]:
    """Give the runs of one network and plan with the learning rate that the first seed chose."""
    first = [run for run in runs_of(record, cell, "parameters") if run["seed"] == SEEDS[0]]
    lr = min(first, key=lambda run: run["val_loss"])["lr"]
    return [run for run in runs_of(record, cell, plan) if run["lr"] == lr]


def losses(record: dict, cell: str, plan: str = "parameters") -> np.ndarray:
    """Give the test losses of the seeds, `(num_seeds,)` nats per character.

    Those of `BESIDE` are in the record of `cells_compared`.
    """
    if cell in BESIDE:
        config = cells_compared.network(cell, NUM_LAYERS)
        runs = cells_compared.chosen_runs(cells_compared.read_record(), config)
    else:
        runs = chosen_runs(record, cell, plan)
    return np.array([run["test_loss"] for run in runs])


def epoch_seconds(record: dict, cell: str) -> float:
    """Give the seconds of an epoch, the median over runs, compiling left out."""
    return float(np.median([run["epoch_seconds"] for run in chosen_runs(record, cell)]))


def epochs_in_equal_seconds(record: dict, cell: str) -> int:
    """Say how many epochs a network makes in the time that the GRU takes for its own."""
    ratio = epoch_seconds(record, "gru") / epoch_seconds(record, cell)
    return max(1, round(STEP.max_epochs * ratio))


def remembering(name: str) -> nn.Module:
    """Make a network for the task of `recall`, in one block of as many units as there.

    Args:
        name: one of `REMEMBERING`; "far attention" has a window that holds every delay, and "slow
            minGRU" has gates that begin by keeping most of their state.
    """
    width, sizes = recall.NUM_HIDDENS, 2 * recall.NUM_SYMBOLS
    layer = {
        "attention": lambda: CausalAttention(width, HEADS, WINDOW),
        "far attention": lambda: CausalAttention(width, HEADS, max(DELAYS)),
        "LRU": lambda: LRU(width, linear_loop),
    }.get(name, lambda: MinGRU(width, linear_loop))()
    return RNNLM(ResidualStack((layer,), width), sizes, 1.0)


def recalled(name: str, delay: int, seed: int) -> float:
    """Train a network on one delay of `recall`, and give its share of right answers."""
    model = remembering(name)
    params = first_params(model, seed)
    if name.startswith("slow"):
        gate = params["params"]["rnn"]["layers_0"]["keep"]
        gate["bias"] = gate["bias"] + recall.SLOW
    run = recall.training(model, delay, recall.NUM_UPDATES)
    return float(run(params, *jax.random.split(jax.random.key(seed))))


def accuracy(record: dict, name: str, delay: int) -> list[float]:
    """Give the share of right answers of each seed."""
    return [r["accuracy"] for r in record["recall"] if (r["name"], r["delay"]) == (name, delay)]


def read_record() -> dict:
    """Read the record: `versions`, `runs` of language models, and `recall`."""
    if not RECORD.is_file():
        return {"versions": versions(), "runs": [], "recall": []}
    return json.loads(RECORD.read_text(encoding="utf-8"))


def save(record: dict) -> None:
    """Write the record, a run a line."""
    parts = [f' "versions": {json.dumps(record["versions"])}']
    for name in ("runs", "recall"):
        lines = ",\n".join(f"  {json.dumps(entry)}" for entry in record[name])
        parts.append(f' "{name}": [\n{lines}\n ]' if lines else f' "{name}": []')
    RECORD.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


def run(cell: str, plan: str, lr: float, seed: int, epochs: int, record: dict) -> float:
    """Make a run unless the record has it, write it down, and give its validation loss."""
    key = {"cell": cell, "plan": plan, "lr": lr, "seed": seed}
    for entry in record["runs"]:
        if key.items() <= entry.items():
            return entry["val_loss"]
    entry = measure(network(cell), lr, seed, plan, epochs)
    record["runs"].append(entry)
    save(record)
    told = {name: entry[name] for name in ("val_loss", "test_loss", "epochs", "epoch_seconds")}
    print(key | told, flush=True)
    return entry["val_loss"]


def study_recall(record: dict) -> None:
    """Make the runs of the task of `recall` that the record lacks."""
    for name in REMEMBERING:
        for delay in DELAYS:
            for seed in RECALL_SEEDS[len(accuracy(record, name, delay)) :]:
                share = round(recalled(name, delay, seed), 4)
                entry = {"name": name, "delay": delay, "seed": seed, "accuracy": share}
                record["recall"].append(entry)
                save(record)
                print(entry, flush=True)


def main() -> None:
    """Train what the record lacks, and write it after each run."""
    record = read_record()
    for lr in LEARNING_RATES:
        for cell in NEW:
            run(cell, "parameters", lr, SEEDS[0], STEP.max_epochs, record)
    run("gru", "parameters", GRU_LR, SEEDS[0], STEP.max_epochs, record)
    for seed in SEEDS[1:]:
        for cell in NEW:
            lr = chosen_runs(record, cell)[0]["lr"]
            run(cell, "parameters", lr, seed, STEP.max_epochs, record)
    for cell in NEW:
        lr, epochs = chosen_runs(record, cell)[0]["lr"], epochs_in_equal_seconds(record, cell)
        for seed in SEEDS:
            run(cell, "seconds", lr, seed, epochs, record)
    for cell in ("gru", *NEW):
        lr = chosen_runs(record, cell)[0]["lr"]
        run(cell, "afresh", lr, SEEDS[0], STEP.max_epochs, record)
    study_recall(record)


if __name__ == "__main__":
    main()
