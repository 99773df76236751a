"""What is on a slide, by the cells' metadata or by the rule; and the files that a deck needs."""

import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools.book import __main__, execute, places
from tools.book.roles import with_roles
from tools.mime import WIDGET_VIEW
from tools.slides import decks
from tools.slides.parts import OUTPUT_LINES, blocks, cut, printed, sentences, wrapped
from tools.slides.rule import deck_cells
from tools.slides.text import References, collect, plain

CHAPTERS = sorted((Path(__file__).resolve().parents[2] / "chapters").glob("*.ipynb"))
KNOWN = References(
    citations={"elman1990": "Elman, 1990", "cho2014": "Cho et al., 2014"},
    titles={"two": "The second chapter"},
    equations={"eq-a": "1.1"},
    figures={"fig-a": "1.2"},
)


def text(source, slide=None):
    return new_markdown_cell(source, metadata={"slideshow": {"slide_type": slide}} if slide else {})


def code(source="f(1)", out="1\n", slide=None, **metadata):
    if slide:
        metadata["slideshow"] = {"slide_type": slide}
    outputs = [new_output("stream", text=out)] if isinstance(out, str) else out
    return new_code_cell(source, outputs=outputs, metadata=metadata)


def show(*cells):
    """The deck of a chapter: pairs of a slide type and a source."""
    found = deck_cells(new_notebook(cells=[*cells]), KNOWN)
    return [(c.metadata.slideshow.slide_type, c.source) for c in found]


def sources(*cells):
    return [source for kind, source in show(*cells) if kind != "notes"]


FIGURE = [new_output("display_data", {"image/png": "AAAA", "text/plain": "<Figure>"})]
PLAY = [new_output("execute_result", {WIDGET_VIEW: {"model_id": "a"}, "text/plain": "W"})]


def test_headings_begin_slides_and_code_follows_its_introduction():
    assert show(
        text("# One\n\nWhy?"), text("## Two\n\nHow."), code(), text("### Three\n\nSo.")
    ) == [
        ("slide", "# One"),
        ("-", "Why?"),
        ("slide", "## Two"),
        ("-", "How."),
        ("-", "f(1)"),
        ("subslide", "## Three"),
        ("-", "So."),
    ]


def test_code_that_does_not_fit_goes_on_a_slide_of_its_own():
    long = "\n".join(f"f({i})" for i in range(14))
    found = show(text("## Two\n\n" + "- a point\n" * 6), code(long, "1\n" * 3))
    assert [kind for kind, _ in found] == ["slide", "-", "subslide", "-"]
    found = show(text("## Two\n\nHow."), code(long, "1\n" * 12))
    assert [source for kind, source in found if kind == "-"] == [
        "How.",
        long,
        "",
    ]  # then its output


def test_long_code_is_cut_at_a_blank_line():
    first, second = ("\n".join(f"{name}({i})" for i in range(12)) for name in "fg")
    found = show(text("## Two\n\nHow."), code(f"{first}\n\n\n{second}"))
    assert [s for _, s in found] == ["## Two", "How.", first, "## Two", second]
    found = deck_cells(new_notebook(cells=[text("## Two"), code("f(1)\n" * 40)]), KNOWN)
    assert [c.metadata.deck["long"] for c in found if c.cell_type == "code"] == [True, False]


def test_set_up_hidden_solutions_and_folded_answers_are_not_shown():
    shown = sources(
        text("# One\n\nWhy?"),
        code("import a"),
        text(
            "## Exercises\n\n**1. Core.** Do it.\n\n<details><summary>S</summary>\n\n4\n</details>"
        ),
        code("# Solution to exercise 1", tags=["hide-cell"]),
    )
    assert shown == ["# One", "Why?", "## Exercises", "**1. Core.** Do it."]


def test_code_or_output_that_the_site_hides_is_hidden_here():
    cells = [text("## Two"), code("a", tags=["hide-input"]), code("b", tags=["remove-output"])]
    found = deck_cells(new_notebook(cells=cells), KNOWN)
    assert [(c.source, len(c.outputs)) for c in found if c.cell_type == "code"] == [
        ("", 1),
        ("b", 0),
    ]


