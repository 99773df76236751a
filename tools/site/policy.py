"""The Content Security Policy of every page: what a browser may load and run there.

It stands in the page itself, so that it holds on any host, and from a memory stick too. Inline
scripts are allowed by their hashes, one by one; nothing may be evaluated from a string.
"""

import base64
import hashlib
import re
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path

SOURCES = {
    "default-src": "'none'",
    # blob: a widget's module is a text inside the page, of which widget-host.js makes a Blob.
    "script-src": "'self' blob:",
    "worker-src": "blob:",  # learning in the page runs the same Blob in a Worker
    # MathJax, reveal.js and the widgets write style sheets and attributes as they go.
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data:",  # the theme's small icons, and the figures on slides
    "font-src": "'self'",
    "connect-src": "'self'",  # the search reads the pages it found; MathJax its rules for speech
    "frame-src": "'self'",  # the speaker's window shows two slides
    "form-action": "'self'",
    "base-uri": "'none'",
}
JAVASCRIPT = {None, "", "module", "text/javascript", "application/javascript"}
CHARSET = re.compile(r'<meta charset="utf-8"\s*/?>')
META = re.compile(r'\s*<meta http-equiv="Content-Security-Policy"[^>]*>')


class InlineScripts(HTMLParser):
    """The scripts of one page that stand in it: whole ones, and those in attributes."""

    def __init__(self, page: str):
        super().__init__()
        self.scripts: list[str] = []
        self.handlers: list[str] = []
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        known = dict(attributes)
        self.handlers += [v for k, v in attributes if k.startswith("on") and v]
        self._inside = tag == "script" and "src" not in known and known.get("type") in JAVASCRIPT
        if self._inside:
            self.scripts.append("")

    def handle_data(self, data):
        if self._inside:
            self.scripts[-1] += data

    def handle_endtag(self, tag):
        self._inside = False


def policy(page: str, *windows: str, handlers: Iterable[str] = ()) -> str:
    """Write the policy of a page that may open `windows`, pages that inherit it.

    `handlers` are scripts in attributes that it allows besides its own.
    """
    found = [InlineScripts(text) for text in (page, *windows)]
    scripts = {source(text) for one in found for text in one.scripts}
    attributes = {source(text) for one in found for text in one.handlers} | set(
        map(source, handlers)
    )
    allowed = [*sorted(scripts | attributes), *(["'unsafe-hashes'"] if attributes else [])]
    sources = SOURCES | {"script-src": " ".join([SOURCES["script-src"], *allowed])}
    return "; ".join(f"{name} {value}" for name, value in sources.items())


def source(script: str) -> str:
    """Name a script by its hash, as a policy does."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def protect(page: str, *windows: str, handlers: Iterable[str] = ()) -> str:
    """Put its policy into a page, or a new one in place of the old; arguments as for `policy`.

    It comes after the character set, which browsers look for in the first 1024 bytes.
    Raises ValueError when the page does not say `<meta charset="utf-8">`.
    """
    page = META.sub("", page, count=1)
    charset = CHARSET.search(page)
    if not charset:
        raise ValueError(f'no <meta charset="utf-8"> in the page that begins {page[:60]!r}')
    content = policy(page, *windows, handlers=handlers)
    meta = f'\n<meta http-equiv="Content-Security-Policy" content="{content}">'
    return page[: charset.end()] + meta + page[charset.end() :]


def pages_of(folder: Path) -> list[Path]:
    """List the pages that Sphinx has written to a site: all but the decks."""
    return [
        path
        for path in sorted(folder.rglob("*.html"))
        if path.relative_to(folder).parts[0] not in ("_static", "slides")
    ]


def protect_pages(folder: Path) -> None:
    """Protect every page of the site in `folder`, except the decks: decks.py does it."""
    pages = {path: path.read_text(encoding="utf-8") for path in pages_of(folder)}
    # The search page reads the pages that it found; a browser then judges their buttons as its own.
    handlers = {script for page in pages.values() for script in InlineScripts(page).handlers}
    for path, page in pages.items():
        protected = protect(page, handlers=handlers)
        if protected != page:
            path.write_text(protected, encoding="utf-8")
