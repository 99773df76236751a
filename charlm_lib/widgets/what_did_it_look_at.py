"""What each earlier letter of a text did for the log-probability of a later one."""

from collections.abc import Mapping
from typing import Any

import anywidget
import numpy as np
import traitlets

from charlm_lib.export import check_text, pack
from charlm_lib.texts.corpus import read_corpus
from charlm_lib.texts.vocabulary import Vocab
from charlm_lib.widgets.bundle import module, style

SHORTEST, LONGEST = 2, 120  # characters


class WhatDidItLookAt(anywidget.AnyWidget):
    """Lets earlier letters glow by their influence on a chosen one, for two models side by side.

    The influence of letter s on letter t is log p(x_t | x_1 ... x_(t-1)) minus the same with the
    average letter in place of x_s, in nats. The page computes it twice: by that swap, and by the
    gradient, which foretells the swap from the slope alone (Simonyan et al., 2014). The average
    letter is the mean of the rows of W_xh, each by the share of its letter in a text. A letter is
    swapped, not left out, since leaving it out would also move all letters before it.

    Args:
        results: a result of `Trainer.fit`, or a dict from the name to show to such a result; of
            several, a reader chooses which two are shown.
        text: the text to begin with, 2 to 120 characters of the vocabulary (capitals are lowered).
        place: the chosen letter, counted from 0; -1: the last one.
        left, right: the models shown, counted from 0.
        average_of: the text whose letters are averaged; None: *The Time Machine*.
        dtype: "float16" or "float32" weights; see `export.pack`.

    The traits `text`, `left` and `right` follow the reader.

    Raises:
        ValueError: a model that the browser cannot run, models of different vocabularies, a text
            that is too short or too long or has unknown characters, a place or a model that is not
            there, or an `average_of` without a letter that the models know.
    """

    _esm = module("what_did_it_look_at.js")
    _css = style("what_did_it_look_at.css")

    models = traitlets.List().tag(sync=True)
    weights = traitlets.Bytes().tag(sync=True)
    shares = traitlets.List().tag(sync=True)
    text = traitlets.Unicode().tag(sync=True)
    place = traitlets.Int().tag(sync=True)
    left = traitlets.Int(min=0).tag(sync=True)
    right = traitlets.Int(min=0).tag(sync=True)

    def __init__(
        self,
        results: Mapping[str, Any] | Any,
        text: str = "the time traveller smiled round at us",
        place: int = -1,
        left: int = 0,
        right: int = 1,
        average_of: str | None = None,
        dtype: str = "float16",
    ):
        models, weights = pack(results, dtype)
        check_text(text, models, "text")
        if not SHORTEST <= len(text) <= LONGEST:
            raise ValueError(f"the text has {len(text)} characters: pass {SHORTEST} to {LONGEST}")
        if not -1 <= place < len(text):
            raise ValueError(f"place {place}: choose from -1, the last one, to {len(text) - 1}")
        tokens = models[0]["tokens"]
        for about in models:
            if about["tokens"] != tokens:
                raise ValueError(
                    f"{about['name']!r} has another vocabulary than {models[0]['name']!r}: both "
                    "have to read the same letters"
                )
        for name, value in {"left": left, "right": right}.items():
            if len(models) > 1 and not 0 <= value < len(models):
                raise ValueError(f"{name} {value}: there are models 0 to {len(models) - 1}")
        shares = letter_shares(read_corpus() if average_of is None else average_of, tokens)
        super().__init__(
            models=models,
            weights=weights,
            shares=shares,
            text=text,
            place=place,
            left=left,
            right=right,
        )

    def __repr__(self) -> str:
        return f"WhatDidItLookAt: {len(self.models)} model(s). Run this cell or open the page."


def letter_shares(text: str, tokens: list[str]) -> list[float]:
    """Give the share of every token among the characters of a text that have one; `<unk>` has 0.

    Raises:
        ValueError: no character of the text has a token.
    """
    counts = np.bincount(Vocab(tokens[1:]).encode(text), minlength=len(tokens))
    counts[0] = 0
    if not counts.sum():
        raise ValueError(f"average_of {text!r:.40} has no letter that the models know")
    return (counts / counts.sum()).tolist()
