"""The theme's icons, drawn in the page."""

import re

import pytest

from tools.book.places import BuildError
from tools.site import icons

BUTTON = '<button aria-label="Menu"><span class="fa-solid fa-bars"></span></button>'
SUN = '<i class="theme-switch fa-solid fa-sun     fa-lg" data-mode="light" title="Light"></i>'
SCRIPT = '<script defer src="../_static/scripts/fontawesome.js?digest=1"></script>'


def test_icons_are_drawn_and_their_script_is_gone(tmp_path):
    page, script = tmp_path / "a.html", tmp_path / "_static/scripts/fontawesome.js"
    script.parent.mkdir(parents=True)
    script.write_text("")
    script.with_name("fontawesome.js.LICENSE.txt").write_text("")
    page.write_text(f"<p>{BUTTON}{SUN}</p>\n{SCRIPT}<i>Sun</i>")
    icons.draw_in(tmp_path, [page])
    text = page.read_text()
    assert "<script" not in text and not script.exists() and "<i>Sun</i>" in text
    assert script.with_name("fontawesome.js.LICENSE.txt").is_file()
    bars, sun = re.findall(r"<svg[^>]*>", text)
    assert 'class="charlm-icon"' in bars and 'viewBox="0 0 448 512"' in bars
    assert 'class="charlm-icon theme-switch fa-lg" data-mode="light"' in sun
    assert text.count("<path") == 2 and text.count('aria-hidden="true"') == 2
    icons.draw_in(tmp_path, [page])
    assert page.read_text() == text


def test_the_filled_shape_is_taken_where_there_is_an_outline_too():
    assert icons.shapes()["file"][2].startswith("M0 64C0 28.7 28.7 0 64 0H224V128")


def test_an_icon_that_is_not_there_is_named():
    with pytest.raises(BuildError, match="no icon 'no-such'"):
        icons.ICON.sub(icons.drawn, '<i class="fas fa-no-such"></i>')
