"""What pages and decks share: long parts of widgets, and figures."""

import base64
import hashlib
import io
import json
import re
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image

from tools.book.places import BuildError
from tools.site import figures, parts

SCRIPT, WEIGHTS = "a" * 1500 + "</script>", "b" * 2000
STATE = {
    "state": {
        "one": {
            "state": {"_esm": SCRIPT, "_css": ".short {}", "n": "c" * 3000},
            "buffers": [{"path": ["weights"], "encoding": "base64", "data": WEIGHTS}],
        },
        "two": {"state": {"_esm": SCRIPT}},
        "three": {"state": {"width": None}},
    }
}


def page(host='<script defer="defer" src="../_static/widget-host.js?v=1"></script>'):
    state = json.dumps(STATE).replace("</", r"<\/")
    return (
        f'<script type="application/vnd.jupyter.widget-state+json">\n{state}\n</script>\n{host}\n'
        "<p>Words.</p>"
    )


def picture() -> bytes:
    """A PNG with all degrees of transparency."""
    pixels = np.arange(64 * 64 * 4, dtype=np.uint32).reshape(64, 64, 4) // 61 % 256
    content = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(content, "PNG")
    return content.getvalue()


def state_of(text):
    return json.loads(parts.STATE.search(text)[2])["state"]


def test_long_parts_of_widgets_leave_the_page_once_each():
    light, found = parts.share_widgets(page(), "../")
    assert sorted(found.values()) == [SCRIPT, WEIGHTS]
    names = {text: name for name, text in found.items()}
    state = state_of(light)
    assert state["one"]["state"]["_esm"] == state["two"]["state"]["_esm"]
    assert state["one"]["state"]["_esm"] == {"shared": names[SCRIPT]}
    assert state["one"]["buffers"][0]["data"] == {"shared": names[WEIGHTS]}
    assert state["one"]["state"]["_css"] == ".short {}"
    assert state["one"]["state"]["n"] == "c" * 3000  # a trait that the host does not put back
    assert light.endswith("<p>Words.</p>")


def test_they_are_loaded_before_the_script_that_puts_them_back():
    light, found = parts.share_widgets(page(), "../")
    order = re.findall(r'src="\.\./_static/(?:widgets/)?([\w-]+)\.js', light)
    assert order == [*found, "widget-host"]


def test_sharing_again_changes_nothing():
    once, _ = parts.share_widgets(page(), "../")
    assert parts.share_widgets(once, "../") == (once, {})
    assert parts.share_widgets("<p>No widgets.</p>", "") == ("<p>No widgets.</p>", {})


def test_a_page_that_could_not_put_them_back_is_refused():
    with pytest.raises(BuildError, match="has widgets but no widget-host.js"):
        parts.share_widgets(page(host=""), "")


def test_a_part_is_a_script_that_hands_over_its_text(tmp_path):
    if not shutil.which("node"):
        pytest.skip("Node is not installed: no `node` on the PATH")
    _, found = parts.share_widgets(page(), "")
    parts.write_parts(tmp_path, found)
    files = [tmp_path / parts.FOLDER / f"{name}.js" for name in found]
    program = "\n".join(path.read_text() for path in files)
    program += "process.stdout.write(JSON.stringify(charlmParts))"
    done = subprocess.run(["node", "-e", program], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == found


def test_what_no_page_uses_any_longer_goes(tmp_path):
    chapter = tmp_path / "chapters" / "one.html"
    chapter.parent.mkdir()
    chapter.write_text(page())
    parts.write_parts(tmp_path, {"0123456789abcdef": "of an older build"})
    parts.share_in(tmp_path, [chapter])
    left = {path.stem for path in (tmp_path / parts.FOLDER).iterdir()}
    assert len(left) == 2 and left == set(parts.USED.findall(chapter.read_text()))
    assert '"../_static/widgets/' in chapter.read_text()


def test_figures_of_a_deck_are_the_files_of_the_chapter():
    png, svg = picture(), b"<svg/>"
    text = '<img alt="A" src="{}"><img src="{}"><img src="a.png">'.format(
        f"data:image/png;base64,{base64.b64encode(png).decode()}",
        f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}",
    )
    light, found = parts.share_figures(text, "../")
    names = [f"{hashlib.sha256(png).hexdigest()}.webp", f"{hashlib.sha256(svg).hexdigest()}.svg"]
    assert found == dict(zip(names, (figures.as_webp(png), svg), strict=True))
    assert re.findall('src="([^"]*)"', light) == [*(f"../_images/{n}" for n in names), "a.png"]


def test_figures_lose_bytes_and_no_pixel():
    png = picture()
    webp = figures.as_webp(png)
    assert len(webp) < len(png)
    before, after = (np.asarray(Image.open(io.BytesIO(c)).convert("RGBA")) for c in (png, webp))
    assert (before[..., 3] == after[..., 3]).all() and len(np.unique(before[..., 3])) > 100
    seen = before[..., 3] > 0
    assert (before[seen] == after[seen]).all()


def test_pages_show_the_lighter_figures(tmp_path):
    page = tmp_path / "chapters" / "one.html"
    for folder in (page.parent, tmp_path / "_images"):
        folder.mkdir()
    (tmp_path / "_images" / "a.png").write_bytes(picture())
    page.write_text('<img src="../_images/a.png"><img src="../_static/b.png">')
    for _ in range(2):
        figures.lighten(tmp_path, [page])
        assert page.read_text() == '<img src="../_images/a.webp"><img src="../_static/b.png">'
        assert [p.name for p in (tmp_path / "_images").iterdir()] == ["a.webp"]
