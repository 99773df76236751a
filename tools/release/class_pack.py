"""Pack what a class without a network needs: the site, the notebooks, and wheels to run them."""

import argparse
import email
import io
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat

from tools.book import places
from tools.book.places import RESULTS, BuildError
from tools.book.scripts import with_scripts
from tools.book.weights import read_chapter
from tools.library import write_whole
from tools.site import front
from tools.site.licences import declared_licence

HERE = Path(__file__).resolve().parent
WORK, PACK = places.BUILD / "class-pack", places.BUILD / "class-pack.zip"
TESTED = places.test_folder()
UV = places.BUILD / "uv" / "bin"  # its environment has pip, too; that of the book has none
PYTHON = "3.12"
# What uv calls a platform, the tags of the wheels that run there, and its name in the how-to.
PLATFORMS = {
    "linux": (
        "x86_64-manylinux_2_28",
        [f"manylinux_2_{n}_x86_64" for n in range(28, 4, -1)]
        + [f"manylinux{year}_x86_64" for year in ("2014", "2010", "1")],
        "Linux (x86-64, glibc 2.28 or newer)",
    ),
    "macos": ("aarch64-apple-darwin", ["macosx_14_0_arm64"], "macOS 14 or newer (Apple silicon)"),
    "windows": ("x86_64-pc-windows-msvc", ["win_amd64"], "Windows (x86-64)"),
}
PDF_IN_WORDS = f"""\
`site/{front.PDF}` is the whole book as one file, to print or to read on a tablet; its widgets are
pictures there.

"""
OLD = (1980, 1, 1, 0, 0, 0)  # every file's date, so that the same files make the same pack


def run(*command: str | Path, **options) -> None:
    """Run a command; raise BuildError if it fails."""
    done = subprocess.run([str(part) for part in command], **options)
    if done.returncode:
        raise BuildError(f"This command failed: {' '.join(map(str, command))}")


def collect_wheels(folder: Path, python: str, platforms: list[str]) -> None:
    """Put into `folder` the wheels of the library, of what it needs, and of JupyterLab.

    The versions are those of requirements.txt, and pip compares every file with its hash.
    """
    for platform in platforms:
        target, tags, _ = PLATFORMS[platform]
        wanted = WORK / f"{platform}.txt"
        resolve = [UV / "uv", "pip", "compile", "--quiet", "--generate-hashes", "--no-header"]
        resolve += ["--python-platform", target, "--python-version", python]
        resolve += ["--constraint", places.ROOT / "requirements.txt", "--group", "lab"]
        run(*resolve, "pyproject.toml", "-o", wanted, cwd=places.ROOT)
        fetch = [UV / "python", "-m", "pip", "download", "--disable-pip-version-check", "--quiet"]
        fetch += ["--require-hashes", "--no-deps", "--only-binary=:all:", "--dest", folder]
        fetch += ["--implementation", "cp", "--python-version", python]
        for abi in (f"cp{python.replace('.', '')}", "abi3", "none"):
            fetch += ["--abi", abi]
        for tag in [*tags, "any"]:
            fetch += ["--platform", tag]
        run(*fetch, "-r", wanted)


def own_wheel(folder: Path) -> None:
    """Put the wheel of the library into `folder`, built from a copy, so that no trace stays."""
    source = WORK / "source"
    shutil.copytree(places.ROOT / "charlm_lib", source / "charlm_lib")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(places.ROOT / name, source)
    build = [UV / "python", "-m", "pip", "--python", sys.executable, "wheel", "--quiet"]
    run(*build, "--no-deps", "--no-build-isolation", "--wheel-dir", folder, source)


def wheel_licences(folder: Path) -> str:
    """List the wheels in `folder` with the licence that each declares, one line per package."""
    lines = set()
    for path in folder.glob("*.whl"):
        with zipfile.ZipFile(path) as wheel:
            # Packages inside a package, as setuptools has them, have a METADATA deeper down.
            (name,) = (n for n in wheel.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", n))
            about = email.message_from_bytes(wheel.read(name))
        lines.add(f"{about['Name']} {about['Version']}: {declared_licence(about)}")
    return "\n".join(["Each wheel has its licence inside.", "", *sorted(lines, key=str.lower), ""])


def how_to(python: str, platforms: list[str]) -> str:
    """Write the how-to for these wheels."""
    text = (HERE / "class-pack.md").read_text(encoding="utf-8")
    names = ", ".join(PLATFORMS[p][2] for p in platforms)
    pdf = PDF_IN_WORDS if (TESTED / "_build" / "html" / front.PDF).is_file() else ""
    return text.replace("{python}", python).replace("{platforms}", names).replace("{pdf}", pdf)


def notebooks() -> dict[str, str]:
    """Give the chapters as committed, with their widgets' scripts: place in the pack -> text."""
    chapters = {n: read_chapter(n) for n in places.chapter_names()}
    return {
        f"notebooks/{Path(name).name}.ipynb": nbformat.writes(with_scripts(name, nb)) + "\n"
        for name, nb in chapters.items()
    }


def results() -> dict[str, Path]:
    """Find the chapters' tested results: place in the pack -> file."""
    found = sorted((TESTED / "chapters" / RESULTS).iterdir())
    return {f"notebooks/{RESULTS}/{path.name}": path for path in found}


def write_pack(pack: Path, files: dict[str, Path], texts: dict[str, str]) -> None:
    """Write one zip, in which everything lies in the folder `class-pack`."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for place, file in sorted((files | texts).items()):
            entry = zipfile.ZipInfo(f"class-pack/{place}", OLD)
            entry.external_attr = 0o644 << 16
            packed = place.endswith(".whl")  # a wheel is a zip already
            entry.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
            archive.writestr(entry, file.encode() if isinstance(file, str) else file.read_bytes())
    write_whole(pack, content.getbuffer())


def class_pack(python: str, platforms: list[str]) -> None:
    """Make _build/class-pack.zip from the tested site.

    Raises BuildError when there is no such site, or a wheel is missing.
    """
    site = TESTED / "_build" / "html"
    if not (site / "index.html").is_file():
        raise BuildError(f"There is no site in {site}: run `make class-pack`, which builds it.")
    shutil.rmtree(WORK, ignore_errors=True)
    wheels = WORK / "wheels"
    wheels.mkdir(parents=True)
    own_wheel(wheels)
    collect_wheels(wheels, python, platforms)
    files = {f"wheels/{p.name}": p for p in wheels.glob("*.whl")} | results()
    files |= {f"site/{p.relative_to(site).as_posix()}": p for p in site.rglob("*") if p.is_file()}
    files |= {name: places.ROOT / name for name in ("LICENSE", "LICENSE-TEXT")}
    texts = {"HOW-TO.md": how_to(python, platforms), "wheels/LICENCES.txt": wheel_licences(wheels)}
    write_pack(PACK, files, texts | notebooks())
    size = PACK.stat().st_size / 1e6
    print(
        f"{PACK.relative_to(places.ROOT)}: {size:.0f} MB, Python {python} on {', '.join(platforms)}"
    )


def main() -> int:
    """Run the command line and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", default=PYTHON, help="version of the wheels [%(default)s]")
    parser.add_argument("--platforms", nargs="+", choices=PLATFORMS, default=list(PLATFORMS))
    options = parser.parse_args()
    try:
        class_pack(options.python, options.platforms)
    except BuildError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
