"""A small recurrent model that learns while the reader watches, in the browser or with JAX."""

import functools
from collections.abc import Callable
from typing import Any

import anywidget
import jax
import jax.numpy as jnp
import numpy as np
import optax
import traitlets
from flax import linen as nn

from charlm_lib.cells import CELLS, make_model
from charlm_lib.export import check_text, from_vector, to_vector
from charlm_lib.losses import cross_entropy
from charlm_lib.texts.cleaning import clean
from charlm_lib.texts.corpus import read_corpus
from charlm_lib.texts.data import gather_windows
from charlm_lib.texts.vocabulary import Vocab
from charlm_lib.widgets.bundle import module, style
from charlm_lib.widgets.seeds import check_seed

CHARACTERS = 20_000
CHOICES = {
    "cell": tuple(name for name, cell in CELLS.items() if cell.in_browser),
    "layers": (1, 2, 3),
    "hiddens": (8, 16, 32, 64),
    "num_steps": (8, 16, 32, 64),
    "optimizer": ("sgd", "adam"),
    "scale": (0.02, 0.05, 0.1, 0.2, 0.5, 1, 1.5, 2, 3),
    "learning_rate": (0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.5, 1, 2, 3, 4, 6, 10, 20, 50),
}
FIRST_RATES = {"sgd": 1.0, "adam": 0.01}


class TrainInThePage(anywidget.AnyWidget):
    """Trains a tanh, GRU or LSTM model by SGD or Adam in the reader's browser.

    Batches of 32 windows; the first 85% of the text is for training, the rest for validation.
    With a running kernel the reader may hand the updates to JAX: same start, same windows.

    Args:
        text: what to learn, cleaned by `charlm_lib.clean`; None: the start of *The Time Machine*.
        cell, layers, hiddens, num_steps, optimizer, learning_rate: the model, the length of its
            windows, and how it learns, each one of `CHOICES`; learning_rate None: one to begin
            with, 1 for "sgd" and 0.01 for "adam".
        scale: the initial kernels are normal with deviation scale/sqrt(inputs), those of the output
            layer 0.01; one of `CHOICES`.
        clip: the longest gradient that an update uses; 0: no clipping.
        prefix: where the samples start.
        seed: of the initial parameters and of the windows' order.

    The traits `cell`, `layers`, `hiddens`, `num_steps`, `optimizer`, `learning_rate`, `scale` and
    `clip` follow the reader's choices; learning rate and clipping act on a run that goes on.

    Raises:
        ValueError: a choice that is not offered, a negative clip, a text below 400 characters,
            a prefix with characters that are not in it, or a seed that is negative, too large or no
            whole number.
    """

    _esm = module("train_in_page.js")
    _css = style("train_in_page.css")

    text = traitlets.Unicode(read_only=True).tag(sync=True)
    title = traitlets.Unicode(read_only=True).tag(sync=True)  # of the text; "": its first words
    cell = traitlets.Enum(CHOICES["cell"]).tag(sync=True)
    layers = traitlets.Enum(CHOICES["layers"]).tag(sync=True)
    hiddens = traitlets.Enum(CHOICES["hiddens"]).tag(sync=True)
    num_steps = traitlets.Enum(CHOICES["num_steps"]).tag(sync=True)
    optimizer = traitlets.Enum(CHOICES["optimizer"]).tag(sync=True)
    learning_rate = traitlets.Enum(CHOICES["learning_rate"]).tag(sync=True)
    scale = traitlets.Enum(CHOICES["scale"]).tag(sync=True)
    clip = traitlets.Float(min=0).tag(sync=True)
    prefix = traitlets.Unicode().tag(sync=True)
    seed = traitlets.Int().tag(sync=True)

    def __init__(
        self,
        text: str | None = None,
        cell: str = "tanh",
        layers: int = 1,
        hiddens: int = 32,
        num_steps: int = 32,
        learning_rate: float | None = None,
        clip: float = 1.0,
        prefix: str = "time traveller ",
        seed: int = 0,
        optimizer: str = "sgd",
        scale: float = 1,
    ):
        title = "The Time Machine" if text is None else ""
        text = read_corpus()[:CHARACTERS] if text is None else clean(text)
        chosen = {"cell": cell, "layers": layers, "hiddens": hiddens, "num_steps": num_steps}
        chosen |= {"optimizer": optimizer, "scale": scale}
        first = FIRST_RATES.get(optimizer)
        chosen["learning_rate"] = first if learning_rate is None else learning_rate
        for name, value in chosen.items():
            if value not in CHOICES[name]:
                raise ValueError(f"{name} {value!r}: choose one of {CHOICES[name]}")
        if len(text) < 400:
            raise ValueError(f"the text has {len(text)} letters and spaces: give at least 400")
        if not 0 <= clip < float("inf"):
            raise ValueError(f"clip {clip}: give a length, or 0 for no clipping")
        check_text(prefix, [{"name": "the text", "tokens": Vocab(text).tokens}], "prefix")
        check_seed(seed)
        super().__init__(clip=clip, prefix=prefix, seed=seed, **chosen)
        self.set_trait("text", text)  # read-only: the page and the kernel train on this one
        self.set_trait("title", title)
        self.on_msg(self._answer)

    def __repr__(self) -> str:
        return (
            f"TrainInThePage: {self.layers} layer(s), {self.cell}. Run this cell or open the page."
        )

    def _answer(self, _, content: dict[str, Any], buffers: list) -> None:
        """Do what the browser asks for; an error goes back to it, for the reader to see."""
        if content["type"] == "hello":
            self.send({"type": "hello", "device": jax.devices()[0].platform.upper()})
            return
        try:
            vectors, nll, norms = update_with_jax(
                self.text,
                content["settings"],
                content["starts"],
                [np.frombuffer(buffer, "<f4") for buffer in buffers],
                content["updates"],
            )
        except Exception as error:
            self.send({"type": "updated", "id": content["id"], "error": repr(error)})
            return
        losses = {"nll": _json(nll), "norms": _json(norms)}
        answer = {"type": "updated", "id": content["id"], **losses}
        self.send(answer, [vector.tobytes() for vector in vectors])


