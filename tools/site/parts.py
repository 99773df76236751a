"""Large parts of pages as files of the site: a chapter and its deck share them.

These are the scripts, style sheets and weights of widgets, and the figures on slides. What several
widgets have in their scripts, and a network that several of them show, is a part of its own. A part
is a script that hands over its content packed, as letters, since a page on a disk may load no other
kind of file.
"""

import base64
import functools
import hashlib
import json
import re
import zlib
from pathlib import Path

from tools.book.places import BuildError
from tools.mime import WIDGET_STATE
from tools.site.figures import lighter, name_of

FOLDER = "_static/widgets"
LONG = 1000  # characters; what is shorter stays in the page
STATE = re.compile(rf'(<script type="{re.escape(WIDGET_STATE)}">)(.*?)(</script>)', re.DOTALL)
HOST = re.compile(r'[ \t]*<script [^>]*src="[^"]*widget-host\.js')
USED = re.compile(rf"{FOLDER}/([0-9a-f]+)\.js")
FIGURE = re.compile(r'src="data:image/(?P<kind>png|svg)[^,"]*;base64,(?P<data>[^"]*)"')


def share_widgets(page: str, up: str) -> tuple[str, dict[str, bytes]]:
    """Take the long parts of its widgets out of a page.

    Args:
        page: the page, as HTML.
        up: leads from the page to the site's folder: "", or "../".

    Returns:
        The page, which loads the parts before widget-host.js puts them back, and the parts (name ->
        content).

    Raises:
        BuildError: the page does not load widget-host.js.
    """
    found = STATE.search(page)
    if not found:
        return page, {}
    state, parts = json.loads(found[2]), {}

    def shared(value, cut):
        if not isinstance(value, str) or len(value) < LONG:
            return value
        pieces = {hashlib.sha256(piece).hexdigest()[:16]: piece for piece in cut(value)}
        parts.update(pieces)
        return {"shared": list(pieces)}

    for model in state["state"].values():
        for key in ("_esm", "_css"):
            if key in model["state"]:
                model["state"][key] = shared(model["state"][key], halves)
        for buffer in model.get("buffers", []):
            buffer["data"] = shared(buffer["data"], functools.partial(networks, model["state"]))
    # No "<" may stand there: "</script>" would end the script.
    text = json.dumps(state, separators=(",", ":")).replace("<", r"\u003c")
    page = page[: found.start(2)] + text + page[found.end(2) :]
    host = HOST.search(page)
    if not host:
        raise BuildError("a page has widgets but no widget-host.js: see tools/site/parts.py")
    loads = "".join(f'<script defer src="{up}{FOLDER}/{name}.js"></script>\n' for name in parts)
    return page[: host.start()] + loads + page[host.start() :], parts


def halves(text: str) -> list[bytes]:
    """Cut a widget's script in what several widgets have and its own; a style sheet stays whole."""
    from charlm_lib.widgets import bundle  # here, since JAX comes with it

    return [half.encode() for half in bundle.halves().get(text, (text,))]


def networks(state: dict, data: str) -> list[bytes]:
    """Cut a widget's weights, in base64, between the networks that its state describes."""
    content = base64.b64decode(data)
    places = [(about["offset"], about["bytes"]) for about in state.get("models", [])]
    if sum(size for _, size in places) != len(content):
        return [content]  # no weights, but text or a record
    return [content[at : at + size] for at, size in places]


def share_figures(page: str, up: str) -> tuple[str, dict[str, bytes]]:
    """Take the figures out of a page: give it, and the figures (name -> content).

    They are the files of the same figures in the chapter.
    """
    figures = {}

    def shared(found: re.Match) -> str:
        content = base64.b64decode(found["data"])
        name = name_of(content, found["kind"])
        figures[name] = lighter(content, found["kind"])
        return f'src="{up}_images/{name}"'

    return FIGURE.sub(shared, page), figures


def write_parts(site: Path, parts: dict[str, bytes]) -> None:
    """Write parts of widgets as scripts, each of which sets its letters where the host looks."""
    (site / FOLDER).mkdir(parents=True, exist_ok=True)
    for name, content in parts.items():
        letters = base64.b64encode(zlib.compress(content, 9)).decode()
        script = f'(globalThis.charlmParts ??= {{}})["{name}"] = "{letters}";\n'
        (site / FOLDER / f"{name}.js").write_text(script, encoding="utf-8")


def share_in(site: Path, pages: list[Path]) -> None:
    """Take the long parts of widgets out of `pages` of the folder `site`."""
    for path in pages:
        page = path.read_text(encoding="utf-8")
        up = "../" * (len(path.relative_to(site).parts) - 1)
        lighter, parts = share_widgets(page, up)
        write_parts(site, parts)
        if parts:
            path.write_text(lighter, encoding="utf-8")
    remove_unused(site)


def remove_unused(site: Path) -> None:
    """Remove the parts of widgets that no page and no deck of the site loads any longer."""
    pages = [p.read_text(encoding="utf-8") for p in site.rglob("*.html")]
    used = {name for page in pages for name in USED.findall(page)}
    for path in (site / FOLDER).glob("*.js"):
        if path.stem not in used:
            path.unlink()
