"""Every number that a text claims comes from code: a cell prints it, or it is a setting in a cell.

What counts as a claim: a decimal, a percentage, a factor ("16 times", in digits or in words), a
whole number from 13 on, and any number after a word like "about". Smaller whole numbers count
things in view. Texts are the Markdown of chapters and pages, and the captions and alternative texts
of figures.

What counts as evidence for a chapter: the numbers that its cells print or show in tables, and those
in their code (settings, and the bounds that cells assert). Cells tagged `timing` are no evidence:
what a clock said is not to be quoted. A page may rest on every chapter.

Of who is better, a chapter may say in bold type only what a cell shortly before asserts, or
compares with errors (`compare_seeds`, `paired_blocks`).

A claim holds when some evidence, rounded to the digits quoted, is the same number; after "about"
and its like, when they differ by at most a twentieth. EXEMPT says what is no claim, and why.
"""

import functools
import io
import re
import tokenize
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools.book.key import SET_UP

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
PAGES = [
    p
    for p in sorted([*ROOT.glob("*.md"), *ROOT.glob("pages/*.md")])
    if p.name not in ("api.md", "CONTRIBUTING.md")
]

EXEMPT = {
    "years of sources and numbers of equations, in links to them": (
        r"\[[^\[\]]+\]\((?:\.\./pages/references\.md|[\w-]*(?:\.ipynb)?#eq-)[^()]*\)"
    ),
    "plans of lessons, in minutes": r"^```\{list-table\}\n(?:(?!```).)*90 min.*?^```",
    "code is checked by running it": r"^```(?:python|sh|json|\{code-cell\}).*?^```|`[^`\n]+`",
    "formulas define": r"\$\$.*?\$\$|\$[^$]*\$|\b1/\d+",
    "addresses and tags": r"\]\([^)]*\)|<[^>]+>|https?://\S+",
    "exercises' numbers, grades and minutes": r"^\*\*\d+\. [^*]*\*\*",
    "time to read or to wait, which is advice": (
        r"[\d.]+(?:(?: to |[ -]| and (?:for )?)[\d.]+)?(?: |-)(?:s|min|minutes?|seconds?|hours?)\b"
    ),
    "years": r"\b(?:[Ii]n|since|by) (?:1[89]|20)\d\d\b|\b(?:1[89]|20)\d\d\)",
    "versions": r"\b(?:Python|Flax|JAX|CC BY|Apache(?: License)?) [\d.]*\d|\b\d+\.\d+\.\d+\b",
    "names of things": r"\b(?:[Cc]hapters?|[Ee]xercises?|[Ii]d|[Ll]ayer|[Ss]tep|[Uu]nit|issue) \d+",
}
HEDGE = r"about|near|nearly|around|almost|roughly"
WORDS = "three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
VALUE = {word: str(i) for i, word in enumerate(WORDS.split(), start=3)}
CLAIM = re.compile(
    rf"(?:\b(?P<hedge>{HEDGE})\s+)?(?<![\w.,-])"
    rf"(?P<number>\d{{1,3}}(?:,\d{{3}})+|\d+(?:\.\d+)?|(?:{'|'.join(VALUE)})(?=\s+times\b))"
    r"(?P<percent>%|\s+percent)?(?![\w%])(?P<times>\s+times\b)?"
)
SMALL = 13
NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?!\d)|\d+(?:\.\d+)?(?:e[+-]?\d+)?")


class Claim(NamedTuple):
    """A number that a text quotes: its value, the size of its last digit, and how it is said."""

    text: str
    value: float
    digit: float
    is_hedged: bool

    def holds(self, evidence: set[float]) -> bool:
        """Say whether a number in `evidence` is this one, as precisely as it is quoted."""
        off = max(self.digit / 2, self.value / 20 if self.is_hedged else 0) * (1 + 1e-9)
        return any(abs(number - self.value) <= off for number in evidence)


