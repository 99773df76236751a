"""Build the book or its slides, execute the chapters, or test them: `make help` explains."""

import argparse
import sys
from pathlib import Path

from tools.book import execute, groups, places, plain
from tools.book.notebooks import test_chapters
from tools.paper import book as paper
from tools.site import build as site
from tools.slides.decks import build_decks


def book() -> None:
    """Build the site and its decks in _build/html, from committed outputs where they are valid."""
    chapters = chapters_with_outputs()
    site.build(chapters, places.source_folder(), places.ROOT)
    build_decks(chapters, places.ROOT)


def pdf(tested: bool) -> None:
    """Make the PDF of the book's site, or of the one that was tested."""
    if not tested:
        book()
    paper.make(places.test_folder() if tested else places.ROOT)


def slides() -> None:
    """Build the decks alone, in _build/html/slides."""
    build_decks(chapters_with_outputs(), places.ROOT)


def chapters_with_outputs() -> dict:
    """Give the chapters with their outputs, and execute those whose committed ones are old."""
    return {name: kept[0] for name, kept in execute.execute_all(committed=True).items()}


def tested_site(clean: bool) -> bool:
    """Build the site of the committed chapters and of the results of their tests."""
    if clean and (old := execute.out_of_date()):
        raise places.BuildError(
            f"The outputs of {', '.join(old)} were computed by other code than the present one, so "
            "that every reader's first `make book` would train: run `make execute`, and commit "
            "chapters/ with its results"
        )
    if not groups.passes("notebooks"):
        return False
    site.build_tested(clean)
    return True


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.book", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("book", help="build the site and the decks (only what changed)")
    commands.add_parser("slides", help="build the decks")
    printed = commands.add_parser("pdf", help="print the whole book as one PDF, in Chromium")
    printed.add_argument("--tested", action="store_true", help="from the site that was tested")
    commands.add_parser("execute", help="train what changed and write it to chapters/")
    test = commands.add_parser("test", help="run the groups for which something changed")
    test.add_argument("groups", nargs="*", metavar="GROUP", help="run these, changed or not")
    tested = commands.add_parser("tested-site", help="build the site that the tests look at")
    tested.add_argument("--clean", action="store_true", help="build its pages from nothing")
    commands.add_parser("plain", help="write the chapters' roles and labels as plain Markdown")
    fast = commands.add_parser("fast-notebooks", help="run the chapters with short training")
    fast.add_argument("folder", type=Path)
    found = parser.parse_args()
    if unknown := set(getattr(found, "groups", [])) - set(groups.GROUPS):
        parser.error(
            f"no group {', '.join(sorted(unknown))}: choose from {', '.join(groups.GROUPS)}"
        )
    return found


def run(chosen: argparse.Namespace) -> bool:
    """Run the chosen command; return whether all is well."""
    match chosen.command:
        case "book":
            book()
        case "pdf":
            pdf(chosen.tested)
        case "slides":
            slides()
        case "execute":
            execute.update_chapters()
        case "test":
            return groups.run(chosen.groups or list(groups.GROUPS), again=bool(chosen.groups))
        case "tested-site":
            return tested_site(chosen.clean)
        case "plain":
            plain.update_chapters()
        case "fast-notebooks":
            return test_chapters(chosen.folder, fast=True) == 0
    return True


def main() -> int:
    """Run the command given on the command line and return the exit status."""
    try:
        return 0 if run(options()) else 1
    except places.BuildError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
