"""Every {term} on a page or in a chapter is in the glossary, and the glossary is in order."""

import re
from pathlib import Path

import nbformat
import pytest

from tools.book.roles import text_of, with_roles

ROOT = Path(__file__).resolve().parents[2]
TERM = re.compile(r"\{term\}`([^`<]+?)(?:\s*<([^`>]+)>)?`")
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("pages/*.md"), *ROOT.glob("chapters/*.ipynb")])


def glossary_lines() -> list[str]:
    page = (ROOT / "pages" / "glossary.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```\{glossary\}\n(.*?)```", page, re.DOTALL)
    return [line for line in block.splitlines() if line and not line.startswith(":")]


TERMS = [line for line in glossary_lines() if not line.startswith(" ")]


def prose(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        return text
    return text_of(with_roles(nbformat.reads(text, as_version=4)))


def test_the_glossary_was_read():
    assert len(TERMS) >= 35 and {"token", "scan", "update gate"} <= set(TERMS)
    assert len({term.lower() for term in TERMS}) == len(TERMS)


def test_every_term_is_explained():
    lines = glossary_lines()
    assert lines[-1].startswith(" ")
    for i, line in enumerate(lines):
        if not line.startswith(" "):
            assert next(x for x in lines[i:] if x not in TERMS).startswith("  "), line


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.stem)
def test_terms_are_in_the_glossary(path):
    used = {(target or shown).strip() for shown, target in TERM.findall(prose(path))}
    assert used <= set(TERMS), sorted(used - set(TERMS))
