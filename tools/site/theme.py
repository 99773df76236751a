"""What the theme and Sphinx put into every page, and ours do without."""

import re
from pathlib import Path

from tools.book.places import BuildError

# Firefox fetches ahead what such a link names, hundreds of kilobytes that nobody may read; and the
# policy of the pages, which allows nothing that they do not need, makes it report an error.
NEXT = re.compile(r'\s*<link rel="next"[^>]*>')
# The theme loads the search everywhere, to search while a reader types, which we do not use. Sphinx
# then takes every page for the one that lists what was found, and marks the words on none.
SEARCH = re.compile(
    r'\s*<script src="[^"]*(?:_static/searchtools|_static/language_data|searchindex)\.js[^"]*">'
    r"</script>"
)
# The formulas' scripts, a quarter of a megabyte when packed, stand on pages without formulas too.
MATHJAX = re.compile(
    r"\s*<script>window\.MathJax = [^\n]*</script>"
    r'|\s*<script [^>]*src="[^"]*tex-chtml\.js"></script>'
)
FORMULA = re.compile(r'class="[^"]*\b(?:math|tex2jax_process)\b')
SEARCH_SCRIPTS = 3
SEARCH_PAGE = "search.html"


def without_extras(name: str, page: str) -> str:
    """Take what it does without out of a page, of which `name` is the place in the site.

    Raises:
        BuildError: the theme writes the search in another way than it used to.
    """
    page = NEXT.sub("", page)
    if not FORMULA.search(page):
        page = MATHJAX.sub("", page)
    if name == SEARCH_PAGE:
        return page
    page, found = SEARCH.subn("", page)
    if found not in (0, SEARCH_SCRIPTS):
        raise BuildError(
            f"{name} has {found} of the {SEARCH_SCRIPTS} scripts of the theme's search: see "
            "tools/site/theme.py"
        )
    return page


def without_extras_in(site: Path, pages: list[Path]) -> None:
    """Take what they do without out of `pages` of the folder `site`."""
    for path in pages:
        page = path.read_text(encoding="utf-8")
        lighter = without_extras(path.relative_to(site).as_posix(), page)
        if lighter != page:
            path.write_text(lighter, encoding="utf-8")
