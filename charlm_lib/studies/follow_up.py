"""What the search of chapter 6 left untried: tied, averaged, longer, and learning as it reads.

`python -m charlm_lib.studies.follow_up` trains each of `TRIALS` that `records/follow_up.json` does
not hold yet, on the texts of `search`; it takes half an hour on two CPU cores. All but one are of
half the width of its best networks, and differ from the first in one thing, the averaged one in its
learning rate as well; the wide one takes what helped to that width. With `--finish` it chooses
among them by the validation text, and reads the test text of `search`, which was read once before,
when that study ended.
"""

import argparse
import json
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn
from flax.traverse_util import flatten_dict, unflatten_dict
from safetensors.numpy import load_file, save_file

from charlm_lib.checks import check_sizes
from charlm_lib.comparison import best_weight, mixture_nll
from charlm_lib.evaluation import TrainedModel, text_nll
from charlm_lib.language_model import RNNLMScratch
from charlm_lib.ngram import KneserNey, adaptive_nll, choose_order
from charlm_lib.runs.results import FitResult
from charlm_lib.studies import search
from charlm_lib.studies.depth_study import versions
from charlm_lib.texts.corpus import read_corpus
from charlm_lib.texts.data import TextData
from charlm_lib.texts.vocabulary import Vocab

RECORD = Path(__file__).parent / "records" / "follow_up.json"
DECAY = 0.997  # of the mean of the parameters: it reaches back over about 330 updates
RATES = (0.03, 0.1, 0.3)  # of the steps that a network takes while it reads


class TiedRNNLM(RNNLMScratch):
    """A language model whose characters have one vector each, for reading and for writing.

    `X_t = onehot_t E` goes into the layer, and `O_t = H_t E^T + b_q` comes out, with `E` of shape
    `(vocab_size, num_hiddens)`. Press and Wolf (2017).
    """

    def setup(self):
        check_sizes(vocab_size=self.vocab_size)
        size = self.rnn.num_hiddens
        self.E = self.param("E", nn.initializers.normal(size**-0.5), (self.vocab_size, size))
        self.b_q = self.param("b_q", nn.initializers.zeros, (self.vocab_size,))

    def one_hot(self, X):
        """Turn ids into their vectors, `(num_steps, batch_size, num_hiddens)`."""
        return super().one_hot(X) @ self.E

    def output_layer(self, outputs):
        """Turn hidden states (time first) into logits `(batch_size, num_steps, vocab_size)`."""
        return (outputs @ self.E.T + self.b_q).swapaxes(0, 1)


def mean_of_params(decay: float) -> optax.GradientTransformation:
    """Remember a running mean of the parameters, `M <- decay M + (1 - decay) W`; change nothing.

    It is the last of a chain of transformations. Polyak and Juditsky (1992).
    """

    def update(updates, mean, params):
        params = optax.apply_updates(params, updates)
        return updates, optax.incremental_update(params, mean, 1 - decay)

    return optax.GradientTransformation(lambda params: params, update)


