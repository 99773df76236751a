"""A book of two chapters with a library of its own, which imports nothing slow."""

from pathlib import Path

import nbformat
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools import library
from tools.book import execute

# Of the same rooms as ours.
LIBRARY = {
    "__init__.py": "from charlm_lib.core import one\n",
    "core.py": 'def one():\n    """Give 1."""\n    return "1"\n',
    "display/__init__.py": "",
    "display/plots.py": "COLOUR = 'red'\n",
    "widgets/__init__.py": "",
    "widgets/text.py": "class Text:\n    _esm = 'export default 1'\n    _css = 'a {}'\n",
    "widgets/js/style.css": "a {}\n",
}
CONFIG = """\
title: t
launch_buttons: {}
repository:
  url: ""
  branch: main
html:
  use_repository_button: false
  use_issues_button: false
"""


def write(book: Path) -> None:
    """Write the book; its second chapter needs the first one's result."""
    first = [
        new_markdown_cell("# One"),
        new_code_cell(
            "from pathlib import Path\nfrom charlm_lib import one\n"
            "from charlm_lib.display import plots\nPath('results').mkdir(exist_ok=True)"
        ),
        new_code_cell(
            "was_there = Path('results/one').exists()\nPath('results/one').write_text(one())"
        ),
        new_code_cell("print(was_there, Path.cwd())"),
    ]
    second = [new_code_cell("print('read', open('results/one').read())")]
    (book / "chapters").mkdir()
    for name, cells in (("one", first), ("two", second)):
        nbformat.write(new_notebook(cells=cells), book / "chapters" / f"{name}.ipynb")
    for file, text in LIBRARY.items():
        (book / "charlm_lib" / file).parent.mkdir(parents=True, exist_ok=True)
        (book / "charlm_lib" / file).write_text(text)
    for file in ("requirements.txt", "index.md"):
        (book / file).write_text("")
    (book / "pyproject.toml").write_text("[project]\nname = 'a'\n")
    (book / "_config.yml").write_text(CONFIG)
    toc = {
        "root": "index",
        "parts": [{"chapters": [{"file": f"chapters/{n}"} for n in ("one", "two")]}],
    }
    (book / "_toc.yml").write_text(yaml.safe_dump(toc))


def edit(book: Path, chapter: str, cell: int, source: str) -> None:
    path = book / "chapters" / f"{chapter}.ipynb"
    nb = nbformat.read(path, as_version=4)
    nb.cells[cell].source = source
    nbformat.write(nb, path)


def ran(capsys, committed=False) -> list[str]:
    """Execute the book; return the chapters that ran, not those that were kept."""
    capsys.readouterr()
    library.fingerprint.cache_clear()  # a process reads the library once
    execute.execute_all(committed)
    out = capsys.readouterr().out
    return [n for n in ("one", "two") if f"chapters/{n} ..." in out]


def outputs():
    """The chapters with their outputs, as the site is built from them."""
    return {name: kept[0] for name, kept in execute.execute_all().items()}
