"""The versions that are not those of requirements.txt, and that this list is for any Python."""

import re
from importlib import metadata

import pytest
from packaging.requirements import Requirement

from tools import unpinned

LINES = re.findall(r"^[\w.-]+==[^\\\n]+", unpinned.LIST.read_text(encoding="utf-8"), re.MULTILINE)


def test_only_what_differs_is_in_the_table():
    here = metadata.version("numpy")
    text = f"numpy=={here} \\\n    --hash=sha256:0\npyyaml==0.1 \\\nno-such-package==7\n"
    assert unpinned.table(text).splitlines()[2:] == [
        f"| pyyaml | 0.1 | {metadata.version('pyyaml')} |"
    ]


def test_a_pin_of_another_python_is_no_pin_here():
    text = "jax==0.1 ; python_full_version < '3.2' \\\njax==0.2 ; python_full_version >= '3.2' \\\n"
    assert unpinned.pinned(text) == {"jax": "0.2"}


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13", "3.14"])
@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
def test_no_python_gets_two_versions_of_a_package(python, system):
    """The list has forks: JAX serves an old Python with an old version."""
    machine = {
        "python_version": python,
        "python_full_version": f"{python}.1",
        "sys_platform": system,
    }
    wanted = [r.name for r in map(Requirement, LINES) if not r.marker or r.marker.evaluate(machine)]
    assert len(wanted) == len(set(wanted))
    assert {"jax", "jaxlib", "flax", "numpy", "jupyterlab"} <= set(wanted)


def test_a_newer_python_gets_a_newer_jax():
    versions = {
        python: next(
            r.specifier
            for r in map(Requirement, LINES)
            if r.name == "jax"
            and (not r.marker or r.marker.evaluate({"python_full_version": f"{python}.1"}))
        )
        for python in ("3.11", "3.12")
    }
    assert str(versions["3.11"]) != str(versions["3.12"])
