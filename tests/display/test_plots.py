"""Figures: what is drawn, what is written, and that they can be read on any page."""

import functools
import io
import math
import re
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

import charlm_lib as cl
from charlm_lib import widgets
from charlm_lib.display import format_perplexity, plots, progress, style, tables
from charlm_lib.display.plots import frame


def texts(figure):
    return [t.get_text() for t in figure.findobj(mpl.text.Text) if t.get_text()]


def history(train, val):
    epochs = list(range(1, len(train) + 1))
    return {
        "epoch": epochs,
        "train_perplexity": train,
        "val_perplexity": val,
        "seconds": [0.1] * len(train),
    }


def run(make_result, data, val):
    result = make_result(cl.RNNLM(cl.RNN(8), len(data.vocab), lr=1.0), data.vocab)
    result.history = history([v - 0.5 for v in val], val)
    return result.history


def test_perplexity_curves():
    figure = plots.draw_perplexity(history([20.0, 9.0, 6.5], [21.0, 10.0, 7.25]), 10)
    (ax,) = figure.axes
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_yscale()) == ("epoch", "perplexity", "log")
    assert ax.get_xlim()[1] == 10
    assert {"train 6.50", "validation 7.25"} <= set(texts(figure))
    drawn = {tuple(line.get_ydata()) for line in ax.lines}
    assert drawn == {(20.0, 9.0, 6.5), (21.0, 10.0, 7.25)}
    assert len({line.get_linestyle() for line in ax.lines}) == 2  # not by colour alone
    figure.canvas.draw()
    labels = [t.get_text() for t in ax.get_yticklabels()]
    assert "10" in labels and not any("^" in label for label in labels)


def test_labels_at_the_ends_do_not_overlap(make_result, data):
    runs = {f"run {i}": run(make_result, data, [20.0, 7 + i / 100]) for i in range(5)}
    figure = plots.plot_runs(runs)
    figure.canvas.draw()
    boxes = [a.get_window_extent() for a in figure.axes[0].texts]
    assert len(boxes) == 5
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])


@pytest.mark.parametrize(
    "split, word, shift", [("val", "validation", 0), ("train", "training", 0.5)]
)
def test_several_runs_on_one_axes(make_result, data, split, word, shift):
    runs = {
        "one": run(make_result, data, [9.0, 8.0]),
        "two": run(make_result, data, [9.0, 7.0, 6.0]),
    }
    figure = plots.plot_runs(runs, split)
    (ax,) = figure.axes
    assert ax.get_ylabel() == f"{word} perplexity" and ax.get_yscale() == "log"
    assert ax.get_xlim()[1] == 3
    assert {f"one {8 - shift:.2f}", f"two {6 - shift:.2f}"} <= set(texts(figure))
    assert len({line.get_color() for line in ax.lines}) == 2


@pytest.mark.parametrize(
    "train",
    [
        [20.0, math.nan],
        [20.0, math.inf],
        [20.0, 1e162],
        [math.inf, 1e300, math.inf],
        [9.0, math.inf, 8.0],
        [math.inf, math.inf],
    ],
    ids=str,
)
def test_an_exploded_run_is_drawn_to_its_end_and_stays_readable(train, recwarn):
    figure = plots.draw_perplexity(history(train, [11.0] * len(train)))
    figure.savefig(io.BytesIO())
    assert not recwarn.list
    assert f"train {format_perplexity(train[-1])}" in texts(figure)
    (ax,) = figure.axes
    arrows = [line for line in ax.lines if line.get_marker() == "^"]
    epochs = [i for i, value in enumerate(train, start=1) if not value < 1e4]
    assert [list(line.get_xdata()) for line in arrows] == [epochs]
    for line in ax.lines:  # no gap: what is above the top is drawn at the top
        assert len(line.get_ydata()) == sum(np.isfinite(line.get_ydata()))
    bottom, top = ax.get_ylim()
    assert 10 < bottom * 2 < 2 * 11 and 1e4 <= top < 1e5
    shown = [t for t in ax.yaxis.get_ticklabels() if bottom < t.get_position()[1] < top]
    boxes = [t.get_window_extent() for t in shown if t.get_text()]
    assert len(boxes) >= 4
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])


