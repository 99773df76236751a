"""The book from the command line: train a model, let it write, or say what is installed.

`python -m charlm_lib train` does what a chapter's cells do, with the same numbers: the same key
gives the same history and the same text. A text of one's own is read whole (`charlm_lib.own_text`).
"""

import argparse
import importlib.metadata
import os
import platform
import re
import shlex
import signal
import sys
import warnings
from collections import Counter
from dataclasses import replace
from pathlib import Path

import jax

import charlm_lib as cl
from charlm_lib.console.announcement import announcement
from charlm_lib.console.files import begun, check_output, keep
from charlm_lib.console.names import as_options
from charlm_lib.console.options import SETTINGS, add_sample, add_train
from charlm_lib.console.output import PROGRAM, can_show, fall_silent, lose_nothing, say, show
from charlm_lib.console.prefix import any_prefix, opening, typed_prefix
from charlm_lib.console.signals import StopSignals
from charlm_lib.own_text import REFERENCE, Recipe
from charlm_lib.runs.keeping import unfinished_name

VARIABLES = ("CHARLM_CPU_DEVICES", "JAX_PLATFORMS", "XLA_FLAGS")
KEPT = ("keep_case", "keep_punctuation", "keep_lines")
OF_THE_MODEL = ("cell", "layers", "hiddens", "dropout")


def main(arguments: list[str] | None = None) -> int:
    """Run the command in `arguments` (None: those of the process) and give its exit status.

    0: done; 1: training exploded; 2: a mistake of the user's, explained on standard error;
    128 and the number of a signal: stopped by it, 130 by Ctrl-C.
    """
    lose_nothing()
    try:
        return run(arguments)
    except BrokenPipeError:  # whoever read the output has seen enough
        fall_silent()
        return 128 + getattr(signal, "SIGPIPE", 13)  # which Windows does not have
    except (ValueError, OSError) as error:  # so the library tells its user what to change
        say(f"error: {as_options(error)}")
        return 2
    except KeyboardInterrupt:
        return 130


def run(arguments: list[str] | None) -> int:
    """Run a command, and hand over all that it printed, warnings without their line of code."""
    try:
        with warnings.catch_warnings():
            warnings.showwarning = lambda message, *_: say(as_options(message))
            options = build_parser().parse_args(arguments)
            return options.run(options)
    finally:
        sys.stdout.flush()  # here, where somebody notices that its reader has gone


def report(options: argparse.Namespace) -> int:
    """Print versions and devices, for a report of a bug."""
    required = importlib.metadata.requires("charlm_lib") or []
    names = {re.match(r"[\w.-]+", line)[0] for line in required} | {"jaxlib"}
    print(f"charlm_lib {cl.__version__}")
    print(f"Python {platform.python_version()} on {platform.platform()}, {os.cpu_count()} cores")
    for name in sorted(names):
        print(f"{name} {importlib.metadata.version(name)}")
    devices = Counter(f"{d.device_kind} ({d.platform})" for d in jax.devices())
    print("devices:", ", ".join(f"{count} x {kind}" for kind, count in devices.items()))
    for name in VARIABLES:
        if name in os.environ:
            print(f"{name}={os.environ[name]}")
    return 0


def train(options: argparse.Namespace) -> int:
    """Train a model on a text and save it."""
    check_output(options.output, options.text, options.overwrite)
    with StopSignals() as stop:
        try:
            return learn(options, stop)
        except KeyboardInterrupt:
            place = unfinished_name(options.output)
            say(
                f"stopped at once: {place} has what was saved on the way"
                if place.exists()
                else "stopped before an epoch was finished: there is nothing to save"
            )
            return stop.status


def learn(options: argparse.Namespace, stop: StopSignals) -> int:
    """Train, save what was learned, and give the exit status."""
    old = cl.load(options.start) if options.start else None
    recipe = prepare(options, old)
    start = begun(options.output, recipe, options.key, old and old.params)
    done = len(start.history["epoch"]) if start else 0
    data, model, trainer, optimizer = recipe
    trainer = replace(trainer, max_epochs=trainer.max_epochs - done)
    print(announcement(options.text or "The Time Machine", data, model, trainer), flush=True)
    if old and not start:
        start = replace(old, settings={})  # a new run from its parameters: its rate rises anew
    checkpoint = unfinished_name(options.output)
    result = trainer.fit(model, data, options.key, optimizer, start=start, checkpoint=checkpoint)
    if result.stopped == "diverged":
        say(divergence_advice(options))
        return 1
    saved = keep(result, options.output, options.overwrite)
    print(result)
    first = opening(data.text)
    prefix = f" --prefix={shlex.quote(first)}" if can_show(first) else ""
    print(f"Saved as {saved}. Let it write:")
    best = " --best" if best_is_better(result) else ""
    print(f"{PROGRAM} sample --model {shlex.quote(str(saved))}{best}{prefix}")
    if result.stopped != "interrupted":
        return 0
    say("the same command goes on from here")
    return stop.status


