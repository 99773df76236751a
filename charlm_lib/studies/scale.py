"""Text, width, depth: which of them does a GRU lack? The last study of chapter 6.

`python -m charlm_lib.studies.scale` trains a GRU of one, two and three layers, of `WIDTHS` units
each, on a sixteenth, a quarter and all of the text of `amounts`; add `--share 0 2` and `--share 1
2` to let two processes do half of it each. `python -m charlm_lib.studies.scale --finish` then adds
two seeds for the network that was best on each amount, and writes `records/scale.json`. It takes
about three quarters of an hour on two CPU cores.

Half of the updates for a quarter of the text: see `depth_by_text`. Each network has a learning rate
of its own, chosen on a quarter of the text as in `depth_study`. For each amount of text it has the
dropout of its own that was best: none, 0.3, or, where 0.3 beats none, 0.6. Outputs of *every*
layer are dropped, so that networks of one layer have this remedy, too. A run counts as it was at
its best epoch. All this is decided by the validation text.
"""

import argparse
import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import jax
import numpy as np
import optax

from charlm_lib.engine.parameters import param_shapes
from charlm_lib.evaluation import text_nll
from charlm_lib.language_model import RNNLM
from charlm_lib.runs.training import Trainer
from charlm_lib.studies import amounts, recipe
from charlm_lib.studies.depth_study import SEEDS, TEST_START, find_lr, versions
from charlm_lib.studies.search import WeightDropGRU
from charlm_lib.texts.corpus import read_corpus

RECORD = Path(__file__).parent / "records" / "scale.json"
ROWS_OF = (2, 8, 33)  # see `amounts`: a sixteenth, a quarter, and all of the text
PILOT = 8  # the learning rate is chosen on so much
WIDTHS, DEPTHS, DROPOUTS = (24, 48, 96, 192), (1, 2, 3), (0.0, 0.3, 0.6)
UPDATES = recipe.STEPS[-1].num_updates()  # on all of the text


@dataclass(frozen=True)
class Size:
    """How large a GRU is.

    Args:
        num_layers, num_hiddens: layers, and hidden units of each.
    """

    num_layers: int
    num_hiddens: int

    @property
    def name(self) -> str:
        return f"gru-{self.num_layers}x{self.num_hiddens}"

    def model(self, dropout: float = 0.0, vocab_size: int = 28) -> RNNLM:
        """Make the network, with dropout on the outputs of every layer."""
        drops = {"dropout": dropout, "output_drop": dropout}
        rnn = WeightDropGRU(self.num_hiddens, self.num_layers, **drops)
        return RNNLM(rnn, vocab_size, lr=0.0)  # the optimizer has its own learning rate

    def num_params(self) -> int:
        """How many numbers the network learns."""
        return sum(x.size for x in jax.tree.leaves(param_shapes(self.model())))


SIZES = tuple(Size(depth, width) for width in WIDTHS for depth in DEPTHS)


def max_epochs(windows_per_row: int) -> int:
    """Passes over a part of the text: a quarter of the text, half of the updates."""
    share = windows_per_row / ROWS_OF[-1]
    return round(UPDATES * share**0.5 / windows_per_row)


@cache
def data_of(windows_per_row: int):
    """Cut the windows of `amounts`, once."""
    return amounts.data_of(windows_per_row)


def measure(size: Size, windows_per_row: int, lr: float, dropout: float, seed: int) -> dict:
    """Train a network, and write down what came of it, as JSON types."""
    data, epochs = data_of(windows_per_row), max_epochs(windows_per_row)
    rate = recipe.falling(lr, epochs * windows_per_row)
    optimizer = optax.adamw(rate, weight_decay=recipe.STEPS[-1].weight_decay)
    trainer = Trainer(epochs, gradient_clip_val=1, carry_state=True)
    result = trainer.fit(size.model(dropout), data, seed, optimizer, show=False)
    test = data.vocab.encode(read_corpus()[TEST_START:])
    return {
        **asdict(size),
        "num_params": size.num_params(),
        "characters": data.num_train * data.num_steps,
        "lr": lr,
        "dropout": dropout,
        "seed": seed,
        "best_epoch": result.best_epoch,
        "train_perplexity": round(result.history["train_perplexity"][result.best_epoch - 1], 4),
        "val_loss": round(float(np.log(min(result.history["val_perplexity"]))), 5),
        "test_loss": round(float(text_nll(result.at_best_epoch(), test).mean()), 5),
        "seconds": round(result.run_seconds, 1),
    }


