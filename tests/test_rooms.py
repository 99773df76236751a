"""The rooms of the library: who may import whom, and that chapters come in by the doors."""

import ast
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import nbformat
import pytest

import charlm_lib as cl
from charlm_lib import display, studies, widgets

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "charlm_lib"
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
PAGES = [ROOT / "index.md", *sorted((ROOT / "pages").glob("*.md"))]
DOORS = {module.__name__: set(module.__all__) for module in (cl, display, studies, widgets)}

# From the ground upwards: a module or room imports from the floors below its own, and a room from
# itself.
FLOORS = (
    ("checks", "losses", "comparison"),
    ("layers", "language_model", "texts"),
    ("cells",),
    ("display",),
    ("engine",),
    ("evaluation", "ngram"),
    ("runs",),
    ("sampling", "export"),
    ("own_text",),
    ("studies", "widgets"),
    ("__init__",),
    ("console",),
    ("__main__",),
)
GROUND = {"checks", "losses", "comparison", "display"}  # stand on nothing of ours


def part_of(module: str) -> str:
    """Name the room of a module of the library, or the module itself if it is in the core."""
    names = module.split(".")[1:]
    return names[0] if names else "__init__"


def imported(source: str) -> set[str]:
    """List the modules of the library that a source names in its imports."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "charlm_lib":
            found |= {f"charlm_lib.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module)
    return {name for name in found if name.split(".")[0] == "charlm_lib"}


def wrong_imports(part: str, source: str) -> list[str]:
    """List what a module of this room or core name must not import, but does."""
    floor = {name: number for number, names in enumerate(FLOORS) for name in names}
    wrong = []
    for module in sorted(imported(source)):
        other = part_of(module)
        if other == part:
            continue  # within a room
        other = other if other in floor else "__init__"  # a name that comes through the door
        same_floor = floor[other] == floor[part]
        if part in GROUND or same_floor or floor[other] > floor[part]:
            wrong.append(module)
    return wrong


@pytest.mark.parametrize(
    "path", sorted(LIBRARY.rglob("*.py")), ids=lambda p: p.relative_to(LIBRARY).as_posix()
)
def test_imports_go_one_way(path):
    part = path.relative_to(LIBRARY).parts[0].removesuffix(".py")
    assert wrong_imports(part, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "part, line, wrong",
    [
        ("checks", "from charlm_lib.losses import perplexity", True),
        ("layers", "from charlm_lib.checks import check_sizes", False),
        ("language_model", "from charlm_lib.layers.concise import RNN", True),
        ("texts", "from charlm_lib.texts.corpus import clean", False),
        ("texts", "from charlm_lib.runs.results import FitResult", True),
        ("display", "from charlm_lib.runs.results import FitResult", True),
        ("display", "from charlm_lib.display import style", False),
        ("engine", "from charlm_lib.layers.concise import GRU", False),
        ("engine", "def f():\n    import charlm_lib.runs.training", True),
        ("evaluation", "from charlm_lib.engine.twins import fuse", False),
        ("evaluation", "from charlm_lib.runs.results import FitResult", True),
        ("runs", "from charlm_lib import widgets", True),
        ("runs", "from charlm_lib import GRU", True),
        ("widgets", "from charlm_lib.studies import recipe", True),
        ("studies", "from charlm_lib.runs.training import Trainer", False),
        ("__main__", "import charlm_lib as cl", False),
    ],
)
def test_a_step_back_is_found(part, line, wrong):
    assert bool(wrong_imports(part, line)) is wrong


def test_every_module_has_its_floor():
    parts = {
        path.relative_to(LIBRARY).parts[0].removesuffix(".py") for path in LIBRARY.rglob("*.py")
    }
    assert parts == {name for names in FLOORS for name in names}


def through_other_ways(source: str) -> list[str]:
    """List the imports of a source that do not come through a door, or that no door offers."""
    wrong = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("charlm_lib"):
            offered = DOORS.get(node.module, set())
            wrong += [f"{node.module}.{a.name}" for a in node.names if a.name not in offered]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
            wrong += [n for n in names if n.startswith("charlm_lib") and n not in DOORS]
    return wrong


def sources(path: Path) -> list[str]:
    """The Python of a chapter's cells, or of the code blocks of a page."""
    if path.suffix == ".ipynb":
        return [c.source for c in nbformat.read(path, 4).cells if c.cell_type == "code"]
    blocks = path.read_text(encoding="utf-8").split("```")[1::2]
    heads = ("{code-cell} python\n", "python\n")
    found = [b.removeprefix(head) for b in blocks for head in heads if b.startswith(head)]
    return ["\n".join(x for x in b.split("---")[-1].splitlines() if x[:1] != ":") for b in found]


