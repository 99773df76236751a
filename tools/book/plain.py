"""Write MyST's roles, labels and boxes as plain Markdown: the way back from tools/book/roles.py.

Numbers, names and titles come from the whole book: `make plain` writes the present ones.
"""

import re
from dataclasses import dataclass

from nbformat import NotebookNode

from tools.book import places
from tools.book.normalise import normalise, write
from tools.book.places import BuildError
from tools.book.references import ADMONITION, EQUATION, References, collect
from tools.book.roles import (
    GLOSSARY,
    REFERENCES,
    Names,
    each,
    names,
    place_of,
    read,
    text_of,
    with_roles,
)

ROLE = re.compile(r"\{(?P<role>doc|term|cite|cite:p|cite:t|eq|numref)\}`(?P<target>[^`]+)`")
LABELLED = re.compile(
    r"^```\{math\}\n:label: *(?P<label>[\w-]+)\n\n?(?P<body>.*?)\n```$", re.M | re.S
)


def plain_chapters(chapters: dict[str, NotebookNode]) -> dict[str, NotebookNode]:
    """Give all chapters (name -> notebook) in plain Markdown, with present numbers and names."""
    of_roles = {name: each(with_roles(nb), labelled) for name, nb in chapters.items()}
    known = collect(of_roles, places.ROOT / "pages" / "references.bib")
    homes = {
        m["label"]: f"{name.rpartition('/')[2]}.ipynb"
        for name, nb in of_roles.items()
        for m in EQUATION.finditer(text_of(nb))
    }
    for name, nb in of_roles.items():
        for cell in nb.cells:
            figure = cell.metadata.get("mystnb", {}).get("figure", {}).get("name")
            homes |= {figure: f"{name.rpartition('/')[2]}.ipynb"} if figure else {}
    return {
        name: each(nb, Writer(f"{name.rpartition('/')[2]}.ipynb", known, homes, names()).plain)
        for name, nb in of_roles.items()
    }


def labelled(text: str) -> str:
    """Write a labelled equation in the one form that the other functions read."""
    return LABELLED.sub(lambda m: f"$$\n{m['body']}\n$$ ({m['label']})", text)


@dataclass(frozen=True)
class Writer:
    """Writes the Markdown of one chapter without roles."""

    chapter: str  # its file
    known: References
    homes: dict[str, str]  # label of an equation or a figure -> the file of its chapter
    names: Names

    def plain(self, text: str) -> str:
        """Turn MyST's roles, labels and boxes into plain Markdown.

        Raises BuildError when the book does not have what one of them names.
        """
        text = EQUATION.sub(self._tagged, ADMONITION.sub(self._quote, text))
        try:
            return ROLE.sub(lambda m: self._link(m["role"], m["target"]), text)
        except KeyError as error:
            raise BuildError(
                f"chapters/{self.chapter} refers to {error}, which the book does not have"
            ) from error

    def _tagged(self, match: re.Match) -> str:
        label = match["label"]
        number = self.known.equations[label]
        return f'<a id="{label}"></a>\n$${match["body"]}\n\\tag{{{number}}}\n$$'

    def _quote(self, match: re.Match) -> str:
        if ":class: tip\n" not in match[0]:
            raise BuildError(
                f"chapters/{self.chapter}: a box has to be of `:class: tip`: {match[0]}"
            )
        lines = ["**" + match["title"] + "**", "", *match["body"].rstrip("\n").splitlines()]
        return "\n".join(f"> {line}".rstrip() for line in lines)

    def _link(self, role: str, target: str) -> str:
        named = re.fullmatch(r"(.+?)\s*<(.+)>", target, re.DOTALL)
        text, target = named.groups() if named else (target, target)
        if role == "term":
            if (place := place_of(target)) not in self.names.terms:
                raise KeyError(target)
            return f"[{text}]({GLOSSARY}#{place})"
        if role == "doc":
            to = f"..{target}.md" if target.startswith("/pages/") else f"{target}.ipynb"
            return f"[{text if named else self.names.titles[to]}]({to})"
        if role in ("eq", "numref"):
            return self._label(role, target)
        return self._citation(role, [key.strip() for key in target.split(",")])

    def _label(self, role: str, label: str) -> str:
        home = self.homes[label]
        to = f"#{label}" if home == self.chapter else f"{home}#{label}"
        if role == "eq":
            return f"[({self.known.equations[label]})]({to})"
        figure = "the figure above" if home == self.chapter else "the figure there"
        return f"[{figure}]({to})"

    def _citation(self, role: str, keys: list[str]) -> str:
        cited = [(key, *self.known.citations[key].rsplit(", ", 1)) for key in keys]
        if role == "cite:t":
            return " and ".join(f"[{who} ({year})]({REFERENCES}#{key})" for key, who, year in cited)
        links = "; ".join(f"[{who}, {year}]({REFERENCES}#{key})" for key, who, year in cited)
        return f"({links})"


def update_chapters() -> None:
    """Write the committed chapters in plain Markdown; the command is `make plain`."""
    before = {name: read(places.notebook(name)) for name in places.chapter_names()}
    for name, nb in plain_chapters(before).items():
        if [c.source for c in nb.cells] != [c.source for c in before[name].cells]:
            write(normalise(nb), places.notebook(name))
            print(f"  {name}.ipynb: written")
