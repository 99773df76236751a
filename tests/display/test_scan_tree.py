"""The drawn tree of a parallel scan is the one that JAX computes."""

import math

import jax
import jax.numpy as jnp
import matplotlib as mpl
import numpy as np
import pytest

from charlm_lib.display import diagrams


@pytest.mark.parametrize("num_steps", [1, 2, 3, 5, 8, 13, 64])
def test_rounds_are_those_of_jax(num_steps):
    """JAX joins spans of steps here; each of its calls is one round, of the same pairs."""
    called = []

    def join(early, late):
        called.append(np.stack([*early, *late], -1).tolist())
        return early[0], late[1]

    steps = jnp.arange(1, num_steps + 1)
    with jax.disable_jit():
        first, last = jax.lax.associative_scan(join, (steps, steps))
    assert (first == 1).all() and (last == steps).all()
    wanted = [[((a, b), (c, d)) for a, b, c, d in pairs] for pairs in called if pairs]
    assert diagrams.scan_rounds(num_steps) == wanted


@pytest.mark.parametrize("num_steps", [2, 3, 8, 11])
def test_neighbours_are_joined_and_every_state_is_reached(num_steps):
    known = {(t, t) for t in range(1, num_steps + 1)}
    for pairs in diagrams.scan_rounds(num_steps):
        for (a, b), (c, d) in pairs:
            assert b + 1 == c and {(a, b), (c, d)} <= known
        known |= {(a, d) for (a, _), (_, d) in pairs}
    assert {(1, t) for t in range(1, num_steps + 1)} <= known
    assert len(diagrams.scan_rounds(num_steps)) <= 2 * math.ceil(math.log2(num_steps))


def test_the_drawing_labels_every_node():
    figure = diagrams.draw_scan_tree(8)
    labels = [t.get_text() for t in figure.findobj(mpl.text.Text) if t.get_text()]
    spans = {"1–2", "3–4", "5–6", "7–8", "1–4", "5–8", "1–8", "1–6", "1–3", "1–5", "1–7"}
    assert spans <= set(labels) and {str(t) for t in range(1, 9)} <= set(labels)
    boxes = {t.get_text(): t.get_bbox_patch() for t in figure.findobj(mpl.text.Text)}
    thick = {s for s in spans if boxes[s].get_linewidth() > 2}
    assert thick == {s for s in spans if s.startswith("1–")}
    mpl.pyplot.close(figure)


def test_one_step_has_no_tree():
    with pytest.raises(ValueError, match="num_steps=1"):
        diagrams.draw_scan_tree(1)
