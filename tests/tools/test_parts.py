"""What pages and decks share: long parts of widgets, and figures."""

import base64
import hashlib
import io
import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
import zlib

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot as plt
from PIL import Image

from charlm_lib import widgets
from tools.book.places import BuildError
from tools.site import figures, parts

SCRIPT, BYTES = "a" * 1500 + "</script>", b"\0\1\2" * 700
WEIGHTS = base64.b64encode(BYTES).decode()
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
    assert sorted(found.values()) == [BYTES, SCRIPT.encode()]
    names = {content: name for name, content in found.items()}
    state = state_of(light)
    assert state["one"]["state"]["_esm"] == state["two"]["state"]["_esm"]
    assert state["one"]["state"]["_esm"] == {"shared": [names[SCRIPT.encode()]]}
    assert state["one"]["buffers"][0]["data"] == {"shared": [names[BYTES]]}
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


def share(*models):
    """The parts that the states of widgets, one after the other, are cut into."""
    state = {"state": {str(number): model for number, model in enumerate(models)}}
    text = f'<script type="application/vnd.jupyter.widget-state+json">{json.dumps(state)}</script>'
    light, found = parts.share_widgets(f'{text}<script src="widget-host.js"></script>', "")
    return list(state_of(light).values()), found


def test_a_network_that_two_widgets_show_is_one_part():
    first, second = b"1" * 900, b"2" * 1801

    def widget(*networks):
        ends = np.cumsum([len(content) for content in networks]).tolist()
        about = [
            {"offset": end - len(content), "bytes": len(content)}
            for end, content in zip(ends, networks, strict=True)
        ]
        data = base64.b64encode(b"".join(networks)).decode()
        weights = {"path": ["weights"], "encoding": "base64", "data": data}
        return {"state": {"models": about}, "buffers": [weights]}

    models, found = share(widget(first, second), widget(second))
    assert sorted(found.values()) == [first, second]
    one, two = (model["buffers"][0]["data"]["shared"] for model in models)
    assert [found[name] for name in one] == [first, second] and two == one[1:]


def test_what_several_widgets_have_in_their_scripts_is_one_part():
    scripts = [getattr(widgets, name)._esm for name in widgets.__all__]
    models, found = share(*({"state": {"_esm": script}} for script in scripts))
    halves = [model["state"]["_esm"]["shared"] for model in models]
    assert len({first for first, _ in halves}) == 1
    assert len({second for _, second in halves}) == len(scripts)
    assert sum(map(len, found.values())) < 0.8 * sum(map(len, scripts))


def test_a_part_is_a_script_that_hands_over_its_content_packed(tmp_path):
    if not shutil.which("node"):
        pytest.skip("Node is not installed: no `node` on the PATH")
    _, found = parts.share_widgets(page(), "")
    parts.write_parts(tmp_path, found)
    files = [tmp_path / parts.FOLDER / f"{name}.js" for name in found]
    program = "\n".join(path.read_text() for path in files)
    program += "process.stdout.write(JSON.stringify(charlmParts))"
    done = subprocess.run(["node", "-e", program], capture_output=True, text=True, check=True)
    given = json.loads(done.stdout)
    assert {name: zlib.decompress(base64.b64decode(t)) for name, t in given.items()} == found


def test_what_no_page_uses_any_longer_goes(tmp_path):
    chapter = tmp_path / "chapters" / "one.html"
    chapter.parent.mkdir()
    chapter.write_text(page())
    parts.write_parts(tmp_path, {"0123456789abcdef": b"of an older build"})
    parts.share_in(tmp_path, [chapter])
    left = {path.stem for path in (tmp_path / parts.FOLDER).iterdir()}
    assert len(left) == 2 and left == set(parts.USED.findall(chapter.read_text()))
    assert '"../_static/widgets/' in chapter.read_text()


def test_figures_of_a_deck_are_the_files_of_the_chapter():
    png, svg = picture(), b"<svg/>\n"  # myst-nb drops the end of the last line
    text = '<img alt="A" src="{}"><img src="{}"><img src="a.png">'.format(
        f"data:image/png;base64,{base64.b64encode(png).decode()}",
        f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}",
    )
    light, found = parts.share_figures(text, "../")
    names = [
        f"{hashlib.sha256(png).hexdigest()}.webp",
        f"{hashlib.sha256(b'<svg/>').hexdigest()}.svg",
    ]
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


def drawing() -> bytes:
    """A figure with lines, words, shapes that it uses again, and pixels that it scales."""
    content = io.BytesIO()
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        figure, (left, right) = plt.subplots(1, 2)
        left.plot(np.sin(np.arange(50)), marker="o")
        left.set_title("0.12345 and $x_1$")
        right.imshow(np.random.default_rng(0).random((3, 3)))
        figure.savefig(content, format="svg")
    return content.getvalue()


def looks(root: ET.Element) -> list[str]:
    """What each part of a drawing looks like, by its own words or those of its class."""
    rules = dict(re.findall(r"\.(c\d+)\{([^}]*)\}", "".join(root.itertext())))
    return [rules.get(part.get("class"), part.get("style")) for part in root.iter()]


def test_drawings_lose_bytes_and_neither_lines_words_nor_looks():
    before = drawing()
    after = figures.as_light(before)
    assert len(after) < 0.7 * len(before)
    assert figures.as_light(after) == after
    old, new = ET.fromstring(before), ET.fromstring(after)
    assert looks(old) == looks(new) and len(set(looks(old))) > 5
    number = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
    for one, two in zip(old.iter(), new.iter(), strict=True):
        assert one.tag == two.tag and one.get("id") == two.get("id")
        if not one.tag.endswith("style"):
            assert (one.text or "").strip() == (two.text or "").strip()
        for name in ("d", "x", "y", "transform"):
            exact, light = one.get(name, ""), two.get(name, "")
            assert re.findall("[A-Za-z]", exact) == re.findall("[A-Za-z]", light)
            exact, light = ([float(n) for n in number.findall(t)] for t in (exact, light))
            np.testing.assert_allclose(light, exact, rtol=0, atol=0.0051)


def test_a_drawing_keeps_the_digits_of_a_scale():
    place = b'<g transform="translate(1.23456 2) scale(0.12345)"/>'
    assert figures.as_light(place) == place


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
