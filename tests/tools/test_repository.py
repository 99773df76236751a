"""The repository's address in every place that shows it, and the chapters' set-up cells."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
import yaml

import charlm_lib as cl
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
    assert len([line for line in cell.source.splitlines() if line.strip()]) <= 15
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


def test_the_set_up_cell_installs_the_corpus_that_the_library_needs():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert [d for d in project["dependencies"] if d in repository.SET_UP_CELL] == [
        "word-text-counter==0.3.0"
    ]


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
    assert "remove-cell" in badge.metadata.tags
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


def execute_cell(monkeypatch, missing, url="", returncode=0):
    """Run a set-up cell on a machine that lacks the modules `missing`; return pip's arguments."""
    calls = []

    def pip(command):
        calls.append(command)
        return SimpleNamespace(returncode=returncode)

    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name in missing else object()
    )
    monkeypatch.setattr(subprocess, "run", pip)
    exec(repository.set_up_cell("two minutes", url), {})
    return calls


def test_the_set_up_cell_installs_only_what_is_missing(monkeypatch, capsys):
    assert execute_cell(monkeypatch, {}) == []
    assert len(capsys.readouterr().out.splitlines()) == 1
    text = "word-text-counter==0.3.0"
    library, both = f"git+{URL}", {"charlm_lib", "word_text_counter"}
    for missing, sources in (({"word_text_counter"}, [text]), (both, [library, text])):
        (command,) = execute_cell(monkeypatch, missing, URL)
        assert command[:4] == [sys.executable, "-m", "pip", "install"]
        assert "--no-deps" in command and command[-len(sources) :] == sources


def test_the_set_up_cell_says_what_to_do(monkeypatch):
    with pytest.raises(ImportError, match="run `pip install .` in the book's folder"):
        execute_cell(monkeypatch, {"charlm_lib"})
    with pytest.raises(RuntimeError, match=rf"could not install \['git\+{URL}'\].*network"):
        execute_cell(monkeypatch, {"charlm_lib"}, URL, returncode=1)


@pytest.mark.parametrize("platform, kind", [("cpu", "cpu, no GPU"), ("gpu", "Tesla T4")])
def test_the_machine_in_one_line(monkeypatch, capsys, platform, kind):
    device = SimpleNamespace(platform=platform, device_kind=kind.partition(",")[0])
    monkeypatch.setattr("jax.devices", lambda: [device] * 2)
    cl.describe_machine("two minutes")
    line = capsys.readouterr().out
    assert line.startswith("JAX ") and line.endswith(
        f" on 2 x {kind}: on 2 CPU cores this takes two minutes\n"
    )
