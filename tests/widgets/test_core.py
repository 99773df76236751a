"""The numbers of the browser modules, run in Node, against JAX and Flax."""

import base64
import functools
import itertools
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from charlm_lib import (
    GRU,
    LSTM,
    RNN,
    RNNLM,
    RNNLMScratch,
    RNNScratch,
    StackedRNNScratch,
    Vocab,
    cross_entropy,
    predict,
)
from charlm_lib.cells import layer_of
from charlm_lib.export import from_vector, to_vector
from charlm_lib.widgets.packing import in_bytes
from charlm_lib.widgets.packing import packed as pack_for_page

VOCAB = Vocab("abcdefghijklmnopqrstuvwxyz ")
V = len(VOCAB)
H = 11
IDS = np.random.default_rng(3).integers(1, V, 60)
NUM_STEPS, STARTS = 8, [0, 7, 33]
MODELS = {
    "tanh scratch 1": RNNLMScratch(RNNScratch(V, H), V, 1.0),
    "tanh concise 1": RNNLM(RNN(H), V, 1.0),
    **{f"tanh stacked {n}": RNNLMScratch(StackedRNNScratch(V, H, n), V, 1.0) for n in (2, 3)},
    "tanh stacked 2, dense output": RNNLM(StackedRNNScratch(V, H, 2), V, 1.0),
    **{f"gru {n}": RNNLM(GRU(H, n), V, 1.0) for n in (1, 2, 3)},
    "gru 2, scratch output": RNNLMScratch(GRU(H, 2), V, 1.0),
    **{f"lstm {n}": RNNLM(LSTM(H, n), V, 1.0) for n in (1, 2, 3)},
    "lstm 2, scratch output": RNNLMScratch(LSTM(H, 2), V, 1.0),
}


def trained_like(model, seed=0, scale=0.5):
    """A result whose every parameter, biases too, is a normal number of a trained model's size."""
    shapes = jax.eval_shape(model.init, jax.random.key(0), jnp.zeros((1, 4), jnp.int32))
    random = np.random.default_rng(seed)
    params = jax.tree.map(lambda x: np.float32(scale * random.normal(size=x.shape)), shapes)
    return SimpleNamespace(model=model, params=params, vocab=VOCAB)


@functools.cache
def compiled(name):
    """The function from parameters to the loss, logits and gradient of three windows in JAX."""
    windows = np.stack([IDS[start : start + NUM_STEPS + 1] for start in STARTS])

    def loss(params):
        logits, _ = MODELS[name].apply(params, windows[:, :-1])
        return cross_entropy(logits, windows[:, 1:]), logits

    return jax.jit(jax.value_and_grad(loss, has_aux=True))


def packed(result, dtype="float32"):
    [about], weights = pack_for_page({"it": result}, dtype)
    return {"about": about, "weights": base64.b64encode(weights).decode()}


