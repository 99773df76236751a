"""Names of networks, as figures and tables write them."""

import pytest

from charlm_lib.display import in_capitals


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("gru", "GRU"),
        ("slow lstm, 1 layer", "slow LSTM, 1 layer"),
        ("gru-1x75 and gru-2x47", "GRU-1x75 and GRU-2x47"),
        ("minGRU", "minGRU"),
        ("tanh in blocks", "tanh in blocks"),
        ("congruent", "congruent"),
    ],
)
def test_abbreviations_are_in_capitals_and_nothing_else(name, written):
    assert in_capitals(name) == written
