"""Sphinx extension of the book's site: MathJax from our own host, buttons above the text, roles
that a screen reader understands, the glossary's definitions beside its words, and a Content
Security Policy in every page."""

from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.fileutil import copy_asset_file

from tools.book import changed, places
from tools.book.roles import read
from tools.book.slide_only import has_slides
from tools.mime import WIDGET_VIEW
from tools.site import code, figures, front, icons, licences, parts, policy, terms, theme
from tools.wheels import mathjax_files


def copy_mathjax(app: Sphinx, error: Exception | None) -> None:
    """Copy the MathJax files to `_static/mathjax` after a successful HTML build."""
    if error is None and app.builder.format == "html":
        for source, place in mathjax_files():
            target = Path(app.outdir, "_static", "mathjax", place)
            target.parent.mkdir(parents=True, exist_ok=True)
            copy_asset_file(str(source), str(target))


def copy_licences(app: Sphinx, error: Exception | None) -> None:
    """Put the licences of what the site ships into it after a successful HTML build."""
    if error is None and app.builder.format == "html":
        licences.copy_texts(Path(app.outdir))


def finish_pages(app: Sphinx, error: Exception | None) -> None:
    """Mend every page, and protect it by a policy, after a successful HTML build."""
    if error is None and app.builder.format == "html":
        site = Path(app.outdir)
        pages = policy.pages_of(site)
        icons.draw_in(site, pages)
        theme.without_extras_in(site, pages)
        terms.explain_words(site)
        parts.share_in(site, pages)
        figures.lighten(site, pages)
        code.plain_in(pages)
        policy.protect_pages(site)
        (site / ".nojekyll").touch()  # or GitHub Pages leaves out what begins with an underscore


def explain_widgets(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Say below each widget, to a reader whose browser runs no scripts, what should be there."""
    for node in list(doctree.findall(nodes.raw)):
        if WIDGET_VIEW in node.astext():
            text = "<noscript><p>This figure is interactive: it needs JavaScript.</p></noscript>"
            node.parent.insert(node.parent.index(node) + 1, nodes.raw("", text, format="html"))


def link_slides(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    """Put a button that opens the chapter's slides first among those above its text."""
    if page.startswith("chapters/") and has_slides(read(places.notebook(page))):
        button = {
            "type": "link",
            "url": context["pathto"](f"slides/{page.partition('/')[2]}.html", 1),
            "icon": "fas fa-person-chalkboard",
            "tooltip": "Slides of this chapter",
            "label": "slides-button",
        }
        context["header_buttons"].insert(0, button)


def launch_chapters_only(
    app: Sphinx, page: str, template: str, context: dict, doctree: object
) -> None:
    """Offer Colab for chapters alone: the front page has a cell too, but is no notebook."""
    if not page.startswith("chapters/"):
        buttons = context.get("header_buttons", [])
        buttons[:] = [b for b in buttons if b.get("label") != "launch-buttons"]


def mend_roles(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    """Make the entries of the bibliography items of its list.

    Sphinx gives them the role `doc-biblioentry`, which ARIA has since withdrawn: the list would be
    one without items.
    """
    if "body" in context:
        context["body"] = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')


def setup(app: Sphinx) -> dict:
    """Register the extension with Sphinx."""
    # Sphinx writes every page anew when this value changes: it changes with the files beside this.
    key = changed.key_of(places.files_below("tools/site"))
    app.add_config_value("charlm_site_key", key, "html")
    app.add_directive("chapter", front.ChapterCard)
    app.connect("doctree-resolved", explain_widgets)
    app.connect("html-page-context", mend_roles)
    for buttons in (link_slides, launch_chapters_only):  # the theme has filled the list at 501
        app.connect("html-page-context", buttons, priority=502)
    app.connect("build-finished", copy_mathjax)
    app.connect("build-finished", copy_licences)
    app.connect("build-finished", finish_pages)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
