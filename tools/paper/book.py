"""One PDF of the whole book, with contents and page numbers: Chromium prints the built site."""

import contextlib
import functools
import html
import http.server
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from tools import browsers
from tools.book import changed, places
from tools.book.places import BuildError
from tools.paper.numbers import page_numbers
from tools.release import repository
from tools.site import front

HERE = Path(__file__).resolve().parent
# As wide as a page of A4 without its margins, in CSS pixels: widgets fit themselves to it.
VIEW = {"width": 665, "height": 1000}
FOOTER = (
    '<p style="font: 9px sans-serif; margin: 0 auto; color: #555">'
    '<span class="pageNumber"></span></p>'
)
MARGINS = {"top": "18mm", "right": "17mm", "bottom": "20mm", "left": "17mm"}
AT_REST = """async () => {
  await window.MathJax?.startup?.promise;
  await document.fonts.ready;
  const busy = () => document.querySelector('[aria-busy="true"]');
  while (busy()) await new Promise((resume) => setTimeout(resume, 50));
}"""
PATIENCE = 300_000  # ms, for any one step: a busy machine takes its time


@dataclass(frozen=True)
class Sheet:
    """What the paper has of a page: see snapshot.js.

    Args:
        html: its article.
        headings: of levels 1 and 2, each with its text and the id of what it begins.
        inline: the rules of its style sheets that are no files.
        sheets: the addresses of those that are.
    """

    html: str
    headings: list[dict]
    inline: list[str]
    sheets: list[str]


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a folder on this machine as long as the context lasts, and give its address."""
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def page_names(toc: dict) -> dict[str, str]:
    """List the pages of the book after the first, in order: address -> name on paper."""
    files = [c["file"] for part in toc["parts"] for c in part["chapters"]]
    return {f"/{file}.html": file.replace("/", "-") for file in files}


def sheet(context, address: str, path: str, names: dict[str, str]) -> Sheet:
    """Open a page of the site and take what the paper has of it, once it has come to rest."""
    page = context.new_page()
    page.goto(address + path, wait_until="networkidle")
    page.evaluate(AT_REST)
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    taken = page.evaluate(
        (HERE / "snapshot.js").read_text(encoding="utf-8"), {"at": names[path], "known": names}
    )
    page.close()
    return Sheet(**taken)


def contents(sheets: list[Sheet], numbers: dict[str, int]) -> str:
    """Write the table of contents; a heading whose page is not known yet has 000."""
    lines = []
    for heading in (h for one in sheets for h in one.headings):
        number = numbers.get(heading["at"], "000")
        link = f'<a href="#{heading["at"]}"><span>{html.escape(heading["text"])}</span>'
        page = f'<span class="paper-page">{number}</span></a>'
        lines.append(f'<li class="paper-level-{heading["level"]}">{link}{page}</li>')
    return f'<nav class="paper-contents"><h2>Contents</h2><ol>{"".join(lines)}</ol></nav>'


def document(config: dict, sheets: list[Sheet], numbers: dict[str, int]) -> str:
    """Write the whole book as one page of HTML."""
    links = dict.fromkeys(link for one in sheets for link in one.sheets)
    rules = dict.fromkeys(rule for one in sheets for rule in one.inline)
    title, author = html.escape(config["title"]), html.escape(config["author"])
    where = repository.published()
    more = f" They are at <a href='{where}'>{where}</a>." if where else ""
    return "\n".join(
        [
            '<!doctype html><html lang="en" data-theme="light"><head><meta charset="utf-8">',
            f'<title>{title}</title><meta name="author" content="{author}">',
            *(f'<link rel="stylesheet" href="{link}">' for link in links),
            *(f"<style>{rule}</style>" for rule in rules),
            f"<style>{(HERE / 'paper.css').read_text(encoding='utf-8')}</style></head><body><main>",
            f'<header class="paper-title"><h1>{title}</h1><p>{author}</p>',
            "<p>Text under CC BY 4.0, code under Apache 2.0. The widgets stand here as pictures; "
            f"on the book's pages and in its notebooks they work.{more}</p></header>",
            contents(sheets, numbers),
            *(one.html for one in sheets),
            "</main></body></html>",
        ]
    )


# A link to what the paper lacks becomes its words.
LOOSE = """() => {
  for (const link of document.querySelectorAll('a[href^="#"]')) {
    const target = decodeURIComponent(link.getAttribute("href").slice(1));
    if (!document.getElementById(target)) link.removeAttribute("href");
  }
}"""


def printed(context, address: str, text: str) -> bytes:
    """Print a document that loads files of the site, as a PDF."""
    page = context.new_page()
    page.route(
        f"{address}/whole-book.html",
        lambda route: route.fulfill(body=text, content_type="text/html; charset=utf-8"),
    )
    page.goto(f"{address}/whole-book.html", wait_until="networkidle")
    page.evaluate(LOOSE)
    page.evaluate("document.fonts.ready.then(() => null)")
    pdf = page.pdf(
        format="A4",
        margin=MARGINS,
        display_header_footer=True,
        header_template="<span></span>",
        footer_template=FOOTER,
        outline=True,
        tagged=True,
    )
    page.close()
    return pdf


def whole_book(site: Path, chromium: str) -> bytes:
    """Print the book of the built site `site`.

    Raises:
        BuildError: a heading is on no page, or the contents do not come to rest.
    """
    from playwright.sync_api import sync_playwright

    config = yaml.safe_load((places.ROOT / "_config.yml").read_text(encoding="utf-8"))
    names = page_names(yaml.safe_load((places.ROOT / "_toc.yml").read_text(encoding="utf-8")))
    with serving(site) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=browsers.ARGUMENTS)
        context = browser.new_context(viewport=VIEW, reduced_motion="reduce", color_scheme="light")
        context.set_default_timeout(PATIENCE)
        sheets = [sheet(context, address, path, names) for path in names]
        numbers: dict[str, int] = {}
        for _ in range(3):  # without numbers, with them, and to see that they hold
            pdf = printed(context, address, document(config, sheets, numbers))
            before, numbers = numbers, page_numbers(pdf)
            wanted = {heading["at"] for one in sheets for heading in one.headings}
            if lost := sorted(wanted - set(numbers)):
                raise BuildError(f"no page for {', '.join(lost)}: see tools/paper/book.py")
            if before == numbers:
                return pdf
        browser.close()
    raise BuildError("the page numbers of the PDF's contents do not come to rest")


def key_of(site_key: str) -> str:
    """Hash what a PDF is made from: a site, and the files here."""
    return changed.key_of(sorted(HERE.glob("*.*")), json.dumps(site_key))


def make(parent: Path) -> bool:
    """Make the PDF of the site in `parent`/_build/html, and link it from the front page.

    Where there is no Chromium it says so and makes none.

    Returns:
        Whether there is one now.
    """
    site = parent / "_build" / "html"
    name = f"PDF in {changed.place(parent)}"
    key = key_of(changed.known(f"site in {changed.place(parent)}").get("key", ""))
    if changed.is_same(name, key) and (site / front.PDF).is_file():
        print("PDF: unchanged")
        return True
    chromium = browsers.find_chromium()
    if not chromium:
        print("PDF: not made, since there is no Chromium here to print it")
        return False
    changed.forget(name)
    pdf = whole_book(site, chromium)
    (site / front.PDF).write_bytes(pdf)
    front.link_pdf(site)
    changed.note(name, key)
    print(f"PDF: {(site / front.PDF).relative_to(places.ROOT)}, {len(pdf) / 1e6:.1f} MB")
    return True
