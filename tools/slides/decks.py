"""Render the chapters as reveal.js decks in the folder `slides` of the built site."""

import json
import re
import shutil
from importlib import metadata
from pathlib import Path

from nbconvert.exporters import SlidesExporter
from nbformat import NotebookNode
from traitlets.config import Config

from tools.book.execute import digest
from tools.book.stage import ROOT, BuildError
from tools.site.extension import mathjax_files
from tools.site.policy import protect
from tools.slides.rule import deck_cells
from tools.slides.text import References, collect

HERE = Path(__file__).resolve().parent
SITE = HERE.parent / "site"
OURS = (HERE / "deck/deck.css", HERE / "deck/deck.js", SITE / "widget-host.js")
RULE = (
    "rule.py",
    "parts.py",
    "text.py",
    "decks.py",
    "../site/policy.py",
    "deck/index.html.j2",
    "deck/conf.json",
)
WHEEL = "sphinx-revealjs"  # used only for the copy of reveal.js that it carries
REVEAL = (
    "LICENSE",
    "dist/reset.css",
    "dist/reveal.css",
    "dist/reveal.js",
    "dist/theme/white.css",
    "dist/theme/fonts/source-sans-pro/LICENSE",
    "dist/theme/fonts/source-sans-pro/source-sans-pro.css",
    "dist/theme/fonts/source-sans-pro/*.woff",
    "plugin/notes/notes.js",
)


def reveal_files() -> list[tuple[Path, str]]:
    """Find reveal.js in the installed wheel: pairs of a file on disk and its place in the site.

    Raises BuildError if the wheel is missing or lacks one of the files.
    """
    try:
        files = metadata.files(WHEEL) or []
    except metadata.PackageNotFoundError as error:
        message = f"{WHEEL} is not installed: run `make slides`, or pip install it"
        raise BuildError(message) from error
    found = []
    for pattern in REVEAL:
        matches = [f for f in files if f.match(f"_static/revealjs/{pattern}")]
        if not matches:
            raise BuildError(f"{WHEEL} {metadata.version(WHEEL)} has no file {pattern}")
        found += [(Path(f.locate()), f.as_posix().split("/revealjs/", 1)[1]) for f in matches]
    return found


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
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.is_file() or target.read_bytes() != source.read_bytes():
            shutil.copyfile(source, target)


def render(name: str, chapter: NotebookNode, references: References) -> str:
    """Return the page of a chapter's deck."""
    short = Path(name).name
    deck = NotebookNode(chapter)
    deck.cells = with_anchors(deck_cells(chapter, references))
    exporter = SlidesExporter(
        template_name="deck",
        extra_template_basedirs=[str(HERE)],
        exclude_anchor_links=True,
        config=Config({"CSSHTMLHeaderPreprocessor": {"style": "a11y-high-contrast-light"}}),
    )
    title = references.titles.get(short, short)
    page, _ = exporter.from_notebook_node(deck, resources={"deck": {"name": short, "title": title}})
    return protect(page, speaker_window())


def with_anchors(cells: list[NotebookNode]) -> list[NotebookNode]:
    """Let every cell know the chapter's section that its slide belongs to."""
    anchor = ""
    for cell in cells:
        if cell.metadata.deck.get("role") == "title":
            anchor = cell.metadata.deck["anchor"]
        cell.metadata.deck["anchor"] = anchor
    return cells


def build_decks(chapters: dict[str, NotebookNode], parent: Path) -> None:
    """Write the decks that changed to `parent`/_build/html/slides."""
    html, record = parent / "_build" / "html", parent / "_build" / "slides.json"
    copy_assets(html)
    references = collect(chapters, ROOT / "pages" / "references.bib")
    files = [*(HERE / name for name in RULE), ROOT / "requirements.txt"]
    rule = digest(*[path.read_bytes() for path in files], repr(references).encode())
    known = json.loads(record.read_text(encoding="utf-8")) if record.is_file() else {}
    keys, built = {}, 0
    for name, chapter in chapters.items():
        page = html / "slides" / f"{Path(name).name}.html"
        keys[name] = digest(rule.encode(), json.dumps(chapter, sort_keys=True).encode())
        if known.get(name) != keys[name] or not page.is_file():
            page.write_text(render(name, chapter, references), encoding="utf-8")
            built += 1
    for stale in {p.name for p in (html / "slides").glob("*.html")} - {
        f"{Path(name).name}.html" for name in chapters
    }:
        (html / "slides" / stale).unlink()
    record.write_text(json.dumps(keys), encoding="utf-8")
    print(f"Slides: {built} of {len(chapters)} decks built")
