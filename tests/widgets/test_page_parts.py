"""Parts of the page that need no page: turns, shapes of curves, numbers in words."""

import random
from itertools import combinations, pairwise

import pytest


def test_a_seed_fixes_the_rounds_and_none_makes_each_visit_another(run_node):
    program = """
    const { WhichModelQuestion } = await load("page/predict/which_model.js");
    const about = { tokens: ["<unk>", ..."abcdefgh "] };
    const zeros = (name) => ({
      about: { ...about, name },
      zeroState: () => [],
      step: () => new Float64Array(about.tokens.length),
    });
    const rounds = (seed) => {
      const spec = { prefix: "a", temperature: 1, length: 30, seed };
      const question = new WhichModelQuestion(spec, [zeros("one"), zeros("two")]);
      return Array.from({ length: 6 }, () => question.nextRound());
    };
    give([rounds(3), rounds(3), rounds(4), rounds(null), rounds(null)]);
    """
    one, again, other, *fresh = run_node(program)
    assert one == again
    texts = [round["text"] for rounds in (one, other, *fresh) for round in rounds]
    assert len(set(texts)) == len(texts) == 24


@pytest.mark.parametrize("count", [2, 3, 5])
def test_turns_are_balanced_and_cannot_be_foretold(run_node, count):
    program = """
    const { balancedTurns } = await load("page/predict/turns.js");
    const { randomNumbers } = await load("model/random.js");
    const turns = (seed) => {
      const all = balancedTurns(input.count, randomNumbers(seed));
      return Array.from({ length: 60 * input.count }, () => all.next().value);
    };
    give([1, 2, 1].map(turns));
    """
    one, other, again = run_node(program, count=count)
    assert one == again != other
    for start in range(0, len(one), 2 * count):
        assert sorted(one[start : start + 2 * count]) == sorted(2 * list(range(count)))
    assert all(len(set(one[i : i + 3])) > 1 for i in range(len(one) - 2))
    follows = set(pairwise(one))
    assert len(follows) == count**2  # any writer can come after any, itself too
    assert set(one[:: 2 * count]) == set(range(count))


def test_a_thinned_curve_keeps_its_ends_and_its_summits(run_node):
    values = [10.0 + (i % 7) for i in range(5000)]
    values[1234], values[3210], values[4001] = 9000.0, 0.5, None
    values[-1] = 11.5
    program = """
    const { thinned } = await load("page/curve_shape.js");
    give([thinned(input.values.map((v) => v ?? NaN), 300), thinned([5, 6, NaN], 300)]);
    """
    kept, short = run_node(program, values=values)
    assert {0, 1234, 3210, 4001, 4999} <= set(kept)
    assert kept == sorted(set(kept)) and len(kept) <= 302
    assert short == [0, 1, 2]


@pytest.mark.parametrize(
    ("heights", "parts", "exits"),
    [
        ([5, 7], [[[0, 5], [10, 7]]], []),
        ([5], [[[0, 5]]], []),  # a single point is a part
        ([5, None], [[[0, 5], [10, 2]]], [10]),  # to infinity: up to the edge
        ([8, -10], [[[0, 8], [10, 2]]], [10]),
        ([None], [], [0]),
        ([8, 0, None, 6, 1], [[[0, 8], [10, 2]], [[20, 2], [30, 6], [40, 2]]], [10, 40]),
        ([0, 8, 2, 0], [[[0, 2], [10, 8], [20, 2], [30, 2]]], [0, 30]),
    ],
)
def test_where_a_curve_leaves_the_drawing(run_node, heights, parts, exits):
    program = """
    const { partsBelow } = await load("page/curve_shape.js");
    const places = input.heights.map((y, i) => ({ x: 10 * i, y: y ?? -Infinity }));
    const { parts, exits } = partsBelow(places, 2);
    give([parts.map((part) => part.map(({ x, y }) => [x, y])), exits]);
    """
    assert run_node(program, heights=heights) == [parts, exits]


