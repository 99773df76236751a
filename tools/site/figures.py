"""Figures of the site in fewer bytes, and the same to the eye.

A picture of pixels becomes WebP without loss: the same pixels in less than half of the bytes. A
drawing keeps all its lines and words, and hundredths of a point; it loses further digits and the
spaces between them, and says once what many of its parts look like.
"""

import hashlib
import io
import re
from collections import Counter
from pathlib import Path

from PIL import Image

FOLDER = "_images"
KINDS = {"png": "webp", "svg": "svg"}  # of a figure in a notebook, and of its file on the site
PNG = re.compile(rf'({FOLDER}/[^"/]+)\.png"')
# Where a drawing has coordinates; a transformation that scales needs all its digits.
COORDINATES = re.compile(r'(?<=\s)(?:d|x|y|points|transform)="[^"]*"')
DIGITS = re.compile(r"-?\d+\.\d{3,}")
BETWEEN = re.compile(r"\s*([A-Za-z\"])\s*")  # the spaces around a command of a path, and its end
INDENT = re.compile(r">\s*\n\s*<")
LOOK = re.compile(r'style="([^"]*)"')
END_OF_LOOKS = "</style>"


def as_webp(png: bytes) -> bytes:
    """Give a picture in the other format, pixel by pixel; what is invisible has no colour."""
    packed = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGBA").save(packed, "WEBP", lossless=True, method=4)
    return packed.getvalue()


def as_light(svg: bytes) -> bytes:
    """Give a drawing with two digits behind the point; a second time changes nothing."""

    def shorter(found: re.Match) -> str:
        text = found[0]
        if "scale" not in text and "matrix" not in text:
            text = DIGITS.sub(lambda number: f"{round(float(number[0]), 2):g}", text)
        return 'd="' + BETWEEN.sub(r"\1", text[3:]) if text.startswith('d="') else text

    text = COORDINATES.sub(shorter, svg.decode())
    return INDENT.sub("><", with_classes(text)).encode()


def with_classes(svg: str) -> str:
    """Give the looks that several parts of a drawing have a name each, in its style sheet."""
    looks = [look for look, parts in Counter(LOOK.findall(svg)).items() if parts > 1]
    if not looks or END_OF_LOOKS not in svg:
        return svg
    names = {look: f"c{number}" for number, look in enumerate(looks)}
    svg = LOOK.sub(lambda at: f'class="{names[at[1]]}"' if at[1] in names else at[0], svg)
    rules = "".join(f".{name}{{{look}}}" for look, name in names.items())
    return svg.replace(END_OF_LOOKS, rules + END_OF_LOOKS, 1)


def lighter(content: bytes, kind: str) -> bytes:
    """Give a figure of a notebook, "png" or "svg", as the site has it."""
    return as_webp(content) if kind == "png" else as_light(content)


def name_of(content: bytes, kind: str) -> str:
    """Give the name of a figure of a notebook on the site: myst-nb hashes it, drawings by lines."""
    lines = content if kind == "png" else "\n".join(content.decode().splitlines()).encode()
    return f"{hashlib.sha256(lines).hexdigest()}.{KINDS[kind]}"


def lighten(site: Path, pages: list[Path]) -> None:
    """Make the figures of the folder `site` light, and let its `pages` show them."""
    for png in sorted((site / FOLDER).glob("*.png")):
        webp = png.with_suffix(".webp")
        if not webp.is_file() or webp.stat().st_mtime < png.stat().st_mtime:
            webp.write_bytes(as_webp(png.read_bytes()))
        png.unlink()
    for svg in (site / FOLDER).glob("*.svg"):
        content = svg.read_bytes()
        if (light := as_light(content)) != content:
            svg.write_bytes(light)
    for path in pages:
        page = path.read_text(encoding="utf-8")
        light = PNG.sub(r'\1.webp"', page)
        if light != page:
            path.write_text(light, encoding="utf-8")
