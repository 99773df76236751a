"""The glossary's definitions, put into every page that uses its words.

A word of the text is a link to the glossary. Here each page gets, at its end, the definitions of
the words on it, hidden; the words name them as their descriptions, which screen readers say.
`terms.js` shows them beside the word.
"""

import posixpath
import re
from pathlib import Path

GLOSSARY = "pages/glossary.html"
BLOCK = re.compile(r'<div class="charlm-terms">.*?</div><!-- charlm-terms -->\n', re.DOTALL)
END = "</article>"  # of a page's text, which MathJax reads
_ENTRY = re.compile(r'(?P<heads>(?:<dt id="term-.*?</dt>\s*)+)<dd>(?P<body>.*?)</dd>', re.DOTALL)
_HEAD = re.compile(r'<dt id="(?P<id>term-[^"]+)">(?P<name>.*?)<a class="headerlink"', re.DOTALL)
_WORD = re.compile(
    r'<a class="reference internal" (?:aria-describedby="[^"]*" )?'
    r'href="(?P<page>[^"#]*)#(?P<id>term-[^"]+)"(?=><span class="xref std std-term">)'
)
_OWN = re.compile(r' (?:id|aria-describedby)="[^"]*"')  # what only the glossary's page has
_HREF = re.compile(r'href="(?![a-z]+:)(?P<to>[^"]*)"')


def explain_words(folder: Path) -> None:
    """Put the definitions of their words into all pages of the site in `folder`."""
    known = definitions((folder / GLOSSARY).read_text(encoding="utf-8"))
    for path in folder.rglob("*.html"):
        place = path.relative_to(folder).as_posix()
        if place.startswith(("_static/", "slides/")):
            continue
        page = path.read_text(encoding="utf-8")
        explained = explain(page, place, known)
        if explained != page:
            path.write_text(explained, encoding="utf-8")


def definitions(glossary: str) -> dict[str, tuple[str, str]]:
    """Read the glossary's built page: from the id of each word to the word and its definition.

    Raises:
        ValueError: there is none, so the page has another form than expected.
    """
    found = {
        head["id"]: (head["name"], _OWN.sub("", entry["body"]).strip())
        for entry in _ENTRY.finditer(glossary)
        for head in _HEAD.finditer(entry["heads"])
    }
    if not found:
        raise ValueError(f"{GLOSSARY} defines no word: does Sphinx write glossaries otherwise now?")
    return found


def explain(page: str, place: str, known: dict[str, tuple[str, str]]) -> str:
    """Give a page, at `place` in the site, the definitions of its words, or new ones for old.

    Raises:
        ValueError: a word is not in the glossary, or the page has words but no end of its text.
    """
    page = BLOCK.sub("", page)
    used: dict[str, None] = {}  # in the order of the text

    def describe(word: re.Match) -> str:
        if word["id"] not in known:
            raise ValueError(f"{place}: {word['id']} is not in the glossary's built page")
        used[word["id"]] = None
        link = f'href="{word["page"]}#{word["id"]}"'
        return f'<a class="reference internal" aria-describedby="charlm-{word["id"]}" {link}'

    page = _WORD.sub(describe, page)
    if not used:
        return page
    text, end, rest = page.rpartition(END)
    if not end:
        raise ValueError(f"{place}: no {END} to put the definitions of its words before")
    return text + _block(used, place, known) + end + rest


def _block(used: dict[str, None], place: str, known: dict[str, tuple[str, str]]) -> str:
    hidden = [
        f'<div popover="manual" class="charlm-term" id="charlm-{word}">'
        f'<p class="charlm-word">{name}</p>{_from(place, body)}</div>'
        for word, (name, body) in ((word, known[word]) for word in used)
    ]
    return '<div class="charlm-terms">\n' + "\n".join(hidden) + "\n</div><!-- charlm-terms -->\n"


def _from(place: str, body: str) -> str:
    """Give a part of the glossary with its links as they lead from another place."""

    def rebase(link: re.Match) -> str:
        path, mark, anchor = link["to"].partition("#")
        target = posixpath.join(posixpath.dirname(GLOSSARY), path) if path else GLOSSARY
        away = posixpath.relpath(target, posixpath.dirname(place) or ".")
        return f'href="{away}{mark}{anchor}"'

    return _HREF.sub(rebase, body)