def test_a_single_epoch_can_be_seen():
    figure = plots.draw_perplexity(history([20.0], [21.0]))
    figure.canvas.draw()
    for line in figure.axes[0].lines:
        assert line.get_marker() not in ("None", None, "")


def test_gradient_norms():
    norms = {"free": np.array([1.0, 30.0, np.nan]), "clipped": np.array([1.0, 2.0, 3.0])}
    figure = plots.plot_grad_norms(norms, clip=1.5)
    (ax,) = figure.axes
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("update", "gradient norm")
    assert ax.get_yscale() == "log"
    assert {"free", "clipped", "clipped to 1.5"} <= set(texts(figure))
    figure.savefig(io.BytesIO())


@pytest.mark.parametrize("top", [9, 90, 900])
def test_numbers_on_a_short_log_axis_are_plain(top):
    figure = plots.plot_lines([1, 2, 3], {"a": [4.1, 5, top]}, "x", "y")
    figure.canvas.draw()
    axis = figure.axes[0].yaxis
    low, high = axis.get_view_interval()
    ticks = axis.get_ticklabels(which="both")
    labels = [tick.get_text() for tick in ticks if low <= tick.get_position()[1] <= high]
    labels = [label for label in labels if label]
    assert 3 <= len(labels) <= 10, labels
    assert all(label.replace(",", "").isdecimal() for label in labels), labels


def test_bars():
    figure = plots.plot_bars({"scratch": 0.5, "concise": 0.125}, "seconds", log=True, level=0.2)
    (ax,) = figure.axes
    figure.canvas.draw()
    assert ax.get_xlabel() == "seconds" and ax.get_xscale() == "log"
    assert {"scratch", "concise", "0.5", "0.125"} <= set(texts(figure))
    first, second = ax.patches
    assert (first.get_width(), second.get_width()) == (0.5, 0.125)
    assert (
        ax.transData.transform((1, first.get_y()))[1]
        > ax.transData.transform((1, second.get_y()))[1]
    )
    (level,) = ax.lines
    assert set(level.get_xdata()) == {0.2}


def test_bars_without_a_level():
    (ax,) = plots.plot_bars({"a": 1.0}, "y").axes
    assert ax.get_xscale() == "linear" and not ax.lines


def test_heat_map():
    values = np.random.default_rng(0).uniform(-1, 1, (4, 6))
    figure = plots.plot_heat_map(values, "ab cd ", title="state")
    ax, _ = figure.axes
    assert (ax.get_title(), ax.get_xlabel()) == ("state", "character read")
    assert ax.get_ylabel() == "hidden unit"
    assert [t.get_text() for t in ax.get_xticklabels()] == list("ab␣cd␣")
    (image,) = ax.images
    left, right = image.get_array()[:, ::2], image.get_array()[:, 1::2]
    np.testing.assert_array_equal(left, values)
    np.testing.assert_array_equal(right, np.maximum(values, 0))
    assert image.get_clim() == (-1, 1)
    assert tuple(image.get_extent()) == (-0.5, 5.5, 3.5, -0.5)
    assert "activation (below 0: half as wide)" in texts(figure)


@pytest.mark.parametrize("shape, text", [((4, 6), "abc"), ((6,), "abcdef"), ((2, 3, 6), "abcdef")])
def test_heat_map_bad_input(shape, text):
    with pytest.raises(ValueError) as error:
        plots.plot_heat_map(np.zeros(shape), text)
    assert str(shape) in str(error.value) and str(len(text)) in str(error.value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: plots.draw_perplexity(history([20.0, 9.0], [21.0, 10.0])),
        lambda: plots.plot_grad_norms({"a": np.ones(3)}),
        lambda: plots.plot_bars({"a": 1.0}, "y"),
        lambda: plots.plot_heat_map(np.zeros((2, 2)), "ab"),
    ],
)
def test_figures_are_transparent_and_readable_on_light_and_dark(make):
    before = dict(mpl.rcParams)
    figure = make()
    assert dict(mpl.rcParams) == before  # the reader's own style is untouched
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    picture.seek(0)
    pixels = plt.imread(picture)
    assert pixels.shape[2] == 4 and (pixels[0, :, 3] == 0).all()  # RGBA; clear at the edge
    for label in (figure.axes[0].xaxis.label, figure.axes[0].yaxis.label):
        luminance = np.mean(mpl.colors.to_rgb(label.get_color()))
        assert 0.4 < luminance < 0.6


