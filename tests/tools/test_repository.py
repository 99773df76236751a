"""The repository's address in every place that shows it, and the chapters' set-up cells."""

import json
import re
import shutil
import site
import subprocess
import sys
import threading
import tomllib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement

from tools.book import places
from tools.mime import WIDGET_STATE, WIDGET_VIEW
from tools.release import repository

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
CHAPTER = "chapters/linen-and-nnx.ipynb"
URL = "https://github.com/example/a-book"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Point the command at files without an address: copies, and one small chapter among them."""
    (tmp_path / "chapters").mkdir()
    for name in ("_config.yml", "README.md", CHAPTER):
        shutil.copy(ROOT / name, tmp_path / name)
    text = re.sub(r"(?m)^Repository = .*\n", "", (ROOT / "pyproject.toml").read_text())
    (tmp_path / "pyproject.toml").write_text(text.replace("[project.urls]\n\n", ""))
    toc = {"parts": [{"chapters": [{"file": CHAPTER.removesuffix(".ipynb")}]}]}
    (tmp_path / "_toc.yml").write_text(yaml.safe_dump(toc))
    monkeypatch.setattr(places, "ROOT", tmp_path)
    repository.write_repository()
    return tmp_path


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["repository.py", *arguments])
    return repository.main()


def contents(folder):
    return {p: p.read_text() for p in sorted(folder.rglob("*")) if p.is_file()}


def branch():
    return yaml.safe_load((ROOT / "_config.yml").read_text())["repository"]["branch"]


def set_up(path):
    cells = nbformat.read(path, as_version=4).cells
    return next(c for c in cells if c.cell_type == "code")


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)
def test_every_chapter_has_the_set_up_cell_of_its_minutes(path):
    chapter, cell = nbformat.read(path, as_version=4), set_up(path)
    assert cell.metadata.get("tags") == ["hide-input", "set-up", "timing"], "run `make repo`"
    assert len([line for line in cell.source.splitlines() if line.strip()]) <= 30
    assert max(map(len, cell.source.splitlines())) <= 100  # which fit a page
    name = f"chapters/{path.name}"
    written = repository.chapter_with(chapter, name, repository.repository(), branch())
    assert written == chapter, "run `make repo`"


def test_config_and_readme_show_the_address():
    url = repository.repository()
    config, readme = ((ROOT / name).read_text() for name in ("_config.yml", "README.md"))
    chapters = [f"{name}.ipynb" for name in places.chapter_names()]
    titles = {n: repository.title(nbformat.read(ROOT / n, as_version=4)) for n in chapters}
    assert repository.config_with(config, url) == config, "run `make repo`"
    assert repository.readme_with(readme, url, branch(), titles) == readme, "run `make repo`"


def test_an_address_reaches_every_place(project, monkeypatch):
    before = contents(project)
    assert not any(word in text for text in before.values() for word in ("git clone", "badge"))
    chapter = project / CHAPTER
    outputs = set_up(chapter).outputs
    assert run(monkeypatch, URL) == 0
    assert repository.repository() == URL
    config = yaml.safe_load((project / "_config.yml").read_text())
    assert config["repository"]["url"] == URL
    assert config["html"]["use_repository_button"] and config["html"]["use_issues_button"]
    assert config["launch_buttons"] == {"colab_url": "https://colab.research.google.com"}
    readme = (project / "README.md").read_text()
    link = f"https://colab.research.google.com/github/example/a-book/blob/main/{CHAPTER}"
    badge = nbformat.read(chapter, as_version=4).cells[0]
    assert f"({link})" in badge.source and f"({link})" in readme
    page = f"https://example.github.io/a-book/{CHAPTER.removesuffix('.ipynb')}.html"
    assert f"({page})" in badge.source and "remove-cell" in badge.metadata.tags
    assert f'REPOSITORY = "{URL}"' in set_up(chapter).source
    assert set_up(chapter).outputs == outputs
    after = contents(project)
    assert run(monkeypatch, URL) == 0
    assert contents(project) == after  # writing twice is writing once
    assert run(monkeypatch, "https://github.com/example/moved") == 0
    assert not any("a-book" in text for text in contents(project).values())

    (project / "pyproject.toml").write_text(before[project / "pyproject.toml"])
    assert run(monkeypatch) == 0
    assert contents(project) == before  # no address: no button, no badge, no link


def test_a_page_lies_where_github_has_it():
    one = repository.live_page("https://github.com/Some-One/a-book", "chapters/a.ipynb")
    assert one == "https://some-one.github.io/a-book/chapters/a.html"
    own = repository.live_page("https://github.com/Some-One/some-one.github.io", "chapters/a.ipynb")
    assert own == "https://some-one.github.io/chapters/a.html"


def test_colab_is_offered_for_github_only(project, monkeypatch):
    for url, buttons in (("https://gitlab.com/a/b", True), ("https://git.example.org/a/b", False)):
        assert run(monkeypatch, url) == 0
        config = yaml.safe_load((project / "_config.yml").read_text())
        assert config["launch_buttons"] == {}
        assert config["html"]["use_repository_button"] is buttons
        assert not any("research.google" in text for text in contents(project).values())
        assert f"git clone {url}`" in (project / "README.md").read_text()


@pytest.mark.parametrize(
    "url", ["github.com/a/b", "https://github.com/a", URL + ".git", URL + "/", 'https://a.b/c/"d']
)
def test_what_is_no_address_changes_nothing(project, monkeypatch, capsys, url):
    before = contents(project)
    assert run(monkeypatch, url) == 1
    assert f"{url!r} is not the address of a repository" in capsys.readouterr().err
    assert contents(project) == before


def test_a_chapter_without_its_minutes_is_named(project, monkeypatch, capsys):
    path = project / CHAPTER
    path.write_text(path.read_text().replace("of computing", "of patience"))
    assert run(monkeypatch) == 1
    assert f"{path.name} does not say how long it computes" in capsys.readouterr().err


def test_a_chapter_saved_by_colab_is_written_like_any_other(project, monkeypatch):
    path = project / CHAPTER
    nb = nbformat.read(path, as_version=4)
    view = {WIDGET_VIEW: {"model_id": "a" * 32}, "text/plain": "Widget"}
    code = [c for c in nb.cells if c.cell_type == "code"]
    code[-1].outputs.append(nbformat.v4.new_output("display_data", view))
    code[-1].metadata["colab"] = {"height": 34}
    nb.metadata.widgets = {WIDGET_STATE: {"a" * 32: {"model_name": "AnyModel", "state": {}}}}
    before = path.read_bytes()
    nbformat.write(nb, path)
    assert run(monkeypatch) == 0
    assert path.read_bytes() == before


@pytest.fixture
def machine(monkeypatch):
    """Run the set-up cell where the modules `missing` are not there; give what it would start.

    `returncode` and `stderr` are pip's.
    """

    def run_cell(missing, url="", returncode=0, stderr=""):
        calls = []

        def start(command, **options):
            calls.append(command[2:])
            return SimpleNamespace(returncode=returncode, stderr=stderr)

        monkeypatch.setattr(
            "importlib.util.find_spec", lambda name: None if name in missing else object()
        )
        monkeypatch.setattr(subprocess, "run", start)
        monkeypatch.setattr(site, "ENABLE_USER_SITE", False)
        exec(repository.set_up_cell("two minutes", url), {})
        return calls

    monkeypatch.delenv("COLAB_JUPYTER_IP", raising=False)
    return run_cell


def test_where_all_is_there_the_set_up_cell_says_one_line(machine, capsys):
    assert machine(set()) == []
    assert len(capsys.readouterr().out.splitlines()) == 1


@pytest.mark.parametrize("missing", ["charlm_lib", "jax", "word_text_counter"])
def test_one_that_is_missing_brings_the_library_and_what_it_needs(machine, missing):
    wanted = ["pip", "install", "--quiet", f"git+{URL}"]
    assert machine({missing}, URL) == [wanted]
    assert machine({missing, "pip"}, URL) == [["ensurepip"], wanted]


@pytest.mark.parametrize(
    "said, advice",
    [
        ("error: externally-managed-environment", "^Nothing installed: .* environment with"),
        ("python3: No module named pip", "^Nothing installed: .* environment with pip$"),
        ("fatal: Could not resolve host", "Could not resolve host.*is there a network"),
    ],
)
def test_where_pip_fails_the_set_up_cell_says_what_to_do(machine, said, advice):
    with pytest.raises(RuntimeError, match=f"(?is){advice}"):
        machine({"charlm_lib"}, URL, returncode=1, stderr=f"{said}\n")


def test_without_an_address_the_set_up_cell_says_how_to_install(machine):
    with pytest.raises(ImportError, match="Run `pip install .` in the book's folder"):
        machine({"charlm_lib"})


@pytest.fixture
def colab(monkeypatch):
    """Let Colab's server say that these are the paths of its notebooks."""
    paths = []

    class Server(BaseHTTPRequestHandler):
        def do_GET(self):
            assert self.path == "/api/sessions"
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps([{"path": path} for path in paths]).encode())

        def log_message(self, *_):
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever).start()
        monkeypatch.setenv("COLAB_JUPYTER_IP", "127.0.0.1")
        monkeypatch.setenv("KMP_TARGET_PORT", str(server.server_port))
        yield paths
        server.shutdown()


