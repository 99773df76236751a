"""What stands where in a figure: every value is read back from the drawing, none like another."""

import numpy as np
import pytest
from matplotlib import colors

from charlm_lib.display import plots, progress
from charlm_lib.display.plots import lines as lines_module

HISTORY = {
    "epoch": [1, 2, 3, 4],
    "train_perplexity": [20.0, 11.0, 5.0, 3.0],
    "val_perplexity": [22.0, 9.0, 7.0, 8.0],
    "seconds": [0.1] * 4,
}


def lines_by_label(ax):
    return {line.get_label(): line for line in ax.lines}


def ends(ax):
    """For each label at the right edge the number that it says, its height in data, its colour."""
    found = {}
    for label in ax.texts:
        name, number = label.get_text().rsplit(" ", 1)
        _, height = ax.transAxes.transform(label.xy)
        _, value = ax.transData.inverted().transform((0, height))
        found[name] = float(number), value, colors.to_hex(label.get_color())
    return found


def test_both_perplexities_keep_their_names_looks_and_last_values():
    (ax,) = plots.draw_perplexity(HISTORY).axes
    found = ends(ax)
    assert found["train"][0] == 3.0 and found["validation"][0] == 8.0
    looks = {}
    for line in ax.lines:
        np.testing.assert_array_equal(line.get_xdata(), HISTORY["epoch"])
        looks[colors.to_hex(line.get_color())] = line.get_linestyle(), list(line.get_ydata())
    assert looks[found["train"][2]] == ("--", HISTORY["train_perplexity"])
    assert looks[found["validation"][2]] == ("-", HISTORY["val_perplexity"])


def test_a_label_stands_at_the_last_value_of_its_own_curve():
    runs = {
        name: HISTORY | {"val_perplexity": [2 * v for v in values], "train_perplexity": values}
        for name, values in {"up": [4.0, 5.0, 6.0, 12.0], "down": [9.0, 7.0, 3.0, 2.0]}.items()
    }
    for split, factor in (("train", 1), ("val", 2)):
        (ax,) = plots.plot_runs(runs, split).axes
        drawn = {colors.to_hex(line.get_color()): line.get_ydata() for line in ax.lines}
        assert list(ends(ax)) == ["down", "up"]  # written from the lowest upwards
        for name, (number, height, color) in ends(ax).items():
            values = factor * np.array(runs[name]["train_perplexity"])
            assert number == values[-1] == pytest.approx(height, rel=1e-6)
            np.testing.assert_array_equal(drawn[color], values)


def test_gradient_norms_stand_at_their_updates_and_the_line_at_the_clip():
    norms = {"free": np.array([1.0, 30.0, 4.0]), "clipped": np.array([2.0, 0.5])}
    (ax,) = plots.plot_grad_norms(norms, clip=1.5).axes
    lines = lines_by_label(ax)
    for label, values in norms.items():
        np.testing.assert_array_equal(lines[label].get_xdata(), np.arange(len(values)) + 1)
        np.testing.assert_array_equal(lines[label].get_ydata(), values)
    assert set(lines["clipped to 1.5"].get_ydata()) == {1.5}
    assert len(plots.plot_grad_norms(norms).axes[0].lines) == 2  # no clip, no line


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("log_x", [False, True])
def test_lines_have_their_values_and_the_axes_that_were_asked_for(log, log_x):
    curves = {"a": [3.0, 1.0, 2.0], "b": [10.0, 20.0, 5.0]}
    (ax,) = plots.plot_lines([1, 4, 9], curves, "x", "y", log=log, log_x=log_x).axes
    assert (ax.get_xscale(), ax.get_yscale()) == tuple(
        "log" if is_log else "linear" for is_log in (log_x, log)
    )
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x", "y")
    for label, values in curves.items():
        line = lines_by_label(ax)[label]
        assert (list(line.get_xdata()), list(line.get_ydata())) == ([1, 4, 9], values)


def test_lines_are_logarithmic_upwards_only_unless_told():
    (ax,) = plots.plot_lines([1, 2], {"a": [1.0, 2.0]}, "x", "y").axes
    assert (ax.get_xscale(), ax.get_yscale()) == ("linear", "log")


def test_spreads_of_several_groups_stand_beside_each_other():
    groups = {"a": [[1.0, 3.0], [5.0, 9.0]], "b": [[2.0, 4.0], [6.0, 7.0]]}
    (ax,) = plots.plot_spread([1, 4], groups, "x", "y").axes
    places = {bars.get_label(): bars.lines[0].get_xdata() for bars in ax.containers}
    assert (places["a"] < places["b"]).all()  # else one covers the other
    np.testing.assert_allclose((places["a"] + places["b"]) / 2, [1, 4])


def test_the_line_of_progress_says_which_number_is_which():
    display = progress.FitDisplay(HISTORY, 4)
    assert display._perplexities() == "perplexity: train 3.00, validation 8.00"


def test_the_table_of_perplexities_has_each_under_its_name():
    table = plots.perplexity_table(HISTORY)
    assert table.head == ["epoch", "train", "validation"]
    assert table.rows == [
        [str(e), f"{t:.2f}", f"{v:.2f}"]
        for e, t, v in zip(
            HISTORY["epoch"], HISTORY["train_perplexity"], HISTORY["val_perplexity"], strict=True
        )
    ]


def test_the_table_of_curves_counts_in_digits(monkeypatch):
    tables = []
    monkeypatch.setattr(lines_module, "shown", lambda figure, table: tables.append(table))
    plots.plot_lines([8192, 135_168], {"a": [11.2, 4.1]}, "characters", "perplexity", log_x=True)
    assert tables[0].rows == [["8,192", "11.2"], ["135,168", "4.1"]]
