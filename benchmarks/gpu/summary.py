"""The results of a check as text to read.

Of a part, `checks` become a table and `details` stay in the file; any other values are listed.
"""


def number(value) -> str:
    """Write a number with three digits, and anything else as it is."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def table(checks: list[dict]) -> list[str]:
    """Lay checks out in columns; those that failed are easy to find."""
    words = {True: "ok", False: "FAILED", None: "-"}
    rows = [("name", "measured", "tolerance", "")]
    rows += [
        (c["name"], number(c["measured"]), number(c["tolerance"]), words[c["ok"]]) for c in checks
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    padded = ("  ".join(x.ljust(w) for x, w in zip(row, widths, strict=True)) for row in rows)
    return [f"  {line.rstrip()}" for line in padded]


def listed(values, place: str = "") -> list[str]:
    """List the numbers of a tree, each with its place in it."""
    if not isinstance(values, dict):
        shown = [number(v) for v in values] if isinstance(values, list) else [number(values)]
        return [f"  {place}: {', '.join(shown)}"]
    return [
        line
        for name, value in values.items()
        for line in listed(value, f"{place}, {name}" if place else str(name))
    ]


def part_text(name: str, part: dict) -> str:
    """Write what a part has found."""
    if "failed" in part:
        return f"{name}: FAILED after {part['seconds']:.0f} s\n  {part['failed']}"
    checks = part.get("checks", [])
    counted = ""
    if checks:
        demanded = [c["ok"] for c in checks if c["ok"] is not None]
        counted = f", {sum(demanded)} of {len(demanded)} checks passed"
    rest = {k: v for k, v in part.items() if k not in ("checks", "details", "seconds")}
    lines = [f"{name}: {part['seconds']:.0f} s{counted}"]
    return "\n".join(lines + (table(checks) if checks else []) + listed(rest))


def text(results: dict) -> str:
    """Write the machine, and then each part."""
    machine = results["machine"]
    cards = [f"driver {c['driver']}, {int(c['MiB']):,} MiB" for c in machine["cards"]]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    head = [
        f"GPU check of {machine['devices']} x {machine['device']} ({machine['platform']})",
        *cards,
        versions,
        f"{machine['cores']} cores, load before {machine['load before']:.2f}",
        "Takes GPU memory as it needs it: XLA_PYTHON_CLIENT_PREALLOCATE=false",
    ]
    if results["quick"]:
        head.append("A quick run with tiny sizes: it shows that the check runs, nothing more.")
    parts = [part_text(name, part) for name, part in results["parts"].items()]
    return "\n\n".join(["\n".join(head), *parts])