WINDOWS = {"ids": IDS.tolist(), "num_steps": NUM_STEPS, "starts": STARTS}
READ = """
    const { Model } = await load("model/network.js");
    const { readParameters } = await load("model/parameters.js");
    const bytes = new Uint8Array(Buffer.from(input.weights, "base64"));
    const model = new Model(input.about, readParameters(input.about, new DataView(bytes.buffer)));
"""


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(
    ("dtype", "scale", "tolerance"),
    [("float32", 0.5, 1e-5), ("float16", 0.25, 5e-3), ("int8", 0.25, 5e-2)],
)
def test_logits_equal_flax(run_node, name, dtype, scale, tolerance):
    result = trained_like(MODELS[name], scale=scale)
    (_, expected), _ = compiled(name)(result.params)
    program = (
        READ
        + """
    const read = (start) => input.ids.slice(start, start + input.num_steps);
    give(input.starts.map((start) => Array.from(model.forward(read(start)).logits)));
    """
    )
    found = run_node(program, **packed(result, dtype), **WINDOWS)
    np.testing.assert_allclose(np.reshape(found, expected.shape), expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", MODELS)
def test_gradients_equal_jax(run_node, name):
    result = trained_like(MODELS[name])
    (loss, _), expected = compiled(name)(result.params)
    program = (
        READ
        + """
    const { Backward } = await load("model/backward.js");
    const { windowLoss } = await load("model/loss.js");
    const backward = new Backward(model, input.num_steps);
    const gradient = new Float64Array(model.parameters.length);
    const scale = 1 / (input.num_steps * input.starts.length);
    let nll = 0;
    let check = 0;
    for (const start of input.starts) {
      nll += backward.addWindow(gradient, input.ids, start, input.num_steps, scale);
      check += windowLoss(model, input.ids, start, input.num_steps);
    }
    give({ loss: nll * scale, check: check * scale, gradient: Array.from(gradient) });
    """
    )
    found = run_node(program, **packed(result), **WINDOWS)
    assert found["loss"] == pytest.approx(float(loss), abs=1e-5)
    assert found["check"] == pytest.approx(found["loss"], abs=1e-12)
    gradient = from_vector(result.model, np.array(found["gradient"]), like=expected)
    for (path, ours), theirs in zip(
        jax.tree_util.tree_leaves_with_path(gradient), jax.tree.leaves(expected), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5, err_msg=str(path))
        assert np.abs(theirs).max() > 1e-4, f"{path}: a gradient of zeros proves nothing"


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def tanh_step(X_t, old, W_x, W_h, b):
    return {"h": np.tanh(X_t @ W_x + old["h"] @ W_h + b)}


def gru_step(X_t, old, W_x, W_h, b, b_n):
    (a_r, a_z, a_n), (s_r, s_z, s_n) = np.split(X_t @ W_x + b, 3), np.split(old["h"] @ W_h, 3)
    R, Z = sigmoid(a_r + s_r), sigmoid(a_z + s_z)
    N = np.tanh(a_n + R * (s_n + b_n))
    return {"h": (1 - Z) * N + Z * old["h"], "r": R, "z": Z, "n": N}


def lstm_step(X_t, old, W_x, W_h, b):
    a_i, a_f, a_g, a_o = np.split(X_t @ W_x + old["h"] @ W_h + b, 4)
    I, F, G, O = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)  # noqa: E741
    C = F * old["c"] + I * G
    return {"h": O * np.tanh(C), "c": C, "i": I, "f": F, "g": G, "o": O}


@pytest.mark.parametrize("name", ["tanh stacked 3", "gru 3", "lstm 3", "lstm 1"])
def test_what_the_viewer_shows_is_what_the_equations_say(run_node, name):
    """Every gate and state of every layer, from the joined weights and a NumPy loop."""
    result = trained_like(MODELS[name])
    layers = layer_of(result.model).layers(result.params["params"]["rnn"])
    step = {"tanh": tanh_step, "gru": gru_step, "lstm": lstm_step}[name.split()[0]]
    state = [{"h": np.zeros(H), "c": np.zeros(H)} for _ in layers]
    program = (
        READ
        + """
    const { trace } = await load("model/trace.js");
    const { viewsOf } = await load("page/viewer/views.js");
    const steps = trace(model, input.ids.map((token) => ({ token, shown: "x" })));
    const shown = (values) => viewsOf(model.cell).map((key) => [key, Array.from(values[key])]);
    give(steps.map(({ values }) => Object.fromEntries(shown(values))));
    """
    )
    steps = run_node(program, **packed(result), ids=IDS[:20].tolist())
    for token, values in zip(IDS, steps, strict=False):
        below = np.eye(V)[token]
        for i, weights in enumerate(layers):
            state[i] = step(below, state[i], *map(np.asarray, weights))
            below = state[i]["h"]
            assert set(values) == set(state[i])
            for key, expected in state[i].items():
                found = np.reshape(values[key], (len(layers), H))[i]
                np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5, err_msg=key)


def test_a_trace_says_what_came_next_and_whether_it_was_guessed(run_node):
    result = trained_like(MODELS["gru 2"])
    ids, guesses = [4], []
    for step in range(12):
        logits, _ = result.model.apply(result.params, np.array([ids]))
        guesses.append(int(logits[0, -1].argmax()))
        ids.append(guesses[-1] if step % 3 else (guesses[-1] + 1) % V)
    program = (
        READ
        + """
    const { trace } = await load("model/trace.js");
    const steps = trace(model, input.ids.map((token) => ({ token, shown: "x" })));
    give(steps.map(({ next, right, guess }) => [next, right, guess]));
    """
    )
    found = run_node(program, **packed(result), ids=ids[:12])
    following = [*ids[1:12], -1]
    right = [guess == after for guess, after in zip(guesses, following, strict=True)]
    assert found == [
        [after, hit, VOCAB.tokens[guess]]
        for after, hit, guess in zip(following, right, guesses, strict=True)
    ]
    assert 6 < sum(right) < 9


