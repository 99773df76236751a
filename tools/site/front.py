"""The chapters on the front page: each with its title, a picture that it draws, and a few words.

In index.md stands, for each chapter in their order:

    ```{chapter} chapters/rnn-from-scratch
    :picture: fig-states
    What it is about.
    ```

The picture is the figure of that name in the chapter's outputs, made small.
"""

import base64
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from nbformat import NotebookNode
from PIL import Image
from sphinx.addnodes import pending_xref
from sphinx.util.docutils import SphinxDirective

from tools.book.places import BuildError

PAGE, FOLDER = "index.md", "pictures"
CARD = re.compile(r"^```\{chapter\} (?P<chapter>\S+)\n:picture: (?P<figure>\S+)$", re.MULTILINE)
PDF = "book.pdf"  # of the whole book, in the site's folder once it is made (tools/paper)
PLACE_OF_PDF = re.compile(r'<p id="charlm-pdf"[^>]*>.*?</p>')
NO_PDF = '<p id="charlm-pdf" hidden></p>'
WIDTH = 480  # pixels of a picture: a card is at most two thirds as wide
KINDS = {"image/svg+xml": "svg", "image/png": "webp"}  # of a figure, and of its small picture


def cards(page: str) -> dict[str, str]:
    """List the chapters that the front page shows, each with the name of its figure."""
    return {card["chapter"]: card["figure"] for card in CARD.finditer(page)}


def figure(chapter: str, nb: NotebookNode, name: str) -> tuple[str, str, str]:
    """Find a figure of a chapter: its kind, its content as Jupyter keeps it, and its words.

    Raises:
        BuildError: no cell of the chapter draws it.
    """
    for cell in nb.cells:
        of_site = cell.metadata.get("mystnb", {})
        if of_site.get("figure", {}).get("name") != name:
            continue
        for output in cell.get("outputs", []):
            for kind in KINDS:
                if kind in output.get("data", {}):
                    return kind, output.data[kind], of_site["image"]["alt"]
    raise BuildError(f"{PAGE} shows {name}, and no cell of {chapter}.ipynb draws it")


def small(kind: str, content: str) -> bytes:
    """Make a picture of a figure: a drawing as it is, pixels fewer and packed."""
    if kind == "image/svg+xml":
        return content.encode()
    image = Image.open(io.BytesIO(base64.b64decode(content))).convert("RGBA")
    image.thumbnail((WIDTH, WIDTH), Image.Resampling.LANCZOS)
    packed = io.BytesIO()
    image.save(packed, "WEBP", quality=75, method=6)
    return packed.getvalue()


def shown(chapters: Mapping[str, NotebookNode], page: str) -> Iterator[tuple[str, str, bytes, str]]:
    """Give each chapter on the front page, with its picture's place, content and words.

    Raises:
        BuildError: the page shows a chapter that is not there, or a figure that it does not draw.
    """
    for chapter, name in cards(page).items():
        if chapter not in chapters:
            raise BuildError(f"{PAGE} shows {chapter}, which _toc.yml does not list")
        kind, content, words = figure(chapter, chapters[chapter], name)
        place = f"{FOLDER}/{chapter.rpartition('/')[2]}.{KINDS[kind]}"
        yield chapter, place, small(kind, content), words


def staged(chapters: Mapping[str, NotebookNode], page: str) -> dict[str, bytes]:
    """Give the front page with its pictures, as files of the site's sources.

    Args:
        chapters: with their outputs, by name.
        page: the front page as committed.
    """
    files, at = {}, {}
    for chapter, place, content, words in shown(chapters, page):
        files[place] = content
        at[chapter] = f":file: {place}\n:alt: {' '.join(words.split())}"
    with_files = CARD.sub(lambda card: f"{card[0]}\n{at[card['chapter']]}", page)
    return {PAGE: with_files.encode(), **files}


def link_pdf(site: Path) -> None:
    """Let the front page of a site lead to its PDF.

    Raises:
        BuildError: the page has no place for it.
    """
    index = site / "index.html"
    size = (site / PDF).stat().st_size / 1e6
    link = f'<a href="{PDF}">The whole book as one PDF</a> ({size:.1f} MB)'
    text = index.read_text(encoding="utf-8")
    page, found = PLACE_OF_PDF.subn(f'<p id="charlm-pdf">{link}</p>', text)
    if not found:
        raise BuildError(f"{PAGE} has no {NO_PDF}, in which the PDF is linked")
    index.write_text(page, encoding="utf-8")


def forget_pdf(site: Path) -> None:
    """Remove the PDF of an older site; Sphinx has written the front page anew, without its link."""
    (site / PDF).unlink(missing_ok=True)


class ChapterCard(SphinxDirective):
    """A chapter on the front page: picture, title with a link, and the words of the directive."""

    has_content = True
    required_arguments = 1
    option_spec: ClassVar[dict] = {
        "picture": directives.unchanged_required,
        "file": directives.path,
        "alt": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """Make the card."""
        card = nodes.container(classes=["charlm-chapter"])
        card += nodes.image(uri=self.options["file"], alt=self.options["alt"], loading="lazy")
        link = pending_xref(
            "",
            nodes.inline("", "", classes=["doc"]),
            refdomain="std",
            reftype="doc",
            reftarget=f"/{self.arguments[0]}",
            refexplicit=False,
            refwarn=True,
            refdoc=self.env.docname,
        )
        card += nodes.paragraph("", "", link, classes=["charlm-title"])
        self.state.nested_parse(self.content, self.content_offset, card)
        return [card]
