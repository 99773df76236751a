"""The exercises of every numbered chapter: how many, how graded, and what comes with each."""

import functools
import re
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest
import yaml
from nbformat import NotebookNode

from tools.book.roles import text_of
from tools.book.stage import with_anchors

ROOT = Path(__file__).resolve().parents[2]
PARTS = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))["parts"]
NUMBERED = [c["file"] for p in PARTS if p["caption"] == "Chapters" for c in p["chapters"]]
HEAD = re.compile(
    r"^\*\*(?P<number>\d+)\. (?P<grade>Warm-up|Core|Stretch) \((?P<minutes>\d+) minutes\)"
    r"(?:: (?P<kinds>[^*]+))?\.\*\*",
    re.MULTILINE,
)
GRADES = ["Warm-up", "Core", "Stretch"]
KINDS = ("predict, run, explain", "find the bug", "turn the knob")


class Exercise(NamedTuple):
    """An exercise: its head, and all text and code cells up to the next one."""

    number: int
    grade: str
    kinds: str
    text: str
    code: list[NotebookNode]

    def solution(self) -> NotebookNode | None:
        """Find the folded cell with the solution."""
        start = re.compile(rf"# Solution to exercise {self.number}\b")
        return next((c for c in self.code if start.match(c.source)), None)


@functools.cache
def chapter(name: str) -> NotebookNode:
    return nbformat.read(ROOT / f"{name}.ipynb", as_version=4)


def exercises(nb: NotebookNode) -> list[Exercise]:
    """Split the section with the exercises, in order."""
    found: list[Exercise] = []
    is_inside = False
    for cell in nb.cells:
        if cell.cell_type == "code":
            if is_inside and found:
                found[-1].code.append(cell)
            continue
        is_inside = is_inside or bool(re.search("^## Exercises$", cell.source, re.MULTILINE))
        if not is_inside:
            continue
        section = re.split("^## Summary$", cell.source, maxsplit=1, flags=re.MULTILINE)[0]
        heads = [*HEAD.finditer(section)]
        if found:  # what follows a cell still belongs to the exercise before it
            end = heads[0].start() if heads else len(section)
            found[-1] = found[-1]._replace(text=found[-1].text + section[:end])
        ends = [head.start() for head in heads[1:]] + [len(section)]
        for head, end in zip(heads, ends, strict=True):
            kinds, text = head["kinds"] or "", section[head.start() : end]
            found.append(Exercise(int(head["number"]), head["grade"], kinds, text, []))
        if section != cell.source:
            break
    return found


def printed(cell: NotebookNode) -> str:
    return "".join(o.get("text", o.get("data", {}).get("text/plain", "")) for o in cell.outputs)


@pytest.fixture(params=NUMBERED, ids=lambda name: Path(name).name)
def name(request):
    return request.param


def test_there_are_five_to_eight_from_easy_to_hard(name):
    found = exercises(chapter(name))
    assert [e.number for e in found] == list(range(1, len(found) + 1))
    assert 5 <= len(found) <= 8
    ranks = [GRADES.index(e.grade) for e in found]
    assert ranks == sorted(ranks) and set(ranks) == {0, 1, 2}


def test_every_bold_number_is_an_exercise_with_grade_and_minutes(name):
    source = "\n".join(c.source for c in chapter(name).cells if c.cell_type == "markdown")
    numbered = re.findall(r"^\*\*\d+\..*", source, re.MULTILINE)
    assert len(numbered) == len(HEAD.findall(source)), numbered


def test_core_exercises_have_a_solution_that_was_run_or_is_in_words(name):
    for exercise in exercises(chapter(name)):
        cell = exercise.solution()
        if cell:
            assert "hide-cell" in cell.metadata.get("tags", []), cell.source
            assert printed(cell), f"the solution to exercise {exercise.number} shows nothing"
        elif exercise.grade == "Core":
            assert "<details><summary>Solution</summary>" in exercise.text, exercise.text


def test_stretch_exercises_have_a_hint(name):
    for exercise in exercises(chapter(name)):
        if exercise.grade == "Stretch":
            assert "*Hint:*" in exercise.text, exercise.text


def test_solutions_and_hints_are_of_exercises_that_exist(name):
    nb = chapter(name)
    known = {e.number for e in exercises(nb)}
    for cell in nb.cells:
        for number in re.findall(r"(?:[Ee]xercise) (\d+)", cell.source):
            assert int(number) in known, cell.source


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_exercise_is_there(name, kind):
    assert any(kind in e.kinds for e in exercises(chapter(name)))


def test_the_bug_fails_a_check_that_the_solution_passes(name):
    for exercise in exercises(chapter(name)):
        if "find the bug" in exercise.kinds:
            solution = exercise.solution()
            faulty = "".join(printed(c) for c in exercise.code if c is not solution)
            assert "False" in faulty, "the check must fail in view"
            assert "True" in printed(solution) and "False" not in printed(solution)


def test_the_knob_exercise_needs_no_cell_but_the_knobs(name):
    nb = chapter(name)
    assert any("turn-this-knob" in c.metadata.get("tags", []) for c in nb.cells)
    for exercise in exercises(nb):
        if "turn the knob" in exercise.kinds:
            assert "Edit nothing but the knob cell" in exercise.text, exercise.text


def test_every_exercise_has_an_address_on_the_site(name):
    text = text_of(with_anchors(chapter(name)))
    anchors = re.findall(r'<span id="exercise-(\d+)"></span>\*\*\1\. ', text)
    assert anchors == [str(exercise.number) for exercise in exercises(chapter(name))]
    assert re.findall(r'\*\*<a class="headerlink" href="#exercise-(\d+)"', text) == anchors
