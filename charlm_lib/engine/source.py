"""Which source decides an outcome: found from the imports, never from a list kept by hand.

A training run depends on the modules that `charlm_lib.runs.training` reaches by its imports, a
chapter on those that its own cells reach. Rooms that only show something do not count, since
nothing there decides a number; what they show does. Of each module counts what Python runs, not its
docstrings and comments.
"""

import ast
import hashlib
import re
import sys
from functools import lru_cache
from importlib import metadata
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
ROOMS_THAT_SHOW = ("display", "widgets")
DOOR, RECORDS = "__init__.py", (".json", ".safetensors")
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def digest(*parts: bytes) -> str:
    """Give the SHA-256 of parts, each marked off by its length."""
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "big") + part)
    return total.hexdigest()


@lru_cache(maxsize=8)
def fingerprint(source: str, package: Path = PACKAGE, versions: bool = True) -> str:
    """Hash what the outcome of a piece of Python depends on besides its own lines.

    That is the code of the library's modules that its imports reach, the records that lie in their
    rooms, and the versions of the packages that all of these import. It is read once per process.

    Args:
        source: Python, for example the code of a chapter, or `import charlm_lib.runs.training`.
        package: the folder of the library.
        versions: whether those of the other packages count.

    Returns:
        64 hexadecimal digits.
    """
    files, packages = reached(source, package)
    named = [f"{path.relative_to(package).as_posix()}\n".encode() + content(path) for path in files]
    installed = [f"{name} {metadata.version(name)}".encode() for name in packages if versions]
    return digest(*named, *installed)


def content(path: Path) -> bytes:
    """Give what counts of a file: of Python the code, of a door what it does, of records all."""
    data = path.read_bytes()
    if path.name == DOOR:
        return "\n".join(deeds(data.decode())).encode()
    return code(data.decode()).encode() if path.suffix == ".py" else data


def deeds(source: str) -> list[str]:
    """List the statements of a door that neither import nor name something, such as a call."""

    def names(node: ast.stmt) -> bool:
        targets = [t.id for t in getattr(node, "targets", []) if isinstance(t, ast.Name)]
        return any(name.startswith("__") for name in targets)

    statements = ast.parse(code(source)).body
    kept = [n for n in statements if not (isinstance(n, ast.Import | ast.ImportFrom) or names(n))]
    return [ast.get_source_segment(code(source), node) for node in kept]


def reached(source: str, package: Path = PACKAGE) -> tuple[list[Path], list[str]]:
    """Follow the imports of a piece of Python through the library.

    Returns:
        The files that it reaches, and the distributions of other packages, both sorted.
    """
    seen, files, others, waiting = set(), set(), set(), [source]
    while waiting:
        own, foreign = divide(imports(waiting.pop()), package)
        others |= foreign
        for path in {path for name in own for path in places(name, package)} - seen:
            seen.add(path)
            text = path.read_text(encoding="utf-8")
            if path.relative_to(package).parts[0] in ROOMS_THAT_SHOW:
                text = "\n".join(f"import {name}" for name in divide(imports(text), package)[0])
            else:
                files |= {path, *doors_before(path, package), *records_beside(path, package)}
            waiting.append(text)
    if "jax" in others:
        others.add("jaxlib")  # the compiler behind it
    return sorted(files), sorted(filter(None, map(distribution, others)))


def doors_before(path: Path, package: Path) -> list[Path]:
    """List the doors that Python opens on its way to a module."""
    rooms = [room for room in path.parents if room == package or package in room.parents]
    return [room / DOOR for room in rooms if (room / DOOR).is_file()]


def divide(names: tuple[str, ...], package: Path) -> tuple[set[str], set[str]]:
    """Divide imported names into those of the library and the other top-level modules."""
    own = {name for name in names if name.partition(".")[0] == package.name}
    return own, {name.partition(".")[0] for name in set(names) - own}


@lru_cache(maxsize=128)
def imports(source: str) -> tuple[str, ...]:
    """List what a piece of Python imports, each with its module: `from a.b import c` is `a.b.c`."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [f"{node.module}.{alias.name}" for alias in node.names]
            if node.level or node.names[0].name == "*":
                line = ast.unparse(node)
                raise ValueError(f"{line!r} cannot be followed: name the module and what it gives")
    return tuple(found)


def places(name: str, package: Path = PACKAGE) -> list[Path]:
    """Find the modules of the library that an imported name stands for.

    A name may be a module, or something in one. What comes through the door of the library or of a
    room, its `__init__.py`, is followed to where it is defined. A room that is imported as a whole
    stands for all of its modules.
    """
    _, *parts = name.split(".")
    room = package.joinpath(*parts)
    if room.is_dir():
        behind = [*doors(room).values()] if not parts else []
        return sorted(room.glob("[!_]*.py")) + [p for n in behind for p in places(n, package)]
    for taken in (parts, parts[:-1]):
        path = package.joinpath(*taken).with_suffix(".py")
        if taken and path.is_file():
            return [path]
    behind = doors(room.parent).get(parts[-1])
    return places(behind, package) if behind else []


def doors(room: Path) -> dict[str, str]:
    """Read the door of a room: the place of each name that comes through it."""
    door = room / DOOR
    found = imports(door.read_text(encoding="utf-8")) if door.is_file() else ()
    return {name.rpartition(".")[2]: name for name in found}


def records_beside(path: Path, package: Path = PACKAGE) -> list[Path]:
    """List the records in the room of a module; the core has none."""
    if path.parent == package:
        return []
    return [p for p in path.parent.rglob("*") if p.is_file() and p.suffix in RECORDS]


def distribution(module: str) -> str | None:
    """Give the distribution that carries a top-level module, most often one of the same name.

    None: it is a part of Python, or not installed.
    """
    if module in sys.stdlib_module_names:
        return None
    try:
        return metadata.metadata(module)["Name"]
    except metadata.PackageNotFoundError:
        return next(iter(metadata.packages_distributions().get(module, ())), None)


@lru_cache(maxsize=128)
def code(source: str) -> str:
    """Give the code of a source without docstrings, comments, blank lines and spaces at line ends.

    The lines are those of the source, so that every version of Python gives the same.
    """
    lines, strings = source.encode().splitlines(), set()
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            blank(lines, node.body[0])
        elif isinstance(node, ast.JoinedStr) or isinstance(
            getattr(node, "value", None), str | bytes
        ):
            strings.add((node.lineno, node.col_offset, node.end_lineno, node.end_col_offset))
    inside = {row for first, _, last, _ in strings for row in range(first, last)}
    kept = []
    for row, line in enumerate(lines, start=1):
        text = before_comment(row, line, strings).decode()
        if row in inside:  # a string goes on in the next line: its spaces and empty lines count
            kept.append(text)
        elif text.strip():
            kept.append(text.rstrip())
    return "\n".join(kept)


def blank(lines: list[bytes], node: ast.stmt) -> None:
    """Take a statement out of lines."""
    first, last = node.lineno - 1, node.end_lineno - 1
    before, after = lines[first][: node.col_offset], lines[last][node.end_col_offset :]
    lines[first : last + 1] = [before + after] + [b""] * (last - first)


def before_comment(row: int, line: bytes, strings: set[tuple[int, int, int, int]]) -> bytes:
    """Cut a line at the first # that stands in none of the strings."""
    for at in (match.start() for match in re.finditer(b"#", line)):
        if not any((a, b) <= (row, at) < (c, d) for a, b, c, d in strings):
            return line[:at]
    return line
