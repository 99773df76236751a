"""States over the characters of a text."""

import matplotlib as mpl
import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.figure import Figure

from charlm_lib.display.plots.frame import one_pair_of_axes, shown
from charlm_lib.display.plots.ticks import set_ticks
from charlm_lib.display.style import COOL, RC, WARM
from charlm_lib.display.tables import DataTable

# Clear at 0, as in the widgets.
STATES = LinearSegmentedColormap.from_list(
    "states",
    [(0, COOL), (0.5, to_rgba(COOL, 0)), (0.5, to_rgba(WARM, 0)), (1, WARM)],
)


def plot_heat_map(values: np.ndarray, text: str, title: str = "", ylabel="hidden unit") -> Figure:
    """Draw numbers from -1 to 1 as a picture, one column per character of a text.

    What is negative is blue and half as wide, so that the sign can be seen without colour; what is
    near 0 is clear.

    Args:
        values: `(num_rows, num_steps)`, for example hidden states with units as rows.
        text: `num_steps` characters, written below the columns.
        title, ylabel: what is shown.

    Raises:
        ValueError: the text does not have one character per column.
    """
    values = np.asarray(values)
    if values.ndim != 2 or values.shape[1] != len(text):
        raise ValueError(
            f"values of shape {values.shape} need a text of {values.shape[-1]} characters, but "
            f"it has {len(text)}: pass (num_rows, num_steps) and the text of those steps"
        )
    num_rows, num_steps = values.shape
    halves = np.repeat(values, 2, axis=1)  # (num_rows, 2 num_steps)
    halves[:, 1::2] = np.maximum(values, 0)
    place = (-0.5, num_steps - 0.5, num_rows - 0.5, -0.5)
    with mpl.rc_context(RC):
        figure, ax = one_pair_of_axes()
        look = {"cmap": STATES, "vmin": -1, "vmax": 1, "interpolation": "nearest"}
        image = ax.imshow(halves, aspect="auto", extent=place, **look)
        characters = [c if c != " " else "␣" for c in text]
        ax.set_xticks(range(len(text)), characters, size=9)
        ax.set(title=title, ylabel=ylabel, xlabel="character read")
        ax.grid(False)
        set_ticks(ax.yaxis, range(num_rows))
        words = "activation (below 0: half as wide)"
        bar = figure.colorbar(image, ax=ax, location="top", aspect=40, label=words)
        bar.solids.set_edgecolor("face")  # no seams between its steps
        set_ticks(bar.ax.xaxis)
    rows = [[str(i), *(f"{v:z.1f}" for v in row)] for i, row in enumerate(values)]
    return shown(figure, DataTable(title or "activation", [ylabel, *characters], rows))
