"""The Content Security Policy that the build writes into every page."""

import base64
import hashlib
import json
import re

import pytest

from tools.book.places import BuildError
from tools.site import policy
from tools.slides import decks

PAGE = """<!DOCTYPE html><html><head>
<meta charset="utf-8" />
<script>let a = "<b>";</script><script src="b.js"></script>
<script type="application/vnd.jupyter.widget-state+json">{"c": 1}</script>
</head><body><p>text</p><button onclick="print(&quot;d&quot;)">e</button></body></html>"""


def hashed(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def sources(page: str, name: str = "script-src") -> list[str]:
    (content,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', page)
    directives = {key: values for key, *values in map(str.split, content.split(";"))}
    return directives[name]


def test_own_inline_scripts_are_allowed_one_by_one():
    page = policy.protect(PAGE)
    own = {hashed('let a = "<b>";'), hashed('print("d")')}
    assert set(sources(page)) == {"'self'", "blob:", "'unsafe-hashes'", *own}
    assert page.index("charset") < page.index("Content-Security-Policy") < page.index("<script")
    assert policy.META.sub("", page) == PAGE


def test_nothing_is_allowed_that_nobody_needs():
    page = policy.protect(PAGE.replace(' onclick="print(&quot;d&quot;)"', ""))
    assert "unsafe-hashes" not in page and "unsafe-eval" not in page and "*" not in page
    assert sources(page, "default-src") == ["'none'"]
    for name, value in policy.SOURCES.items():
        assert "http" not in value and ("unsafe-inline" not in value or name == "style-src")


def test_protecting_again_follows_the_page():
    once = policy.protect(PAGE)
    assert policy.protect(once) == once
    changed = policy.protect(once.replace("let a", "const a"))
    assert hashed('const a = "<b>";') in sources(changed)
    assert hashed('let a = "<b>";') not in sources(changed)


def test_a_window_inherits_the_policy():
    window = '<script>open("f")</script>'
    assert hashed('open("f")') in sources(policy.protect(PAGE, window))


def test_a_page_without_a_character_set_is_refused():
    with pytest.raises(ValueError, match="in the page that begins '<html><head>"):
        policy.protect("<html><head><title>g</title></head></html>")


def test_all_pages_of_a_site_but_the_decks_are_protected(tmp_path):
    other = PAGE.replace("print(&quot;d&quot;)", "h()")
    places = {"index.html": PAGE, "chapters/one.html": other, "slides/one.html": PAGE}
    for place, text in (places | {"_static/part.html": "{% macro %}"}).items():
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_text(text)
    policy.protect_pages(tmp_path)
    for place in ("index.html", "chapters/one.html"):
        handlers = {hashed('print("d")'), hashed("h()")}
        assert handlers <= set(sources((tmp_path / place).read_text()))
    assert (tmp_path / "slides/one.html").read_text() == PAGE


def test_the_speakers_window_is_found_in_the_script_that_writes_it(monkeypatch, tmp_path):
    window = decks.speaker_window()
    assert window.startswith("<!--") and window.rstrip().endswith("</html>")
    assert len(policy.InlineScripts(window).scripts) == 1
    notes = tmp_path / "notes.js"
    notes.write_text(f"document.write({json.dumps('<b>')})".replace("<", r"\x3c"))
    monkeypatch.setattr(decks, "reveal_files", lambda: [(notes, "plugin/notes/notes.js")])
    assert decks.speaker_window() == "<b>"
    notes.write_text("document.body.append(1)")
    with pytest.raises(BuildError, match="notes.js does not write the speaker's window"):
        decks.speaker_window()
