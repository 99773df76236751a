"""The rules of the page and of the library on the same cases, which hypothesis makes in batches."""

import math

import numpy as np
import optax
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from charlm_lib import Vocab, clean
from charlm_lib.comparison import compare_seeds
from charlm_lib.losses import has_exploded

numbers = st.floats(-20, 20)
# Every example is a run of Node: none is spent on a smaller counterexample.
a_batch = settings(max_examples=3, suppress_health_check=list(HealthCheck), phases=[Phase.generate])


def rows(elements, least=2, most=9, count=60):
    return st.lists(st.lists(elements, min_size=least, max_size=most), min_size=1, max_size=count)


@a_batch
@given(rows(numbers), st.floats(0.05, 5))
def test_softmax_and_its_relatives(run_node, logits, temperature):
    program = """
    const { bits, indexOfMax, softmax, softmaxInto } = await load("model/softmax.js");
    give(input.logits.map((z) => {
      const out = new Float64Array(z.length);
      const total = softmaxInto(out, z, 3);
      const p = softmax(z, input.temperature);
      return { p: [...p], best: indexOfMax(z), total, out: [...out], bits: bits(softmax(z)[0]) };
    }));
    """
    for z, found in zip(logits, run_node(program, logits=logits, temperature=temperature),
                        strict=True):  # fmt: skip
        z = np.array(z)
        cold = np.exp((z - z.max()) / temperature)
        warm = np.exp(z - z.max())
        np.testing.assert_allclose(found["p"], cold / cold.sum(), atol=1e-12)
        np.testing.assert_allclose(found["out"], 3 * warm / warm.sum(), atol=1e-12)
        assert found["best"] == z.argmax()
        assert found["total"] == pytest.approx(np.log(np.exp(z).sum()), abs=1e-9)
        assert found["bits"] == pytest.approx(-math.log2(warm[0] / warm.sum()), abs=1e-6)


@a_batch
@given(st.lists(st.tuples(st.lists(st.integers(0, 9), min_size=1, max_size=8), st.floats(0, 0.999)),
                min_size=1, max_size=60))  # fmt: skip
def test_a_draw_is_where_the_running_sum_passes_the_random_number(run_node, cases):
    cases = [(weights, u) for weights, u in cases if sum(weights)]
    program = """
    const { drawFrom } = await load("model/sampling.js");
    give(input.cases.map(([weights, u]) => {
      const total = weights.reduce((sum, w) => sum + w, 0);
      return drawFrom(weights.map((w) => w / total), u);
    }));
    """
    for (weights, u), chosen in zip(cases, run_node(program, cases=cases), strict=True):
        sums = np.cumsum(weights) / sum(weights)
        assert weights[chosen] > 0
        assert (sums[chosen - 1] if chosen else 0) - 1e-12 <= u <= sums[chosen] + 1e-12


