"""Drawn diagrams: what is connected to what in a recurrent network, and in a parallel scan."""

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from charlm_lib.display.style import COLORS, INK, RC, WIDTH

LSTM_ARROWS = (  # of `draw_lstm_step`, from box to box
    ((0, 2.3), (1.6, 2.3)),
    ((1.6, 0.6), (1.6, 2.3)),
    ((1.6, 2.3), (3.5, 2.3)),
    ((2.5, 0.6), (3.0, 1.5)),
    ((3.5, 0.6), (3.0, 1.5)),
    ((3.0, 1.5), (3.5, 2.3)),
    ((3.5, 2.3), (6.6, 2.3)),
    ((4.5, 0.6), (5.4, 0.6)),
    ((5.4, 0.6), (6.6, -0.6)),
)


def draw_unrolled(text: str, targets: str, num_layers: int = 1) -> Figure:
    """Draw a recurrent language model unrolled over the characters of a text.

    Time runs to the right, depth upwards: inputs X_t at the bottom, a row of hidden states
    H_t^(l) per layer, logits O_t on top.

    Args:
        text: the characters read.
        targets: the characters to predict, as many.
        num_layers: recurrent layers.

    Raises:
        ValueError: text and targets differ in length.
    """
    if len(text) != len(targets):
        raise ValueError(f"text {text!r} and targets {targets!r} must be equally long")
    top = num_layers + 1
    with mpl.rc_context(RC):
        figure, ax = plt.subplots(figsize=(WIDTH, 1.1 + 0.85 * top))
        for t, (read, target) in enumerate(zip(text, targets, strict=True), start=1):
            _box(ax, t, 0, f"$X_{t}$", INK)
            ax.text(t, -0.55, f"‘{read}’", ha="center", va="center", color=INK)
            for layer in range(1, top):
                name = f"$H_{t}$" if num_layers == 1 else f"$H_{t}^{{({layer})}}$"
                _box(ax, t, layer, name, COLORS[0])
                _arrow(ax, (t - 1, layer), (t, layer))
                _arrow(ax, (t, layer - 1), (t, layer))
            _arrow(ax, (t, num_layers), (t, top))
            _box(ax, t, top, f"$O_{t}$", COLORS[1])
            ax.text(t, top + 0.55, f"‘{target}’", ha="center", va="center", color=INK)
        for layer in range(1, top):
            name = "$H_0$" if num_layers == 1 else f"$H_0^{{({layer})}}$"
            ax.text(0, layer, name, ha="center", va="center", color=INK)
            _arrow(ax, (len(text), layer), (len(text) + 0.75, layer))
        for y, label in ((-0.55, "read"), (top + 0.55, "predict")):
            ax.text(0, y, label, ha="center", va="center", color=INK, style="italic")
        ax.set(xlim=(-0.4, len(text) + 0.8), ylim=(-0.8, top + 0.8))
        ax.axis("off")
    return figure


def draw_loop_and_scan(num_steps: int = 4) -> Figure:
    """Draw what a compiler gets of a recurrence: of a Python loop copies, of a scan one step.

    Time runs to the right in the loop; in the scan the state goes round.

    Args:
        num_steps: steps of the loop.

    Raises:
        ValueError: fewer than 2 steps.
    """
    if num_steps < 2:
        raise ValueError(f"num_steps={num_steps} must be at least 2: one step needs no loop")
    middle = (num_steps + 1) / 2
    with mpl.rc_context(RC):
        figure, ax = plt.subplots(figsize=(WIDTH, 3.4))
        for t in range(1, num_steps + 1):
            _box(ax, t, 3.4, "step", COLORS[1])
            _box(ax, t, 2.4, f"$X_{t}$", INK)
            _arrow(ax, (t, 2.4), (t, 3.4))
            _arrow(ax, (t - 1, 3.4), (t, 3.4), gap=12 if t == 1 else 20, end=20)
        _arrow(ax, (num_steps, 3.4), (num_steps + 0.8, 3.4), gap=20, end=0)
        for place, y, label in ((0, 3.4, "$H_0$"), (middle - 1.1, 0.9, "$H_0$")):
            ax.text(place, y, label, ha="center", va="center", color=INK)
        _box(ax, middle, 0.9, "step", COLORS[0], 2.6)
        _box(ax, middle, -0.1, f"$X_1, \\ldots, X_{num_steps}$", INK)
        _arrow(ax, (middle, -0.1), (middle, 0.9))
        _arrow(ax, (middle - 1.1, 0.9), (middle, 0.9), gap=12, end=20)
        around = {"arrowstyle": "-|>", "color": INK, "connectionstyle": "arc3,rad=1.3"}
        right, left = (middle + 0.3, 1.12), (middle - 0.3, 1.12)
        ax.annotate("", xy=left, xytext=right, arrowprops=around)
        ax.text(middle + 0.62, 1.35, "state", ha="left", va="center", color=INK, style="italic")
        for y, label in ((3.4, "loop"), (0.9, "scan")):
            ax.text(-0.9, y, label, ha="center", va="center", color=INK, style="italic")
        ax.set(xlim=(-1.3, num_steps + 0.9), ylim=(-0.6, 3.9))
        ax.axis("off")
    return figure


