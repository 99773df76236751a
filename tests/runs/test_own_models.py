"""Models that readers write themselves: any state, any first state, no lr, a look ahead."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import linen as nn

import charlm_lib as cl
from charlm_lib.engine.parameters import first_params
from charlm_lib.engine.probing import looks_ahead, starts_at_zeros
from charlm_lib.engine.streams import streams

H = 6
TEXT = "peter piper picked a peck of pickled peppers then the seller sold seven shells " * 6


def scan(cell):
    return nn.scan(cell, variable_broadcast="params", split_rngs={"params": False})


class LSTM(nn.Module):
    """The state is a pair."""

    num_hiddens: int

    @nn.compact
    def __call__(self, inputs, state=None, training=False):
        zeros = jnp.zeros((inputs.shape[1], self.num_hiddens))
        state = (zeros, zeros) if state is None else state
        state, outputs = scan(nn.LSTMCell)(self.num_hiddens, name="cell")(state, inputs)
        return outputs, state


class LearnedStart(nn.Module):
    """The first state is learned; the state is a dict."""

    num_hiddens: int

    @nn.compact
    def __call__(self, inputs, state=None, training=False):
        first = self.param("first", nn.initializers.normal(0.5), (self.num_hiddens,))
        H = jnp.tile(first, (inputs.shape[1], 1)) if state is None else state["H"]
        H, outputs = scan(nn.GRUCell)(self.num_hiddens, name="cell")(H, inputs)
        return outputs, {"H": H}


class Counting(nn.Module):
    """The state has a whole number in it, which counts the characters that were read."""

    num_hiddens: int

    @nn.compact
    def __call__(self, inputs, state=None, training=False):
        shape = inputs.shape[1], self.num_hiddens
        H, read = (jnp.zeros(shape), jnp.int32(0)) if state is None else state
        place = (read + jnp.arange(len(inputs))).astype(jnp.float32)  # (num_steps,)
        H, outputs = scan(nn.SimpleCell)(self.num_hiddens, name="cell")(H, inputs)
        return outputs * (1 + 1 / (1 + place))[:, None, None], (H, read + len(inputs))


class BothWays(nn.Module):
    """A layer that sees the future."""

    num_hiddens: int

    @nn.compact
    def __call__(self, inputs, state=None, training=False):
        zeros = jnp.zeros((inputs.shape[1], self.num_hiddens))
        there = scan(nn.GRUCell)(self.num_hiddens, name="there")
        back = scan(nn.GRUCell)(self.num_hiddens, name="back")
        state, outputs = there(zeros if state is None else state, inputs)
        return outputs + back(zeros, inputs[::-1])[1][::-1], state


class Tied(cl.RNNLMScratch):
    """An embedding instead of one-hot vectors, and the same matrix for the output."""

    def setup(self):
        self.embedding = nn.Embed(self.vocab_size, self.rnn.num_hiddens)

    def one_hot(self, X):
        return self.embedding(X.T)

    def output_layer(self, outputs):
        return self.embedding.attend(outputs).swapaxes(0, 1)


class Skip(cl.StackedRNNScratch):
    """Exercise 6 of the chapter on stacks: the output layer reads all layers, side by side."""

    def __call__(self, inputs, state=None, training=False):
        state = cl.initial_state(state, (self.num_layers, inputs.shape[1], self.num_hiddens))
        outputs, every, new_state = inputs, [], []
        for layer, layer_state in zip(self.layers, state, strict=True):
            outputs, layer_state = layer(outputs, layer_state)
            every.append(outputs)
            new_state.append(layer_state)
        return jnp.concatenate(every, axis=-1), jnp.stack(new_state)


class Alone(nn.Module):
    """A language model in one class, without `lr` and without `vocab_size`."""

    size: int

    @nn.compact
    def __call__(self, X, state=None, training=False):
        state = jnp.zeros((len(X), self.size)) if state is None else state
        state, outputs = scan(nn.SimpleCell)(self.size)(state, jax.nn.one_hot(X.T, self.size))
        return outputs.swapaxes(0, 1), state


DATA = cl.TextData(TEXT, 16, 8, 200, 50)
CARRIED = cl.TextData(TEXT, 8, 8, 40, 8, stride=8)
V = len(DATA.vocab)
MODELS = {
    "a pair": cl.RNNLM(LSTM(H), V, lr=1.0),
    "learned start": cl.RNNLM(LearnedStart(H), V, lr=1.0),
    "a whole number": cl.RNNLM(Counting(H), V, lr=1.0),
    "tied": Tied(cl.GRU(H, 1), V, lr=0.5),
    "several layers": cl.RNNLM(Skip(V, H, 2), V, lr=1.0),
}


@pytest.mark.parametrize("name", MODELS)
def test_every_way_of_using_it(name, tmp_path):
    model = MODELS[name]
    result = cl.Trainer(2, 1.0).fit(model, DATA, show=False)
    first, last = result.history["train_perplexity"]
    assert last < first < 1.5 * V and result.stopped == "finished"
    assert np.exp(cl.evaluate(result, DATA)) == pytest.approx(result.history["val_perplexity"][-1])
    # Step by step as all at once
    tokens = DATA.tokens[:9]
    state, expected = None, []
    for now, following in zip(tokens[:-1], tokens[1:], strict=True):
        logits, state = model.apply(result.params, now[None, None], state)
        expected.append(-jax.nn.log_softmax(logits[0, 0])[following])
    np.testing.assert_allclose(cl.text_nll(result, tokens), expected, rtol=1e-4)
    text = cl.predict("peter ", 8, result)
    assert text.startswith("peter ") and len(text) == 14
    result.save(tmp_path / "own")
    with pytest.raises(ValueError, match=r"load\(path, model=\.\.\.\)"):
        cl.load(tmp_path / "own")
    assert cl.predict("peter ", 8, cl.load(tmp_path / "own", model)) == text
    rounded = cl.Trainer(1, 1.0, compute_dtype="bfloat16").fit(model, DATA, show=False)
    assert rounded.history["val_perplexity"][0] == pytest.approx(
        result.history["val_perplexity"][0], rel=0.02
    )


@pytest.mark.parametrize("name", MODELS)
def test_any_state_is_carried_as_in_a_plain_loop(name):
    model = MODELS[name]
    result = cl.Trainer(2, 1.0, carry_state=True).fit(model, CARRIED, show=False)
    optimizer = optax.chain(optax.clip_by_global_norm(1.0), optax.sgd(model.lr))
    params = first_params(model, 0)
    opt_state, expected, norms = optimizer.init(params), [], []

    @jax.jit
    def loss(params, state, X, Y):
        logits, state = model.apply(params, X, state)
        return cl.cross_entropy(logits, Y), state

    gradient = jax.jit(jax.value_and_grad(loss, has_aux=True))
    for _ in range(2):
        state, losses = None, []  # so the first update trains a start that is learned
        for starts in streams(jnp.asarray(CARRIED.starts("train")), 8):
            windows = cl.gather_windows(CARRIED.tokens, starts, 8)
            (value, state), grads = gradient(params, state, *windows)
            steps, opt_state = optimizer.update(grads, opt_state)
            params = optax.apply_updates(params, steps)
            losses.append(value)
            norms.append(optax.tree.norm(grads))
        expected.append(np.exp(np.mean(losses)))
    np.testing.assert_allclose(result.history["train_perplexity"], expected, rtol=1e-4)
    np.testing.assert_allclose(result.grad_norms, norms, rtol=1e-3)
    state, losses = None, []
    for starts in streams(jnp.asarray(CARRIED.starts("val")), 8):
        value, state = loss(params, state, *cl.gather_windows(CARRIED.tokens, starts, 8))
        losses.append(value)
    assert result.history["val_perplexity"][-1] == pytest.approx(np.exp(np.mean(losses)), rel=1e-4)


@pytest.mark.parametrize("carry", [False, True])
def test_a_learned_start_is_trained(carry):
    model, data = MODELS["learned start"], CARRIED if carry else DATA
    start = first_params(model, 0)["params"]["rnn"]["first"]
    for dtype in (None,) if carry else (None, "bfloat16"):
        result = cl.Trainer(1, 1.0, carry, dtype).fit(model, data, show=False)
        assert np.abs(result.params["params"]["rnn"]["first"] - start).max() > 1e-4


def test_what_a_model_of_ones_own_does_is_found_out():
    assert [name for name, model in MODELS.items() if not starts_at_zeros(model)] == [
        "learned start"
    ]
    assert not any(looks_ahead(model) for model in MODELS.values())
    assert looks_ahead(cl.RNNLM(BothWays(H), V, lr=1.0))


def test_a_model_that_sees_the_future_is_told_so(recwarn):
    model = cl.RNNLM(BothWays(H), V, lr=1.0)
    with pytest.warns(UserWarning, match="sees the future.*near 1 is no success") as caught:
        cl.Trainer(0).fit(model, DATA)
    assert caught[0].filename == __file__
    recwarn.clear()
    for model in MODELS.values():
        cl.Trainer(0).fit(model, DATA)
    assert not recwarn.list


# --- learning rates ---
def test_no_field_lr_but_an_optimizer():
    result = cl.Trainer(2, 1.0).fit(Alone(V), DATA, optimizer=optax.adam(0.03), show=False)
    first, last = result.history["val_perplexity"]
    assert last < first
    assert cl.predict("peter ", 5, result)[:6] == "peter "


@pytest.mark.parametrize("model", [Alone(V), cl.RNNLM(cl.RNN(H), V, lr=None)])
def test_no_rate_at_all_names_the_field(model):
    with pytest.raises(ValueError, match=r"has no learning rate: give it a field `lr`.*optimizer"):
        cl.Trainer(1).fit(model, DATA)


def test_a_schedule_as_lr(tmp_path):
    schedule = optax.linear_schedule(1.0, 0.1, 20)
    model = cl.RNNLM(cl.RNN(H), V, lr=schedule)
    result = cl.Trainer(2, 1.0).fit(model, DATA, show=False)
    same = cl.RNNLM(cl.RNN(H), V, lr=None)
    wanted = cl.Trainer(2, 1.0).fit(same, DATA, optimizer=optax.sgd(schedule), show=False)
    assert result.history["val_perplexity"] == wanted.history["val_perplexity"]
    path = tmp_path / "run.safetensors"
    first = cl.fit_or_load(path, cl.Trainer(1), model, DATA)
    again = cl.fit_or_load(path, cl.Trainer(1), model, DATA)  # found by what it computes
    assert again.history == first.history
    cl.load(path)
    other = cl.RNNLM(cl.RNN(H), V, lr=optax.linear_schedule(1.0, 0.5, 20))
    assert cl.fit_or_load(path, cl.Trainer(1), other, DATA).settings != first.settings


@pytest.mark.parametrize("lr", [0, -1.0, "1", True, float("nan"), [1.0]])
def test_an_impossible_rate(lr):
    with pytest.raises(ValueError, match="lr=.*must be a positive number, or a schedule"):
        cl.Trainer(1).fit(cl.RNNLM(cl.RNN(H), V, lr=lr), DATA)


@pytest.mark.parametrize("optimizer", [0.1, "adam", optax.adam])
def test_what_is_no_optimizer(optimizer):
    with pytest.raises(ValueError, match=r"is no optax optimizer: pass one such as"):
        cl.Trainer(1).fit(Alone(V), DATA, optimizer=optimizer)


# --- models that do not fit ---
class WithoutTraining(nn.Module):
    num_hiddens: int

    @nn.compact
    def __call__(self, inputs, state=None):
        return inputs, state


class BatchFirst(cl.RNNLM):
    def output_layer(self, outputs):
        return super().output_layer(outputs).swapaxes(0, 1)


class LogitsOnly(cl.RNNLM):
    def __call__(self, X, state=None, training=False):
        return self.forward(X, state, training)[0]


def test_a_layer_that_does_not_take_training_is_told_how_it_is_called():
    with pytest.raises(TypeError) as caught:
        cl.Trainer(1).fit(cl.RNNLM(WithoutTraining(H), V, lr=1.0), DATA)
    assert any("layer(inputs, state, training)" in note for note in caught.value.__notes__)


@pytest.mark.parametrize(
    "model, words",
    [
        (BatchFirst(cl.RNN(H), V, lr=1.0), r"logits of shape \(3, 2, \d+\) for ids of .*\(2, 3\)"),
        (LogitsOnly(cl.RNN(H), V, lr=1.0), r"two things, \(logits, state\)"),
        (Alone(V + 1), rf"logits of shape \(2, 3, {V + 1}\).*{V} tokens"),
    ],
)
def test_a_model_of_another_shape(model, words):
    with pytest.raises(ValueError, match=words):
        cl.Trainer(1).fit(model, DATA, optimizer=optax.sgd(0.1))
