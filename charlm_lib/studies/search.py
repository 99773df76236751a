"""The search of chapter 6 for a recurrent network that predicts this novel better than counting.

`python -m charlm_lib.studies.search` trains every trial of `TRIALS`, in turn, and
`python -m charlm_lib.studies.search --finish` then chooses among them by the validation text, reads
the test text, once, and writes `records/search.json`. It takes about an hour on two CPU cores. All
trials stand in the record, the bad ones too. They were written down in rounds, each after the one
before was read.

The last tenth of the novel, which other chapters test on, has been looked at too often. So here it
is training text, and another tenth, from the middle, is held out.
"""

import argparse
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn
from flax.traverse_util import flatten_dict, unflatten_dict
from safetensors.numpy import load_file, save_file

from charlm_lib.checks import initial_state
from charlm_lib.comparison import best_weight, mixture_nll
from charlm_lib.engine.recurrences import gru_recurrence
from charlm_lib.evaluation import TrainedModel, text_nll
from charlm_lib.language_model import RNNLM
from charlm_lib.ngram import KneserNey, adaptive_nll, choose_order
from charlm_lib.runs.results import FitResult
from charlm_lib.runs.training import Trainer
from charlm_lib.studies.depth_study import versions
from charlm_lib.studies.recipe import falling
from charlm_lib.texts.corpus import read_corpus
from charlm_lib.texts.data import TextData
from charlm_lib.texts.vocabulary import Vocab

RECORD = Path(__file__).parent / "records" / "search.json"
TEST = 70_000, 87_000  # characters of the novel that no trial is trained or chosen on
VALIDATION = 139_200, 156_032  # as in the other chapters
BATCH_SIZE, NUM_STEPS = 32, 64
BLOCK = 500  # characters whose losses are averaged in the record


class WeightDropGRU(nn.Module):
    """`GRU` with more dropout: on its outputs, and on the weights of the recurrent path.

    A dropped weight of `W_hr`, `W_hz`, `W_hn` is missing in all steps of a window, and the others
    are enlarged (DropConnect as Merity et al., 2018, use it). Parameters are those of `GRU`.

    Args:
        num_hiddens: hidden units per layer.
        num_layers: layers.
        dropout: probability that an output of a layer is dropped on its way to the next one.
        weight_drop: probability that a recurrent weight is dropped.
        output_drop: probability that an output of the top layer is dropped.
    """

    num_hiddens: int
    num_layers: int
    dropout: float = 0.0
    weight_drop: float = 0.0
    output_drop: float = 0.0

    @nn.compact
    def __call__(self, inputs, state=None, training=False):
        H, orthogonal = self.num_hiddens, nn.initializers.orthogonal()
        state = initial_state(state, (self.num_layers, inputs.shape[1], H))
        outputs, new_state = inputs, []
        drop_weights = nn.Dropout(self.weight_drop, deterministic=not training)
        for i in range(self.num_layers):
            if i > 0:
                outputs = nn.Dropout(self.dropout, deterministic=not training)(outputs)
            # One array per gate: reset, update, new
            projections = tuple(nn.Dense(H, name=f"layer_{i}_i{g}")(outputs) for g in "rzn")
            W = (self.param(f"layer_{i}_h{g}", orthogonal, (H, H)) for g in "rzn")
            b_hn = self.param(f"layer_{i}_hn_bias", nn.initializers.zeros, (H,))
            outputs = gru_recurrence(projections, state[i], *map(drop_weights, W), b_hn)
            new_state.append(outputs[-1])
        outputs = nn.Dropout(self.output_drop, deterministic=not training)(outputs)
        return outputs, jnp.stack(new_state)


