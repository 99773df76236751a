"""What works on Linux only would fail for a reader on Windows or macOS: found without either."""

import ast
import re
import subprocess
from pathlib import Path, PurePosixPath

import nbformat
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
PYTHON = [
    p for folder in ("charlm_lib", "tools", "benchmarks") for p in (ROOT / folder).rglob("*.py")
]
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
DEVICES = {"con", "prn", "aux", "nul", *(f"{d}{i}" for d in ("com", "lpt") for i in range(10))}
FORBIDDEN = set('<>:"|?*\\') | {chr(i) for i in range(32)}
TEXT_METHODS = {"open", "read_text", "write_text"}
LONGEST = 100  # characters, which leaves 160 for the folder of a clone


def bad_name(path: str) -> bool:
    """Say whether Windows refuses or changes a name on the way to a file."""
    return len(path) > LONGEST or any(
        FORBIDDEN & set(part) or part.endswith((" ", ".")) or part.split(".")[0].lower() in DEVICES
        for part in PurePosixPath(path).parts
    )


def encodes_as_the_machine_likes(code: str) -> list[int]:
    """Give the lines of calls that read or write text without saying in which encoding."""
    lines = []
    for node in ast.walk(ast.parse(code)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        given = [a.value for a in node.args if isinstance(a, ast.Constant)]
        given += [k.value.value for k in node.keywords if isinstance(k.value, ast.Constant)]
        if getattr(getattr(node.func, "value", None), "id", "") == "Image":  # pictures are bytes
            continue
        binary = any(isinstance(v, str) and re.fullmatch(r"[rwxa]\+?b\+?", v) for v in given)
        named = any(k.arg == "encoding" for k in node.keywords)
        if name in TEXT_METHODS and not binary and not named:
            lines.append(node.lineno)
    return lines


def tracked() -> list[str]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("not a clone: git lists no files")
    return done.stdout.split("\0")[:-1]


@pytest.mark.parametrize(
    "name",
    ["a:b", "aux.py", "Com1", "x/nul/y", "a.", "a/b /c", "what?.md", "a" * 101, "a\\b"],
)
def test_bad_names_are_found(name):
    assert bad_name(name)


@pytest.mark.parametrize("name", ["charlm_lib/auxiliary.py", ".ci/run", "chapters/con-cise.ipynb"])
def test_good_names_are_not(name):
    assert not bad_name(name)


def test_every_file_can_be_checked_out_on_windows():
    names = tracked()
    assert [name for name in names if bad_name(name)] == []
    assert len({name.lower() for name in names}) == len(names)  # case does not tell files apart


@pytest.mark.parametrize(
    "code, lines",
    [
        ("open('a')", [1]),
        ("x = 1\np.read_text()", [2]),
        ("p.write_text('a', encoding='utf-8')", []),
        ("open('a', 'rb')", []),
        ("p.open(mode='wb')", []),
        ("p.read_bytes()", []),
    ],
)
def test_text_without_an_encoding_is_found(code, lines):
    assert encodes_as_the_machine_likes(code) == lines


@pytest.mark.parametrize("path", PYTHON, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_text_is_read_and_written_in_a_stated_encoding(path):
    assert encodes_as_the_machine_likes(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)
def test_chapters_are_python_and_nothing_else(path):
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type != "code":
            continue
        assert not re.search(r"^\s*[!%]", cell.source, re.M), cell.source  # no shell, no magics
        assert encodes_as_the_machine_likes(cell.source) == [], cell.source
        assert not re.search(r"""["'](/(?!github\.com)|~|[A-Za-z]:\\)\w""", cell.source)
        assert not re.search(r"\bos\.(system|popen|fork)|shell=True", cell.source), cell.source


def test_every_text_has_the_same_line_ends_everywhere():
    """Else git would give Windows other bytes, and other hashes of what chapters depend on."""
    done = subprocess.run(["git", "ls-files", "--eol"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("not a clone: git lists no files")
    of_text = [line for line in done.stdout.splitlines() if "i/-text" not in line]
    assert [line for line in of_text if not line.startswith(("i/lf ", "i/none "))] == []
    assert [line for line in of_text if not re.search(r"attr/text(=auto)? eol=lf\s", line)] == []


POSIX = {
    "os": {"fork", "getuid", "geteuid", "uname", "setsid", "killpg", "mkfifo"},
    "signal": {"SIGHUP", "SIGPIPE", "SIGKILL", "SIGALRM", "SIGUSR1", "SIGUSR2", "SIGSTOP", "alarm"},
}
POSIX_MODULES = {"fcntl", "grp", "pty", "pwd", "resource", "termios", "tty"}
LEARNERS = [p for p in PYTHON if p.parts[len(ROOT.parts)] in ("charlm_lib", "tools")]


def only_on_posix(code: str) -> list[str]:
    """List what a piece of Python uses that Windows does not have, or a shell."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            name = f"{node.value.id}.{node.attr}"
            if node.attr in POSIX.get(node.value.id, ()) or name in ("os.system", "os.popen"):
                found.append(name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names = [a.name for a in node.names] + [getattr(node, "module", None)]
            found += [name for name in names if name in POSIX_MODULES]
        elif isinstance(node, ast.keyword) and node.arg == "shell":
            found.append("shell=")
    return found


@pytest.mark.parametrize(
    "code, found",
    [
        ("import os\nos.fork()", ["os.fork"]),
        ("128 + signal.SIGPIPE", ["signal.SIGPIPE"]),
        ("getattr(signal, 'SIGPIPE', 13)", []),
        ("def peak():\n    import resource", ["resource"]),
        ("from fcntl import flock", ["fcntl"]),
        ("subprocess.run('ls', shell=True)", ["shell="]),
        ("subprocess.run(['ls'])\nos.environ", []),
    ],
)
def test_what_windows_does_not_have_is_found(code, found):
    assert only_on_posix(code) == found


@pytest.mark.parametrize("path", LEARNERS, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_what_learners_run_needs_no_posix_and_no_shell(path):
    assert only_on_posix(path.read_text(encoding="utf-8")) == []


def test_the_lines_for_windows_are_those_that_the_workflow_runs_there():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```bat\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
    workflow = (ROOT / ".github/workflows/book.yml").read_text(encoding="utf-8")
    steps = yaml.safe_load(workflow)["jobs"]["windows"]["steps"]
    lines = [line.partition("&&")[0].strip() for line in block.splitlines()]
    assert len(lines) >= 2 and set(lines) <= {step.get("run") for step in steps}
