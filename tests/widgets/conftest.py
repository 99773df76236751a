"""Runs the shipped browser modules in Node."""

import functools
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from charlm_lib.widgets.bundle import FOLDER

DOM = Path(__file__).with_name("dom.js").as_uri()

MODULES = ["--experimental-default-type=module"]  # our .js files are modules without package.json


@pytest.fixture(scope="session")
def run_node():
    """The function below; a test that uses it is skipped where Node is not installed."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed: no `node` on the PATH")
    return functools.partial(_run, node)


def _run(node: str, program: str, **inputs):
    """Run a program with `input` (JSON of `inputs`) defined; return what it hands to `give(...)`.

    The program imports the modules of charlm_lib/widgets/js by `await load("model/network.js")`.
    After `await openPage()` there is a document (dom.js), for modules that make elements.
    """
    source = f"""
    import {{ readFileSync }} from "node:fs";
    const input = JSON.parse(readFileSync(0, "utf8"));
    const load = (name) => import({json.dumps(FOLDER.as_uri() + "/")} + name);
    const openPage = () => import({json.dumps(DOM)});
    const give = (value) => process.stdout.write(JSON.stringify(value));
    {program}
    """
    done = subprocess.run(
        [node, "--no-warnings", *MODULES, "--input-type=module", "-e", source],
        input=json.dumps(inputs),
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
