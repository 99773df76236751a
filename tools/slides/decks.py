"""Render the chapters as reveal.js decks in the folder `slides` of the built site."""

import json
import re
from pathlib import Path

from nbconvert.exporters import SlidesExporter
from nbformat import NotebookNode
from traitlets.config import Config

from tools.book import changed, places
from tools.book.normalise import family, shown_models
from tools.book.places import BuildError
from tools.book.scripts import with_scripts
from tools.book.slide_only import has_slides
from tools.mime import saved_models
from tools.site import code, parts
from tools.site.policy import protect
from tools.slides.cells import deck_cells
from tools.wheels import mathjax_files, reveal_files

HERE = Path(__file__).resolve().parent
SITE = HERE.parent / "site"
OURS = (HERE / "deck/deck.css", HERE / "deck/deck.js", SITE / "widget-host.js")
# What a deck is made with, besides its chapter.
MADE_WITH = ("tools", "charlm_lib/widgets", "requirements.txt")
# The theme's line for its typeface, which a deck links itself: Chromium, fetching ahead, sometimes
# reads the address as one beside the deck.
IMPORT = re.compile(rb"^@import [^;]*;\n", re.MULTILINE)


def speaker_window() -> str:
    """Return the page that reveal.js writes into the speaker's window: it stands in its script.

    Raises BuildError when the script has another form.
    """
    (notes,) = (path for path, place in reveal_files() if place == "plugin/notes/notes.js")
    text = re.search(r'document\.write\(("(?:[^"\\]|\\.)*")\)', notes.read_text(encoding="utf-8"))
    if not text:
        raise BuildError(f"{notes} does not write the speaker's window as it used to: see decks.py")
    return json.loads(text[1].replace("\\x", "\\u00"))


def copy_assets(html: Path) -> None:
    """Copy what all decks load: reveal.js, MathJax, the widget host and the decks' own files."""
    places = [(source, html / "slides" / "reveal" / place) for source, place in reveal_files()]
    places += [(source, html / "_static" / "mathjax" / place) for source, place in mathjax_files()]
    places += [(path, html / "slides" / path.name) for path in OURS]
    places += [(SITE / "favicon.svg", html / "_static" / "favicon.svg")]
    for source, target in places:
        content = source.read_bytes()
        if source.suffix == ".css":
            content = IMPORT.sub(b"", content)
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.is_file() or target.read_bytes() != content:
            target.write_bytes(content)


def render(name: str, chapter: NotebookNode) -> str:
    """Return the page of a chapter's deck."""
    deck = with_scripts(name, NotebookNode(chapter))
    deck.cells = deck_cells(chapter)
    drop_widgets_not_shown(deck)
    exporter = SlidesExporter(
        template_name="deck",
        extra_template_basedirs=[str(HERE)],
        exclude_anchor_links=True,
        config=Config({"CSSHTMLHeaderPreprocessor": {"style": "a11y-high-contrast-light"}}),
    )
    about = {"name": Path(name).name, "title": deck.cells[0].metadata.deck["title"]}
    page, _ = exporter.from_notebook_node(deck, resources={"deck": about})
    return protect(code.plain(page), speaker_window())


def drop_widgets_not_shown(deck: NotebookNode) -> None:
    """Leave a deck only the state of its own widgets, not that of all of its chapter."""
    state = saved_models(deck)
    shown = {
        model
        for cell in deck.cells
        for root in shown_models(cell.get("outputs", []))
        for model in family(root, state)
    }
    for model in set(state) - shown:
        del state[model]


def with_files(page: str, html: Path) -> str:
    """Move what a deck shares with its chapter into files of the site `html`, and give the rest."""
    page, figures = parts.share_figures(page, "../")
    page, scripts = parts.share_widgets(page, "../")
    parts.write_parts(html, scripts)
    (html / "_images").mkdir(exist_ok=True)
    for name, content in figures.items():
        (html / "_images" / name).write_bytes(content)
    return page


def build_decks(chapters: dict[str, NotebookNode], parent: Path) -> None:
    """Write the decks that changed to `parent`/_build/html/slides."""
    html = parent / "_build" / "html"
    chapters = {name: chapter for name, chapter in chapters.items() if has_slides(chapter)}
    copy_assets(html)
    rule = changed.key_of(places.files_below(*MADE_WITH))
    built = 0
    for name, chapter in chapters.items():
        page = html / "slides" / f"{Path(name).name}.html"
        noted = f"deck in {changed.place(parent)}: {name}"
        key = changed.key_of([], rule, json.dumps(chapter, sort_keys=True))
        if not changed.is_same(noted, key) or not page.is_file():
            page.write_text(with_files(render(name, chapter), html), encoding="utf-8")
            changed.note(noted, key)
            built += 1
    for stale in {p.name for p in (html / "slides").glob("*.html")} - {
        f"{Path(name).name}.html" for name in chapters
    }:
        (html / "slides" / stale).unlink()
    parts.remove_unused(html)
    print(f"Slides: {built} of {len(chapters)} decks built")
