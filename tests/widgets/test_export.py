"""What travels to the browser: weights, descriptions, modules, and the widgets' own checks."""

import dataclasses
import gzip
import re
from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn
from traitlets import TraitError

from charlm_lib import GRU, LSTM, RNN, RNNLM, RNNLMScratch, RNNScratch, StackedRNNScratch, Vocab
from charlm_lib.cells import CELLS
from charlm_lib.export import from_vector, pack, to_vector
from charlm_lib.studies import depth_study
from charlm_lib.widgets import (
    GateToTurn,
    HiddenStateViewer,
    JacobianProduct,
    PredictFirst,
    StepThrough,
    StudyExplorer,
    TextSampler,
    TrainInThePage,
    WhatDidItLookAt,
)
from charlm_lib.widgets.bundle import FOLDER, halves, module, style
from charlm_lib.widgets.train_in_page import CHOICES

WIDGETS = {
    TextSampler: "text_sampler",
    HiddenStateViewer: "hidden_state_viewer",
    PredictFirst: "predict_first",
    TrainInThePage: "train_in_page",
    JacobianProduct: "jacobian_product",
    StepThrough: "step_through",
    WhatDidItLookAt: "what_did_it_look_at",
    StudyExplorer: "study_explorer",
    GateToTurn: "gate_to_turn",
}


@pytest.fixture(scope="session")
def vocab():
    return Vocab("abcdefghijklmnopqrstuvwxyz ")


@pytest.fixture(scope="session")
def results(vocab, make_result):
    size = len(vocab)
    rnns = {
        "1 layer": RNNLMScratch(RNNScratch(size, 32), size, lr=1.0),
        "2 layers": RNNLMScratch(StackedRNNScratch(size, 32, 2), size, lr=1.0),
        "GRU": RNNLM(GRU(32, 2), size, lr=1.0),
        "LSTM": RNNLM(LSTM(24, 3), size, lr=1.0),
    }
    return {name: make_result(model, vocab) for name, model in rnns.items()}


def test_pack_describes_every_model_and_where_its_weights_are(results, vocab):
    models, data = pack(results)
    assert [about["name"] for about in models] == list(results)
    assert [(a["cell"], a["layers"], a["hiddens"]) for a in models] == [
        ("tanh", 1, 32),
        ("tanh", 2, 32),
        ("gru", 2, 32),
        ("lstm", 3, 24),
    ]
    assert sum(about["bytes"] for about in models) == len(data)
    for about, result in zip(models, results.values(), strict=True):
        assert about["tokens"] == vocab.tokens
        assert about["bytes"] == 2 * result.num_params
        chunk = data[about["offset"] : about["offset"] + about["bytes"]]
        np.testing.assert_allclose(
            np.frombuffer(chunk, "<f2"),
            to_vector(result.model, result.params)[0],
            rtol=1e-3,
            atol=1e-6,
        )


def test_a_single_result_needs_no_name(results):
    models, _ = pack(results["GRU"], "float32")
    assert [about["name"] for about in models] == ["model"]
    assert models[0]["bytes"] == 4 * results["GRU"].num_params


