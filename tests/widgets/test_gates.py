"""The numbers of GateToTurn, run in Node, against equations written anew in NumPy and JAX."""

import numpy as np
import pytest

from charlm_lib.widgets import GateToTurn
from tests.widgets.test_core import IDS, MODELS, READ, H, packed, trained_like

LETTERS = [0.31, -0.74, 0.12, 0.83, -0.05, -0.61]
SETTINGS = {
    "gru": [{"r": 0.37, "z": 0.82}, {"r": 1.0, "z": 0.0}, {"r": 0.0, "z": 1.0}],
    "lstm": [
        {"i": 0.23, "f": 0.91, "o": 0.64},
        {"i": 1.0, "f": 0.0, "o": 1.0},
        {"i": 0.0, "f": 1.0, "o": 0.0},
    ],
}
UNITS = """
    const { GATED, rememberWith, rememberWithout, shareLeft } = await load("model/gates.js");
    const unit = GATED[input.cell];
    const [one, other] = [0.8, -0.8].map((v) => rememberWith(unit, input.gates, v, input.letters));
    const carried = [one, other].map((states) => states.map((state) => state[unit.carries]));
    give({ one, carried, left: shareLeft(...carried), plain: rememberWithout(0.8, input.letters) });
"""


def remembered(cell, gates, value):
    """What is carried at each step, from the equations of the chapters with weights of 1."""
    if cell == "gru":
        carried = [value]
        for x in LETTERS:
            h = carried[-1]
            n = np.tanh(x + gates["r"] * h)
            carried.append((1 - gates["z"]) * n + gates["z"] * h)
        return carried
    carried, h = [value], gates["o"] * np.tanh(value)
    for x in LETTERS:
        carried.append(gates["f"] * carried[-1] + gates["i"] * np.tanh(x + h))
        h = gates["o"] * np.tanh(carried[-1])
    return carried


@pytest.mark.parametrize(("cell", "gates"), [(c, g) for c, s in SETTINGS.items() for g in s])
def test_a_unit_remembers_what_its_equations_say(run_node, cell, gates):
    found = run_node(UNITS, cell=cell, gates=gates, letters=LETTERS)
    both = [remembered(cell, gates, value) for value in (0.8, -0.8)]
    np.testing.assert_allclose(found["carried"], both, atol=1e-12)
    np.testing.assert_allclose(found["left"], np.subtract(*both) / 1.6, atol=1e-12)
    carried = {"gru": "h", "lstm": "c"}[cell]
    for state in found["one"][1:]:  # the roads of the picture add up
        assert state["kept"] + state["added"] == pytest.approx(state[carried], abs=1e-12)
    h, plain = 0.8, [0.8]
    for x in LETTERS:
        h = np.tanh(x + h)
        plain.append(h)
    np.testing.assert_allclose(found["plain"], plain, atol=1e-12)


def test_a_closed_road_through_tanh_leaves_the_power_of_the_gate(run_node):
    gates = {"r": 0.0, "z": 0.82}
    found = run_node(UNITS, cell="gru", gates=gates, letters=LETTERS)
    np.testing.assert_allclose(found["left"], 0.82 ** np.arange(7), atol=1e-12)


def test_half_of_it_is_left_after_a_half_life(run_node):
    program = """
    const { halfLife } = await load("model/gates.js");
    const { halfLifeInWords } = await load("page/gates/words.js");
    const words = [1, 0.99, 0.9, 0.3, 0].map((keep) => halfLifeInWords(keep));
    give([halfLife(0.9), words, halfLifeInWords(0.5, "letter")]);
    """
    found, words, one = run_node(program)
    assert 0.9**found == pytest.approx(0.5)
    assert words == [
        "keeps it for ever",
        "keeps half of it for 69 steps",
        "keeps half of it for 6.6 steps",
        "keeps half of it for less than one step",
        "keeps nothing",
    ]
    assert one == "keeps half of it for 1 letter"


def test_the_letters_are_the_same_for_everyone_and_disturb(run_node):
    program = """
    const { disturbances, NUM_STEPS, WRITTEN, rememberWithout, shareLeft } =
      await load("model/gates.js");
    const letters = disturbances();
    const [one, other] = [WRITTEN, -WRITTEN].map((v) => rememberWithout(v, letters));
    give([letters, disturbances(), NUM_STEPS, shareLeft(one, other)]);
    """
    letters, again, num_steps, left = run_node(program)
    assert letters == again and len(letters) == num_steps - 1 == 31
    assert max(np.abs(letters)) <= 0.9 and abs(np.mean(letters)) < 0.2
    assert left[0] == 1 and left[-1] < 0.01  # a tanh unit forgets


