"""What is on a slide, by the cells' metadata; and the files that a deck needs."""

import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools.book import __main__, execute, places, stage
from tools.book.places import BuildError
from tools.book.slide_only import text_of, without_slide_only
from tools.mime import WIDGET_STATE, WIDGET_VIEW, saved_models
from tools.slides import decks
from tools.slides.cells import deck_cells

CHAPTERS = sorted((Path(__file__).resolve().parents[2] / "chapters").glob("*.ipynb"))
CHAPTERS = [path for path in CHAPTERS if '"slide-only"' in path.read_text(encoding="utf-8")]
FIGURE = new_output("display_data", {"image/png": "AAAA", "text/plain": "<Figure>"})
PLAY = new_output("execute_result", {WIDGET_VIEW: {"model_id": "a"}, "text/plain": "W"})
NUMBERS = new_output("display_data", {"text/html": '<details class="charlm-data">1</details>'})
TABLE = new_output("display_data", {"text/html": '<div class="charlm-table">1</div>'})
PRINTED = new_output("stream", text="1\n")


def typed(kind, **more):
    return {"slideshow": {"slide_type": kind, **more}} if kind else {}


def own(text, kind="slide"):
    return new_markdown_cell(f"<!--\n{text}\n-->", metadata=typed(kind) | {"tags": ["slide-only"]})


def text(source, kind=None):
    return new_markdown_cell(source, metadata=typed(kind))


def code(source="f(1)", outputs=(PRINTED,), kind="-", **more):
    return new_code_cell(source, outputs=list(outputs), metadata=typed(kind, **more))


def show(*cells):
    """The deck of a chapter: pairs of a slide type and a source."""
    found = deck_cells(new_notebook(cells=[*cells]))
    return [(c.metadata.slideshow.slide_type, c.source.strip()) for c in found]


def test_a_deck_has_the_cells_with_a_type_in_their_order():
    cells = [
        text("# One\n\nLong."),
        own("Why?\n\nA sentence."),
        text("More."),
        code("f(1)"),
        code("f(2)", kind=None),
        own("Ask.", "notes"),
        text("Later.", "fragment"),
        code("f(3)", kind="skip"),
    ]
    assert show(*cells) == [
        ("slide", "A sentence."),
        ("-", "f(1)"),
        ("notes", "Ask."),
        ("fragment", "Later."),
    ]


def test_of_several_widgets_a_slide_has_the_first():
    second = new_output("display_data", {WIDGET_VIEW: {"model_id": "b"}})
    (_, cell) = deck_cells(new_notebook(cells=[own("Draw"), code(outputs=[PLAY, second])]))
    assert cell.outputs == [PLAY] and cell.source == ""


def test_a_slide_knows_its_title_and_its_place_in_the_chapter():
    cells = [text("# One"), own("Why?"), text("## `Two` things"), own("What?\n\nSo."), code()]
    decks = [c.metadata.deck for c in deck_cells(new_notebook(cells=cells))]
    assert [(d.title, d.place) for d in decks] == [
        ("Why?", ""),
        ("What?", "two-things"),
        ("", "two-things"),
    ]


@pytest.mark.parametrize("cell", [text("## Two", "slide"), code(kind="slide")])
def test_a_slide_without_a_cell_of_its_own_is_an_error(cell):
    with pytest.raises(BuildError, match="begins with a cell tagged slide-only"):
        show(cell)


@pytest.mark.parametrize(
    "outputs, more, source, shown",
    [
        ([PRINTED], {}, "f(1)", [PRINTED]),
        ([PRINTED], {"shows": "output"}, "", [PRINTED]),
        ([PRINTED], {"shows": "code"}, "f(1)", []),
        ([PRINTED, FIGURE, NUMBERS], {}, "", [FIGURE]),
        ([FIGURE, TABLE], {"shows": "both"}, "f(1)", [FIGURE]),
        ([TABLE, PRINTED], {}, "", [TABLE]),
        ([PLAY, PRINTED], {}, "", [PLAY]),
        ([], {}, "f(1)", []),
    ],
)
def test_what_is_drawn_is_shown_without_its_code(outputs, more, source, shown):
    (cell,) = deck_cells(new_notebook(cells=[code("f(1)", outputs, **more)]))
    assert (cell.source, cell.outputs) == (source, shown)


