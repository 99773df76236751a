"""Tables that count, against counting by hand, NLTK, and numbers found independently."""

import math
from collections import Counter, defaultdict

import jax
import numpy as np
import pytest

from charlm_lib import KneserNey, Vocab, adaptive_nll, choose_order, read_corpus
from charlm_lib.ngram import closed_form_discounts

ORDERS = range(1, 9)


@pytest.fixture(scope="module")
def novel():
    """The ids of the whole novel, and the size of its vocabulary."""
    text = read_corpus()
    vocab = Vocab(text)
    return vocab.encode(text), len(vocab)


class ByHand:
    """Modified Kneser-Ney from its formulas, with dictionaries of tuples."""

    def __init__(self, train, order, vocab_size):
        self.order, self.characters = order, range(1, vocab_size)
        self.counts = []
        for n in range(1, order + 1):
            runs = [tuple(train[i : i + n]) for i in range(len(train) - n + 1)]
            if n == order:
                a = Counter(runs)
            else:
                before = defaultdict(set)
                for i, run in enumerate(runs[1:]):
                    before[run].add(train[i])
                a = {run: len(characters) for run, characters in before.items()}
            after = defaultdict(dict)
            for run, count in a.items():
                after[run[:-1]][run[-1]] = count
            self.counts.append((after, self.discounts(list(a.values()))))

    def discounts(self, counts):
        n = [counts.count(k) for k in range(5)]
        if 0 in n[1:4]:
            return {1: 0.5, 2: 1.0, 3: 1.5}
        Y = n[1] / (n[1] + 2 * n[2])
        D1, D2, D3 = 1 - 2 * Y * n[2] / n[1], 2 - 3 * Y * n[3] / n[2], 3 - 4 * Y * n[4] / n[3]
        return {1: min(max(D1, 0.05), 1), 2: min(max(D2, 0.05), 2), 3: min(max(D3, 0.05), 3)}

    def p(self, x, history):
        """The probability of x after a history of less than `order` characters."""
        after, D = self.counts[len(history)]
        lower = self.p(x, history[1:]) if history else 1 / len(self.characters)
        if tuple(history) not in after:
            return lower
        a = after[tuple(history)]
        taken = {y: D[min(count, 3)] for y, count in a.items()}
        kept = a[x] - taken[x] if x in a else 0
        return (kept + sum(taken.values()) * lower) / sum(a.values())


@pytest.mark.parametrize("order", ORDERS)
def test_kneser_ney_is_what_counting_by_hand_gives(novel, order):
    ids, vocab_size = novel
    train, text = ids[:4000].tolist(), ids[4000:4300].tolist()
    table, by_hand = KneserNey(ids[:4000], order, vocab_size), ByHand(train, order, vocab_size)
    wanted = [
        -math.log(by_hand.p(text[i], text[max(0, i - order + 1) : i])) for i in range(1, len(text))
    ]
    assert np.allclose(table.nll(ids[4000:4300]), wanted, rtol=1e-12)
    contexts = [[], [26], train[1000:1003], train[-9:], [17, 24, 10, 24]]
    for context in contexts:
        history = context[max(0, len(context) - order + 1) :]
        wanted = [0, *(by_hand.p(x, history) for x in range(1, vocab_size))]
        assert np.allclose(table.probabilities(context), wanted, rtol=1e-12)


@pytest.mark.parametrize("order", ORDERS)
def test_kneser_ney_is_a_distribution_over_the_characters(novel, order):
    ids, vocab_size = novel
    table = KneserNey(ids[:3000], order, vocab_size)
    rng = np.random.default_rng(order)
    seen = [ids[i : i + order - 1] for i in rng.integers(0, 2900, 20)]
    never = [rng.integers(1, vocab_size, order - 1) for _ in range(20)]
    shorter = [ids[:n] for n in range(order)]
    for context in [*seen, *never, *shorter, ids[:50]]:
        p = table.probabilities(context)
        assert p.shape == (vocab_size,) and p.sum() == pytest.approx(1, abs=1e-12)
        assert p[0] == 0 and (p[1:] > 0).all()