def broken(result, value):
    params = {"params": {**result.params["params"], "b_q": jnp.full(28, value)}}
    return SimpleNamespace(model=result.model, params=params, vocab=result.vocab)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: pack({}), "no models"),
        (lambda r: pack({"a": 3}), "'a' is 3, not a result of Trainer.fit"),
        (lambda r: pack(r, "int8"), "'int8': choose one of float16, float32"),
        (lambda r: pack({"x": broken(r["1 layer"], jnp.nan)}), "'x' has weights that are not fin"),
        (lambda r: pack({"x": broken(r["1 layer"], 1e6)}), "too large for float16"),
        (
            lambda r: to_vector(r["GRU"].model.clone(rnn=nn.Dense(3)), r["GRU"].params),
            "StackedRNNScratch, RNN, GRU, LSTM in .* this RNNLM of a Dense computes",
        ),
        (lambda r: to_vector(nn.Dense(3), {}), "this Dense of a Dense computes something else"),
        (
            lambda r: to_vector(r["1 layer"].model, r["2 layers"].params),
            "not the parameters of a RNNScratch: 'W_xh' is missing",
        ),
        (lambda r: to_vector(r["1 layer"].model, {"params": {}}), "'rnn' is missing"),
        (
            lambda r: from_vector(r["GRU"].model, np.zeros(7), r["GRU"].params),
            "7 numbers for a model of 13084 parameters",
        ),
        (lambda r: TextSampler(r, dtype="int4"), "choose one of int8, float16, float32"),
        (lambda r: TextSampler({"x": broken(r["1 layer"], 1e8)}, dtype="int8"), "large for int8"),
        (lambda r: TextSampler(r, shown=["LSTM", "RNN"]), "shown \\['RNN'\\]: .*'1 layer'"),
        (lambda r: TextSampler(r, prefix=""), "prefix is empty"),
        (lambda r: TextSampler(r, prefix="what?"), "'what\\?' has '\\?'.*'1 layer' lacks"),
        (lambda r: TextSampler(r, temperature=-1), "temperature -1"),
        (lambda r: TextSampler(r, temperature=2.5), "between 0 \\(greedy\\) and 2"),
        (lambda r: TextSampler(r, length=0), "length 0"),
        (lambda r: TextSampler(r, length=601), "between 1 and 600"),
        (lambda r: TextSampler(r, seed=-1), "seed -1: choose a whole number from 0 to 2147483647"),
        (lambda r: TextSampler(r, seed=2**31), "seed 2147483648"),
        (lambda r: TextSampler(r, seed=1.5), "seed 1.5"),
        (lambda r: TextSampler(r, seed="7"), "seed '7'"),
        (lambda r: HiddenStateViewer(r, text=""), "text is empty"),
        (lambda r: HiddenStateViewer(r, text="a" * 601), "601 characters: show at most 600"),
        (lambda r: HiddenStateViewer(r, layer=2), "layer 2: '1 layer' has 1 to 1"),
        (lambda r: HiddenStateViewer(r, unit=33), "unit 33: '1 layer' has 0 to 32"),
        (
            lambda r: PredictFirst.next_character(r["GRU"], "abc", 3),
            "start 3: give between 1 and 2",
        ),
        (lambda r: PredictFirst.next_character(r["GRU"], "a+b", 1), "'\\+'"),
        (lambda r: PredictFirst.which_model({"a": r["GRU"]}), "at least two"),
        (lambda r: PredictFirst.which_model(r, prefix="7"), "'7'"),
        (lambda r: PredictFirst.which_model(r, temperature=9), "temperature 9"),
        (lambda r: PredictFirst.which_model(r, temperature=0), "choose above 0"),
        (lambda r: PredictFirst.which_model(r, length=0), "length 0"),
        (lambda r: PredictFirst.which_model(r, seed=-1), "seed -1"),
        (lambda r: PredictFirst.number("?", 30, 1, 28), "answer 30.0 is not in the range"),
        (lambda r: PredictFirst.number("?", float("nan"), 1, 28), "answer nan"),
        (lambda r: PredictFirst.number("?", 3, 0, 28, log=True), "low 0.0"),
        (lambda r: PredictFirst.choice("?", ["a"], "a"), "at least two"),
        (lambda r: PredictFirst.choice("?", ["a", "a"], "a"), "at least two"),
        (lambda r: PredictFirst.choice("?", ["a", "b"], "c"), "'c' is none of"),
        (lambda r: TrainInThePage(text="too short"), "9 letters and spaces: give at least 400"),
        (lambda r: TrainInThePage(cell="elman"), "cell 'elman': choose one of"),
        (lambda r: TrainInThePage(layers=4), "layers 4"),
        (lambda r: TrainInThePage(hiddens=33), "hiddens 33"),
        (lambda r: TrainInThePage(num_steps=7), "num_steps 7"),
        (lambda r: TrainInThePage(learning_rate=0), "learning_rate 0: choose one of"),
        (lambda r: TrainInThePage(learning_rate=1.5), "learning_rate 1.5"),
        (lambda r: TrainInThePage(optimizer="lion"), "optimizer 'lion': choose one of"),
        (lambda r: TrainInThePage(clip=-1), "clip -1: give a length, or 0"),
        (lambda r: TrainInThePage(prefix="!"), "'!'"),
        (lambda r: TrainInThePage(seed=True), "seed True"),
    ],
)
def test_bad_input_is_named(results, change, message):
    with pytest.raises(ValueError, match=message):
        change(results)


