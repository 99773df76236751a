"""Drawn diagrams: what is connected to what in a recurrent network, and in a parallel scan."""

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from charlm_lib.display.style import COLORS, INK, RC


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
        figure, ax = plt.subplots(figsize=(6.4, 1.1 + 0.85 * top))
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
        figure, ax = plt.subplots(figsize=(6.4, 1.0 + 0.62 * len(rounds)))
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


def _arrow(ax, start: tuple[float, float], end: tuple[float, float]) -> None:
    arrow = {"arrowstyle": "-|>", "color": INK, "shrinkA": 15, "shrinkB": 15}
    ax.annotate("", xy=end, xytext=start, arrowprops=arrow)