def test_no_number_is_rounded_to_what_it_is_not(run_node):
    program = """
    const { numberInWords } = await load("page/train/words.js");
    const { bitsInWords, percent } = await load("page/words.js");
    give([
      [27.94, 0, 0.0042, 1e-9, 5.6e29, NaN, Infinity].map(numberInWords),
      [0, 1e-12, 0.004, 0.005, 0.5, 0.994, 0.996, 0.9999999, 1].map(percent),
      [1, 0.25, 5e-324, 0].map(bitsInWords),
    ]);
    """
    numbers, shares, bits = run_node(program)
    assert numbers == [
        *("27.94", "0.00", "0.0042", "1.0e-9", "5.6e+29", "not a number", "too large a number")
    ]
    assert shares == ["0%", "<1%", "<1%", "1%", "50%", "99%", ">99%", ">99%", "100%"]
    assert bits == ["0.0 bits", "2.0 bits", "1074.0 bits", "over 1000 bits"]


def told(run_node, **run):
    """What the page says of a run, whose fields are the given ones over those of a quiet run."""
    program = """
    const words = await load("page/train/words.js");
    const model = { cell: "tanh", layers: 1, hiddens: 8 };
    const settings = {
      ...model, optimizer: "sgd", learningRate: 2, clip: 0, numSteps: 16, scale: 1,
      ...input.run.settings,
    };
    const quiet = { title: "It", tokens: Array(28), updates: 0, seconds: 0, points: [] };
    const run = { ...quiet, problem: "", exploded: false, placeName: "worker", changes: [] };
    Object.assign(run, input.run, { settings, first: settings });
    const line = words.runInWords(run);
    give([words.progressInWords(run, "CPU"), line, words.explainProblem(run)]);
    """
    return run_node(program, run=run)


def point(updates, train, validation, norm):
    return {"updates": updates, "train": train, "validation": validation, "norm": norm}


def test_the_status_says_which_updates_its_numbers_are_of(run_node):
    begun = [point(0, 28, 28, 0)]
    status, line, _ = told(run_node)
    assert status == "Not trained yet: it guesses among 28 tokens."
    assert line.endswith("windows of 16, on It")
    status, line, _ = told(run_node, points=begun, updates=7, seconds=0)
    assert status == (  # a browser with a coarse clock may count no time: no rate then
        "Update 7 in a Worker of this page. Perplexity before the first update: validation 28.00."
    )
    assert line.endswith("on It")
    run = {"points": [*begun, point(20, 20, 19.5, 0.5)], "updates": 33, "seconds": 0.5}
    status, line, _ = told(run_node, **run)
    assert status == (
        "Update 33, 66 a second in a Worker of this page. Perplexity at update 20: training 20.00 "
        "(over 20 updates), validation 19.50. Longest gradient of these: 0.50."
    )
    assert line.endswith("on It: validation down to 19.50")
    run = {"points": [*begun, point(1, 27, 26, 0.004)], "updates": 1, "seconds": 0.5}
    status, _, _ = told(run_node, **run)
    assert "Its own loss: 3.30, a perplexity of 27.00; gradient 0.0040." in status
    assert "Perplexity after it: validation 26.00." in status


def test_what_was_changed_while_a_run_went_on_is_told(run_node):
    changes = [{"updates": n, "learningRate": n / 10, "clip": n % 2} for n in (3, 4, 5, 6, 7)]
    _, line, _ = told(run_node, changes=changes[:1], settings={"scale": 0.05})
    assert "learning rate 2, not clipped, windows of 16, starting scale 0.05; after" in line
    assert line.endswith("; after update 3 learning rate 0.3, clipped at 1, on It")
    _, line, _ = told(run_node, changes=changes)
    assert "windows of 16; 2 more changes; after update 5 learning rate 0.5, clipped" in line


def test_the_film_says_what_is_known_of_an_update(run_node):
    program = """
    const { Film } = await load("learning/film.js");
    const { frameInWords } = await load("page/train/words.js");
    const film = new Film();
    const run = { name: "B", points: input.points, film, updates: 40 };
    const before = frameInWords(run, 0);
    film.add([[1, 27, 0.5], [2, 26, 0.25]], [{ updates: 0, parameters: new Float32Array(1) }]);
    give([before, frameInWords(run, 0), frameInWords(run, 2)]);
    """
    before, first, second = run_node(program, points=[point(0, 28, 28, 0), point(20, 9, 8, 1)])
    assert before == "The film of this run begins with its first update."
    assert first == "Run B after update 0 of 40: validation 28.00 at update 0."
    numbers = "perplexity 26.00 on its own windows, gradient 0.25, validation 28.00 at update 0."
    assert second == f"Run B after update 2 of 40: {numbers}"