def best_is_better(result: cl.FitResult) -> bool:
    """Say whether the best epoch was clearly better than the last."""
    val = result.history["val_perplexity"]
    return bool(result.best_epoch) and val[result.best_epoch - 1] < 0.98 * val[-1]


def sample(options: argparse.Namespace) -> int:
    """Let a saved model go on from a prefix."""
    result = cl.load(options.model)
    result = result.at_best_epoch() if options.best else result
    chosen = options.prefix is not None
    prefix = typed_prefix(options.prefix, result.vocab) if chosen else any_prefix(result.vocab)
    if chosen and prefix != options.prefix:
        say(f"--prefix {options.prefix!r} is read as {prefix!r}")
    surest = options.temperature == 0
    texts = cl.sample(
        prefix,
        options.length,
        result,
        temperature=1.0 if surest else options.temperature,
        top_k=1 if surest else options.top_k,
        num_samples=options.samples,
        key=options.key,
        stop=options.stop,
    )
    unseen = 0 if chosen or prefix.strip() else len(prefix)  # a space that nobody typed
    show("\n".join(text[unseen:] for text in texts))
    return 0


def prepare(options: argparse.Namespace, start: cl.FitResult | None) -> Recipe:
    """Read the text, and make what was asked for to train on it."""
    chosen = {SETTINGS[name]: getattr(options, name) for name in SETTINGS}
    chosen = {name: value for name, value in chosen.items() if value is not None}
    reading = {name: True for name in KEPT if getattr(options, name)}
    cell = options.cell or "gru"
    if start is not None:
        reading["vocab"] = start.vocab
        named = [name for name in OF_THE_MODEL if getattr(options, name) is not None]
        if named:
            raise ValueError(
                f"--start goes on with the model of {options.start}: leave out --{named[0]}"
            )
    settings = None
    # Who counts windows means some of them, which may overlap: not the whole text, read in order.
    counted = any(getattr(options, name) for name in ("num_train", "num_val", "stride"))
    usual = "reference" if options.text is None or counted else "fitting"
    if (options.recipe or usual) == "reference":
        plain = cell == "tanh" and options.layers == 1
        settings = replace(REFERENCE, lr=1.0) if plain else REFERENCE
    recipe = cl.recipe_for(text_of(options.text), cell, settings, **reading, **chosen)
    if start is None:
        return recipe
    return recipe._replace(model=start.model.clone(lr=recipe.model.lr))


def text_of(name: str | None) -> str:
    """Read the novel, a file or a web address."""
    if name is None:
        return cl.read_corpus()
    if name.startswith(("http://", "https://")):
        return cl.read_url(name)
    if not name or Path(name).is_dir():
        raise ValueError(f"--text {name!r} is no file: name a text file, or a web address")
    return cl.read_file(name)


def divergence_advice(options: argparse.Namespace) -> str:
    """Say what to change after training that exploded."""
    remedy = "a smaller --lr" + ("" if options.lr is None else f" than {options.lr:g}")
    if options.clip is not None and options.clip > 1:
        remedy += ", or --clip 1"
    return f"nothing was saved: try {remedy}"


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(
        PROGRAM, description="Without a command: print versions and devices, for bug reports."
    )
    parser.add_argument("--version", action="version", version=f"charlm_lib {cl.__version__}")
    parser.set_defaults(run=report)
    commands = parser.add_subparsers(title="commands", metavar="{train,sample}")
    for task, add_options in ((train, add_train), (sample, add_sample)):
        command = commands.add_parser(task.__name__, help=task.__doc__, description=task.__doc__)
        command.set_defaults(run=task)
        add_options(command)
    return parser


if __name__ == "__main__":
    sys.exit(main())
