"""A page with widgets as the site has them: state, views, host, and the site's policy."""

import json
import re
import time
from pathlib import Path

import pytest
from ipywidgets.embed import dependency_state, embed_data

from tests.browser.conftest import SECONDS
from tools.site.policy import protect

SAMPLER, VIEWER, NEXT, WHICH, NUMBER, CHOICE = range(6)
TRAIN, JACOBIANS, STEPS, LOOK, STUDY, SKETCH, GATES = range(6, 13)
HOST = Path(__file__).resolve().parents[2] / "tools" / "site" / "widget-host.js"

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Widgets</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<script defer src="widget-host.js"></script></head>
<body><main><h1>Widgets</h1>{views}<p id="after">Words after the widgets.</p></main>
<script type="application/vnd.jupyter.widget-state+json">{state}</script>
</body></html>"""


def page_parts(widgets) -> tuple[dict, list[dict]]:
    """The saved state of widgets, and what a cell shows of each."""
    data = embed_data(
        widgets, drop_defaults=False, state=dependency_state(widgets, drop_defaults=False)
    )
    return data["manager_state"], data["view_specs"]


def write_page(folder: Path, state: dict, views: list[dict]) -> Path:
    """Write a page in the form that myst-nb gives a notebook with widgets."""
    scripts = [
        f'<script type="application/vnd.jupyter.widget-view+json">{json.dumps(view)}</script>'
        for view in views
    ]
    text = PAGE.format(views="\n".join(scripts), state=json.dumps(state).replace("</", r"<\/"))
    (folder / "widget-host.js").write_text(HOST.read_text(encoding="utf-8"), encoding="utf-8")
    page = folder / "index.html"
    page.write_text(protect(text), encoding="utf-8")
    return page


def widget(page, number):
    """One of the page's widgets, by its number above."""
    return page.locator(".widget-place").nth(number)


def enter(field, number):
    """Put a number into a field. Playwright's `fill` alone would write it after the old one in
    Firefox, where it does not select a field for numbers."""
    field.clear()
    field.fill(number)


def perplexity(train):
    """The validation perplexity that TrainInThePage tells; 28 before it tells one."""
    found = re.search(r"validation (\d+\.\d+)", train.locator(".clm-status").inner_text())
    return float(found[1]) if found else 28.0


def setting(train, label):
    """The value that stands beside a slider's label."""
    return train.locator(".clm-field", has_text=label).locator("output")


def updates(train):
    """How many updates it tells."""
    found = re.search(r"Update (\d+)", train.locator(".clm-status").inner_text())
    return int(found[1]) if found else 0


def wait_for(page, condition):
    """Wait until a condition holds."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if condition():
            return
        page.wait_for_timeout(100)
    pytest.fail(f"not so within {SECONDS} s")
