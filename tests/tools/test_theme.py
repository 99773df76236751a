"""What the theme puts into every page, and ours do without."""

import pytest

from tools.book.places import BuildError
from tools.site import theme

HEAD = """<link rel="search" title="Search" href="../search.html" />
    <link rel="next" title="3. Stacking" href="stacked.html" />
    <link rel="prev" title="1. Scratch" href="scratch.html" />"""
SEARCH = """
    <script src="../_static/searchtools.js"></script>
    <script src="../_static/language_data.js?v=1"></script>
    <script src="../searchindex.js"></script>"""
HIGHLIGHT = '\n<script src="../_static/sphinx_highlight.js?v=2"></script>'


def test_no_page_is_fetched_ahead():
    page = theme.without_extras("chapters/two.html", HEAD)
    assert "next" not in page and "stacked" not in page
    assert 'rel="prev"' in page and 'rel="search"' in page


def test_only_the_search_page_searches():
    page = HEAD + SEARCH + HIGHLIGHT
    light = theme.without_extras("chapters/two.html", page)
    assert "<script" in light and light.count("<script") == 1 and HIGHLIGHT in light
    assert SEARCH in theme.without_extras("search.html", page)


def test_without_extras_once_is_without_them_for_good():
    once = theme.without_extras("index.html", HEAD + SEARCH)
    assert theme.without_extras("index.html", once) == once


def test_another_theme_is_noticed():
    with pytest.raises(BuildError, match="index.html has 2 of the 3 scripts"):
        theme.without_extras("index.html", SEARCH.replace("searchindex.js", "index.js"))


MATHJAX = """<script>window.MathJax = {"tex": {"tags": "none"}}</script>
    <script defer="defer" src="../_static/mathjax/tex-chtml.js"></script>"""


def test_a_page_without_formulas_loads_nothing_for_them():
    page = HEAD + "\n    " + MATHJAX + HIGHLIGHT + "<p class='math'>"
    assert "MathJax" not in (light := theme.without_extras("chapters/two.html", page))
    assert "mathjax" not in light and HIGHLIGHT in light
    for formula in ('<span class="math notranslate">', '<div class="amsmath math">'):
        assert MATHJAX in theme.without_extras("chapters/two.html", page + formula)
