"""Weights of a trained model for the browser: one vector of numbers and a description of it.

The vector holds layer after layer, then the output layer, each tensor rows first:
tanh: Wx (in, H), Wh (H, H), b (H); gru: Wx (in, 3H), Wh (H, 3H), b (3H), bn (H) with the gates
ordered reset, update, new; output: Wq (H, V), bq (V). All kernels act on row vectors.
"""

import zlib
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

DTYPES = ("float16", "float32")
_GATES = ("r", "z", "n")


def _shown(tree: Mapping) -> str:
    return ", ".join(sorted(str(name) for name in tree)) or "nothing"


def _layer_trees(rnn: Mapping) -> list[Mapping]:
    """The parameters of each recurrent layer, lowest first."""
    if "W_xh" in rnn:
        return [rnn]
    if "cell" in rnn:
        return [rnn["cell"]]
    for prefix in ("layers_", "layer_"):
        names = [f"{prefix}{i}" for i in range(len(rnn))]
        if rnn and set(names) == set(rnn):
            return [rnn[name] for name in names]
    raise ValueError(f"no recurrent layer that the browser can run: found {_shown(rnn)}")


def _layer_tensors(layer: Mapping) -> tuple[str, list[Any]]:
    """The cell's name and its tensors in the vector's order."""
    if "W_xh" in layer:
        return "tanh", [layer["W_xh"], layer["W_hh"], layer["b_h"]]
    if {"i", "h"} <= set(layer):
        return "tanh", [layer["i"]["kernel"], layer["h"]["kernel"], layer["i"]["bias"]]
    if {"ir", "hn"} <= set(layer):
        inputs = [layer[f"i{gate}"] for gate in _GATES]
        return "gru", [
            np.concatenate([part["kernel"] for part in inputs], axis=1),
            np.concatenate([layer[f"h{gate}"]["kernel"] for gate in _GATES], axis=1),
            np.concatenate([part["bias"] for part in inputs]),
            layer["hn"]["bias"],
        ]
    raise ValueError(f"the browser runs tanh and GRU cells only; this one has {_shown(layer)}")


def to_vector(params: Mapping) -> tuple[np.ndarray, dict[str, Any]]:
    """Flatten the parameters of a language model into one float32 vector.

    Args:
        params: `{"params": {...}}` of `RNNLMScratch` or `RNNLM` on any layer of `charlm_lib`.

    Returns:
        The vector, and a dict with `cell` ("tanh" or "gru"), `hiddens` and `layers`.

    Raises:
        ValueError: the tree is not of these models.
    """
    tree = params.get("params", params)
    if "rnn" not in tree:
        raise ValueError(f"not the parameters of a language model: found {_shown(tree)}")
    layers = [_layer_tensors(layer) for layer in _layer_trees(tree["rnn"])]
    if "W_hq" in tree:
        output = [tree["W_hq"], tree["b_q"]]
    elif "output" in tree:
        output = [tree["output"]["kernel"], tree["output"]["bias"]]
    else:
        raise ValueError(f"no output layer W_hq or output: found {_shown(tree)}")
    tensors = [np.asarray(tensor) for _, layer in layers for tensor in layer]
    tensors += [np.asarray(tensor) for tensor in output]
    about = {"cell": layers[0][0], "hiddens": int(output[0].shape[0]), "layers": len(layers)}
    vector = np.concatenate([tensor.astype(np.float32).ravel() for tensor in tensors])
    return vector, about


def from_vector(vector: np.ndarray, like: Mapping) -> Mapping:
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
    places, _ = to_vector(unflatten(np.arange(size)))
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
        One description a model (name, cell, sizes, vocabulary, place in the bytes, CRC-32), and
        the bytes of all models.

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
        if not (hasattr(result, "params") and hasattr(result, "vocab")):
            raise ValueError(f"{name!r} is {result!r}, not a result of Trainer.fit")
        vector, about = to_vector(result.params)
        if not np.isfinite(vector).all():
            raise ValueError(f"{name!r} has weights that are not finite: its training diverged")
        with np.errstate(over="ignore"):
            small = vector.astype(np.dtype(dtype).newbyteorder("<"))
        if not np.isfinite(small).all():
            raise ValueError(f'{name!r} has weights too large for float16: pass dtype="float32"')
        chunk = small.tobytes()
        place = {"offset": len(data), "bytes": len(chunk), "crc": zlib.crc32(chunk)}
        tokens = list(result.vocab.tokens)
        descriptions.append({"name": str(name), **about, "tokens": tokens, "dtype": dtype, **place})
        data += chunk
    return descriptions, data


def check_text(text: str, descriptions: list[dict[str, Any]], what: str) -> None:
    """Raise a ValueError unless every model can read the text; `what` is its name in the message.

    Capitals pass where the vocabulary has the small letter: the browser reads them so.
    """
    if not text:
        raise ValueError(f"the {what} is empty: give at least one character")
    for about in descriptions:
        known = set(about["tokens"])
        unknown = sorted({c for c in text if c not in known and c.lower() not in known})
        if unknown:
            raise ValueError(
                f"{what} {text!r} has {', '.join(map(repr, unknown))}, "
                f"which the vocabulary of {about['name']!r} lacks"
            )