@pytest.mark.parametrize("name", ["tanh stacked 2", "gru 3", "lstm 1", "lstm 2", "lstm 3"])
def test_a_state_is_carried_on_as_flax_carries_it(run_node, name):
    """From a state that is given; layer by layer, and of an LSTM first H, then C."""
    result = trained_like(MODELS[name])
    shapes = jax.eval_shape(result.model.apply, result.params, IDS[None, :1])[1]
    state = np.random.default_rng(5).normal(size=shapes.shape).astype(np.float32)
    logits, after = result.model.apply(result.params, IDS[None, :NUM_STEPS], state)
    program = (
        READ
        + """
    const state = Float64Array.from(input.state);
    const ids = input.ids.slice(0, input.num_steps);
    const { logits, states } = model.forward(ids, state);
    give([logits, states.slice(-state.length), state].map((x) => Array.from(x)));
    """
    )
    found = run_node(program, **packed(result), **WINDOWS, state=state.ravel().tolist())
    np.testing.assert_allclose(np.reshape(found[0], logits.shape), logits, rtol=0, atol=1e-5)
    assert found[1] == found[2]
    np.testing.assert_allclose(np.reshape(found[1], after.shape), after, rtol=0, atol=1e-5)


def test_from_vector_undoes_to_vector():
    for name, model in MODELS.items():
        params = trained_like(model).params
        vector, about = to_vector(model, params)
        assert about == {"cell": name.split()[0], "hiddens": H, "layers": about["layers"]}
        assert str(about["layers"]) in name
        jax.tree.map(np.testing.assert_array_equal, from_vector(model, vector, params), params)


@pytest.mark.parametrize("temperature", [0.3, 0.7, 1.0, 1.7])
def test_sampling_frequencies_follow_the_softmax(run_node, temperature):
    logits = np.array([0.3, -1.2, 2.0, 0.0, 1.1, -0.4])
    draws = 40_000
    program = """
    const { randomNumbers } = await load("model/random.js");
    const { drawFrom } = await load("model/sampling.js");
    const { softmax } = await load("model/softmax.js");
    const uniform = randomNumbers(11);
    const p = softmax(input.logits, input.temperature);
    const counts = input.logits.map(() => 0);
    for (let i = 0; i < input.draws; i++) counts[drawFrom(p, uniform())] += 1;
    give({ counts, p: Array.from(p) });
    """
    found = run_node(program, logits=logits.tolist(), temperature=temperature, draws=draws)
    expected = np.asarray(jax.nn.softmax(logits / temperature), np.float64)
    np.testing.assert_allclose(found["p"], expected, rtol=1e-5)
    chi_square = ((found["counts"] - draws * expected) ** 2 / (draws * expected)).sum()
    assert chi_square < 20.5  # 5 degrees of freedom: exceeded by chance once in a thousand


def test_probabilities_and_draws_are_those_of_numpy(run_node):
    rng = np.random.default_rng(17)
    cases = []
    for i in range(400):
        logits = (rng.normal(size=rng.integers(1, 30)) * 10 ** rng.uniform(-3, 3)).tolist()
        if i % 4 == 0:
            logits[0] = None  # minus infinity, as for “<unk>”
            logits.append(0.0)
        uniform = [0.0, 1 - 2**-32, rng.random()][min(i % 8, 2)]  # the least, the largest, any
        cases.append({"logits": logits, "temperature": rng.uniform(0.01, 3), "uniform": uniform})
    program = """
    const { drawFrom } = await load("model/sampling.js");
    const { softmax } = await load("model/softmax.js");
    give(input.cases.map(({ logits, temperature, uniform }) => {
      const p = softmax(logits.map((x) => x ?? -Infinity), temperature);
      return { p: Array.from(p), drawn: drawFrom(p, uniform) };
    }));
    """
    for case, page in zip(cases, run_node(program, cases=cases), strict=True):
        scaled = np.array(case["logits"], float) / case["temperature"]
        scaled[np.isnan(scaled)] = -np.inf
        p = np.exp(scaled - scaled.max())
        p /= p.sum()
        np.testing.assert_allclose(page["p"], p, rtol=1e-10, atol=1e-300)
        possible = np.flatnonzero(p)  # what has no probability is never drawn, not even by rounding
        place = np.searchsorted(np.cumsum(p[possible]), case["uniform"], side="right")
        assert page["drawn"] == possible[min(place, len(possible) - 1)], case


