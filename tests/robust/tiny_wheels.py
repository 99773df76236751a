"""Packages of one module each; also the build backend of a stand-in for our library."""

import zipfile
from pathlib import Path

LIBRARY = """\
import jax
def describe_machine(computing):
    print(f"JAX {jax.__name__} takes {computing}")
"""


def make(folder: Path, name: str, source: str = "", requires: tuple[str, ...] = ()) -> str:
    """Write a wheel of version 1.0 into a folder; return its file's name."""
    about = f"{name}-1.0.dist-info"
    needs = "".join(f"Requires-Dist: {package}\n" for package in requires)
    files = {
        f"{name}.py": source,
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{needs}",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{about}/RECORD"] = "".join(f"{file},,\n" for file in [*files, f"{about}/RECORD"])
    wheel = f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(Path(folder) / wheel, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
    return wheel


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """Build the stand-in: pip calls this in a clone of its repository."""
    return make(wheel_directory, "charlm_lib", LIBRARY, ("jax", "word_text_counter"))
