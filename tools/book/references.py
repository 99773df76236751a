"""What labels and keys stand for in the whole book, numbered as the site numbers them."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from nbformat import NotebookNode
from pybtex.database import Entry, parse_file

EQUATION = re.compile(r"\$\$(?P<body>[^$]+?)\s*\$\$ *\((?P<label>[\w-]+)\)")
ADMONITION = re.compile(
    r"^:::+\{admonition\} *(?P<title>[^\n]*)\n(?::\w+:[^\n]*\n)*(?P<body>.*?)^:::+ *$",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class References:
    """What labels stand for in the whole book."""

    citations: dict[str, str] = field(default_factory=dict)  # key -> "Cho et al., 2014"
    titles: dict[str, str] = field(default_factory=dict)  # chapter -> its title
    equations: dict[str, str] = field(default_factory=dict)  # label -> "2.1"
    figures: dict[str, str] = field(default_factory=dict)  # label -> "2.1"


def collect(chapters: dict[str, NotebookNode], bibliography: Path) -> References:
    """Number equations and figures as Sphinx does, by chapter, and read titles and citations."""
    titles, equations, figures = {}, {}, {}
    for number, (name, notebook) in enumerate(chapters.items(), start=1):
        text = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
        heading = re.search(r"^# (.+)$", text, re.MULTILINE)
        titles[name.rpartition("/")[2]] = heading[1].strip() if heading else name
        labels = [m["label"] for m in EQUATION.finditer(text)]
        equations |= {label: f"{number}.{i}" for i, label in enumerate(labels, start=1)}
        captioned = [c.metadata.get("mystnb", {}).get("figure", {}) for c in notebook.cells]
        for i, figure in enumerate((f for f in captioned if f), start=1):
            figures[figure.get("name", "")] = f"{number}.{i}"
    entries = parse_file(str(bibliography)).entries if bibliography.is_file() else {}
    return References({k: author_year(e) for k, e in entries.items()}, titles, equations, figures)


def author_year(entry: Entry) -> str:
    """Name the authors of a publication and its year in short."""
    people = entry.persons.get("author") or entry.persons.get("editor") or []
    names = [re.sub(r"[{}]", "", " ".join(p.prelast_names + p.last_names)) for p in people]
    who = f"{names[0]} et al." if len(names) > 2 else " and ".join(names)
    return f"{who}, {entry.fields.get('year', '')}".strip(", ")