def claims(text: str) -> list[Claim]:
    """List the numbers that Markdown states as facts."""
    for pattern in EXEMPT.values():
        text = re.sub(pattern, " ", text, flags=re.DOTALL | re.MULTILINE)
    found = []
    for match in CLAIM.finditer(text):
        number = VALUE.get(match["number"], match["number"]).replace(",", "")
        is_hedged, percent = bool(match["hedge"]), bool(match["percent"])
        if "." in number or percent or match["times"] or is_hedged or int(number) >= SMALL:
            unit = 0.01 if percent else 1
            digit = unit * 10.0 ** -len(number.partition(".")[2])
            said = text[max(0, match.start() - 30) : match.end() + 20]
            found.append(Claim(" ".join(said.split()), unit * float(number), digit, is_hedged))
    return found


def numbers(text: str) -> set[float]:
    """Give the numbers in printed text; 6% counts as 0.06."""
    found = set()
    for match in NUMBER.finditer(text):
        value = float(match[0].replace(",", ""))
        found.add(value / 100 if text[match.end() : match.end() + 1] == "%" else value)
    return found


def evidence(nb: nbformat.NotebookNode) -> set[float]:
    """Give the numbers that the cells of a notebook print, and those in their code."""
    found: set[float] = set()
    for cell in nb.cells:
        if cell.cell_type != "code" or SET_UP in cell.metadata.get("tags", []):
            continue
        for token in tokenize.generate_tokens(io.StringIO(cell.source).readline):
            if token.type == tokenize.NUMBER:
                found.add(abs(complex(token.string.replace("_", ""))))  # of 1j, too
        for output in cell.outputs if "timing" not in cell.metadata.get("tags", []) else []:
            shown = output.get("data", {})
            if not any(kind.startswith(("image/", "application/")) for kind in shown):
                found |= numbers(output.get("text", shown.get("text/plain", "")))
    return found


def texts(nb: nbformat.NotebookNode) -> list[str]:
    """List what a chapter says: its Markdown, and the words of its figures."""
    said = [cell.source for cell in nb.cells if cell.cell_type == "markdown"]
    for cell in nb.cells:
        figure = cell.metadata.get("mystnb", {})
        said += [
            figure.get("figure", {}).get("caption", ""),
            figure.get("image", {}).get("alt", ""),
        ]
    return said


def unproved(said: list[str], known: set[float]) -> list[str]:
    """List the claims for which there is no evidence."""
    return [claim.text for text in said for claim in claims(text) if not claim.holds(known)]


@functools.cache
def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)
def test_chapters_quote_only_what_their_cells_produce(path):
    nb = read(path)
    assert unproved(texts(nb), evidence(nb)) == []


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_pages_quote_only_what_chapters_produce(path):
    known = set().union(*(evidence(read(p)) for p in CHAPTERS))
    assert unproved([path.read_text(encoding="utf-8")], known) == []


# What stands where a text is still to come: a line of capitals, or the usual words for it.
UNWRITTEN = re.compile(
    r"^[A-Z][A-Z0-9]*(?:[-_ ][A-Z0-9]+)*:?$|\b(?:TODO|TBD|FIXME|XXX)\b|(?i:lorem ipsum)",
    re.MULTILINE,
)


@pytest.mark.parametrize("path", [*CHAPTERS, *PAGES], ids=lambda p: p.name)
def test_nothing_is_still_to_be_written(path):
    said = texts(read(path)) if path in CHAPTERS else [path.read_text(encoding="utf-8")]
    shown = [re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE) for text in said]
    assert [m[0] for text in shown for m in UNWRITTEN.finditer(text)] == []


# --- the test of the test ---
@pytest.mark.parametrize(
    "text", ["LR-TEXT", "Here it ends.\n\nTHE TABLE\n", "A TODO", "Lorem ipsum"]
)
def test_a_text_that_is_not_there_is_found(text):
    assert UNWRITTEN.search(text)


def chapter(text: str, code: str = "n = 32", out: str = "perplexity 7.34, 6% of 1,000", **metadata):
    cell = new_code_cell(code, outputs=[new_output("stream", text=out)], metadata=metadata)
    return new_notebook(cells=[new_markdown_cell(text), cell])


