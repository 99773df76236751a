"""Does depth help with less text, or with fewer parameters? The last figure of chapter 5.

`python -m charlm_lib.studies.depth_by_text` trains what `records/depth_by_text.json` does not hold
yet; it takes about half an hour on two CPU cores. It goes on where `depth_study` ends, with its
windows, optimizer, seeds, and rule for the learning rate. Networks of one to four layers with equal
parameters learn

- from a sixteenth and a quarter of the training text, the part that ends where the validation text
  begins; and
- from all of it, with about a quarter of the parameters.

Less text means less to learn, so a run on a quarter of it makes half as many updates, and a run on
a sixteenth a quarter. Every run counts as it was at its best epoch, by the validation text.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import optax

from charlm_lib.evaluation import text_nll
from charlm_lib.ngram import KneserNey, choose_order
from charlm_lib.runs.training import Trainer
from charlm_lib.studies import depth_study
from charlm_lib.studies.depth_study import SEEDS, TEST_START, Config, find_lr, versions
from charlm_lib.texts.corpus import read_corpus
from charlm_lib.texts.data import TextData
from charlm_lib.texts.vocabulary import Vocab

RECORD = Path(__file__).parent / "records" / "depth_by_text.json"
SHARES, DEPTHS = (1 / 16, 1 / 4, 1.0), (1, 2, 4)
VALIDATION_START = 139_200


@dataclass(frozen=True)
class Plan:
    """Networks of one cell that differ in depth alone, and the text that they learn from.

    Args:
        cell: "tanh" or "gru".
        share: of the training text.
        small: with the parameters of one layer of 32 units, instead of four.
    """

    cell: str
    share: float = 1.0
    small: bool = False

    @property
    def name(self) -> str:
        """Say how much there is, of text and of parameters."""
        if self.small:
            return "all text,\n1/4 of the\nparameters"
        return {1 / 16: "1/16 of\nthe text", 1 / 4: "1/4 of\nthe text"}.get(self.share, "all text")

    @property
    def recorded(self) -> bool:
        """Whether `depth_study` has trained these networks."""
        return self.share == 1 and not self.small

    def configs(self) -> list[Config]:
        """Give one network per depth, with equal parameters as far as widths allow."""
        if not self.small:
            return [c for c in depth_study.equal_params(self.cell) if c.num_layers in DEPTHS]
        budget = Config(self.cell, 1, depth_study.WIDTH).num_params()
        return [closest_width(self.cell, depth, budget) for depth in DEPTHS]

    def data(self) -> TextData:
        """Cut the last part of the training text, and the validation text, into windows."""
        whole = depth_study.study_data()
        num_train = round(self.share * whole.num_train) // whole.batch_size * whole.batch_size
        if self.share == 1:
            return whole
        first = VALIDATION_START - num_train * 8
        text, vocab = read_corpus()[first : TEST_START + 40], Vocab(read_corpus())
        return TextData(text, whole.batch_size, 32, num_train, whole.num_val, stride=8, vocab=vocab)

    @property
    def max_epochs(self) -> int:
        """Passes over the text: a quarter of the text, half of the updates."""
        return round(depth_study.MAX_EPOCHS * self.share**-0.5)


PLANS = [
    Plan(cell, share, small)
    for cell in ("tanh", "gru")
    for share, small in ((1 / 16, False), (1 / 4, False), (1.0, False), (1.0, True))
]


def closest_width(cell: str, num_layers: int, budget: int) -> Config:
    """Give the network whose number of parameters comes closest to a budget."""
    configs = (Config(cell, num_layers, width) for width in range(4, depth_study.WIDTH + 1))
    return min(configs, key=lambda config: abs(config.num_params() - budget))


def measure(plan: Plan, config: Config, lr: float, seed: int) -> dict:
    """Train one network, and write down what came of it, as JSON types."""
    data = plan.data()
    updates = plan.max_epochs * (data.num_train // data.batch_size)
    rate = optax.warmup_cosine_decay_schedule(0.0, lr, min(depth_study.WARMUP, updates), updates)
    trainer = Trainer(plan.max_epochs, depth_study.CLIP)
    result = trainer.fit(config.model(), data, seed, optax.adam(rate), show=False)
    test = data.vocab.encode(read_corpus()[TEST_START:])
    return {
        **asdict(plan),
        "name": config.name,
        "num_layers": config.num_layers,
        "num_params": config.num_params(),
        "lr": lr,
        "seed": seed,
        "best_epoch": result.best_epoch,
        "val_loss": round(float(np.log(min(result.history["val_perplexity"]))), 5),
        "test_loss": round(float(text_nll(result.at_best_epoch(), test).mean()), 5),
    }


def count(share: float) -> dict:
    """Let a table count the same text; its order is chosen on the validation text."""
    vocab, text = Vocab(read_corpus()), read_corpus()
    ids, characters = vocab.encode(text), int(Plan("tanh", share).data().starts("val")[0])
    train = ids[VALIDATION_START - characters : VALIDATION_START]
    order = choose_order(train, ids[VALIDATION_START:TEST_START], len(vocab))
    loss = KneserNey(train, order, len(vocab)).nll(ids[TEST_START:]).mean()
    return {
        "share": share,
        "characters": characters,
        "order": order,
        "test_loss": round(float(loss), 5),
    }


def read_record() -> dict:
    """Read the record: `versions`, `tables`, and `runs`."""
    if not RECORD.is_file():
        return {"versions": versions(), "tables": list(map(count, SHARES)), "runs": []}
    return json.loads(RECORD.read_text(encoding="utf-8"))


def runs_of(record: dict, plan: Plan, num_layers: int) -> list[dict]:
    """Give the runs of a plan with so many layers that the record has."""
    key = asdict(plan) | {"num_layers": num_layers}
    return [run for run in record["runs"] if key.items() <= run.items()]


def losses(record: dict, plan: Plan, num_layers: int) -> np.ndarray:
    """Give the test losses of the seeds, with the learning rate that suited the first one best.

    Args:
        record: this study's. Where `depth_study` has the runs, its own record is read.
        plan, num_layers: which network.

    Returns:
        `(num_seeds,)` nats per character.
    """
    if plan.recorded:
        config = plan.configs()[DEPTHS.index(num_layers)]
        chosen = depth_study.chosen_runs(depth_study.read_record(), config)
    else:
        chosen = with_best_lr(runs_of(record, plan, num_layers))
    return np.array([run["test_loss"] for run in chosen])


def with_best_lr(runs: list[dict]) -> list[dict]:
    """Give the runs with the learning rate that was best for the first seed, on validation."""
    first = [run for run in runs if run["seed"] == SEEDS[0]]
    lr = min(first, key=lambda run: run["val_loss"])["lr"]
    return [run for run in runs if run["lr"] == lr]


def main() -> None:
    """Train what the record lacks, and write it after each run."""
    record = read_record()

    def study(plan: Plan, config: Config) -> None:
        def loss(lr: float, seed: int = SEEDS[0]) -> float:
            for entry in runs_of(record, plan, config.num_layers):
                if (entry["lr"], entry["seed"]) == (lr, seed):
                    return entry["val_loss"]
            record["runs"].append(measure(plan, config, lr, seed))
            RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
            print(record["runs"][-1], flush=True)
            return record["runs"][-1]["val_loss"]

        lr = find_lr(loss)
        for seed in SEEDS[1:]:
            loss(lr, seed)

    for plan in PLANS:
        for config in [] if plan.recorded else plan.configs():
            study(plan, config)


if __name__ == "__main__":
    main()
