"""What all figures have in common: the style, one pair of axes, the names of curves, the table."""

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from charlm_lib.display.style import RC, in_notebook, short_runs_note, show
from charlm_lib.display.tables import DataTable


def use_style() -> None:
    """Use the style of the book for all figures from here on, drawn as vectors in a notebook."""
    mpl.rcParams.update(RC)
    if in_notebook():
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        # Without what differs between equal figures
        set_matplotlib_formats("svg", metadata=dict.fromkeys(["Creator", "Date", "Format", "Type"]))


def one_pair_of_axes(title: str | None = None) -> tuple[Figure, Axes]:
    """Make a figure with one pair of axes; None as title: what `CHARLM_FAST` says."""
    figure, ax = plt.subplots()
    ax.set_title(short_runs_note() if title is None else title, loc="right", size=10)
    return figure, ax


def name_curves(figure: Figure, ax: Axes) -> None:
    """Write the names of several curves above the axes, where no curve can be.

    They stand in as many columns as the figure is wide, and are read row by row.
    """
    handles, labels = ax.get_legend_handles_labels()
    count = len(labels)
    for columns in range(count if count > 1 else 0, 0, -1):
        order = [i for j in range(columns) for i in range(j, count, columns)]  # it fills columns
        names = [handles[i] for i in order], [labels[i] for i in order]
        legend = figure.legend(*names, loc="outside upper left", ncols=columns)
        if legend.get_window_extent().width <= figure.bbox.width:
            return
        if columns > 1:
            legend.remove()


def shown(figure: Figure, table: DataTable) -> Figure:
    """In a notebook, show a figure and the table of its numbers; elsewhere return it only."""
    if in_notebook():
        show(figure)
        show(table)
        plt.close(figure)  # or the notebook would show it again at the end of the cell
    return figure