@pytest.mark.parametrize(
    "text",
    [
        "It ends at 7.34, or 7.3. Of the 1,000 it saw 6%, in 32 steps.",
        "It ends near 7, with about 31 steps, about 1,030 words.",
        "Two layers, three keys, 12 rows: small whole numbers are counted in view.",
        "In 2020, with Flax 0.12 and 0.11.2, layer 99 of chapter 14 took 55 to 77 s or 40 minutes.",
        "Where $a = 17.5$ or `a = 99`, [see](https://a.b/99), by $$ 1.5 $$ (eq-a).",
        "**1. Core (25 minutes): find the bug.** Why?",
        "By [(3.17)](#eq-a), [(4.19)](b.ipynb#eq-c) ([Wu, 2017](../pages/references.md#wu2017)).",
    ],
)
def test_true_claims_pass(text):
    nb = chapter(text)
    assert unproved(texts(nb), evidence(nb)) == []


@pytest.mark.parametrize(
    "text, wrong",
    [
        ("It ends at 7.36.", "7.36"),
        ("It ends at 7.2, it says.", "7.2"),
        ("It saw 7% of the novel.", "7%"),
        ("It saw 7.34% of the novel.", "7.34%"),
        ("It saw 1,001 words.", "1,001"),
        ("It ends near 8.", "near 8"),
        ("It is 33 steps, about 29.", "33"),
        ("It is five times as fast.", "five times"),
        ("It is 1.7 times as fast.", "1.7 times"),
        ("- 14 rows\n- in 20 epochs", "14"),
        ("[17 windows](../pages/glossary.md#term-window) are few.", "17"),
    ],
)
def test_a_wrong_number_is_found(text, wrong):
    nb = chapter(text)
    assert any(wrong in claim for claim in unproved(texts(nb), evidence(nb)))


def test_what_a_clock_said_is_no_evidence():
    nb = chapter("It is 1.73 times as fast.", out="1.73 times", tags=["timing"])
    assert len(unproved(texts(nb), evidence(nb))) == 1


def test_the_set_up_cell_is_no_evidence():
    nb = chapter("It is 17 times as fast.", code="timeout = 17", out="", tags=["set-up"])
    assert len(unproved(texts(nb), evidence(nb))) == 1


def test_captions_and_alternative_texts_are_claims_and_never_evidence():
    alt = {"figure": {"caption": "It falls to 5.55."}, "image": {"alt": "It falls to 5.55."}}
    nb = chapter("It falls to 5.55.", mystnb=alt)
    assert len(unproved(texts(nb), evidence(nb))) == 3


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)
def test_a_wrong_number_in_a_real_chapter_is_found(path):
    said = [*texts(read(path)), "The perplexity is 543.21, 17.29 times as low."]
    assert len(unproved(said, evidence(read(path)))) == 2


# --- claims of being better ---
BOLD = re.compile(r"\*\*([^*]+)\*\*")
BETTER = re.compile(r"\b(?:better|best|beats|wins|worse)\b")
EVIDENCE = re.compile(r"^\s*assert\b|\bcompare_seeds\(|\bpaired_blocks\(", re.MULTILINE)
NEAR = 3  # code cells before the text, in one of which the claim has to be held


def unheld_claims(notebook) -> list[str]:
    """List the sentences in bold type that say what is better, without a cell that holds them."""
    found = []
    for i, cell in enumerate(notebook.cells):
        if cell.cell_type != "markdown":
            continue
        code = [c.source for c in notebook.cells[:i] if c.cell_type == "code"][-NEAR:]
        if not any(EVIDENCE.search(source) for source in code):
            found += [claim for claim in BOLD.findall(cell.source) if BETTER.search(claim)]
    return found


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_who_is_better_is_held_by_an_assertion_or_a_comparison(path):
    assert unheld_claims(nbformat.read(path, as_version=4)) == []


def test_a_claim_of_being_better_that_nothing_holds_is_found():
    claim = new_markdown_cell("So **two layers are better** than one, **we think**.")
    held = [new_code_cell("assert one > two"), new_code_cell("print(1)"), claim]
    compared = [new_code_cell("by = paired_blocks(one, two)"), claim]
    unheld = [new_code_cell("print(1)  # assert"), claim]
    far = [new_code_cell("print(1)") for _ in range(NEAR)]
    too_far = [held[0], *far, claim]
    expected = {"held": [], "compared": [], "unheld": ["two layers are better"]}
    for name, cells in {"held": held, "compared": compared, "unheld": unheld}.items():
        assert unheld_claims(new_notebook(cells=cells)) == expected[name], name
    assert unheld_claims(new_notebook(cells=too_far)) == expected["unheld"]