@pytest.mark.parametrize(
    ("make", "trait", "value"),
    [
        (TextSampler, "seed", -1),
        (TextSampler, "seed", 2**31),
        (TextSampler, "temperature", 2.1),
        (TextSampler, "length", 601),
        (HiddenStateViewer, "text", "a" * 601),
        (HiddenStateViewer, "choice", -1),
        (lambda _: TrainInThePage(), "learning_rate", 0.7),
        (lambda _: TrainInThePage(), "cell", "elman"),
        (lambda _: TrainInThePage(), "text", "another text " * 40),  # the kernel has the old one
    ],
)
def test_a_trait_takes_later_only_what_the_page_can_show(results, make, trait, value):
    widget = make(results)
    before = getattr(widget, trait)
    with pytest.raises((ValueError, TraitError)):
        setattr(widget, trait, value)
    assert getattr(widget, trait) == before


def test_a_text_has_a_title_where_its_first_words_do_not_say_it():
    assert TrainInThePage().title == "The Time Machine"
    own = TrainInThePage("It was a dark and stormy night. " * 20, prefix="it was ")
    assert own.title == "" and own.text.startswith("it was a dark and stormy night it was")


def test_the_rounds_have_a_seed_only_on_request(results):
    assert PredictFirst.which_model(results).spec["seed"] is None
    assert PredictFirst.which_model(results, seed=3).spec["seed"] == 3


def test_a_cell_that_the_page_does_not_know_is_refused(results, monkeypatch):
    """And in the page itself: it must not take one cell for another."""
    gru = dataclasses.replace(CELLS["gru"], in_browser=False)
    monkeypatch.setitem(CELLS, "gru", gru)
    with pytest.raises(ValueError, match="StackedRNNScratch, RNN, LSTM in .*, and"):
        TextSampler(results["GRU"])


def named(name, base, **methods):
    """Make a class with the name of the library's, as a reader does who edits a chapter's cell."""
    return type(name, (base,), {"__module__": __name__, **methods})


def relu(self, inputs, state=None, training=False):
    state = jnp.zeros((inputs.shape[1], self.num_hiddens)) if state is None else state
    outputs = []
    for X in inputs:
        state = nn.relu(X @ self.W_xh + state @ self.W_hh + self.b_h)
        outputs.append(state)
    return jnp.stack(outputs), state


@nn.compact
def from_a_learned_start(self, inputs, state=None, training=False):
    shape = (self.num_layers, 1, self.num_hiddens)
    first = self.param("first", nn.initializers.ones, shape)
    state = first + jnp.zeros((1, inputs.shape[1], 1)) if state is None else state
    return GRU.__call__(self, inputs, state, training)


def sharper(self, outputs):
    return 2 * RNNLM.output_layer(self, outputs)


EDITED = {
    "another activation": RNNLMScratch(
        named("RNNScratch", RNNScratch, __call__=relu)(28, 8), 28, lr=1.0
    ),
    "a learned first state": RNNLM(
        named("GRU", GRU, __call__=from_a_learned_start)(8, 2), 28, lr=1.0
    ),
    "another head": named("RNNLM", RNNLM, output_layer=sharper)(RNN(8), 28, lr=1.0),
}


@pytest.mark.parametrize("edit", EDITED)
def test_an_edited_model_is_not_run_as_the_librarys(edit, vocab, make_result):
    result = make_result(EDITED[edit], vocab)
    with pytest.raises(ValueError, match="as the library computes them, and this .* something"):
        TextSampler(result)


def test_a_chapters_own_copy_of_a_model_is_run(vocab, make_result):
    copy = named("RNNLM", RNNLM)(named("GRU", GRU)(8, 2), 28, lr=1.0)
    ours = RNNLM(GRU(8, 2), 28, lr=1.0)
    assert pack(make_result(copy, vocab)) == pack(make_result(ours, vocab))


def test_the_page_names_a_cell_that_it_cannot_run(run_node):
    program = """
    const { CELLS, cellOf } = await load("model/cells/cells.js");
    const told = (name) => {
      try { return cellOf(name).name; } catch (error) { return error.message; }
    };
    give([Object.keys(CELLS), told("lstm"), told("elman"), told("toString")]);
    """
    known, *told = run_node(program)
    assert known == [name for name, cell in CELLS.items() if cell.in_browser]
    assert told == [
        "LSTM",
        "This page cannot run the cell “elman”.",
        "This page cannot run the cell “toString”.",
    ]


def test_capitals_are_welcome_where_the_vocabulary_is_lower_case(results):
    assert TextSampler(results, prefix="Time Traveller ").prefix == "Time Traveller "


