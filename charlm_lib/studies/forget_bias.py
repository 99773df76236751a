"""What the first bias of an LSTM's forget gate decides: the sweep of chapter 7.

`python -m charlm_lib.studies.forget_bias` trains every run that the record,
`records/forget_bias.json`, does not have yet; it takes about five minutes on two CPU cores.

- *Recall*: one layer of 32 units learns the task of `recall` from each of `BIASES`. The record of
  `recall` has the runs from 0, 1 and 3, since these are its "lstm", "open lstm" and "slow lstm".
- *Novel*: the one-layer LSTM of `cells_compared` learns its text from each of `NOVEL_BIASES`. The
  learning rate is the best of `NOVEL_RATES` for the first seed; that from 0 was chosen there.
"""

import json
from dataclasses import replace
from pathlib import Path

import jax
import numpy as np

from charlm_lib.runs.training import Trainer
from charlm_lib.studies import cells_compared, recall
from charlm_lib.studies.depth_study import SEEDS, versions

RECORD = Path(__file__).parent / "records" / "forget_bias.json"
BIASES, DELAYS = (0, 1, 2, 3, 5), recall.DELAYS
ELSEWHERE = {0: "lstm", recall.OPEN: "open lstm", recall.SLOW: "slow lstm"}  # in `recall`'s record
NOVEL_RATES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
NOVEL_BIASES = (1, 3, 5)  # those of 0 are in the record of `cells_compared`
LSTM = recall.Network("lstm", 1)


def opened(params: dict, bias: float) -> dict:
    """Add `bias` to the bias of every forget gate, `hf`, of an LSTM's parameters."""

    def changed(path, x):
        return x + bias if [part.key for part in path][-2:] == ["hf", "bias"] else x

    return jax.tree_util.tree_map_with_path(changed, params)


def kept(bias: float, delay: int) -> float:
    """Give the share of a memory cell that is left after `delay` steps: sigmoid(bias)^delay."""
    return float((1 + np.exp(-bias)) ** -delay)


def recall_share(bias: float, delay: int, seed: int, num_updates: int = recall.NUM_UPDATES):
    """Train one layer to recall a symbol, and give the share of right answers on new sequences."""
    run = recall.training(LSTM.model(), delay, num_updates)
    train_key, test_key = jax.random.split(jax.random.key(seed))
    return float(run(opened(LSTM.first_params(seed), bias), train_key, test_key))


def novel_losses(bias: float, lr: float, seed: int) -> dict:
    """Train the one-layer LSTM of `cells_compared` on its text; give its losses."""
    config = cells_compared.network("lstm", 1)
    first = Trainer(0).fit(config.model(), cells_compared.STEP.data(), seed, show=False)
    start = replace(first, params=opened(first.params, bias))
    return cells_compared.losses(cells_compared.train(config, lr, seed, start))


def read_record() -> dict:
    """Read the record: `versions`; `recall`, one per bias, delay and seed; and `novel`."""
    if not RECORD.is_file():
        return {"versions": versions(), "recall": [], "novel": []}
    return json.loads(RECORD.read_text(encoding="utf-8"))


def right_answers(record: dict, bias: float, delay: int) -> np.ndarray:
    """Give the share of right answers of each seed, `(num_seeds,)`."""
    if bias in ELSEWHERE:
        network = recall.Network(ELSEWHERE[bias], 1)
        return recall.accuracy(recall.read_record(), network, delay)
    key = {"bias": bias, "delay": delay}
    return np.array([run["accuracy"] for run in record["recall"] if key.items() <= run.items()])


def novel_runs(record: dict, bias: float) -> list[dict]:
    """Give the runs on the novel; those from 0 are in the record of `cells_compared`."""
    if bias == 0:
        lstm = cells_compared.network("lstm", 1)
        return cells_compared.runs_of(cells_compared.read_record(), lstm)
    return [run for run in record["novel"] if run["bias"] == bias]


def best_rate(record: dict, bias: float) -> float:
    """Give the learning rate that was best for the first seed on the novel, by the validation."""
    first = [run for run in novel_runs(record, bias) if run["seed"] == SEEDS[0]]
    return min(first, key=lambda run: run["val_loss"])["lr"]


def test_losses(record: dict, bias: float, lr: float | None = None) -> np.ndarray:
    """Give the test loss of each seed on the novel, `(num_seeds,)` nats per character.

    Args:
        record: see `read_record`.
        bias: the first one of the forget gate.
        lr: one of the learning rates that all seeds were trained with; None: the best one.
    """
    lr = best_rate(record, bias) if lr is None else lr
    return np.array([run["test_loss"] for run in novel_runs(record, bias) if run["lr"] == lr])


def main() -> None:
    """Train what the record lacks, and write it after each run."""
    record = read_record()

    def add(part: str, key: dict, measured) -> None:
        if any(key.items() <= run.items() for run in record[part]):
            return
        record[part].append(key | measured(**key))
        RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        print(record[part][-1]["accuracy" if part == "recall" else "test_loss"], key, flush=True)

    for delay in DELAYS:
        for bias in (bias for bias in BIASES if bias not in ELSEWHERE):
            for seed in SEEDS:
                key = {"bias": bias, "delay": delay, "seed": seed}
                add("recall", key, lambda **key: {"accuracy": round(recall_share(**key), 4)})
    for bias in NOVEL_BIASES:
        for lr in NOVEL_RATES:
            add("novel", {"bias": bias, "lr": lr, "seed": SEEDS[0]}, novel_losses)
        lr = best_rate(record, bias)
        for seed in SEEDS[1:]:
            add("novel", {"bias": bias, "lr": lr, "seed": seed}, novel_losses)


if __name__ == "__main__":
    main()
