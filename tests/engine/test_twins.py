"""When a model gets a fused twin."""

import inspect

import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

import charlm_lib as cl
from charlm_lib.engine import running
from charlm_lib.engine.fused import (
    FusedGRU,
    FusedLSTM,
    FusedRNN,
    FusedRNNLM,
    FusedRNNLMScratch,
    FusedRNNScratch,
    FusedStackedRNNScratch,
)
from charlm_lib.engine.twins import Use, fuse

V, H, STEPS, BATCH = 5, 7, 6, 3
USES = [Use(BATCH, STEPS, given, training) for given in (False, True) for training in (False, True)]


def gru(depth, **settings):
    return cl.RNNLM(cl.GRU(H, depth, **settings), V, 0.0)


def test_which_models_have_a_twin():
    stack = cl.RNNLMScratch(cl.StackedRNNScratch(V, H, 2, 0.5), V, lr=0.0, sigma=0.3)
    twin = FusedRNNLMScratch(FusedStackedRNNScratch(V, H, 2, 0.5), V, lr=0.0, sigma=0.3)
    assert fuse(stack, *USES) == twin
    single = cl.RNNLMScratch(cl.RNNScratch(V, H), V, 0.0)
    assert fuse(single, *USES) == FusedRNNLMScratch(FusedRNNScratch(V, H), V, 0.0)
    assert fuse(cl.RNNLM(cl.RNN(H), V, 0.0), *USES) == FusedRNNLM(FusedRNN(H), V, 0.0)
    assert fuse(gru(2, dropout=0.1), *USES) == FusedRNNLM(FusedGRU(H, 2, dropout=0.1), V, 0.0)
    lstm = cl.RNNLM(cl.LSTM(H, 2, dropout=0.1), V, 0.0)
    assert fuse(lstm, *USES) == FusedRNNLM(FusedLSTM(H, 2, dropout=0.1), V, 0.0)
    other = cl.RNNLM(type("Other", (cl.GRU,), {})(H, 2), V, 0.0)
    assert fuse(other, *USES) is other


def test_the_learning_rate_is_no_part_of_what_is_computed():
    for model in (gru(2), cl.RNNLM(type("Other", (cl.GRU,), {})(H, 2), V, 0.0)):
        assert fuse(model.clone(lr=0.5), *USES) == fuse(model.clone(lr=2.0), *USES)


class TwoMore(cl.RNNLMScratch):
    """A reader's own output layer, under a name that the library does not know."""

    def output_layer(self, outputs):
        return 2 * super().output_layer(outputs)


class RNNLMScratch(cl.RNNLMScratch):
    """A reader's own output layer, under the library's name."""

    def output_layer(self, outputs):
        return 2 * super().output_layer(outputs)


@pytest.mark.parametrize("head", [TwoMore, RNNLMScratch])
def test_an_edited_output_layer_is_kept_and_its_layer_still_has_a_twin(head, randomise):
    model = head(cl.RNNScratch(V, H), V, 0.0)
    twin = fuse(model, *USES)
    assert twin == model.clone(rnn=FusedRNNScratch(V, H))
    X = jnp.arange(BATCH * STEPS).reshape(BATCH, STEPS) % V
    params = randomise(model, X)
    for plain, fused in zip(model.apply(params, X), twin.apply(params, X), strict=True):
        np.testing.assert_allclose(plain, fused, atol=1e-5)


def copy_of(change: str, layer: str = "RNNScratch"):
    """A chapter's own layer: the library's source, with one line changed."""
    source = inspect.getsource(getattr(cl, layer))
    old, new = change.split(" -> ") if change else ("", "")
    assert old in source
    names = {name: getattr(cl, name) for name in ("check_sizes", "check_inputs", "initial_state")}
    names |= {"nn": nn, "jnp": jnp}
    exec(source.replace(old, new), names)
    return names[layer]


@pytest.mark.parametrize("own_head", [False, True])
def test_a_copy_in_a_notebook_has_the_same_twin(own_head):
    head = type("RNNLMScratch", (cl.RNNLMScratch,), {}) if own_head else cl.RNNLMScratch
    model = head(copy_of("")(V, H), V, 0.0)
    assert fuse(model, *USES) == FusedRNNLMScratch(FusedRNNScratch(V, H), V, 0.0)


def test_other_names_of_parameters_are_another_model():
    model = cl.RNNLMScratch(copy_of('self.param("b_h" -> self.param("b"')(V, H), V, 0.0)
    assert fuse(model, *USES) is model


