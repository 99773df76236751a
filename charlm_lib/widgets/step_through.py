"""Letters on their way through a trained network, number by number, forward and backward."""

from typing import Any

import anywidget
import traitlets

from charlm_lib.export import check_text, pack
from charlm_lib.widgets.bundle import module, style

SHORTEST, LONGEST = 2, 10  # letters


class StepThrough(anywidget.AnyWidget):
    """Shows how each letter changes the states of a trained model, in the browser alone.

    The unrolled network fills moment by moment. Every number can be visited: it shows the terms
    that it is the sum of. Backward, the same picture has the gradients of the last letter's loss.

    Args:
        result: a result of `Trainer.fit`.
        text: the letters to begin with, 2 to 10 of the vocabulary (capitals are lowered).
        backward: begin with the gradients instead of the states.
        dtype: "float16" or "float32" weights; see `export.pack`.

    The traits `text` and `backward` follow the reader.

    Raises:
        ValueError: a model that the browser cannot run, or a text that is too short or too long or
            has unknown characters.
    """

    _esm = module("step_through.js")
    _css = style("step_through.css")

    models = traitlets.List().tag(sync=True)
    weights = traitlets.Bytes().tag(sync=True)
    text = traitlets.Unicode().tag(sync=True)
    backward = traitlets.Bool().tag(sync=True)

    def __init__(
        self, result: Any, text: str = "time", backward: bool = False, dtype: str = "float16"
    ):
        models, weights = pack({"model": result}, dtype)
        check_text(text, models, "text")
        if not SHORTEST <= len(text) <= LONGEST:
            raise ValueError(f"the text has {len(text)} characters: pass {SHORTEST} to {LONGEST}")
        super().__init__(models=models, weights=weights, text=text, backward=backward)

    def __repr__(self) -> str:
        return f"StepThrough: {self.text!r} through a model. Run this cell or open the page."
