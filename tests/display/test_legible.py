"""A figure can be read, also on a phone: its ticks, the names of its curves, the size of words."""

import itertools

import matplotlib as mpl
import numpy as np
import pytest

from charlm_lib.display import diagrams, plots
from charlm_lib.display.plots import ticks

PHONE = 342  # pixels, of the column of text
SMALLEST = 9  # pixels
GAP = 5  # pixels, between two numbers beside an axis
DOWN, UP = np.linspace(0.6, 0.1, 10), np.linspace(0.1, 0.6, 10)


def history(values):
    return {
        "epoch": list(range(1, len(values) + 1)),
        "train_perplexity": [1.1 * v for v in values],
        "val_perplexity": list(values),
    }


def lines(low, high, n=4, **how):
    curves = {f"a longer name {i}": np.geomspace(high, low, 5) * (1 + i / 50) for i in range(n)}
    return plots.plot_lines(how.pop("x", range(1, 6)), curves, "layer", "y", **how)


FIGURES = {
    "an epoch": lambda: plots.draw_perplexity(history([20.0, 12.0, 7.5])),
    "epochs": lambda: plots.draw_perplexity(history(np.geomspace(20, 4.4, 20))),
    "late epochs": lambda: plots.plot_runs({"one": history(np.linspace(4.9, 4.4, 100))}),
    "layers": lambda: lines(0.1, 0.6),
    "four layers": lambda: plots.plot_lines(
        range(1, 5), {"up": UP[:4], "down": DOWN[:4]}, "layer", "skill", log=False
    ),
    "within a factor of two": lambda: lines(3.8, 7.4, x=[10_000, 20_000, 50_000, 80_000, 160_000]),
    "seventeen powers": lambda: lines(1e-17, 1),
    "two fives": lambda: plots.plot_lines(
        range(1, 6), {"a": np.linspace(1.5, 12.46, 5)}, "layer", "y", log=False
    ),
    "small": lambda: lines(1.2e-5, 4e-5),
    "both logarithmic": lambda: lines(4.0, 12.0, n=6, x=[1, 4, 8, 32, 64], log_x=True),
    "updates": lambda: plots.plot_grad_norms({"free": UP * 40, "clipped": DOWN}, clip=0.25),
    "bars": lambda: plots.plot_bars({f"step {i}": 4 + 0.1 * i for i in range(11)}, "y", level=4.3),
    "small bars": lambda: plots.plot_bars({"a": 4.9e-3, "b": 2.6e-4, "c": 1.3e-5}, "y", log=True),
    "five curves": lambda: lines(0.1, 0.6, n=5),
    "spread": lambda: plots.plot_spread(
        [1, 2, 3, 4], {f"{n}, equal width": np.random.rand(4, 3) for n in "abcd"}, "layers", "y"
    ),
    "states": lambda: plots.plot_heat_map(np.random.rand(32, 25), "the time traveller smiled"),
}


@pytest.fixture(params=FIGURES)
def figure(request):
    np.random.seed(0)
    made = FIGURES[request.param]()
    made.canvas.draw()
    return made


def written(axis):
    """The numbers beside an axis that can be seen: for each its place and its box."""
    low, high = sorted(axis.get_view_interval())
    found = zip(axis.get_majorticklocs(), axis.get_ticklabels(), strict=True)
    return [
        (place, label.get_text(), label.get_window_extent())
        for place, label in found
        if low <= place <= high and label.get_text()
    ]


def test_an_axis_has_at_least_three_numbers_none_over_another(figure):
    for axis in [figure.axes[0].xaxis, figure.axes[0].yaxis]:
        found = written(axis)
        assert len(found) >= 3, [label for _, label, _ in found]
        for (_, _, one), (_, _, other) in itertools.pairwise(found):
            assert not one.padded(GAP).overlaps(other), [label for _, label, _ in found]


@pytest.mark.parametrize("last", [3, 4, 7, 20, 100])
def test_epochs_and_layers_are_whole(last):
    counted = {"one": history(np.geomspace(20, 5, last))}
    values = {"a": np.geomspace(1, 2, last), "b": np.geomspace(2, 1, last)}
    seen = [plots.plot_runs(counted), plots.draw_perplexity(counted["one"])]
    seen += [plots.plot_lines(range(1, last + 1), values, "layer", "y", log_x=x) for x in (0, 1)]
    for figure in [*seen, plots.plot_grad_norms(values)]:
        figure.canvas.draw()
        labels = [label for _, label, _ in written(figure.axes[0].xaxis)]
        assert labels and all(label.isdecimal() for label in labels), labels


