"""The options of `train` and `sample`."""

import argparse
import math
from pathlib import Path

from charlm_lib.cells import CELLS

MODEL = "model.safetensors"
SETTINGS = {  # name of the option, as argparse stores it: name of the library's setting
    "layers": "num_layers",
    "hiddens": "num_hiddens",
    "dropout": "dropout",
    "lr": "lr",
    "clip": "gradient_clip_val",
    "epochs": "max_epochs",
    "batch_size": "batch_size",
    "num_steps": "num_steps",
    "num_train": "num_train",
    "num_val": "num_val",
    "stride": "stride",
}


def whole_number(text: str) -> int:
    """Read a whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} must be a whole number of at least 1")
    return int(text)


def positive(text: str) -> float:
    """Read a positive number; inf is one."""
    number = as_number(text)
    if not number > 0:
        raise argparse.ArgumentTypeError(f"{text!r} must be a positive number")
    return number


def share(text: str) -> float:
    """Read a number from 0 to below 1."""
    number = as_number(text)
    if not 0 <= number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} must be a number from 0 to below 1")
    return number


def temperature(text: str) -> float:
    """Read a temperature; 0 takes the likeliest character every time."""
    number = as_number(text)
    if not 0 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} must be a number of at least 0")
    return number


def as_number(text: str) -> float:
    """Read a number; what is none becomes nan, which is in no range."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def line_ends(text: str) -> str:
    r"""Read some characters; a line's end is written `\n`."""
    return text.replace(r"\n", "\n")


def seed(text: str) -> int:
    """Read a seed."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} must be a whole number") from None


def add_train(parser: argparse.ArgumentParser) -> None:
    """Describe `train`."""
    add = parser.add_argument
    add("--text", metavar="FILE", help="text file or web address [The Time Machine]")
    add("--keep-case", action="store_true", help="keep capital letters")
    add("--keep-punctuation", action="store_true", help="keep digits and punctuation")
    add("--keep-lines", action="store_true", help="keep the ends of lines: verse, names")
    add(
        "--recipe",
        choices=("fitting", "reference"),
        help="fitting: chapter 6's, the whole text, at a size that fits [with --text]; "
        "reference: chapter 4's, the first pages [without, or where windows are counted]",
    )
    add("--start", type=Path, metavar="FILE", help="go on from this saved model")
    add("--output", type=Path, default=MODEL, metavar="FILE", help="file to write [%(default)s]")
    add("--overwrite", action="store_true", help="write it even over a file of another kind")
    add("--key", type=seed, default=0, help="seed: same key, same result [%(default)s]")
    single = parser.add_argument_group("single settings, in place of the recipe's")
    add = single.add_argument
    add("--cell", choices=CELLS, help="recurrent layer [gru]")
    add("--layers", type=whole_number, metavar="N", help="layers on top of each other")
    add("--hiddens", type=whole_number, metavar="N", help="hidden units per layer")
    add("--dropout", type=share, metavar="SHARE", help="dropout between layers")
    add("--lr", type=positive, metavar="RATE", help="learning rate; where it changes, the highest")
    add("--clip", type=positive, metavar="LENGTH", help="longest gradient; inf: any")
    add("--epochs", type=whole_number, metavar="N", help="passes over the windows")
    add("--batch-size", type=whole_number, metavar="N", help="windows per update")
    add("--num-steps", type=whole_number, metavar="N", help="characters per window")
    add("--num-train", type=whole_number, metavar="N", help="windows to train on")
    add("--num-val", type=whole_number, metavar="N", help="windows to validate on")
    add("--stride", type=whole_number, metavar="N", help="characters from window to window")


def add_sample(parser: argparse.ArgumentParser) -> None:
    """Describe `sample`."""
    add = parser.add_argument
    add("--model", type=Path, default=MODEL, metavar="FILE", help="saved model [%(default)s]")
    add("--best", action="store_true", help="as it was after its best epoch")
    add("--prefix", metavar="TEXT", help="text to go on from [one that the model can read]")
    add("--length", type=whole_number, default=200, metavar="N", help="characters [%(default)s]")
    add("--stop", type=line_ends, metavar="TEXT", help=r"end before this; \n: the end of a line")
    add(
        "--temperature",
        type=temperature,
        default=0.7,
        help="below 1 surer, above 1 wilder, 0 surest [%(default)s]",
    )
    add("--top-k", type=whole_number, metavar="K", help="draw among the k likeliest only")
    add("--samples", type=whole_number, default=1, metavar="N", help="texts [%(default)s]")
    add("--key", type=seed, default=0, help="seed: same key, same texts [%(default)s]")
