"""What the project takes from others is pinned, and its workflow may do no more than it must."""

import re
from pathlib import Path

import pytest
import yaml

from tools import environment
from tools.release import repository

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
OF_TORCH = re.findall(r"uv pip install\b(.*)", MAKEFILE)  # a build that PyPI does not have
MADE = re.findall(r"-m tools\.environment \S+ ([\w./]+)", MAKEFILE)
LISTS = sorted({*MADE, environment.UV_LIST.as_posix()})


@pytest.mark.parametrize("make", [environment.by_pip, environment.by_uv])
def test_nothing_is_installed_without_its_hash(make):
    """Except this project itself, which brings nothing along, not even to be built."""
    assert len(LISTS) == 6 and " -m pip install" not in MAKEFILE
    venv, packages, project = make(Path("a"), Path("list.txt"), "python3", project=True)
    assert "venv" in venv and "a" in venv
    assert {"--require-hashes", "list.txt"} <= set(packages)
    assert {"--no-deps", "--no-build-isolation", "-e", "."} <= set(project)
    assert make(Path("a"), Path("list.txt"), "python3", project=False) == [venv, packages]


def test_pytorch_for_the_benchmarks_is_one_version_of_its_cpu_build():
    """By version, not by hash: its index has other files for every system and Python."""
    (arguments,) = OF_TORCH
    (package,) = re.findall(
        r"--torch-backend cpu \$\$\(grep -o '(.*?)' locks/torch.txt\)", arguments
    )
    found = re.findall(package, (ROOT / "locks/torch.txt").read_text(encoding="utf-8"), re.M)
    assert len(found) == 1


@pytest.mark.parametrize("name", LISTS)
def test_every_requirement_has_one_version_and_a_hash(name):
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    assert lines
    for line in lines:
        assert re.match(r"[\w.-]+==[\w.!+]+ ", line), line[:60]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", line), line[:60]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.name)
def test_actions_are_pinned_by_commit_and_say_their_version(path):
    uses = re.findall(r"uses:(.*)", path.read_text(encoding="utf-8"))
    assert uses
    for action in uses:
        assert re.fullmatch(r" [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.name)
def test_jobs_have_the_least_privilege(path):
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        steps = job["steps"]
        writes = [scope for scope, right in job["permissions"].items() if right == "write"]
        builds = any(step.get("uses", "").startswith("actions/checkout@") for step in steps)
        # Code of the repository, and of its packages, runs only where nothing can be written.
        assert not (builds and writes), name
        for step in steps:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False
            assert "${{" not in step.get("run", ""), "an expression in a shell script"


def test_the_site_is_published_with_the_address_of_the_repository_that_publishes_it():
    """So that a fork needs one push, and no edit."""
    jobs = yaml.safe_load(WORKFLOWS[0].read_text(encoding="utf-8"))["jobs"]
    (builds,) = (j for j in jobs.values() if "upload-pages-artifact" in str(j["steps"]))
    address = builds["env"]["CHARLM_REPOSITORY"]
    values = {"server_url": "https://github.com", "repository": "fork/its-book"}
    filled = re.sub(r"\$\{\{ github\.(\w+) \}\}", lambda m: values[m[1]], address)
    assert repository.check(filled) == "https://github.com/fork/its-book"
