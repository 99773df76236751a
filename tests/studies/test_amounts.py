"""Parts of the text end where the validation text begins, for the network and for the table."""

import numpy as np
import pytest

from charlm_lib import KneserNey, read_corpus
from charlm_lib.studies import amounts, recipe

ALL = recipe.STEPS[-1].data()
END = ALL.num_train * ALL.num_steps


@pytest.mark.parametrize("windows_per_row", amounts.ROWS_OF)
def test_a_part_ends_where_the_validation_text_begins(windows_per_row):
    data = amounts.data_of(windows_per_row)
    assert (data.batch_size, data.num_steps, data.num_val) == (64, 64, ALL.num_val)
    assert data.vocab == ALL.vocab
    place = data.starts("val")[0]
    text = read_corpus()
    wanted = text[END : END + 200].strip()
    assert data.text[place : place + 210].find(wanted) in (-1, 0, 1)
    assert abs(data.text.find(wanted) - place) <= 1  # a space at the edge is cleaned away


def test_a_table_counts_the_same_text():
    found = amounts.count(4)
    data = amounts.data_of(4)
    tokens = np.asarray(data.tokens)
    assert found["characters"] == 4 * 64 * 64
    train, validation = tokens[: found["characters"]], tokens[found["characters"] :]
    losses = {n: KneserNey(train, n, 28).nll(validation).mean() for n in range(1, 9)}
    assert found["order"] == min(losses, key=losses.get)
    assert found["val_loss"] == pytest.approx(min(losses.values()), abs=1e-4)


def test_the_record_is_whole():
    record = amounts.read_record()
    assert [t["characters"] for t in record["tables"]] == [64 * 64 * n for n in amounts.ROWS_OF]
    for table in record["tables"]:
        runs = amounts.chosen_runs(record, table["characters"])
        assert sorted(run["seed"] for run in runs) == list(amounts.SEEDS)
        tried = {r["dropout"] for r in record["runs"] if r["characters"] == table["characters"]}
        assert tried == set(amounts.DROPOUTS)
    assert [amounts.count(n) for n in amounts.ROWS_OF[:2]] == record["tables"][:2]
