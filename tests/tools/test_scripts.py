"""Widgets' scripts: none is committed, and the site has the present ones."""

import json
import shutil
import subprocess
from pathlib import Path
from urllib.parse import quote

import nbformat
import pytest
from nbformat.v4 import new_notebook

from charlm_lib.widgets import TextSampler
from tools.book import places, stage
from tools.book.scripts import PLACEHOLDER, with_scripts, without_scripts
from tools.mime import WIDGET_STATE

CHAPTERS = sorted((Path(__file__).resolve().parents[2] / "chapters").glob("*.ipynb"))


def notebook(widget, esm=PLACEHOLDER):
    state = {"a": {"state": {"_anywidget_id": widget, "_esm": esm, "_css": "", "n": 1}}}
    state["b"] = {"state": {"width": None}}
    return new_notebook(metadata={"widgets": {WIDGET_STATE: {"state": state}}})


def models(nb):
    return nb.metadata.widgets[WIDGET_STATE]["state"]


def test_a_saved_widget_gets_the_present_scripts():
    nb = notebook("charlm_lib.widgets.text_sampler.TextSampler")
    state = models(with_scripts("chapters/one", nb))
    assert state["a"]["state"]["_esm"] == TextSampler._esm
    assert state["a"]["state"]["_css"] == TextSampler._css
    assert state["a"]["state"]["n"] == 1 and state["b"] == {"state": {"width": None}}
    assert models(nb)["a"]["state"]["_esm"] == PLACEHOLDER, "the chapter itself stays as it is"


def test_they_are_taken_out_again():
    nb = with_scripts("a", notebook("charlm_lib.widgets.text_sampler.TextSampler"))
    assert without_scripts(models(nb)["a"])["state"]["_esm"] == PLACEHOLDER
    assert without_scripts(models(nb)["a"])["state"]["_css"] == ""


def test_the_placeholder_is_a_module_that_says_what_to_do():
    if not shutil.which("node"):
        pytest.skip("Node is not installed: no `node` on the PATH")
    module = json.dumps(f"data:text/javascript,{quote(PLACEHOLDER)}")
    program = f"const el = {{}}; (await import({module})).default.render({{ el }});"
    program += "process.stdout.write(el.textContent)"
    command = ["node", "--input-type=module", "-e", program]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.startswith("This widget is alive on the book's page")


@pytest.mark.parametrize(
    "widget", ["charlm_lib.widgets.text_sampler.Gone", "charlm_lib.widgets.gone.A", "os.path", ""]
)
def test_an_unknown_widget_is_named_with_its_chapter(widget):
    with pytest.raises(places.BuildError, match=rf"chapters/one.ipynb shows a widget '{widget}'"):
        with_scripts("chapters/one", notebook(widget))


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)
def test_a_chapter_has_its_scripts_on_the_site_alone(path):
    nb = nbformat.read(path, as_version=4)
    widgets = (
        [m["state"] for m in models(nb).values() if "_esm" in m["state"]]
        if ("widgets" in nb.metadata)
        else []
    )
    assert all(w["_esm"] == PLACEHOLDER and w["_css"] == "" for w in widgets)
    staged = stage.for_site(f"chapters/{path.stem}", nb)
    assert PLACEHOLDER not in json.dumps(staged, ensure_ascii=False)
    assert "charlm" not in staged.metadata
    if widgets:
        found = [m["state"] for m in models(staged).values() if "_esm" in m["state"]]
        assert len(found) == len(widgets) and all(len(w["_esm"]) > 5000 for w in found)
