"""Put mistakes into the code, one at a time, and list those that no test notices: `make mutants`.

cosmic-ray makes those in Python, Stryker those in JavaScript. Their own runners start Python, JAX
and Flax again for each, so that a run would take a day; ours forks a warm process (warm.py). A part
of all mistakes is tried, the same ones on every machine: those with the smallest hashes. What is
known to survive stands in known.json, each with a reason; whatever else survives fails.
"""

import argparse
import hashlib
import itertools
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.mutants import trees
from tests.mutants.rooms import ROOMS, files, room_of

HERE = Path(__file__).parent
KNOWN, RESULTS = HERE / "known.json", trees.BUILD / "results.jsonl"
PORTION = 16  # so many at a time, since a file's tests are run once before without any
EACH = 6  # mistakes a file: half an hour on two cores; --each 0 tries all


def changed_lines(before: str, after: str) -> tuple[str, str]:
    """Give the lines that differ, as they were and as they are."""
    old, new = before.splitlines(), after.splitlines()
    while old and new and old[0] == new[0]:
        old, new = old[1:], new[1:]
    while old and new and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    return tuple("\n".join(line.strip() for line in lines) for lines in (old, new))


def named(file: str, before: str, mistake: dict) -> dict:
    """Add to a mistake its file and the lines that differ, which stay when other lines move."""
    was, now = changed_lines(before, mistake["source"])
    return {"file": file, "was": was, "now": now, **mistake}


def name(mistake: dict) -> tuple[str, str, str]:
    """Give what a mistake is recognised by."""
    return mistake["file"], mistake["was"], mistake["now"]


def all_mistakes(sources: dict[str, str]) -> list[dict]:
    """List every mistake for some files."""
    found = []
    for suffix, command in ((".py", trees.COSMIC_RAY), (".js", trees.stryker())):
        chosen = [{"file": f, "source": s} for f, s in sources.items() if f.endswith(suffix)]
        if chosen:
            done = subprocess.run(
                command, input=json.dumps(chosen), stdout=subprocess.PIPE, text=True, check=True
            )
            for it, mistakes in zip(chosen, json.loads(done.stdout), strict=True):
                found += [named(it["file"], it["source"], mistake) for mistake in mistakes]
    return list({name(mistake): mistake for mistake in found}.values())


def sample(mistakes: list[dict], each: int, seed: str) -> list[dict]:
    """Choose so many mistakes of each file; another line in the file changes few of them."""

    def rank(mistake):
        return hashlib.sha256("\n".join((seed, *name(mistake))).encode()).digest()

    chosen, count = [], Counter()
    for mistake in sorted(mistakes, key=rank):
        count[mistake["file"]] += 1
        if count[mistake["file"]] <= each:
            chosen.append(mistake)
    return sorted(chosen, key=lambda mistake: (mistake["file"], mistake["line"]))


def portions(mistakes: list[dict]) -> Iterator[list[dict]]:
    """Divide mistakes, sorted by file, into portions of one file for one process at a time."""
    for _, of_file in itertools.groupby(mistakes, key=lambda mistake: mistake["file"]):
        of_file = list(of_file)
        yield from (of_file[i : i + PORTION] for i in range(0, len(of_file), PORTION))


class Runner:
    """Tries mistakes in copies of the project.

    Args:
        sources: the files, unchanged.
        tests: the tests of each.
        mistakes: what to try.
        at_once: in how many copies of the project.
    """

    def __init__(
        self,
        sources: dict[str, str],
        tests: dict[str, list[str]],
        mistakes: list[dict],
        at_once: int,
    ):
        self.sources, self.tests, self.at_once = sources, tests, at_once
        self.waiting = list(portions(mistakes))
        self.lock, self.done, self.total = threading.Lock(), [], len(mistakes)
        self.limits: dict[tuple[str, ...], float] = {}  # of the same tests
        self.broken: list[str] = []

    def limit(self, file: str, ask: Callable[[dict], dict]) -> float:
        """Run the tests of a file without a mistake; give the seconds that one with it may take."""
        job = {"file": file, "source": self.sources[file], "tests": self.tests[file]}
        right = ask(job | {"limit": 600})
        if not right["passed"]:
            raise RuntimeError(f"{file}: without a mistake fails {right['failed']}")
        return 5 + 1.5 * right["cpu"]

    def note(self, mistake: dict, answer: dict) -> None:
        """Note and show what became of a mistake."""
        with self.lock:
            self.done.append(mistake | answer)
            told = {key: value for key, value in self.done[-1].items() if key != "source"}
            with RESULTS.open("a", encoding="utf-8") as file:  # a run that is broken off has these
                file.write(json.dumps(told) + "\n")
            if answer["passed"]:
                print(f"\nsurvived: {shown(mistake)}", flush=True)
            elif sys.stdout.isatty():
                print(f"\r{len(self.done)} of {self.total} ", end="", flush=True)

    def work(self, tree: Path) -> None:
        """Try one portion after another in a copy of the project."""
        with trees.warm(tree) as ask:
            while self.waiting and not self.broken:
                portion = self.waiting.pop(0)
                file = portion[0]["file"]
                tests = tuple(self.tests[file])
                try:
                    if tests not in self.limits:
                        self.limits[tests] = self.limit(file, ask)
                except RuntimeError as error:
                    self.broken.append(str(error))
                    return
                for mistake in portion:
                    job = {key: mistake[key] for key in ("file", "source")}
                    job |= {"tests": tests, "limit": self.limits[tests]}
                    self.note(mistake, ask(job))

    def run(self) -> list[dict]:
        """Try all; give each mistake with `passed`, `failed` and `seconds`."""
        RESULTS.parent.mkdir(parents=True, exist_ok=True)
        RESULTS.write_text("", encoding="utf-8")
        folders = trees.copies(self.at_once)
        workers = [threading.Thread(target=self.work, args=[folder]) for folder in folders]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        if len(self.done) < self.total:
            raise SystemExit("\n".join(self.broken) or "not every mistake was tried: see above")
        return self.done


