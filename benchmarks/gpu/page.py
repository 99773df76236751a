"""What a page shows of gpu.json: the card, times, and which checks passed."""

import json
from pathlib import Path

from benchmarks.report import table

RESULTS = Path(__file__).resolve().parents[1] / "gpu.json"
NOBODY = (
    "Nobody has measured this on a GPU yet. `make gpu-check` does it in six minutes, on a machine "
    "that has one, and writes the file that this section would be made from."
)


def read(path: Path = RESULTS) -> dict | None:
    """Read what `make gpu-check` has written; None where nothing has been measured."""
    if not path.is_file():
        return None
    results = json.loads(path.read_text(encoding="utf-8"))
    return None if results["quick"] else results


def setting(results: dict | None) -> str:
    """Say in a sentence or two where the numbers come from, and what failed."""
    if results is None:
        return NOBODY
    machine = results["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    checks = [c for part in results["parts"].values() for c in part.get("checks", [])]
    failed = [c["name"] for c in checks if c["ok"] is False]
    failed += [name for name, part in results["parts"].items() if "failed" in part]
    said = f"Not met: {', '.join(failed)}." if failed else "All checks passed."
    return f"Measured on one {machine['device']}, with {versions}. {said}"


def times_table(results: dict | None) -> str:
    """Tabulate the milliseconds per update of every contender; nothing where there are none."""
    times = (results or {"parts": {}})["parts"].get("speed", {}).get("milliseconds", {})
    if not times:
        return ""
    contenders = list(dict.fromkeys(name for row in times.values() for name in row))
    rows = [
        [workload, *(cell(row.get(name)) for name in contenders)] for workload, row in times.items()
    ]
    return table(["ms per update", *contenders], rows)


def cell(value: float | str | None) -> str:
    """Write a time; a word where there is none."""
    if value is None:
        return "–"
    return f"{value:.3g}" if isinstance(value, float) else "failed"
