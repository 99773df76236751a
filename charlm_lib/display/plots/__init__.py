"""Every figure of the book, one kind a module.

Line style, width or a label always says what colour says. In a notebook each `plot_...` shows its
figure and, closed below it, a table of the same numbers.
"""

from charlm_lib.display.plots.bars import plot_bars
from charlm_lib.display.plots.frame import use_style
from charlm_lib.display.plots.gradient_norms import plot_grad_norms
from charlm_lib.display.plots.heat_map import plot_heat_map
from charlm_lib.display.plots.lines import plot_lines
from charlm_lib.display.plots.perplexity import draw_perplexity, perplexity_table, plot_runs
from charlm_lib.display.plots.spread import plot_spread

__all__ = [
    "draw_perplexity",
    "perplexity_table",
    "plot_bars",
    "plot_grad_norms",
    "plot_heat_map",
    "plot_lines",
    "plot_runs",
    "plot_spread",
    "use_style",
]