def make_all(results):
    return [
        TextSampler(results),
        HiddenStateViewer(results),
        PredictFirst.which_model(results),
        PredictFirst.next_character(results["GRU"], "the time", 4),
        PredictFirst.number("How much?", 3, 1, 28),
        PredictFirst.choice("Which?", ["a", "b"], "b"),
        TrainInThePage(),
        JacobianProduct(results["2 layers"]),
        StepThrough(results["GRU"]),
        WhatDidItLookAt(results, right=3),
        StudyExplorer(depth_study.read_record()),
        GateToTurn(results["LSTM"]),
    ]


def test_the_same_arguments_give_the_same_state(results):
    for one, two in zip(make_all(results), make_all(results), strict=True):
        first, second = one.get_state(), two.get_state()
        differ = {key for key in first if first[key] != second[key]}
        assert differ <= {"layout", "tooltip"}  # references to other models


def test_the_text_for_readers_without_scripts_is_short_and_says_what_this_is(results):
    for widget in make_all(results):
        assert repr(widget).startswith(type(widget).__name__ + ": ")
        assert len(repr(widget)) <= 110  # anywidget cuts longer ones


def test_modules_hold_everything_they_use_and_nothing_of_the_page(run_node):
    for widget, name in WIDGETS.items():
        text = module(f"{name}.js")
        assert text == widget._esm
        assert not re.search(
            r"^\s*import\b|\bimport\(|\beval\(|innerHTML|insertAdjacent", text, re.M
        )
        assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
        program = """
        const url = "data:text/javascript;base64," + Buffer.from(input.text).toString("base64");
        const widget = (await import(url)).default;
        give(Object.keys(widget).concat(typeof widget.render));
        """
        assert run_node(program, text=text) == ["render", "function"]


def test_every_class_name_of_the_styles_is_prefixed():
    for name in WIDGETS.values():
        classes = set(
            re.findall(r"\.(-?[A-Za-z][\w-]*)", re.sub(r"\{[^}]*\}", "", style(f"{name}.css")))
        )
        assert {c for c in classes if not c.startswith("clm")} == {"vscode-dark"}


def test_all_scripts_together_are_light():
    def packed(texts):
        return sum(len(gzip.compress(text.encode())) for text in texts)

    assert packed(module(f"{name}.js") for name in WIDGETS.values()) < 110_000
    assert packed(style(f"{name}.css") for name in WIDGETS.values()) < 20_000  # 2,000 of it in each


def test_a_page_with_six_models_is_light(vocab, make_result):
    size = len(vocab)
    models = {
        f"{cell} {n}": RNNLM(GRU(32, n), size, lr=1.0)
        if cell == "gru"
        else RNNLMScratch(StackedRNNScratch(size, 32, n), size, lr=1.0)
        for cell in ("tanh", "gru")
        for n in (1, 2, 3)
    }
    six = {name: make_result(model, vocab) for name, model in models.items()}
    sampler, viewer = TextSampler(six), HiddenStateViewer(six)
    weight = 0
    for widget in (sampler, viewer, TrainInThePage()):
        state = widget.get_state()
        weights = state.pop("weights", b"")
        weight += len(str(state)) + 4 * len(weights) // 3  # buffers are kept as base64
    assert weight < 500_000


@pytest.fixture
def join(tmp_path, monkeypatch):
    """A function that joins files, given as names and texts, from the first one on."""

    def joined(**files):
        for name, text in files.items():
            path = tmp_path / f"{name}.js"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        monkeypatch.setattr("charlm_lib.widgets.bundle.FOLDER", tmp_path)
        return module.__wrapped__(f"{next(iter(files))}.js")

    return joined


def test_halves_of_a_module_are_a_module(run_node):
    for text, (common, own) in halves().items():
        program = """
        const url = "data:text/javascript;base64," + Buffer.from(input.text).toString("base64");
        give(typeof (await import(url)).default.render);
        """
        assert run_node(program, text=common + own) == "function"
        assert len(common + own) > len(text)  # not all that is common is in every widget


def test_a_name_of_two_meanings_stays_in_the_second_half(join):
    join(
        one='import { a, c } from "./parts/a.js";\na(c);\n',
        two='import { a, c } from "./parts/a.js";\nconst d = () => a(c);\nd();\n',
        three="const e = 4;\nexport default { e };\n",
        **{"parts/a": "const e = 2;\nexport const a = () => e;\nexport const c = [3];\n"},
    )
    assert set(halves.__wrapped__().values()) == {
        ("const c=[3];", "const e=2;const a=()=>e;a(c);"),
        ("const c=[3];", "const e=2;const a=()=>e;const d=()=>a(c);d();"),
        ("const c=[3];", "const e=4;export default{e};"),
    }


