"""A task that asks for memory alone: recall a symbol after so many steps of noise.

`python -m charlm_lib.studies.recall` trains every network on every delay that the record,
`records/recall.json`, does not have yet; it takes about half an hour on two CPU cores. It
is the positive control of chapter 5: here a memory that reaches back is seen, where there is one.

A sequence is one of 8 symbols and then noise, one of 8 other symbols at each step. After the last
step the network says what the first symbol was, and guessing is right once in 8 times. The task is
one of the kind of Hochreiter and Schmidhuber (1997); nothing but the last answer is judged.
"""

import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn

from charlm_lib.cells import CELLS, make_model
from charlm_lib.engine.parameters import first_params
from charlm_lib.engine.twins import Use, fuse
from charlm_lib.language_model import RNNLM
from charlm_lib.studies.depth_study import SEEDS, versions

RECORD = Path(__file__).parent / "records" / "recall.json"
STARTS = "small", "orthogonal", "gru", "slow gru", "lstm", "open lstm", "slow lstm"
DELAYS, DEPTHS = (5, 10, 20, 50, 100), (1, 2, 4)
NUM_SYMBOLS, NUM_HIDDENS, BATCH_SIZE = 8, 32, 64
NUM_UPDATES, LR = 1_500, 0.003
SLOW = 3.0  # first bias of the gate that keeps: it then keeps 95% of the state in each step
OPEN = 1.0  # the usual first bias of a forget gate, which then keeps 73% (Jozefowicz et al., 2015)
BIASES = {  # the start: the layer's parameters that keep the state, and their first bias
    "slow gru": ("iz", SLOW),
    "open lstm": ("hf", OPEN),
    "slow lstm": ("hf", SLOW),
}


@dataclass(frozen=True)
class Network:
    """A stack of recurrent layers, each of `NUM_HIDDENS` units.

    Args:
        start: "small" for tanh layers with first weights of standard deviation 0.01; "orthogonal"
            for tanh layers whose first W_hh turns and mirrors a state and keeps its length, and
            whose W_xh has variance 1 / num_hiddens; "gru" and "lstm" for gated layers as Flax
            begins them; "slow gru" and "slow lstm" for gated layers that begin by keeping most of
            their state, equally much; "open lstm" for forget gates that begin with the usual bias.
        num_layers: layers.
    """

    start: str
    num_layers: int

    @property
    def name(self) -> str:
        """Say what it is made of."""
        return f"{self.start}, {self.num_layers} layer{'s' if self.num_layers > 1 else ''}"

    def model(self) -> nn.Module:
        """Make the language model."""
        cell = self.start.split()[-1]  # "slow gru" is a gru
        cell = cell if cell in CELLS else "tanh"
        sigma = {"small": 0.01, "orthogonal": NUM_HIDDENS**-0.5}.get(self.start)
        sizes = 2 * NUM_SYMBOLS, NUM_HIDDENS, self.num_layers
        return make_model(cell, *sizes, sigma=sigma, head=RNNLM, as_stack=True)

    def first_params(self, seed: int) -> dict:
        """Draw the first parameters."""
        params = first_params(self.model(), seed)
        keys = iter(jax.random.split(jax.random.key(seed), self.num_layers))
        draw = nn.initializers.orthogonal()
        gate, more = BIASES.get(self.start, (None, 0.0))

        def changed(path, x):
            place = [part.key for part in path]
            if self.start == "orthogonal" and place[-1] == "W_hh":
                return draw(next(keys), x.shape)
            return x + more if place[-2:] == [gate, "bias"] else x

        return jax.tree_util.tree_map_with_path(changed, params)


NETWORKS = [Network(start, depth) for start in STARTS for depth in DEPTHS]


def sequences(key: jax.Array, num_sequences: int, delay: int) -> jax.Array:
    """Draw sequences of ids, `(num_sequences, delay)`: a symbol, and then noise."""
    first, later = jax.random.split(key)
    symbol = jax.random.randint(first, (num_sequences, 1), 0, NUM_SYMBOLS)
    noise = jax.random.randint(later, (num_sequences, delay - 1), NUM_SYMBOLS, 2 * NUM_SYMBOLS)
    return jnp.concatenate([symbol, noise], 1)


@cache
def training(model: nn.Module, delay: int, num_updates: int):
    """Make the function that trains with Adam on fresh sequences; seeds and starts share it.

    It takes the first parameters, and the keys of the sequences to train and to test on. It gives
    the share of right answers.
    """
    model = fuse(model, Use(BATCH_SIZE, delay))
    optimizer = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(LR))

    def answers(params, X):
        return model.apply(params, X)[0][:, -1, :NUM_SYMBOLS]  # after the last step

    def loss(params, X):
        nll = optax.softmax_cross_entropy_with_integer_labels(answers(params, X), X[:, 0])
        return nll.mean()

    def update(carry, key):
        params, opt_state = carry
        grads = jax.grad(loss)(params, sequences(key, BATCH_SIZE, delay))
        steps, opt_state = optimizer.update(grads, opt_state)
        return (optax.apply_updates(params, steps), opt_state), None

    @jax.jit
    def run(params, train_key, test_key):
        keys = jax.random.split(train_key, num_updates)
        (params, _), _ = jax.lax.scan(update, (params, optimizer.init(params)), keys)
        X = sequences(test_key, 16 * BATCH_SIZE, delay)
        return (answers(params, X).argmax(-1) == X[:, 0]).mean()

    return run


def train(network: Network, delay: int, seed: int) -> float:
    """Train a network on one delay, and give the share of right answers on other sequences."""
    run = training(network.model(), delay, NUM_UPDATES)
    train_key, test_key = jax.random.split(jax.random.key(seed))
    return float(run(network.first_params(seed), train_key, test_key))


def read_record() -> dict:
    """Read the record: `versions`, and `runs`, one per network, delay and seed."""
    if not RECORD.is_file():
        return {"versions": versions(), "runs": []}
    return json.loads(RECORD.read_text(encoding="utf-8"))


def accuracy(record: dict, network: Network, delay: int) -> np.ndarray:
    """Give the share of right answers of each seed, `(num_seeds,)`."""
    key = asdict(network) | {"delay": delay}
    return np.array([run["accuracy"] for run in record["runs"] if key.items() <= run.items()])


def mean_accuracy(record: dict) -> dict[str, list[float]]:
    """Give for each network, by its name, the mean share of right answers after each delay."""
    return {
        network.name: [float(accuracy(record, network, delay).mean()) for delay in DELAYS]
        for network in NETWORKS
    }


def main() -> None:
    """Train what the record lacks, and write it after each run."""
    record = read_record()
    for network in NETWORKS:
        for delay in DELAYS:
            for seed in SEEDS[len(accuracy(record, network, delay)) :]:
                share = round(train(network, delay, seed), 4)
                record["runs"].append(
                    {**asdict(network), "delay": delay, "seed": seed, "accuracy": share}
                )
                RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
                print(record["runs"][-1], flush=True)


if __name__ == "__main__":
    main()
