"""List mistakes to put into Python files: cosmic-ray makes them, in an environment of its own.

    _build/mutants/venv/bin/python tests/mutants/python.py < files

Reads JSON, `[{"file": "a.py", "source": "..."}, ...]`, and writes for each file a list of
`{"operator": ..., "line": ..., "source": the changed file}`.
"""

import ast
import json
import re
import sys

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator

# One opposite and one neighbour of each operator: the other eight fail for the same reason.
OPERATORS = [
    *(f"Binary{pair}" for pair in ("Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "FloorDiv_Mul")),
    *(f"Binary{pair}" for pair in ("Mod_FloorDiv", "Pow_Mul")),
    *(f"Comparison{pair}" for pair in ("Eq_NotEq", "NotEq_Eq", "Lt_LtE", "Lt_Gt", "LtE_Lt")),
    *(f"Comparison{pair}" for pair in ("LtE_Gt", "Gt_GtE", "Gt_Lt", "GtE_Gt", "GtE_Lt")),
    *(f"Comparison{pair}" for pair in ("Is_IsNot", "IsNot_Is")),
    *("UnaryUSub_UAdd", "UnaryDelete_Not", "AddNot", "TrueWithFalse", "FalseWithTrue"),
    *("AndWithOr", "OrWithAnd", "BreakWithContinue", "ContinueWithBreak"),
    *("NumberReplacer", "RemoveDecorator", "ZeroIterationForLoop"),
]
# Without them a function computes the same, only slower.
ONLY_FASTER = re.compile(r"@.*\b(jit|cache|lru_cache)\b")

ONLY_GUARDS = {"strict"}  # of zip: raises where our own code would be wrong


def full_name(name: str) -> str:
    """Complete the name of one of cosmic-ray's operators."""
    kind = re.match("Binary|Comparison|Unary", name)
    if kind:
        name = f"Replace{kind[0]}Operator_{name[len(kind[0]) :]}"
    elif "With" in name:
        name = f"Replace{name}"
    return f"core/{name}"


def by_cosmic_ray(source: str):
    """Yield the mistakes that cosmic-ray makes: the operator, the line, the changed source."""
    nodes, lines = list(ast_nodes(get_ast(source))), source.splitlines()
    for name in OPERATORS:
        operator = get_operator(full_name(name))()
        places = [place for node in nodes for place in operator.mutation_positions(node)]
        for occurrence, ((line, _), _) in enumerate(places):
            if not ONLY_FASTER.search(lines[line - 1]):
                yield name, line, mutate_code(source, operator, occurrence)


def left_out(source: str):
    """Yield mistakes that cosmic-ray does not make: something is left out."""
    lines = source.encode().splitlines(keepends=True)
    starts = [sum(map(len, lines[:i])) for i in range(len(lines))]
    whole = source.encode()

    def without(start, end, instead=b""):
        return (whole[:start] + instead + whole[end:]).decode()

    def span(node):
        first = starts[node.lineno - 1] + node.col_offset
        return first, starts[node.end_lineno - 1] + node.end_col_offset

    for node in ast.walk(ast.parse(source)):
        is_call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
        if is_call or isinstance(node, ast.AugAssign | ast.Raise):
            yield "Statement", node.lineno, without(*span(node), b"pass")
        if isinstance(node, ast.ExceptHandler) and node.type:
            yield "Except", node.lineno, without(*span(node.type), b"()")
        if isinstance(node, ast.Call):
            for keyword in (k for k in node.keywords if k.arg not in ONLY_GUARDS):
                start, end = span(keyword)
                comma = re.match(rb"\s*,", whole[end:])
                yield "Keyword", keyword.lineno, without(start, end + (comma.end() if comma else 0))


def mistakes(source: str) -> list[dict]:
    """List all mistakes for a file, each once."""
    found = {}
    for make in (by_cosmic_ray, left_out):
        for operator, line, changed in make(source):
            found.setdefault(changed, {"operator": operator, "line": line, "source": changed})
    found.pop(source, None)
    return list(found.values())


if __name__ == "__main__":
    json.dump([mistakes(it["source"]) for it in json.load(sys.stdin)], sys.stdout)