def test_only_an_explosion_is_called_one(run_node):
    points = [point(0, 28, 28, 0), point(20, 9, 9, 3), point(40, 1e9, 2e9, 700)]
    run = {"points": points, "updates": 40, "problem": "After update 40 it ...", "seconds": 1}
    _, line, why = told(run_node, **run, exploded=True)
    assert line.endswith("on It: exploded at update 40")
    assert why.startswith("The run exploded. After update 40") and "grew to 700.00" in why
    assert "Turn clipping on, or lower the learning rate" in why
    _, line, why = told(run_node, **run, exploded=True, settings={"clip": 3})
    assert "Even clipped to 3, steps of learning rate 2 are too long. Lower it" in why
    assert "SGD with learning rate 2, clipped at 3, windows of 16" in line
    adam = {"cell": "lstm", "layers": 3, "optimizer": "adam", "learningRate": 0.5}
    _, line, why = told(run_node, **run, exploded=True, settings=adam)
    assert line.startswith("3 LSTM layers of 8, Adam with learning rate 0.5, not clipped")
    assert "Adam moves a weight by about the learning rate" in why and "rate 0.5 are" in why
    assert "clipping" not in why  # it would not help
    _, line, why = told(run_node, **run, exploded=False)
    assert line.endswith("validation down to 9.00; stopped at update 40")
    assert why == "After update 40 it ..."


PLACE = """
    const { heightsOf } = await load("page/label_places.js");
    give(input.wishes.map((wishes) => heightsOf(wishes, input.room)));
"""
ROOM = {"step": 14, "low": 22, "high": 236}


def label(y, start=640, width=60, **more):
    return {"from": start, "to": start + width, "y": y, **more}


def test_labels_of_near_curves_part_around_their_ends(run_node):
    wishes = [
        [label(100), label(104)],
        [label(104), label(100)],  # the order of the wishes, not of the runs
        [label(50), label(150.5)],  # far enough
        [label(100), label(104, start=300)],  # beside each other
        [label(22), label(22), label(22)],  # three that have left over the edge
        [label(235), label(236)],
        [label(100, weight=1e6), label(97)],
    ]
    found = run_node(PLACE, wishes=wishes, room=ROOM)
    assert found[:4] == [[95, 109], [109, 95], [50, 150.5], [100, 104]]
    assert found[4:6] == [[22, 36, 50], [222, 236]]
    assert found[6] == pytest.approx([100, 86], abs=1e-3)


def test_labels_never_collide_and_never_change_places(run_node):
    rng = random.Random(5)
    every = [
        [label(rng.uniform(22, 236), rng.choice([300, 340, 500, 640])) for _ in range(6)]
        for _ in range(200)
    ]
    for wishes, heights in zip(every, run_node(PLACE, wishes=every, room=ROOM), strict=True):
        assert all(22 <= y <= 236 for y in heights)
        both = list(zip(wishes, heights, strict=True))
        for (one, y), (other, z) in combinations(both, 2):
            if one["from"] < other["to"] and other["from"] < one["to"]:
                assert abs(y - z) > 14 - 1e-9
                assert (y < z) == (one["y"] < other["y"])


@pytest.mark.parametrize(
    ("x", "ticks"),
    [
        ([1, 2, 3, 4], ["1", "2", "3", "4"]),
        (list(range(1, 21)), ["2", "4", "6", "8", "10", "12", "14", "16", "18", "20"]),
        ([0.5, 1, 1.5, 2], ["0.6", "0.8", "1", "1.2", "1.4", "1.6", "1.8", "2"]),
    ],
)
def test_a_sketch_over_layers_has_whole_numbers_below_it(run_node, x, ticks):
    program = """
    await openPage();
    globalThis.innerWidth = 800;
    const { CurveQuestion } = await load("page/predict/curve.js");
    const spec = { x: input.x, y: input.x, low: 0.1, high: 30, log: true, xlabel: "layers" };
    const question = new CurveQuestion({ ...spec, ylabel: "loss" }, []);
    question.ask(() => {});
    const texts = question.drawing.all("text");
    give(texts.filter((t) => t.attributes["text-anchor"] === "middle").map((t) => t.textContent));
    """
    assert run_node(program, x=x) == ticks