def _json(values: np.ndarray) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]


def update_with_jax(
    text: str,
    settings: dict[str, Any],
    starts: list[list[int]],
    vectors: list[np.ndarray],
    updates: int = 0,
) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Do several updates on given windows.

    Args:
        text: cleaned.
        settings: cell, layers, hiddens, optimizer, learningRate, clip and numSteps, as the browser
            has them.
        starts: `(updates, batch_size)` first positions of the windows.
        vectors: the parameters, laid out as `export.to_vector` does, and in the same layout what
            the optimizer remembers: nothing of SGD; of Adam its running means.
        updates: how many there were before.

    Returns:
        The new vectors, and per update the loss (nats per character) and the gradient's norm
        before clipping.
    """
    vocab, tokens = _encoded(text)
    cell, layers, hiddens = (settings[name] for name in ("cell", "layers", "hiddens"))
    model = make_model(cell, len(vocab), hiddens, layers, as_stack=True)
    like, rule, run = _updates(model, settings["numSteps"], settings["clip"], settings["optimizer"])
    params, *memory = (from_vector(model, vector, like) for vector in vectors)
    state = rule.init(params)
    if memory:
        state = type(state)(jnp.int32(updates), *memory)
    params, state, nll, norms = run(
        params, state, tokens, jnp.asarray(starts), settings["learningRate"]
    )
    new = [to_vector(model, tree)[0] for tree in (params, *state[1:])]
    return new, np.asarray(nll), np.asarray(norms)


@functools.lru_cache(maxsize=4)
def _encoded(text: str) -> tuple[Vocab, jax.Array]:
    vocab = Vocab(text)
    return vocab, jnp.asarray(vocab.encode(text))


@functools.lru_cache(maxsize=32)
def _updates(
    model: nn.Module, num_steps: int, clip: float, optimizer: str
) -> tuple[dict, optax.GradientTransformation, Callable]:
    """The shapes of a model's parameters, the optimizer, and the compiled function of updates."""
    like = jax.eval_shape(model.init, jax.random.key(0), jnp.zeros((1, num_steps), jnp.int32))
    clipping = optax.clip_by_global_norm(clip) if clip else optax.identity()
    rule = {"sgd": optax.identity, "adam": optax.scale_by_adam}[optimizer]()

    def loss(params, X, Y):
        return cross_entropy(model.apply(params, X)[0], Y)

    @jax.jit
    def run(params, state, tokens, starts, learning_rate):
        def update(carry, starts):
            params, state = carry
            nll, gradient = jax.value_and_grad(loss)(
                params, *gather_windows(tokens, starts, num_steps)
            )
            norm = optax.tree.norm(gradient)
            clipped, _ = clipping.update(gradient, clipping.init(params))
            steps, state = rule.update(clipped, state)
            params = jax.tree.map(lambda p, step: p - learning_rate * step, params, steps)
            return (params, state), (nll, norm)

        (params, state), (nll, norms) = jax.lax.scan(update, (params, state), starts)
        return params, state, nll, norms

    return like, rule, run
