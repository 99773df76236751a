"""The chapters on the front page, and its link to the PDF."""

import base64
import io

import pytest
import yaml
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image

from tools.book import places
from tools.book.places import BuildError
from tools.site import front

PAGE = """# Numbers

```{chapter} chapters/one
:picture: fig-a
It counts.
```
```{chapter} chapters/two
:picture: fig-b
It draws.
```
"""


def picture(width, height):
    file = io.BytesIO()
    Image.new("RGBA", (width, height), (200, 0, 0, 90)).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def chapter(name, data, alt="Some words\non it."):
    metadata = {"mystnb": {"figure": {"name": name}, "image": {"alt": alt}}}
    text = new_output("stream", text="first some text\n")
    outputs = [text, new_output("display_data", {"text/plain": "<Figure>", **data})]
    drawn = new_code_cell("2", outputs=outputs, metadata=metadata)
    return new_notebook(cells=[new_code_cell("1"), drawn])


CHAPTERS = {
    "chapters/one": chapter("fig-a", {"image/png": picture(960, 480)}),
    "chapters/two": chapter("fig-b", {"image/svg+xml": "<svg/>", "image/png": picture(9, 9)}),
}


def test_each_chapter_shows_a_figure_of_its_own_made_small():
    files = front.staged(CHAPTERS, PAGE)
    page = files.pop("index.md").decode()
    assert list(files) == ["pictures/one.webp", "pictures/two.svg"]
    image = Image.open(io.BytesIO(files["pictures/one.webp"]))
    assert image.size == (480, 240) and image.mode == "RGBA"
    assert files["pictures/two.svg"] == b"<svg/>"
    assert ":picture: fig-a\n:file: pictures/one.webp\n:alt: Some words on it.\nIt counts." in page
    assert page.startswith("# Numbers\n\n```{chapter} chapters/one\n")


def test_a_front_page_without_chapters_stays_as_it_is():
    assert front.staged(CHAPTERS, "# Numbers\n") == {"index.md": b"# Numbers\n"}


@pytest.mark.parametrize(
    "page, words",
    [
        (PAGE.replace("fig-a", "fig-c"), "fig-c, and no cell of chapters/one.ipynb draws it"),
        (PAGE.replace("chapters/two", "chapters/six"), "chapters/six, which _toc.yml does not"),
    ],
)
def test_what_is_not_there_is_named(page, words):
    with pytest.raises(BuildError, match=words):
        front.staged(CHAPTERS, page)


def test_the_front_page_shows_every_numbered_chapter_in_order():
    toc = yaml.safe_load((places.ROOT / "_toc.yml").read_text(encoding="utf-8"))
    (numbered,) = (part for part in toc["parts"] if part.get("numbered"))
    page = (places.ROOT / front.PAGE).read_text(encoding="utf-8")
    assert list(front.cards(page)) == [c["file"] for c in numbered["chapters"]]


def test_the_front_page_links_a_pdf_that_is_there(tmp_path):
    index = tmp_path / "index.html"
    index.write_text(f"<main>{front.NO_PDF}</main>")
    with pytest.raises(FileNotFoundError):
        front.link_pdf(tmp_path)
    for size, said in ((3_210_000, "3.2 MB"), (4_500_000, "4.5 MB")):
        (tmp_path / front.PDF).write_bytes(b"0" * size)
        front.link_pdf(tmp_path)
        page = index.read_text()
        assert page.count(f'<a href="{front.PDF}">') == 1 and said in page and "hidden" not in page
    front.forget_pdf(tmp_path)
    assert not (tmp_path / front.PDF).exists()
    index.write_text("<main></main>")
    (tmp_path / front.PDF).write_bytes(b"0")
    with pytest.raises(BuildError, match="index.md has no <p"):
        front.link_pdf(tmp_path)
