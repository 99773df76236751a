"""Perplexity over epochs: of one run while it trains, and of several."""

from itertools import cycle

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from charlm_lib.display.numbers import format_perplexity
from charlm_lib.display.plots.frame import one_pair_of_axes, shown
from charlm_lib.display.plots.ticks import set_ticks
from charlm_lib.display.style import COLORS, RC, STYLES, short_runs_note
from charlm_lib.display.tables import DataTable, telling_epochs

TOP = 10_000  # no run is worth drawing above this perplexity: an arrow stands there
APART = 0.075  # of the axes' height, from one label to the next


def draw_perplexity(
    history: dict[str, list], max_epochs: int | None = None, title: str = ""
) -> Figure:
    """Draw training and validation perplexity over epochs, on a log axis, with final values.

    `FitDisplay` shows this figure again and again while a model trains.

    Args:
        history: of a `FitResult`.
        max_epochs: right end of the horizontal axis; None: the last epoch.
        title: a note at the upper right.

    Raises:
        ValueError: the history is empty.
    """
    if not history["epoch"]:
        raise ValueError("the history has no epoch: train for at least one (max_epochs=1)")
    lines = {
        "train": (history["epoch"], history["train_perplexity"], COLORS[0], "--"),
        "validation": (history["epoch"], history["val_perplexity"], COLORS[1], "-"),
    }
    return _perplexity_axes(lines, max_epochs or len(history["epoch"]), title)


def perplexity_table(history: dict[str, list]) -> DataTable:
    """Give the numbers of `draw_perplexity` at the epochs that tell how the curves run."""
    curves = {"train": history["train_perplexity"], "validation": history["val_perplexity"]}
    return _over_epochs("perplexity", curves)


def plot_runs(histories: dict[str, dict], split: str = "val", note: str | None = None) -> Figure:
    """Draw one perplexity curve per training run on the same log axis, with final values.

    Args:
        histories: the `history` of a `FitResult` for each label.
        split: "val" or "train".
        note: what the reader must know about these runs; None: what `CHARLM_FAST` says.

    Raises:
        ValueError: no runs, a run without epochs, or another split.
    """
    names = {"val": "validation", "train": "training"}
    if split not in names:
        raise ValueError(f'split={split!r}: there are "train" and "val"')
    untrained = [label for label, history in histories.items() if not history["epoch"]]
    if untrained or not histories:
        raise ValueError(f"there is nothing to draw: no epoch in {untrained or 'no run at all'}")
    lines = {
        label: (history["epoch"], history[f"{split}_perplexity"], color, style)
        for (label, history), color, style in zip(
            histories.items(), cycle(COLORS), cycle(STYLES), strict=False
        )
    }
    name, epochs = f"{names[split]} perplexity", max(len(epochs) for epochs, *_ in lines.values())
    table = _over_epochs(name, {label: values for label, (_, values, *_) in lines.items()})
    note = short_runs_note() if note is None else note
    return shown(_perplexity_axes(lines, epochs, note, name), table)


def _over_epochs(name: str, curves: dict[str, list]) -> DataTable:
    rows = [
        [str(epoch)]
        + [format_perplexity(v[epoch - 1]) if epoch <= len(v) else "" for v in curves.values()]
        for epoch in telling_epochs(list(curves.values()))
    ]
    return DataTable(f"{name} by epoch", ["epoch", *curves], rows)


def _perplexity_axes(lines: dict, max_epochs: int, title: str, ylabel="perplexity") -> Figure:
    with mpl.rc_context(RC):
        figure, ax = one_pair_of_axes(title)
        final = {}
        for label, (epochs, values, color, style) in lines.items():
            values = np.array(values, float)
            _draw_up_to_top(ax, np.asarray(epochs), values, linestyle=style, color=color)
            final[f"{label} {format_perplexity(values[-1])}"] = (values[-1], color)
        ax.set(yscale="log", xlabel="epoch", ylabel=ylabel, xlim=(0, max_epochs))
        set_ticks(ax.xaxis, [max_epochs])
        set_ticks(ax.yaxis)
        _label_ends(ax, final)
    return figure


def _draw_up_to_top(ax: Axes, x: np.ndarray, values: np.ndarray, **look) -> None:
    """Draw a curve up to `TOP`; an arrow stands where it is higher, or no number at all."""
    above = ~(values <= TOP)
    ax.plot(x, np.where(above, TOP, values), marker="o" if len(x) == 1 else None, **look)
    if above.any():
        look["linestyle"] = "none"
        ax.plot(x[above], np.full(above.sum(), TOP), marker="^", clip_on=False, **look)


def _label_ends(ax: Axes, final: dict[str, tuple[float, str]]) -> None:
    """Write labels beside the right axis at their values, moved apart where they would overlap."""
    bottom, top = np.log(ax.get_ylim())
    place = None
    for label, (value, color) in sorted(final.items(), key=lambda item: item[1][0]):
        height = np.log(value if value <= TOP else TOP)
        wanted = (height - bottom) / (top - bottom)
        place = wanted if place is None else max(wanted, place + APART)
        ax.annotate(
            label, (1.01, place), xycoords="axes fraction", color=color, va="center", size=10
        )