def test_what_only_slides_show_is_in_no_notebook_and_on_no_page():
    nb = new_notebook(cells=[text("# One"), own("Why?"), own("Ask.", "notes"), code()])
    assert [text_of(c) for c in nb.cells[:3]] == ["# One", "Why?", "Ask."]
    assert [c.source for c in without_slide_only(nb).cells] == ["# One", "f(1)"]
    assert [c.source for c in stage.for_site("chapters/one", nb).cells] == ["# One", "f(1)"]
    for wrong in ("Why?", "<!-- Why? --> Seen!", "Seen! <!-- Why? -->"):
        cell = new_markdown_cell(wrong, metadata={"tags": ["slide-only"]})
        with pytest.raises(BuildError, match="Markdown within <!-- and -->"):
            text_of(cell)


def test_links_lead_to_the_sites_pages():
    source = "[a](rnn.ipynb#eq-a), [b](../pages/glossary.md#term-b), [c](https://c.org/d.md)"
    ((_, shown),) = show(own(f"T\n\n{source}"))
    assert shown == (
        "[a](../chapters/rnn.html#eq-a), [b](../pages/glossary.html#term-b), "
        "[c](https://c.org/d.md)"
    )


def test_a_deck_carries_only_the_widgets_that_it_shows():
    state = {name: {"state": {}} for name in "ab"} | {"c": {"state": {"x": "IPY_MODEL_d"}}}
    state["d"] = {"state": {}}
    nb = new_notebook(cells=[own("T"), code(outputs=[PLAY])])
    nb.metadata.widgets = {WIDGET_STATE: {"state": state}}
    decks.drop_widgets_not_shown(nb)
    assert set(saved_models(nb)) == {"a"}


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)
def test_a_deck_loads_nothing_from_elsewhere_and_changes_no_chapter(path):
    notebook, before = (nbformat.read(path, as_version=4) for _ in range(2))
    page = decks.render(f"chapters/{path.stem}", notebook)
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
    assert notebook == before


def test_make_slides_renders_the_executed_chapters(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(places, "ROOT", tmp_path)
    monkeypatch.setattr(places, "BUILD", tmp_path / "_build")
    did = new_output("stream", text="what it did")
    chapters = {"chapters/one": new_notebook(cells=[own("Two"), code("f(1)", [did])])}
    kept = {name: (nb, {}, "key") for name, nb in chapters.items()}
    monkeypatch.setattr(execute, "execute_all", lambda committed: kept)
    monkeypatch.setattr("sys.argv", ["tools.book", "slides"])
    assert __main__.main() == 0
    page = tmp_path / "_build" / "html" / "slides" / "one.html"
    assert "what it did" in page.read_text(encoding="utf-8")


def test_decks_are_built_only_when_something_changed(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(places, "ROOT", tmp_path)
    monkeypatch.setattr(places, "BUILD", tmp_path / "_build")
    chapters = {"chapters/one": new_notebook(cells=[own("One\n\nWhy?")])}

    def built():
        decks.build_decks(chapters, tmp_path)
        return capsys.readouterr().out

    assert "1 of 1 decks" in built()
    folder = tmp_path / "_build" / "html"
    assert (folder / "slides" / "reveal" / "dist" / "reveal.js").is_file()
    assert (folder / "_static" / "mathjax" / "tex-chtml.js").is_file()
    assert "0 of 1 decks" in built()
    chapters["chapters/one"].cells[0].source = "<!-- How? -->"
    assert "1 of 1 decks" in built()
    chapters["chapters/page"] = new_notebook(cells=[text("# A page of reference")])
    chapters["chapters/two"] = chapters.pop("chapters/one")
    assert "1 of 1 decks" in built()
    assert [p.name for p in (folder / "slides").glob("*.html")] == ["two.html"]


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
