"""Figures of the site as WebP without loss: the same pixels in less than half of the bytes."""

import io
import re
from pathlib import Path

from PIL import Image

FOLDER = "_images"
PNG = re.compile(rf'({FOLDER}/[^"/]+)\.png"')


def as_webp(png: bytes) -> bytes:
    """Give a picture in the other format, pixel by pixel; what is invisible has no colour."""
    packed = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGBA").save(packed, "WEBP", lossless=True, method=4)
    return packed.getvalue()


def lighten(site: Path, pages: list[Path]) -> None:
    """Let `pages` of the folder `site` show its figures as WebP, which it has from then on."""
    for png in sorted((site / FOLDER).glob("*.png")):
        webp = png.with_suffix(".webp")
        if not webp.is_file() or webp.stat().st_mtime < png.stat().st_mtime:
            webp.write_bytes(as_webp(png.read_bytes()))
        png.unlink()
    for path in pages:
        page = path.read_text(encoding="utf-8")
        lighter = PNG.sub(r'\1.webp"', page)
        if lighter != page:
            path.write_text(lighter, encoding="utf-8")
