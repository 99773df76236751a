"""A browser that sees only the built site, and remembers everything that went wrong.

It is Chromium, or with CHARLM_ENGINE=firefox Firefox.
"""

import contextlib
import functools
import http.server
import os
import re
import shlex
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Playwright,
    expect,
    sync_playwright,
)
from xdist.scheduler import LoadScopeScheduling

from tools.browsers import ARGUMENTS, find_chromium, find_firefox, missing_engines

# The site that `make browser` builds; CHARLM_SITE names another one.
BUILT = Path(__file__).resolve().parents[2] / "_build" / "test" / "_build" / "html"
HTML = Path(os.environ.get("CHARLM_SITE", BUILT)).resolve()
# Where the site lies on its host: below a path, as GitHub Pages serves the site of a repository.
BELOW = "/a-repository"
ENGINE = os.environ.get("CHARLM_ENGINE", "chromium")
FIREFOX = "tests.browser.firefox"
# Chromium's pages, but not their workers, compute so many times slower: what does not wait fails.
SLOWER = float(os.environ.get("CHARLM_SLOWER", "1"))
SECONDS = 300  # for any one step: on a busy machine each may take minutes


def patience() -> float:
    """Say how many processes want each core: all takes as many times as long as on a quiet one."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 1
    return max(1.0, load / (os.cpu_count() or 1))


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *args):
        pass


class SiteHandler(QuietHandler):
    """Serves files below a path, and nothing elsewhere."""

    def translate_path(self, path):
        found = path.startswith(f"{BELOW}/")
        return super().translate_path(path.removeprefix(BELOW) if found else "/nowhere")


@contextlib.contextmanager
def serving(folder: Path, handler: type[QuietHandler] = QuietHandler):
    """Serve a folder on this machine as long as the context lasts, and give its address."""
    handler = functools.partial(handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class ByPage(LoadScopeScheduling):
    """Gives all tests of a page, or of a file without pages, to the same process.

    It need not open the page again where a test before has done so.
    """

    def _split_scope(self, nodeid):
        page = re.search(r"([\w-]+)\.html", nodeid)
        return page[1] if page else nodeid.split("::")[0]


def pytest_xdist_make_scheduler(config, log):
    return ByPage(config, log)


@dataclass
class Visit:
    """An open page and what went wrong on it."""

    page: Page
    off_host: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)

    @property
    def problems(self) -> dict[str, list[str]]:
        """Name each kind of problem that occurred."""
        return {k: v for k in ("off_host", "failed", "console") if (v := getattr(self, k))}


def need(path: str | None, package: str) -> str:
    """Return the path of a program; without it skip, or fail under CHARLM_NEED_BROWSER.

    Engines beside Chromium are skipped there too: not every system has them.
    """
    if path is None:
        reason = f"{package} is not installed (see CONTRIBUTING.md)"
        is_needed = os.environ.get("CHARLM_NEED_BROWSER") and package not in missing_engines()
        (pytest.fail if is_needed else pytest.skip)(reason)
    return path


def start_chromium(playwright: Playwright, folder: Path) -> Browser:
    path = need(find_chromium(), "chromium")
    return playwright.chromium.launch(executable_path=path, args=ARGUMENTS)


def start_firefox(playwright: Playwright, folder: Path) -> Browser:
    """Start Firefox; Playwright is told that firefox.py is its program, and starts that."""
    need(find_firefox(), "firefox-esr")
    program = folder / "firefox"
    root = Path(__file__).resolve().parents[2]
    lines = [f"cd {shlex.quote(str(root))}", f"exec {shlex.quote(sys.executable)} -m {FIREFOX}"]
    program.write_text("#!/bin/sh\n" + "\n".join(lines) + ' "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return playwright.firefox.launch(channel="moz-firefox", executable_path=program)


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """Start the browser."""
    start = {"chromium": start_chromium, "firefox": start_firefox}[ENGINE]
    with sync_playwright() as playwright:
        browser = start(playwright, tmp_path_factory.mktemp("browser"))
        expect.set_options(timeout=1000 * SECONDS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site():
    """Serve the built site on this machine and return its address."""
    if not (HTML / "index.html").is_file():
        pytest.fail("There is no site to test: run `make browser`.")
    with serving(HTML, SiteHandler) as address:
        yield f"{address}{BELOW}"


def new_context(browser: Browser, scheme="light", width=1280, height=900) -> BrowserContext:
    """Open a browsing context: pages in it share what they store, and the work of loading."""
    context = browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": height}, locale="en-GB"
    )
    context.set_default_timeout(1000 * SECONDS)
    return context


def open_page(context: BrowserContext, address: str, is_shared: bool = False) -> Visit:
    """Open a page and wait until it has come to rest.

    Its visit knows the requests of the page and, unless the context is shared, of every window that
    the page opens.
    """
    visited = Visit(context.new_page())
    home = address.split("/", 3)[:3]

    def guard(route):
        url = route.request.url
        if url.split("/", 3)[:3] == home or url.startswith(("data:", "blob:")):
            route.continue_()
        else:
            visited.off_host.append(url)
            route.abort()

    def answered(response):
        if response.status >= 400:
            visited.failed.append(f"{response.status} {response.url}")

    def failed(request):
        # A reload cancels the tab's icon where that is still on its way.
        if not (request.failure == "net::ERR_ABORTED" and request.url.endswith("/favicon.svg")):
            visited.failed.append(f"{request.failure} {request.url}")

    def said(message):
        if message.type in ("error", "warning"):
            visited.console.append(message.text)

    page = visited.page
    if SLOWER > 1:
        rate = {"rate": SLOWER}
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", rate)
    (page if is_shared else context).route("**/*", guard)
    page.on("response", answered)
    page.on("requestfailed", failed)
    page.on("pageerror", lambda error: visited.console.append(str(error)))
    page.on("console", said)
    # On a busy machine the network can be idle before Chromium has parsed the page.
    page.goto(address, wait_until="load")
    page.evaluate("window.MathJax?.startup?.promise")
    page.evaluate("document.fonts.ready.then(() => null)")
    until_idle(page)
    return visited


# Until no more has been loaded for a third of a second, and every widget is there: one that still
# starts while its page is left tells an error.
IDLE = """() => new Promise((done) => {
  const look = (before) => {
    const loaded = performance.getEntriesByType("resource").length;
    if (loaded === before && !document.querySelector(".widget-place:empty")) done();
    else setTimeout(look, 333, loaded);
  };
  look(-1);
})"""


def until_idle(page: Page) -> None:
    """Wait until a page loads nothing more.

    Of Firefox Playwright does not always hear that the last request has ended.
    """
    if ENGINE == "firefox":
        page.evaluate(IDLE)
    else:
        page.wait_for_load_state("networkidle")


@pytest.fixture
def visit(browser: Browser, site: str):
    """Return a function that opens a page of the site in a new context, for this test alone."""
    opened = []

    def open_one(path: str, **options) -> Visit:
        opened.append(open_page(new_context(browser, **options), f"{site}/{path}"))
        return opened[-1]

    yield open_one
    for visited in opened:
        visited.page.context.close()


@pytest.fixture(scope="session")
def shared(browser: Browser):
    """Return a function that gives the context of a colour scheme and a size, for many pages."""
    contexts = {}

    def give(**options) -> BrowserContext:
        known = tuple(sorted(options.items()))
        if known not in contexts:
            contexts[known] = new_context(browser, **options)
        return contexts[known]

    yield give
    for context in contexts.values():
        context.close()


@pytest.fixture
def page_of(shared, site: str):
    """Return a function that opens a page of the site in a shared context, for this test alone.

    The test may change the page, but nothing that the browser stores.
    """
    pages = []

    def open_one(path: str, **options) -> Page:
        pages.append(open_page(shared(**options), f"{site}/{path}", is_shared=True).page)
        return pages[-1]

    yield open_one
    for page in pages:
        page.close()


@pytest.fixture(scope="session")
def seen(shared, site: str):
    """Return a function that opens a page once for all tests, which only look at it."""
    opened = {}

    def look(path: str, scheme: str = "light", **options) -> Visit:
        known = (path, scheme, *sorted(options.items()))
        if known not in opened:
            address = path if "://" in path else f"{site}/{path}"
            opened[known] = open_page(shared(scheme=scheme, **options), address, is_shared=True)
        return opened[known]

    return look
