"""An output that tests compare, letter by letter, is the same with every version and every device.

So it may not rest on a model that the chapter trains: of that, cells assert bounds.
"""

import ast
import dis
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

import nbformat
import pytest

CHAPTERS = sorted((Path(__file__).resolve().parents[2] / "chapters").glob("*.ipynb"))
TRAINING = {"fit", "fit_or_load", "train"}
COMPARED = "nbval-check-output"
DEFINITIONS = ast.FunctionDef | ast.ClassDef | ast.Assert  # what prints nothing
BLOCKS = ast.For | ast.While | ast.With | ast.If


def instructions(code: CodeType) -> Iterator[dis.Instruction]:
    """List what the interpreter does for some code, and for the functions in it."""
    yield from dis.get_instructions(code)
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from instructions(inner)


def reads_and_writes(statement: ast.stmt) -> tuple[set[str], set[str]]:
    """Give the global names that a statement reads and writes; a block reads none of its own."""
    code = compile(ast.Module([statement], []), "cell", "exec")
    reads = {i.argval for i in instructions(code) if i.opname in ("LOAD_NAME", "LOAD_GLOBAL")}
    writes = {i.argval for i in dis.get_instructions(code) if i.opname == "STORE_NAME"}
    return reads - writes if isinstance(statement, BLOCKS) else reads, writes


def trains(statement: ast.stmt) -> bool:
    """Say whether a statement has a call that trains; NNX's `train()` only says what comes."""
    calls = [node for node in ast.walk(statement) if isinstance(node, ast.Call)]
    return any(getattr(c.func, "attr", "") in TRAINING and (c.args or c.keywords) for c in calls)


def learned_yet_compared(cells: list[tuple[str, bool]]) -> list[str]:
    """List statements whose output is compared and rests on a model that was trained.

    `cells` has the source of each, and whether its output is compared.
    """
    learned, found = set(), []
    for source, compared in cells:
        for statement in ast.parse(source).body:
            reads, writes = reads_and_writes(statement)
            rests = bool(reads & learned) or trains(statement)
            learned = learned | writes if rests else learned - writes
            if rests and compared and not isinstance(statement, DEFINITIONS):
                found.append(ast.unparse(statement))
    return found


FIT = ("result = trainer.fit(model, data)", False)


@pytest.mark.parametrize(
    "cells, found",
    [
        ([FIT, ("print(result)", True)], 1),
        ([FIT, ("print(result)", False), ("print(1)", True)], 0),
        ([FIT, ("loss = score(result)\nlosses = [loss]", False), ("print(losses)", True)], 1),
        ([FIT, ("def f():\n    return result", True), ("f()", True)], 1),
        ([FIT, ("assert result.cut_short", True)], 0),
        ([FIT, ("for result in (1, 2):\n    print(result)", True)], 0),
        ([FIT, ("result = 3\nprint(result)", True)], 0),
        ([FIT, ("print([f'{result}' for result in (1, 2)])", True)], 0),
        ([("noisy.train()\nprint(noisy.use())", True)], 0),
    ],
)
def test_what_rests_on_training_is_found(cells, found):
    assert len(learned_yet_compared(cells)) == found


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)
def test_no_output_that_is_compared_rests_on_training(path):
    cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    marked = [(c.source, COMPARED in c.metadata.get("tags", [])) for c in cells]
    assert learned_yet_compared(marked) == []
