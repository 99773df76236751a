"""One unit with gates, to turn by hand, and the trained units whose gates stand alike."""

from typing import Any

import anywidget
import traitlets

from charlm_lib.export import check_text, pack
from charlm_lib.widgets.bundle import module, style

GATES = {"gru": ("reset", "update"), "lstm": ("input", "forget", "output")}
KEEPS = {"gru": "update", "lstm": "forget"}
FIRST = {"reset": 0.5, "update": 0.9, "input": 0.1, "forget": 0.9, "output": 1.0}
LONGEST = 60  # letters


class GateToTurn(anywidget.AnyWidget):
    """Shows what the gates of one unit do to a number that it should remember, in the browser.

    Sliders set the gates. The unit is drawn with roads as wide as its gates are open, beside 32
    steps of a remembered number: in a tanh unit, `h = tanh(x + h)`, and in one of the result's
    cell with all weights 1. Then the units of the trained model whose mean gates on a text stand
    nearest to the sliders, and their states on that text.

    Args:
        result: a result of `Trainer.fit` with layers of GRU or LSTM.
        keep: where the gate that keeps begins, from 0 to 1: the update or the forget gate.
        text: the text for the trained units to begin with, 1 to 60 characters of the vocabulary
            (capitals are lowered).
        dtype: "float16" or "float32" weights; see `export.pack`.

    The traits `gates` (reset, update; or input, forget, output) and `text` follow the reader.

    Raises:
        ValueError: a model without gates or that the browser cannot run, a gate out of range, or a
            text that is empty, too long or has unknown characters.
    """

    _esm = module("gate_to_turn.js")
    _css = style("gate_to_turn.css")

    models = traitlets.List().tag(sync=True)
    weights = traitlets.Bytes().tag(sync=True)
    text = traitlets.Unicode().tag(sync=True)
    gates = traitlets.List(traitlets.Float(min=0, max=1)).tag(sync=True)

    def __init__(
        self,
        result: Any,
        keep: float = 0.9,
        text: str = "the time traveller smiled round at us",
        dtype: str = "float16",
    ):
        models, weights = pack({"model": result}, dtype)
        cell = models[0]["cell"]
        if cell not in GATES:
            raise ValueError(
                f"the cell is {cell!r} and has no gates: pass a result with layers of GRU or LSTM"
            )
        if not 0 <= keep <= 1:
            raise ValueError(f"keep={keep}: a gate stands between 0 and 1")
        check_text(text, models, "text")
        if len(text) > LONGEST:
            raise ValueError(f"the text has {len(text)} characters: pass 1 to {LONGEST}")
        first = FIRST | {KEEPS[cell]: keep}
        gates = [float(first[name]) for name in GATES[cell]]
        super().__init__(models=models, weights=weights, text=text, gates=gates)

    def __repr__(self) -> str:
        names = ", ".join(GATES[self.models[0]["cell"]])
        return f"GateToTurn: {names} gate on sliders. Run this cell or open the book's page."
