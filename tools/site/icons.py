"""The theme's icons as drawings in the page, in place of a script that knows two thousand of them.

Font Awesome's script, half a megabyte when packed, draws a dozen icons on every page. The build
takes their shapes from it, and pages do without it.
"""

import functools
import re
from pathlib import Path

from tools.book.places import BuildError
from tools.wheels import files_of

PACKAGE, FILE = "pydata-sphinx-theme", "scripts/fontawesome.js"
SCRIPT = re.compile(rf'\s*<script [^>]*src="[^"]*{re.escape(FILE)}[^"]*"></script>')
ICON = re.compile(
    r'<(?P<tag>i|span) class="(?P<classes>[^"]*\bfa(?:s|-solid)\s[^"]*)"(?P<more>[^>]*)></(?P=tag)>'
)
NAME = re.compile(r"\bfa-(?!solid\b|lg\b)([a-z-]+)")
# In the script: "file-pdf":[512,512,[aliases],"f1c1","M0 ..."], the solid one after the outlined.
SHAPE = re.compile(
    r'(?<![\w-])"?(?P<name>[a-z0-9-]+)"?:\[(?P<width>\d+),(?P<height>\d+),\[[^\]]*\],"[0-9a-f]+",'
    r'"(?P<path>[^"]*)"\]'
)


@functools.cache
def shapes() -> dict[str, tuple[str, str, str]]:
    """Read the solid icons out of the theme's script: name -> width, height, path.

    Raises:
        BuildError: the package has no such script, or it is written in another way.
    """
    scripts = [Path(f.locate()) for f in files_of(PACKAGE) if f.as_posix().endswith(FILE)]
    found: dict[str, tuple[str, str, str]] = {}
    for script in scripts:
        for match in SHAPE.finditer(script.read_text(encoding="utf-8")):
            found[match["name"]] = (match["width"], match["height"], match["path"])
    if "bars" not in found:
        raise BuildError(f"{PACKAGE} has no {FILE} with icons: see tools/site/icons.py")
    return found


def drawn(icon: re.Match) -> str:
    """Draw one icon; what it means stands beside it, or in the label of its button."""
    (name,) = NAME.findall(icon["classes"])
    if name not in shapes():
        raise BuildError(f"no icon {name!r} in {PACKAGE}: see tools/site/icons.py")
    width, height, path = shapes()[name]
    kept = [c for c in icon["classes"].split() if c not in ("fas", "fa-solid", f"fa-{name}")]
    classes = " ".join(["charlm-icon", *kept])
    return (
        f'<svg class="{classes}"{icon["more"]} aria-hidden="true" focusable="false" '
        f'viewBox="0 0 {width} {height}"><path fill="currentColor" d="{path}"/></svg>'
    )


def draw_in(site: Path, pages: list[Path]) -> None:
    """Draw the icons of `pages` of the folder `site`, and take the script out of them and of it."""
    for path in pages:
        page = path.read_text(encoding="utf-8")
        lighter = ICON.sub(drawn, SCRIPT.sub("", page))
        if lighter != page:
            path.write_text(lighter, encoding="utf-8")
    for script in (site / "_static").glob(f"{FILE}*"):
        if script.suffix in (".js", ".map"):
            script.unlink()