@a_batch
@given(rows(st.floats(-3, 3), least=4, most=40))
def test_two_networks_are_judged_alike(run_node, losses):
    pairs = [(x[: len(x) // 2], x[len(x) // 2 :]) for x in losses]
    program = """
    const { compareSeeds } = await load("model/welch.js");
    give(input.pairs.map(([first, second]) => compareSeeds(first, second)));
    """
    for pair, page in zip(pairs, run_node(program, pairs=pairs), strict=True):
        if np.ptp(pair[0]) == 0 == np.ptp(pair[1]):
            continue  # without a spread the library refuses, and the page gives no verdict
        ours = compare_seeds(*pair)
        assert page["difference"] == pytest.approx(ours.difference, abs=1e-9)
        assert page["p"] == pytest.approx(ours.p, abs=1e-5)


@a_batch
@given(rows(st.tuples(numbers, numbers), least=3, most=20))
def test_correlations_are_those_of_numpy(run_node, pairs):
    program = """
    const { correlation } = await load("model/correlation.js");
    give(input.pairs.map((row) => correlation(row.map(([x]) => x), row.map(([, y]) => y))));
    """
    for row, found in zip(pairs, run_node(program, pairs=pairs), strict=True):
        x, y = np.array(row).T
        if min(np.ptp(x), np.ptp(y)) > 1e-6:
            assert found == pytest.approx(np.corrcoef(x, y)[0, 1], abs=1e-6)
        elif np.ptp(x) == 0 or np.ptp(y) == 0:
            assert found == 0


@settings(parent=a_batch, max_examples=2)
@given(st.lists(st.lists(st.floats(-2, 2), min_size=3, max_size=3), min_size=1, max_size=5),
       st.floats(0.001, 1), st.floats(0.1, 1))  # fmt: skip
def test_optimizers_are_those_of_optax(run_node, gradients, rate, scale):
    program = """
    const { OPTIMIZERS } = await load("learning/optimizers.js");
    give(["sgd", "adam"].map((name) => {
      const p = [0.5, -1, 2];
      const optimizer = OPTIMIZERS[name].make(3);
      input.gradients.forEach((gradient, i) =>
        optimizer.descend(p, gradient, { rate: input.rate, scale: input.scale, count: i + 1 }));
      return p;
    }));
    """
    found = run_node(program, gradients=gradients, rate=rate, scale=scale)
    for optimizer, ours in zip((optax.sgd(rate), optax.adam(rate)), found, strict=True):
        params = np.array([0.5, -1, 2], np.float32)
        state = optimizer.init(params)
        for gradient in gradients:
            step, state = optimizer.update(np.float32(scale) * np.float32(gradient), state, params)
            params = optax.apply_updates(params, step)
        np.testing.assert_allclose(ours, params, atol=2e-4)


@a_batch
@given(st.lists(st.tuples(st.integers(30, 5000), st.sampled_from([1, 4, 8, 16, 25])), max_size=40))
def test_training_and_validation_share_no_character(run_node, cases):
    cases = [(length, steps) for length, steps in cases if length > 8 * steps + 20]
    program = """
    const { splitWindows } = await load("learning/windows.js");
    give(input.cases.map(([length, steps]) => splitWindows(length, steps)));
    """
    for (length, steps), found in zip(cases, run_node(program, cases=cases), strict=True):
        starts = found["validationStarts"]
        last_of_training = found["trainWindows"] - 1 + steps  # its target
        assert last_of_training < starts[0] == found["trainWindows"] + steps
        assert starts[-1] + steps < length and sorted(starts) == starts and len(starts) == 48
        assert found["trainWindows"] == math.floor(0.85 * (length - steps)) - steps


@a_batch
@given(st.lists(st.tuples(st.floats(1, 400), st.floats(1, 400), st.integers(2, 40)), max_size=60))
def test_a_run_has_exploded_where_both_losses_have(run_node, cases):
    program = """
    const { hasExploded } = await load("model/loss.js");
    give(input.cases.map(([train, validation, size]) => hasExploded({ train, validation }, size)));
    """
    for (train, val, size), found in zip(cases, run_node(program, cases=cases), strict=True):
        far = [has_exploded(math.log(perplexity), size) for perplexity in (train, val)]
        if min(abs(train - 10 * size), abs(val - 10 * size)) > 1e-9:
            assert found == all(far)


@a_batch
@given(st.lists(st.text(st.characters(max_codepoint=0x2FF), max_size=25), max_size=80))
def test_texts_of_western_letters_are_read_alike(run_node, texts):
    program = """
    const { cleanText, readText, vocabularyOf } = await load("model/text.js");
    give(input.texts.map((text) => {
      const tokens = vocabularyOf(cleanText(text));
      return [tokens, readText(text, tokens).map((c) => c.token)];
    }));
    """
    for text, (tokens, ids) in zip(texts, run_node(program, texts=texts), strict=True):
        vocab = Vocab(clean(text))
        assert tokens == vocab.tokens
        folded = vocab.fold(text)
        assert ids == [i or -1 for i in vocab.encode(folded).tolist()]
