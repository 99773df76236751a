"""The definitions that the build puts into every page that uses the glossary's words."""

import re

import pytest

from tools.site import terms

GLOSSARY = """<article><dl class="simple glossary">
<dt id="term-Adam">Adam<a class="headerlink" href="#term-Adam">#</a></dt>\
<dt id="term-AdamW">AdamW<a class="headerlink" href="#term-AdamW">#</a></dt>\
<dd><p>Divides by <span class="math">\\(v\\)</span>. See \
<a class="reference internal" href="api.html">API</a> and \
<a class="reference internal" href="../chapters/big.html#adam" id="id7">Adam</a>.</p>
</dd>
<dt id="term-state">state<a class="headerlink" href="#term-state">#</a></dt>\
<dd><p>What <a class="reference internal" href="#term-Adam"><span class="xref std std-term">\
Adam</span></a> changes; <a class="reference external" href="https://example.org/a">more</a>.</p></dd>
</dl></article>"""


def word(page, name, shown):
    link = f'<a class="reference internal" href="{page}#term-{name}">'
    return f'{link}<span class="xref std std-term">{shown}</span></a>'


CHAPTER = (
    "<article><p>"
    + word("../pages/glossary.html", "state", "states")
    + word("../pages/glossary.html", "AdamW", "AdamW")
    + word("../pages/glossary.html", "state", "state")
    + "</p></article><footer></footer>"
)


@pytest.fixture
def site(tmp_path):
    for name, text in {
        "pages/glossary.html": GLOSSARY,
        "chapters/one.html": CHAPTER,
        "index.html": CHAPTER.replace("../pages", "pages"),
        "slides/one.html": CHAPTER,
        "chapters/none.html": "<p>no word</p>",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    terms.explain_words(tmp_path)
    return {p.relative_to(tmp_path).as_posix(): p.read_text() for p in tmp_path.rglob("*.html")}


def tips(page):
    return dict(
        re.findall(r'<div popover="manual" class="charlm-term" id="(.*?)">(.*?)</div>', page, re.S)
    )


def test_each_word_names_its_definition_which_is_there_once(site):
    page = site["chapters/one.html"]
    described = re.findall(r'aria-describedby="([^"]*)" href="([^"]*)"', page)
    assert described == [
        ("charlm-term-state", "../pages/glossary.html#term-state"),
        ("charlm-term-AdamW", "../pages/glossary.html#term-AdamW"),
        ("charlm-term-state", "../pages/glossary.html#term-state"),
    ]
    found = tips(page)
    assert list(found) == ["charlm-term-state", "charlm-term-AdamW"]
    assert found["charlm-term-state"].startswith('<p class="charlm-word">state</p><p>What ')
    assert found["charlm-term-AdamW"].startswith('<p class="charlm-word">AdamW</p><p>Divides by ')
    assert page.index("charlm-terms") < page.index("</article>")


@pytest.mark.parametrize(
    ("path", "links"),
    [
        ("chapters/one.html", ["../pages/api.html", "big.html#adam"]),
        ("index.html", ["pages/api.html", "chapters/big.html#adam"]),
    ],
)
def test_the_links_of_a_definition_lead_to_the_same_places_from_any_page(site, path, links):
    found = tips(site[path])
    assert re.findall(r'href="([^"]*)"', found["charlm-term-AdamW"]) == links
    assert 'id="' not in found["charlm-term-AdamW"]
    assert 'href="https://example.org/a"' in found["charlm-term-state"]


def test_the_glossary_explains_its_own_words_and_pages_without_words_stay(site):
    assert list(tips(site["pages/glossary.html"])) == ["charlm-term-Adam"]
    assert site["chapters/none.html"] == "<p>no word</p>"
    assert site["slides/one.html"] == CHAPTER  # a deck has no article and no script for it


def test_a_page_that_was_not_written_anew_gets_the_present_definitions(site):
    place, known = "chapters/one.html", terms.definitions(site["pages/glossary.html"])
    assert terms.explain(site[place], place, known) == site[place]
    known["term-state"] = ("state", "<p>Another one.</p>")
    again = tips(terms.explain(site[place], place, known))
    assert again["charlm-term-state"] == '<p class="charlm-word">state</p><p>Another one.</p>'
    assert len(again) == 2


def test_what_cannot_be_explained_is_named():
    with pytest.raises(ValueError, match="a.html: term-loss is not in the glossary"):
        terms.explain(word("b.html", "loss", "loss") + "</article>", "a.html", {})
    with pytest.raises(ValueError, match="a.html: no </article>"):
        terms.explain(word("b.html", "loss", "loss"), "a.html", {"term-loss": ("loss", "")})
    with pytest.raises(ValueError, match="defines no word"):
        terms.definitions("<article></article>")
