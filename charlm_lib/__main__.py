"""The book from the command line: train a model, let it write, or say what is installed.

`python -m charlm_lib train` does what a chapter's cells do, with the same numbers: the same key
gives the same history and the same text.
"""

import argparse
import importlib.metadata
import os
import platform
import re
import sys
import warnings
from collections import Counter
from pathlib import Path

import jax

import charlm_lib as cl
from charlm_lib.cells import CELLS

PROGRAM = "python -m charlm_lib"
MODEL = "model.safetensors"
VARIABLES = ("CHARLM_CPU_DEVICES", "JAX_PLATFORMS", "XLA_FLAGS")


def main(arguments: list[str] | None = None) -> int:
    """Run the command in `arguments` (None: those of the process) and give its exit status.

    0: done; 1: training diverged; 2: a mistake of the user's, explained on standard error;
    130: interrupted.
    """
    options = build_parser().parse_args(arguments)
    try:
        return options.run(options)
    except (ValueError, OSError) as error:  # so the library tells its user what to change
        print(f"{PROGRAM}: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


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
    output = writable(options.output)
    data = read_data(options)
    trainer = cl.Trainer(options.epochs, options.clip)
    model = make_model(options, len(data.vocab))
    with warnings.catch_warnings(record=True, action="always") as said:
        result = trainer.fit(model, data, key=options.key)
    for warning in said:
        print(f"{PROGRAM}: {warning.message}", file=sys.stderr)
    print(result)
    if result.stopped == "diverged":
        return 1
    result.save(output)
    print(f"Saved as {output}. Let it write: {PROGRAM} sample --model {output}")
    return 0


def sample(options: argparse.Namespace) -> int:
    """Let a saved model go on from a prefix."""
    texts = cl.sample(
        options.prefix,
        options.length,
        cl.load(options.model),
        temperature=options.temperature,
        top_k=options.top_k,
        num_samples=options.samples,
        key=options.key,
    )
    print("\n".join(texts))
    return 0


def read_data(options: argparse.Namespace) -> cl.TextData:
    """Cut the windows of the text that was asked for."""
    sizes = options.batch_size, options.num_steps, options.num_train, options.num_val
    if options.text is None:
        return cl.TimeMachine(*sizes)
    kept = {name: getattr(options, name) for name in ("keep_case", "keep_punctuation")}
    if options.text.startswith(("http://", "https://")):
        return cl.TextData.from_url(options.text, *sizes, **kept)
    return cl.TextData.from_file(options.text, *sizes, **kept)


def make_model(options: argparse.Namespace, vocab_size: int) -> cl.RNNLMScratch:
    """Make the model that was asked for."""
    plain = options.cell == "tanh" and options.layers == 1
    lr = options.lr if options.lr is not None else 1 if plain else 2
    if options.dropout and not CELLS[options.cell].has_dropout:
        fitting = " or ".join(name for name, cell in CELLS.items() if cell.has_dropout)
        raise ValueError(
            f"--dropout {options.dropout} stands between layers of --cell {fitting} only"
        )
    sizes = options.hiddens, options.layers, options.dropout
    return cl.make_model(options.cell, vocab_size, *sizes, lr=lr)


def writable(path: Path) -> Path:
    """Give the path back if a file can be written there; find out before training, not after."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir() or not os.access(path.parent, os.W_OK):
        raise ValueError(f"--output {path} cannot be written: name a file in a folder of yours")
    return path


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(
        PROGRAM, description="Without a command: print versions and devices, for bug reports."
    )
    parser.add_argument("--version", action="version", version=f"charlm_lib {cl.__version__}")
    parser.set_defaults(run=report)
    commands = parser.add_subparsers(title="commands", metavar="{train,sample}")
    add_train(commands.add_parser("train", help=train.__doc__, description=train.__doc__))
    add_sample(commands.add_parser("sample", help=sample.__doc__, description=sample.__doc__))
    return parser


def add_train(parser: argparse.ArgumentParser) -> None:
    """Describe `train`."""
    parser.set_defaults(run=train)
    add = parser.add_argument
    add("--text", metavar="FILE", help="text file or web address [The Time Machine]")
    add("--keep-case", action="store_true", help="keep capital letters of the text")
    add("--keep-punctuation", action="store_true", help="keep digits and punctuation of the text")
    add("--cell", choices=CELLS, default="gru", help="recurrent layer [%(default)s]")
    add("--layers", type=int, default=2, help="layers on top of each other [%(default)s]")
    add("--hiddens", type=int, default=32, help="hidden units per layer [%(default)s]")
    add("--dropout", type=float, default=0.0, help="dropout between layers [%(default)s]")
    add("--lr", type=float, help="learning rate [1 for one layer of tanh, otherwise 2]")
    add("--clip", type=float, default=1.0, help="longest gradient; inf: any [%(default)s]")
    add("--epochs", type=int, default=100, help="passes over the windows [%(default)s]")
    add("--batch-size", type=int, default=1024, help="windows per update [%(default)s]")
    add("--num-steps", type=int, default=32, help="characters per window [%(default)s]")
    add("--num-train", type=int, default=10_000, help="windows to train on [%(default)s]")
    add("--num-val", type=int, default=5_000, help="windows to validate on [%(default)s]")
    add("--key", type=int, default=0, help="seed: same key, same result [%(default)s]")
    add("--output", type=Path, default=MODEL, help="file to write [%(default)s]")


def add_sample(parser: argparse.ArgumentParser) -> None:
    """Describe `sample`."""
    parser.set_defaults(run=sample)
    add = parser.add_argument
    add("--model", type=Path, default=MODEL, help="file that train wrote [%(default)s]")
    add("--prefix", default="time traveller", help="text to go on from [%(default)s]")
    add("--length", type=int, default=200, help="characters to add [%(default)s]")
    add(
        "--temperature", type=float, default=0.7, help="below 1 surer, above 1 wilder [%(default)s]"
    )
    add("--top-k", type=int, help="draw among the k likeliest characters only")
    add("--samples", type=int, default=1, help="texts to write [%(default)s]")
    add("--key", type=int, default=0, help="seed: same key, same texts [%(default)s]")


if __name__ == "__main__":
    sys.exit(main())
