"""Every number that a text claims comes from code: a cell prints it, or it is a setting in a cell.

What counts as a claim: a decimal, a percentage, a factor ("16 times", in digits or in words), a
whole number from 13 on, and any number after a word like "about". Smaller whole numbers count
things in view. Texts are the Markdown of chapters, of slides and of pages, and the captions and
alternative texts of figures.

What counts as evidence for a chapter: the numbers that cells print or show in tables, and those in
their code (settings, and the bounds that cells assert). The cells are those near the text, the
three before it and the one after it, and whatever cells the text names in its metadata, `rests_on`,
by a piece of their code; one of another chapter as "NAME.ipynb: code". The sizes of the reference
run, SETTINGS, may be named anywhere. Cells tagged `timing` are no evidence: what a clock said is
not to be quoted. A page may rest on every chapter.

Of who is better, a chapter may say in bold type only what a cell shortly before asserts, or
compares with errors (`compare_seeds`, `paired_blocks`).

A claim holds when some evidence is the same number; or, quoted with two digits or more, what a
printed number rounds to; or, after "about" and its like, when it differs by at most a twentieth,
and then from the data of a figure, too. EXEMPT says what is no claim, and why.
"""

import ast
import functools
import io
import math
import re
import tokenize
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools.book.key import SET_UP
from tools.book.slide_only import text_of

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
# Letters, steps in a window and hidden units, epochs, windows: in a batch, to learn, to check.
SETTINGS = {28, 32, 100, 1_024, 10_000, 5_000}
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

    def is_near(self, numbers: set[float], most: float) -> bool:
        """Say whether one of the numbers is at most so far from this one."""
        return any(abs(number - self.value) <= most * (1 + 1e-9) for number in numbers)

    def holds(self, known: "Evidence") -> bool:
        """Say whether the evidence has this number, as precisely as it is quoted."""
        if self.is_hedged:
            every = known.exact | known.printed | known.drawn
            return self.is_near(every, max(self.digit / 2, self.value / 20))
        has_digits = self.value >= 9.5 * self.digit
        return self.is_near(known.exact | known.printed, 1e-9 * self.value) or (
            has_digits and self.is_near(known.printed, self.digit / 2)
        )


class Evidence(NamedTuple):
    """The numbers in code, those that cells print, and those of their figures' tables."""

    exact: set[float]
    printed: set[float]
    drawn: set[float]


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


def evidence(cells: list[nbformat.NotebookNode]) -> Evidence:
    """Give the numbers of cells of a notebook."""
    found = Evidence(set(SETTINGS), set(), set())
    for cell in cells:
        if cell.cell_type != "code" or SET_UP in cell.metadata.get("tags", []):
            continue
        for token in tokenize.generate_tokens(io.StringIO(cell.source).readline):
            if token.type == tokenize.NUMBER:
                found.exact.add(abs(complex(ast.literal_eval(token.string))))  # of 1j, too
        for output in cell.outputs if "timing" not in cell.metadata.get("tags", []) else []:
            shown = output.get("data", {})
            if not any(kind.startswith(("image/", "application/")) for kind in shown):
                text = output.get("text", shown.get("text/plain", ""))
                place = found.drawn if text.startswith(DATA) else found.printed
                place |= numbers(text)
    return found


def texts(cell: nbformat.NotebookNode) -> list[str]:
    """List what a cell says: its Markdown, or the words of its figure."""
    if cell.cell_type == "markdown":
        return [text_of(cell)]
    figure = cell.metadata.get("mystnb", {})
    return [figure.get("figure", {}).get("caption", ""), figure.get("image", {}).get("alt", "")]


DATA = "Data: "  # so the table of a figure's numbers begins (charlm_lib/display/tables.py)
OF_CHAPTER = re.compile(r"(?:([\w-]+\.ipynb): )?(.+)")
BEFORE, AFTER = 3, 1  # code cells on which a text may rest without naming them


def grounds(nb: nbformat.NotebookNode, i: int) -> list[nbformat.NotebookNode]:
    """List the code cells on which the text of cell `i` may rest.

    Raises ValueError when it names a cell that is not there, or not one alone.
    """
    named = []
    for where in nb.cells[i].metadata.get("rests_on", []):
        chapter, piece = OF_CHAPTER.fullmatch(where).groups()
        cells = read(ROOT / "chapters" / chapter).cells if chapter else nb.cells
        holding = [c for c in cells if c.cell_type == "code" and piece in c.source]
        if len(holding) != 1:
            raise ValueError(f"{len(holding)} cells have the code {piece!r}, on which a text rests")
        named += holding
    before = [c for c in nb.cells[: i + 1] if c.cell_type == "code"][-BEFORE:]
    after = [c for c in nb.cells[i + 1 :] if c.cell_type == "code"][:AFTER]
    return before + after + named


def grounded(nb: nbformat.NotebookNode) -> list[tuple[Claim, Evidence]]:
    """Pair every claim of a chapter with its evidence."""
    found = []
    for i, cell in enumerate(nb.cells):
        quoted = [claim for text in texts(cell) for claim in claims(text)]
        if quoted:
            known = evidence(grounds(nb, i))
            found += [(claim, known) for claim in quoted]
    return found