def gates_in_numpy(result, ids):
    """Mean gates and the product of the one that keeps, per layer and unit, from the weights."""
    params = result.params["params"]["rnn"]
    cell = type(result.model.rnn).__name__
    sigmoid = lambda a: 1 / (1 + np.exp(-a))  # noqa: E731
    inputs, rows = np.eye(len(result.vocab))[ids], []
    for i in range(result.model.rnn.num_layers):
        w = {
            gate: [params[f"layer_{i}"][side + gate] for side in "ih"]
            for gate in ("rzn" if cell == "GRU" else "ifgo")
        }
        h, c, outputs, steps = np.zeros(H), np.zeros(H), [], []
        for x in inputs:
            a = {g: (x @ p["kernel"], h @ q["kernel"]) for g, (p, q) in w.items()}
            if cell == "GRU":
                r, z = (sigmoid(sum(a[g]) + w[g][0]["bias"]) for g in "rz")
                n = np.tanh(a["n"][0] + w["n"][0]["bias"] + r * (a["n"][1] + w["n"][1]["bias"]))
                h = (1 - z) * n + z * h
                steps.append([r, z])
            else:
                i_, f, o = (sigmoid(sum(a[g]) + w[g][1]["bias"]) for g in "ifo")
                c = f * c + i_ * np.tanh(sum(a["g"]) + w["g"][1]["bias"])
                h = o * np.tanh(c)
                steps.append([i_, f, o])
            outputs.append(h)
        inputs = np.array(outputs)
        rows.append(np.array(steps))
    return np.array(rows)  # (num_layers, num_steps, num_gates, num_hiddens)


@pytest.mark.parametrize("name", ["gru 2", "lstm 3"])
def test_the_gates_of_trained_units_are_those_of_the_weights(run_node, name):
    result, ids = trained_like(MODELS[name]), IDS[:23]
    gates = gates_in_numpy(result, ids)
    names = {"gru": "rz", "lstm": "ifo"}[name.split()[0]]
    wanted = dict(zip(names, (0.3, 0.7, 0.55), strict=False))
    program = """
    const { nearest, standings } = await load("model/gates.js");
    const { trace } = await load("model/trace.js");
    const units = standings(model.about, trace(model, input.reading));
    give([units, nearest(units, input.wanted, 4)]);
    """
    reading = [{"token": int(token), "shown": "a"} for token in ids]
    units, found = run_node(READ + program, **packed(result), reading=reading, wanted=wanted)
    means = gates.mean(1).swapaxes(1, 2).reshape(-1, len(names))  # (layers * hiddens, gates)
    keep = gates[:, :, names.index("z" if "z" in names else "f")]
    products = keep.prod(1).ravel()
    assert [(u["layer"], u["unit"]) for u in units] == [
        (layer + 1, unit + 1) for layer in range(len(gates)) for unit in range(H)
    ]
    np.testing.assert_allclose([[u["means"][g] for g in names] for u in units], means, atol=1e-5)
    np.testing.assert_allclose([u["keep"] ** 23 for u in units], products, rtol=1e-3)
    distances = np.linalg.norm(means - list(wanted.values()), axis=1)
    order = [(u["layer"] - 1) * H + u["unit"] - 1 for u in found]
    assert order == np.argsort(distances)[:4].tolist()


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("tanh scratch 1", {}, "the cell is 'tanh' and has no gates: .* GRU or LSTM"),
        ("gru 1", {"keep": 1.2}, "keep=1.2: a gate stands between 0 and 1"),
        ("gru 1", {"text": "a" * 61}, "the text has 61 characters: pass 1 to 60"),
        ("lstm 1", {"text": "a#b"}, "'#'"),
        ("lstm 1", {"text": ""}, "text is empty"),
    ],
)
def test_what_cannot_be_shown_is_refused(name, arguments, message):
    with pytest.raises(ValueError, match=message):
        GateToTurn(trained_like(MODELS[name]), **arguments)


@pytest.mark.parametrize(("name", "gates"), [("gru 2", [0.5, 0.35]), ("lstm 1", [0.1, 0.35, 1.0])])
def test_the_gate_that_keeps_begins_where_it_is_told(name, gates):
    assert GateToTurn(trained_like(MODELS[name]), keep=0.35).gates == gates