@pytest.mark.parametrize(
    ("p", "uniform", "drawn"),
    [
        ([0.5, 0.5], 0.5, 1),  # each share has its lower end, not its upper one
        ([0.25, 0.25, 0.5], 0.25, 1),
        ([0.0, 1.0], 0.0, 1),
        ([1.0, 0.0], 1 - 2**-32, 0),
        ([0.5, 0.5 - 1e-9, 0.0], 1 - 2**-32, 1),  # rounding left a crumb above the last share
    ],
)
def test_a_draw_at_the_ends_of_the_shares(run_node, p, uniform, drawn):
    program = """
    const { drawFrom } = await load("model/sampling.js");
    give(drawFrom(input.p, input.uniform));
    """
    assert run_node(program, p=p, uniform=uniform) == drawn


WRITE = """
    const { writeOn } = await load("model/sampling.js");
    const write = (temperature, seed, count) => {
      const writer = writeOn(model, input.ids, temperature, seed);
      return Array.from({ length: count }, () => writer.next().value.token);
    };
"""


def test_greedy_text_is_that_of_the_library(run_node):
    result = trained_like(MODELS["gru 2"], scale=1.0)
    program = READ + WRITE + "give(write(0, 0, 60));"
    ids = VOCAB.encode("time traveller ").tolist()
    text = VOCAB.decode(run_node(program, **packed(result), ids=ids))
    assert "time traveller " + text == predict("time traveller ", 60, result)


def test_the_seed_decides_the_text_and_unk_is_never_written(run_node):
    result = trained_like(MODELS["tanh stacked 2"], scale=0.1)
    program = READ + WRITE + "give([write(1, 5, 2000), write(1, 5, 2000), write(1, 6, 2000)]);"
    one, again, other = run_node(program, **packed(result), ids=[1, 2])
    assert one == again
    assert one != other
    assert 0 not in one
    assert len(set(one)) == V - 1


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_what_is_written_is_drawn_from_the_chances_that_are_shown(run_node, temperature):
    """A model that forgets all it reads has the same chances at every character."""
    result = trained_like(MODELS["tanh scratch 1"], scale=0.0)
    program = (
        READ
        + WRITE
        + """
    const bias = model.parameters.subarray(-input.about.tokens.length);
    bias.forEach((_, k) => (bias[k] = [3, 1, 0, 2, -1][k] ?? -30));
    const { probabilities } = writeOn(model, input.ids, input.temperature, 3).next().value;
    give({ p: Array.from(probabilities), written: write(input.temperature, 3, 4000) });
    """
    )
    found = run_node(program, **packed(result), ids=[1, 2], temperature=temperature)
    expected = np.exp(np.array([1, 0, 2, -1]) / temperature)
    np.testing.assert_allclose(found["p"][1:5], expected / expected.sum(), rtol=1e-4)
    counts, chances = np.bincount(found["written"], minlength=5)[1:5], 4000 * np.array(found["p"])
    assert ((counts - chances[1:5]) ** 2 / chances[1:5]).sum() < 16.3  # 3 degrees: once in 1000


def test_each_prefix_has_random_numbers_of_its_own(run_node):
    """A model that forgets its prefix would otherwise write the same on from each."""
    result = trained_like(MODELS["tanh scratch 1"], scale=0.0)  # all logits alike: only draws count
    program = READ + (
        """
    const { continuation } = await load("model/sampling.js");
    const { readText } = await load("model/text.js");
    const write = ([prefix, seed]) => {
      const ids = readText(prefix, input.about.tokens).map((c) => c.token);
      return continuation(model, ids, { temperature: 0.7, seed, length: 200 });
    };
    give(input.cases.map(write));
    """
    )
    prefixes = ["pizza ", "weena ", "time traveller ", "a", "b", "ab", "ba", "time traveller"]
    cases = [(prefix, seed) for prefix in prefixes for seed in (0, 1, 2**31 - 1)]
    texts = run_node(program, **packed(result), cases=cases)
    assert texts == run_node(program, **packed(result), cases=cases)
    assert {len(text) for text in texts} == {200}
    for i, text in enumerate(texts):
        for other in texts[:i]:
            alike = sum(a == b for a, b in zip(text, other, strict=True))
            assert alike < 30, (text, other)  # of 200 by chance: 7.4 of 27 letters