@pytest.mark.parametrize(
    "path, installed",
    [
        ("fileId=https://github.com/fork/its-book/blob/main/a.ipynb", "fork/its-book"),
        ("fileId=https%3A//github.com/fork/its-book/blob/main/a.ipynb", "fork/its-book"),
        ("fileId=https%3A%2F%2Fgithub.com%2Ffork%2Fits-book%2Fblob%2Fmain%2Fa", "fork/its-book"),
        ("fileId=1ZAqQEIxR08eODSPEHvKPwbZoioVdV8L9", "example/a-book"),  # a copy in Drive
        ("/github.com/fork", "example/a-book"),
    ],
)
def test_a_chapter_that_colab_opened_from_a_fork_installs_that_fork(
    machine, colab, path, installed
):
    colab.append(path)
    ((*_, source),) = machine({"charlm_lib"}, URL)
    assert source == f"git+https://github.com/{installed}"


def test_where_colab_says_nothing_the_address_counts(machine, colab, monkeypatch):
    monkeypatch.setenv("KMP_TARGET_PORT", "1")
    ((*_, source),) = machine({"charlm_lib"}, URL)
    assert source == f"git+{URL}"


def test_what_colab_has_is_enough_so_that_only_ours_is_installed_there():
    """pip leaves alone what satisfies the library; the group `colab` is Colab's image."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    there = {}
    for line in (ROOT / "locks/colab.txt").read_text().splitlines():
        if found := re.match(r"([\w.-]+)==([\w.]+)", line):
            there[found[1]] = found[2]
    lacking = [
        wanted.name
        for wanted in map(Requirement, project["project"]["dependencies"])
        if not wanted.specifier.contains(there.get(wanted.name, "0"))
    ]
    assert lacking == ["word-text-counter"]
