"""No file, package or result is forgotten by what decides whether something is done again."""

from importlib import metadata

import nbformat
import pytest

from charlm_lib.engine import source
from tools.book import execute, groups, places
from tools.book.key import results_in

TRAINING = "import charlm_lib.runs.training"
# A file of each kind, also in a folder of a folder, and the groups of tests that it decides about.
FILES = {
    "charlm_lib/core.py": {"lint", "unit", "notebooks", "browser", "engines"},
    "charlm_lib/deep/er/new.py": {"lint", "unit", "notebooks", "browser", "engines"},
    "charlm_lib/studies/records/new.json": {"lint", "unit", "notebooks", "browser", "engines"},
    "charlm_lib/widgets/js/model/new.js": {"lint", "unit", "browser", "engines"},
    "charlm_lib/widgets/js/new.css": {"lint", "unit", "browser", "engines"},
    "tools/site/book.css": {"lint", "unit", "browser", "engines"},
    "tools/book/new.py": {"lint", "unit", "browser", "engines"},
    "benchmarks/gpu/new.py": {"lint", "unit", "browser", "engines"},
    "tests/core/new.py": {"lint", "unit", "browser", "engines"},
    "tests/browser/new.py": {"lint", "browser", "engines"},
    "tests/widgets/new.js": {"lint", "unit", "browser", "engines"},
    "pyproject.toml": {"lint", "unit", "browser", "engines"},
    "requirements.txt": {"lint", "unit", "notebooks", "browser", "engines"},
    "pages/deep/new.md": {"unit", "browser", "engines"},
    "index.md": {"unit", "browser", "engines"},
    "_config.yml": {"unit", "browser", "engines"},
    "_toc.yml": {"unit", "notebooks", "browser", "engines"},
    "chapters/results/deep/new.safetensors": {"unit", "browser", "engines"},
    "locks/oldest.txt": {"unit"},
    ".github/workflows/new.yml": {"unit"},
    "Makefile": {"unit"},
    "README.md": {"unit"},
    "LICENSE": {"unit"},
    "CITATION.cff": {"unit"},
}


@pytest.mark.parametrize("file", FILES)
def test_a_new_line_in_a_file_counts_for_the_groups_that_it_decides_about(small_book, file):
    path = small_book / file
    path.parent.mkdir(parents=True, exist_ok=True)
    text = path.read_text(encoding="utf-8") if path.is_file() else "\n"
    path.write_text(text, encoding="utf-8")
    before = {name: group.key() for name, group in groups.GROUPS.items()}
    path.write_text(f"{text}# more\n", encoding="utf-8")
    after = {name: group.key() for name, group in groups.GROUPS.items()}
    assert {name for name in before if before[name] != after[name]} == FILES[file]


@pytest.mark.parametrize("file", FILES)
def test_a_file_that_goes_counts_too(small_book, file):
    path = small_book / file
    if file == "_toc.yml":  # without it there are no chapters
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("# there\n", encoding="utf-8")
    before = {name: group.key() for name, group in groups.GROUPS.items()}
    path.unlink()
    after = {name: group.key() for name, group in groups.GROUPS.items()}
    assert {name for name in before if before[name] != after[name]} == FILES[file]


def test_a_file_that_moves_to_another_folder_counts(small_book):
    path = small_book / "charlm_lib/deep/new.py"
    path.parent.mkdir(parents=True)
    path.write_text("1\n", encoding="utf-8")
    before = groups.GROUPS["unit"].key()
    path.rename(small_book / "charlm_lib/new.py")
    assert groups.GROUPS["unit"].key() != before


@pytest.mark.parametrize("change", ["source", "tags", "outputs"])
def test_a_cell_counts_for_the_run_of_the_chapters_and_a_text_does_not(small_book, change):
    path = places.notebook("chapters/two")
    before = groups.notebooks_key()
    nb = nbformat.read(path, as_version=4)
    nb.cells.append(nbformat.v4.new_markdown_cell("A text"))
    nbformat.write(nb, path)
    assert groups.notebooks_key() == before
    code = next(cell for cell in nb.cells if cell.cell_type == "code")
    if change == "source":
        code.source += "\nmore = 1"
    elif change == "tags":
        code.metadata.tags = ["nbval-check-output"]
    else:
        code.outputs = [nbformat.v4.new_output("stream", text="other")]
    nbformat.write(nb, path)
    assert groups.notebooks_key() != before


def test_every_file_that_training_reaches_counts(tmp_path, monkeypatch):
    """Each is edited alone, in a copy: the fingerprint is another one each time."""
    files, _ = source.reached(TRAINING)
    texts = {path: source.content(path) for path in files}
    real, edited = source.content, []
    monkeypatch.setattr(
        source, "content", lambda path: texts[path] + (b"\n#" if path in edited else b"")
    )
    whole = source.fingerprint.__wrapped__(TRAINING)
    assert len(files) > 30 and real(files[-1]) == texts[files[-1]]
    for path in files:
        edited[:] = [path]
        assert source.fingerprint.__wrapped__(TRAINING) != whole, path


@pytest.mark.parametrize("package", ["jax", "jaxlib", "flax", "optax", "numpy"])
def test_the_version_of_each_package_that_computes_counts(monkeypatch, package):
    real = metadata.version
    before = source.fingerprint.__wrapped__(TRAINING)
    monkeypatch.setattr(metadata, "version", lambda name: "0" if name == package else real(name))
    assert source.fingerprint.__wrapped__(TRAINING) != before
    without = [source.fingerprint.__wrapped__(TRAINING, versions=False)]
    monkeypatch.undo()
    assert without == [source.fingerprint.__wrapped__(TRAINING, versions=False)]


def test_results_in_folders_of_folders_count(small_book):
    folder = small_book / "chapters"
    for file in ("results/one", "results/deep/er/two"):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(file)
    assert set(results_in(folder)) == {"results/one", "results/deep/er/two"}
    (small_book / "there").mkdir()
    execute.fetch(results_in(folder), folder, small_book / "there")
    assert results_in(small_book / "there") == results_in(folder)
