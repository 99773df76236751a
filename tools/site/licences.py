"""What of other projects the site ships, under which licences: the table on the page "Licences"."""

import re
import shutil
from dataclasses import dataclass
from email.message import Message
from importlib import metadata
from pathlib import Path

from tools.wheels import files_of

TEXTS = "_static/licences"
MARK = "<!-- what the site ships -->"


@dataclass(frozen=True)
class Component:
    """Files of the site that come from an installed package.

    Args:
        name: what readers know it as.
        purpose: what the site has it for.
        package: the Python package that carries it.
        files: patterns of its files in the site.
        licence: its licence, where the package carries a project that is not its own.
        version: a file of the package and an expression that finds the carried version there.
    """

    name: str
    purpose: str
    package: str
    files: tuple[str, ...]
    licence: str = ""
    version: tuple[str, str] | None = None


# A file belongs to the first component with a pattern that it matches.
COMPONENTS = (
    Component(
        "MathJax",
        "formulas, their fonts, and their speech (Speech Rule Engine)",
        "sphinx-mathjax-offline",
        ("_static/mathjax/*",),
        "Apache-2.0",
        ("tex-chtml.js", r'VERSION="([\d.]+)"'),
    ),
    Component(
        "Source Sans Pro",
        "letters on slides",
        "sphinx-revealjs",
        ("slides/reveal/dist/theme/fonts/*",),
        "OFL-1.1",
    ),
    Component(
        "reveal.js",
        "slides",
        "sphinx-revealjs",
        ("slides/reveal/*",),
        "MIT",
        ("dist/reveal.js", r"reveal\.js ([\d.]+)"),
    ),
    Component(
        "Bootstrap",
        "layout and menus (Popper)",
        "pydata-sphinx-theme",
        ("_static/scripts/bootstrap.js*",),
        "MIT",
        ("bootstrap.js.LICENSE.txt", r"Bootstrap v([\d.]+)"),
    ),
    Component(
        "Font Awesome Free",
        "icons",
        "pydata-sphinx-theme",
        ("_static/scripts/fontawesome.js*", "_static/vendor/fontawesome/*"),
        "icons CC-BY-4.0, fonts OFL-1.1, code MIT",
        ("fontawesome.js.LICENSE.txt", r"Free ([\d.]+)"),
    ),
    Component(
        "clipboard.js",
        "copying code",
        "sphinx-copybutton",
        ("_static/clipboard.min.js",),
        "MIT",
        ("clipboard.min.js", r"clipboard\.js v([\d.]+)"),
    ),
    Component(
        "sphinx-copybutton",
        "copying code",
        "sphinx-copybutton",
        ("_static/copybutton*", "_static/copy-button.svg", "_static/check-solid.svg"),
    ),
    Component(
        "sphinx-togglebutton",
        "folding cells",
        "sphinx-togglebutton",
        ("_static/togglebutton.*",),
    ),
    Component(
        "sphinx-design",
        "boxes and tabs",
        "sphinx-design",
        ("_static/sphinx-design.min.css", "_static/design-tabs.js"),
    ),
    Component("MyST-NB", "notebooks as pages", "myst-nb", ("_static/mystnb.*.css",)),
    Component(
        "Sphinx Book Theme",
        "the look of the pages",
        "sphinx-book-theme",
        (
            "_static/s*/sphinx-book-theme.*",
            "_static/sbt-webpack-macros.html",
            "_static/images/logo_*",
            "_static/locales/*",
        ),
    ),
    Component(
        "PyData Sphinx Theme",
        "the look of the pages",
        "pydata-sphinx-theme",
        ("_static/s*/pydata-sphinx-theme.*", "_static/styles/theme.css", "_static/webpack-*.html"),
    ),
    Component("Pygments", "colours of code", "pygments", ("_static/pygments.css",)),
    Component("accessible-pygments", "colours of code", "accessible-pygments", ()),
    Component("nbconvert", "notebooks as slides", "nbconvert", ()),
    Component(
        "Sphinx",
        "pages and search",
        "sphinx",
        (
            *(f"_static/{name}.js" for name in ("doctools", "searchtools", "sphinx_highlight")),
            *(f"_static/{name}.js" for name in ("documentation_options", "language_data")),
            *(f"_static/{name}.png" for name in ("file", "minus", "plus")),
            "_static/basic.css",
        ),
    ),
)


def declared_licence(about: Message) -> str:
    """Read a package's licence from its metadata, which has three ways to say it."""
    if about["License-Expression"]:
        return about["License-Expression"]
    kinds = [k for k in about.get_all("Classifier", []) if k.startswith("License :: ")]
    if kinds:
        return ", ".join(kind.rpartition(" :: ")[2] for kind in kinds)
    return (about["License"] or "see its files").strip().splitlines()[0]


def found_version(component: Component) -> str:
    """Find the version of what a package carries, or of the package itself.

    Raises LookupError when the version is not where it used to be.
    """
    package = f"{component.package} {metadata.version(component.package)}"
    if not component.version:
        return "" if component.licence else metadata.version(component.package)
    name, expression = component.version
    for file in files_of(component.package):
        if file.match(f"*/{name}") and (found := re.search(expression, file.read_text("utf-8"))):
            return found[1]
    raise LookupError(f"{package} has no {name} that says {expression}: see tools/site/licences.py")


def texts(package: str) -> list[Path]:
    """Find the licences that a package carries, as files."""
    return [Path(f.locate()) for f in files_of(package) if "LICENSE" in f.name.upper()]


def table() -> str:
    """Write the table of what the site ships, in Markdown."""
    lines = ["| what | for | licence | comes with |", "| --- | --- | --- | --- |"]
    for component in COMPONENTS:
        about = metadata.metadata(component.package)
        licence = component.licence or declared_licence(about)
        folder = f'<a href="{TEXTS}/{component.package}.txt">{component.package}</a>'
        package = folder if texts(component.package) else component.package
        name = f"{component.name} {found_version(component)}".strip()
        carrier = f"{package} {about['Version']}"
        lines.append(f"| {name} | {component.purpose} | {licence} | {carrier} |")
    return "\n".join(lines)


def copy_texts(site: Path) -> None:
    """Write the licences of each package to one file of the site."""
    folder = site / TEXTS
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for package in {component.package for component in COMPONENTS}:
        found = [path.read_text(encoding="utf-8").strip() for path in texts(package)]
        if found:
            (folder / f"{package}.txt").write_text(
                "\n\n----\n\n".join(found) + "\n", encoding="utf-8"
            )