@pytest.mark.parametrize(
    "path", [*CHAPTERS, *PAGES, ROOT / "README.md"], ids=lambda p: p.relative_to(ROOT).as_posix()
)
def test_what_chapters_and_pages_import_comes_through_a_door(path):
    assert [wrong for source in sources(path) for wrong in through_other_ways(source)] == []


def test_another_way_in_is_found():
    assert through_other_ways("from charlm_lib.engine.twins import fuse")
    assert through_other_ways("from charlm_lib import no_such_name")
    assert through_other_ways("import charlm_lib.engine")
    assert not through_other_ways("from charlm_lib import GRU\nimport charlm_lib as cl")
    assert sources(ROOT / "README.md") and sources(ROOT / "index.md")


def test_the_doors_hold_what_they_promise():
    for module in (cl, widgets):
        assert all(hasattr(module, name) for name in module.__all__)
    for module in (display, studies):
        for name in module.__all__:
            assert hasattr(module, name) or find_spec(f"{module.__name__}.{name}")


def the_map() -> list[str]:
    """The lines of the map of the tree in CONTRIBUTING.md."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return text.split("## Where things are")[1].split("```")[1].strip("\n").splitlines()


def drawn_rooms(lines: list[str]) -> set[str]:
    """The files and folders that lines of the map begin with, each below the one it is part of."""
    found, parents = set(), [""]
    for line in lines:
        depth = (len(line) - len(line.lstrip())) // 4
        parents[depth + 1 :] = [parents[depth] + line.split()[0]]
        found.add(parents[-1])
    return found


def test_the_map_is_short_and_every_room_is_on_it():
    lines = the_map()
    assert len(lines) <= 25
    drawn = drawn_rooms(lines)
    assert [name for name in drawn if not (ROOT / name).exists()] == []
    words = " ".join(lines)
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout
    folders = {f"{name.split('/')[0]}/" for name in tracked.split() if "/" in name}
    folders -= {".ci/", ".github/"}
    assert folders <= drawn
    rooms = [p for p in LIBRARY.iterdir() if p.name != "__pycache__"]
    named = [p.name if p.is_file() else f"{p.name}/" for p in rooms]
    assert [name for name in named if name not in words] == []
    tools = {p.name for p in (ROOT / "tools").iterdir() if p.is_dir()} - {"__pycache__"}
    assert [name for name in tools if f"{name}/" not in words] == []


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CITATION.cff", "index.md"])
def test_links_lead_to_files(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:|#)([^)\s#]+)", text)
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_a_room_that_is_not_there_is_found():
    lines = ["tools/   for building", "    nowhere/  a room"]
    assert drawn_rooms(lines) == {"tools/", "tools/nowhere/"}
    assert not (ROOT / "tools/nowhere/").exists()


LIGHT = """
import sys, charlm_lib
heavy = {"matplotlib", "IPython", "requests", "anywidget", "ipywidgets"} & set(sys.modules)
print(sorted(heavy))
"""


def test_importing_the_library_loads_no_figures_and_writes_nothing(tmp_path):
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    for name in ("CHARLM_CACHE", "JAX_COMPILATION_CACHE_DIR"):
        environment.pop(name, None)
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    done = subprocess.run(
        [sys.executable, "-c", LIGHT], env=environment, cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]", done.stderr
    assert list(tmp_path.rglob("*")) == []
