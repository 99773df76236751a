"""The norm of the gradient over updates."""

from itertools import cycle

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from charlm_lib.display.plots.frame import name_curves, one_pair_of_axes, shown
from charlm_lib.display.plots.ticks import set_ticks
from charlm_lib.display.style import INK, LEVEL, RC, STYLES
from charlm_lib.display.tables import DataTable


def plot_grad_norms(norms: dict[str, np.ndarray], clip: float | None = None) -> Figure:
    """Draw the norm of the gradient at each update, one curve per label, on a log axis.

    Args:
        norms: `(num_updates,)` for each label; gaps where a value is not finite.
        clip: draw the longest gradient that an update uses as a horizontal line.
    """
    count = max(map(len, norms.values()))
    with mpl.rc_context(RC):
        figure, ax = one_pair_of_axes()
        for (label, values), style in zip(norms.items(), cycle(STYLES)):
            updates = np.arange(1, len(values) + 1)
            ax.plot(updates, values, linestyle=style, label=label, linewidth=1.2)
        if clip is not None:
            ax.axhline(clip, color=INK, linestyle=LEVEL, label=f"clipped to {clip:g}")
        ax.set(yscale="log", xlabel="update", ylabel="gradient norm")
        set_ticks(ax.xaxis, [count])
        set_ticks(ax.yaxis)
        name_curves(figure, ax)
    step = max(1, count // 10)
    rows = [
        [f"{i + 1} to {min(i + step, count)}"]
        + [_largest(values[i : i + step]) for values in norms.values()]
        for i in range(0, count, step)
    ]
    return shown(figure, DataTable("largest gradient norm", ["updates", *norms], rows))


def _largest(values: np.ndarray) -> str:
    if not len(values):
        return ""
    # One that is not finite is the largest of all.
    return f"{np.max(values):.3g}" if np.isfinite(values).all() else "not finite"