def test_use_style():
    with mpl.rc_context():
        plots.use_style()
        assert mpl.rcParams["figure.facecolor"] == "none"
        assert mpl.rcParams["axes.prop_cycle"].by_key()["color"] == list(style.COLORS)


def test_equal_figures_of_a_notebook_are_equal_files_with_words_in_them(monkeypatch):
    from matplotlib_inline import backend_inline

    asked, files = [], []
    monkeypatch.setattr(frame, "in_notebook", lambda: True)
    monkeypatch.setattr(
        backend_inline, "set_matplotlib_formats", lambda kind, **how: asked.append((kind, how))
    )
    with mpl.rc_context():
        plots.use_style()
        ((kind, how),) = asked
        for _ in range(2):
            file = io.BytesIO()
            figure = plots.draw_perplexity(history([20.0, 9.0], [21.0, 10.0]))
            figure.savefig(file, format=kind, **how)
            files.append(file.getvalue().decode())
    assert files[0] == files[1] and ">epoch</text>" in files[0]
    assert mpl.__version__ not in files[0] and "T0" not in files[0]


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda runs: plots.plot_runs(runs, "test"), ["'test'", "train", "val"]),
        (lambda runs: plots.plot_runs({}), ["run"]),
        (lambda runs: plots.draw_perplexity(history([], [])), ["epoch"]),
        (lambda runs: plots.plot_runs(runs), ["'untrained'"]),
    ],
)
def test_bad_input_is_named(make_result, data, call, words):
    runs = {"one": run(make_result, data, [9.0, 8.0]), "untrained": run(make_result, data, [])}
    with pytest.raises(ValueError) as error:
        call(runs)
    assert all(word in str(error.value) for word in words), error.value


# --- without colour ---
SIX = {name: np.geomspace(1, i + 2, 9) for i, name in enumerate("abcdef")}


@pytest.mark.parametrize(
    "draw",
    [
        lambda make: plots.plot_lines(np.arange(9), SIX, "x", "y"),
        lambda make: plots.plot_grad_norms(SIX, clip=1.5),
        lambda make: plots.plot_runs({name: make(values) for name, values in SIX.items()}),
        lambda make: plots.draw_perplexity(history([20.0, 9.0], [21.0, 10.0])),
    ],
)
def test_lines_differ_in_more_than_colour(make_result, data, draw):
    figure = draw(lambda values: run(make_result, data, list(values)))
    lines = figure.axes[0].lines
    # Matplotlib keeps the dashes of a line here, as drawn.
    assert len({str(line._unscaled_dash_pattern) for line in lines}) == len(lines) >= 2


def test_the_sign_in_a_heat_map_can_be_seen_in_grey():
    figure = plots.plot_heat_map(np.array([[-1, -0.5, 0, 0.5, 1]]), "abcde")
    image = figure.axes[0].images[0]
    shades = image.to_rgba(image.get_array())[0, :, 3].round(1)  # 0 is clear
    assert list(zip(shades[::2], shades[1::2], strict=True)) == [
        *((1, 0), (0.5, 0)),  # half as wide
        (0, 0),
        *((0.5, 0.5), (1, 1)),
    ]


def test_states_have_the_colours_of_the_widgets():
    css = (Path(widgets.__file__).parent / "js/page/style.css").read_text()
    for name, color in (("warm", style.WARM), ("cool", style.COOL)):
        (numbers,) = re.findall(rf"--clm-{name}: ([\d ]+);", css)  # one pair, light and dark
        assert mpl.colors.to_hex([int(n) / 255 for n in numbers.split()]) == color
    (image,) = plots.plot_heat_map(np.array([[-1.0, 1.0]]), "ab").axes[0].images
    below, *_, above = image.to_rgba(image.get_array())[0, [0, 2]]
    assert (mpl.colors.to_hex(below), mpl.colors.to_hex(above)) == (style.COOL, style.WARM)


