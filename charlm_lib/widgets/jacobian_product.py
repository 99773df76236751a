"""A gradient on its way back through a trained tanh layer, with W_hh as large as one likes."""

from typing import Any

import anywidget
import traitlets

from charlm_lib.export import check_text, pack
from charlm_lib.widgets.bundle import module, style

SMALLEST, LARGEST = 0.5, 1.5
SHORTEST, LONGEST = 3, 33  # characters: all but the last are read


class JacobianProduct(anywidget.AnyWidget):
    """Follows the gradient of the last letter's loss back through time, in the browser alone.

    A slider multiplies the trained W_hh of the top layer. The gradient is drawn beside what W_hh
    alone would make of it, above the states in which tanh is flat.

    Args:
        result: a result of `Trainer.fit` with tanh layers.
        text: the text to begin with, 3 to 33 characters of the vocabulary (capitals are lowered).
        scale: the factor of W_hh to begin with, from 0.5 to 1.5.
        dtype: "float16" or "float32" weights; see `export.pack`.

    The traits `text` and `scale` follow the reader.

    Raises:
        ValueError: a model that the browser cannot run or that has gates, a text that is too short
            or too long or has unknown characters, or a scale out of range.
    """

    _esm = module("jacobian_product.js")
    _css = style("jacobian_product.css")

    models = traitlets.List().tag(sync=True)
    weights = traitlets.Bytes().tag(sync=True)
    text = traitlets.Unicode().tag(sync=True)
    scale = traitlets.Float(min=SMALLEST, max=LARGEST).tag(sync=True)

    def __init__(
        self,
        result: Any,
        text: str = "the time traveller smiled at us a",
        scale: float = 1.0,
        dtype: str = "float16",
    ):
        models, weights = pack({"model": result}, dtype)
        if models[0]["cell"] != "tanh":
            raise ValueError(
                f"the cell is {models[0]['cell']!r}: its gradient has other ways than through "
                "W_hh, so pass a result with tanh layers"
            )
        check_text(text, models, "text")
        if not SHORTEST <= len(text) <= LONGEST:
            raise ValueError(f"the text has {len(text)} characters: pass {SHORTEST} to {LONGEST}")
        if not SMALLEST <= scale <= LARGEST:
            raise ValueError(f"scale {scale}: choose between {SMALLEST} and {LARGEST}")
        super().__init__(models=models, weights=weights, text=text, scale=scale)

    def __repr__(self) -> str:
        return f"JacobianProduct: W_hh times {self.scale}. Run this cell or open the book's page."
