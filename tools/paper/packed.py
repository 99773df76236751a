"""A PDF of Chromium's with its small objects packed: the tags of words take a tenth of the room.

Chromium writes PDF 1.4: each object stands for itself, as text. PDF 1.5 can put many into one
compressed stream, and the table of where they lie into another (ISO 32000-1:2008, 7.5.7 and 7.5.8).
"""

import re
import struct
import zlib

from tools.book.places import BuildError

TABLE = re.compile(rb"xref\n0 (\d+)\n(.*?)trailer\n<<(.*?)>>\nstartxref", re.DOTALL)
ENTRY = re.compile(rb"(\d{10}) \d{5} n")
HEAD, TAIL = re.compile(rb"\d+ 0 obj\n"), b"\nendobj\n"
TOGETHER = 200  # objects in a stream
PACKED, PLAIN = 2, 1  # how the new table calls what lies in a stream, and what does not


def objects_of(pdf: bytes) -> tuple[dict[int, bytes], bytes]:
    """Give the objects of a PDF by their numbers, and the entries of its trailer.

    Raises:
        BuildError: the file is written in another way than Chromium's are.
    """
    table = TABLE.search(pdf, pdf.rfind(b"\nxref\n"))
    if not table:
        raise BuildError("a PDF without a table of its objects: see tools/paper/packed.py")
    starts = [int(start) for start in ENTRY.findall(table[2])]
    ends = dict(zip(sorted(starts), [*sorted(starts)[1:], table.start()], strict=True))
    found = {}
    for number, start in enumerate(starts, start=1):
        head = HEAD.match(pdf, start)
        body = pdf[start : ends[start]]
        if not head or not body.endswith(TAIL):
            raise BuildError(f"object {number} of a PDF is cut: see tools/paper/packed.py")
        found[number] = body[head.end() - start : -len(TAIL)]
    return found, re.sub(rb"/Size \d+\s*", b"", table[3])


def stream(entries: bytes, content: bytes) -> bytes:
    """Write a compressed stream with these entries in its dictionary."""
    content = zlib.compress(content, 9)
    about = b"<<%b /Filter /FlateDecode /Length %d>>" % (entries, len(content))
    return about + b" stream\n" + content + b"\nendstream"


def in_one(numbers: list[int], objects: dict[int, bytes]) -> bytes:
    """Write objects into one stream, which begins with the number and the place of each."""
    places, at = [], 0
    for number in numbers:
        places.append(b"%d %d" % (number, at))
        at += len(objects[number]) + 1
    head = b" ".join(places) + b"\n"
    entries = b"/Type /ObjStm /N %d /First %d" % (len(numbers), len(head))
    return stream(entries, head + b"\n".join(objects[n] for n in numbers))


def packed(pdf: bytes) -> bytes:
    """Pack the objects of a PDF that are no streams.

    Raises:
        BuildError: the file is written in another way than Chromium's are.
    """
    objects, trailer = objects_of(pdf)
    small = [n for n, body in objects.items() if b"stream\n" not in body]
    whole = {n: body for n, body in objects.items() if b"stream\n" in body}
    table = {}  # number -> kind, and place or stream, and place in the stream
    free = max(objects) + 1
    for first in range(0, len(small), TOGETHER):
        group = small[first : first + TOGETHER]
        whole[free] = in_one(group, objects)
        table |= {number: (PACKED, free, i) for i, number in enumerate(group)}
        free += 1
    out = bytearray(b"%PDF-1.5\n%\xd3\xeb\xe9\xe1\n")
    for number, body in whole.items():
        table[number] = (PLAIN, len(out), 0)
        out += b"%d 0 obj\n" % number + body + TAIL
    start = len(out)
    table[free] = (PLAIN, start, 0)
    rows = b"".join(struct.pack(">BIH", *table.get(n, (0, 0, 65535))) for n in range(free + 1))
    entries = b"/Type /XRef /Size %d /W [1 4 2] %b" % (free + 1, trailer.strip())
    out += b"%d 0 obj\n" % free + stream(entries, rows) + TAIL
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)
