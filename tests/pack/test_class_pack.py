"""The offline class pack, used as its how-to says, without a network."""

import os
import re
import subprocess
import sys
import time
import urllib.request
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tools.browsers import ARGUMENTS, find_chromium
from tools.environment import first_that_runs

PACK = Path(__file__).resolve().parents[2] / "_build" / "class-pack.zip"
NOWHERE = "http://127.0.0.1:9"  # nothing answers at this port
OFFLINE = {
    **os.environ,
    "HTTP_PROXY": NOWHERE,
    "HTTPS_PROXY": NOWHERE,
    "PIP_CONFIG_FILE": os.devnull,
}
PORT = 8765


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The unpacked pack."""
    if not PACK.is_file():
        pytest.fail(f"There is no {PACK}: run `make class-pack`.")
    place = tmp_path_factory.mktemp("class")
    with zipfile.ZipFile(PACK) as pack:
        pack.extractall(place)
    return place / "class-pack"


def test_the_site_works_in_a_browser_that_finds_no_other_host(folder):
    serve = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "--directory", "site"]
    server = subprocess.Popen([*serve, str(PORT)], cwd=folder, stderr=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{PORT}"
        wait_for(address, server)
        with sync_playwright() as playwright:
            rule = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
            browser = playwright.chromium.launch(
                executable_path=find_chromium(), args=[*ARGUMENTS, rule]
            )
            page = browser.new_page()
            wrong = []
            page.on("requestfailed", lambda request: wrong.append(request.url))
            page.on("pageerror", lambda error: wrong.append(str(error)))
            page.goto(address, wait_until="networkidle")
            sampler = page.locator(".clm-sampler")
            before = sampler.locator(".clm-text").first.inner_text()
            sampler.get_by_label("Seed").fill("7")
            assert sampler.locator(".clm-text").first.inner_text() != before
            page.locator("article a[href^='chapters/']").first.click()
            page.locator("article mjx-container").first.wait_for()
            page.locator(".btn-slides-button").wait_for()
            assert wrong == []
            browser.close()
    finally:
        server.terminate()
        server.wait()


def wait_for(address: str, server: subprocess.Popen) -> None:
    """Wait until a server answers; fail if it has ended."""
    while server.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"the server at {address} ended with status {server.returncode}")


def python_of(folder: Path) -> str:
    """Find a Python of the version that the pack's wheels are for."""
    version = re.search(r"Python (\d\.\d+)", (folder / "HOW-TO.md").read_text("utf-8"))[1]
    ask = "import sys; print('{}.{}'.format(*sys.version_info))"
    python = first_that_runs([f"python{version}"])
    done = subprocess.run([python, "-c", ask], capture_output=True, text=True)
    if done.stdout.strip() == version:
        return python
    pytest.fail(f"The pack is for Python {version}: install it, or make a pack for another one.")


def test_its_wheels_train_a_model_for_an_epoch(folder, tmp_path):
    """On this machine's platform, in an environment that holds nothing else."""
    subprocess.run([python_of(folder), "-m", "venv", tmp_path / "class"], check=True)
    programs = tmp_path / "class" / ("Scripts" if os.name == "nt" else "bin")

    def python(*arguments):
        command = [programs / "python", *arguments]
        options = {"env": {**OFFLINE, "PYTHONPATH": ""}, "cwd": folder, "text": True}
        done = subprocess.run(command, capture_output=True, **options)
        assert done.returncode == 0, done.stderr
        return done.stdout

    install = ["-m", "pip", "install", "--quiet", "--no-index", "--find-links", "wheels"]
    python(*install, "charlm_lib", "jupyterlab")
    python("-m", "pip", "check")
    assert "devices:" in python("-m", "charlm_lib")
    python("-m", "charlm_lib", "train", "--epochs", "1", "--output", str(tmp_path / "one"))
    assert python("-m", "charlm_lib", "sample", "--model", str(tmp_path / "one")).startswith("time")
    assert python("-m", "jupyterlab", "--version").startswith("4.")
    load = "import charlm_lib, sys; print(charlm_lib.load(sys.argv[1]))"
    results = sorted((folder / "notebooks" / "results").glob("*.safetensors"))
    assert results and all("finished" in python("-c", load, str(path)) for path in results)
