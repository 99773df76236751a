"""Drawn diagrams: what is connected to what in a recurrent network."""

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


def _box(ax, x: float, y: float, label: str, color: str) -> None:
    frame = {
        "boxstyle": "round,pad=0.35",
        "facecolor": "none",
        "edgecolor": color,
        "linewidth": 1.4,
    }
    ax.text(x, y, label, ha="center", va="center", color=color, bbox=frame, size=11)


def _arrow(ax, start: tuple[float, float], end: tuple[float, float]) -> None:
    arrow = {"arrowstyle": "-|>", "color": INK, "shrinkA": 15, "shrinkB": 15}
    ax.annotate("", xy=end, xytext=start, arrowprops=arrow)
