"""Plain Markdown for every front end, roles for the site: the rules, in both directions."""

from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools.book import places, plain, stage
from tools.book.references import References
from tools.book.roles import Names, roles

NAMES = Names(
    titles={"two.ipynb": "The second chapter", "../pages/own.md": "Your own text"},
    terms={"term-truncated-BPTT": "truncated BPTT", "term-scan": "scan"},
)
KNOWN = References(
    citations={"wu2017": "Wu and Li, 2017", "cho2014": "Cho et al., 2014"},
    equations={"eq-here": "1.3", "eq-far": "2.1"},
)
HOMES = {"eq-here": "one.ipynb", "eq-far": "two.ipynb", "fig-a": "one.ipynb", "fig-b": "two.ipynb"}
WRITER = plain.Writer("one.ipynb", KNOWN, HOMES, NAMES)
PAIRS = {
    "{doc}`two` and {doc}`/pages/own`": (
        "[The second chapter](two.ipynb) and [Your own text](../pages/own.md)"
    ),
    "**{term}`scan`**, {term}`cut short <truncated BPTT>`": (
        "**[scan](../pages/glossary.md#term-scan)**, "
        "[cut short](../pages/glossary.md#term-truncated-BPTT)"
    ),
    "as shown {cite}`wu2017,cho2014`, and {cite:t}`wu2017` say": (
        "as shown ([Wu and Li, 2017](../pages/references.md#wu2017); "
        "[Cho et al., 2014](../pages/references.md#cho2014)), "
        "and [Wu and Li (2017)](../pages/references.md#wu2017) say"
    ),
    "by {eq}`eq-here` and {eq}`eq-far`": "by [(1.3)](#eq-here) and [(2.1)](two.ipynb#eq-far)",
    "in {numref}`fig-a` and {numref}`fig-b`": (
        "in [the figure above](#fig-a) and [the figure there](two.ipynb#fig-b)"
    ),
    "so\n$$\na = b \\\\\nc\n$$ (eq-here)\nand": (
        'so\n<a id="eq-here"></a>\n$$\na = b \\\\\nc\n\\tag{1.3}\n$$\nand'
    ),
    ":::{admonition} Predict first\n:class: tip\nHow many?\n\n- 3\n:::\n\nThen": (
        "> **Predict first**\n>\n> How many?\n>\n> - 3\n\nThen"
    ),
    ":::{admonition} Guess\n:class: tip\nBy {eq}`eq-far`?\n:::": (
        "> **Guess**\n>\n> By [(2.1)](two.ipynb#eq-far)?"
    ),
}


@pytest.mark.parametrize("myst", PAIRS, ids=lambda text: text[:20])
def test_both_ways(myst):
    assert WRITER.plain(myst) == PAIRS[myst]
    assert roles(PAIRS[myst], NAMES) == myst
    assert WRITER.plain(PAIRS[myst]) == PAIRS[myst]  # what is plain stays so
    assert roles(myst, NAMES) == myst


@pytest.mark.parametrize(
    "text",
    [
        "[chapter 2](two.ipynb)",  # not its title: an ordinary link
        "[chapter 2](two.ipynb#windows), [Flax](https://flax.org/#eq), [x] (a), $f[i](j)$",
        "> A quote.\n\n> **Bold** in one",
        "$$\na\n$$",
    ],
)
def test_all_else_stays_as_it_is(text):
    assert roles(text, NAMES) == WRITER.plain(text) == text


def test_the_link_alone_decides_about_the_way_back():
    """A chapter was put before this one, or a word has another ending."""
    assert roles("by [(7.9)](#eq-here), [scans](../pages/glossary.md#term-scan)", NAMES) == (
        "by {eq}`eq-here`, {term}`scans <scan>`"
    )


def test_the_other_form_of_a_labelled_equation():
    text = "```{math}\n:label: eq-here\n\na = b\n```\n\nThen"
    assert plain.labelled(text) == "$$\na = b\n$$ (eq-here)\n\nThen"


@pytest.mark.parametrize(
    "text, message",
    [
        ("{eq}`eq-gone`", "chapters/one.ipynb refers to 'eq-gone'"),
        ("{term}`gone`", "chapters/one.ipynb refers to 'gone'"),
        ("{cite}`gone2020`", "chapters/one.ipynb refers to 'gone2020'"),
        (":::{admonition} A\n:class: note\nB\n:::", "has to be of `:class: tip`"),
    ],
)
def test_what_the_book_does_not_have_is_named(text, message):
    with pytest.raises(places.BuildError, match=message):
        WRITER.plain(text)
    with pytest.raises(places.BuildError, match="a word that pages/glossary.md does not have"):
        roles("[gone](../pages/glossary.md#term-gone)", NAMES)


@pytest.fixture
def book(small_book):
    """A small book with a glossary, and with roles in its first chapter."""
    (small_book / "pages").mkdir()
    words = "# Glossary\n\n```{glossary}\nscan\n  A loop.\n```\n"
    (small_book / "pages/glossary.md").write_text(words, encoding="utf-8")
    path = small_book / "chapters/one.ipynb"
    text = "# One\n\n{term}`Scans <scan>` in {doc}`two`, by {eq}`eq-a`:\n\n$$\na\n$$ (eq-a)"
    cells = [new_markdown_cell(text), new_code_cell("'{term}`scan`'")]
    nbformat.write(new_notebook(cells=cells), path)
    two = new_notebook(cells=[new_markdown_cell("# Two"), new_code_cell("1")])
    nbformat.write(two, small_book / "chapters/two.ipynb")
    return SimpleNamespace(path=path, text=text)


def test_make_plain_writes_what_the_site_turns_back(book, capsys):
    plain.update_chapters()
    written = nbformat.read(book.path, as_version=4)
    assert written.cells[0].source == (
        "# One\n\n[Scans](../pages/glossary.md#term-scan) in [Two](two.ipynb), by [(1.1)](#eq-a):"
        '\n\n<a id="eq-a"></a>\n$$\na\n\\tag{1.1}\n$$'
    )
    assert written.cells[1].source == "'{term}`scan`'"  # code is code
    assert stage.for_site("chapters/one", written).cells[0].source == book.text
    assert "one.ipynb: written" in capsys.readouterr().out
    plain.update_chapters()
    assert capsys.readouterr().out == ""
