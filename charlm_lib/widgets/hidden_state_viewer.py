"""The reader's own text through a trained model: every hidden unit at every character."""

from collections.abc import Mapping
from typing import Any

import anywidget
import traitlets

from charlm_lib.export import check_text, pack
from charlm_lib.texts.corpus import read_corpus
from charlm_lib.widgets.bundle import module, style

LONGEST = 600
LAST_PAGES = 156_032  # where the novel's last tenth begins: no chapter trains on it
MOST_PAGES = 100_000  # characters that a page reads while one waits


class HiddenStateViewer(anywidget.AnyWidget):
    """Shows hidden states, gates and memory cells of models over a text, in the browser alone.

    Layers are stacked as in a diagram: what the model reads at the bottom, its guess of the next
    character on top. A chosen unit tints the text, as in Karpathy, Johnson and Fei-Fei (2015). The
    page also finds units: by the correlation r of a unit's state with a property of the character
    just read, such as being a vowel. Beside it stand the `abs(r)` that the best of all units
    exceeds in 5% of random circular shifts of the labels, and the best `abs(r)` of three untrained
    networks.

    Args:
        results: a result of `Trainer.fit`, or a dict from the name to show to such a result.
        text: the text to begin with; every model must know each character (capitals are lowered).
        layer, unit: the unit that tints the text, counted from 1; unit 0: none.
        dtype: "float16" or "float32" weights; see `export.pack`.
        search_in: the text in which units are found; None: the last tenth of *The Time Machine*.

    The traits `text`, `choice` (which model, from 0), `layer` and `unit` follow the reader.

    Raises:
        ValueError: no model, a model that the browser cannot run, an empty text, one with unknown
            characters or longer than 600, a `search_in` longer than 100,000, or a layer or unit
            that the first model does not have.
    """

    _esm = module("hidden_state_viewer.js")
    _css = style("hidden_state_viewer.css")

    models = traitlets.List().tag(sync=True)
    weights = traitlets.Bytes().tag(sync=True)
    text = traitlets.Unicode().tag(sync=True)
    choice = traitlets.Int(0, min=0).tag(sync=True)
    layer = traitlets.Int().tag(sync=True)
    unit = traitlets.Int().tag(sync=True)
    pages = traitlets.Bytes().tag(sync=True)  # UTF-8; as bytes the site's pages share them
    title = traitlets.Unicode().tag(sync=True)  # of these pages

    def __init__(
        self,
        results: Mapping[str, Any] | Any,
        text: str = "the time traveller for so it will be convenient to speak of him",
        layer: int = 1,
        unit: int = 0,
        dtype: str = "float16",
        search_in: str | None = None,
    ):
        models, weights = pack(results, dtype)
        check_text(text, models, "text")
        _check_length(text)
        title = "the last tenth of The Time Machine" if search_in is None else "the given text"
        search_in = read_corpus()[LAST_PAGES:] if search_in is None else search_in
        if len(search_in) > MOST_PAGES:
            raise ValueError(f"search_in has {len(search_in):,} characters: pass at most 100,000")
        for name, value, least, most in (
            ("layer", layer, 1, models[0]["layers"]),
            ("unit", unit, 0, models[0]["hiddens"]),
        ):
            if not least <= value <= most:
                raise ValueError(f"{name} {value}: {models[0]['name']!r} has {least} to {most}")
        super().__init__(
            models=models,
            weights=weights,
            text=text,
            layer=layer,
            unit=unit,
            pages=search_in.encode(),
            title=title,
        )

    @traitlets.validate("text")
    def _short(self, proposal: dict[str, Any]) -> str:
        _check_length(proposal["value"])
        return proposal["value"]

    def __repr__(self) -> str:
        return f"HiddenStateViewer: {len(self.models)} model(s). Run this cell or open the page."


def _check_length(text: str) -> None:
    if len(text) > LONGEST:
        raise ValueError(f"the text has {len(text)} characters: show at most {LONGEST}")
