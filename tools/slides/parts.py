"""The parts of a slide: blocks of Markdown, code and printed text, and how much room they take."""

import math
import re
from typing import NamedTuple

from nbformat import NotebookNode

from tools.mime import WIDGET_VIEW

# Sizes in pixels on a slide of 1280 x 720; deck.css sets the same ones.
TEXT_LINE, TEXT_COLUMNS = 45, 70
CODE_LINES = 17
# Code is as large as its lines allow: pixels a line, columns, lines.
CODE = {"large": (35, 72, 9), "medium": (30, 86, 13), "small": (27, 95, CODE_LINES)}
OUTPUT_LINE, OUTPUT_COLUMNS, OUTPUT_LINES = 30, 86, 12
# Characters of a paragraph that a slide shows: of a lead, of one that stands alone, of a short one.
LEAD, ALONE, WHOLE = 200, 450, 260

HEADING = re.compile(r"(#{1,3}) (.+)")
EXERCISE = re.compile(r"\*\*\d+\. ")
# The end of a sentence: not an initial, not "et al."
SENTENCE = re.compile(r"(?<=[.!?:])(?<!et al\.)(?<! [A-Z]\.)\s+(?=[A-Z*`$\"“])")
BLOCK = re.compile(
    r"^(?:"
    r"(?P<code>```.*?^```)|(?P<admonition>:::+\{.*?^:::+)|(?P<details><details.*?</details>)|"
    r"(?P<equation>\$\$.*?\$\$(?: *\([\w-]+\))?)|(?P<heading>#{1,3} [^\n]+)|"
    r"(?P<list>(?:[-*] |\d+\. ).*?(?=\n\n(?!\s)|\Z))|(?P<table>\|.*?(?=\n\n|\Z))|"
    r"(?P<paragraph>\S.*?(?=\n\n|\n\$\$|\Z))"
    r")[ \t]*(?:\n|\Z)",
    re.DOTALL | re.MULTILINE,
)


class Block(NamedTuple):
    """A part of a Markdown cell: a heading, a paragraph, a list, an equation, ..."""

    kind: str
    text: str


def blocks(source: str) -> list[Block]:
    """Split Markdown into its blocks."""
    return [Block(str(m.lastgroup), m.group(str(m.lastgroup))) for m in BLOCK.finditer(source)]


def sentences(text: str, limit: int) -> str:
    """Return the first sentences of a paragraph, up to `limit` characters but at least one.

    Emphasis, code and formulas are never cut in two.
    """
    kept = ""
    for sentence in SENTENCE.split(" ".join(text.split())):
        whole = not (kept.count("*") % 2 or kept.count("`") % 2 or kept.count("$") % 2)
        if kept and whole and len(kept) + len(sentence) > limit:
            break
        kept = f"{kept} {sentence}".strip()
    return kept


def shown(paragraph: str, limit: int, introduces: bool) -> str:
    """Return what a slide shows of a paragraph, or an empty string: the rest is for the speaker.

    A paragraph that leads shows up to `limit` characters, one before a list or formula its last
    sentence, and an exercise all.
    """
    text = " ".join(paragraph.split())
    if EXERCISE.match(text) or ((limit or introduces) and len(text) <= WHOLE):
        return text
    last = SENTENCE.split(text)[-1] if introduces else ""
    if limit:
        lead = sentences(text, limit)
        return f"{lead}\n\n{last}" if last and last not in lead else lead
    return last if len(last) <= WHOLE else ""


def height(kind: str, text: str) -> int:
    """Estimate how high a block is on a slide."""
    if kind == "equation":
        return 110 + 58 * text.count("\\\\")
    if kind == "list":
        items = re.split(r"\n(?=[-*] |\d+\. )", text)
        rows = [math.ceil(columns(item) / (TEXT_COLUMNS - 4)) for item in items]
    else:
        rows = [math.ceil(columns(part) / TEXT_COLUMNS) for part in text.split("\n\n")]
    return TEXT_LINE * sum(rows) + 10 * len(rows) + (60 if kind == "admonition" else 10)


def columns(text: str) -> int:
    """Count the characters of Markdown that remain when it is set."""
    return len(re.sub(r"\{[\w:]+\}(?=`)|\\\w+|[\\{}$*`^_]", "", " ".join(text.split())))


def wrapped(text: str, width: int = OUTPUT_COLUMNS) -> int:
    """Count the lines of printed text when long ones are broken."""
    return sum(max(1, math.ceil(len(line) / width)) for line in text.rstrip("\n").splitlines())


def code_size(source: str) -> tuple[str, int, bool]:
    """Return the size in which code is shown, its height, and whether it must scroll."""
    for size, (line, width, most) in CODE.items():
        lines = wrapped(source, width)
        if lines <= most and lines == len(source.splitlines()):
            return size, lines * line + 38, False
    line, width, most = CODE["small"]
    lines = wrapped(source, width)
    is_long = lines > most
    return "small", min(lines, most) * line + 38 + 40 * is_long, is_long


def split_code(source: str) -> list[str]:
    """Cut code that is too long for one slide at its blank lines; what has none stays whole."""
    parts: list[str] = []
    for paragraph in re.split(r"\n(?:[ \t]*\n)+", source):
        longer = f"{parts[-1]}\n\n{paragraph}" if parts else ""
        if parts and not code_size(longer)[2]:
            parts[-1] = longer
        else:
            parts.append(paragraph)
    return parts


def printed(output: NotebookNode) -> str | None:
    """Return the text of an output that is text alone."""
    data = output.get("data", {})
    if any(kind.startswith(("image/", "text/html")) or kind == WIDGET_VIEW for kind in data):
        return None
    return output.get("text", data.get("text/plain", ""))


def cut(output: NotebookNode) -> NotebookNode:
    """Shorten printed text that is too long for a slide, and say so."""
    text = printed(output)
    if text is None or wrapped(text) <= OUTPUT_LINES:
        return output
    lines = text.rstrip("\n").splitlines()
    kept: list[str] = []
    while lines and wrapped("\n".join([*kept, lines[0]])) < OUTPUT_LINES:
        kept.append(lines.pop(0))
    if not kept:
        kept, lines = [lines[0][: OUTPUT_COLUMNS * (OUTPUT_LINES - 2)] + " …"], lines[1:]
    more = f"[… {len(lines)} more lines in the chapter]" if lines else "[… more in the chapter]"
    short = NotebookNode(output)
    if "text" in output:
        short.text = "\n".join([*kept, more])
    else:
        short.data = NotebookNode({"text/plain": "\n".join([*kept, more])})
    return short