def test_the_loss_of_a_text_is_that_of_its_probabilities(novel):
    ids, vocab_size = novel
    table, text = KneserNey(ids[:3000], 5, vocab_size), ids[3000:3060]
    wanted = [-np.log(table.probabilities(text[:i])[text[i]]) for i in range(1, len(text))]
    assert np.allclose(table.nll(text), wanted)
    assert np.allclose(table.nll(text[:2]), wanted[:1])  # shorter than the order


@pytest.mark.parametrize("order", [2, 3, 4])
def test_kneser_ney_with_one_discount_is_that_of_nltk(order):
    """NLTK's has one discount for all counts, and does not mix its unigrams with even guessing.

    In lower orders its gamma counts what followed h anywhere, though its a(h) counts, as ours do,
    only where a character stands before h. A run that is found at the very start of the text alone
    makes its probabilities miss a sum of 1, or divides by 0: here the start comes again at the end.
    """
    from nltk.lm import KneserNeyInterpolated
    from nltk.util import everygrams

    text = read_corpus()[:700]
    text, vocab = text + text[: order - 1], Vocab(read_corpus())
    theirs = KneserNeyInterpolated(order, discount=0.6)
    theirs.fit([list(everygrams(text, max_len=order))], vocabulary_text=vocab.tokens[1:])
    D = np.full((order, 3), 0.6)
    D[0] = 0
    ours = KneserNey(vocab.encode(text), order, len(vocab), discounts=D)
    new = read_corpus()[699:780]
    for i in range(order - 1, len(new)):
        context = new[i - order + 1 : i]
        found = ours.probabilities(vocab.encode(context))[vocab.encode(new[i])[0]]
        assert found == pytest.approx(theirs.score(new[i], list(context)), rel=1e-9)


def test_kneser_ney_of_the_novel(novel):
    """The perplexities that a referee found with a program of his own."""
    ids, vocab_size = novel
    train, validation, test = np.split(ids, [139_200, 156_032])
    found = {5: (3.77, 3.96), 6: (3.605, 3.787), 7: (3.585, 3.758), 8: (3.59, 3.77)}
    for order, wanted in found.items():
        table = KneserNey(train, order, vocab_size)
        perplexities = [np.exp(table.nll(text).mean()) for text in (validation, test)]
        assert perplexities == pytest.approx(wanted, abs=0.006)
    assert choose_order(train, validation, vocab_size) == 7
    assert choose_order(train, validation, vocab_size, [2, 5, 3]) == 5


def test_discounts_in_closed_form():
    counts = np.repeat([1, 2, 3, 4, 9], [40, 20, 10, 5, 2])
    # Y = 40 / (40 + 2 * 20) = 0.5
    D1, D2, D3 = 1 - 2 * 0.5 * 20 / 40, 2 - 3 * 0.5 * 10 / 20, 3 - 4 * 0.5 * 5 / 10
    assert closed_form_discounts(counts) == pytest.approx([D1, D2, D3])


def test_discounts_stay_in_their_range():
    counts = np.repeat([1, 2, 3, 4], [40, 5, 20, 60])
    assert closed_form_discounts(counts) == pytest.approx([1 - 2 * 0.8 * 5 / 40, 0.05, 0.05])
    assert closed_form_discounts(counts[counts < 4])[2] == 3  # n_4 = 0


@pytest.mark.parametrize("missing", [1, 2, 3])
def test_discounts_of_too_few_counts(missing):
    counts = np.array([k for k in (1, 1, 2, 3, 4, 7) if k != missing])
    assert closed_form_discounts(counts) == pytest.approx([0.5, 1, 1.5])


def test_sampling(novel):
    ids, vocab_size = novel
    table, prefix = KneserNey(ids[:20_000], 5, vocab_size), ids[:4]
    text = table.sample(prefix, 200, key=3)
    assert text.shape == (204,) and (text[:4] == prefix).all() and text.min() > 0
    assert (table.sample(prefix, 200, key=jax.random.key(3)) == text).all()
    assert (table.sample(prefix, 200, key=4) != text).any()
    assert len(table.sample([], 5)) == 5
    assert (table.sample(prefix, 200) == table.sample(prefix, 200, key=0)).all()
    own = table.nll(text).mean()
    assert own < table.nll(np.random.default_rng(0).permutation(text)).mean() - 1.5


