"""The site in WebKit, the engine of Safari: quiet, within its window, and alive.

Its driver tells nothing of consoles and requests. So the server of these tests puts a script first
in every page, which notes what goes wrong.
"""

import functools
import http.server
import io
import os
import re
import shutil
import subprocess
import threading
import time

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.webkitgtk.service import Service

from tests.browser.conftest import BELOW, ENGINE, HTML, SECONDS, SiteHandler, need
from tests.browser.test_site import CHAPTERS, DECKS, EVERY_PAGE
from tools.browsers import find_webkit

pytestmark = pytest.mark.skipif(ENGINE != "chromium", reason="runs once, beside Chromium")
PHONE, LAPTOP = 390, 1280  # pixels
# The window is never as narrow as a phone: its bar of buttons is not. A frame in it is.
FRAME = b"<!doctype html><iframe style='border: 0; height: 900px'></iframe>"
WATCH = """
globalThis.wrong = [];
addEventListener("error", (e) => wrong.push(`${e.message ?? ""} ${e.target?.src ?? ""}`), true);
addEventListener("unhandledrejection", (e) => wrong.push(String(e.reason)));
addEventListener("securitypolicyviolation", (e) => {
  wrong.push(`${e.violatedDirective} ${e.blockedURI}`);
});
for (const kind of ["error", "warn"]) {
  const say = console[kind];
  console[kind] = (...words) => (wrong.push(words.join(" ")), say(...words));
}
"""
OFF_HOST = """return performance.getEntriesByType("resource").map((e) => e.name)
  .filter((url) => !/^(data|blob):/.test(url) && new URL(url).origin !== location.origin)"""
HEAD = re.compile(rb"(<meta http-equiv=.Content-Security-Policy[^>]*>)")


class WatchingHandler(SiteHandler):
    """Serves the site below a path, each page with the script that notes what goes wrong."""

    asked: list[str] = []

    def send_head(self):
        self.asked.append(self.path)
        if self.path.endswith("/watch.js"):
            return self.give("text/javascript", WATCH.encode())
        if self.path.endswith("/frame.html"):
            return self.give("text/html", FRAME)
        path = self.translate_path(self.path)
        if path.endswith(".html") and os.path.isfile(path):
            with open(path, "rb") as file:
                page = file.read()
            return self.give("text/html", HEAD.sub(rb'\1<script src="/watch.js"></script>', page))
        return super().send_head()

    def give(self, kind: str, content: bytes):
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        return io.BytesIO(content)


class Reader:
    """WebKit with one window, and what to do and to ask in it."""

    def __init__(self, driver: webdriver.WebKitGTK, site: str):
        self.driver, self.site = driver, site

    def open(self, path: str) -> None:
        """Open a page and wait until its formulas and widgets are there."""
        self.driver.get(f"{self.site}/{path}")
        self.wait()

    def open_in_frame(self, path: str) -> None:
        """Open a page in a frame as wide as a laptop, wait as `open`, and stay in the frame."""
        self.driver.get(f"{self.site}/frame.html")
        self.driver.switch_to.frame(0)
        self.ask("frameElement.style.width = `${arguments[0]}px`", LAPTOP)
        self.ask("location.href = arguments[0]", f"{self.site}/{path}")
        self.until("return location.href === arguments[0]", f"{self.site}/{path}")
        self.wait()

    def wait(self) -> None:
        self.until("return document.readyState === 'complete'")
        self.driver.execute_async_script(
            "Promise.resolve(window.MathJax?.startup?.promise).then(arguments[0], arguments[0])"
        )
        self.until(
            "return document.querySelectorAll('script[type$=\"widget-view+json\"]').length === "
            "document.querySelectorAll('.widget-place > *').length"
        )

    def ask(self, script: str, *arguments):
        return self.driver.execute_script(script, *arguments)

    def until(self, script: str, *arguments):
        """Wait until a script returns something true, and give that."""
        deadline = time.monotonic() + SECONDS
        while not (found := self.ask(script, *arguments)):
            assert time.monotonic() < deadline, f"not so within {SECONDS} s: {script}"
            time.sleep(0.1)
        return found

    def find(self, selector: str):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def press(self, words: str, within: str) -> None:
        """Press the button with these words."""
        self.ask(
            "[...document.querySelectorAll(arguments[0] + ' button')]"
            ".find((b) => b.textContent.trim() === arguments[1]).click()",
            within,
            words,
        )

    @property
    def problems(self) -> list[str]:
        """What went wrong on the page since it was opened."""
        return self.ask("return wrong") + self.ask(OFF_HOST)