class Runs:
    """The runs of one network: those that its file has, and those that are asked for.

    Args:
        size: the network.
        path: of a JSON file, which is written anew after each run.
    """

    def __init__(self, size: Size, path: Path):
        self.size, self.path = size, path
        self.runs = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []

    def loss(self, windows_per_row: int, lr: float, dropout: float, seed: int = SEEDS[0]) -> float:
        """Give the validation loss of a run, and make the run if there is none."""
        data = data_of(windows_per_row)
        characters = data.num_train * data.num_steps
        key = {"characters": characters, "lr": lr, "dropout": dropout, "seed": seed}
        for run in self.runs:
            if key.items() <= run.items():
                return run["val_loss"]
        self.runs.append(measure(self.size, windows_per_row, lr, dropout, seed))
        self.path.write_text(json.dumps(self.runs, indent=1) + "\n", encoding="utf-8")
        print({"name": self.size.name, **self.runs[-1]}, flush=True)
        return self.runs[-1]["val_loss"]

    def find_lr(self) -> float:
        """Find the learning rate, on a quarter of the text."""
        return find_lr(lambda lr: self.loss(PILOT, lr, DROPOUTS[1]))

    def choose_dropout(self, windows_per_row: int, lr: float) -> float:
        """Find the dropout for an amount of text: more of it as long as it helps."""
        best = min(DROPOUTS[:2], key=lambda p: self.loss(windows_per_row, lr, p))
        if best == DROPOUTS[1]:
            best = min(DROPOUTS[1:], key=lambda p: self.loss(windows_per_row, lr, p))
        return best


def chosen_run(record: dict, size: Size, characters: int) -> dict:
    """Give the run of a network on so much text, with its learning rate and dropout; first seed."""
    runs = [
        run
        for run in record["runs"]
        if asdict(size).items() <= run.items() and run["seed"] == SEEDS[0]
    ]
    pilots = [
        run
        for run in runs
        if run["dropout"] == DROPOUTS[1] and run["characters"] == record["tables"][1]["characters"]
    ]
    lr = min(pilots, key=lambda run: run["val_loss"])["lr"]
    here = [run for run in runs if run["characters"] == characters and run["lr"] == lr]
    return min(here, key=lambda run: run["val_loss"])


def best_runs(record: dict, characters: int) -> list[dict]:
    """Give the runs of the network that was best on so much text, one per seed."""
    chosen = (chosen_run(record, size, characters) for size in SIZES)
    best = min(chosen, key=lambda run: run["val_loss"])
    same = "num_layers", "num_hiddens", "characters", "lr", "dropout"
    return [run for run in record["runs"] if all(run[name] == best[name] for name in same)]


def joined(files: dict[Size, Runs]) -> dict:
    """Make the record: `versions`, `tables` of counts, and the `runs` of all networks."""
    runs = [run for of_size in files.values() for run in of_size.runs]
    return {"versions": versions(), "tables": list(map(amounts.count, ROWS_OF)), "runs": runs}


def finish(files: dict[Size, Runs]) -> dict:
    """Add further seeds for the best network on each amount of text, and give the record."""
    record = joined(files)
    for windows_per_row, table in zip(ROWS_OF, record["tables"], strict=True):
        best = best_runs(record, table["characters"])[0]
        runs = files[Size(best["num_layers"], best["num_hiddens"])]
        for seed in SEEDS[1:]:
            runs.loss(windows_per_row, best["lr"], best["dropout"], seed)
    return joined(files)


def read_record() -> dict:
    """Read the record: what `finish` returned."""
    return json.loads(RECORD.read_text(encoding="utf-8"))


def main() -> None:
    """Train what has not been trained yet, or a share of it; or finish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("_build/scale"), help="folder of runs")
    parser.add_argument("--share", type=int, nargs=2, default=(0, 1), metavar=("I", "N"))
    parser.add_argument("--finish", action="store_true", help="add seeds, and write the record")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    files = {size: Runs(size, options.work / f"{size.name}.json") for size in SIZES}
    if options.finish:
        RECORD.write_text(json.dumps(finish(files), indent=1) + "\n", encoding="utf-8")
        return
    first, step = options.share
    for runs in list(files.values())[first::step]:
        lr = runs.find_lr()
        for windows_per_row in ROWS_OF:
            runs.choose_dropout(windows_per_row, lr)


if __name__ == "__main__":
    main()
