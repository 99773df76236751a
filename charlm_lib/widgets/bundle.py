"""One self-contained browser module per widget, joined from the small files in js/."""

import functools
import re
from pathlib import Path

FOLDER = Path(__file__).parent / "js"
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(?P<file>[\w.]+)";\n', re.MULTILINE)
_DOC_COMMENT = re.compile(r"^ *(/\*\*.*?\*/|//[^\n]*)\n", re.MULTILINE | re.DOTALL)
_EXPORT = re.compile(r"^export (?=function|const|class)", re.MULTILINE)


@functools.cache
def module(entry: str) -> str:
    """The text of browser module `entry` with everything it imports, dependencies first.

    A widget's module must be one text, because it travels inside the widget. Comments stay behind.

    Raises ValueError for an import or export in a form that the join does not know.
    """
    parts: dict[str, str] = {}

    def add(name: str) -> None:
        if name in parts:
            return
        parts[name] = ""  # holds the place, so that a circle ends
        source = (FOLDER / name).read_text(encoding="utf-8")
        for found in _IMPORT.finditer(source):
            add(found["file"])
        text = _DOC_COMMENT.sub("", _IMPORT.sub("", source))
        if name != entry:
            text = _EXPORT.sub("", text)
        if re.search(r"^import\b", text, re.MULTILINE):
            raise ValueError(f'{name}: write imports as `import {{ a }} from "./file.js";`')
        if name != entry and re.search(r"^export\b", text, re.MULTILINE):
            raise ValueError(f"{name}: export functions, constants and classes, each by name")
        parts[name] = parts.pop(name) or re.sub(r"\n{2,}", "\n", text)

    add(entry)
    return "".join(parts.values())


@functools.cache
def style() -> str:
    """The style sheet that all widgets share."""
    return (FOLDER / "style.css").read_text(encoding="utf-8")
