"""Texts from all of Unicode: they put together what cleaning has to take apart."""

import functools
import sys
import unicodedata

import numpy as np

# What meets in the wild, and what has a rule of its own: final sigma, letters that lower to two
# characters, marks without a letter, keycaps, families of emoji, joiners, jamo.
SPECIAL = [*"aAbBßẞİIıΣσςΑΩ 19.'", *"\u0301\u0307\u030c\u0331\u0345\u20e3\ufe0f\u093f\u0f73"]
# Line ends, flags (of letters, of tags), skin tones.
SPECIAL += [*"\r\v\f\u2029\U0001f1e9\U0001f3f4\U000e0067\U000e007f\U0001f3fd"]
SPECIAL += [*"\u00ad\u200b\u200c\u200d\u2060\ufeff\u0600\n\u0085\u2028", *"\u1112\u1161\u11ab한❤👩"]


@functools.cache
def assigned() -> tuple[str, ...]:
    """Every assigned character, without the surrogates."""
    every = map(chr, range(sys.maxunicode + 1))
    return tuple(c for c in every if unicodedata.category(c) not in ("Cn", "Cs"))


@functools.cache
def _pools() -> list[tuple[str, ...]]:
    def of(*categories):
        return tuple(c for c in assigned() if unicodedata.category(c) in categories)

    jamo = tuple(map(chr, range(0x1100, 0x1200)))
    decomposing = tuple(c for c in assigned() if unicodedata.decomposition(c)[:1] not in ("", "<"))
    groups = [("Lu", "Lt"), ("Ll",), ("Lo",), ("Lm",), ("Mn", "Mc", "Me"), ("Cf",), ("Zs", "Cc")]
    groups += [("Nd", "Po", "So", "Sk", "Sm")]
    return [tuple(SPECIAL), jamo, decomposing, assigned(), *(of(*group) for group in groups)]


def random_texts(seed: int, count: int) -> list[str]:
    """Draw short texts; each mixes characters of a few kinds."""
    rng = np.random.default_rng(seed)
    pools = _pools()
    texts = []
    for _ in range(count):
        mixed = [pools[i] for i in rng.choice(len(pools), size=3)]
        chosen = rng.integers(len(mixed), size=rng.integers(1, 25))
        texts.append("".join(mixed[i][rng.integers(len(mixed[i]))] for i in chosen))
    return texts
