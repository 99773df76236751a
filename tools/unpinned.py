"""Say which packages of this environment are not those of requirements.txt: what may have broken.

    python -m tools.unpinned

The weekly job of the workflow installs without pins, and shows this table when its tests fail.
"""

import re
import sys
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

LIST = Path(__file__).resolve().parents[1] / "requirements.txt"


def pinned(text: str) -> dict[str, str]:
    """Give the versions that a list has for the Python that runs this, by package."""
    lines = re.findall(r"^[\w.-]+==[^\\\n]+", text, re.MULTILINE)
    wanted = [r for r in map(Requirement, lines) if not r.marker or r.marker.evaluate()]
    return {r.name: str(r.specifier).removeprefix("==") for r in wanted}


def installed(name: str) -> str | None:
    """Give the version of a package here; None: it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def table(text: str) -> str:
    """Write the packages that are here in another version than in a list, as Markdown."""
    here = {name: (version, installed(name)) for name, version in pinned(text).items()}
    rows = [
        f"| {name} | {old} | {new} |" for name, (old, new) in here.items() if new not in (None, old)
    ]
    return "\n".join(["| package | tested | installed |", "| --- | --- | --- |", *rows])


if __name__ == "__main__":
    sys.stdout.write(table(LIST.read_text(encoding="utf-8")) + "\n")
