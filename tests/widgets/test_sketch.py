"""A reader's sketch of a curve, run in Node, against NumPy; and what cannot be asked."""

import math

import numpy as np
import pytest

from charlm_lib.widgets import PredictFirst

X, Y = [1.0, 2.0, 4.0, 11.0], [20.0, 14.0, 9.0, 8.0]
ANCHORS, HEIGHTS = [1.0, 2.0, 11.0], [25.0, 12.0, 6.0]  # at most three
RUN = """
    const { anchorsOf, sketchedAt, sketchError } = await load("model/sketch.js");
    const { x, y, anchors, heights, log, at } = input;
    give({
      anchors: anchorsOf(x, 3),
      all: anchorsOf(x, 6),
      heights: at.map((place) => sketchedAt(anchors, heights, place, log)),
      error: sketchError({ x, y }, anchors, heights, log),
    });
"""


@pytest.mark.parametrize("log", [True, False])
def test_a_sketch_is_straight_between_its_anchors_on_the_axis_of_the_plot(run_node, log):
    at = [1.0, 1.5, 3.5, 4.0, 10.9, 11.0]
    found = run_node(RUN, x=X, y=Y, anchors=ANCHORS, heights=HEIGHTS, log=log, at=at)
    to, back = (np.log, np.exp) if log else (np.asarray, np.asarray)
    assert found["anchors"] == [X[0], X[2], X[3]] and found["all"] == X
    np.testing.assert_allclose(found["heights"], back(np.interp(at, ANCHORS, to(HEIGHTS))))
    off = np.abs(np.interp(X, ANCHORS, to(HEIGHTS)) - to(Y)).mean()
    assert found["error"] == pytest.approx(float(back(off)))


@pytest.mark.parametrize(
    "changed, words",
    [
        ({"y": Y[:3]}, "4 x and 3 y"),
        ({"x": [1], "y": [9]}, "two points or more"),
        ({"x": [1, 2, 2, 3]}, "ascend"),
        ({"y": [20, 14, 9, 3.5]}, "3.5, which is not in the range from 4.0 to 32.0"),
        ({"y": [20, math.nan, 9, 8]}, "nan"),
        ({"low": 0}, "low 0.0: choose it below high, and positive"),
    ],
)
def test_a_curve_that_cannot_be_asked_is_refused(changed, words):
    with pytest.raises(ValueError, match=words):
        PredictFirst.curve("?", **{"x": X, "y": Y, "low": 4, "high": 32} | changed)


def test_a_linear_axis_may_begin_at_zero():
    asked = PredictFirst.curve("?", X, Y, 0, 32, "layers", "loss", log=False)
    assert asked.spec["low"] == 0 and asked.spec["y"] == Y and asked.spec["xlabel"] == "layers"
