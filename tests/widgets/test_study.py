"""The numbers and the verdicts of StudyExplorer, run in Node, against the library's."""

import json
from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import t as student

from charlm_lib import compare_seeds
from charlm_lib.studies import depth_study
from charlm_lib.widgets import StudyExplorer
from charlm_lib.widgets.study_explorer import rates_of

RECORD = depth_study.read_record()
STUDY = """
    const { Study, meanCurve } = await load("model/study.js");
    const { compareSeeds, studentTails } = await load("model/welch.js");
    const { networks, runs, plans } = input.state ?? {};
    const study = runs && new Study(networks, runs, plans);
"""


def state():
    return json.loads(StudyExplorer(RECORD).record)


def view(**choices):
    return {"plan": "equal width", "cell": "all", "rate": 0, "judge": "test", "each": False} | (
        choices
    )


def test_students_tails_are_scipys(run_node):
    cases = [(t, f) for t in (0, 0.3, -1, 2.5, 8, 60) for f in (1, 1.31, 2, 2.7, 3.9, 4, 17.5)]
    program = STUDY + "give(input.cases.map(([t, freedom]) => studentTails(t, freedom)));"
    expected = [2 * student.sf(abs(t), f) for t, f in cases]
    np.testing.assert_allclose(run_node(program, cases=cases), expected, rtol=1e-6)


def test_two_networks_are_compared_as_the_library_does(run_node):
    random = np.random.default_rng(4)
    pairs = [(random.normal(size=3), random.normal(0.8, 2, size=n)) for n in (2, 3, 5, 3, 4)]
    test_losses = {
        config: [run["test_loss"] for run in depth_study.chosen_runs(RECORD, config)]
        for config in depth_study.all_configs()
    }
    pairs += list(pairwise(test_losses.values()))
    program = STUDY + "give(input.pairs.map(([one, two]) => compareSeeds(one, two)));"
    found = run_node(program, pairs=[[list(one), list(two)] for one, two in pairs])
    expected = [compare_seeds(*pair) for pair in pairs]
    assert {by.verdict for by in expected} == {"better", "worse", "tie"}
    for mine, by in zip(found, expected, strict=True):
        assert mine["verdict"] == by.verdict
        assert mine["difference"] == pytest.approx(by.difference, abs=1e-12)
        assert mine["p"] == pytest.approx(by.p, rel=1e-6)


@pytest.mark.parametrize("losses", [[[1.5], [1.4, 1.3]], [[1.5, 1.5], [1.4, 1.4]]])
def test_without_a_spread_there_is_no_verdict(run_node, losses):
    found = run_node(STUDY + "give(compareSeeds(...input.losses));", losses=losses)
    assert found["verdict"] == "" and "p" not in found
    with pytest.raises(ValueError, match="show no spread"):
        compare_seeds(*map(np.array, losses))


def test_the_plans_are_those_of_the_study():
    plans = state()["plans"]
    for name, plan in (
        ("equal width", depth_study.equal_width),
        ("equal parameters", depth_study.equal_params),
    ):
        assert plans[name] == [config.name for cell in depth_study.CELLS for config in plan(cell)]


def test_a_rate_for_all_is_one_that_all_have_tried(run_node):
    rates = run_node(STUDY + "give(study.rates);", state=state())
    assert rates == [0.003, 0.01, 0.03, 0.1] == rates_of(RECORD["runs"])
    assert {run["lr"] for run in RECORD["runs"]} > set(rates)
    with pytest.raises(ValueError, match="rate 0.3: choose one of"):
        StudyExplorer(RECORD, rate=0.3)


def test_a_view_shows_the_runs_that_the_chapter_chooses(run_node):
    program = (
        STUDY
        + """
    const names = networks.map(({ name }) => name);
    give(names.map((name) => [name, study.runsOf(name, 0).map(({ lr, seed }) => [lr, seed])]));
    """
    )
    for name, chosen in run_node(program, state=state()):
        config = next(c for c in depth_study.all_configs() if c.name == name)
        runs = depth_study.chosen_runs(RECORD, config)
        assert chosen == [[run["lr"], run["seed"]] for run in runs] and len(chosen) == 3


def seen(run_node, study=None, **choices):
    """By cell: names, seeds, what is said, and the points, of one view."""
    program = (
        STUDY
        + """
    const { verdictOf, pointInWords } = await load("page/study/words.js");
    const { pointsOf } = await load("page/study/picture.js");
    const cells = [...study.shown(input.view)].map(([cell, places]) => {
      const compared = study.compared(places, input.view);
      return {
        cell,
        names: places.map(({ network }) => network.name),
        seeds: places.map(({ runs }) => runs.map(({ seed }) => seed)),
        ...verdictOf(cell, places, compared, input.view),
      };
    });
    const points = pointsOf(study, input.view);
    give({ cells, points: points.map((point) => pointInWords(point, input.view.judge)) });
    """
    )
    return run_node(program, state=study or state(), view=view(**choices))


