"""The fused layers against those of the chapters."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import charlm_lib as cl
from charlm_lib.engine.lstm_recurrence import lstm_recurrence
from charlm_lib.engine.products import project, times
from charlm_lib.engine.recurrences import gru_recurrence, scan_in_place, tanh_recurrence
from charlm_lib.engine.twins import Use, fuse
from charlm_lib.losses import LANES

V, H, STEPS, BATCH = 5, 7, 6, 3


def stack(num_layers, **settings):
    rnn = cl.StackedRNNScratch(V, H, num_layers, sigma=0.5)
    return cl.RNNLMScratch(rnn, V, lr=1.0, sigma=0.5, **settings)


MODELS = {
    "RNNScratch": cl.RNNLMScratch(cl.RNNScratch(V, H, 0.5), V, 1.0),
    "RNN": cl.RNNLM(cl.RNN(H), V, 1.0),
    **{f"stack of {depth}": stack(depth) for depth in (1, 2, 3)},
}


def largest_difference(a, b):
    differences = jax.tree.map(lambda x, y: np.abs(x - y).max(), a, b)
    return np.max(jax.tree.leaves(differences))  # nan where one is: Python's max may drop it


def gru(depth, **settings):
    return cl.RNNLM(cl.GRU(H, depth, **settings), V, 1.0)


def lstm(depth, **settings):
    return cl.RNNLM(cl.LSTM(H, depth, **settings), V, 1.0)


MODELS |= {f"GRU of {depth}": gru(depth) for depth in (1, 2, 3)}
MODELS |= {f"LSTM of {depth}": lstm(depth) for depth in (1, 2, 3)}


@pytest.mark.parametrize("reverse", [False, True])
def test_the_loop_in_place_gives_what_a_scan_gives(reverse):
    a, b, read = jax.random.normal(jax.random.key(0), (3, STEPS, BATCH, H))
    state = jnp.ones((BATCH, H))

    def step(state, at_t, read):
        a, b = at_t
        state = jnp.tanh(state + a * b - read[0])
        return state, (state + b, state * a)

    def scanned(state, at_t):
        return step(state, at_t[:2], at_t[2:])

    last, written = scan_in_place(step, state, (a, b), (read,), reverse)
    wanted = jax.lax.scan(scanned, state, (a, b, read), reverse=reverse)
    jax.tree.map(lambda x, y: np.testing.assert_allclose(x, y, atol=1e-6), (last, written), wanted)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("given_state", [False, True])
def test_equal_outputs_states_and_gradients(model, given_state, randomise):
    twin = fuse(model, Use(BATCH, STEPS))
    keys = jax.random.split(jax.random.key(0), 3)
    X, Y = jax.random.randint(keys[0], (2, BATCH, STEPS), 0, V)
    params = randomise(model, X)  # every bias is another number
    shape = jax.eval_shape(model.apply, params, X)[1].shape
    state = jax.random.normal(keys[2], shape) if given_state else None

    def run(model, params, state):
        logits, last = model.apply(params, X, state)
        # Of order 1, as are then its gradients: float32 cannot tell 60.00000 from 60.00001.
        return cl.cross_entropy(logits, Y) + jnp.mean(last**2), (logits, last)

    arguments = (0, 1) if given_state else 0
    plain, fused = (
        jax.jit(jax.value_and_grad(lambda p, s, m=m: run(m, p, s), arguments, has_aux=True))(
            params, state
        )
        for m in (model, twin)
    )
    assert type(twin.rnn) is not type(model.rnn)
    assert largest_difference(plain, fused) < 1e-5
    assert largest_difference(model.init(keys[1], X), twin.init(keys[1], X)) == 0


@pytest.mark.parametrize("make", [gru, lstm])
def test_dropout_is_the_same_between_fused_layers(make):
    model = make(3, dropout=0.5)
    twin = fuse(model, Use(BATCH, STEPS))
    X = jnp.arange(BATCH * STEPS).reshape(BATCH, STEPS) % V
    params = model.init(jax.random.key(0), X)

    def run(model, **options):
        return model.apply(params, X, rngs={"dropout": jax.random.key(1)}, **options)

    dropped, kept = run(model, training=True), run(model)
    assert largest_difference(dropped, run(twin, training=True)) < 1e-6
    assert largest_difference(kept, run(twin)) < 1e-6 < 1e-3 < largest_difference(dropped, kept)


@pytest.fixture
def double_precision():
    """Compute in float64: `jax.enable_x64` came after the oldest JAX that we support."""
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", False)


def tanh_arguments(draw):
    """Projections, state and W_hh."""
    return [draw(shape) for shape in [(4, 2, 5), (2, 5), (5, 5)]]


def gru_arguments(draw):
    """The three projections, state, W_hr, W_hz, W_hn and b_hn."""
    shapes = [(2, 5), (5, 5), (5, 5), (5, 5), (5,)]
    return [tuple(draw((4, 2, 5)) for _ in range(3)), *map(draw, shapes)]


def lstm_arguments(draw):
    """The four projections, H_0 and C_0, and W_hi, W_hf, W_hg and W_ho."""
    square = [draw((5, 5)) for _ in "ifgo"]
    return [tuple(draw((4, 2, 5)) for _ in "ifgo"), draw((2, 2, 5)), *square]


RECURRENCES = [
    (tanh_recurrence, tanh_arguments),
    (gru_recurrence, gru_arguments),
    (lstm_recurrence, lstm_arguments),
]


@pytest.mark.parametrize("recurrence, make", RECURRENCES)
def test_backward_pass_against_finite_differences(recurrence, make, double_precision):
    rng = np.random.default_rng(0)
    point, structure = jax.tree.flatten(make(lambda shape: 0.5 * rng.standard_normal(shape)))
    shapes = jax.eval_shape(recurrence, *structure.unflatten(point))
    targets = jax.tree.map(lambda x: rng.standard_normal(x.shape), shapes)

    @jax.jit
    def loss(leaves):
        found = recurrence(*structure.unflatten(leaves))
        return sum(jax.tree.leaves(jax.tree.map(lambda x, y: jnp.sum(x * y), found, targets)))

    grads = jax.grad(loss)(list(map(jnp.asarray, point)))
    for i, grad in enumerate(grads):
        for place in np.ndindex(*point[i].shape):
            moved = [np.array(x) for x in point], [np.array(x) for x in point]
            moved[0][i][place] += 1e-6
            moved[1][i][place] -= 1e-6
            slope = (loss(moved[0]) - loss(moved[1])) / 2e-6
            assert float(grad[place]) == pytest.approx(float(slope), abs=1e-7)


@pytest.mark.parametrize("recurrence, make", RECURRENCES)
def test_a_loop_computes_the_same_where_nobody_wants_its_gradient(recurrence, make):
    rng = np.random.default_rng(0)
    arguments = make(lambda shape: jnp.float32(rng.standard_normal(shape)))
    with_gradient, _ = jax.vjp(recurrence, *arguments)
    assert largest_difference(recurrence(*arguments), with_gradient) < 1e-6


def test_the_projection_of_ids_is_that_of_their_one_hot_vectors():
    rng = np.random.default_rng(0)
    W, b = (jnp.asarray(rng.standard_normal(shape)) for shape in [(V, H), (H,)])
    ids = jnp.asarray(rng.integers(V, size=(STEPS, BATCH)))
    vectors = jax.nn.one_hot(ids, V)
    for inputs in (ids, vectors):
        first, second = project(inputs, (W, -W), (b, 2 * b))
        np.testing.assert_allclose(first, vectors @ W + b, atol=1e-6)
        np.testing.assert_allclose(second, 2 * b - vectors @ W, atol=1e-6)


def test_times_has_the_gradients_that_jax_derives():
    rng = np.random.default_rng(0)
    shapes = [(STEPS, BATCH, V), (V, H), (V, 2), (STEPS, BATCH, H), (STEPS, BATCH, 2)]
    inputs, *weights, first, second = (jnp.asarray(rng.standard_normal(s)) for s in shapes)

    def ours(inputs, weights):
        a, b = times(inputs, tuple(weights))
        return jnp.sum(a * first) + jnp.sum(b * second)

    def plain(inputs, weights):
        a, b = (inputs @ W for W in weights)
        return jnp.sum(a * first) + jnp.sum(b * second)

    found, wanted = (jax.jit(jax.grad(f, (0, 1)))(inputs, weights) for f in (ours, plain))
    jax.tree.map(partial(np.testing.assert_allclose, rtol=1e-5, atol=1e-5), found, wanted)


@pytest.mark.parametrize("model", [gru(2, dropout=0.5), lstm(2, dropout=0.5)], ids=["GRU", "LSTM"])
def test_a_twin_drops_nothing_unless_it_trains(model):
    X = jax.random.randint(jax.random.key(1), (BATCH, STEPS), 0, V)
    params = model.init(jax.random.key(0), X)
    layer, inputs = {"params": params["params"]["rnn"]}, jax.nn.one_hot(X.T, V)
    found, _ = fuse(model, Use(BATCH, STEPS)).rnn.apply(layer, inputs)
    np.testing.assert_allclose(found, model.rnn.apply(layer, inputs)[0], atol=1e-6)


@pytest.mark.parametrize("vocab_size", [V, LANES, LANES + 1])
@pytest.mark.parametrize("head", [cl.RNNLM, cl.RNNLMScratch])
def test_wide_logits_are_the_logits_and_no_others(head, vocab_size):
    model = head(cl.GRU(H, 2, dropout=0.5), vocab_size, 1.0)  # which is not asked to train
    X = jax.random.randint(jax.random.key(1), (BATCH, STEPS), 0, vocab_size)
    params = model.init(jax.random.key(0), X)
    logits, state = model.apply(params, X)
    twin = fuse(model, Use(BATCH, STEPS))
    wide, wide_state = twin.apply(params, X, method="wide_forward")
    assert wide.shape[-1] % LANES == 0
    np.testing.assert_allclose(wide[..., :vocab_size], logits, atol=1e-6)
    np.testing.assert_allclose(wide_state, state, atol=1e-6)
    assert (wide[..., vocab_size:] == -jnp.inf).all()
    assert twin.apply(params, X)[0].shape == logits.shape


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_twin_refuses_what_its_model_refuses(depth):
    for model in (stack(depth), gru(depth), lstm(depth)):
        twin = fuse(model, Use(BATCH, STEPS))
        X = jnp.zeros((BATCH, STEPS), jnp.int32)
        params = model.init(jax.random.key(0), X)
        for bad in (X[0], X.astype(jnp.float32)):
            with pytest.raises(ValueError, match="needs integer ids of shape"):
                twin.apply(params, bad)
        with pytest.raises(ValueError, match="state has shape"):
            twin.apply(params, X, jnp.zeros((depth, BATCH + 1, H)))