def test_long_prose_goes_to_the_speaker():
    prose = "The first sentence is short. " + "It goes on and on, in many words. " * 12
    kinds = dict(reversed(show(text(f"## Two\n\n{prose}"), code())))
    assert len(kinds["-"]) and kinds["notes"].startswith("The first sentence is short.")
    assert kinds["notes"].strip() == prose.strip()
    shown = sources(text(f"## Two\n\n{prose}"), code())[1]
    assert shown.startswith("The first sentence is short.") and len(shown) < 260


def test_a_formula_keeps_the_sentence_before_it_and_the_one_after():
    before = "Much is said here. " * 20 + "The layer computes"
    shown = sources(
        text(f"## Two\n\nLead.\n\n{before}\n\n$$\na = b\n$$ (eq-a)\n\nwhere $a$ is it.")
    )
    assert shown[1:] == [
        "Lead.",
        "The layer computes",
        "$$\na = b \\tag{1.1}\n$$",
        "where $a$ is it.",
    ]


def test_each_exercise_has_a_slide():
    found = show(text("## Exercises\n\n**1. Warm-up.** One.\n\n**2. Core.** Two."))
    assert [kind for kind, _ in found] == ["slide", "-", "subslide", "-"]


@pytest.mark.parametrize("outputs", [FIGURE, PLAY])
def test_figures_and_widgets_are_shown(outputs):
    found = deck_cells(new_notebook(cells=[text("## Two"), code("draw()", outputs)]), KNOWN)
    assert found[-1].outputs == outputs
    assert found[-1].source == ("draw()" if outputs is FIGURE else "")


@pytest.mark.parametrize("kind", ["slide", "subslide", "fragment", "-", "notes"])
def test_a_cells_own_slide_type_wins(kind):
    cell = text("Long. " * 200, slide=kind)
    found = show(text("## Two\n\nHow."), cell)
    assert found[-1] == ("-" if kind in ("slide", "subslide") else kind, cell.source)
    if kind in ("slide", "subslide"):
        assert found[-2] == (kind, "## Two")  # a slide of its own, under the same title


def test_a_cell_can_be_skipped_or_brought_back():
    assert sources(text("## Two\n\nHow."), code("hidden()", slide="skip")) == ["## Two", "How."]
    assert "import a" in sources(text("# One\n\nWhy?"), code("import a", slide="subslide"))
    own = show(text("## Two\n\nHow."), text("## Mine\n\nAll of it.", slide="slide"))
    assert own[-1] == ("slide", "## Mine\n\nAll of it.")


def test_long_output_is_cut_and_says_so():
    [short] = [cut(o) for o in code(out="line\n" * 40).outputs]
    lines = printed(short).splitlines()
    assert len(lines) == OUTPUT_LINES and lines[-1] == "[… 29 more lines in the chapter]"
    [wide] = [cut(o) for o in code(out="x" * 9000).outputs]
    assert wrapped(printed(wide)) <= OUTPUT_LINES + 1


def test_sentences_are_whole():
    prose = "Cho et al. {cite}`cho2014` say so. They *say it. And* again. Then they stop."
    assert sentences(prose, 10) == "Cho et al. {cite}`cho2014` say so."
    assert sentences(prose, 40) == "Cho et al. {cite}`cho2014` say so."
    assert sentences("They *say it. And* again. Then stop.", 5) == "They *say it. And* again."


def test_blocks_of_markdown():
    source = "# T\n\nA\nb.\n\n- x\n- y\n  z\n\n$$\na\n$$ (eq-a)\n\n:::{admonition} P\nQ\n:::\n"
    assert [b.kind for b in blocks(source)] == [
        "heading",
        "paragraph",
        "list",
        "equation",
        "admonition",
    ]


