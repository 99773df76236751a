"""The reader commits to a guess before the page shows the answer."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import anywidget
import traitlets

from charlm_lib.export import check_text, pack
from charlm_lib.widgets.bundle import module, style
from charlm_lib.widgets.seeds import check_seed


class PredictFirst(anywidget.AnyWidget):
    """A question with a hidden answer: the reader guesses, commits, and only then sees it.

    Make one with `next_character`, `which_model`, `number`, `curve` or `choice`. The trait `guess`
    holds the reader's last guess as text.
    """

    _esm = module("predict_first.js")
    _css = style("predict_first.css")

    spec = traitlets.Dict().tag(sync=True)
    models = traitlets.List().tag(sync=True)
    weights = traitlets.Bytes().tag(sync=True)
    guess = traitlets.Unicode("").tag(sync=True)

    def __repr__(self) -> str:
        return f"PredictFirst: {self.spec.get('question', '')}"

    @classmethod
    def next_character(
        cls,
        result: Any,
        text: str,
        start: int,
        question: str = "Which character comes next?",
        explanation: str = "",
    ) -> "PredictFirst":
        """Play Shannon's guessing game (1951) against a model: guess the text on, from `start`.

        After each guess the model's probabilities of that place are shown, with the score of both.

        Args:
            result: a result of `Trainer.fit`.
            text: a text that the model has not learned, in its characters.
            start: how many characters are given; 1 or more, below len(text).
            question, explanation: words before the guess and after the answer.

        Raises:
            ValueError: a character of the text is not in the vocabulary, or start is out of range.
        """
        models, weights = pack(result)
        check_text(text, models, "text")
        text = result.vocab.fold(text)  # as the page reads it, so that places are the same
        if not 1 <= start < len(text):
            raise ValueError(f"start {start}: give between 1 and {len(text) - 1} characters")
        spec = {"kind": "next", "text": text, "start": start}
        spec |= {"question": question, "explanation": explanation}
        return cls(spec=spec, models=models, weights=weights)

    @classmethod
    def which_model(
        cls,
        results: Mapping[str, Any],
        prefix: str = "time traveller ",
        temperature: float = 0.5,
        length: int = 160,
        seed: int | None = None,
        question: str = "Which model wrote this text?",
        explanation: str = "",
    ) -> "PredictFirst":
        """Ask which of several models wrote a text, with a new text as often as the reader likes.

        In every 2n rounds each of n models writes twice, in random order.

        Args:
            results: at least two results of `Trainer.fit`, by name.
            prefix, length: see `TextSampler`.
            temperature: the same, but above 0, where a model has more than one text.
            seed: None: other texts at each visit; a seed: always the same rounds, as a test needs.
            question, explanation: words before the guess and after the answer.

        Raises:
            ValueError: fewer than two models, a character of the prefix that is in no vocabulary,
                or a number out of range.
        """
        if not isinstance(results, Mapping) or len(results) < 2:
            raise ValueError(f"results {results!r}: pass a dict of at least two, by name")
        models, weights = pack(results)
        check_text(prefix, models, "prefix")
        if not 0 < temperature <= 2:
            raise ValueError(f"temperature {temperature}: choose above 0 and up to 2")
        if seed is not None:
            check_seed(seed)
        if not 1 <= length <= 600:
            raise ValueError(f"length {length}: choose between 1 and 600 characters")
        spec = {"kind": "model", "prefix": prefix, "temperature": temperature, "length": length}
        spec |= {"seed": seed, "question": question, "explanation": explanation}
        return cls(spec=spec, models=models, weights=weights)

    @classmethod
    def number(
        cls,
        question: str,
        answer: float,
        low: float,
        high: float,
        digits: int = 1,
        log: bool = False,
        explanation: str = "",
    ) -> "PredictFirst":
        """Ask for a number, such as the perplexity at which a curve will end.

        Args:
            question, explanation: words before the guess and after the answer.
            answer: the number.
            low, high: the range that the reader may guess in.
            digits: decimals of the answer that are shown.
            log: draw guess and answer on a logarithmic line; low must be positive.

        Raises:
            ValueError: the answer is not a number from low to high, or low is not positive with
                `log`.
        """
        answer, low, high = float(answer), float(low), float(high)
        if not (low < high and low <= answer <= high and math.isfinite(answer)):
            raise ValueError(f"answer {answer} is not in the range from {low} to {high}")
        if log and low <= 0:
            raise ValueError(f"low {low}: a logarithmic line needs a positive one")
        spec = {"kind": "number", "answer": answer, "low": low, "high": high, "digits": digits}
        spec |= {"log": log, "question": question, "explanation": explanation}
        return cls(spec=spec)

    @classmethod
    def curve(
        cls,
        question: str,
        x: Sequence[float],
        y: Sequence[float],
        low: float,
        high: float,
        xlabel: str = "epoch",
        ylabel: str = "validation perplexity",
        log: bool = True,
        explanation: str = "",
    ) -> "PredictFirst":
        """Let the reader draw a curve, such as one of learning, before the true one is shown.

        The answer says how far the drawing is from the curve, in the mean over its points.

        Args:
            question, explanation: words before the guess and after the answer.
            x, y: the curve, from left to right.
            low, high: ends of the vertical axis.
            xlabel, ylabel: what the axes are.
            log: whether the vertical axis is logarithmic, and the drawing off by a factor.

        Raises:
            ValueError: x and y are not equally long, or shorter than 2; x does not ascend; a value
                of y is not a number from low to high; or low is not positive with `log`.
        """
        xs, ys = [float(value) for value in x], [float(value) for value in y]
        low, high = float(low), float(high)
        if len(xs) != len(ys) or len(xs) < 2:
            raise ValueError(f"{len(xs)} x and {len(ys)} y: a curve has two points or more")
        if not all(a < b for a, b in pairwise(xs)):
            raise ValueError("x has to ascend: sort the points from left to right")
        for value in ys:
            if not (math.isfinite(value) and low <= value <= high):
                raise ValueError(f"y has {value}, which is not in the range from {low} to {high}")
        if low >= high or (log and low <= 0):
            raise ValueError(f"low {low}: choose it below high, and positive for log=True")
        spec = {"kind": "curve", "x": xs, "y": ys, "low": low, "high": high, "log": log}
        spec |= {"xlabel": xlabel, "ylabel": ylabel}
        return cls(spec=spec | {"question": question, "explanation": explanation})

    @classmethod
    def choice(
        cls, question: str, choices: Sequence[str], answer: str, explanation: str = ""
    ) -> "PredictFirst":
        """Ask for one of several answers.

        Args:
            question, explanation: words before the guess and after the answer.
            choices: the answers to choose from.
            answer: the right one.

        Raises:
            ValueError: fewer than two choices, two alike, or an answer that is none of them.
        """
        choices = list(choices)
        if len(choices) < 2 or len(set(choices)) < len(choices):
            raise ValueError(f"choices {choices}: give at least two different ones")
        if answer not in choices:
            raise ValueError(f"answer {answer!r} is none of the choices {choices}")
        spec = {"kind": "choice", "choices": choices, "answer": answer}
        return cls(spec=spec | {"question": question, "explanation": explanation})
