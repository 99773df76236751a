"""What holds for every text: cleaning, vocabularies, and windows at every stride. By hypothesis."""

import unicodedata

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from charlm_lib import TextData, Vocab, clean
from charlm_lib.texts.data import sizes_that_fit

OPTIONS = ("keep_case", "keep_punctuation", "keep_lines")
options = st.fixed_dictionaries({name: st.booleans() for name in OPTIONS})
any_character = st.characters(exclude_categories=["Cs", "Cn"])
texts = st.one_of(st.text(any_character, max_size=30), st.text("aÉ \n\r1.", max_size=30))


@given(texts, options)
def test_a_cleaned_text_has_what_was_asked_for_and_no_more(text, kept):
    cleaned = clean(text, **kept)
    assert clean(cleaned, **kept) == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)
    for character in cleaned:
        category = unicodedata.category(character)[0]
        letter = category in "LM"
        sign = kept["keep_punctuation"] and category in "NPS"
        line = kept["keep_lines"] and character == "\n"
        assert letter or sign or line or character == " ", (character, category)
    assert "  " not in cleaned and cleaned.strip(" ") == cleaned
    assert "\n\n\n" not in cleaned and not cleaned.startswith("\n")
    if not kept["keep_case"]:
        assert unicodedata.normalize("NFC", cleaned.lower()) == cleaned


@given(st.text("abc ÉÑ", max_size=30))
def test_words_of_letters_stay_as_they_are(text):
    assert clean(text).split(" ") == (text.lower().split() or [""])


@given(texts, texts)
def test_a_vocabulary_reads_back_what_it_wrote_and_names_the_rest(text, other):
    vocab = Vocab(text)
    assert vocab.tokens == ["<unk>", *sorted(set(text))] and len(vocab) == len(set(text)) + 1
    ids = vocab.encode(text)
    assert ids.dtype == np.int32 and (ids > 0).all() and vocab.decode(ids) == text
    found = vocab.encode(other)
    assert [vocab.tokens[i] for i in found] == [c if c in text else "<unk>" for c in other]
    assert vocab.unknown(other) == list(dict.fromkeys(c for c in other if c not in text))
    assert Vocab(vocab.tokens) == vocab and (Vocab(other) == vocab) == (set(other) == set(text))


@st.composite
def windows(draw):
    """A length, num_steps and a stride with at least two windows, and how these are divided."""
    num_steps, stride = draw(st.integers(1, 9)), draw(st.integers(1, 12))
    length = draw(st.integers(num_steps + stride + 1, 90))
    starts = [k for k in range(0, length, stride) if k + num_steps + 1 <= length]
    num_train = draw(st.integers(1, len(starts) - 1))
    num_val = draw(st.integers(1, len(starts) - num_train))
    return length, num_steps, stride, starts, num_train, num_val


@given(windows())
def test_every_window_is_there_at_every_stride_and_in_one_split(case):
    length, num_steps, stride, starts, num_train, num_val = case
    text = ("abcdefghij" * 9)[:length]
    sizes = dict(num_steps=num_steps, stride=stride, batch_size=1)
    data = TextData(text, num_train=num_train, num_val=num_val, **sizes)
    assert data.num_windows == len(starts)
    assert data.starts("train").tolist() == starts[:num_train]
    assert data.starts("val").tolist() == starts[num_train : num_train + num_val]
    last = max(data.starts("val")) + num_steps
    assert last < len(data.tokens) == length
    with pytest.raises(ValueError, match="windows"):
        TextData(text, num_train=num_train, num_val=len(starts) - num_train + 1, **sizes)


@given(*(st.integers(1, 40) for _ in range(5)), st.integers(3, 400))
def test_sizes_that_fit_do_fit_and_leave_alone_what_fitted(
    batch_size, num_steps, num_train, num_val, stride, length
):
    wishes = dict(batch_size=batch_size, num_steps=num_steps, stride=stride)
    wishes |= dict(num_train=num_train, num_val=num_val)

    def fits(batch_size, num_steps, num_train, num_val, stride):
        windows = len(range(0, length - num_steps, stride))
        return batch_size <= num_train and num_train + num_val <= windows and num_val > 0

    found = sizes_that_fit(length, **wishes)
    assert fits(**found) and min(found.values()) >= 1
    if fits(**wishes):
        assert found == wishes
    if stride == num_steps:
        assert found["stride"] == found["num_steps"]


@given(st.text("abcdef", min_size=12, max_size=40), st.text("abcxyz", min_size=12, max_size=40))
def test_a_second_text_is_read_in_the_first_ones_vocabulary(first, second):
    vocab = Vocab(first)
    unknown = sum(c not in first for c in second)
    assume(0 < unknown <= len(second) // 2)
    with pytest.warns(UserWarning, match=f"{unknown} of {len(second)} characters"):
        data = TextData(second, 1, 2, 1, 1, vocab=vocab)
    assert data.num_unknown == unknown
    assert data.tokens.tolist() == [vocab.tokens.index(c) if c in first else 0 for c in second]