# --- with a screen reader: the numbers of a figure as a table ---
@pytest.fixture
def shown(monkeypatch):
    """What a notebook would show."""
    things = []
    monkeypatch.setattr(frame, "in_notebook", lambda: True)
    monkeypatch.setattr(frame, "show", things.append)
    return things


def table_of(shown, figure):
    """The table that was shown below the figure, which was closed."""
    assert shown[0] is figure and plt.get_fignums() == []
    return shown[1]


def test_table_of_runs(make_result, data, shown):
    values = [20.0, *np.linspace(10, 6, 40), math.nan, *np.linspace(6.1, 8, 18)]
    runs = {"long": run(make_result, data, values), "short": run(make_result, data, [9.0, 8.0])}
    table = table_of(shown, plots.plot_runs(runs))
    assert table.title == "validation perplexity by epoch"
    assert table.head == ["epoch", "long", "short"]
    rows = {int(epoch): rest for epoch, *rest in table.rows}
    assert rows[1] == ["20.00", "9.00"] and rows[2] == ["10.00", "8.00"] and rows[60][1] == ""
    assert rows[41] == ["6.00", ""], "the best epoch"
    assert list(rows) == sorted(rows) and len(rows) <= 14 and rows[42] == ["nan", ""]


def test_table_of_lines(shown):
    table = table_of(shown, plots.plot_lines(np.arange(32), {"a": np.arange(32) ** 2}, "x", "y"))
    assert (table.title, table.head) == ("y by x", ["x", "a"])
    assert table.rows[0] == ["0", "0"] and table.rows[-1] == ["31", "961"]
    assert len(table.rows) == 13
    del shown[:]
    table = table_of(shown, plots.plot_lines([8, 16], {"a": [1, 2]}, "x", "y"))
    assert table.rows == [["8", "1"], ["16", "2"]]


def test_table_of_gradient_norms_has_the_peaks(shown):
    free = np.ones(25)
    free[13], free[24] = 1234, np.inf
    table = table_of(shown, plots.plot_grad_norms({"free": free, "short": np.ones(3)}))
    assert table.head == ["updates", "free", "short"]
    rows = {name: rest for name, *rest in table.rows}
    assert rows["13 to 14"] == ["1.23e+03", ""] and rows["25 to 25"][0] == "not finite"
    assert rows["1 to 2"] == ["1", "1"]


def test_table_of_bars_and_of_a_heat_map(shown):
    assert table_of(shown, plots.plot_bars({"a b": 0.5}, "seconds")).rows == [["a b", "0.5"]]
    del shown[:]
    table = table_of(shown, plots.plot_heat_map(np.array([[-1, 0.25], [0.5, 1]]), "a "))
    assert table.head == ["hidden unit", "a", "␣"]
    assert table.rows == [["0", "-1.0", "0.2"], ["1", "0.5", "1.0"]]


def test_a_table_is_closed_text_and_html():
    table = tables.DataTable("y by <x>", ["x", "y"], [["1", "10.5"], ["200", "<2>"]])
    assert repr(table) == "Data: y by <x>\nx       y\n1    10.5\n200   <2>"
    html = table._repr_html_()
    assert html.startswith("<details") and "open" not in html and "\n\n" not in html
    assert "y by &lt;x&gt;" in html and "<td>&lt;2&gt;</td>" in html
    assert html.count('scope="col"') == html.count('scope="row"') == 2


def test_a_table_of_results_is_aligned_text_and_open_html():
    table = tables.Table(["a step", "loss"], [["one", 1.5], ["a longer <one>", "1,000"]])
    assert repr(table) == "a step           loss\none               1.5\na longer <one>  1,000"
    html = table._repr_html_()
    assert "<details" not in html and "\n\n" not in html
    assert "<td>1.5</td>" in html and 'scope="row">a longer &lt;one&gt;<' in html
    with pytest.raises(ValueError, match="1 entries for 2 columns: a step, loss"):
        tables.Table(["a step", "loss"], [["one", 1.5], ["two"]])


