"""The numbers beside an axis: at least three where there is room for them, and whole ones."""

import math

import numpy as np
from matplotlib.axis import Axis
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

MOST = 6  # numbers beside a logarithmic axis
PLAIN = 1e-3  # smaller ones are written with a power of ten
DIGITS = ((1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,))
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def set_ticks(axis: Axis, values=()) -> None:
    """Choose the numbers beside an axis whose limits stand.

    Args:
        axis: `ax.xaxis` or `ax.yaxis`.
        values: what the axis counts, such as epochs or layers; if all of them are whole numbers, so
            are those beside the axis.
    """
    is_whole = len(values) > 0 and bool((np.mod(values, 1) == 0).all())
    even = MaxNLocator(nbins=6, steps=[1, 2, 5, 10], integer=is_whole, min_n_ticks=3)
    if axis.get_scale() != "log":
        axis.set_major_locator(even)
        return
    low, high = axis.get_view_interval()
    ticks = [t for t in log_ticks(low, high) if not is_whole or t % 1 == 0]
    axis.set_major_locator(FixedLocator(ticks) if len(ticks) >= 3 else even)
    axis.set_major_formatter(FuncFormatter(lambda value, _: in_digits(value)))
    axis.set_minor_locator(NullLocator())


def log_ticks(low: float, high: float) -> list[float]:
    """Give up to `MOST` numbers between two: 1, 2, 5, 10, ..., or fewer of them in a wide range."""
    powers = range(math.floor(math.log10(low)), math.floor(math.log10(high)) + 1)
    for digits in DIGITS:
        ticks = [float(f"{digit}e{power}") for power in powers for digit in digits]
        ticks = [tick for tick in ticks if low <= tick <= high]
        if len(ticks) <= MOST:
            return ticks
    every = math.ceil(len(ticks) / MOST)
    return [tick for tick in ticks if round(math.log10(tick)) % every == 0]


def in_digits(value: float) -> str:
    """Write a number in a few digits: 0.25, 17,500, 1.66×10⁻⁵."""
    if value == 0 or PLAIN <= abs(value) < 1e6:
        return f"{value:,.6g}".replace("-", "−")
    digits, power = f"{value:.2e}".split("e")
    written = f"{float(digits):g}×10".removeprefix("1×").replace("-", "−")
    return written + str(int(power)).translate(SUPERSCRIPT)
