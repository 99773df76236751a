"""The style of all figures, readable on a light and on a dark page.

Figures are transparent, with mid-grey ink and mid-tone colours.
"""

import os
import sys

from cycler import cycler

INK = "#7b7b7b"
COLORS = ("#2f83c5", "#d1681d", "#2f9456", "#b65cae", "#a68313", "#cf5353")
COOL, WARM = COLORS[:2]  # of states below and above 0, here and in the widgets (style.css)
# Six that differ from each other without colour: solid, dashes, dash-dot, dots, long dashes, ...
STYLES = ("-", "--", "-.", ":", (0, (9, 3)), (0, (6, 2, 1, 2, 1, 2)))
LEVEL = (0, (1, 3))  # dots, of a line that everything is compared with
# A column of a phone has 342 pixels: of a figure so narrow the words are still 10 pixels high.
WIDTH = 5.2
RC = {
    "figure.figsize": (WIDTH, 3.6),
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
    "axes.facecolor": "none",
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlesize": 11,
    "axes.labelsize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.prop_cycle": cycler(color=COLORS),
    "grid.color": INK,
    "grid.alpha": 0.25,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "legend.columnspacing": 1.2,
    "legend.fontsize": 10,
    "legend.handlelength": 2.6,
    "lines.linewidth": 1.8,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "font.size": 11,
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],  # of equal width; the reader has one
    "figure.constrained_layout.use": True,
    "svg.fonttype": "none",  # words stay words, which are found, read aloud and sharp
    "svg.hashsalt": "charlm",  # or its names of shapes would be drawn by chance
}


def in_notebook() -> bool:
    """Say whether a notebook runs this code, and thus whether it can show figures."""
    ipython = sys.modules.get("IPython")  # who has not imported it is not in a notebook
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


def show(thing, **options):
    """Show something below the cell of a notebook; options and result as of IPython's `display`."""
    from IPython.display import display  # half a second, which only a notebook has spent already

    return display(thing, **options)


def short_runs_note() -> str:
    """Say in a figure that `CHARLM_FAST=1` makes training runs short; nothing where it does not."""
    return "CHARLM_FAST=1: short training" if os.environ.get("CHARLM_FAST") == "1" else ""
