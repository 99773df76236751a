"""Fixtures: a page with one widget of each kind, on random models, opened as a reader would."""

import pytest

from charlm_lib import GRU, RNNLM, RNNLMScratch, StackedRNNScratch, Vocab
from charlm_lib.studies import depth_study
from charlm_lib.widgets import (
    GateToTurn,
    HiddenStateViewer,
    JacobianProduct,
    PredictFirst,
    StepThrough,
    StudyExplorer,
    TextSampler,
    TrainInThePage,
    WhatDidItLookAt,
)
from tests.browser.conftest import new_context, open_page, serving
from tests.browser.widgets_page import page_parts, write_page


@pytest.fixture(scope="session")
def parts(make_result):
    vocab = Vocab("abcdefghijklmnopqrstuvwxyz ")
    size = len(vocab)
    models = {
        "2 tanh layers": RNNLMScratch(StackedRNNScratch(size, 32, 2), size, lr=1.0),
        "3 GRU layers": RNNLM(GRU(32, 3), size, lr=1.0),
    }
    results = {name: make_result(model, vocab) for name, model in models.items()}
    return page_parts(
        [
            TextSampler(results),
            HiddenStateViewer(results, layer=2, unit=3),
            PredictFirst.next_character(results["3 GRU layers"], "time traveller", 4),
            PredictFirst.which_model(results),
            PredictFirst.number("Where does it end?", 7.3, 1, 28, log=True),
            PredictFirst.choice("Which?", ["one", "two"], "two", explanation="Because."),
            TrainInThePage(),
            JacobianProduct(results["2 tanh layers"]),
            StepThrough(results["2 tanh layers"]),
            WhatDidItLookAt(results),
            StudyExplorer(depth_study.read_record()),
            PredictFirst.curve("Draw it.", [1, 2, 4, 11], [20, 14, 9, 8], 4, 32),
            GateToTurn(results["3 GRU layers"]),
        ]
    )


@pytest.fixture(scope="session")
def folder(parts, tmp_path_factory):
    folder = tmp_path_factory.mktemp("widgets")
    write_page(folder, *parts)
    return folder


@pytest.fixture(scope="session")
def served(folder):
    with serving(folder) as address:
        yield f"{address}/index.html"


@pytest.fixture
def opened(browser, served):
    """A function that opens the page for this test alone; at its end nothing may be wrong."""
    visits = []

    def open_one(address=served, **options):
        visits.append(open_page(new_context(browser, **options), address))
        return visits[-1].page

    yield open_one
    for visit in visits:
        visit.page.context.close()
        assert not visit.problems


@pytest.fixture
def page(opened):
    return opened()