@pytest.mark.parametrize(
    "text",
    [
        'import * as all from "./core.js";\n',
        'import { a as b } from "./core.js";\n',
        "export default function render() {}\n",
        "export { a };\n",
        "const { a, b } = globalThis;\n",
        "const a = `b\n  c`;\n",
        "const a = `${b ? `c` : d}`;\n",
    ],
)
def test_the_join_refuses_what_it_does_not_know(join, text):
    with pytest.raises(ValueError, match="odd.js: import with"):
        join(odd=text)


@pytest.mark.parametrize(
    "definition",
    [
        "export function twice() {}",
        "async function twice() {}",
        "export function* twice() {}",
        "const twice = 2;",
        "export class twice {}",
    ],
)
def test_the_join_refuses_one_name_for_two_things(join, definition):
    first = 'import { b } from "./second.js";\nfunction twice() {}\n'
    with pytest.raises(ValueError, match="second.js and first.js both define `twice`"):
        join(first=first, second=f"export const b = 1;\n{definition}\n")


def test_the_join_takes_each_file_once_and_lets_functions_name_their_own(join):
    text = join(
        entry='import { a } from "./left.js";\nimport { b } from "./right.js";\n// Why.\na(b);\n',
        left=(
            'import { b, d } from "./right.js";\nexport function a() {\n  const c = b;\n  d();\n}\n'
        ),
        right=(
            "/** What. */\nexport const b = 1;\nexport function d() {\n  const c = 2;\n}\n"
            "export function unused() {\n  return alsoUnused({\n    a: 1,\n  });\n}\n"
            "const alsoUnused = (x) => [\n  x,\n];\n"
        ),
    )
    assert text == ("const b=1;function d(){const c=2;}\nfunction a(){const c=b;d();}\na(b);")


def test_the_join_leaves_out_spaces_and_comments_but_not_within_texts(join, run_node):
    source = (
        "const one = 'it = [ \\' // no, ';\nconst two = \"a , b\"; // isn't, \"\n"
        "const three = `x = ${ one.length } ; // y` + (1 - -1);\n"
        "const all = [\n  one,\n  two, // it's\n  three,\n]\n  .join( '\\n' );\n"
        "export default { all };\n"
    )
    text = join(source=source)
    assert len(text) < 0.8 * len(source)
    program = """
    const url = "data:text/javascript;base64," + Buffer.from(input.text).toString("base64");
    give((await import(url)).default.all.split("\\n"));
    """
    assert run_node(program, text=text) == ["it = [ ' // no, ", "a , b", "x = 16 ; // y2"]


def browser_files():
    return [path for path in FOLDER.rglob("*") if path.is_file()]


def test_browser_files_are_short_and_shipped():
    assert {path.suffix for path in browser_files()} == {".js", ".css"}
    entries = {path.stem for path in FOLDER.glob("*.js")}
    assert entries == set(WIDGETS.values())  # at the top there are only the widgets
    for path in browser_files():
        if path.suffix == ".js":
            lines = path.read_text(encoding="utf-8").splitlines()
            assert len(lines) <= 200, path.name
            assert all(len(line) <= 100 for line in lines), path.name


def test_only_the_page_knows_the_page():
    for path in [*FOLDER.glob("model/**/*.js"), *FOLDER.glob("learning/*.js")]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\bdocument\b|HTMLElement|\.\./page/", text), path.name
        if path.parent.name in ("model", "cells"):
            assert not re.search(r'from "\.\./', text), path.name


def test_every_browser_file_is_in_a_widget():
    """A file that no widget imports would be read by nobody; a widget's module has its lines."""
    texts = [module(f"{name}.js") for name in WIDGETS.values()]
    for path in browser_files():
        if path.suffix == ".js":
            first = re.search(r"^export \w+\*? (\w+)", path.read_text(encoding="utf-8"), re.M)
            assert first is None or any(re.search(rf"\b{first[1]}\b", t) for t in texts), path.name


def test_the_page_offers_what_python_accepts():
    text = (FOLDER / "page/train/settings.js").read_text(encoding="utf-8")
    rates = re.search(r"RATES = \[([^]]*)\]", text)[1]
    assert tuple(float(rate) for rate in rates.split(",")) == CHOICES["learning_rate"]
    for label, name in (
        ("Layers", "layers"),
        ("Units per layer", "hiddens"),
        ("Window", "num_steps"),
    ):
        offered = re.search(rf'"{label}",\s*choices\(([^)]*)\)', text)[1]
        assert tuple(int(value) for value in offered.split(",")) == CHOICES[name]
