"""What decides an outcome is found from the imports: an edit of what computes counts."""

from pathlib import Path

import pytest

from charlm_lib.engine import source

ROOT = Path(__file__).resolve().parents[2]
FILES = {
    "__init__.py": "from lib.core import mean\nfrom lib.studies.one import read\n",
    "core.py": 'import numpy\n\n\ndef mean(x):\n    """The mean."""\n    return numpy.mean(x)\n',
    "training.py": "from lib.core import mean\nfrom lib.display import plots\nLOSS = mean\n",
    "engine/__init__.py": "",
    "engine/fast.py": "HASH = '#1'\n",
    "display/__init__.py": "",
    "display/plots.py": "import nbformat\n\nCOLOUR = 'red'\n",
    "widgets/__init__.py": "from lib.widgets.one import One\n",
    "widgets/one.py": "from lib.engine import fast\n\n\nclass One:\n    label = 'one'\n",
    "widgets/js/one.js": "export const label = 'one';\n",
    "studies/__init__.py": "",
    "studies/one.py": "from lib.training import LOSS\n\n\ndef read():\n    return LOSS\n",
    "studies/records/one.json": "[1]\n",
}


@pytest.fixture
def library(tmp_path):
    """A small library of the same rooms; `edit` gives its fingerprint after an edit."""
    package = tmp_path / "lib"
    for name, text in FILES.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text, encoding="utf-8")
    return package


def after(package: Path, name: str, old: str, new: str, imported: str) -> bool:
    """Say whether the fingerprint of a source with this import changes with an edit."""
    before = source.fingerprint.__wrapped__(imported, package)
    text = (package / name).read_text(encoding="utf-8")
    assert old in text
    (package / name).write_text(text.replace(old, new), encoding="utf-8")
    return source.fingerprint.__wrapped__(imported, package) != before


TRAINING = "import lib.training"


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("core.py", "numpy.mean(x)", "numpy.mean(x) + 1"),
        ("core.py", "mean(x):", "mean(x, y=1):"),
        ("training.py", "LOSS = mean", "LOSS = mean if 1 else 2"),
        ("__init__.py", "import read\n", "import read\nread()\n"),  # a door that does something
    ],
)
def test_an_edit_of_what_computes_counts(library, name, old, new):
    assert after(library, name, old, new, TRAINING)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("core.py", "The mean.", "Another word."),
        ("core.py", '    """The mean."""\n', ""),
        ("core.py", "return numpy", "# why\n\n    return numpy"),
        ("training.py", "LOSS = mean", "LOSS = mean  # nats"),
        ("display/plots.py", "red", "green"),
        ("widgets/one.py", "'one'", "'two'"),
        ("widgets/js/one.js", "'one'", "'two'"),
        ("studies/records/one.json", "1", "2"),
        ("engine/fast.py", "#1", "#2"),  # only a widget imports it
        ("__init__.py", "from lib.studies.one import read\n", ""),
        ("__init__.py", "from lib.core", "__all__ = ['mean']\nfrom lib.core"),
    ],
)
def test_an_edit_of_anything_else_does_not(library, name, old, new):
    assert not after(library, name, old, new, TRAINING)


@pytest.mark.parametrize("imported", ["from lib import read", "from lib import studies"])
def test_a_chapter_depends_on_what_it_imports_and_on_the_records_there(library, imported):
    assert after(library, "studies/records/one.json", "1", "2", imported)
    assert after(library, "core.py", "numpy.mean(x)", "numpy.mean(x) + 1", imported)


def test_a_chapter_with_a_widget_depends_on_what_that_shows_but_not_on_how(library):
    imported = "from lib.widgets import One"
    assert not after(library, "widgets/one.py", "'one'", "'two'", imported)
    assert after(library, "engine/fast.py", "#1", "#2", imported)


def test_what_comes_through_the_door_is_followed_to_its_place(library):
    files, packages = source.reached("from lib import mean", library)
    assert [path.name for path in files] == ["__init__.py", "core.py"] and packages == ["numpy"]
    assert source.reached(TRAINING, library)[1] == ["numpy"]  # nbformat is what a plot needs
    assert source.reached("import lib.core as c\nfrom lib.core import mean", library)[0] == files
    everything = {path.name for path in source.reached("import lib", library)[0]}
    assert everything == {"__init__.py", "core.py", "training.py", "one.py", "one.json"}


def test_a_string_counts_with_its_spaces_and_empty_lines():
    assert source.code('a = """b\n\n  c \n"""\n\n\nd = 1  \n') == 'a = """b\n\n  c \n"""\nd = 1'


def test_a_stray_file_in_a_room_counts_for_nothing(library):
    before = source.fingerprint.__wrapped__("from lib import read", library)
    (library / "studies" / ".one.py.swp").write_text("an editor's")
    (library / "studies" / "NOTES.md").write_text("a note")
    assert source.fingerprint.__wrapped__("from lib import read", library) == before


@pytest.mark.parametrize("line", ["from .core import mean", "from lib import *"])
def test_an_import_that_cannot_be_followed_is_refused(library, line):
    with pytest.raises(ValueError, match="cannot be followed"):
        source.fingerprint.__wrapped__(line, library)


def test_a_hash_in_a_string_is_no_comment(library):
    assert after(library, "engine/fast.py", "#1", "#2", "import lib.engine.fast")
    assert (
        source.code('a = f"#{1}"  # b\n\n\nc = """\n# d\n"""\n') == 'a = f"#{1}"\nc = """\n# d\n"""'
    )


def test_the_version_of_a_package_counts(library, monkeypatch):
    before = source.fingerprint.__wrapped__(TRAINING, library)
    monkeypatch.setattr(source.metadata, "version", lambda name: "0")
    assert source.fingerprint.__wrapped__(TRAINING, library) != before


def test_training_reaches_every_module_that_computes_and_none_that_shows():
    files, packages = source.reached("import charlm_lib.runs.training")
    names = {path.relative_to(source.PACKAGE).as_posix() for path in files}
    engine = {f"engine/{path.name}" for path in (source.PACKAGE / "engine").glob("[!_]*.py")}
    assert engine <= names  # products.py was once forgotten in a list kept by hand
    assert {"layers/concise.py", "losses.py", "evaluation.py"} <= names
    assert {"texts/cleaning.py", "texts/data.py", "runs/training.py", "runs/judging.py"} <= names
    assert not [name for name in names if name.startswith(("display", "widgets", "studies"))]
    assert {"jax", "jaxlib", "flax", "optax", "numpy"} <= set(packages)


def test_a_module_belongs_to_a_distribution_to_python_or_to_none():
    found = [source.distribution(module) for module in ("jax", "jupyter_core", "json", "no_such_x")]
    assert found == ["jax", "jupyter_core", None, None]
    assert source.distribution("IPython") == "ipython"