def mulberry32(seed):
    state = seed * 0x9E3779B1 % 2**32
    while True:
        state = (state + 0x6D2B79F5) % 2**32
        x = (state ^ state >> 15) * (state | 1) % 2**32
        x ^= (x + (x ^ x >> 7) * (x | 61)) % 2**32
        yield (x ^ x >> 14) / 2**32


def test_random_numbers_are_those_of_the_generator_that_is_named(run_node):
    program = """
    const { randomNumbers } = await load("model/random.js");
    give(input.seeds.map((seed) => Array.from({ length: 50 }, randomNumbers(seed))));
    """
    seeds = [0, 1, 7, 2**31 - 1, 2**32 - 1]
    expected = [list(itertools.islice(mulberry32(seed), 50)) for seed in seeds]
    assert run_node(program, seeds=seeds) == expected


def test_cells_are_named_as_they_are_written(run_node):
    program = 'const { CELLS } = await load("model/cells/cells.js"); give(Object.values(CELLS));'
    assert [cell["name"] for cell in run_node(program)] == ["tanh", "GRU", "LSTM"]


def test_seeds_stay_different_after_a_text(run_node):
    program = """
    const { seedAfter } = await load("model/random.js");
    const seeds = Array.from({ length: 5000 }, (_, i) => i);
    give({
      many: new Set(seeds.map((seed) => seedAfter("time traveller ", seed))).size,
      some: input.cases.map(([text, seed]) => seedAfter(text, seed)),
    });
    """

    def expected(text, seed):
        hashed = 0x811C9DC5 ^ seed
        for character in text:
            hashed = (hashed ^ ord(character)) * 0x01000193 % 2**32
        return hashed

    cases = [("", 0), ("a", 0), ("a", 1), ("é漢😀", 7)]
    found = run_node(program, cases=cases)
    assert found == {"many": 5000, "some": [expected(*case) for case in cases]}


def test_temperature_0_is_certain_of_what_it_writes(run_node):
    result = trained_like(MODELS["gru 1"], scale=1.0)
    program = (
        READ
        + """
    const { writeOn } = await load("model/sampling.js");
    const { bits } = await load("model/softmax.js");
    const writer = writeOn(model, input.ids, 0, 5);
    const read = ({ token, probabilities, own }) => {
      const surprise = bits(probabilities[token]);
      return { token, surprise, p: Array.from(probabilities), own: Array.from(own) };
    };
    const greedy = read(writer.next().value);
    const { probabilities } = writeOn(model, input.ids, 1, 5).next().value;
    give({ ...greedy, atOne: Array.from(probabilities) });
    """
    )
    found = run_node(program, **packed(result), ids=VOCAB.encode("time").tolist())
    assert found["own"] == found["atOne"]
    assert found["token"] == np.argmax(found["own"])
    assert found["own"][found["token"]] < 0.999  # or this would not be a test
    assert found["p"] == np.eye(V)[found["token"]].tolist()
    assert str(found["surprise"]) == "0"


@pytest.mark.parametrize("temperature", [0, 0.7])
def test_a_model_without_numbers_writes_nothing(run_node, temperature):
    result = trained_like(MODELS["tanh scratch 1"])
    program = (
        READ
        + """
    const { continuation } = await load("model/sampling.js");
    model.parameters[model.parameters.length - 1] = NaN; // one logit's bias
    const settings = { temperature: input.temperature, seed: 0, length: 9 };
    give(continuation(model, [1, 2], settings));
    """
    )
    assert run_node(program, **packed(result), temperature=temperature) == ""


