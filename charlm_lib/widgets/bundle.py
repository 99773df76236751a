"""One self-contained browser module per widget, joined from the small files in js/."""

import functools
import re
from pathlib import Path

FOLDER = Path(__file__).parent / "js"
_IMPORT = re.compile(r'^import \{[^}]*\} from "(?P<file>\.[./\w]*\.js)";\n', re.MULTILINE)
_COMMENT = re.compile(r"^ *(/\*\*.*?\*/|//[^\n]*)\n", re.MULTILINE | re.DOTALL)
_EXPORT = re.compile(r"^export (?=function|async function|const|class)", re.MULTILINE)


@functools.cache
def module(entry: str) -> str:
    """Give the text of browser module `entry` with all that it imports, dependencies first.

    A widget's module must be one text, because it travels inside the widget. Comments stay behind.

    Raises:
        ValueError: an import or export has a form that the join does not know.
    """
    parts: list[str] = []
    seen: set[Path] = set()

    def add(path: Path) -> None:
        seen.add(path)
        source = path.read_text(encoding="utf-8")
        for found in _IMPORT.finditer(source):
            imported = (path.parent / found["file"]).resolve()
            if imported not in seen:
                add(imported)
        text = _COMMENT.sub("", _EXPORT.sub("", _IMPORT.sub("", source)))
        if re.search(r"^(import|export(?! default \{))\b", text, re.MULTILINE):
            raise ValueError(
                f'{path.name}: import with `import {{ a }} from "./file.js";`, export functions, '
                "constants and classes by name, and only the widget itself as default"
            )
        parts.append(re.sub(r"\n{2,}", "\n", text))

    add((FOLDER / entry).resolve())
    return "".join(parts)


@functools.cache
def style(entry: str) -> str:
    """Give the style sheet that all widgets share, then that of one widget, without comments."""
    paths = (FOLDER / "page" / name for name in ("style.css", entry))
    text = "".join(path.read_text(encoding="utf-8") for path in paths)
    return re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL))
