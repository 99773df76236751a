"""Means over seeds, and how far the seeds lie apart."""

from itertools import cycle

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from charlm_lib.display.plots.frame import name_curves, one_pair_of_axes, shown
from charlm_lib.display.plots.ticks import set_ticks
from charlm_lib.display.style import INK, LEVEL, RC, STYLES
from charlm_lib.display.tables import DataTable


def plot_spread(x, groups: dict, xlabel: str, ylabel: str, level: float | None = None) -> Figure:
    """Draw the mean over seeds at each x, with bars from the smallest to the largest value.

    Args:
        x: `(n,)` whole numbers, for example depths, or names, between which no lines are drawn.
        groups: `(n, num_seeds)` values for each label.
        level: draw a dotted horizontal line here, for what everything is compared with.
    """
    rows = [[" ".join(str(value).split())] for value in x]
    are_names = isinstance(x[0], str)
    places = np.arange(len(x)) if are_names else np.asarray(x)
    with mpl.rc_context(RC):
        figure, ax = one_pair_of_axes()
        step = 0.12 if are_names else 0.03
        shift = step * (np.arange(len(groups)) - (len(groups) - 1) / 2)
        styles = zip(groups.items(), cycle(STYLES), cycle("osD^"), shift)
        for (label, values), style, marker, moved in styles:
            values = np.asarray(values)
            mean, low, high = values.mean(1), values.min(1), values.max(1)
            look = {"marker": marker, "linestyle": "none" if are_names else style}
            ax.errorbar(
                places + moved, mean, [mean - low, high - mean], label=label, capsize=3, **look
            )
            for row, *numbers in zip(rows, mean, low, high, strict=True):
                row.append("{:.3g} ({:.3g} to {:.3g})".format(*numbers))
        if level is not None:
            ax.axhline(level, color=INK, linestyle=LEVEL)
        ax.set(xlabel=xlabel, ylabel=ylabel)
        ax.set_xticks(places, x)
        set_ticks(ax.yaxis)
        name_curves(figure, ax)
    return shown(figure, DataTable(f"{ylabel} by {xlabel}", [xlabel, *groups], rows))
