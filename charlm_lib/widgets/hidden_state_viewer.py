"""The reader's own text through a trained model: every hidden unit at every character."""

from collections.abc import Mapping
from typing import Any

import anywidget
import traitlets

from charlm_lib.export import check_text, pack
from charlm_lib.widgets.bundle import module, style

LONGEST = 600


class HiddenStateViewer(anywidget.AnyWidget):
    """Shows hidden states, gates and memory cells of models over a text, in the browser alone.

    Layers are stacked as in a diagram: what the model reads at the bottom, its guess of the next
    character on top. A chosen unit tints the text, as in Karpathy, Johnson and Fei-Fei (2015).

    Args:
        results: a result of `Trainer.fit`, or a dict from the name to show to such a result.
        text: the text to begin with; every model must know each character (capitals are lowered).
        layer, unit: the unit that tints the text, counted from 1; unit 0: none.
        dtype: "float16" or "float32" weights; see `export.pack`.

    The traits `text`, `choice` (which model, from 0), `layer` and `unit` follow the reader.

    Raises:
        ValueError: no model, a model that the browser cannot run, an empty text, one with unknown
            characters or longer than 600, or a layer or unit that the first model does not have.
    """

    _esm = module("hidden_state_viewer.js")
    _css = style("hidden_state_viewer.css")

    models = traitlets.List().tag(sync=True)
    weights = traitlets.Bytes().tag(sync=True)
    text = traitlets.Unicode().tag(sync=True)
    choice = traitlets.Int(0, min=0).tag(sync=True)
    layer = traitlets.Int().tag(sync=True)
    unit = traitlets.Int().tag(sync=True)

    def __init__(
        self,
        results: Mapping[str, Any] | Any,
        text: str = "the time traveller for so it will be convenient to speak of him",
        layer: int = 1,
        unit: int = 0,
        dtype: str = "float16",
    ):
        models, weights = pack(results, dtype)
        check_text(text, models, "text")
        _check_length(text)
        for name, value, least, most in (
            ("layer", layer, 1, models[0]["layers"]),
            ("unit", unit, 0, models[0]["hiddens"]),
        ):
            if not least <= value <= most:
                raise ValueError(f"{name} {value}: {models[0]['name']!r} has {least} to {most}")
        super().__init__(models=models, weights=weights, text=text, layer=layer, unit=unit)

    @traitlets.validate("text")
    def _short(self, proposal: dict[str, Any]) -> str:
        _check_length(proposal["value"])
        return proposal["value"]

    def __repr__(self) -> str:
        return f"HiddenStateViewer: {len(self.models)} model(s). Run this cell or open the page."


def _check_length(text: str) -> None:
    if len(text) > LONGEST:
        raise ValueError(f"the text has {len(text)} characters: show at most {LONGEST}")
