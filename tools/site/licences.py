"""What of other projects the site ships, under which licences: the table on the page "Licences"."""

import re
import shutil
from dataclasses import dataclass
from email.message import Message
from importlib import metadata
from pathlib import Path

import yaml

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
    files: tuple[str, ...] = ()
    licence: str = ""
    version: tuple[str, str] | None = None


def components() -> tuple[Component, ...]:
    """Read the components from the list beside this file."""
    text = Path(__file__).with_name("components.yml").read_text(encoding="utf-8")
    return tuple(Component(**{k: hashable(v) for k, v in e.items()}) for e in yaml.safe_load(text))


def hashable(value: str | list) -> str | tuple:
    """Make a tuple of a list."""
    return tuple(value) if isinstance(value, list) else value


COMPONENTS = components()


def declared_licence(about: Message) -> str:
    """Read a package's licence from its metadata, which has three ways to say it."""
    if expression := about.get("License-Expression"):
        return expression
    kinds = [k for k in about.get_all("Classifier", []) if k.startswith("License :: ")]
    if kinds:
        return ", ".join(kind.rpartition(" :: ")[2] for kind in kinds)
    return (about.get("License") or "see its files").strip().splitlines()[0]


def found_version(component: Component) -> str:
    """Find the version of what a package carries, or of the package itself.

    Raises LookupError when the version is not where it used to be.
    """
    package = f"{component.package} {metadata.version(component.package)}"
    if not component.version:
        return "" if component.licence else metadata.version(component.package)
    name, expression = component.version
    for file in files_of(component.package):
        if file.match(f"*/{name}") and (
            found := re.search(expression, file.read_text(encoding="utf-8"))
        ):
            return found[1]
    raise LookupError(f"{package} has no {name} that says {expression}: see tools/site/licences.py")


def texts(package: str) -> list[Path]:
    """Find the licences that a package carries, as files."""
    return [Path(f.locate()) for f in files_of(package) if "LICENSE" in f.name.upper()]


def table() -> str:
    """Write the table of what the site ships, in Markdown, for a page in the folder pages."""
    lines = ["| what | for | licence | comes with |", "| --- | --- | --- | --- |"]
    for component in COMPONENTS:
        about = metadata.metadata(component.package)
        licence = component.licence or declared_licence(about)
        folder = f'<a href="../{TEXTS}/{component.package}.txt">{component.package}</a>'
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
