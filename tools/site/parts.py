"""Large parts of pages as files of the site: a chapter and its deck share them.

These are the scripts, style sheets and weights of widgets, and the figures on slides. A part of a
widget is a script that hands over a text, since a page on a disk may load no other kind of file.
"""

import base64
import hashlib
import json
import re
from pathlib import Path

from tools.book.places import BuildError
from tools.mime import WIDGET_STATE
from tools.site.figures import as_webp

FOLDER = "_static/widgets"
LONG = 1000  # characters; what is shorter stays in the page
STATE = re.compile(rf'(<script type="{re.escape(WIDGET_STATE)}">)(.*?)(</script>)', re.DOTALL)
HOST = re.compile(r'[ \t]*<script [^>]*src="[^"]*widget-host\.js')
USED = re.compile(rf"{FOLDER}/([0-9a-f]+)\.js")
FIGURE = re.compile(r'src="data:image/(?P<kind>png|svg)[^,"]*;base64,(?P<data>[^"]*)"')


def share_widgets(page: str, up: str) -> tuple[str, dict[str, str]]:
    """Take the long parts of its widgets out of a page.

    Args:
        page: the page, as HTML.
        up: leads from the page to the site's folder: "", or "../".

    Returns:
        The page, which loads the parts before widget-host.js puts them back, and the parts (name ->
        text).

    Raises:
        BuildError: the page does not load widget-host.js.
    """
    found = STATE.search(page)
    if not found:
        return page, {}
    state, parts = json.loads(found[2]), {}

    def shared(value):
        if not isinstance(value, str) or len(value) < LONG:
            return value
        name = hashlib.sha256(value.encode()).hexdigest()[:16]
        parts[name] = value
        return {"shared": name}

    for model in state["state"].values():
        for key in ("_esm", "_css"):
            if key in model["state"]:
                model["state"][key] = shared(model["state"][key])
        for buffer in model.get("buffers", []):
            buffer["data"] = shared(buffer["data"])
    # No "<" may stand there: "</script>" would end the script.
    text = json.dumps(state, separators=(",", ":")).replace("<", r"\u003c")
    page = page[: found.start(2)] + text + page[found.end(2) :]
    host = HOST.search(page)
    if not host:
        raise BuildError("a page has widgets but no widget-host.js: see tools/site/parts.py")
    loads = "".join(f'<script defer src="{up}{FOLDER}/{name}.js"></script>\n' for name in parts)
    return page[: host.start()] + loads + page[host.start() :], parts


def share_figures(page: str, up: str) -> tuple[str, dict[str, bytes]]:
    """Take the figures out of a page: give it, and the figures (name -> content).

    They are the files of the same figures in the chapter, which myst-nb names by their contents.
    """
    figures = {}

    def shared(found: re.Match) -> str:
        content = base64.b64decode(found["data"])
        is_png = found["kind"] == "png"
        name = hashlib.sha256(content).hexdigest() + (".webp" if is_png else ".svg")
        figures[name] = as_webp(content) if is_png else content
        return f'src="{up}_images/{name}"'

    return FIGURE.sub(shared, page), figures


def write_parts(site: Path, parts: dict[str, str]) -> None:
    """Write parts of widgets as scripts, each of which sets its text where the host finds it."""
    (site / FOLDER).mkdir(parents=True, exist_ok=True)
    for name, text in parts.items():
        script = f'(globalThis.charlmParts ??= {{}})["{name}"] = {json.dumps(text)};\n'
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