@pytest.mark.parametrize(
    "layer, twin, edits",
    [
        ("GRU", FusedGRU, ["if i > 0: -> if i > 1:"]),  # no dropout between two layers
        ("LSTM", FusedLSTM, ["if i > 0: -> if i > 1:", "layer((C, H), -> layer((H, C),"]),
    ],
)
def test_a_copied_gated_layer_has_the_same_twin_and_an_edited_one_none(layer, twin, edits):
    copied, *edited = (
        cl.RNNLM(copy_of(change, layer)(H, 2, 0.1), V, 0.0) for change in ("", *edits)
    )
    assert fuse(copied, *USES) == FusedRNNLM(twin(H, 2, 0.1), V, 0.0)
    assert all(fuse(model, *USES) is model for model in edited)


FORGETFUL = "initial_state(state -> initial_state(None"
LATE = (
    "for X in inputs: -> for t, X in enumerate(inputs):\n"
    "            state = 0 * state if t == 4 else state"
)


@pytest.mark.parametrize(
    "change",
    [
        "jnp.tanh(X -> jnp.sin(X",
        " + self.b_h -> ",
        "state @ self.W_hh -> 0 * state @ self.W_hh",
        "for X in inputs: -> for X in inputs[::-1]:",
        "jnp.stack(outputs) -> jnp.stack(outputs) * (2 if training else 1)",
        FORGETFUL,
        LATE,
    ],
)
def test_an_edited_copy_has_none(change):
    model = cl.RNNLMScratch(copy_of(change)(V, H), V, 0.0)
    assert fuse(model, *USES) is model


def test_an_edit_of_a_late_step_is_trained_and_told_apart():
    data = cl.TextData("the time traveller smiled " * 20, 16, STEPS, 200, 100)
    size = len(data.vocab)
    ours, copied, edited = (
        cl.RNNLMScratch(layer(size, H), size, lr=1.0)
        for layer in (cl.RNNScratch, copy_of(""), copy_of(LATE))
    )
    trainer = cl.Trainer(1)
    runs = [trainer.fit(model, data, show=False) for model in (ours, copied, edited)]
    losses = [run.history["train_perplexity"] for run in runs]
    assert losses[0] == losses[1] != losses[2]
    programs = [run.settings["program"] for run in runs]
    assert programs[0] == programs[1] != programs[2]


def test_an_edit_of_what_happens_to_a_given_state_is_heard_in_the_text():
    data = cl.TextData("the time traveller smiled " * 20, 16, STEPS, 200, 100)
    size = len(data.vocab)
    model = cl.RNNLMScratch(copy_of(FORGETFUL)(size, H, 1.0), size, lr=1.0, sigma=1.0)
    result = cl.Trainer(0).fit(model, data, show=False)
    written = ""
    for _ in range(20):
        logits, _ = model.apply(result.params, data.vocab.encode(written[-1:] or "e")[None])
        written += data.vocab.decode([int(logits[0, -1, 1:].argmax()) + 1])
    assert cl.predict("time", 20, result) == "time" + written


def test_a_layer_with_other_settings_of_the_same_name_has_none():
    class RNNScratch(cl.RNN):
        pass

    model = cl.RNNLM(RNNScratch(H), V, 0.0)
    assert fuse(model, *USES) is model


@pytest.mark.parametrize(
    "layer, twin",
    [
        (cl.StackedRNNScratch(28, H, 2), FusedRNNScratch),
        (cl.RNN(H), FusedRNN),
        (cl.GRU(H, 2, dropout=0.2), FusedGRU),
        (cl.LSTM(H, 2, dropout=0.2), FusedLSTM),
    ],
    ids=lambda value: type(value).__name__,
)
def test_training_uses_the_twin_and_gives_the_same_history(layer, twin, monkeypatch):
    data = cl.TextData("the time traveller smiled " * 20, 16, 6, 200, 100)
    layer = layer.clone(num_inputs=len(data.vocab)) if hasattr(layer, "num_inputs") else layer
    model = cl.RNNLMScratch(layer, len(data.vocab), lr=1.0)
    calls = []
    original = twin.__call__

    def counted(self, *arguments, **named):
        calls.append(1)
        return original(self, *arguments, **named)

    monkeypatch.setattr(twin, "__call__", counted)
    fused = cl.Trainer(3, 1.0).fit(model, data, show=False)
    assert calls
    monkeypatch.setattr(running, "fuse", lambda model, *uses: model)
    plain = cl.Trainer(3, 1.0).fit(model, data, show=False)
    for split in ("train", "val"):
        a, b = (run.history[f"{split}_perplexity"] for run in (fused, plain))
        np.testing.assert_allclose(a, b, rtol=1e-4)
