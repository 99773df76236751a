"""The widgets in JupyterLab with a real kernel: they render, and Python and the page agree."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SECONDS
from tools.book.folded import fold_answers

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.alone  # JupyterLab and its kernel keep the cores busy

CELLS = [
    "import charlm_lib as cl\n"
    "from charlm_lib.widgets import HiddenStateViewer, PredictFirst, TextSampler, TrainInThePage\n"
    "data = cl.TextData('the time traveller smiled round at us ' * 20, 32, 8, 300, 100)\n"
    "model = cl.RNNLM(cl.GRU(8, 2), len(data.vocab), lr=1.0)\n"
    "result = cl.Trainer(2).fit(model, data, show=False)",
    "sampler = TextSampler({'one': result, 'two': result})\nsampler",
    "HiddenStateViewer(result, text='the time')",
    "PredictFirst.next_character(result, 'the time', 4)",
    "learner = TrainInThePage(hiddens=8, num_steps=8)\nlearner",
    "print('python has', repr(sampler.prefix), sampler.temperature, sampler.seed)",
    "sampler.prefix = 'us at '\nlearner.layers = 2",
]
QUESTION = "> **Predict first**\n>\n> What is six times seven?"
ANSWER = "print('six times seven')\nprint('it is', 6 * 7)"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A JupyterLab of its own, without settings of the machine; gives its address."""
    folder = tmp_path_factory.mktemp("lab")
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    told = [nbformat.v4.new_output("stream", text="six times seven\nit is 42\n")]
    cells += [
        nbformat.v4.new_markdown_cell(QUESTION),
        nbformat.v4.new_code_cell(ANSWER, outputs=told),
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    book = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
    fold_answers(book)
    nbformat.write(book, folder / "widgets.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    places = {f"JUPYTER_{name}_DIR": str(folder / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    places["JUPYTERLAB_SETTINGS_DIR"] = places["JUPYTERLAB_WORKSPACES_DIR"] = str(folder / "lab")
    options = ["--no-browser", "--allow-root", "--IdentityProvider.token=", f"--port={port}"]
    options += [
        "--ServerApp.port_retries=0",
        "--LabApp.news_url=",
        "--LabApp.extension_manager=readonly",
    ]
    with open(folder / "log.txt", "w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options, f"--ServerApp.root_dir={folder}"],
            env={**os.environ, **places, "PYTHONPATH": str(ROOT)},  # the kernel too tests this tree
            stdout=log,
            stderr=log,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(2 * SECONDS):
            if server.poll() is not None:
                break
            try:
                urllib.request.urlopen(f"{address}/api", timeout=5)
                break
            except OSError:
                time.sleep(0.5)
        else:
            pytest.fail("JupyterLab did not start: " + (folder / "log.txt").read_text())
        assert server.poll() is None, (folder / "log.txt").read_text()
        yield address
    finally:
        server.terminate()
        server.wait()


@pytest.fixture(scope="module")
def notebook(browser, lab):
    """The notebook, all cells run; and the requests that left this machine."""
    context = browser.new_context(viewport={"width": 1280, "height": 6000}, locale="en-GB")
    context.set_default_timeout(1000 * SECONDS)
    page = context.new_page()
    page.off_host = []

    def guard(route):
        if route.request.url.startswith((lab, lab.replace("http", "ws"), "data:", "blob:")):
            route.continue_()
        else:
            page.off_host.append(route.request.url)
            route.abort()

    context.route("**/*", guard)
    page.goto(f"{lab}/lab/tree/widgets.ipynb")
    page.locator(".jp-Notebook .jp-Cell").nth(len(CELLS) - 1).wait_for()
    # JupyterLab may drop what is asked of a kernel that is still starting.
    page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for()
    for number in range(len(CELLS)):
        run_cell(page, number)
    page.locator(".clm-train").wait_for()
    yield page
    context.close()


def run_cell(page, number):
    """Run a cell and wait until it is done.

    A busy JupyterLab loses keys: where the prompt shows after a while that nothing was asked, they
    are pressed again.
    """
    cell = page.locator(".jp-Cell").nth(number)
    prompt = cell.locator(".jp-InputPrompt")
    before = prompt.inner_text()
    deadline = time.monotonic() + SECONDS  # JAX compiles on the way
    pressed = float("-inf")
    while True:
        shown = prompt.inner_text()
        if re.fullmatch(r"\[\d+\]:", shown) and shown != before:
            return
        now = time.monotonic()
        if now > deadline:
            notebook = page.locator(".jp-Notebook").inner_text()
            pytest.fail(f"Cell {number} does not end. The notebook shows:\n{notebook}")
        if "*" not in shown and now - pressed > 10:
            cell.locator(".cm-content").click()
            page.keyboard.press("Control+Enter")
            pressed = time.monotonic()
        page.wait_for_timeout(200)


def test_every_widget_renders_without_another_host(notebook):
    for kind in ("sampler", "viewer", "predict", "train"):
        expect(notebook.locator(f".clm-{kind}")).to_have_count(1)
    assert notebook.locator(".clm-error").count() == 0
    assert notebook.off_host == []


def test_python_sees_the_readers_choices_and_the_page_sees_pythons(notebook):
    sampler = notebook.locator(".clm-sampler")
    expect(sampler.get_by_label("Prefix")).to_have_value("us at ")  # the last cell set it
    sampler.get_by_label("Prefix").fill("round at ")
    sampler.get_by_label("Temperature").fill("0.3")
    sampler.get_by_label("letter by letter").uncheck()
    sampler.get_by_role("button", name="New sample").click()
    assert sampler.locator(".clm-text").first.inner_text().startswith("round at ")
    output = notebook.locator(".jp-Cell").nth(5).locator(".jp-OutputArea-output")
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:  # what the page sends may be under way for a while
        run_cell(notebook, 5)
        if "'round at ' 0.3 1" in output.inner_text():
            break
    expect(output).to_have_text("python has 'round at ' 0.3 1")
    run_cell(notebook, 6)
    expect(sampler.get_by_label("Prefix")).to_have_value("us at ")


def test_jax_in_the_kernel_can_do_the_training(notebook):
    train = notebook.locator(".clm-train")
    train.get_by_label("Engine").select_option("kernel")
    train.get_by_label("Layers").select_option("1")
    train.get_by_label("Cell").select_option("LSTM")
    train.get_by_label("Optimizer").select_option("Adam")  # its means travel to and fro
    train.get_by_role("button", name="Train", exact=True).click()
    status = train.locator(".clm-status")
    expect(status).to_contain_text("in JAX (CPU)")
    expect(status).to_have_text(re.compile(r"Update \d{3}"))
    train.get_by_role("button", name="Pause").click()
    assert float(re.search(r"validation (\d+\.\d+)", status.inner_text())[1]) < 22
    # The browser's own engine, from the same start on the same windows, for comparison
    train.get_by_role("button", name="New run").click()
    train.get_by_label("Engine").select_option("page")
    train.get_by_role("button", name="Train", exact=True).click()
    expect(status).to_contain_text("of this page")
    expect(status).to_have_text(re.compile(r"Update \d{3}"))
    train.get_by_role("button", name="Pause").click()
    curves = train.locator(".clm-plots svg").first.locator("polyline:not(.clm-thin)")
    heights = [
        [float(pair.split(",")[1]) for pair in curve.get_attribute("points").split()[:5]]
        for curve in curves.all()
    ]
    assert len(heights) == 2
    assert heights[0] == pytest.approx(heights[1], abs=0.5)  # pixels of 260


def test_the_answer_to_a_box_is_folded_until_the_reader_runs_or_opens_it(notebook):
    cell = notebook.locator(".jp-Cell").last
    answer, dots = cell.get_by_text("it is 42"), cell.locator(".jp-OutputPlaceholder")
    expect(notebook.get_by_text("What is six times seven?").last).to_be_visible()
    expect(dots).to_have_text("six times seven")  # JupyterLab shows the first line
    expect(answer).to_be_hidden()
    dots.locator(".jp-Placeholder-content").click()
    expect(answer).to_be_visible()
    cell.locator(".jp-OutputCollapser").click()
    expect(answer).to_be_hidden()
    run_cell(notebook, len(CELLS) + 1)
    expect(answer).to_be_visible()