@dataclass(frozen=True)
class Trial:
    """One training run of the search.

    Args:
        num_hiddens, num_layers, dropout, weight_drop, output_drop: see `WeightDropGRU`.
        lr, weight_decay, max_epochs: of AdamW, whose rate warms up and falls to zero.
        batch_size, num_steps: of the windows.
        seed: of the first weights and of the order.
    """

    num_hiddens: int = 256
    num_layers: int = 2
    dropout: float = 0.5
    weight_drop: float = 0.0
    output_drop: float = 0.5
    lr: float = 0.004
    weight_decay: float = 0.1
    max_epochs: int = 30
    batch_size: int = BATCH_SIZE
    num_steps: int = NUM_STEPS
    seed: int = 0

    @property
    def name(self) -> str:
        """Say what is not as in the first trial."""
        changed = (f for f in fields(self) if getattr(self, f.name) != f.default)
        return ", ".join(f"{f.name}={getattr(self, f.name)}" for f in changed) or "first trial"

    def data(self) -> TextData:
        """Cut the novel, its parts in the order of the search, into windows for carried state."""
        rows, characters = self.batch_size, self.batch_size * self.num_steps
        parts = text_parts()
        num_train, num_val = (
            len(parts[name]) // characters * rows for name in ("train", "validation")
        )
        sizes = rows, self.num_steps, num_train, num_val
        return TextData("".join(parts.values()), *sizes, stride=self.num_steps)

    def model(self, vocab_size: int) -> nn.Module:
        """Make the network."""
        drops = self.dropout, self.weight_drop, self.output_drop
        rnn = WeightDropGRU(self.num_hiddens, self.num_layers, *drops)
        return RNNLM(rnn, vocab_size, self.lr)

    def optimizer(self, num_updates: int) -> optax.GradientTransformation:
        """Make AdamW, with a rate that warms up and then falls."""
        return optax.adamw(falling(self.lr, num_updates), weight_decay=self.weight_decay)

    def train(self, data: TextData) -> FitResult:
        """Train the network from the start."""
        optimizer = self.optimizer(self.max_epochs * -(-data.num_train // data.batch_size))
        trainer = Trainer(self.max_epochs, gradient_clip_val=1, carry_state=True)
        model = self.model(len(data.vocab))
        return trainer.fit(model, data, self.seed, optimizer, show=False)


def text_parts() -> dict[str, str]:
    """Cut the novel into what trials train on, validate on, and are tested on in the end."""
    text, (a, b), (c, d) = read_corpus(), TEST, VALIDATION
    return {
        "train": text[:a] + text[b:c] + text[d:],
        "validation": text[c:d],
        "test": text[a:b],
    }


TRIALS = (
    # Round 1: one thing changed at a time
    Trial(),
    Trial(weight_drop=0.3),
    Trial(output_drop=0.0),
    Trial(num_layers=1, weight_drop=0.3),
    Trial(num_hiddens=128),
    # Round 2: without dropout of outputs, which had cost most; wider, and other seeds
    Trial(output_drop=0.0, seed=1),
    Trial(output_drop=0.0, num_hiddens=384),
    Trial(output_drop=0.0, seed=2),
)


def measure(trial: Trial) -> tuple[dict, FitResult]:
    """Run a trial, and write down what came of it, as JSON types, beside the result."""
    parts = text_parts()
    result = trial.train(trial.data())
    losses = {name: text_nll(result, parts[name]).mean() for name in ("train", "validation")}
    entry = {
        "trial": asdict(trial),
        "num_params": result.num_params,
        "stopped": result.stopped,
        **{f"{name}_loss": round(float(loss), 5) for name, loss in losses.items()},
        "val_perplexity": [round(x, 4) for x in result.history["val_perplexity"]],
        "seconds": round(result.run_seconds, 1),
    }
    return entry, result


def trials_done(work: Path) -> list[tuple[dict, TrainedModel]]:
    """Give what came of every trial, and its model, as they lie in the folder of trials."""
    vocab, done = Vocab(read_corpus()), []
    for path in sorted(work.glob("*.json")):
        entry = json.loads(path.read_text(encoding="utf-8"))
        flat = load_file(path.with_suffix(".safetensors"))
        params = unflatten_dict({tuple(name.split("/")): x for name, x in flat.items()})
        model = Trial(**entry["trial"]).model(len(vocab))
        done.append((entry, TrainedModel(model, jax.tree.map(jnp.asarray, params), vocab)))
    return done


def ensemble_nll(losses: list[np.ndarray]) -> np.ndarray:
    """Negative log-likelihood (nats) of the mean of several models' probabilities."""
    return -np.log(np.mean(np.exp(-np.array(losses)), axis=0))


def finish(work: Path) -> dict:
    """Choose by the validation text, then read the test text, once.

    The models of the trials are put together, the best first, as long as the ensemble gains.

    Returns:
        The record: all trials; what was chosen; and the losses on the validation and test text.
    """
    done = sorted(trials_done(work), key=lambda pair: pair[0]["validation_loss"])
    vocab = done[0][1].vocab
    ids = {name: vocab.encode(text) for name, text in text_parts().items()}
    order = choose_order(ids["train"], ids["validation"], len(vocab))
    table = KneserNey(ids["train"], order, len(vocab))

    def losses(name: str) -> dict[str, np.ndarray]:
        nets = [np.asarray(text_nll(trained, ids[name]), float) for _, trained in done]
        return {"table": table.nll(ids[name]), "networks": nets}

    val = losses("validation")
    sizes = range(1, len(done) + 1)
    size = min(sizes, key=lambda k: ensemble_nll(val["networks"][:k]).mean())
    share = best_weight(ensemble_nll(val["networks"][:size]), val["table"])
    found = {}
    for name, of in (("validation", val), ("test", losses("test"))):
        ensemble = ensemble_nll(of["networks"][:size])
        contenders = {
            "table": of["table"],
            "table that goes on counting": adaptive_nll(ids["train"], ids[name], order, len(vocab)),
            "best network": of["networks"][0],
            "ensemble": ensemble,
            "ensemble and table": mixture_nll(ensemble, of["table"], share),
        }
        found[name] = {
            label: {"loss": round(float(nll.mean()), 5), "blocks": blocks_of(nll)}
            for label, nll in contenders.items()
        }
    chosen = {"order": order, "ensemble": size, "share_of_ensemble": share}
    trials = [entry for entry, _ in done]
    return {"versions": versions(), "trials": trials, "chosen": chosen, **found}


def blocks_of(nll: np.ndarray) -> list[float]:
    """Give the mean loss of each block of about `BLOCK` characters."""
    blocks = np.array_split(nll, len(nll) // BLOCK)
    return [round(float(block.mean()), 4) for block in blocks]


def read_record() -> dict:
    """Read the record: what `finish` returned."""
    return json.loads(RECORD.read_text(encoding="utf-8"))


def main() -> None:
    """Run the trials that have not been run yet, in turn; or finish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("_build/search"), help="folder of trials")
    parser.add_argument("--share", type=int, nargs=2, default=(0, 1), metavar=("I", "N"))
    parser.add_argument("--finish", action="store_true", help="choose, test, and write the record")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    if options.finish:
        RECORD.write_text(json.dumps(finish(options.work), indent=1) + "\n", encoding="utf-8")
        return
    first, step = options.share
    for number, trial in list(enumerate(TRIALS))[first::step]:
        path = options.work / f"{number:02}.json"
        if path.exists() and json.loads(path.read_text(encoding="utf-8"))["trial"] == asdict(trial):
            continue
        entry, result = measure(trial)
        flat = flatten_dict(jax.device_get(result.params), sep="/")
        save_file(flat, path.with_suffix(".safetensors"))
        path.write_text(json.dumps(entry) + "\n", encoding="utf-8")
        print(
            f"{trial.name}: {entry['validation_loss']:.4f} in {entry['seconds']:.0f} s", flush=True
        )


if __name__ == "__main__":
    main()
