"""The reader's own text in the page: cleaned, and its vocabulary, as the library does it."""

import unicodedata

import pytest

from charlm_lib import Vocab, clean
from tests.random_texts import assigned, random_texts

NAMED = {
    "plain": "The Time Traveller (for so it will\n\tbe convenient)",
    "accents and digits": "  ÉCOLE, naïve   Straße 42! ",
    "markup": "<script>alert(1)</script>",
    "decomposed, Turkish, a title-case letter": "e\u0301cole \u0130stanbul \u01c5",
    "other scripts": "ひらがな 漢字 한국어 नमस्ते",
    "nothing": "...",
    "empty": "",
    "soft hyphen": "Donau\u00addampf\u00adschiff",
    "joiner in Persian": "می\u200cخواهم",
    "zero-width space, word joiner, byte order mark": "a\u200bb a\u2060b a\ufeffb",
    "emoji with a variation selector": "i ❤\ufe0f you",
    "keycap and family": "1\ufe0f\u20e3 👨\u200d👩\u200d👧 a",
    "final sigma": "ΟΔΟΣ ΤΟΥ ΣΑΣ\u00adΣ",
    "joiner before an accent": "cafe\u200d\u0301",
    "composed in lower case only": "J\u030c H\u0331",
    "marks on nothing": "\u0301a \u0301 \u200d\u0301b",
    "jamo": "\u1112\u1161\u11ab \u1112\u00ad\u1161\u200d\u11ab",
    "line ends": "a\r\nb\u2028c\u0085d\u001ce",
    "half a surrogate pair": "a\ud83db",
}


def in_the_page(run_node, texts):
    """Each text cleaned in the page and its vocabularies; None: Node's Unicode does not know it."""
    program = """
    const { cleanText, vocabularyOf } = await load("model/text.js");
    give(input.texts.map((text) => {
      if (/\\p{Cn}/u.test(text)) return null;
      const cleaned = cleanText(text);
      return { cleaned, tokens: vocabularyOf(cleaned), raw: vocabularyOf(text) };
    }));
    """
    return run_node(program, texts=texts)


@pytest.fixture(scope="module")
def page_knows(run_node):
    """The assigned characters that this Python and this Node know both."""
    program = "give(input.all.map((c) => !/\\p{Cn}/u.test(c)));"
    known = run_node(program, all=list(assigned()))
    return [c for c, is_known in zip(assigned(), known, strict=True) if is_known]


def compare(texts, found):
    differ = [
        f"{text!a}: {clean(text)!a} in Python, {page['cleaned']!a} in the page"
        for text, page in zip(texts, found, strict=True)
        if page is not None and page["cleaned"] != clean(text)
    ]
    assert not differ, f"{len(differ)} differ:\n" + "\n".join(differ[:20])


def test_named_texts_are_cleaned_as_in_python(run_node):
    compare(NAMED.values(), in_the_page(run_node, list(NAMED.values())))


@pytest.mark.parametrize("context", ["{}", "a{}b", "a {}b"], ids=["alone", "inside", "first"])
def test_every_character_is_cleaned_as_in_python(run_node, page_knows, context):
    alike = ("CJK UNIFIED", "HANGUL SYLLABLE", "CJK COMPATIBILITY IDEOGRAPH", "TANGUT IDEOGRAPH")
    alone, rows = [], []
    for c in page_knows:
        is_alike = unicodedata.category(c) == "Co" or unicodedata.name(c, "").startswith(alike)
        (rows if is_alike else alone).append(context.format(c))
    # The many characters that are all alike come in rows of a thousand.
    texts = alone + ["".join(rows[i : i + 1000]) for i in range(0, len(rows), 1000)]
    assert len(page_knows) > 250_000 and len(alone) > 30_000
    compare(texts, in_the_page(run_node, texts))


def test_random_texts_are_cleaned_as_in_python_and_have_the_same_vocabulary(run_node):
    texts = random_texts(seed=5, count=4000)
    found = in_the_page(run_node, texts)
    compare(texts, found)
    known = [(text, page) for text, page in zip(texts, found, strict=True) if page is not None]
    assert len(known) > 3900
    for text, page in known:
        assert page["tokens"] == Vocab(page["cleaned"]).tokens
        assert page["raw"] == Vocab(text).tokens


def test_a_prefix_is_read_as_in_python(run_node):
    program = """
    const { readText } = await load("model/text.js");
    const isKnown = (text) => !/\\p{Cn}/u.test(text);
    give(input.cases.map(([text, tokens]) => (isKnown(text) ? readText(text, tokens) : null)));
    """
    texts, others = random_texts(seed=6, count=3000), random_texts(seed=7, count=3000)
    vocabularies = [
        Vocab(clean(a if i % 2 else a + b, keep_case=i % 3 == 0, keep_punctuation=i % 5 == 0))
        for i, (a, b) in enumerate(zip(texts, others, strict=True))
    ]
    vocabularies[:4] = [Vocab("οδςσ"), Vocab("i\u0307"), Vocab("caf\u00e9"), Vocab("\u1e96")]
    texts[:4] = ["ΟΔΟΣ ΣΑΣ\u00ad", "İI", "CAFE\u0301", "H\u0331"]
    vocabularies[4], texts[4] = Vocab("i"), "İI"  # of the small form of İ it has a part only
    cases = [(text, vocab.tokens) for text, vocab in zip(texts, vocabularies, strict=True)]
    found = run_node(program, cases=cases)
    assert sum(page is None for page in found) < 100
    kinds = set()
    for text, vocab, page in zip(texts, vocabularies, found, strict=True):
        if page is None:
            continue
        folded = vocab.fold(text)
        assert [c["shown"] for c in page] == list(folded), ascii(text)
        assert [max(c["token"], 0) for c in page] == vocab.encode(folded).tolist(), ascii(text)
        assert [c["known"] for c in page] == [c["token"] >= 0 for c in page]
        kinds |= {(folded == text, c["known"]) for c in page}
    assert len(kinds) == 4  # changed and not, known and not


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ab " * 133, "This text has 398 letters and spaces; learning needs at least 400."),
        ("\U00010330" * 399, "This text has 399 letters and spaces; learning needs at least 400."),
        ("ab " * 134, "401 characters, 4 tokens."),
        ("\U00010330" * 400, "400 characters, 2 tokens."),
        (
            "".join(chr(0x4E00 + i % 200) for i in range(400)),
            "This text has 200 different characters; the widget takes at most 199.",
        ),
        ("ab" * 100_000, "200,000 characters, 3 tokens."),
        ("ab " * 70_000, "200,000 characters, 4 tokens. Only the first 200,000 characters count."),
    ],
)
def test_the_readers_text_is_judged_by_its_characters(run_node, text, words):
    program = """
    const { judgeText } = await load("learning/own_text.js");
    const { complaint, note } = judgeText(input.text);
    give(complaint ?? note);
    """
    assert run_node(program, text=text) == words


def test_a_readers_text_is_named_by_its_first_words(run_node):
    program = """
    const { firstWords, judgeText } = await load("learning/own_text.js");
    give([...input.few.map(firstWords), judgeText(input.much).title]);
    """
    few = ["a" * 28, "a" * 29, "a b" + 24 * "c" + " d"]
    found = run_node(program, few=few, much="It was  Dark. " * 100)
    assert found == [
        f"“{'a' * 28}”",
        f"“{'a' * 28}…”",
        f"“a b{24 * 'c'}…”",
        "your text “it was dark it was dark it w…”, 1,199 characters",
    ]
