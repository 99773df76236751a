"""Widgets that run in the reader's browser: on the book's pages, in JupyterLab and in Colab."""

from charlm_lib.widgets.gate_to_turn import GateToTurn
from charlm_lib.widgets.hidden_state_viewer import HiddenStateViewer
from charlm_lib.widgets.jacobian_product import JacobianProduct
from charlm_lib.widgets.predict_first import PredictFirst
from charlm_lib.widgets.step_through import StepThrough
from charlm_lib.widgets.study_explorer import StudyExplorer
from charlm_lib.widgets.text_sampler import TextSampler
from charlm_lib.widgets.train_in_page import TrainInThePage
from charlm_lib.widgets.what_did_it_look_at import WhatDidItLookAt

__all__ = [
    "GateToTurn",
    "HiddenStateViewer",
    "JacobianProduct",
    "PredictFirst",
    "StepThrough",
    "StudyExplorer",
    "TextSampler",
    "TrainInThePage",
    "WhatDidItLookAt",
]
