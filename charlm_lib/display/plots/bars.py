"""A few numbers to be compared."""

import matplotlib as mpl
from matplotlib.figure import Figure

from charlm_lib.display.plots.frame import one_pair_of_axes, shown
from charlm_lib.display.plots.ticks import in_digits, set_ticks
from charlm_lib.display.style import COLORS, INK, LEVEL, RC
from charlm_lib.display.tables import DataTable


def plot_bars(
    values: dict[str, float], xlabel: str, log: bool = False, level: float | None = None
) -> Figure:
    """Draw one labelled bar per entry, from top to bottom, for a few numbers to be compared.

    Args:
        values: the entries.
        xlabel: what the numbers are.
        log: whether their axis is logarithmic.
        level: draw a dotted line here, for what everything is compared with.
    """
    written = [f"{value:.3g}" for value in values.values()]
    with mpl.rc_context(RC):
        figure, ax = one_pair_of_axes()
        ax.barh(list(values), list(values.values()), color=COLORS[0], height=0.6)
        for place, number in enumerate(written):  # one below the other, where no line is
            at = {"transform": ax.get_yaxis_transform(), "va": "center"}
            ax.text(1.02, place, in_digits(float(number)), **at)
        ax.set(xlabel=xlabel, xscale="log" if log else "linear")
        ax.invert_yaxis()
        ax.grid(False, axis="y")
        if level is not None:
            ax.axvline(level, color=INK, linestyle=LEVEL)
        set_ticks(ax.xaxis)
    rows = list(zip(values, written, strict=True))
    return shown(figure, DataTable(xlabel, ["bar", xlabel], rows))
