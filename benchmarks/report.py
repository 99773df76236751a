"""What a page shows of results.json: medians, ratios, targets, tables and plots."""

import html
import json
import statistics
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from benchmarks.compare import TORCH_PROGRAMS, contenders
from benchmarks.workloads import WORKLOADS
from charlm_lib.display import plots, style

RESULTS = Path(__file__).parent / "results.json"


def read(path: Path = RESULTS) -> dict:
    """Read the results.

    Raises:
        FileNotFoundError: nothing has been measured yet.
    """
    if not path.is_file():
        raise FileNotFoundError(f"There are no results at {path}: run `make bench` first.")
    return json.loads(path.read_text(encoding="utf-8"))


def middle(values: list[float]) -> float:
    """Give the median."""
    return statistics.median(values)


def smallest_to_largest(values: list[float]) -> str:
    """Write the smallest and the largest value, in milliseconds."""
    return f"{1e3 * min(values):.1f} to {1e3 * max(values):.1f}"


def speedups(updates: dict, baseline: str = "plain loop") -> dict[str, dict[str, float]]:
    """Say for each workload how many times as fast as the baseline each contender is.

    A ratio of medians: a single slow round changes neither.
    """
    medians = {
        workload: {name: middle(run["seconds"]) for name, run in runs.items()}
        for workload, runs in updates.items()
    }
    return {
        workload: {name: seconds[baseline] / value for name, value in seconds.items()}
        for workload, seconds in medians.items()
        if baseline in seconds
    }


def targets(results: dict) -> list[tuple[str, float, str, float]]:
    """List what was wanted: a description, the value found, "at least" or "at most", a bound."""
    rows = []
    plain = speedups(results["updates"])
    torch = speedups(results["updates"], "torch.nn")
    for workload, found in plain.items():
        against_torch = torch.get(workload)
        ours = "fused" if "fused" in found else "unmodified"
        if "256" in workload:  # matrix products dominate, and they are the same for everybody
            rows.append((f"{workload}: against the plain loop", found[ours], "at least", 1.3))
            if against_torch:
                rows.append((f"{workload}: against torch.nn", against_torch[ours], "at least", 1.0))
            continue
        rows.append(
            (f"{workload}: module as it is, against the plain loop", found["unmodified"])
            + ("at least", 1.6)
        )
        if "fused" in found:
            rows.append(
                (f"{workload}: fused, against the plain loop", found["fused"], "at least", 2.3)
            )
            if against_torch:
                rows.append(
                    (f"{workload}: fused, against torch.nn", against_torch["fused"])
                    + ("at least", 2.0)
                )
    for layers, bound in (("1", 0.6), ("2", 0.4)):
        seconds = results["end to end"]["seconds"][layers]
        share = middle(seconds["ours"]) / middle(seconds["plain"])
        what = f"whole run, layers: {layers}, as a share of the plain loop's time"
        rows.append((what, share, "at most", bound))
    for edit, seconds in results["edits"].items():
        if edit != "first run":
            rows.append((f"seconds to the first point: {edit}", seconds["start"], "at most", 2.0))
            rows.append((f"seconds to 20 epochs: {edit}", seconds["whole"], "at most", 4.0))
    sampling = results["sampling"]
    ratio = sampling["one text"] / sampling["Python loop"]
    rows.append(("sampling, against a call per character", ratio, "at least", 50.0))
    rows.append(
        ("seconds to the first text, compile included", sampling["first text"], "at most", 1.5)
    )
    small, large = results["loading"]
    rows.append(
        (f"MB at most, {small['characters']:,} characters", small["megabytes"], "at most", 2000.0)
    )
    rows.append(
        (f"seconds to load {large['characters']:,} characters", large["seconds"], "at most", 20.0)
    )
    return rows


def met(value: float, relation: str, bound: float) -> bool:
    """Say whether a target was met."""
    return value >= bound if relation == "at least" else value <= bound


