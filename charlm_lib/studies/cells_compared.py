"""Which cell to take? tanh, GRU and LSTM at equal parameters: the last table of chapter 7.

`python -m charlm_lib.studies.cells_compared` trains every run that the record,
`records/cells_compared.json`, does not have yet; it takes about ten minutes on two CPU cores.

All networks have about `BUDGET` parameters, as many as the GRU of chapter 4. They learn as on the
rung "windows of 64" of `recipe`: its windows, AdamW with a falling rate, a carried state, no
dropout. They differ in the cell, in one layer or two, and in the width that their budget allows.
The learning rate of each is chosen with the first seed, as in `depth_study`.
"""

import json
from bisect import bisect_left
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path

import numpy as np

from charlm_lib.evaluation import TrainedModel, text_nll
from charlm_lib.runs.results import FitResult
from charlm_lib.runs.training import Trainer
from charlm_lib.studies import recipe
from charlm_lib.studies.depth_study import SEEDS, TEST_START, Config, find_lr, versions

RECORD = Path(__file__).parent / "records" / "cells_compared.json"
CELLS, DEPTHS = ("tanh", "gru", "lstm"), (1, 2)
BUDGET = 13_084  # parameters of a GRU of two layers of 32 units
STEP = next(step for step in recipe.STEPS if step.name == "windows of 64")
VALIDATION_START = 139_200


@cache
def network(cell: str, num_layers: int) -> Config:
    """Give the network whose number of parameters comes closest to `BUDGET`."""
    widths = range(16, 112)
    first = bisect_left(widths, BUDGET, key=lambda w: Config(cell, num_layers, w).num_params())
    around = (Config(cell, num_layers, width) for width in widths[first - 1 : first + 1])
    return min(around, key=lambda config: abs(config.num_params() - BUDGET))


def networks() -> list[Config]:
    """List the networks: one per cell and depth."""
    return [network(cell, num_layers) for num_layers in DEPTHS for cell in CELLS]


def train(
    config: Config, lr: float, seed: int, start: FitResult | None = None, show: bool = False
) -> FitResult:
    """Train a network as the rung `STEP` does, from first parameters or those of `start`."""
    trainer = Trainer(STEP.max_epochs, 1.0, STEP.carry_state)
    optimizer = replace(STEP, lr=lr).optimizer()
    return trainer.fit(config.model(), STEP.data(), seed, optimizer, show, start)


def losses(trained: TrainedModel) -> dict:
    """Give the loss of the validation text and of the test text, and that of the test's blocks.

    Each text is read once from front to back. Nats per character, as JSON types.
    """
    tokens = STEP.data().tokens
    val = np.asarray(text_nll(trained, tokens[VALIDATION_START:TEST_START]))
    test = np.asarray(text_nll(trained, tokens[TEST_START:]))
    whole = len(test) // recipe.BLOCK * recipe.BLOCK
    return {
        "val_loss": round(float(val.mean()), 5),
        "test_loss": round(float(test.mean()), 5),
        "test_blocks": test[:whole].reshape(-1, recipe.BLOCK).mean(1).round(4).tolist(),
    }


def measure(config: Config, lr: float, seed: int) -> dict:
    """Train one network, and write down what came of it, as JSON types."""
    result = train(config, lr, seed)
    numbers = {"num_params": result.num_params, "stopped": result.stopped}
    return {**asdict(config), "lr": lr, "seed": seed, **losses(result), **numbers}


def read_record() -> dict:
    """Read the record: `versions`, and `runs`, one per network, learning rate and seed."""
    if not RECORD.is_file():
        return {"versions": versions(), "runs": []}
    return json.loads(RECORD.read_text(encoding="utf-8"))


def runs_of(record: dict, config: Config) -> list[dict]:
    """Give the runs of a network that the record has."""
    return [run for run in record["runs"] if asdict(config).items() <= run.items()]


def chosen_runs(record: dict, config: Config) -> list[dict]:
    """Give the runs of a network with the learning rate that was best for the first seed."""
    runs = runs_of(record, config)
    first = [run for run in runs if run["seed"] == SEEDS[0]]
    lr = min(first, key=lambda run: run["val_loss"])["lr"]
    return [run for run in runs if run["lr"] == lr]


def study(config: Config, record: dict) -> None:
    """Make the runs of one network that the record lacks, and write them down one by one."""

    def loss(lr: float, seed: int = SEEDS[0]) -> float:
        for run in runs_of(record, config):
            if (run["lr"], run["seed"]) == (lr, seed):
                return run["val_loss"]
        record["runs"].append(measure(config, lr, seed))
        RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        found = record["runs"][-1]
        print(f"{config.name} lr={lr} seed={seed}: {found['val_loss']:.4f}", flush=True)
        return found["val_loss"]

    lr = find_lr(loss)
    for seed in SEEDS[1:]:
        loss(lr, seed)


def main() -> None:
    """Train what the record lacks."""
    record = read_record()
    for config in networks():
        study(config, record)


if __name__ == "__main__":
    main()
