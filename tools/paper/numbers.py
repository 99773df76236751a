"""On which page of a PDF of Chromium's each part begins.

Chromium lists the targets of links in its PDF, `/Dests`, and writes this and the tree of pages as
plain text: it compresses only what pages show. (PDF 32000-1:2008, 7.7.3 and 12.3.2.)
"""

import re
from urllib.parse import unquote

from tools.book.places import BuildError

OBJECT = re.compile(rb"(?<![\d.])(\d+) 0 obj\s*(<<.*?>>)\s*(?:endobj|stream)", re.DOTALL)
ROOT = re.compile(rb"/Root (\d+) 0 R")
PLACE = re.compile(rb"/([^\s/<>\[\]()]+) \[(\d+) 0 R /XYZ")
NUMBER = re.compile(rb"(\d+) 0 R")


def reference(name: str, text: bytes) -> int:
    """Give the number of the object that an entry of a dictionary refers to.

    Raises:
        BuildError: the dictionary has no such entry.
    """
    found = re.search(rb"/" + name.encode() + rb" (\d+) 0 R", text)
    if not found:
        raise BuildError(f"a PDF without {name}: see tools/paper/numbers.py")
    return int(found[1])


def page_numbers(pdf: bytes) -> dict[str, int]:
    """Give the page of each target of a link, by its id; the first page is 1.

    Raises:
        BuildError: the file is written in another way than Chromium's are.
    """
    objects = {int(found[1]): found[2] for found in OBJECT.finditer(pdf)}
    root = ROOT.search(pdf)
    if not root or int(root[1]) not in objects:
        raise BuildError("a PDF without a catalogue: see tools/paper/numbers.py")
    catalogue = objects[int(root[1])]
    pages = leaves(objects, reference("Pages", catalogue))
    order = {number: i for i, number in enumerate(pages, start=1)}
    targets = PLACE.findall(objects[reference("Dests", catalogue)])
    return {unescaped(name): order[int(page)] for name, page in targets}


def leaves(objects: dict[int, bytes], number: int) -> list[int]:
    """List the pages below an object of the tree of pages, in their order."""
    kids = re.search(rb"/Kids \[(.*?)\]", objects[number], re.DOTALL)
    if not kids:
        return [number]
    below = [leaves(objects, int(kid)) for kid in NUMBER.findall(kids[1])]
    return [page for pages in below for page in pages]


def unescaped(name: bytes) -> str:
    """Give a name without the escapes of PDF, as #25 for "%", and without those of addresses."""
    plain = re.sub(rb"#([0-9a-fA-F]{2})", lambda m: bytes.fromhex(m[1].decode()), name)
    return unquote(plain.decode())
