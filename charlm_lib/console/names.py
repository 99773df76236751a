"""The library's names of things, as the command line calls them."""

import re

OPTIONS = {
    "batch_size": "--batch-size",
    "num_steps": "--num-steps",
    "num_train": "--num-train",
    "num_val": "--num-val",
    "stride": "--stride",
    "cell": "--cell",
    "num_hiddens": "--hiddens",
    "num_layers": "--layers",
    "dropout": "--dropout",
    "lr": "--lr",
    "max_epochs": "--epochs",
    "gradient_clip_val=1 in the Trainer": "--clip 1",
    "gradient_clip_val": "--clip",
    "carry_state=True": "--recipe fitting",
    "keep_case=True": "--keep-case",
    "keep_punctuation=True": "--keep-punctuation",
    "keep_lines=True": "--keep-lines",
    "leave out vocab": "leave out --start",
    "overwrite=True": "--overwrite",
    "key": "--key",
    "prefix": "--prefix",
    "num_preds": "--length",
    "num_samples": "--samples",
    "temperature": "--temperature",
    "top_k": "--top-k",
    "stop": "--stop",
    "TextData.from_file": "--text FILE",
}


def as_options(message: object) -> str:
    """Put the names of options into an error of the library: `num_val=5` becomes `--num-val 5`.

    A name that is a word of English as well, such as stride, counts only before a `=`.
    """
    text = str(message)
    for name, option in OPTIONS.items():
        end = "(=)" if name.isalpha() else r"\b(=?)"
        text = re.sub(rf"\b{re.escape(name)}{end}", lambda m, o=option: o + " " * len(m[1]), text)
    return text
