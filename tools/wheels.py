"""Files of others that the site ships: they come from installed packages, none lies here."""

from importlib import metadata
from pathlib import Path

from tools.book.places import BuildError

# Pages load the combined TeX component and its fonts, and a TeX extension when a formula uses it
# (\boldsymbol, for one). The others are fetched only when a reader turns on the formula explorer,
# which speaks, in MathJax's menu.
MATHJAX = (
    "tex-chtml.js",
    "output/chtml/fonts/woff-v2/*.woff",
    "input/tex/extensions/*.js",
    "a11y/*.js",
    "input/mml.js",
    "sre/mathmaps/base.json",
    "sre/mathmaps/en.json",
)
REVEAL = (
    "LICENSE",
    "dist/reset.css",
    "dist/reveal.css",
    "dist/reveal.js",
    "dist/theme/white.css",
    "dist/theme/fonts/source-sans-pro/LICENSE",
    "dist/theme/fonts/source-sans-pro/source-sans-pro.css",
    "dist/theme/fonts/source-sans-pro/*.woff",
    "plugin/notes/notes.js",
)


def files_of(package: str) -> list[metadata.PackagePath]:
    """List the files of an installed package.

    Raises BuildError when it is not installed.
    """
    try:
        return metadata.files(package) or []
    except metadata.PackageNotFoundError as error:
        raise BuildError(f"{package} is not installed: run `make book`") from error


def carried(package: str, folder: str, patterns: tuple[str, ...]) -> list[tuple[Path, str]]:
    """Find files that a package carries.

    Args:
        package: its name on PyPI.
        folder: the folder of the package in which they lie.
        patterns: of their places below the folder.

    Returns:
        Pairs of a file on disk and its place below the folder.

    Raises:
        BuildError: the package is not installed, or no file has one of the patterns.
    """
    files, found = files_of(package), []
    for pattern in patterns:
        matches = [f for f in files if f.match(f"{folder}/{pattern}")]
        if not matches:
            raise BuildError(f"{package} {metadata.version(package)} has no file {pattern}")
        found += [(Path(f.locate()), f.as_posix().split(f"/{folder}/", 1)[1]) for f in matches]
    return found


def mathjax_files() -> list[tuple[Path, str]]:
    """Find MathJax in its wheel, whose module name has hyphens and cannot be imported."""
    return carried("sphinx-mathjax-offline", "static/mathjax", MATHJAX)


def reveal_files() -> list[tuple[Path, str]]:
    """Find reveal.js in the wheel of a Sphinx builder that we do not use."""
    return carried("sphinx-revealjs", "_static/revealjs", REVEAL)
