"""Settings that fit a text: all of it is used, a tenth is held out, and the time is bounded."""

import re

import jax.numpy as jnp
import numpy as np
import pytest

import charlm_lib as cl
from charlm_lib.engine.streams import check_streams
from charlm_lib.own_text import REFERENCE, WORK, adamw, fitting_settings
from charlm_lib.studies import recipe

SIZES = (3, 120, 779, 1_999, 2_001, 5_000, 9_999, 50_000, 173_850, 499_999, 1_500_000, 20_000_000)


@pytest.mark.parametrize("size", SIZES)
def test_the_whole_text_is_used_and_its_last_tenth_held_out(size):
    s = fitting_settings(size)
    used = (s.num_train + s.num_val) * s.num_steps
    assert size > used  # the last window has its last target
    assert used > 0.94 * size or size < 200
    assert s.stride == s.num_steps
    assert 0.05 < s.num_val / (s.num_train + s.num_val) < 0.15 or size < 200
    assert s.batch_size <= s.num_train


@pytest.mark.parametrize("size", SIZES)
def test_the_work_is_bounded_and_there_are_enough_updates(size):
    s = fitting_settings(size)
    work = s.max_epochs * s.num_train * s.num_steps * s.num_hiddens**2
    assert work < 1.3 * WORK or s.max_epochs == 1
    assert s.num_updates() > 100 or size < 200


@pytest.mark.parametrize("size", [2_001, 2_700, 5_000, 12_345])
def test_texts_are_read_in_order_where_they_are_long_enough(text, size):
    data, model, trainer, optimizer = cl.recipe_for((text * 100)[:size])
    assert trainer.carry_state
    check_streams(data)
    assert trainer.rule_for(model, data, optimizer).optimizer


@pytest.mark.parametrize("size", SIZES[1:])
def test_a_batch_can_be_shared_by_eight_devices(size):
    assert fitting_settings(size).batch_size % 8 == 0


def test_the_novel_gets_what_chapter_6_found():
    s, step = fitting_settings(173_850), recipe.STEPS[-1]
    assert s.adamw == step.adam == step.falls and s.adamw
    assert s.lr == step.lr / 3  # what suits one novel may be too much for another
    for name in ("num_hiddens", "dropout", "batch_size", "carry_state"):
        assert getattr(s, name) == getattr(step, name), name
    assert abs(s.num_steps / step.num_steps - 1) < 0.1
    assert abs(s.num_updates() / step.num_updates() - 1) < 0.1


def test_the_reference_is_that_of_chapter_4():
    step, s = recipe.STEPS[0], REFERENCE
    windows = {"num_train": s.num_train, "num_val": s.num_val}
    assert windows == step.windows
    for name in (
        "num_hiddens",
        "dropout",
        "batch_size",
        "num_steps",
        "max_epochs",
        "lr",
        "carry_state",
    ):
        assert getattr(s, name) == getattr(step, name), name
    assert s.gradient_clip_val == 1
    assert s.adamw == step.adam
    assert s.optimizer() is None


def test_chosen_settings_take_the_place_of_single_ones():
    fitting = fitting_settings(50_000)
    s = fitting_settings(50_000, num_hiddens=7, dropout=0.0, max_epochs=3)
    assert (s.num_hiddens, s.dropout, s.max_epochs) == (7, 0.0, 3)
    assert (s.batch_size, s.num_train, s.lr) == (fitting.batch_size, fitting.num_train, fitting.lr)
    s = fitting_settings(50_000, batch_size=24, num_steps=50)  # the windows follow
    assert (s.batch_size, s.num_steps, s.stride) == (24, 50, 50)
    assert s.num_train % 24 == s.num_val % 24 == 0
    assert 0.95 < (s.num_train + s.num_val) * 50 / 50_000 < 1
    with pytest.raises(TypeError, match="hidden_units"):
        fitting_settings(50_000, hidden_units=7)


@pytest.mark.parametrize(
    "size, chosen",
    [
        (2, {}),
        (5_000, {"batch_size": 64, "num_steps": 50}),
        (5_000, {"num_steps": 400}),
        (100, {"num_steps": 60}),
    ],
)
def test_a_text_too_short_gets_numbers_that_fit(size, chosen):
    with pytest.raises(ValueError, match=f"the text has {size} characters") as error:
        fitting_settings(size, **chosen)
    needed = int(re.search(r" need (\d+)", str(error.value))[1])
    assert needed > size and fitting_settings(needed, **chosen).num_val
    advice = re.findall(r"(\w+)=(\d+)", str(error.value).split(": use ")[1])
    assert bool(advice) == (size > 2)
    if advice:
        fitting = chosen | {name: int(number) for name, number in advice}
        assert fitting_settings(size, **fitting).num_val


def test_a_recipe_reads_the_text_as_it_is_told(text):
    verse = (text + "\nAND AGAIN! ") * 20
    plain, kept = cl.recipe_for(verse), cl.recipe_for(verse, keep_case=True, num_hiddens=5)
    assert "A" in kept.data.text and "A" not in plain.data.text
    assert kept.model.rnn.num_hiddens == 5
    lstm = cl.recipe_for(verse, "lstm", num_hiddens=6)
    assert lstm.model.rnn == cl.LSTM(6, 2, plain.model.rnn.dropout) and lstm.model.rnn.dropout > 0
    tanh = cl.recipe_for(verse, "tanh")  # it has no dropout, and needs none to be made
    assert isinstance(tanh.model, cl.RNNLMScratch)
    with pytest.raises(ValueError, match="dropout=0.5"):
        cl.recipe_for(verse, "tanh", dropout=0.5)
    with pytest.raises(TypeError, match="keep_words"):
        cl.recipe_for(verse, keep_words=True)
    other = cl.recipe_for(verse, settings=REFERENCE, batch_size=4, num_train=8, num_val=4)
    assert (other.data.num_train, other.data.stride, other.optimizer) == (8, 1, None)


def test_a_recipe_learns(text):
    data, model, trainer, optimizer = cl.recipe_for(text * 12)
    result = trainer.fit(model, data, 0, optimizer, show=False)
    assert result.history["val_perplexity"][-1] < 0.3 * len(data.vocab)  # of guessing evenly


@pytest.mark.parametrize("num_updates", [1, 2, 9, 10, 11, 40])
def test_the_learning_rate_rises_and_falls_to_zero(num_updates):
    optimizer = adamw(0.1, num_updates)
    params = jnp.float32(1.0)
    state, steps = optimizer.init(params), []
    for _ in range(num_updates + 1):
        change, state = optimizer.update(jnp.float32(1.0), state, params)
        steps.append(-float(change) / (1 + 0.05))  # the first steps of Adam have the rate's length
    assert np.isfinite(steps).all()
    assert max(steps) > 0.05
    assert abs(steps[-1]) < 1e-6
    assert (steps[0] == 0) == (num_updates >= 10)


@pytest.mark.parametrize("characters", [0, -5, "640", 6.4])
def test_no_settings_fit_what_is_no_length(characters):
    with pytest.raises(ValueError, match="num_characters=.* must be a whole number"):
        cl.fitting_settings(characters)


def test_an_option_that_a_recipe_does_not_have_is_named():
    with pytest.raises(
        TypeError, match=r"recipe_for\(\) has no option 'num_hidden': .*num_hiddens"
    ):
        cl.recipe_for("she sells sea shells " * 40, num_hidden=24)