def test_the_verdict_changes_with_the_view(run_node):
    wide = seen(run_node, cell="gru")["cells"]
    assert [cell["cell"] for cell in wide] == ["gru"]
    assert wide[0]["sentence"] == (
        "GRU, equal width, each with its best rate, on the test text: 2 of 3 further layers "
        "better, by 0.106 nats at most."
    )
    assert wide[0]["details"][1] == "three layers than two layers: better (+0.021 nats, p = 0.0077)"
    sizes = seen(run_node, plan="equal parameters")["cells"]
    assert sizes[0]["sentence"].endswith("no deeper network is more than a tie.")
    assert sizes[0]["details"][2] == "four layers than one layer: tie (−0.005 nats, p = 0.4810)"
    assert sizes[1]["sentence"].endswith("2 of 3 deeper networks better, by 0.029 nats at most.")


def test_one_seed_gives_no_verdict_and_no_run_no_point(run_node):
    at_once = seen(run_node, rate=0.003)
    assert at_once["cells"][0]["seeds"] == [[0]] * 4
    assert "a single seed each cannot tell" in at_once["cells"][0]["sentence"]
    assert at_once["cells"][0]["details"][0].endswith("who can say, with a single seed")
    some = {**state(), "runs": [run for run in state()["runs"] if run["lr"] != 0.1]}
    none = seen(run_node, some, rate=0.003, plan="equal parameters", cell="gru")["cells"]
    assert none[0]["names"] == [config.name for config in depth_study.equal_params("gru")]
    some["runs"] = [run for run in some["runs"] if (run["name"], run["lr"]) != ("gru-2x47", 0.003)]
    one_less = seen(run_node, some, rate=0.003, plan="equal parameters", cell="gru")
    assert one_less["cells"][0]["names"] == ["gru-1x75", "gru-3x37", "gru-4x32"]
    assert one_less["cells"][0]["details"][0].startswith("three layers than one layer: ")
    some["runs"] = [run for run in some["runs"] if run["lr"] != 0.003 or "tanh" in run["name"]]
    nothing = seen(run_node, some, rate=0.003, cell="gru")
    assert not nothing["points"]
    assert nothing["cells"][0]["sentence"].endswith(
        "none of these networks has a run with this rate."
    )


def test_points_are_means_or_seeds(run_node):
    [one, *_] = seen(run_node, cell="tanh")["points"]
    losses = [
        run["test_loss"] for run in depth_study.chosen_runs(RECORD, depth_study.all_configs()[0])
    ]
    assert one == (
        "tanh, 1 × 32, 2,876 parameters, rate 0.1, mean of 3 seeds: perplexity "
        f"{np.exp(np.mean(losses)):.3f} on the test text ({np.mean(losses):.3f} nats)"
    )
    every = seen(run_node, cell="tanh", each=True, judge="val")["points"]
    assert len(every) == 12 and "seed 2: perplexity" in every[2]
    assert every[2].endswith("nats)") and "on the validation windows" in every[2]


def test_no_two_cells_look_alike(run_node):
    program = (
        STUDY
        + """
    const { pointsOf } = await load("page/study/picture.js");
    give(pointsOf(study, input.view).map(({ cell, key }) => [cell, key]));
    """
    )
    keys = {tuple(pair) for pair in run_node(program, state=state(), view=view())}
    assert keys == {("tanh", "A"), ("gru", "B"), ("lstm", "C")}


def test_a_mean_curve_is_the_mean(run_node):
    assert run_node(STUDY + "give(meanCurve([[1, 5], [3, 6]]));") == [2, 5.5]


@pytest.mark.parametrize(
    ("record", "choices", "message"),
    [
        ({"runs": []}, {}, "the record has no runs"),
        (RECORD, {"plan": "equal time"}, "plan 'equal time': choose one of"),
        (RECORD, {"cell": "elman"}, "cell 'elman': choose one of"),
        (RECORD, {"rate": 0.5}, "rate 0.5: choose one of"),
        (RECORD, {"judge": "train"}, "judge 'train'"),
        ({"runs": [{"name": "gru2"}]}, {}, "'gru2' is no network's name"),
        ({"runs": [{"name": "gru-2x4", "num_params": 3, "lr": 1}]}, {}, "'gru-2x4' lacks 'seed'"),
    ],
)
def test_what_cannot_be_shown_is_refused(record, choices, message):
    with pytest.raises(ValueError, match=message):
        StudyExplorer(record, **choices)
