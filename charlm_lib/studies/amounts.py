"""How much text does a network need, and how much a table of counts? The curves of chapter 6.

`python -m charlm_lib.studies.amounts` trains the last step of `recipe` on a sixteenth, an eighth,
a quarter, a half and all of its text, always the part that ends where the validation text begins,
and writes `records/amounts.json`; it takes about half an hour on two CPU cores. Each run
counts where its validation loss was best, and its dropout is the better of `DROPOUTS` for the first
seed. The table counts the same text; its order is chosen alike.
"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from charlm_lib.cells import make_model
from charlm_lib.evaluation import text_nll
from charlm_lib.ngram import KneserNey, choose_order
from charlm_lib.runs.training import Trainer
from charlm_lib.studies import recipe
from charlm_lib.studies.depth_study import SEEDS, TEST_START, versions
from charlm_lib.texts.corpus import read_corpus
from charlm_lib.texts.data import TextData
from charlm_lib.texts.vocabulary import Vocab

RECORD = Path(__file__).parent / "records" / "amounts.json"
ROWS_OF = (2, 4, 8, 16, 33)  # windows of each row of the batch: a sixteenth to all of the text
DROPOUTS = (0.3, 0.6)
MOST_EPOCHS = 132  # a short text is known by heart long before


def data_of(windows_per_row: int) -> TextData:
    """Cut the last part of the training text, and the validation text, into windows."""
    step = recipe.STEPS[-1]
    rows, num_steps, num_val = step.batch_size, step.num_steps, step.windows["num_val"]
    end = step.windows["num_train"] * num_steps
    num_train = rows * windows_per_row
    # A little more: a space at the edge would be cleaned away.
    text = read_corpus()[end - num_train * num_steps : end + (num_val + 1) * num_steps]
    sizes = rows, num_steps, num_train, num_val
    return TextData(text, *sizes, stride=num_steps, vocab=Vocab(read_corpus()))


def measure(windows_per_row: int, dropout: float, seed: int) -> dict:
    """Train on a part of the text, and write down what came of it, as JSON types."""
    last, data = recipe.STEPS[-1], data_of(windows_per_row)
    epochs = min(MOST_EPOCHS, round(last.num_updates() / windows_per_row))
    step = replace(last, windows={"num_train": data.num_train}, max_epochs=epochs)
    model = make_model("gru", len(data.vocab), step.num_hiddens, 2, dropout, step.lr)
    trainer = Trainer(epochs, gradient_clip_val=1, carry_state=True)
    result = trainer.fit(model, data, seed, step.optimizer(), show=False)
    best = result.at_best_epoch()
    test = data.vocab.encode(read_corpus()[TEST_START:])
    return {
        "characters": data.num_train * data.num_steps,
        "dropout": dropout,
        "seed": seed,
        "best_epoch": result.best_epoch,
        "max_epochs": epochs,
        "val_loss": round(float(np.log(min(result.history["val_perplexity"]))), 5),
        "test_loss": round(float(text_nll(best, test).mean()), 5),
    }


def count(windows_per_row: int) -> dict:
    """Let a table count the same text; its order is chosen on the validation text."""
    data = data_of(windows_per_row)
    tokens, end = np.asarray(data.tokens), data.num_train * data.num_steps
    train, validation = tokens[:end], tokens[end:]
    order = choose_order(train, validation, len(data.vocab))
    table = KneserNey(train, order, len(data.vocab))
    test = data.vocab.encode(read_corpus()[TEST_START:])
    losses = {"val": table.nll(validation).mean(), "test": table.nll(test).mean()}
    found = {f"{name}_loss": round(float(loss), 5) for name, loss in losses.items()}
    return {"characters": end, "order": order, **found}


def chosen_runs(record: dict, characters: int) -> list[dict]:
    """Give the runs on so much text with the dropout that was best for the first seed."""
    runs = [run for run in record["runs"] if run["characters"] == characters]
    first = [run for run in runs if run["seed"] == SEEDS[0]]
    dropout = min(first, key=lambda run: run["val_loss"])["dropout"]
    return [run for run in runs if run["dropout"] == dropout]


def read_record() -> dict:
    """Read the record: `versions`, `tables`, and `runs`."""
    if not RECORD.is_file():
        return {"versions": versions(), "tables": list(map(count, ROWS_OF)), "runs": []}
    return json.loads(RECORD.read_text(encoding="utf-8"))


def main() -> None:
    """Train what the record lacks, and write it after each run."""
    record = read_record()

    def run(windows_per_row: int, characters: int, dropout: float, seed: int) -> None:
        key = {"characters": characters, "dropout": dropout, "seed": seed}
        if any(key.items() <= entry.items() for entry in record["runs"]):
            return
        record["runs"].append(measure(windows_per_row, dropout, seed))
        RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        print(record["runs"][-1], flush=True)

    for windows_per_row, table in zip(ROWS_OF, record["tables"], strict=True):
        for dropout in DROPOUTS:
            run(windows_per_row, table["characters"], dropout, SEEDS[0])
        for seed in SEEDS[1:]:
            chosen = chosen_runs(record, table["characters"])[0]["dropout"]
            run(windows_per_row, table["characters"], chosen, seed)


if __name__ == "__main__":
    main()
