"""Weights of a trained model for the browser: one vector of numbers and a description of it.

The vector holds layer after layer, then the output layer, each tensor rows first:
tanh: Wx (in, H), Wh (H, H), b (H); gru: Wx (in, 3H), Wh (H, 3H), b (3H), bn (H) with the gates
ordered reset, update, new; lstm: Wx (in, 4H), Wh (H, 4H), b (4H) with the gates ordered input,
forget, candidate, output; output: Wq (H, V), bq (V). All kernels act on row vectors.
"""

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
from flax import linen as nn

from charlm_lib.cells import CELLS, LAYERS, Layer, layer_of
from charlm_lib.engine.settings import our_settings
from charlm_lib.engine.twins import Use, as_ours
from charlm_lib.texts.vocabulary import Vocab, readable

DTYPES = ("float16", "float32")
STEPS = 16  # that are compared


def to_vector(model: nn.Module, params: Mapping) -> tuple[np.ndarray, dict[str, Any]]:
    """Flatten the parameters of a language model into one float32 vector.

    Args:
        model: `RNNLMScratch` or `RNNLM` on a layer of `charlm_lib`.
        params: its parameters, `{"params": {...}}`.

    Returns:
        The vector, and a dict with `cell` ("tanh", "gru" or "lstm"), `hiddens` and `layers`.

    Raises:
        ValueError: the browser does not compute what this model does, or parameters are missing.
    """
    layer = layer_in_browser(model)
    try:
        tree = params["params"]
        layers, output = layer.layers(tree["rnn"]), output_weights(tree)
    except KeyError as missing:
        raise ValueError(
            f"these are not the parameters of a {layer.kind.__name__}: {missing} is missing"
        ) from missing
    tensors = [np.asarray(tensor) for weights in (*layers, output) for tensor in weights]
    about = {"cell": layer.cell, "hiddens": int(output[0].shape[0]), "layers": len(layers)}
    vector = np.concatenate([tensor.astype(np.float32).ravel() for tensor in tensors])
    left_out = sum(np.size(x) for x in jax.tree.leaves(params)) - vector.size
    if left_out:
        raise ValueError(f"the browser has no place for {left_out} of these parameters")
    return vector, about


@our_settings()
def layer_in_browser(model: nn.Module) -> Layer:
    """Find the layer of the library that computes what the model's layer does, in the browser too.

    Raises:
        ValueError: there is none.
    """
    ours = as_ours(model, Use(2, STEPS))
    layer = layer_of(ours) if ours is not None else None
    if layer is None or not CELLS[layer.cell].in_browser:
        kind = type(getattr(model, "rnn", model)).__name__
        known = [name for name, other in LAYERS.items() if CELLS[other.cell].in_browser]
        raise ValueError(
            f"the browser runs {', '.join(known)} in RNNLMScratch or RNNLM only, as the library "
            f"computes them, and this {type(model).__name__} of a {kind} computes something else"
        )
    return layer


def output_weights(tree: Mapping) -> list:
    """Give W_hq, `(num_hiddens, vocab_size)`, and b_q, `(vocab_size,)`."""
    if "W_hq" in tree:
        return [tree["W_hq"], tree["b_q"]]
    return [tree["output"]["kernel"], tree["output"]["bias"]]


def from_vector(model: nn.Module, vector: np.ndarray, like: Mapping) -> Mapping:
    """Undo `to_vector`: give a tree shaped as `like` with the numbers of `vector`.

    It serves for any vector of that layout, so for gradients too.

    Raises:
        ValueError: the vector has another length.
    """
    leaves, structure = jax.tree.flatten(like)
    ends = np.cumsum([leaf.size for leaf in leaves])
    size = int(ends[-1])
    if np.size(vector) != size:
        raise ValueError(f"{np.size(vector)} numbers for a model of {size} parameters")

    def unflatten(flat: np.ndarray) -> Mapping:
        parts = np.split(flat, ends[:-1])
        return structure.unflatten(
            [part.reshape(leaf.shape) for part, leaf in zip(parts, leaves, strict=True)]
        )

    # Flattening the numbers 0..size-1 tells where each entry of the vector comes from. They stay
    # exact in float32 up to 2**24 parameters.
    places, _ = to_vector(model, unflatten(np.arange(size)))
    flat = np.empty(size, np.float32)
    flat[places.astype(np.int64)] = np.asarray(vector, np.float32).ravel()
    return unflatten(flat)


def pack(results: Any, dtype: str = "float16") -> tuple[list[dict[str, Any]], bytes]:
    """Put the weights of one or several trained models into one string of bytes.

    Args:
        results: a result of `Trainer.fit`, or a dict from a name to such a result.
        dtype: "float16" (2 bytes a parameter, logits within 5e-3 for weights of usual size) or
            "float32" (4 bytes, within 1e-5).

    Returns:
        One description a model (name, cell, sizes, vocabulary, place in the bytes), and the bytes
        of all models.

    Raises:
        ValueError: no result, an unknown dtype, weights that are not finite or too large for
            float16, or a model that the browser cannot run.
    """
    if dtype not in DTYPES:
        raise ValueError(f"dtype {dtype!r}: choose one of {', '.join(DTYPES)}")
    named = results if isinstance(results, Mapping) else {"model": results}
    if not named:
        raise ValueError("no models: pass a result of Trainer.fit, or a dict of them by name")
    descriptions, data = [], b""
    for name, result in named.items():
        if not (hasattr(result, "params") and hasattr(result, "model")):
            raise ValueError(f"{name!r} is {result!r:.60}, not a result of Trainer.fit")
        vector, about = to_vector(result.model, result.params)
        if not np.isfinite(vector).all():
            raise ValueError(f"{name!r} has weights that are not finite: its training diverged")
        with np.errstate(over="ignore"):
            small = vector.astype(np.dtype(dtype).newbyteorder("<"))
        if not np.isfinite(small).all():
            raise ValueError(f'{name!r} has weights too large for float16: pass dtype="float32"')
        chunk = small.tobytes()
        place = {"offset": len(data), "bytes": len(chunk)}
        tokens = list(result.vocab.tokens)
        descriptions.append({"name": str(name), **about, "tokens": tokens, "dtype": dtype, **place})
        data += chunk
    return descriptions, data


def check_text(text: str, descriptions: list[dict[str, Any]], what: str) -> None:
    """Raise a ValueError unless every model can read the text; `what` is its name in the message.

    Capitals pass where the vocabulary has the small letter: the browser reads them so.
    """
    for about in descriptions:
        readable(text, Vocab(about["tokens"]), what, repr(about["name"]))
