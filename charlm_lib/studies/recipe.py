"""The ladder of chapter 6: what each change to the training of chapter 4 gains, one at a time.

`python -m charlm_lib.studies.recipe` trains every step that the record, `records/recipe.json`, does
not have yet, with three seeds, and writes the losses there; it takes about half an hour on two CPU
cores. The chapter trains the last step itself.

Each step that learns with Adam has a learning rate of its own, chosen as in `depth_study`.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import optax

from charlm_lib.cells import make_model
from charlm_lib.evaluation import text_nll
from charlm_lib.runs.results import FitResult
from charlm_lib.runs.training import Trainer
from charlm_lib.studies.depth_study import SEEDS, TEST_START, find_lr, versions
from charlm_lib.texts.data import TimeMachine

RECORD = Path(__file__).parent / "records" / "recipe.json"
BLOCK = 500  # characters of the test text whose losses are added up
PAGES = {"num_train": 10_000, "num_val": 5_000}
NOVEL = {"num_train": 17_400, "num_val": 2_100, "stride": 8}
ONCE = {"num_train": 4_224, "num_val": 512, "stride": 32}
STREAMS = {"num_train": 2_112, "num_val": 256, "stride": 64}


@dataclass(frozen=True)
class Step:
    """One way to train a two-layer GRU.

    Args:
        name: what it changes about the step before.
        num_hiddens, dropout: of the model.
        batch_size, num_steps, windows: of the data; windows are further arguments of it.
        max_epochs: chosen so that every step makes about 1,000 updates.
        lr: learning rate.
        adam: Adam instead of SGD.
        falls: the rate warms up and then falls to zero, instead of staying.
        weight_decay: of AdamW.
        carry_state: see `Trainer`.
    """

    name: str
    num_hiddens: int
    dropout: float
    batch_size: int
    num_steps: int
    windows: dict
    max_epochs: int
    lr: float
    adam: bool = False
    falls: bool = False
    weight_decay: float = 0.0
    carry_state: bool = False

    def data(self) -> TimeMachine:
        """Make the windows."""
        return TimeMachine(self.batch_size, self.num_steps, **self.windows)

    def num_updates(self) -> int:
        """How many updates the training makes."""
        return self.max_epochs * -(-self.windows["num_train"] // self.batch_size)

    def optimizer(self) -> optax.GradientTransformation | None:
        """Make the optimizer; None: the `Trainer`'s own SGD."""
        if not self.adam:
            return None
        rate = falling(self.lr, self.num_updates()) if self.falls else self.lr
        return optax.adamw(rate, weight_decay=self.weight_decay)

    def train(self, seed: int = 0, show: bool = True) -> FitResult:
        """Train the model of this step from the start."""
        data = self.data()
        model = make_model("gru", len(data.vocab), self.num_hiddens, 2, self.dropout, self.lr)
        trainer = Trainer(self.max_epochs, 1.0, self.carry_state)
        return trainer.fit(model, data, seed, self.optimizer(), show)


def falling(lr: float, num_updates: int) -> optax.Schedule:
    """Let a rate rise for a tenth of the updates, and then fall to zero along a cosine.

    Loshchilov and Hutter (2017).
    """
    return optax.warmup_cosine_decay_schedule(0.0, lr, num_updates // 10, num_updates)


def ladder() -> tuple[Step, ...]:
    """Build each step out of the one before."""
    steps = [Step("chapter 4", 32, 0.0, 1024, 32, PAGES, 100, 2.0)]

    def then(name: str, **changes) -> None:
        steps.append(replace(steps[-1], name=name, **changes))

    then("the whole novel", windows=NOVEL, max_epochs=59)
    then("batches of 128", batch_size=128, max_epochs=8)
    then("Adam", adam=True, lr=0.01)
    then("falling rate", falls=True, lr=0.03)
    then("weight decay", weight_decay=0.05, lr=0.1)
    then("windows side by side", windows=ONCE, max_epochs=32)
    then("carried state", carry_state=True)
    then("windows of 64", windows=STREAMS, num_steps=64, batch_size=64)
    then("128 units", num_hiddens=128, lr=0.003)
    then("dropout 0.3", dropout=0.3, lr=0.03)
    return tuple(steps)


STEPS = ladder()


def measure(step: Step, seed: int) -> dict:
    """Train one step with one seed, and write down what came of it, as JSON types."""
    result = step.train(seed, show=False)
    tokens = step.data().tokens
    ends = {"train": slice(len(tokens) - TEST_START), "val": slice(139_200, TEST_START)}
    texts = {name: tokens[end] for name, end in ends.items()} | {"test": tokens[TEST_START:]}
    nll = {name: np.asarray(text_nll(result, text)) for name, text in texts.items()}
    whole = len(nll["test"]) // BLOCK * BLOCK
    return {
        "step": step.name,
        "lr": step.lr,
        "seed": seed,
        **{f"{name}_loss": round(float(values.mean()), 5) for name, values in nll.items()},
        "test_blocks": nll["test"][:whole].reshape(-1, BLOCK).mean(1).round(4).tolist(),
        "num_params": result.num_params,
        "updates": len(result.grad_norms),
        "characters": step.max_epochs * step.windows["num_train"] * step.num_steps,
        "seconds": round(result.run_seconds, 1),
    }


def read_record() -> dict:
    """Read the record: `versions`, and `runs`, one per step, learning rate and seed."""
    if not RECORD.is_file():
        return {"versions": versions(), "runs": []}
    return json.loads(RECORD.read_text(encoding="utf-8"))


def chosen_runs(record: dict, step: Step) -> list[dict]:
    """Give the runs of one step with the learning rate that was best for the first seed."""
    runs = [run for run in record["runs"] if run["step"] == step.name]
    first = [run for run in runs if run["seed"] == SEEDS[0]]
    lr = min(first, key=lambda run: run["val_loss"])["lr"]
    return [run for run in runs if run["lr"] == lr]


def study_step(step: Step, record: dict) -> None:
    """Make the runs of one step that the record lacks, and write them down one by one."""

    def loss(lr: float, seed: int = SEEDS[0]) -> float:
        key = {"step": step.name, "lr": lr, "seed": seed}
        for entry in record["runs"]:
            if key.items() <= entry.items():
                return entry["val_loss"]
        record["runs"].append(measure(replace(step, lr=lr), seed))
        RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        print({**key, "val_loss": record["runs"][-1]["val_loss"]}, flush=True)
        return record["runs"][-1]["val_loss"]

    lr = find_lr(loss) if step.adam else step.lr
    for seed in SEEDS:
        loss(lr, seed)


def main() -> None:
    """Train what the record lacks."""
    record = read_record()
    for step in STEPS:
        study_step(step, record)


if __name__ == "__main__":
    main()
