"""Write the repository's address, and with it the chapters' set-up cells, wherever they stand.

`pyproject.toml` holds the address, `[project.urls] Repository`. Everything else is written from it.
"""

import argparse
import os
import re
import sys
import tomllib

import nbformat
import yaml
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from tools.book import places
from tools.book.key import SET_UP
from tools.book.normalise import normalise, write
from tools.book.places import BuildError

ADDRESS = re.compile(r"https://[\w.-]+(/[\w.-]+)+/[\w.-]+")
COMPUTING = re.compile(r"\*\*It takes\*\* .*, and (.+?) of computing on 2 CPU cores")
BADGE = "badge"  # the tag of the other cell that this module writes
# A failed %pip or !pip would go unnoticed, in Colab and by the tests: pip runs as a subprocess.
SET_UP_CELL = """\
# Installs what is missing: in the book's own environment nothing; in Google Colab
# our library and the novel, and all else stays as it is there; elsewhere JAX, too.
import os
import site
import subprocess
import sys
from contextlib import suppress
from importlib.util import find_spec
from urllib.request import urlopen

REPOSITORY = "{url}"
if None in map(find_spec, ("charlm_lib", "jax", "word_text_counter")):
    with suppress(LookupError, OSError, ValueError):  # Colab says which fork
        server = "http://{COLAB_JUPYTER_IP}:{KMP_TARGET_PORT}/api/sessions"
        opened = urlopen(server.format_map(os.environ), timeout=9).read().decode()
        owner, name = opened.replace("%2F", "/").split("/github.com/")[1].split("/")[:2]
        REPOSITORY = f"https://github.com/{owner}/{name}"
    if not REPOSITORY:
        raise ImportError("Run `pip install .` in the book's folder, or set REPOSITORY")
    if find_spec("pip") is None:  # uv makes environments without it
        subprocess.run([sys.executable, "-m", "ensurepip"])
    pip = [sys.executable, "-m", "pip", "install", "--quiet", f"git+{REPOSITORY}"]
    done = subprocess.run(pip, capture_output=True, text=True)
    if any(words in done.stderr for words in ("externally-managed", "No module named pip")):
        raise RuntimeError("Nothing installed: start Jupyter in a virtual environment with pip")
    if done.returncode:
        raise RuntimeError(f"{done.stderr}Is there a network? Then run this again")
    if site.ENABLE_USER_SITE:  # pip may just have made the user's folder
        site.addsitedir(site.getusersitepackages())

from charlm_lib import describe_machine

describe_machine("{computing}")"""
README_BLOCK = re.compile(r"(<!-- `make repo` writes this -->).*(<!-- to here -->)", re.S)


