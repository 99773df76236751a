"""Every page can be read and used without a mouse, without colours, and with a screen reader."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.test_site import EVERY_PAGE

SERIOUS = {"serious", "critical"}
OF_COLOURS = ["color-contrast", "link-in-text-block"]  # the rules that look at colours
SHOWN = 4  # places named per broken rule


# Colours are what takes axe-core its time: of characters, pieces of code and cells of tables that
# look alike, three remain to be judged. The others become plain text of the box that holds them,
# and cells become empty.
THIN_OUT = """() => {
  const seen = new Map(), alike = [];
  for (const e of document.querySelectorAll("pre span, .clm span, .sig span, td")) {
    if (e.children.length) continue;
    const style = getComputedStyle(e);
    const behind = getComputedStyle(e.parentElement).backgroundColor; // striped rows
    const look = [
      e.tagName, e.className, style.color, style.backgroundColor, style.fontWeight, behind,
    ].join();
    seen.set(look, (seen.get(look) ?? 0) + 1);
    if (seen.get(look) > 3) alike.push(e);
  }
  for (const e of alike) {
    if (e.tagName === "TD") e.textContent = "";
    else e.replaceWith(...e.childNodes);
  }
}"""


# What unfolds or changes its colour fades, from the next frame on, and half faded it is pale. Some
# animations never end.
AT_REST = """async () => {
  for (let i = 0; i < 2; i++) await new Promise(requestAnimationFrame);
  await Promise.allSettled(
    document.getAnimations()
      .filter((a) => a.effect.getComputedTiming().endTime !== Infinity)
      .map((a) => a.finished)
  );
}"""


def complaints(page, **options) -> Iterator[str]:
    """Run axe-core on an open page that is at rest, and describe each serious violation."""
    page.evaluate(AT_REST)
    options = {"resultTypes": ["violations"], **options}
    for rule in Axe().run(page, options=options).response["violations"]:
        if rule["impact"] in SERIOUS:
            yield f"{rule['impact']}: {rule['id']}: {rule['help']} ({len(rule['nodes'])} places)"
            for node in rule["nodes"][:SHOWN]:
                why = node["failureSummary"].splitlines()[1:2]
                yield f"    {' '.join(map(str, node['target']))}: {' '.join(why).strip()}"


def open_everything(page) -> None:
    """Unfold solutions and cells, so that what they hide is looked at too."""
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    folded = page.locator(".toggle-hidden.toggle-button:visible")
    while folded.count():
        folded.first.click()


@pytest.mark.parametrize("path", EVERY_PAGE)
def test_no_serious_violation(page_of, path):
    page = page_of(path)
    open_everything(page)
    page.evaluate(THIN_OUT)
    found = list(complaints(page))
    # The dark mode differs by its colours alone.
    page.emulate_media(color_scheme="dark")
    page.locator("html[data-theme=dark]").wait_for()
    found += [f"dark: {words}" for words in complaints(page, runOnly=OF_COLOURS)]
    assert not found, "\n".join([f"{path}:", *found])
