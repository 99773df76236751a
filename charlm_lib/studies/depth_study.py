"""The study of chapter 5: what do more layers change when all else is held equal?

`python -m charlm_lib.studies.depth_study` trains every run that `depth_study.json` does not
have yet and writes it there, with parameters in `depth_study.safetensors`: of the first seed for
every network, of all seeds for the deepest GRU. It takes about an hour on two CPU cores. The
chapter loads this record and checks it.
"""

import json
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import flax
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax.traverse_util import flatten_dict, unflatten_dict
from safetensors.numpy import load_file, save_file

from charlm_lib.cells import make_model
from charlm_lib.engine.parameters import param_shapes
from charlm_lib.evaluation import TrainedModel, text_nll
from charlm_lib.language_model import RNNLM
from charlm_lib.runs.results import FitResult
from charlm_lib.runs.training import Trainer
from charlm_lib.texts.corpus import read_corpus
from charlm_lib.texts.data import TextData, TimeMachine
from charlm_lib.texts.vocabulary import Vocab

RECORD = Path(__file__).parent / "records" / "depth_study.json"
WEIGHTS = RECORD.with_suffix(".safetensors")
LEARNING_RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
SEEDS = (0, 1, 2)
MAX_EPOCHS, WARMUP, CLIP = 20, 100, 1.0
CELLS, WIDTH, DEPTHS = ("tanh", "gru", "lstm"), 32, (1, 2, 3, 4)
TEST_START = 156_032  # the characters from here on are for the test alone


@dataclass(frozen=True)
class Config:
    """One network of the study.

    Args:
        cell: one of `CELLS`.
        num_layers, num_hiddens: layers, and hidden units of each.
    """

    cell: str
    num_layers: int
    num_hiddens: int

    @property
    def name(self) -> str:
        return f"{self.cell}-{self.num_layers}x{self.num_hiddens}"

    def model(self, vocab_size: int = 28) -> RNNLM:
        """Make the language model; tanh weights begin with variance 1 / num_hiddens."""
        sigma = self.num_hiddens**-0.5 if self.cell == "tanh" else None
        sizes = vocab_size, self.num_hiddens, self.num_layers
        # The optimizer has its own learning rate.
        return make_model(self.cell, *sizes, sigma=sigma, head=RNNLM, as_stack=True)

    def num_params(self) -> int:
        """How many numbers the model learns."""
        return sum(x.size for x in jax.tree.leaves(param_shapes(self.model())))


def equal_width(cell: str) -> list[Config]:
    """Give one network per depth, each layer `WIDTH` units wide."""
    return [Config(cell, depth, WIDTH) for depth in DEPTHS]


@cache
def equal_params(cell: str) -> list[Config]:
    """Give one network per depth with as many parameters as the deepest of equal width.

    The width is the one that comes closest.
    """
    budget = equal_width(cell)[-1].num_params()
    widths = range(WIDTH, 4 * WIDTH)

    def closest(depth: int) -> Config:
        first = bisect_left(widths, budget, key=lambda w: Config(cell, depth, w).num_params())
        around = (Config(cell, depth, w) for w in widths[max(first - 1, 0) : first + 1])
        return min(around, key=lambda config: abs(config.num_params() - budget))

    return [closest(depth) for depth in DEPTHS]


def study_data() -> TextData:
    """Give the windows of the study: 8 characters apart, from the first nine tenths of the novel.

    Training windows cover the first 139,200 characters, validation windows those up to
    `TEST_START`.
    """
    return TimeMachine(batch_size=128, num_steps=32, num_train=17_400, num_val=2_100, stride=8)