def test_roles_are_resolved():
    assert plain("{cite}`cho2014,elman1990`", KNOWN) == "(Cho et al., 2014; Elman, 1990)"
    assert plain("{cite:t}`elman1990` showed", KNOWN) == "Elman, 1990 showed"
    assert plain("{eq}`eq-a`, {numref}`fig-a`", KNOWN) == "(1.1), Fig. 1.2"
    assert plain("{doc}`two`", KNOWN) == "[The second chapter](../chapters/two.html)"
    assert plain("{eq}`eq-nowhere`", KNOWN) == "eq-nowhere"
    box = plain(":::{admonition} Predict first\n:class: tip\nHow many?\n:::", KNOWN)
    assert box == '<div class="callout">\n\n**Predict first**\n\nHow many?\n\n\n</div>'


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)
def test_every_chapter_makes_a_deck_that_loads_nothing_from_elsewhere(path):
    notebook = with_roles(nbformat.read(path, as_version=4))
    name = f"chapters/{path.stem}"
    references = collect({name: notebook}, path.parent.parent / "pages" / "references.bib")
    page = decks.render(name, notebook, references)
    assert page.count("<section>") > 20 and "$$ (" not in page
    for start in (
        'src="http',
        "src='http",
        'src="//',
        "import(",
        "require(",
        '<link rel="stylesheet" h',
    ):
        loads = [page[i : i + 80] for i in range(len(page)) if page.startswith(start, i)]
        assert not [x for x in loads if "//" in x], loads
    before = with_roles(nbformat.read(path, as_version=4))
    assert [c.source for c in notebook.cells] == [c.source for c in before.cells]  # not changed


def test_make_slides_renders_the_executed_chapters(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(places, "ROOT", tmp_path)
    monkeypatch.setattr(places, "BUILD", tmp_path / "_build")
    chapters = {"chapters/one": new_notebook(cells=[text("## Two"), code("f(1)", "what it did")])}
    kept = {name: (nb, {}, "key") for name, nb in chapters.items()}
    monkeypatch.setattr(execute, "execute_all", lambda committed: kept)
    monkeypatch.setattr("sys.argv", ["tools.book", "slides"])
    assert __main__.main() == 0
    page = tmp_path / "_build" / "html" / "slides" / "one.html"
    assert "what it did" in page.read_text(encoding="utf-8")


def test_decks_are_built_only_when_something_changed(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(places, "ROOT", tmp_path)
    monkeypatch.setattr(places, "BUILD", tmp_path / "_build")
    chapters = {"chapters/one": new_notebook(cells=[text("# One\n\nWhy?")])}

    def built():
        decks.build_decks(chapters, tmp_path)
        return capsys.readouterr().out

    assert "1 of 1 decks" in built()
    folder = tmp_path / "_build" / "html"
    assert (folder / "slides" / "reveal" / "dist" / "reveal.js").is_file()
    assert (folder / "_static" / "mathjax" / "tex-chtml.js").is_file()
    assert "0 of 1 decks" in built()
    chapters["chapters/one"].cells[0].source = "# One\n\nHow?"
    assert "1 of 1 decks" in built()
    chapters["chapters/two"] = chapters.pop("chapters/one")
    assert "1 of 1 decks" in built()
    assert [p.name for p in (folder / "slides").glob("*.html")] == ["two.html"]


def test_the_table_of_a_figures_numbers_is_not_shown():
    table = new_output("display_data", {"text/html": '<details class="charlm-data">1</details>'})
    for slide in (None, "slide"):
        cell = code(out=[*FIGURE, table], slide=slide)
        shown = deck_cells(new_notebook(cells=[text("## Two\n\nHow."), cell]), KNOWN)
        assert [o for c in shown for o in c.get("outputs", [])] == FIGURE


def test_a_slide_has_room_for_a_figure_or_a_table_of_results():
    table = new_output("display_data", {"text/html": '<div class="charlm-table">1</div>'})
    alone, beside = code(out=[table]), code(out=[*FIGURE, table])
    deck = deck_cells(new_notebook(cells=[text("## A"), alone, beside]), KNOWN)
    kept = [c.outputs for c in deck if c.cell_type == "code" and c.outputs]
    assert kept == [[table], FIGURE]


def test_a_decks_stylesheets_fetch_no_others(tmp_path):
    decks.copy_assets(tmp_path)
    deck = (decks.HERE / "deck/index.html.j2").read_text(encoding="utf-8")
    hrefs = re.findall(r'"stylesheet" href="(.+?)"', deck)
    linked = [tmp_path / "slides" / place for place in hrefs]
    assert {path.name for path in linked} >= {"white.css", "source-sans-pro.css", "deck.css"}
    for path in linked:
        content = path.read_text(encoding="utf-8")
        assert "@import" not in content, path.name
        assert path.name != "white.css" or content.count("{") > 50