def unproved(pairs: list[tuple[Claim, Evidence]]) -> list[str]:
    """List the claims for which there is no evidence."""
    return [claim.text for claim, known in pairs if not claim.holds(known)]


@functools.cache
def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)
def test_chapters_quote_only_what_their_cells_produce(path):
    assert unproved(grounded(read(path))) == []


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_pages_quote_only_what_chapters_produce(path):
    known = evidence([cell for p in CHAPTERS for cell in read(p).cells])
    quoted = claims(path.read_text(encoding="utf-8"))
    assert unproved([(claim, known) for claim in quoted]) == []


# What a formula rounds, such as $28^5 \approx 1.7 \cdot 10^7$: operations on whole numbers alone.
ROUNDED = re.compile(r"\$((?:\d+|[ /^]|\\log)+)\\approx (\d+\.(\d+))(?: \\cdot 10\^(\d+))?\$")


def is_rounded_rightly(formula: str, quoted: str, digits: str, power: str) -> bool:
    """Say whether the quoted number is what the formula's value rounds to."""
    code = re.sub(r"\\log (\d+)", r"log(\1)", formula).replace("^", "**")
    return round(eval(code, {"log": math.log}) / 10.0 ** int(power or 0), len(digits)) == float(
        quoted
    )


def test_what_formulas_round_is_rounded_rightly():
    markdown = [c.source for p in CHAPTERS for c in read(p).cells if c.cell_type == "markdown"]
    pages = [path.read_text(encoding="utf-8") for path in PAGES]
    found = [formula for text in [*markdown, *pages] for formula in ROUNDED.findall(text)]
    assert len(found) >= 2
    assert [formula for formula in found if not is_rounded_rightly(*formula)] == []
    assert not is_rounded_rightly(r"1/\log 2 ", "1.45", "45", "")


def moved(claim: Claim) -> list[Claim]:
    """Give a claim with other numbers: by 1 to 3 in the last digit, by half, and doubled."""
    steps = [claim.value + k * claim.digit for k in (-3, -2, -1, 1, 2, 3)]
    return [claim._replace(value=value) for value in (*steps, claim.value / 2, claim.value * 2)]


def test_almost_every_number_could_not_be_another():
    pairs = [pair for path in CHAPTERS for pair in grounded(read(path))]
    wrong = [
        (other, known) for claim, known in pairs if not claim.is_hedged for other in moved(claim)
    ]
    assert len(wrong) > 1000
    assert len(unproved(wrong)) / len(wrong) > 0.85


# What stands where a text is still to come: a line of capitals, or the usual words for it.
UNWRITTEN = re.compile(
    r"^[A-Z][A-Z0-9]*(?:[-_ ][A-Z0-9]+)*:?$|\b(?:TODO|TBD|FIXME|XXX)\b|(?i:lorem ipsum)",
    re.MULTILINE,
)


@pytest.mark.parametrize("path", [*CHAPTERS, *PAGES], ids=lambda p: p.name)
def test_nothing_is_still_to_be_written(path):
    cells = read(path).cells if path in CHAPTERS else []
    said = [text for cell in cells for text in texts(cell)] or [path.read_text(encoding="utf-8")]
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
    assert unproved(grounded(chapter(text))) == []


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
    assert any(wrong in claim for claim in unproved(grounded(chapter(text))))


def test_a_wrong_number_on_a_slide_is_found():
    nb = chapter("<!--\nThe end\n\nIt ends at 7.36.\n-->")
    nb.cells[0].metadata["tags"] = ["slide-only"]
    assert len(unproved(grounded(nb))) == 1


def test_what_a_clock_said_is_no_evidence():
    nb = chapter("It is 1.73 times as fast.", out="1.73 times", tags=["timing"])
    assert len(unproved(grounded(nb))) == 1


def test_the_set_up_cell_is_no_evidence():
    nb = chapter("It is 17 times as fast.", code="timeout = 17", out="", tags=["set-up"])
    assert len(unproved(grounded(nb))) == 1


def test_captions_and_alternative_texts_are_claims_and_never_evidence():
    alt = {"figure": {"caption": "It falls to 5.55."}, "image": {"alt": "It falls to 5.55."}}
    nb = chapter("It falls to 5.55.", mystnb=alt)
    assert len(unproved(grounded(nb))) == 3


def test_a_text_rests_on_cells_that_are_near_or_named():
    made = chapter("They end at 7.34.").cells
    text, source = made[0], made[1]
    between = [new_code_cell(f"f({i})") for i in range(BEFORE)]
    for cells, off in (
        ([source, *between[:-1], text], 0),
        ([source, *between, text], 1),
        ([text, source], 0),
        ([text, between[0], source], 1),
    ):
        assert len(unproved(grounded(new_notebook(cells=cells)))) == off
    named = new_markdown_cell(text.source, metadata={"rests_on": ["n = 32"]})
    assert unproved(grounded(new_notebook(cells=[source, *between, named]))) == []
    elsewhere = new_markdown_cell("28", metadata={"rests_on": ["stacked-rnn.ipynb: pairwise"]})
    assert len(grounds(new_notebook(cells=[elsewhere]), 0)) == 1
    with pytest.raises(ValueError, match="2 cells have the code 'n = 32'"):
        grounded(new_notebook(cells=[source, source, named]))


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
