"""Losses of a whole text and by position, against the model applied step by step."""

import jax
import numpy as np
import pytest

from charlm_lib import (
    GRU,
    RNN,
    RNNLM,
    StackedRNNScratch,
    TrainedModel,
    Vocab,
    nll_by_position,
    text_nll,
)

TOKENS = jax.random.randint(jax.random.key(5), (50,), 0, 7)
LAYERS = {
    "tanh": RNN(8),
    "stack": StackedRNNScratch(7, 8, 2, 0.5),
    "gru": GRU(8, 3),
}


@pytest.fixture(params=LAYERS)
def fitted(request):
    model = RNNLM(LAYERS[request.param], 7, lr=1.0)
    return TrainedModel(model, model.init(jax.random.key(0), TOKENS[None]), Vocab("abcdef"))


def test_a_text_is_read_once_with_the_state_kept(fitted):
    model, params, _ = fitted
    step = jax.jit(model.apply)
    state, expected = None, []
    for now, following in zip(TOKENS[:-1], TOKENS[1:], strict=True):
        logits, state = step(params, now[None, None], state)
        expected.append(-jax.nn.log_softmax(logits[0, 0])[following])
    assert np.allclose(text_nll(fitted, TOKENS), expected, atol=1e-5)


def test_the_loss_at_a_position_knows_that_many_characters(fitted):
    model, params, _ = fitted
    step = jax.jit(model.apply)
    starts = np.arange(0, len(TOKENS) - 8, 4)
    state, expected = None, []
    for t in range(8):
        logits, state = step(params, TOKENS[starts + t][:, None], state)
        surprise = -np.asarray(jax.nn.log_softmax(logits[:, 0]))
        targets = np.asarray(TOKENS[starts + t + 1])
        expected.append(surprise[np.arange(len(starts)), targets].mean())
    assert np.allclose(nll_by_position(fitted, TOKENS, 8), expected, atol=1e-5)


def test_texts_that_are_too_short(fitted):
    with pytest.raises(ValueError, match="a text of 1 characters leaves nothing to predict"):
        text_nll(fitted, TOKENS[:1])
    with pytest.raises(ValueError, match="50 characters has no window of num_steps=50"):
        nll_by_position(fitted, TOKENS, 50)
