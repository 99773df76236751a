"""Deep recurrent language models, character by character: the library behind the book.

What a chapter, a page or the command line uses comes through this door, or through those of
`charlm_lib.display`, `charlm_lib.widgets` and `charlm_lib.studies`.
"""

from importlib.metadata import version

from charlm_lib.engine.devices import describe_machine, keep_compiled_programs, use_all_cores

use_all_cores()  # before JAX starts
keep_compiled_programs()

from charlm_lib.cells import make_model  # noqa: E402
from charlm_lib.checks import check_inputs, check_sizes, initial_state  # noqa: E402
from charlm_lib.comparison import (  # noqa: E402
    PairedBlocks,
    SeedsCompared,
    best_weight,
    compare_seeds,
    mixture_nll,
    paired_blocks,
)
from charlm_lib.engine.parameters import first_params  # noqa: E402
from charlm_lib.engine.twins import Use, fuse  # noqa: E402
from charlm_lib.evaluation import TrainedModel, evaluate, nll_after, nll_by_context, text_nll  # noqa: E402
from charlm_lib.language_model import RNNLM, RNNLMScratch  # noqa: E402
from charlm_lib.layers.attention import CausalAttention  # noqa: E402
from charlm_lib.layers.concise import GRU, LSTM, RNN  # noqa: E402
from charlm_lib.layers.linear_recurrence import LRU, MinGRU, linear_loop, linear_recurrence  # noqa: E402
from charlm_lib.layers.residual import ResidualStack  # noqa: E402
from charlm_lib.layers.scratch import RNNScratch, StackedRNNScratch  # noqa: E402
from charlm_lib.losses import bits_per_character, cross_entropy, perplexity  # noqa: E402
from charlm_lib.ngram import KneserNey, adaptive_nll, choose_order  # noqa: E402
from charlm_lib.own_text import Settings, fitting_settings, recipe_for  # noqa: E402
from charlm_lib.runs.keeping import fit_or_load  # noqa: E402
from charlm_lib.runs.results import FitResult, load  # noqa: E402
from charlm_lib.runs.training import Trainer  # noqa: E402
from charlm_lib.sampling import predict, sample  # noqa: E402
from charlm_lib.texts.cleaning import clean  # noqa: E402
from charlm_lib.texts.corpus import read_corpus  # noqa: E402
from charlm_lib.texts.data import TextData, TimeMachine, gather_windows  # noqa: E402
from charlm_lib.texts.files import read_file, read_url  # noqa: E402
from charlm_lib.texts.vocabulary import Vocab  # noqa: E402

__version__ = version("charlm_lib")
__all__ = [
    "GRU",
    "LRU",
    "LSTM",
    "RNN",
    "RNNLM",
    "CausalAttention",
    "FitResult",
    "KneserNey",
    "MinGRU",
    "PairedBlocks",
    "SeedsCompared",
    "RNNLMScratch",
    "RNNScratch",
    "ResidualStack",
    "Settings",
    "StackedRNNScratch",
    "TextData",
    "TimeMachine",
    "TrainedModel",
    "Trainer",
    "Use",
    "Vocab",
    "adaptive_nll",
    "best_weight",
    "bits_per_character",
    "check_inputs",
    "check_sizes",
    "choose_order",
    "clean",
    "compare_seeds",
    "cross_entropy",
    "describe_machine",
    "evaluate",
    "first_params",
    "fitting_settings",
    "fit_or_load",
    "fuse",
    "gather_windows",
    "initial_state",
    "linear_loop",
    "linear_recurrence",
    "load",
    "make_model",
    "mixture_nll",
    "nll_after",
    "nll_by_context",
    "paired_blocks",
    "perplexity",
    "predict",
    "read_corpus",
    "read_file",
    "read_url",
    "recipe_for",
    "sample",
    "text_nll",
]