@pytest.fixture(scope="module")
def screen():
    """A screen for WebKit's window: the one that there is, or one that nobody sees."""
    if os.environ.get("DISPLAY"):
        yield os.environ["DISPLAY"]
        return
    xvfb = need(shutil.which("Xvfb"), "xvfb")
    reading, writing = os.pipe()
    command = [xvfb, "-displayfd", str(writing), "-screen", "0", "1600x1200x24"]
    process = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    with os.fdopen(reading) as file:
        yield f":{file.readline().strip()}"
    process.terminate()
    process.wait()


@pytest.fixture(scope="module")
def reader(screen):
    options = webdriver.WebKitGTKOptions()
    options.binary_location = need(find_webkit(), "webkit2gtk-driver")
    options.add_argument("--automation")
    # The sandbox does not work in a container, as Chromium's.
    own = {"DISPLAY": screen, "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1"}
    service = Service(shutil.which("WebKitWebDriver"), env={**os.environ, **own})
    handler = functools.partial(WatchingHandler, directory=str(HTML))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        driver = webdriver.WebKitGTK(options=options, service=service)
        driver.set_script_timeout(SECONDS)
        driver.set_window_size(LAPTOP, 900)
        yield Reader(driver, f"http://127.0.0.1:{server.server_port}{BELOW}")
        driver.quit()
        server.shutdown()


@pytest.mark.parametrize("path", [*EVERY_PAGE, *DECKS])
def test_page_opens_without_error_other_hosts_or_sideways_scroll(reader, path):
    reader.open_in_frame(path)
    if path in DECKS:
        reader.until("return document.documentElement.dataset.deck === 'ready'")
    for width in (LAPTOP, PHONE):
        reader.ask("frameElement.style.width = `${arguments[0]}px`", width)
        wide, window = reader.ask("return [document.scrollingElement.scrollWidth, innerWidth]")
        assert wide <= window == width
    assert reader.problems == []
    assert reader.ask("return document.querySelectorAll('.clm-error').length") == 0
    assert reader.ask("return document.querySelectorAll('mjx-merror').length") == 0


def test_a_model_writes_and_follows_its_seed(reader):
    reader.open(CHAPTERS[0])
    texts = "[...document.querySelectorAll('.clm-sampler .clm-text')].map((e) => e.textContent)"
    # It writes in portions, between which the page stays awake.
    reader.until(f"return {texts}.length && {texts}.every((text) => text.length > 200)")
    before = reader.ask(f"return {texts}")
    seed = reader.find(".clm-sampler input[type=number]")
    seed.send_keys(Keys.CONTROL, "a")
    seed.send_keys("7")
    reader.until(f"return {texts}.some((text, i) => text !== arguments[0][i])", before)
    assert reader.problems == []


def test_a_model_learns_in_the_page(reader):
    reader.open(CHAPTERS[0])
    status = "return document.querySelector('.clm-train .clm-status').textContent"
    reader.until(f"{status}.includes('Not trained yet')")
    reader.press("Train", ".clm-train")
    reader.until(f"{status}.match(/validation (\\d+\\.\\d+)/)?.[1] < 27")  # untrained, it has 28
    reader.press("Pause", ".clm-train")
    assert reader.problems == []


def test_a_reader_searches_and_sees_the_words_marked(reader):
    reader.open("index.html")
    reader.find("body").send_keys(Keys.CONTROL, "k")
    reader.driver.switch_to.active_element.send_keys("perplexity", Keys.ENTER)
    hit = "document.querySelector('#search-results li a[href*=\"chapters/\"]')"
    reader.until(f"return {hit} !== null")
    assert "search.html?q=perplexity" in reader.driver.current_url
    assert reader.problems == []
    reader.ask(f"{hit}.click()")
    reader.until("return document.querySelector('article span.highlighted') !== null")
    assert reader.problems == []


def test_a_reader_changes_colours_copies_and_downloads(reader):
    reader.open(CHAPTERS[0])
    theme = "return document.documentElement.dataset.theme"
    seen = set()
    for _ in range(3):
        reader.ask(
            "[...document.querySelectorAll('.theme-switch-button')]"
            ".find((b) => b.offsetParent).click()"
        )
        seen.add(reader.ask(theme))
    assert seen == {"light", "dark"}
    reader.find("article .cell:not(.tag_hide-input) .copybtn").click()
    reader.until("return document.querySelector('article .copybtn.success') !== null")
    reader.find(".dropdown-download-buttons > button").click()
    reader.find(".btn-download-source-button").click()
    notebook = f"{BELOW}/_sources/{CHAPTERS[0].replace('.html', '.ipynb')}"
    deadline = time.monotonic() + SECONDS
    while notebook not in WatchingHandler.asked and time.monotonic() < deadline:
        time.sleep(0.1)
    assert notebook in WatchingHandler.asked
    assert reader.problems == []
