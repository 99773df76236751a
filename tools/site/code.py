"""Code on the site without elements for words that have the colour of the text around them.

Pygments puts every name, bracket and space into an element of its own, of which most look like
plain text: half of a chapter's page would be these.
"""

import re
from pathlib import Path

# Names, names of modules, other names, punctuation, its marks, white space: in the styles of
# _config.yml and of the decks they have the colour of the code itself, as a test knows.
PLAIN = ("n", "nn", "nx", "p", "pm", "w")
ELEMENT = re.compile(rf'<span class="(?:{"|".join(PLAIN)})">([^<]*)</span>')


def plain(page: str) -> str:
    """Take these elements out of a page, and leave the code."""
    return ELEMENT.sub(r"\1", page)


def plain_in(pages: list[Path]) -> None:
    """Take them out of pages of the site."""
    for path in pages:
        page = path.read_text(encoding="utf-8")
        if (light := plain(page)) != page:
            path.write_text(light, encoding="utf-8")
