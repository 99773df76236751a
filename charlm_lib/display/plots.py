"""Every figure of the book.

Line style, lightness or a label always says what colour says. In a notebook each `plot_...`
shows its figure and, closed below it, a table of the same numbers.
"""

from itertools import cycle

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullFormatter, NullLocator, ScalarFormatter

from charlm_lib.display.numbers import format_perplexity
from charlm_lib.display.style import (
    COLORS,
    INK,
    RC,
    STYLES,
    in_notebook,
    short_runs_note,
    show,
)
from charlm_lib.display.tables import DataTable, evenly, telling_epochs

TOP = 10_000  # no run is worth drawing above this perplexity: an arrow stands there
TICKS = [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 30, 50, 100]
FEW_TICKS = [1, 3, 10, 30, 100, 300, 1000, 3000, TOP]


def use_style() -> None:
    """Use the style of the book for all figures from here on, drawn as vectors in a notebook."""
    mpl.rcParams.update(RC)
    if in_notebook():
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        # Without what differs between equal figures
        set_matplotlib_formats("svg", metadata=dict.fromkeys(["Creator", "Date", "Format", "Type"]))


def _shown(figure: Figure, table: DataTable) -> Figure:
    """In a notebook, show a figure and the table of its numbers; elsewhere return it only."""
    if in_notebook():
        show(figure)
        show(table)
        plt.close(figure)  # or the notebook would show it again at the end of the cell
    return figure


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


def _over_epochs(name: str, curves: dict[str, list]) -> DataTable:
    rows = [
        [str(epoch)]
        + [format_perplexity(v[epoch - 1]) if epoch <= len(v) else "" for v in curves.values()]
        for epoch in telling_epochs(list(curves.values()))
    ]
    return DataTable(f"{name} by epoch", ["epoch", *curves], rows)


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
    return _shown(_perplexity_axes(lines, epochs, note, name), table)


def _subplots(title: str | None = None) -> tuple:
    """Make a figure with one pair of axes; None as title: what `CHARLM_FAST` says."""
    figure, ax = plt.subplots()
    title = short_runs_note() if title is None else title
    ax.set_title(title, loc="right", size=9)
    return figure, ax


def _perplexity_axes(lines: dict, max_epochs: int, title: str, ylabel="perplexity") -> Figure:
    with mpl.rc_context(RC):
        figure, ax = _subplots(title)
        final = {}
        for label, (epochs, values, color, style) in lines.items():
            values = np.array(values, float)
            _draw_up_to_top(ax, np.asarray(epochs), values, linestyle=style, color=color)
            final[f"{label} {format_perplexity(values[-1])}"] = (values[-1], color)
        ax.set(yscale="log", xlabel="epoch", ylabel=ylabel, xlim=(0, max_epochs))
        bottom, top = ax.get_ylim()
        ticks = FEW_TICKS if top > 100 * bottom else TICKS
        ax.yaxis.set(
            major_locator=FixedLocator(ticks),
            minor_locator=NullLocator(),
            major_formatter=ScalarFormatter(),
        )
        _label_ends(ax, final)
    return figure


def _draw_up_to_top(ax, x: np.ndarray, values: np.ndarray, **look) -> None:
    """Draw a curve up to `TOP`; an arrow stands where it is higher, or no number at all."""
    above = ~(values <= TOP)
    ax.plot(x, np.where(above, TOP, values), marker="o" if len(x) == 1 else None, **look)
    if above.any():
        look["linestyle"] = "none"
        ax.plot(x[above], np.full(above.sum(), TOP), marker="^", clip_on=False, **look)


def _label_ends(ax, final: dict[str, tuple[float, str]]) -> None:
    """Write labels beside the right axis at their values, moved apart where they would overlap."""
    bottom, top = np.log(ax.get_ylim())
    place = None
    for label, (value, color) in sorted(final.items(), key=lambda item: item[1][0]):
        height = np.log(value if value <= TOP else TOP)
        wanted = (height - bottom) / (top - bottom)
        place = wanted if place is None else max(wanted, place + 0.075)
        ax.annotate(
            label, (1.01, place), xycoords="axes fraction", color=color, va="center", size=10
        )


