"""How the class pack and the licences page are put together; `make test-class-pack` uses a pack."""

import zipfile
from email.message import Message
from pathlib import Path

import nbformat
import pytest

from tools.book import places, stage
from tools.book.scripts import PLACEHOLDER
from tools.release import class_pack
from tools.site import licences


def write_wheel(folder: Path, name: str, about: str) -> None:
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}-1.0.dist-info/METADATA", f"Name: {name}\nVersion: 1.0\n{about}\n")
        wheel.writestr(f"{name}/_vendor/z-1.0.dist-info/METADATA", "Name: z\nVersion: 1.0\n")


def test_every_wheel_is_listed_once_with_its_licence(tmp_path):
    write_wheel(tmp_path, "a", "License-Expression: MIT")
    write_wheel(tmp_path, "B", "Classifier: License :: OSI Approved :: BSD License")
    write_wheel(tmp_path, "c", "License: Apache 2.0")
    write_wheel(tmp_path, "d", "")
    lines = class_pack.wheel_licences(tmp_path).splitlines()[2:]
    assert lines == [
        "a 1.0: MIT",
        "B 1.0: BSD License",
        "c 1.0: Apache 2.0",
        "d 1.0: see its files",
    ]


def test_the_how_to_is_for_these_wheels():
    text = class_pack.how_to("3.13", ["linux", "windows"])
    assert "python3.13 -m venv" in text and "py -3.13 -m venv" in text
    assert "Linux (x86-64" in text and "Windows" in text and "Apple" not in text
    assert "{" not in text


def test_the_same_files_make_the_same_pack(tmp_path):
    (tmp_path / "a.whl").write_bytes(b"0" * 99)
    packs = [tmp_path / "one.zip", tmp_path / "two.zip"]
    for pack in packs:
        class_pack.write_pack(pack, {"wheels/a.whl": tmp_path / "a.whl"}, {"HOW-TO.md": "é" * 99})
        (tmp_path / "a.whl").touch()
    assert packs[0].read_bytes() == packs[1].read_bytes()
    with zipfile.ZipFile(packs[0]) as pack:
        assert pack.namelist() == ["class-pack/HOW-TO.md", "class-pack/wheels/a.whl"]
        assert pack.read("class-pack/HOW-TO.md").decode() == "é" * 99
        assert pack.getinfo("class-pack/wheels/a.whl").compress_type == zipfile.ZIP_STORED


def test_a_pack_needs_a_tested_site(tmp_path, monkeypatch):
    monkeypatch.setattr(class_pack, "TESTED", tmp_path)
    with pytest.raises(places.BuildError, match="run `make class-pack`, which builds it"):
        class_pack.class_pack("3.12", ["linux"])
    with pytest.raises(places.BuildError, match="This command failed: false"):
        class_pack.run("false")


def test_notebooks_come_with_their_results(tmp_path, monkeypatch):
    results = tmp_path / "chapters" / "results"
    results.mkdir(parents=True)
    (results / "one.safetensors").write_text("")
    monkeypatch.setattr(class_pack, "TESTED", tmp_path)
    one = results / "one.safetensors"
    assert class_pack.results() == {"notebooks/results/one.safetensors": one}
    found = class_pack.notebooks()
    names = [f"{name}.ipynb" for name in places.chapter_names()]
    assert list(found) == [name.replace("chapters/", "notebooks/") for name in names]
    assert PLACEHOLDER not in "".join(found.values())  # its widgets are alive before a cell has run
    assert all(nbformat.reads(text, as_version=4).cells for text in found.values())


def test_the_licences_page_names_each_component_with_version_and_licence():
    rows = licences.table().splitlines()[2:]
    assert len(rows) == len(licences.COMPONENTS)
    for row, component in zip(rows, licences.COMPONENTS, strict=True):
        name, _, licence, package = (cell.strip() for cell in row.strip("|").split("|"))
        assert name.startswith(component.name) and component.package in package
        assert any(word in licence for word in ("MIT", "BSD", "Apache", "OFL")), row
    page = stage.sources()["pages/licences.md"].decode()
    assert licences.table() in page and licences.MARK not in page


def test_a_version_that_moved_is_named():
    moved = licences.Component("a", "b", "sphinx", (), "MIT", ("doctools.js", "no such version"))
    with pytest.raises(
        LookupError, match="sphinx 7.* has no doctools.js that says no such version"
    ):
        licences.found_version(moved)


def test_a_licence_is_read_from_any_kind_of_metadata():
    about = Message()
    assert licences.declared_licence(about) == "see its files"
    about["License"] = "New BSD\nwith its whole text"
    assert licences.declared_licence(about) == "New BSD"