def test_halves_stay_where_halves_were_measured():
    figure = plots.plot_lines([0.5, 1.0, 1.5, 2.0], {"a": UP[:4]}, "temperature", "y")
    figure.canvas.draw()
    assert "1.5" in [label.strip() for _, label, _ in written(figure.axes[0].xaxis)]


def test_the_names_of_curves_stand_where_no_curve_is(figure):
    (ax, *_) = figure.axes
    assert ax.get_legend() is None
    labels = ax.get_legend_handles_labels()[1]
    assert len(figure.legends) == (len(labels) > 1)
    for legend in figure.legends:
        box = legend.get_window_extent()
        places = {text.get_text(): text.get_window_extent() for text in legend.get_texts()}
        in_rows = sorted(labels, key=lambda name: (-round(places[name].y0), places[name].x0))
        assert in_rows == labels  # the order in which one reads
        assert 0 <= box.x0 and box.x1 <= figure.bbox.width and box.y1 <= figure.bbox.height
        for line in ax.lines:
            corners = ax.transData.transform(line.get_xydata())
            along = np.linspace(0, len(corners) - 1, 2000)
            places = [np.interp(along, np.arange(len(corners)), c) for c in corners.T]
            assert not any(box.contains(x, y) for x, y in zip(*places, strict=True))


def test_words_are_large_enough_on_a_phone(figure):
    scale = PHONE / (72 * figure.get_figwidth())
    for text in figure.findobj(mpl.text.Text):
        words = text.get_text()
        if len(words) > 1 or words.isdecimal():  # below a heat map stand single letters
            assert text.get_size() * scale >= SMALLEST, words


@pytest.mark.parametrize(
    "draw", [diagrams.draw_lstm_step, diagrams.draw_scan_tree, diagrams.draw_loop_and_scan]
)
def test_words_of_diagrams_are_large_enough_on_a_phone(draw):
    figure = draw()
    scale = PHONE / (72 * figure.get_figwidth())
    sizes = [text.get_size() for text in figure.findobj(mpl.text.Text) if text.get_text()]
    assert sizes and min(sizes) * scale >= SMALLEST


@pytest.mark.parametrize("num_steps", [2, 4])
def test_a_loop_is_drawn_as_copies_and_a_scan_as_one_step(num_steps):
    figure = diagrams.draw_loop_and_scan(num_steps)
    figure.canvas.draw()
    boxes = [text for text in figure.axes[0].texts if text.get_bbox_patch()]
    steps = [text for text in boxes if text.get_text() == "step"]
    heights = [text.get_position()[1] for text in steps]
    assert len(steps) == num_steps + 1 and heights.count(min(heights)) == 1
    places = [text.get_window_extent() for text in boxes]
    assert not any(a.overlaps(b) for a, b in itertools.combinations(places, 2))


def test_a_loop_of_one_step_is_refused():
    with pytest.raises(ValueError, match="num_steps=1"):
        diagrams.draw_loop_and_scan(1)


def test_numbers_of_bars_stand_over_nothing():
    figure = FIGURES["bars"]()
    figure.canvas.draw()
    (ax,) = figure.axes
    boxes = [text.get_window_extent() for text in ax.texts]
    assert len(boxes) == 11
    for i, box in enumerate(boxes):
        assert not box.overlaps(ax.get_window_extent()) and box.x1 <= figure.bbox.width
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])


@pytest.mark.parametrize(
    "value, words",
    [(0, "0"), (17_500, "17,500"), (0.25, "0.25"), (-0.05, "−0.05"), (1e-6, "10⁻⁶")]
    + [(1.66e-5, "1.66×10⁻⁵"), (3e7, "3×10⁷"), (-2e-4, "−2×10⁻⁴"), (0.1 + 0.2, "0.3")],
)
def test_numbers_are_written_in_few_digits(value, words):
    assert ticks.in_digits(value) == words