def train(config: Config, lr: float, seed: int, data: TextData, show: bool = False) -> FitResult:
    """Train one network: Adam, a learning rate that warms up and then falls to zero, clipping."""
    updates = MAX_EPOCHS * -(-data.num_train // data.batch_size)
    schedule = optax.warmup_cosine_decay_schedule(0.0, lr, WARMUP, updates)
    trainer = Trainer(MAX_EPOCHS, CLIP)
    return trainer.fit(config.model(), data, seed, optax.adam(schedule), show)


def run(config: Config, lr: float, seed: int, data: TextData) -> tuple[dict, FitResult]:
    """Train one network and write down what came of it, as JSON types, beside the result."""
    result = train(config, lr, seed, data)
    test = text_nll(result, data.tokens[TEST_START:])
    entry = {
        "name": config.name,
        "lr": lr,
        "seed": seed,
        "num_params": result.num_params,
        "stopped": result.stopped,
        "val_loss": float(np.log(result.history["val_perplexity"][-1])),
        "test_loss": float(test.mean()),
        "train_perplexity": [round(x, 4) for x in result.history["train_perplexity"]],
        "val_perplexity": [round(x, 4) for x in result.history["val_perplexity"]],
        "seconds": round(result.run_seconds, 1),
    }
    return entry, result


def choose_lr(losses: dict[float, float]) -> tuple[float, bool]:
    """Find the learning rate to try next, or the chosen one.

    Two neighbours in the middle of `LEARNING_RATES` are tried first. Then the search goes on
    beside the best one, until both its neighbours have been tried and are worse.

    Args:
        losses: validation loss at the end, for each learning rate that was tried.

    Returns:
        A learning rate, and whether it is chosen.
    """
    for lr in LEARNING_RATES[1:3]:
        if lr not in losses:
            return lr, False
    best = min(losses, key=losses.get)
    place = LEARNING_RATES.index(best)
    for lr in LEARNING_RATES[max(place - 1, 0) : place + 2]:
        if lr not in losses:
            return lr, False
    return best, True


def find_lr(loss: Callable[[float], float]) -> float:
    """Find the learning rate by the rule of `choose_lr`.

    Args:
        loss: gives the validation loss at the end of a run with a learning rate.
    """
    losses: dict[float, float] = {}
    lr, chosen = choose_lr(losses)
    while not chosen:
        losses[lr] = loss(lr)
        lr, chosen = choose_lr(losses)
    return lr


def read_record() -> dict:
    """Read the record: `versions` and the list `runs`; an empty one where there is none."""
    if not RECORD.is_file():
        return {"versions": versions(), "runs": []}
    return json.loads(RECORD.read_text(encoding="utf-8"))


def chosen_runs(record: dict, config: Config) -> list[dict]:
    """Give the runs of one network with its chosen learning rate, one per seed."""
    runs = [run for run in record["runs"] if run["name"] == config.name]
    tried = {run["lr"]: run["val_loss"] for run in runs if run["seed"] == SEEDS[0]}
    lr = min(tried, key=tried.get)
    return [run for run in runs if run["lr"] == lr]


def recorded(config: Config, seed: int = SEEDS[0]) -> TrainedModel:
    """Give the model that a run with the chosen learning rate left.

    Raises:
        ValueError: the record has no parameters of this network and seed.
    """
    kept = unflatten_dict({tuple(k.split("/")): v for k, v in load_file(WEIGHTS).items()})
    if f"{config.name}-{seed}" not in kept:
        raise ValueError(
            f"the record has no parameters of {config.name} with seed={seed}, only of "
            f"{', '.join(sorted(kept))}"
        )
    params = jax.tree.map(jnp.asarray, kept[f"{config.name}-{seed}"])
    return TrainedModel(config.model(), params, Vocab(read_corpus()))


def versions() -> dict[str, str]:
    """Name the packages that the numbers of the record depend on."""
    return {m.__name__: m.__version__ for m in (jax, flax, optax, np)}


def all_configs() -> list[Config]:
    """List every network of the study once."""
    plans = (plan(cell) for plan in (equal_width, equal_params) for cell in CELLS)
    return list(dict.fromkeys(config for plan in plans for config in plan))


def study_network(config: Config, data: TextData, record: dict, weights: dict) -> None:
    """Make the runs of one network that the record lacks, and add them to it.

    The learning rate is chosen with the first seed, by the validation loss at the end of training.
    """

    def loss(lr: float, seed: int = SEEDS[0]) -> float:
        key = {"name": config.name, "lr": lr, "seed": seed}
        for entry in record["runs"]:
            if key.items() <= entry.items():
                return entry["val_loss"]
        entry, result = run(config, lr, seed, data)
        record["runs"].append(entry)
        is_best = chosen_runs(record, config)[0]["lr"] == lr
        if is_best if seed == SEEDS[0] else config == equal_width("gru")[-1]:
            params = {f"{config.name}-{seed}": jax.device_get(result.params)}
            weights.update(flatten_dict(params, sep="/"))
        save(record, weights)
        print(f"{config.name} lr={lr} seed={seed}: {entry['val_loss']:.4f}", flush=True)
        return entry["val_loss"]

    lr = find_lr(loss)
    for seed in SEEDS[1:]:
        loss(lr, seed)


def save(record: dict, weights: dict) -> None:
    """Write the record and the parameters."""
    RECORD.parent.mkdir(exist_ok=True)
    save_file({k: np.array(v, order="C") for k, v in weights.items()}, WEIGHTS)
    RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Train what the record lacks, and write it after each run."""
    data, record = study_data(), read_record()
    if record["versions"] != versions():
        raise SystemExit(f"{RECORD} was made with {record['versions']}: delete it to begin anew")
    weights = load_file(WEIGHTS) if WEIGHTS.is_file() else {}
    for config in all_configs():
        study_network(config, data, record, weights)


if __name__ == "__main__":
    main()
