"""How far numbers are from those that they should be."""

import jax
import numpy as np


def distance(found, wanted) -> float:
    """Give ||found - wanted|| / ||wanted||, computed in float64 on the host."""
    found, wanted = (np.asarray(x, np.float64) for x in (found, wanted))
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


def distances(found, wanted) -> dict[str, float]:
    """Give the distance of each array of a tree, by its place in the tree.

    One by one, since a wrong bias is lost beside a large matrix.
    """
    places = jax.tree_util.tree_flatten_with_path(wanted)[0]
    pairs = zip(jax.tree.leaves(found), places, strict=True)
    return {jax.tree_util.keystr(path): distance(x, y) for x, (path, y) in pairs}


def largest_difference(found: dict[str, list], wanted: dict[str, list]) -> float:
    """Give the largest relative difference of two histories; nan where they differ in length."""
    pairs = [(found[name], wanted[name]) for name in wanted]
    if any(len(x) != len(y) for x, y in pairs):
        return float("nan")
    return max(float(np.max(np.abs(np.divide(x, y) - 1))) for x, y in pairs)