def draw_lstm_step() -> Figure:
    """Draw one step of a long short-term memory.

    The memory cell has a straight road, above; each gate stands where it multiplies; the hidden
    state is below. Hochreiter and Schmidhuber (1997); Gers et al. (2000).
    """
    road, gates, below = 2.3, 0.6, -0.6
    with mpl.rc_context(RC):
        figure, ax = plt.subplots(figsize=(WIDTH, 3.2))
        for x, y, label in ((0, road, "$C_{t-1}$"), (6.6, road, "$C_t$")):
            _box(ax, x, y, label, COLORS[0])
        for x, label in ((0, "$X_t, H_{t-1}$"), (6.6, "$H_t$")):
            _box(ax, x, below, label, COLORS[1])
        signs = ((1.6, road, "×"), (3.5, road, "+"), (3.0, 1.5, "×"), (5.4, gates, "×"))
        for x, y, label in signs:
            _box(ax, x, y, label, INK)
        for x, label in ((1.6, "$F_t$"), (2.5, "$I_t$"), (3.5, "$G_t$"), (4.5, "$O_t$")):
            _box(ax, x, gates, label, COLORS[2])
            _arrow(ax, (x, below), (x, gates), gap=0)
        ax.plot([0.5, 4.5], [below, below], color=INK, linewidth=1)  # what the gates read
        for start, end in LSTM_ARROWS:
            _arrow(ax, start, end)
        _arrow(ax, (5.4, road), (5.4, gates), gap=0)
        for x, y, label in ((1.6, 2.85, "keep"), (3.5, 2.85, "add"), (6.25, 0.2, "show")):
            ax.text(x, y, label, ha="center", va="center", color=INK, style="italic")
        ax.text(5.62, 1.5, r"$\tanh$", ha="left", va="center", color=INK)
        ax.set(xlim=(-0.8, 7.2), ylim=(-1.1, 3.1))
        ax.axis("off")
    return figure


Span = tuple[int, int]  # the first and the last of the steps that were joined


def scan_rounds(num_steps: int) -> list[list[tuple[Span, Span]]]:
    """List what a parallel scan joins in each of its rounds, as `jax.lax.associative_scan` does.

    Neighbours are joined two by two, and the half as many results scanned in the same way; that
    gives every second prefix, and one more round the others. Blelloch (1990).

    Args:
        num_steps: steps, counted from 1.

    Returns:
        For each round the pairs of spans of steps that it joins, which do not wait for each other.
    """

    def scan(spans: list[Span]) -> tuple[list[Span], list]:
        if len(spans) < 2:
            return spans, []
        pairs = list(zip(spans[::2], spans[1::2], strict=False))
        every_second, rounds = scan([(a, d) for (a, _), (_, d) in pairs])
        late = list(zip(every_second, spans[2::2], strict=False))
        others = [spans[0], *((a, d) for (a, _), (_, d) in late)]
        prefixes = [None] * len(spans)
        prefixes[::2], prefixes[1::2] = others, every_second
        return prefixes, [pairs, *rounds, late]

    return [pairs for pairs in scan([(t, t) for t in range(1, num_steps + 1)])[1] if pairs]


def draw_scan_tree(num_steps: int = 8) -> Figure:
    """Draw the rounds of a parallel scan: which spans of steps each of them joins.

    Steps run to the right, rounds upwards. A thick frame is a finished state: the span from step 1.

    Args:
        num_steps: steps at the bottom.

    Raises:
        ValueError: fewer than 2 steps.
    """
    if num_steps < 2:
        raise ValueError(f"num_steps={num_steps} must be at least 2: one step joins nothing")
    rounds = scan_rounds(num_steps)
    places = {(t, t): (t, 0) for t in range(1, num_steps + 1)}
    with mpl.rc_context(RC):
        figure, ax = plt.subplots(figsize=(WIDTH, 1.0 + 0.62 * len(rounds)))
        for number, pairs in enumerate(rounds, start=1):
            ax.text(0, number, f"round {number}", ha="center", va="center", color=INK)
            for early, late in pairs:
                span = early[0], late[1]
                places[span] = late[1], number
                for part in (early, late):
                    _arrow(ax, places[part], places[span])
        ax.text(0, 0, "steps", ha="center", va="center", color=INK)
        for (first, last), (x, y) in places.items():
            label = f"{first}" if first == last else f"{first}–{last}"
            width = 2.6 if first == 1 else 1.2
            _box(ax, x, y, label, COLORS[1] if first == 1 else COLORS[0], width)
        ax.set(xlim=(-0.5, num_steps + 0.5), ylim=(-0.5, len(rounds) + 0.5))
        ax.axis("off")
    return figure


def _box(ax, x: float, y: float, label: str, color: str, linewidth: float = 1.4) -> None:
    frame = {
        "boxstyle": "round,pad=0.35",
        "facecolor": "none",
        "edgecolor": color,
        "linewidth": linewidth,
    }
    ax.text(x, y, label, ha="center", va="center", color=color, bbox=frame, size=11)


def _arrow(ax, start: tuple, stop: tuple, gap: float = 15, end: float = 15) -> None:
    """Draw an arrow; `gap`, `end`: points between it and the middles of the boxes there."""
    arrow = {"arrowstyle": "-|>", "color": INK, "shrinkA": gap, "shrinkB": end}
    ax.annotate("", xy=stop, xytext=start, arrowprops=arrow)