def test_missing_or_truncated_weights_are_told_by_name(run_node):
    program = """
    const { readParameters } = await load("model/parameters.js");
    const bytes = new Uint8Array(Buffer.from(input.weights, "base64"));
    const told = (view, about = input.about) => {
      try { readParameters(about, view); return "nothing"; } catch (e) { return e.message; }
    };
    const view = new DataView(bytes.buffer);
    give([
      told(view),
      told(view, { ...input.about, bytes: input.about.bytes - 4 }),
      told(view, { ...input.about, hiddens: input.about.hiddens + 1 }),
      told(new DataView(bytes.slice(0, -1).buffer)),
      told(undefined),
    ]);
    """
    good, *damaged, short, missing = run_node(program, **packed(trained_like(MODELS["gru 1"])))
    assert good == "nothing"
    assert damaged == ["The weights of “it” are damaged. Run its cell again."] * 2
    assert short == missing == "The weights of “it” are missing from this page."


def test_every_float16_reads_as_numpy_reads_it(run_node):
    every = np.arange(2**16, dtype=np.uint16).view(np.float16)
    every = np.concatenate([every[np.isinf(every)], every[np.isfinite(every)]])
    about = {"name": "all", "cell": "tanh", "hiddens": 1, "layers": 1, "dtype": "float16"}
    # one hidden unit, one layer: 2 V + 3 parameters
    V = (len(every) - 2) // 3
    values = every[: 2 + 3 * V]
    data = values.astype("<f2").tobytes()
    about |= {"tokens": ["x"] * V, "offset": 0, "bytes": len(data)}
    program = """
    const { readParameters } = await load("model/parameters.js");
    const bytes = new Uint8Array(Buffer.from(input.weights, "base64"));
    give(Array.from(readParameters(input.about, new DataView(bytes.buffer)), String));
    """
    found = run_node(program, about=about, weights=base64.b64encode(data).decode())
    np.testing.assert_array_equal([float(x) for x in found], values.astype(np.float64))
    assert np.isinf(values).sum() == 2


def test_int8_reads_as_blocks_of_64_with_a_scale_each(run_node):
    """Also a block of zeros, the last, shorter block, and one whose scale float16 makes 0."""
    rng = np.random.default_rng(3)
    values = rng.normal(size=7 * 64 - 2).astype(np.float32)  # 3 V + 2 numbers, of one unit
    values *= np.repeat(np.float32([1e-3, 0.2, 3, 0, 1e-9, 900, 7e-2]), 64)[:-2]
    data = in_bytes(values, "it")
    assert len(data) == 7 * 66
    blocks = np.frombuffer(data, np.int8).reshape(7, 66)
    scales = blocks[:, :2].copy().view("<f2").astype(np.float64)
    assert np.abs(blocks[:, 2:].astype(int)).max(1).tolist() == [127, 127, 127, 0, 0, 127, 127]
    expected = (scales * blocks[:, 2:]).ravel()[: values.size]
    about = {"name": "it", "cell": "tanh", "hiddens": 1, "layers": 1, "dtype": "int8"}
    about |= {"tokens": ["x"] * ((values.size - 2) // 3), "offset": 0, "bytes": len(data)}
    program = """
    const { readParameters } = await load("model/parameters.js");
    const bytes = new Uint8Array(Buffer.from(input.weights, "base64"));
    give(Array.from(readParameters(input.about, new DataView(bytes.buffer))));
    """
    found = run_node(program, about=about, weights=base64.b64encode(data).decode())
    np.testing.assert_array_equal(found, expected)
    off = np.abs(expected - values).reshape(-1)
    most = np.repeat(np.maximum(scales[:, 0], 1e-7), 64)[:-2]
    assert (off <= 0.51 * most + 1e-8).all()


def test_the_two_layer_gru_is_fast_enough(run_node):
    result = trained_like(RNNLM(GRU(32, 2), V, 1.0))
    program = (
        READ
        + WRITE
        + """
    const seconds = () => (process.cpuUsage().user + process.cpuUsage().system) / 1e6;
    write(1, 0, 10000);
    let best = 0;
    for (let run = 0; run < 5; run++) {
      const start = seconds();
      write(1, run, 10000);
      best = Math.max(best, 10000 / (seconds() - start));
    }
    give(best);
    """
    )
    assert (
        run_node(program, **packed(result), ids=[1, 2]) > 20_000
    )  # characters per second of one core
