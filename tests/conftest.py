"""What the unit tests share: small data, random weights, and a quick compiler."""

import os
import random

os.environ.setdefault("CHARLM_CPU_DEVICES", "8")  # several devices on any machine
os.environ.pop("CHARLM_FAST", None)  # full runs, whatever the user is looking at
os.environ.setdefault("CHARLM_CACHE", "off")  # pytest_configure chooses a cache

import hypothesis
import jax
import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from tests import quick_compiler

matplotlib.use("Agg")
jax.config.update("jax_disable_most_optimizations", True)  # these models compile longer than run
quick_compiler.set_flag()
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)

import charlm_lib as cl  # noqa: E402

# The same cases in every run, few enough for every change, and no clock.
hypothesis.settings.register_profile(
    "charlm", derandomize=True, database=None, deadline=None, max_examples=50
)
hypothesis.settings.load_profile("charlm")


def pytest_addoption(parser):
    words = "run the files, and the tests in each, in this seed's random order"
    parser.addoption("--shuffle", metavar="SEED", help=words)


def pytest_collection_modifyitems(config, items):
    seed = config.getoption("--shuffle")
    if seed is not None:
        rng, files = random.Random(seed), list(dict.fromkeys(item.path for item in items))
        rng.shuffle(files)
        rng.shuffle(items)
        items.sort(key=lambda item: files.index(item.path))  # what a file shares is made once


def pytest_configure(config):
    """Let the test processes, and the next run, share compiled programs."""
    cache = getattr(config, "cache", None)
    if cache is not None:
        jax.config.update("jax_compilation_cache_dir", str(cache.mkdir("jax")))


TEXT = (
    "the time traveller smiled round at us then still smiling faintly and with his hands deep "
    "in his trousers pockets he walked slowly out of the room and we heard his slippers "
    "shuffling down the long passage to his laboratory "
)


@pytest.fixture(scope="session", autouse=True)
def started_jax():
    """Start JAX with the quick compiler, which is for this process alone."""
    jax.block_until_ready(jax.numpy.zeros(1) + 1)
    quick_compiler.unset_flag()


@pytest.fixture(autouse=True)
def close_figures():
    """Leave no figure of a test behind: the next test may count those that are open."""
    yield
    plt.close("all")


@pytest.fixture(autouse=True, scope="module")
def forget_programs():
    """Keep no compiled program of a file: each has pieces of memory, of which a process has 65,530.

    All unit tests in one process would have more, and JAX then ends it by a segmentation fault.
    """
    yield
    jax.clear_caches()


@pytest.fixture(scope="session")
def text():
    return TEXT


@pytest.fixture(scope="session")
def data():
    """40 training windows in batches of 16, 16 and 8; 30 validation windows."""
    return cl.TextData(TEXT, batch_size=16, num_steps=6, num_train=40, num_val=30)


@pytest.fixture(scope="session")
def one_batch():
    """16 training windows in one batch: an epoch is one update."""
    return cl.TextData(TEXT, batch_size=16, num_steps=6, num_train=16, num_val=30)


@pytest.fixture(scope="session")
def randomise():
    """A function that makes random parameters, biases included, for a model and its input."""

    def make(model, *inputs, seed=0, scale=0.5):
        shapes = jax.eval_shape(model.init, jax.random.key(0), *inputs)
        rng = np.random.default_rng(seed)
        return jax.tree.map(
            lambda x: jax.numpy.asarray(scale * rng.standard_normal(x.shape), np.float32), shapes
        )

    return make


@pytest.fixture(scope="session")
def make_result(randomise):
    """A function that makes a `FitResult` of random weights, without training."""

    def make(model, vocab, seed=0, scale=0.5):
        params = randomise(model, np.zeros((1, 2), np.int32), seed=seed, scale=scale)
        history = {name: [] for name in ("epoch", "train_perplexity", "val_perplexity", "seconds")}
        return cl.FitResult(model, params, vocab, history, {}, params)

    return make


@pytest.fixture(scope="session")
def gru_result(data, make_result):
    return make_result(cl.RNNLM(cl.GRU(8, 2), len(data.vocab), lr=1.0), data.vocab)


@pytest.fixture(scope="session")
def fitted(data):
    """A short real training run, with clipping."""
    model = cl.RNNLM(cl.RNN(8), len(data.vocab), lr=1.0)
    return cl.Trainer(3, gradient_clip_val=1.0).fit(model, data, key=0, show=False)