@dataclass(frozen=True)
class Trial(search.Trial):
    """One training run; see `search.Trial`.

    Args:
        tied: one vector a character for reading and for writing.
        averaged: after the warm-up the learning rate stays, and in the end the mean of the
            parameters of the last updates is taken.
    """

    num_hiddens: int = 128
    output_drop: float = 0.0
    tied: bool = False
    averaged: bool = False

    @property
    def name(self) -> str:
        """Say what is not as in the first trial of the search."""
        first = asdict(search.Trial()) | {"tied": False, "averaged": False}
        return ", ".join(f"{k}={v}" for k, v in asdict(self).items() if v != first[k])

    def model(self, vocab_size: int) -> nn.Module:
        """Make the network."""
        model = super().model(vocab_size)
        return TiedRNNLM(model.rnn, vocab_size, self.lr) if self.tied else model

    def optimizer(self, num_updates: int) -> optax.GradientTransformation:
        """Make AdamW, and keep the mean of the parameters if it is wanted."""
        if not self.averaged:
            return super().optimizer(num_updates)
        rises = optax.linear_schedule(0.0, self.lr, num_updates // 10)
        adamw = optax.adamw(rises, weight_decay=self.weight_decay)
        return optax.chain(adamw, mean_of_params(DECAY))

    def train(self, data: TextData) -> FitResult:
        """Train the network from the start."""
        result = super().train(data)
        if not self.averaged:
            return result
        leaves, tree = jax.tree.flatten(result.params)
        mean = jax.tree.unflatten(tree, map(jnp.asarray, result.opt_state[-len(leaves) :]))
        return replace(result, params=mean)


TRIALS = (
    Trial(),
    Trial(tied=True),
    Trial(averaged=True, lr=0.002),
    Trial(max_epochs=60),
    Trial(tied=True, num_hiddens=256),  # as wide as the best of the search
    Trial(weight_decay=0.01),  # the others have ten times that
    Trial(weight_decay=0.5),
)


@partial(jax.jit, static_argnames=("model", "num_steps"))
def _dynamic(model, params, windows, lr, num_steps):
    def step(carry, window):
        params, state = carry

        def loss(params):
            logits, new_state = model.apply({"params": params}, window[None, :-1], state)
            of_each = optax.softmax_cross_entropy_with_integer_labels(logits[0], window[1:])
            return of_each.mean(), (of_each, new_state)

        grads, (of_each, state) = jax.grad(loss, has_aux=True)(params)
        return (jax.tree.map(lambda p, g: p - lr * g, params, grads), state), of_each

    state = jax.eval_shape(model.apply, {"params": params}, windows[:1, :-1])[1]
    begin = params, jnp.zeros(state.shape)
    return jax.lax.scan(step, begin, windows)[1].reshape(-1)


def dynamic_nll(trained: TrainedModel, ids: np.ndarray, lr: float, num_steps: int = 32):
    """Negative log-likelihood (nats) of each character, for a network that learns as it reads.

    After every `num_steps` characters, when they have been predicted, it takes a step of plain
    SGD on their mean loss. Dynamic evaluation: Mikolov et al. (2010), Krause et al. (2018).

    Args:
        trained: the network as it begins.
        ids: `(num_characters,)`; the first one is given.
        lr: learning rate of the steps; at 0 it only reads.
        num_steps: characters between two steps.

    Returns:
        `(num_predicted,)`: what does not fill a last window is left out.
    """
    starts = np.arange(0, len(ids) - num_steps, num_steps)
    windows = jnp.asarray(ids)[starts[:, None] + np.arange(num_steps + 1)]
    params = trained.params.get("params", trained.params)
    return np.asarray(_dynamic(trained.model, params, windows, lr, num_steps), float)


def trial_of(entry: dict) -> Trial:
    """Give the trial that an entry of the record is of."""
    return Trial(**entry["trial"])


def read_record() -> dict:
    """Read the record: `versions`, `trials`, and what `finish` found."""
    if not RECORD.is_file():
        return {"versions": versions(), "trials": []}
    return json.loads(RECORD.read_text(encoding="utf-8"))


def finish(record: dict, work: Path) -> dict:
    """Choose by the validation text, then read the test text.

    Returns:
        What was chosen, and the losses of the contenders on the validation and the test text.
    """
    entry = min(record["trials"], key=lambda entry: entry["validation_loss"])
    trial, vocab = trial_of(entry), Vocab(read_corpus())
    flat = load_file(work / f"{TRIALS.index(trial)}.safetensors")
    params = unflatten_dict({tuple(name.split("/")): jnp.asarray(x) for name, x in flat.items()})
    network = TrainedModel(trial.model(len(vocab)), params, vocab)
    ids = {name: vocab.encode(text) for name, text in search.text_parts().items()}
    order = choose_order(ids["train"], ids["validation"], len(vocab))
    table = KneserNey(ids["train"], order, len(vocab))

    def rate_loss(lr: float) -> float:
        return dynamic_nll(network, ids["validation"], lr).mean()

    lr, share = min(RATES, key=rate_loss), None
    found = {}
    for name in ("validation", "test"):
        dynamic = dynamic_nll(network, ids[name], lr)
        losses = {
            "table": table.nll(ids[name]),
            "table that goes on counting": adaptive_nll(ids["train"], ids[name], order, len(vocab)),
            "follow-up network": np.asarray(text_nll(network, ids[name]), float),
            "network that goes on learning": dynamic,
        }
        losses = {label: nll[: len(dynamic)] for label, nll in losses.items()}
        both = losses["network that goes on learning"], losses["table that goes on counting"]
        share = best_weight(*both) if share is None else share  # of the validation text
        losses["both that go on"] = mixture_nll(*both, share)
        found[name] = {
            label: {"loss": round(float(nll.mean()), 5), "blocks": search.blocks_of(nll)}
            for label, nll in losses.items()
        }
    return {"chosen": {"trial": asdict(trial), "lr": lr, "share": share}, **found}


def main() -> None:
    """Run the trials that have not been run yet, in turn; or finish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("_build/follow_up"), help="their models")
    parser.add_argument("--only", type=int, help="run this trial alone")
    parser.add_argument("--finish", action="store_true", help="choose, and read the test text")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    for number, trial in enumerate(TRIALS):
        done = [trial_of(entry) for entry in read_record()["trials"]]
        if options.finish or trial in done or options.only not in (None, number):
            continue
        entry, result = search.measure(trial)
        flat = flatten_dict(jax.device_get(result.params), sep="/")
        save_file(flat, options.work / f"{number}.safetensors")
        record = read_record()
        write(record | {"trials": [*record["trials"], entry]})
        print(f"{trial.name}: {entry['validation_loss']:.4f} in {entry['seconds']:.0f} s")
    if options.finish:
        record = read_record()
        write(record | finish(record, options.work))


def write(record: dict) -> None:
    """Write the record."""
    RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
