"""One prefix, several trained models side by side, each writing its continuation."""

from collections.abc import Mapping, Sequence
from typing import Any

import anywidget
import traitlets

from charlm_lib.export import check_text
from charlm_lib.widgets.bundle import module, style
from charlm_lib.widgets.packing import packed
from charlm_lib.widgets.seeds import LAST_SEED, check_seed

LONGEST = 600


class TextSampler(anywidget.AnyWidget):
    """Lets a reader sample text from trained models, in the browser alone.

    Args:
        results: a result of `Trainer.fit`, or a dict from the name to show to such a result.
        prefix: where the text starts; every model must know each character (capitals are lowered).
        temperature: divides the logits before the softmax; 0 is greedy.
        length: characters to write.
        seed: the same prefix and seed give the same text; a whole number below 2**31.
        tint: colour the characters by surprise (-log2 p, in bits).
        dtype: "int8", "float16" or "float32" weights; see `widgets.packing`.
        shown: the names of the models that are shown at first; default all. Of more than two, the
            reader chooses.
        opening: for the top of a page: it writes by itself, once, when it comes into view, and
            all but the main controls is folded.

    The traits `prefix`, `temperature`, `length`, `seed`, `tint` and `shown` (numbers of models,
    from 0) follow the reader's choices.

    Raises:
        ValueError: no model, a model that the browser cannot run, an empty prefix or one with
            unknown characters, a temperature outside [0, 2], a length outside [1, 600], a
            seed that is negative, too large or no whole number, or a name to show that no model
            has.
    """

    _esm = module("text_sampler.js")
    _css = style("text_sampler.css")

    models = traitlets.List().tag(sync=True)
    weights = traitlets.Bytes().tag(sync=True)
    prefix = traitlets.Unicode().tag(sync=True)
    temperature = traitlets.Float(min=0, max=2).tag(sync=True)
    length = traitlets.Int(1, min=1, max=LONGEST).tag(sync=True)
    seed = traitlets.Int(min=0, max=LAST_SEED).tag(sync=True)
    tint = traitlets.Bool().tag(sync=True)
    shown = traitlets.List(traitlets.Int()).tag(sync=True)
    opening = traitlets.Bool().tag(sync=True)

    def __init__(
        self,
        results: Mapping[str, Any] | Any,
        prefix: str = "time traveller ",
        temperature: float = 0.7,
        length: int = 200,
        seed: int = 0,
        tint: bool = False,
        dtype: str = "float16",
        shown: Sequence[str] | None = None,
        opening: bool = False,
    ):
        models, weights = packed(results, dtype)
        check_text(prefix, models, "prefix")
        if not 0 <= temperature <= 2:
            raise ValueError(f"temperature {temperature}: choose between 0 (greedy) and 2")
        if not 1 <= length <= LONGEST:
            raise ValueError(f"length {length}: choose between 1 and {LONGEST} characters")
        check_seed(seed)
        names = [about["name"] for about in models]
        if missing := set(shown or ()) - set(names):
            raise ValueError(f"shown {sorted(missing)}: choose from {names}")
        super().__init__(
            models=models,
            weights=weights,
            prefix=prefix,
            temperature=temperature,
            length=length,
            seed=seed,
            tint=tint,
            shown=[i for i, name in enumerate(names) if shown is None or name in shown],
            opening=opening,
        )

    def __repr__(self) -> str:
        return f"TextSampler: {len(self.models)} model(s). Run this cell or open the book's page."