def repository() -> str:
    """Return the address of the project's repository from pyproject.toml, or an empty string.

    Raises BuildError when it is not the https address of a repository.
    """
    project = tomllib.loads((places.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    url = project.get("urls", {}).get("Repository", "")
    return check(url) if url else ""


def published() -> str:
    """Return the address of which a site is built: CHARLM_REPOSITORY, or that of pyproject.toml.

    The workflow sets it, so that a fork's site has the fork's buttons and set-up cells.
    """
    url = os.environ.get("CHARLM_REPOSITORY", "")
    return check(url) if url else repository()


def check(url: str) -> str:
    """Return an address, or raise BuildError when it is not one of a repository."""
    if url.endswith((".git", "/")) or not ADDRESS.fullmatch(url):
        raise BuildError(
            f"{url!r} is not the address of a repository: write it as https://HOST/OWNER/NAME, "
            "without a slash or .git at its end"
        )
    return url


def colab_link(url: str, branch: str, path: str) -> str:
    """Give the address that opens a notebook of a GitHub repository in Colab, or an empty string.

    Colab opens notebooks from no other host.
    """
    home = "https://github.com/"
    if not url.startswith(home):
        return ""
    repo = url.removeprefix(home)
    return f"https://colab.research.google.com/github/{repo}/blob/{branch}/{path}"


def live_page(url: str, path: str) -> str:
    """Give the address at which GitHub Pages shows a chapter of a GitHub repository."""
    owner, name = url.split("/")[-2:]
    host = f"{owner.lower()}.github.io"
    folder = "" if name.lower() == host else f"{name}/"
    return f"https://{host}/{folder}{path.removesuffix('.ipynb')}.html"


def project_with(project: str, url: str) -> str:
    """Put the address into the text of pyproject.toml."""
    line = f'Repository = "{url}"'
    text, found = re.subn(r"(?m)^Repository = .*$", line, project)
    table = f"[project.urls]\n{line}\n\n[dependency-groups]"
    return text if found else project.replace("[dependency-groups]", table, 1)


def config_with(config: str, url: str) -> str:
    """Put the address into the text of _config.yml, with the buttons that its host can have."""
    is_github = url.startswith("https://github.com/")
    buttons = is_github or url.startswith("https://gitlab.com/")
    values = {
        "launch_buttons": '{colab_url: "https://colab.research.google.com"}' if is_github else "{}",
        "  url": f'"{url}"',
        "  use_repository_button": str(buttons).lower(),
        "  use_issues_button": str(buttons).lower(),
    }
    for key, value in values.items():
        config = re.sub(rf"(?m)^({key}:) .*$", rf"\1 {value}", config, count=1)
    return config


def readme_with(readme: str, url: str, branch: str, titles: dict[str, str]) -> str:
    """Put the address, and the links to the chapters in Colab, into the README.

    `titles` maps the paths of the chapters to their titles.
    """
    lines = [f"Get the book with `git clone {url}`."] if url else []
    links = [f"[{title}]({colab_link(url, branch, path)})" for path, title in titles.items()]
    if colab_link(url, branch, ""):
        lines += ["Or open a chapter in Google Colab:", *(f"- {link}" for link in links)]
    return README_BLOCK.sub(lambda m: "\n".join([m[1], *lines, m[2]]), readme)


def set_up_cell(computing: str, url: str) -> str:
    """Write the source of the set-up cell of a chapter that computes for, say, "two minutes"."""
    return SET_UP_CELL.replace("{url}", url).replace("{computing}", computing)


def chapter_with(chapter: NotebookNode, path: str, url: str, branch: str) -> NotebookNode:
    """Return a chapter with the set-up cell, and the link to Colab, that belong to the address.

    The set-up cell stands before all other code and keeps its output.
    Raises BuildError when the text before the code does not say how long the chapter computes.
    """
    cells = [c for c in chapter.cells if not {SET_UP, BADGE} & set(c.metadata.get("tags", []))]
    old = [c for c in chapter.cells if SET_UP in c.metadata.get("tags", [])]
    first = next((i for i, c in enumerate(cells) if c.cell_type == "code"), len(cells))
    text = " ".join(" ".join(c.source for c in cells[:first]).split())
    computing = COMPUTING.search(text)
    if not computing:
        raise BuildError(
            f"{path} does not say how long it computes: write, before its first code cell, "
            "`**It takes** an hour to read, and two minutes of computing on 2 CPU cores.`"
        )
    set_up = new_code_cell(
        set_up_cell(computing[1], url),
        metadata={
            "mystnb": {
                "code_prompt_hide": "Hide the set-up",
                "code_prompt_show": "Show the set-up",
            },
            "tags": ["hide-input", SET_UP, "timing"],
        },
        outputs=old[0].outputs if old else [],
    )
    cells.insert(first, set_up)
    if link := colab_link(url, branch, path):
        page = live_page(url, path)
        badge = new_markdown_cell(
            f"[Open this chapter in Google Colab]({link}), or [read its page]({page}), where the "
            "widgets are alive without a kernel."
        )
        # The site has a button of its own, and a deck of slides needs none.
        badge.metadata = {"slideshow": {"slide_type": "skip"}, "tags": [BADGE, "remove-cell"]}
        cells.insert(0, nbformat.from_dict(badge))
    return normalise(nbformat.from_dict({**chapter, "cells": cells}))


def title(chapter: NotebookNode) -> str:
    """Return the first heading of a chapter."""
    text = "\n".join(c.source for c in chapter.cells if c.cell_type == "markdown")
    return re.search(r"^# (.+)$", text, re.MULTILINE)[1]


def main_branch() -> str:
    """Return the branch that the site is made from."""
    config = (places.ROOT / "_config.yml").read_text(encoding="utf-8")
    return yaml.safe_load(config)["repository"]["branch"]


def write_repository() -> None:
    """Write what belongs to the address in pyproject.toml into every file that shows it."""
    url, branch, titles = repository(), main_branch(), {}
    config = places.ROOT / "_config.yml"
    config.write_text(config_with(config.read_text(encoding="utf-8"), url), encoding="utf-8")
    for path in (f"{name}.ipynb" for name in places.chapter_names()):
        old = nbformat.read(places.ROOT / path, as_version=4)
        titles[path] = title(old)
        new = chapter_with(old, path, url, branch)
        if new != old:
            write(new, places.ROOT / path)
            print(f"  {path}: written")
    readme = places.ROOT / "README.md"
    text = readme_with(readme.read_text(encoding="utf-8"), url, branch, titles)
    readme.write_text(text, encoding="utf-8")


def main() -> int:
    """Set the address if the command line has one, write it everywhere, return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", nargs="?", help="the new address; pyproject.toml's without it")
    options = parser.parse_args()
    project = places.ROOT / "pyproject.toml"
    try:
        if options.url:
            text = project_with(project.read_text(encoding="utf-8"), check(options.url))
            project.write_text(text, encoding="utf-8")
        write_repository()
    except BuildError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    print(f"The repository's address is {repository()!r}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
