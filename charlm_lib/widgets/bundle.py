"""One self-contained browser module per widget, joined from the small files in js/."""

import functools
import itertools
import re
from collections import Counter
from pathlib import Path

FOLDER = Path(__file__).parent / "js"
_NAMES = r"\{\s*\w+(?:,\s*\w+)*,?\s*\}"
_IMPORT = re.compile(rf'^import {_NAMES} from "(?P<file>\.[./\w]*\.js)";\n', re.MULTILINE)
_COMMENT = re.compile(r"^ *(/\*\*.*?\*/|//[^\n]*)\n", re.MULTILINE | re.DOTALL)
_EXPORT = re.compile(r"^export (?=function|async function|const|class)", re.MULTILINE)
_NAME = re.compile(
    r"^(?:async )?(?:function\*?|class|const|let|var) (?P<name>[\w$]+)", re.MULTILINE
)
_ODD = re.compile(
    r"^(?:import|export(?! default \{))\b|^(?:const|let|var) [{[]"
    r"|^[^`\n]*(?:`[^`\n]*`[^`\n]*)*`[^`\n]*$"  # a text in backticks that goes on below
    r"|\$\{[^}`\n]*`",  # one within another
    re.MULTILINE,
)
_STATEMENT = re.compile(r"^(?=[^\s})\]])", re.MULTILINE)  # what is indented or closes is no new one
_WHOLE = re.compile(r"(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`)| *//[^\n]*")
_AROUND = re.compile(r" ?([=*/%{}()\[\],;:?<>&|]) ?")  # a - -b needs its spaces
_BREAK = re.compile(r"\n(?=[.?:&|*/<>=)}\]])|(?<=[{(\[,;:=?&|])\n")
_CSS_IMPORT = re.compile(r'@import "(?P<file>\w+\.css)";')


@functools.cache
def module(entry: str) -> str:
    """Give the text of browser module `entry` with all that it imports, dependencies first.

    A widget's module must be one text, because it travels inside the widget. All its files then
    share one scope. Comments, indentation, and functions, classes and constants that nothing in
    this widget names stay behind, and so do spaces and ends of lines that mean nothing.

    Raises:
        ValueError: an import or export has a form that the join does not know, or two files define
            the same name.
    """
    return "".join(_statements(entry))


@functools.cache
def halves() -> dict[str, tuple[str, str]]:
    """Cut each widget's module in two, by its text: what several widgets have, and its own.

    The first is the same for all, so that a site loads it once. It is made of definitions; what
    they name is in every widget that has them, so in the first half too, unless other widgets give
    the name another meaning: such a name, and all that leads to it, stays in the second half.
    """
    modules = [_statements(path.name) for path in sorted(FOLDER.glob("*.js"))]
    widgets = Counter(text for statements in modules for text in statements)
    names = {text: found["name"] for text in widgets if (found := _NAME.match(text))}
    common = {text for text in names if widgets[text] > 1}
    meanings = Counter(names.values())
    own = {names[text] for text in common if meanings[names[text]] > 1}
    while leading := {text for text in common if own & _words(text)}:
        common -= leading
        own |= {names[text] for text in leading}
    first = "".join(text for text in widgets if text in common)
    return {
        "".join(statements): (first, "".join(t for t in statements if t not in common))
        for statements in modules
    }


def _statements(entry: str) -> list[str]:
    """Give the statements of a module, as `module` joins them."""
    parts: list[str] = []
    seen: set[Path] = set()
    owners: dict[str, str] = {}  # of each top-level name, the file that defines it

    def add(path: Path) -> None:
        seen.add(path)
        source = path.read_text(encoding="utf-8")
        for found in _IMPORT.finditer(source):
            imported = (path.parent / found["file"]).resolve()
            if imported not in seen:
                add(imported)
        text = _COMMENT.sub("", _EXPORT.sub("", _IMPORT.sub("", source)))
        file = path.relative_to(FOLDER.resolve()).as_posix()
        if _ODD.search(text):
            raise ValueError(
                f'{file}: import with `import {{ a }} from "./file.js";`, export functions, '
                "constants and classes by name, and only the widget itself as default; begin and "
                "end a text in backticks on one line, and put none into another"
            )
        for found in _NAME.finditer(text):
            owner = owners.setdefault(found["name"], file)
            if owner != file:
                raise ValueError(
                    f"{owner} and {file} both define `{found['name']}`: rename one, because a "
                    "widget's files share one scope"
                )
        parts.append(re.sub(r"\n{2,}", "\n", text))

    add((FOLDER / entry).resolve())
    kept = _named(_STATEMENT.split("".join(parts)))
    return [_close(re.sub(r"^ +", "", text, flags=re.MULTILINE)) for text in kept]


def _close(text: str) -> str:
    """Leave out comments at the ends of lines, and spaces and line ends around signs."""
    pieces = _WHOLE.split(text)  # every second one is a text in quotes, or None for a comment
    code = (_AROUND.sub(r"\1", _BREAK.sub("", piece)) for piece in pieces[::2])
    return "".join(itertools.chain(*zip(code, [*(t or "" for t in pieces[1::2]), ""], strict=True)))


def _words(text: str) -> set[str]:
    return set(re.findall(r"[\w$]+", text))


def _named(statements: list[str]) -> list[str]:
    """Keep those that do something, and the definitions that these name, or that those name."""
    definitions = {found["name"]: text for text in statements if (found := _NAME.match(text))}
    waiting = [text for text in statements if not _NAME.match(text)]
    kept = set(waiting)
    while waiting:
        for word in _words(waiting.pop()):
            text = definitions.get(word)
            if text is not None and text not in kept:
                kept.add(text)
                waiting.append(text)
    return [text for text in statements if text in kept]


@functools.cache
def style(entry: str) -> str:
    """Give the style sheet that all widgets share, then that of one widget, without comments.

    A style sheet of a widget takes in others by lines such as `@import "plot.css";`.
    """

    def read(name: str) -> str:
        text = (FOLDER / "page" / name).read_text(encoding="utf-8")
        return _CSS_IMPORT.sub(lambda found: read(found["file"]), text)

    text = re.sub(r"/\*.*?\*/", "", read("style.css") + read(entry), flags=re.DOTALL)
    return re.sub(r" ?([{};,]) ?", r"\1", re.sub(r"\s+", " ", text))
