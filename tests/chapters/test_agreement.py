"""Two chapters never say different numbers of one thing.

A sentence that names another chapter and quotes a number rests on that chapter: its cells, too,
must produce the number. And the results that several chapters load end alike in all of them.
"""

import re
from collections import defaultdict

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.chapters.test_truth import CHAPTERS, claims, evidence, read, texts

NOTEBOOKS = {path.stem: read(path) for path in CHAPTERS}
SENTENCE_ENDS = re.compile(r"(?<=[.!?:])\s+(?=[A-Z*`{(\[])|\n\n|\n[-*] ")
SAVED = re.compile(r"results/(\S+)\.safetensors: (.*?)(?:; [\d.]+ s|\n|$)")


def named(sentence: str, stems: list[str]) -> list[str]:
    """List the chapters that a sentence links to, by a role or by a plain link."""
    return [stem for stem in stems if re.search(rf"[`<(/]{stem}(?:[`>)#]|\.ipynb)", sentence)]


def unlike(notebooks: dict) -> list[tuple[str, str, str]]:
    """List (chapter, other chapter, claim) where the other chapter does not have the number."""
    found = []
    for stem, notebook in notebooks.items():
        others = [other for other in notebooks if other != stem]
        said = [text for cell in notebook.cells for text in texts(cell)]
        for sentence in (part for text in said for part in SENTENCE_ENDS.split(text)):
            found += [
                (stem, other, claim.text)
                for other in named(sentence, others)
                for claim in claims(sentence)
                if not claim.holds(evidence(notebooks[other].cells))
            ]
    return found


def endings(notebooks: dict) -> dict[str, set[str]]:
    """Give for each saved result how its training ended, in the words of every chapter."""
    said = defaultdict(set)
    for notebook in notebooks.values():
        for cell in notebook.cells:
            for output in cell.get("outputs", []):
                for name, ending in SAVED.findall(output.get("text", "")):
                    said[name].add(ending)
    return said


def test_a_number_of_another_chapter_is_that_chapters_number():
    assert unlike(NOTEBOOKS) == []


def test_a_saved_result_ends_alike_in_all_chapters():
    said = endings(NOTEBOOKS)
    assert "rnn_scratch" in said
    assert {name: words for name, words in said.items() if len(words) > 1} == {}


# --- the test of the test ---
def notebook(text: str, out: str):
    cell = new_code_cell("1", outputs=[new_output("stream", text=out)])
    return new_notebook(cells=[new_markdown_cell(text), cell])


@pytest.mark.parametrize("link", ["{doc}`first`", "[one](first.ipynb)", "{ref}`one <first>`"])
def test_a_number_that_moved_in_one_chapter_is_found(link):
    text = f"It ends at 7.35. So did {link}, at 7.34. It fell by 5.5."
    both = {"first": notebook("It ends at 7.34.", "7.34"), "second": notebook(text, "7.35")}
    assert unlike(both) == []
    both["first"] = notebook("It ends at 7.36.", "7.36")
    ((chapter, other, claim),) = unlike(both)
    assert (chapter, other) == ("second", "first") and "7.34" in claim


def test_results_that_end_unlike_are_found():
    line = "results/gru.safetensors: finished after 9 epochs: validation perplexity {}; 3.1 s + 2 s"
    both = {str(x): notebook("", line.format(x)) for x in (7.34, 7.35)}
    assert len(endings(both)["gru"]) == 2