def table(header: list[str], rows: list[list[str]]) -> str:
    """Write an HTML table that scrolls where it is wider than the page."""
    head = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in header)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    label = html.escape(", ".join(header), quote=True)
    return (
        f'<div style="overflow-x: auto" tabindex="0" role="region" aria-label="{label}">'
        '<table class="table" style="font-size: 0.85rem">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def updates_table(results: dict) -> str:
    """Tabulate the time per update of every contender, with its spread, speed-up and floor."""
    ratios = speedups(results["updates"])
    rows = []
    for workload, runs in results["updates"].items():
        floor = results["floor"][workload]["total"]
        for name, run in runs.items():
            median = middle(run["seconds"])
            rows.append(
                [workload, name, f"{1e3 * median:.1f}", smallest_to_largest(run["seconds"])]
                + [f"{ratios[workload][name]:.2f}", f"{100 * floor / median:.0f} %"]
                + [f"{run['megabytes']:.0f}"]
            )
    rows = [[cell.replace(" ", "\N{NO-BREAK SPACE}") for cell in row] for row in rows]
    header = ["workload", "program", "ms per update", "least to most"]
    return table([*header, "times as fast as the plain loop", "floor / time", "MB at most"], rows)


STEPS = {
    "one program": "one program per epoch",
    "all cores": "each batch shared by all cores",
    "unmodified": "micro-batches",
    "fused": "our own backward pass",
}


def steps_table(results: dict) -> str:
    """Tabulate by what factor each part of the engine makes an update faster than without it."""
    header = ["workload", *STEPS.values(), "all of them"]
    rows = []
    for workload, found in speedups(results["updates"]).items():
        before, cells = found["plain loop"], []
        for name in STEPS:
            cells.append(f"{found[name] / before:.2f}" if name in found else "")
            before = found.get(name, before)
        rows.append([workload, *cells, f"{before / found['plain loop']:.2f}"])
    return table(header, rows)


def floor_table(results: dict) -> str:
    """Tabulate the least possible time of each workload and what it consists of, in ms."""
    rows = [
        [
            name,
            *(f"{1e3 * floor[part]:.2f}" for part in ("products", "functions", "bytes", "total")),
        ]
        for name, floor in results["floor"].items()
    ]
    return table(["workload", "matrix products", "tanh and exp", "memory", "least time, ms"], rows)


def targets_table(results: dict) -> str:
    """Tabulate what was wanted and what was found."""
    rows = [
        [
            what,
            f"{value:.3g}",
            f"{relation} {bound:g}",
            "yes" if met(value, relation, bound) else "no",
        ]
        for what, value, relation, bound in targets(results)
    ]
    return table(["what", "found", "wanted", "met"], rows)


def growth_table(results: dict) -> str:
    """Tabulate the exponents with which time and memory grow."""
    rows = [
        [name, f"{min(swept['sizes']):,} to {max(swept['sizes']):,}"]
        + [f"{swept['slopes'][key]:.2f}" for key in ("seconds", "bytes")]
        for name, swept in results["growth"].items()
    ]
    return table(["what grows", "range", "time per update", "memory"], rows)


def plot_speedups(results: dict) -> Figure:
    """Draw how many times as fast as the plain loop each program is, one bar per workload."""
    ratios = speedups(results["updates"])
    shown = "plain loop, scanning", "unmodified", "fused", "torch.nn", "torch.nn, compiled"
    names = [name for name in shown if any(name in found for found in ratios.values())]
    with mpl.rc_context(style.RC):
        figure, ax = plt.subplots(figsize=(6.4, 1.2 + 0.28 * len(names) * len(ratios)))
        for place, (name, color) in enumerate(zip(names, style.COLORS, strict=False)):
            rows = {i: found[name] for i, found in enumerate(ratios.values()) if name in found}
            height = 0.8 / len(names)
            y = [i + (place - (len(names) - 1) / 2) * height for i in rows]
            ax.barh(y, list(rows.values()), 0.9 * height, color=color)
            for at, value in zip(y, rows.values(), strict=True):
                end = max(value, 1), at  # no label on the dotted line
                offset = {"xytext": (3, 0), "textcoords": "offset points", "va": "center"}
                ax.annotate(f"{value:.1f} {name}", end, color=style.INK, size=8, **offset)
        ax.axvline(1, color=style.INK, linestyle=":")
        ax.set_yticks(range(len(ratios)), [name.replace(", ", "\n", 1) for name in ratios])
        ax.invert_yaxis()
        ax.set(xlabel="times as fast as the plain loop")
        ax.margins(x=0.25)
        ax.grid(False, axis="y")
    return figure


def plot_growth(results: dict) -> Figure:
    """Draw the time per update as each size grows, both relative to the smallest."""
    sweeps = results["growth"]
    sizes = next(iter(sweeps.values()))["sizes"]
    lines = {
        name: [s / swept["seconds"][0] for s in swept["seconds"]] for name, swept in sweeps.items()
    }
    factors = [size / sizes[0] for size in sizes]
    labels = "size, relative to the smallest", "time per update"
    return plots.plot_lines(factors, lines, *labels, log_x=True)


def unmeasured(results: dict) -> list[str]:
    """List the workloads and programs that `make bench` measures by now and these results lack."""
    workloads = [name for name in WORKLOADS if name not in results["updates"]]
    programs = {
        program: None
        for name, runs in results["updates"].items()
        for program in (*contenders(WORKLOADS[name]), *TORCH_PROGRAMS)
        if program not in runs
    }
    return [*workloads, *programs]


def missed(results: dict) -> str:
    """Write in one sentence how many targets were met, and which were not."""
    rows = targets(results)
    names = [what for what, *found in rows if not met(*found)]
    sentence = f"{len(rows) - len(names)} of {len(rows)} targets were met"
    return f"{sentence}." if not names else f"{sentence}; missed: {'; '.join(names)}."


def texts(results: dict) -> str:
    """Say how fast texts are written and how fast large ones are read."""
    sampling = results["sampling"]
    sentences = [
        f"One text is written at {sampling['one text']:,.0f} characters per second; by a Python "
        f"loop that calls the model once per character at {sampling['Python loop']:,.1f}, or at "
        f"{sampling['Python loop, compiled model']:,.0f} if the model is compiled. "
        f"64 texts at once take {sampling['cost of 64']:.1f} times as long as one, "
        f"so that each costs {sampling['cost of 64'] / 64:.2f} of it."
    ]
    sentences += [
        f"A text of {load['characters']:,} characters is loaded in {load['seconds']:.1f} s; "
        f"loading it and training on it need {load['megabytes']:,.0f} MB at most."
        for load in results["loading"]
    ]
    exponent = results["growth"]["text length"]["slopes"]["load seconds"]
    sentences.append(f"The time to load grows with the length, exponent {exponent:.2f}.")
    return " ".join(sentences)


def setting(results: dict) -> str:
    """Say on what machine, with which versions and for how long was measured."""
    machine = results["machine"]
    versions = ", ".join(f"{k} {v}" for k, v in machine["versions"].items() if v)
    rounds = len(next(iter(next(iter(results["updates"].values())).values()))["seconds"])
    warning = (
        " This was a quick run to try the programs: its numbers mean nothing." * results["quick"]
    )
    return (
        f"{machine['processor']}, {machine['cores']} cores, {machine['system']}; {versions}. "
        f"Medians of {rounds} rounds; load before the run {machine['load before']:.1f}; the whole "
        f"took {results['minutes']:.1f} minutes.{warning}"
    )