# --- what a person sees while a model trains ---
def test_progress_fits_into_a_terminal_of_80_columns(monkeypatch, capsys):
    monkeypatch.setattr(progress, "tqdm", functools.partial(progress.tqdm, ncols=80))
    growing = history([], [])
    with progress.FitDisplay(growing, 100) as display:
        for epoch in range(1, 101):
            for name in growing:
                growing[name].append(epoch / 8)
            display.update()
    last = capsys.readouterr().err.strip().split("\r")[-1]
    assert len(last) <= 80 and "100/100" in last
    assert "train 12.50" in last and "validation 12.50" in last


@pytest.mark.parametrize("epochs, show", [(3, False), (0, True)])
def test_nothing_is_shown_if_not_wanted_or_nothing_to_do(capsys, epochs, show):
    with progress.FitDisplay(history([], []), epochs, show) as display:
        display.history["epoch"].append(1)
        display.update()
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


class Shown:
    """Stands for what `IPython.display.display` returns, and keeps what was shown."""

    def __init__(self, first):
        self.all = [first]

    def update(self, new, raw=False):
        self.all.append(new)


def test_progress_in_a_notebook(monkeypatch):
    shown = []

    def display(value, raw=False, display_id=False):
        shown.append(Shown(value))
        return shown[-1]

    monkeypatch.setattr(progress, "in_notebook", lambda: True)
    monkeypatch.setattr(progress, "show", display)
    growing = history([], [])
    with progress.FitDisplay(growing, 30, note="a note") as bar:
        bar.pause = -1  # draw at each update
        for epoch in range(1, 4):
            for name in growing:
                growing[name].append(float(epoch))
            bar.update()
            bar.pause = -1
    line, figure, table = shown  # the first two are updated in place
    assert line.all[0] == {"text/plain": "compiling"}
    assert "3/30" in line.all[-2]["text/plain"]
    last = "epoch 3.0 of 30: perplexity: train 3.00, validation 3.00 (a note)"
    assert line.all[-1] == {"text/plain": last}
    assert len(figure.all) == 4 and all(isinstance(f, mpl.figure.Figure) for f in figure.all)
    assert {f.axes[0].get_title(loc="right") for f in figure.all} == {"a note"}
    assert plt.get_fignums() == []  # nothing is left open, to be shown twice
    assert table.all[0].rows == [[str(e), f"{e:.2f}", f"{e:.2f}"] for e in (1, 2, 3)]


SEEDS = {"tanh": [[5.0, 5.5, 4.5], [4.0, 4.3, 4.1]], "gru": [[3.0, 3.6, 3.3], [2.0, 2.0, 2.6]]}


def drawn_spreads(ax) -> dict:
    """Give (places, means, ends of the bars) of each label that an axes shows with bars."""
    return {
        bars.get_label(): (*line.get_data(), [part[:, 1] for part in stems[0].get_segments()])
        for bars in ax.containers
        for line, _, stems in [bars.lines]
    }


@pytest.mark.parametrize("x, places", [([1, 4], [1, 4]), (["all", "half of\nit"], [0, 1])])
def test_means_and_spreads_stand_at_their_places(x, places):
    figure = plots.plot_spread(x, SEEDS, "layers", "loss", level=2.5)
    (ax,) = figure.axes
    found = drawn_spreads(ax)
    assert list(found) == ["tanh", "gru"]
    for label, (at, means, ends) in found.items():
        np.testing.assert_allclose(at, places, atol=0.2)
        np.testing.assert_allclose(means, np.mean(SEEDS[label], 1))
        wanted = [(min(seeds), max(seeds)) for seeds in SEEDS[label]]
        np.testing.assert_allclose(ends, wanted)
    levels = [line.get_ydata()[0] for line in ax.lines if len(set(line.get_ydata())) == 1]
    assert 2.5 in levels
    assert [text.get_text() for text in ax.get_xticklabels()] == list(map(str, x))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("layers", "loss")


def test_names_are_not_joined_by_lines():
    for x, joined in (([1, 4], True), (["all", "half"], False)):
        (ax,) = plots.plot_spread(x, SEEDS, "layers", "loss").axes
        styles = {bars.lines[0].get_linestyle() for bars in ax.containers}
        assert (styles == {"None"}) != joined
