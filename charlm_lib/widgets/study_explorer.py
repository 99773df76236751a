"""The recorded runs of a study of depth, in whatever comparison a reader chooses."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import anywidget
import traitlets

from charlm_lib.widgets.bundle import module, style

PLANS = ("equal width", "equal parameters")
CURVES = {"train_perplexity": "trainCurve", "val_perplexity": "valCurve"}


class StudyExplorer(anywidget.AnyWidget):
    """Shows what the runs of a study say of depth, by which comparison, in the browser alone.

    A plot of perplexity against layers, the learning curve of the visited network or run, and a
    verdict by Welch's t test, as `compare_seeds` gives it. At equal width each network is compared
    with the one that has a layer less, at equal parameters with the shallowest.

    Args:
        record: with `runs`, as `studies.depth_study.read_record` gives it: of each run its `name`
            ("gru-2x47": cell, layers, units), `lr`, `seed`, `num_params`, `val_loss` and
            `test_loss` (nats per character), and by epoch `train_perplexity` and `val_perplexity`.
        plan: "equal width" or "equal parameters".
        cell: one of the record's, or "all".
        rate: a learning rate that all networks of the record have tried; 0: of each network the one
            with the lowest validation loss of its first seed.
        judge: "test" or "val", the text whose loss counts.
        each: show every seed instead of the mean.

    The trait `view`, a dict with these five, follows the reader.

    Raises:
        ValueError: the record has no runs, a run lacks something, or a choice is not offered.
    """

    _esm = module("study_explorer.js")
    _css = style("study_explorer.css")

    record = traitlets.Bytes().tag(sync=True)  # JSON; as bytes a page and its deck share it
    view = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        record: Mapping[str, Any],
        plan: str = "equal width",
        cell: str = "all",
        rate: float = 0,
        judge: str = "test",
        each: bool = False,
    ):
        if not record.get("runs"):
            raise ValueError("the record has no runs: pass that of depth_study.read_record()")
        networks, runs = networks_of(record["runs"]), [run_of(run) for run in record["runs"]]
        choices = {
            "plan": (plan, PLANS),
            "cell": (cell, ("all", *dict.fromkeys(network["cell"] for network in networks))),
            "rate": (rate, (0, *rates_of(runs))),
            "judge": (judge, ("test", "val")),
        }
        for name, (value, offered) in choices.items():
            if value not in offered:
                raise ValueError(f"{name} {value!r}: choose one of {offered}")
        view = {"plan": plan, "cell": cell, "rate": rate, "judge": judge, "each": each}
        shown = {"networks": networks, "runs": runs, "plans": plans_of(networks)}
        super().__init__(record=json.dumps(shown, separators=(",", ":")).encode(), view=view)

    def __repr__(self) -> str:
        runs = len(json.loads(self.record)["runs"])
        return f"StudyExplorer: {runs} runs. Run this cell or open the book's page."


def networks_of(runs: list[dict]) -> list[dict[str, Any]]:
    """Describe every network of the runs once: name, cell, layers, units a layer, parameters."""
    networks = {}
    for run in runs:
        cell, _, sizes = run["name"].partition("-")
        try:
            layers, hiddens = map(int, sizes.split("x"))
        except ValueError:
            raise ValueError(f"{run['name']!r} is no network's name, such as 'gru-2x47'") from None
        about = {"cell": cell, "layers": layers, "hiddens": hiddens}
        networks[run["name"]] = {"name": run["name"], **about, "params": run["num_params"]}
    return list(networks.values())


def run_of(run: dict) -> dict[str, Any]:
    """Give what the page shows of a run."""
    try:
        return {
            "name": run["name"],
            "lr": run["lr"],
            "seed": run["seed"],
            "val": run["val_loss"],
            "test": run["test_loss"],
            **{short: run[long] for long, short in CURVES.items()},
        }
    except KeyError as missing:
        raise ValueError(f"a run of {run['name']!r} lacks {missing}") from missing


def rates_of(runs: list[dict[str, Any]]) -> list[float]:
    """List the learning rates that every network has tried."""
    tried: dict[str, set[float]] = {}
    for run in runs:
        tried.setdefault(run["name"], set()).add(run["lr"])
    return sorted(set.intersection(*tried.values()))


def plans_of(networks: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Sort networks into two comparisons, each by depth: of one width, and of one size.

    The width is the one that a cell's networks have most often. The size is that of the deepest of
    this width; with another number of layers the network whose size comes closest counts.
    """
    plans = {plan: [] for plan in PLANS}
    for cell in dict.fromkeys(network["cell"] for network in networks):
        of_cell = sorted(
            (one for one in networks if one["cell"] == cell), key=lambda one: one["layers"]
        )
        [(width, _)] = Counter(one["hiddens"] for one in of_cell).most_common(1)
        wide = [one for one in of_cell if one["hiddens"] == width]
        plans["equal width"] += [one["name"] for one in wide]
        budget = wide[-1]["params"]
        for layers in dict.fromkeys(one["layers"] for one in of_cell):
            same_depth = [one for one in of_cell if one["layers"] == layers]
            closest = min(same_depth, key=lambda one: abs(one["params"] - budget))
            plans["equal parameters"].append(closest["name"])
    return plans