def test_what_is_drawn_has_the_table_s_probabilities():
    train = np.repeat([1, 2, 3, 4], [10, 20, 30, 40])
    D = np.zeros((1, 3))
    drawn = KneserNey(train, 1, 6, D).sample([], 4000)
    assert np.bincount(drawn, minlength=6) / 4000 == pytest.approx(
        [0, 0.1, 0.2, 0.3, 0.4, 0], abs=0.03
    )
    follows = KneserNey(np.tile([1, 2, 3], 30), 2, 4, np.zeros((2, 3)))
    assert follows.sample([1], 6).tolist() == [1, 2, 3, 1, 2, 3, 1]


def test_a_table_that_goes_on_counting(novel):
    ids, vocab_size = novel
    train, text = ids[:3000], ids[3000:3250]
    found = adaptive_nll(train, text, 4, vocab_size, block_size=100)
    first = KneserNey(ids[:3001], 4, vocab_size).nll(text)
    third = KneserNey(ids[:3201], 4, vocab_size).nll(text)
    assert np.allclose(found[:100], first[:100])
    assert np.allclose(found[200:], third[200:])
    assert np.allclose(adaptive_nll(train, text, 4, vocab_size), first)
    other = np.append(text[:150], text[:100])  # nothing is counted before it is predicted
    assert np.allclose(adaptive_nll(train, other, 4, vocab_size, 100)[:149], found[:149])
    one = adaptive_nll(train, text, 1, vocab_size, block_size=1)
    assert one.shape == (249,) and np.isfinite(one).all()
    again = adaptive_nll(train, np.tile(text, 2), 6, vocab_size, block_size=50)
    assert again[250:].mean() < 0.6 * again[:249].mean()


IDS = np.arange(1, 10)


@pytest.mark.parametrize(
    "train, order, message",
    [
        (IDS, 0, "order=0 must be 1..13 for 28 tokens"),
        (IDS, 14, "order=14 must be 1..13 for 28 tokens"),
        (IDS, 2.0, r"order=2.0 must be 1..13 for 28 tokens"),
        (IDS, 10, "order=10 counts runs of 10 characters, but train has 9: use a longer text or a"),
        (np.append(IDS, 28), 2, r"id 28 in train is outside 1..27, the ids of the characters"),
        (np.append(IDS, -1), 2, r"id -1 in train is outside 1..27"),
        (np.append(IDS, 0), 2, "1 of 10 ids in train are 0, <unk>, which counting gives no prob"),
        ("a text", 2, r"train has shape \(\) and type <U6: pass ids of shape \(n,\), as vocab.enc"),
        (IDS / 2, 2, r"train has shape \(9,\) and type float64: pass ids"),
    ],
)
def test_what_cannot_be_counted(train, order, message):
    with pytest.raises(ValueError, match=message):
        KneserNey(train, order, 28)


def test_what_cannot_be_predicted():
    table = KneserNey(IDS, 3, 28)
    with pytest.raises(
        ValueError, match="a text of 1 characters leaves nothing to predict: pass 2"
    ):
        table.nll([3])
    with pytest.raises(ValueError, match="id 30 in text is outside 1..27"):
        table.nll([3, 30])
    with pytest.raises(ValueError, match="1 of 2 ids in context are 0, <unk>"):
        table.probabilities([3, 0])
    with pytest.raises(ValueError, match="id 99 in prefix is outside"):
        table.sample([99], 3)
    with pytest.raises(ValueError, match="num_preds=0 must be a whole number of at least 1"):
        table.sample([1], 0)
    with pytest.raises(ValueError, match="key=1.5 must be one JAX random key"):
        table.sample([1], 5, key=1.5)
    with pytest.raises(ValueError, match="block_size=0 must be a whole number of at least 1"):
        adaptive_nll(IDS, IDS, 2, 28, block_size=0)
    with pytest.raises(ValueError, match="a text of 1 characters leaves nothing to predict"):
        adaptive_nll(IDS, IDS[:1], 2, 28)


@pytest.mark.parametrize("D", [[[0.5, 1, 1.5]], [[0.5, 1, 1.5], [1.1, 1, 1]], [[-0.1] * 3] * 2])
def test_discounts_that_cannot_be(D):
    with pytest.raises(ValueError, match=r"must have shape \(2, 3\), with D1 from 0 to 1, D2"):
        KneserNey(IDS, 2, 28, discounts=D)
