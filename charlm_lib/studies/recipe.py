"""The recipe of chapter 6, step by step: what each change to the training of chapter 4 gains.

`python -m charlm_lib.studies.recipe` trains every step with three seeds and writes the losses to
`records/recipe.json`; it takes about a quarter of an hour on two CPU cores. The chapter trains the
last step itself.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from charlm_lib.cells import make_model
from charlm_lib.evaluation import text_nll
from charlm_lib.own_text import adamw
from charlm_lib.runs.results import FitResult
from charlm_lib.runs.training import Trainer
from charlm_lib.studies.depth_study import SEEDS, TEST_START, versions
from charlm_lib.texts.data import TimeMachine

RECORD = Path(__file__).parent / "records" / "recipe.json"
PAGES = {"num_train": 10_000, "num_val": 5_000}
NOVEL = {"num_train": 17_400, "num_val": 2_100, "stride": 8}
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
        adamw: AdamW with a schedule, instead of SGD.
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
    adamw: bool
    carry_state: bool

    def data(self) -> TimeMachine:
        """Make the windows."""
        return TimeMachine(self.batch_size, self.num_steps, **self.windows)

    def num_updates(self) -> int:
        """How many updates the training makes."""
        return self.max_epochs * -(-self.windows["num_train"] // self.batch_size)

    def train(self, seed: int = 0, show: bool = True) -> FitResult:
        """Train the model of this step from the start."""
        data = self.data()
        model = make_model("gru", len(data.vocab), self.num_hiddens, 2, self.dropout, self.lr)
        optimizer = adamw(self.lr, self.num_updates()) if self.adamw else None
        trainer = Trainer(self.max_epochs, 1.0, self.carry_state)
        return trainer.fit(model, data, seed, optimizer, show)


STEPS = (
    Step("chapter 4", 32, 0.0, 1024, 32, PAGES, 100, 2.0, False, False),
    Step("the whole novel", 32, 0.0, 1024, 32, NOVEL, 59, 2.0, False, False),
    Step("AdamW, small batches", 32, 0.0, 128, 32, NOVEL, 8, 0.01, True, False),
    Step("carried state", 32, 0.0, 64, 64, STREAMS, 32, 0.01, True, True),
    Step("128 units", 128, 0.0, 64, 64, STREAMS, 32, 0.01, True, True),
    Step("dropout 0.3", 128, 0.3, 64, 64, STREAMS, 32, 0.01, True, True),
)


def measure(step: Step, seed: int) -> dict:
    """Train one step with one seed, and write down what came of it, as JSON types."""
    result = step.train(seed, show=False)
    tokens = step.data().tokens
    losses = {
        "train_loss": text_nll(result, tokens[: len(tokens) - TEST_START]),
        "test_loss": text_nll(result, tokens[TEST_START:]),
    }
    return {
        "step": step.name,
        "seed": seed,
        **{name: round(float(nll.mean()), 5) for name, nll in losses.items()},
        "num_params": result.num_params,
        "updates": len(result.grad_norms),
        "characters": step.max_epochs * step.windows["num_train"] * step.num_steps,
        "seconds": round(result.run_seconds, 1),
    }


def read_record() -> dict:
    """Read the record: `versions`, and `runs`, one per step and seed."""
    return json.loads(RECORD.read_text(encoding="utf-8"))


def main() -> None:
    """Train every step with every seed, in turn, and write the record after each run."""
    runs = []
    for seed in SEEDS:
        for step in STEPS:
            runs.append(measure(step, seed))
            print(runs[-1], flush=True)
            record = {"versions": versions(), "runs": runs}
            RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
