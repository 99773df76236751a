"""What a chapter defines is what the library runs: their syntax trees are equal."""

import ast
from pathlib import Path

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
# What chapters teach by writing it in full, and the library's module that has the same. Every other
# name in a chapter is free.
GRADUATES = {
    "gather_windows": "texts/data",
    "cross_entropy": "losses",
    "RNNScratch": "layers/scratch",
    "RNNLMScratch": "language_model",
    "RNN": "layers/concise",
    "RNNLM": "language_model",
    "StackedRNNScratch": "layers/scratch",
    "GRU": "layers/concise",
    "LSTM": "layers/concise",
    "streams": "engine/streams",
    "rows": "engine/products",
    "join": "layers/linear_recurrence",
    "linear_recurrence": "layers/linear_recurrence",
    "linear_loop": "layers/linear_recurrence",
    "MinGRU": "layers/linear_recurrence",
    "LRU": "layers/linear_recurrence",
    "first_theta": "layers/linear_recurrence",
    "ResidualStack": "layers/residual",
    "windowed_attention": "layers/attention",
    "CausalAttention": "layers/attention",
}
DEFINITIONS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def definitions(source: str) -> list[ast.stmt]:
    """The classes and functions that a source defines at its top level."""
    return [node for node in ast.parse(source).body if isinstance(node, DEFINITIONS)]


def canonical(node: ast.stmt) -> str:
    """The syntax tree without docstrings, comments, positions and annotations of functions."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.arg):
            inner.annotation = None
        elif isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
            inner.returns = None
        if isinstance(inner, DEFINITIONS) and ast.get_docstring(inner, clean=False) is not None:
            inner.body = inner.body[1:] or [ast.Pass()]
    return ast.dump(node)


def chapter_definitions(path: Path) -> list[ast.stmt]:
    cells = nbformat.read(path, as_version=4).cells
    transform = TransformerManager().transform_cell  # IPython's magics become Python
    return [n for c in cells if c.cell_type == "code" for n in definitions(transform(c.source))]


LIBRARY = {
    name: canonical(node)
    for name, module in GRADUATES.items()
    for node in definitions((ROOT / "charlm_lib" / f"{module}.py").read_text(encoding="utf-8"))
    if node.name == name
}


def test_the_library_has_what_graduates():
    assert set(LIBRARY) == set(GRADUATES)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)
def test_a_chapters_definitions_are_the_librarys(path):
    for node in chapter_definitions(path):
        if node.name in LIBRARY:
            assert canonical(node) == LIBRARY[node.name], (
                f"{path.name} defines {node.name} otherwise than charlm_lib"
            )


@pytest.mark.parametrize("name", GRADUATES)
def test_what_graduates_is_defined_in_a_chapter(name):
    found = {node.name for path in CHAPTERS for node in chapter_definitions(path)}
    assert name in found


SOURCE = '''
class RNN:
    """One sentence."""

    def double(self, x):
        # a comment
        return 2 * x
'''


@pytest.mark.parametrize(
    "old, new, equal",
    [
        ('"""One sentence."""', '"""Another."""', True),
        ('    """One sentence."""\n', "", True),
        ("# a comment", "", True),
        ("2 * x", "(2 * x)", True),
        ("2 * x", "3 * x", False),
        ("2 * x", "2 * self", False),
        ("double(self, x)", "double(self, x=0)", False),
        ("class RNN", "@final\nclass RNN", False),
    ],
)
def test_the_comparison_sees_code_and_nothing_else(old, new, equal):
    assert old in SOURCE
    (a,), (b,) = definitions(SOURCE), definitions(SOURCE.replace(old, new))
    assert (canonical(a) == canonical(b)) is equal


def test_definitions_in_a_notebook_with_magics(tmp_path):
    cells = [
        nbformat.v4.new_code_cell("%matplotlib inline\n!ls\ndef predict():\n    return 1"),
        nbformat.v4.new_markdown_cell("class Text"),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "a.ipynb")
    (node,) = chapter_definitions(tmp_path / "a.ipynb")
    assert node.name == "predict" and canonical(node).startswith("FunctionDef(name='predict'")