def plot_lines(
    x, lines: dict[str, np.ndarray], xlabel: str, ylabel: str, log=True, log_x=False
) -> Figure:
    """Draw one curve per label over the same x, with a legend.

    Args:
        x: `(n,)`.
        lines: `(n,)` values for each label.
        log, log_x: whether the vertical and the horizontal axis are logarithmic.
    """
    with mpl.rc_context(RC):
        figure, ax = _subplots()
        for (label, values), style in zip(lines.items(), cycle(STYLES)):
            ax.plot(x, values, linestyle=style, label=label)
        scales = {"yscale": "log" if log else "linear", "xscale": "log" if log_x else "linear"}
        ax.set(xlabel=xlabel, ylabel=ylabel, **scales)
        for axis, is_log, (low, high) in (
            (ax.xaxis, log_x, ax.get_xlim()),
            (ax.yaxis, log, ax.get_ylim()),
        ):
            if is_log and high < 1000 * low:  # plain numbers rather than powers of ten
                axis.set_major_formatter(ScalarFormatter())
                within = high < 10 * low  # then there is at most one power of ten to write
                axis.set_minor_formatter(ScalarFormatter() if within else NullFormatter())
        ax.legend()
    columns = [x, *lines.values()]
    rows = [[f"{column[i]:.3g}" for column in columns] for i in evenly(len(x))]
    return _shown(figure, DataTable(f"{ylabel} by {xlabel}", [xlabel, *lines], rows))


def plot_grad_norms(norms: dict[str, np.ndarray], clip: float | None = None) -> Figure:
    """Draw the norm of the gradient at each update, one curve per label, on a log axis.

    Args:
        norms: `(num_updates,)` for each label; gaps where a value is not finite.
        clip: draw the longest gradient that an update uses as a horizontal line.
    """
    with mpl.rc_context(RC):
        figure, ax = _subplots()
        for (label, values), style in zip(norms.items(), cycle(STYLES)):
            updates = np.arange(1, len(values) + 1)
            ax.plot(updates, values, linestyle=style, label=label, linewidth=1.2)
        if clip is not None:
            ax.axhline(clip, color=INK, linestyle=(0, (1, 5)), label=f"clipped to {clip:g}")
        ax.set(yscale="log", xlabel="update", ylabel="gradient norm")
        ax.legend()
    count = max(map(len, norms.values()))
    step = max(1, count // 10)
    rows = [
        [f"{i + 1} to {min(i + step, count)}"]
        + [_largest(values[i : i + step]) for values in norms.values()]
        for i in range(0, count, step)
    ]
    return _shown(figure, DataTable("largest gradient norm", ["updates", *norms], rows))


def _largest(values: np.ndarray) -> str:
    if not len(values):
        return ""
    # One that is not finite is the largest of all.
    return f"{np.max(values):.3g}" if np.isfinite(values).all() else "not finite"


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
    with mpl.rc_context(RC):
        figure, ax = _subplots()
        bars = ax.barh(list(values), list(values.values()), color=COLORS[0], height=0.6)
        ax.bar_label(bars, fmt="%.3g", color=INK, padding=3)
        ax.set(xlabel=xlabel, xscale="log" if log else "linear")
        ax.margins(x=0.12)  # room for the numbers
        ax.invert_yaxis()
        ax.grid(False, axis="y")
        if level is not None:
            ax.axvline(level, color=INK, linestyle=(0, (1, 5)))
    rows = [[label, f"{value:.3g}"] for label, value in values.items()]
    return _shown(figure, DataTable(xlabel, ["bar", xlabel], rows))


def plot_heat_map(values: np.ndarray, text: str, title: str = "", ylabel="hidden unit") -> Figure:
    """Draw numbers from -1 (dark) to 1 (light) as a picture, one column per character of a text.

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
    with mpl.rc_context(RC):
        figure, ax = _subplots()
        # Lightness grows with the value in cividis, so that the sign can be seen without colour.
        image = ax.imshow(values, aspect="auto", cmap="cividis", vmin=-1, vmax=1)
        characters = [c if c != " " else "␣" for c in text]
        ax.set_xticks(range(len(text)), characters, size=9)
        ax.set(title=title, ylabel=ylabel, xlabel="character read")
        ax.grid(False)
        figure.colorbar(image, ax=ax, label="activation")
    rows = [[str(i), *(f"{v:z.1f}" for v in row)] for i, row in enumerate(values)]
    return _shown(figure, DataTable(title or "activation", [ylabel, *characters], rows))


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
        figure, ax = _subplots()
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
            ax.axhline(level, color=INK, linestyle=(0, (1, 5)))
        ax.set(xlabel=xlabel, ylabel=ylabel)
        ax.set_xticks(places, x)
        ax.legend()
    return _shown(figure, DataTable(f"{ylabel} by {xlabel}", [xlabel, *groups], rows))