def shown(mistake: dict) -> str:
    """Write a mistake as a difference."""
    old, new = (mistake[key].replace("\n", "\n    ") for key in ("was", "now"))
    return f"{mistake['file']}:{mistake['line']} ({mistake['operator']})\n  - {old}\n  + {new}"


def table(done: list[dict], known: dict) -> str:
    """Write for each room how many mistakes were killed.

    Those that change nothing (their reason begins with "same") do not count in the percentage.
    """
    lines = [f"{'room':10} {'tried':>6} {'killed':>7} {'survived':>9} {'the same':>9} {'%':>6}"]
    for room in ROOMS:
        of_room = [mistake for mistake in done if room_of(mistake["file"]) == room]
        survived = [mistake for mistake in of_room if mistake["passed"]]
        same = sum(known.get(name(m), "").startswith("same") for m in survived)
        if of_room:
            killed = len(of_room) - len(survived)
            percent = 100 * killed / max(1, len(of_room) - same)
            counts = f"{killed:7} {len(survived) - same:9} {same:9} {percent:6.1f}"
            lines.append(f"{room:10} {len(of_room):6} {counts}")
    return "\n".join(lines)


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("rooms", nargs="*", default=list(ROOMS), help=", ".join(ROOMS))
    parser.add_argument(
        "--file", nargs="*", default=[""], help="only files with one of these in their names"
    )
    parser.add_argument("--each", type=int, default=EACH, help="mistakes a file; 0: all")
    parser.add_argument("--seed", default="0", help="another seed tries other mistakes")
    parser.add_argument("--at-once", type=int, default=2, help="processes")
    parser.add_argument("--again", action="store_true", help="try the known survivors again, too")
    return parser.parse_args()


def main() -> int:
    """Run the command line and return the exit status."""
    asked, started = options(), time.monotonic()
    tests = {f: t for f, t in files(asked.rooms).items() if any(part in f for part in asked.file)}
    sources = {f: (trees.ROOT / f).read_text(encoding="utf-8") for f in tests}
    known = {name(entry): entry["reason"] for entry in json.loads(KNOWN.read_text("utf-8"))}
    everything = all_mistakes(sources)
    chosen = sample(everything, asked.each or len(everything), asked.seed)
    old = set() if asked.again else {name(m) for m in chosen} & set(known)
    print(
        f"{len(everything)} mistakes in {len(sources)} files; {len(chosen)} are tried "
        f"({len(chosen) / max(1, len(everything)):.0%}), by seed {asked.seed}, and {len(old)} of "
        "them are known to survive",
        flush=True,
    )
    done = Runner(sources, tests, [m for m in chosen if name(m) not in old], asked.at_once).run()
    done += [
        m | {"passed": True, "failed": "", "seconds": 0, "cpu": 0} for m in chosen if name(m) in old
    ]
    new = [m for m in done if m["passed"] and name(m) not in known]
    gone = [key for key in known if key[0] in sources and key not in {name(m) for m in everything}]
    killed = [m for m in done if not m["passed"] and name(m) in known]
    print(table(done, known), f"{(time.monotonic() - started) / 60:.0f} minutes", sep="\n")
    for what, found in (
        ("survived, and are not in tests/mutants/known.json", [shown(m) for m in new]),
        ("are in known.json, and killed now: take them out", [shown(m) for m in killed]),
        ("are in known.json, and no mistakes any more: take them out", [*map(str, gone)]),
    ):
        if found:
            print(f"\n{len(found)} {what}:", *found, sep="\n")
    return 1 if new or killed or gone else 0


if __name__ == "__main__":
    os.environ.pop("CHARLM_FAST", None)
    sys.exit(main())
