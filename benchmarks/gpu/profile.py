"""A real timeline of a few updates: which programs of the device ran when, from JAX's profiler."""

import tempfile
from pathlib import Path

import jax

from benchmarks import our_engine
from benchmarks.workloads import WORKLOADS
from benchmarks.workloads import quick as shrunk

MOST = 3_000  # events that are kept


def device_events(folder: Path) -> list[dict]:
    """Read what the profiler wrote: name, start and length in microseconds, in order."""
    newest = max(folder.rglob("*.xplane.pb"), key=lambda path: path.stat().st_mtime)
    planes = list(jax.profiler.ProfileData.from_file(str(newest)).planes)
    wanted = [p for p in planes if "GPU" in p.name] or [p for p in planes if "CPU" in p.name]
    events = [
        {"name": event.name, "start": event.start_ns / 1e3, "us": event.duration_ns / 1e3}
        for plane in wanted
        for line in plane.lines
        if "Stream" in line.name or "CPU" in plane.name
        for event in line.events
    ]
    return sorted(events, key=lambda event: event["start"])


def timeline(quick: bool) -> dict:
    """Profile one epoch of the two-layer GRU of the chapters, as the engine runs it.

    Returns:
        The microseconds per update, the share of them in which the device worked, how many
        programs it ran per update; and, as details, the first of them one by one.
    """
    workload = WORKLOADS["2 layers, GRU"]
    workload = shrunk(workload) if quick else workload
    run = our_engine.prepare(workload, "fused")
    run()
    with tempfile.TemporaryDirectory() as folder:
        with jax.profiler.trace(folder):
            seconds = run()
        events = device_events(Path(folder))
    updates = workload.num_epochs * workload.num_updates
    begun = events[0]["start"]
    span = max(e["start"] + e["us"] for e in events) - begun
    kept = [
        [e["name"][:60], round(e["start"] - begun, 2), round(e["us"], 2)] for e in events[:MOST]
    ]
    return {
        "microseconds per update, with the profiler": 1e6 * seconds,
        "programs per update": len(events) / updates,
        "share of the time that the device works": sum(e["us"] for e in events) / span,
        "details": {"name, start, microseconds": kept},
    }
