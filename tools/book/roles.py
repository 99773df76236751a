"""Chapters are committed in plain Markdown, for every front end; the site gets MyST's roles.

What a role says is written out, and where it leads to is an ordinary link. The link alone decides
about the way back, so that a number or a name in its text may be old for a while.

    {doc}`rnn-concise`        [The same model in a few lines](rnn-concise.ipynb)
    {term}`scans <scan>`      [scans](../pages/glossary.md#term-scan)
    {cite}`elman1990`         ([Elman, 1990](../pages/references.md#elman1990))
    {cite:t}`elman1990`       [Elman (1990)](../pages/references.md#elman1990)
    {eq}`eq-rnn`              [(1.3)](#eq-rnn), elsewhere [(1.3)](rnn-from-scratch.ipynb#eq-rnn)
    {numref}`fig-stack`       [the figure above](#fig-stack)
    $$ ... $$ (eq-rnn)        an empty <a id="eq-rnn"> before it, and a LaTeX tag with its number
    :::{admonition} Title     a quote that begins with its title in bold type
"""

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tools.book import places
from tools.book.places import BuildError

GLOSSARY, REFERENCES = "../pages/glossary.md", "../pages/references.md"
LINK = re.compile(r"\[(?P<text>[^\[\]]+)\]\((?P<to>[^()\s]+)\)")
SOURCE = rf"\[[^\[\]]+\]\({re.escape(REFERENCES)}#(?:[\w-]+)\)"
SOURCES = re.compile(rf"\((?P<sources>{SOURCE}(?:; {SOURCE})*)\)")
TAGGED = re.compile(
    r'<a id="(?P<label>eq-[\w-]+)"></a>\n\$\$(?P<body>[^$]+?)\n\\tag\{[\d.]+\}\n\$\$'
)
QUOTE = re.compile(r"^> \*\*(?P<title>[^*\n]+)\*\*\n>\n(?P<body>(?:>[^\n]*(?:\n|\Z))+)", re.M)


@dataclass(frozen=True)
class Names:
    """What the links of a book stand for."""

    titles: dict[str, str] = field(default_factory=dict)  # where a link leads -> the title there
    terms: dict[str, str] = field(default_factory=dict)  # "term-scan" -> "scan"


def names() -> Names:
    """Read the titles of the chapters and pages, and the words of the glossary."""
    return _names(places.ROOT)


@functools.lru_cache(maxsize=2)
def _names(root: Path) -> Names:
    chapters = {f"{p.stem}.ipynb": text_of(read(p)) for p in sorted(root.glob("chapters/*.ipynb"))}
    pages = {
        f"../pages/{p.name}": p.read_text(encoding="utf-8") for p in sorted(root.glob("pages/*.md"))
    }
    found = {to: re.search(r"^# (.+)$", text, re.M) for to, text in (chapters | pages).items()}
    blocks = re.findall(r"^```\{glossary\}\n(.*?)^```", pages.get(GLOSSARY, ""), re.M | re.S)
    lines = [line for block in blocks for line in block.splitlines()]
    terms = [line for line in lines if re.match(r"[^\s:]", line)]
    return Names(
        {to: match[1].strip() for to, match in found.items() if match},
        {place_of(term): term for term in terms},
    )


def read(path: Path) -> NotebookNode:
    """Read a notebook."""
    return nbformat.read(path, as_version=4)


def text_of(nb: NotebookNode) -> str:
    """Join the Markdown of a notebook."""
    return "\n\n".join(c.source for c in nb.cells if c.cell_type == "markdown")


def place_of(term: str) -> str:
    """Name the place of a word on the glossary's page, as Sphinx does."""
    return f"term-{re.sub(r'[^A-Za-z0-9]+', '-', term).strip('-')}"


def with_roles(nb: NotebookNode) -> NotebookNode:
    """Give a chapter with MyST's roles, labels and boxes, for the site and its slides."""
    return each(nb, functools.partial(roles, names=names()))


def roles(text: str, names: Names) -> str:
    """Turn plain Markdown into MyST's; what is MyST's already stays as it is."""
    text = QUOTE.sub(_box, text)
    text = TAGGED.sub(lambda m: f"$${m['body']}\n$$ ({m['label']})", text)
    text = SOURCES.sub(lambda m: f"{{cite}}`{','.join(_keys(m['sources']))}`", text)
    return LINK.sub(lambda m: _role(m["text"], m["to"], names) or m[0], text)


def each(nb: NotebookNode, change: Callable[[str], str]) -> NotebookNode:
    """Change the Markdown cells of a notebook."""
    cells = [
        NotebookNode(c, source=change(c.source)) if c.cell_type == "markdown" else c
        for c in nb.cells
    ]
    return NotebookNode(nb, cells=cells)


def _box(match: re.Match) -> str:
    body = re.sub(r"^> ?", "", match["body"], flags=re.M).rstrip("\n")
    end = "\n" if match["body"].endswith("\n") else ""
    return f":::{{admonition}} {match['title']}\n:class: tip\n{body}\n:::{end}"


def _keys(sources: str) -> list[str]:
    return [match["to"].rpartition("#")[2] for match in LINK.finditer(sources)]


def _role(text: str, to: str, names: Names) -> str | None:
    """Give the role that a link stands for; None for any other link."""
    page, _, place = to.partition("#")
    if page == GLOSSARY and place.startswith("term-"):
        if place not in names.terms:
            raise BuildError(f"[{text}]({to}) names a word that pages/glossary.md does not have")
        term = names.terms[place]
        return f"{{term}}`{text}`" if text == term else f"{{term}}`{text} <{term}>`"
    if page == REFERENCES and place:
        return f"{{cite:t}}`{place}`"
    if place.startswith(("eq-", "fig-")):
        return f"{{{'eq' if place.startswith('eq-') else 'numref'}}}`{place}`"
    if not place and names.titles.get(to) == text:
        return f"{{doc}}`{_document(to)}`"
    return None


def _document(to: str) -> str:
    """Name a page or chapter as the role `doc` does: beside this one, or below the book's root."""
    name = to.removesuffix(".ipynb").removesuffix(".md")
    return name.removeprefix("..")
