"""Curves over the same x."""

from itertools import cycle

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from charlm_lib.display.plots.frame import name_curves, one_pair_of_axes, shown
from charlm_lib.display.plots.ticks import in_digits, set_ticks
from charlm_lib.display.style import RC, STYLES
from charlm_lib.display.tables import DataTable, evenly


def plot_lines(
    x, lines: dict[str, np.ndarray], xlabel: str, ylabel: str, log=True, log_x=False
) -> Figure:
    """Draw one curve per label over the same x; several have their names above the axes.

    Args:
        x: `(n,)`.
        lines: `(n,)` values for each label.
        log, log_x: whether the vertical and the horizontal axis are logarithmic.
    """
    with mpl.rc_context(RC):
        figure, ax = one_pair_of_axes()
        for (label, values), style in zip(lines.items(), cycle(STYLES)):
            ax.plot(x, values, linestyle=style, label=label)
        scales = {"yscale": "log" if log else "linear", "xscale": "log" if log_x else "linear"}
        ax.set(xlabel=xlabel, ylabel=ylabel, **scales)
        set_ticks(ax.xaxis, x)
        set_ticks(ax.yaxis)
        name_curves(figure, ax)
    rows = [
        [in_digits(x[i]), *(f"{values[i]:.3g}" for values in lines.values())]
        for i in evenly(len(x))
    ]
    return shown(figure, DataTable(f"{ylabel} by {xlabel}", [xlabel, *lines], rows))
