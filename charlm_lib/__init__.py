"""Deep recurrent language models, character by character: the library behind the book."""

from importlib.metadata import version

from charlm_lib.engine.devices import describe_machine, keep_compiled_programs, use_all_cores

use_all_cores()  # before JAX starts
keep_compiled_programs()

from charlm_lib.corpus import clean, read_corpus, read_file, read_url  # noqa: E402
from charlm_lib.data import TextData, TimeMachine, Vocab, gather_windows  # noqa: E402
from charlm_lib.losses import bits_per_character, cross_entropy, perplexity  # noqa: E402
from charlm_lib.models import (  # noqa: E402
    GRU,
    RNN,
    RNNLM,
    RNNLMScratch,
    RNNScratch,
    StackedRNNScratch,
    check_inputs,
    check_sizes,
    initial_state,
)
from charlm_lib.results import FitResult, load  # noqa: E402
from charlm_lib.sampling import predict, sample  # noqa: E402
from charlm_lib.training import Trainer, evaluate, fit_or_load  # noqa: E402

__version__ = version("charlm_lib")
__all__ = [
    "GRU",
    "RNN",
    "RNNLM",
    "FitResult",
    "RNNLMScratch",
    "RNNScratch",
    "StackedRNNScratch",
    "TextData",
    "TimeMachine",
    "Trainer",
    "Vocab",
    "bits_per_character",
    "check_inputs",
    "check_sizes",
    "clean",
    "cross_entropy",
    "describe_machine",
    "evaluate",
    "fit_or_load",
    "gather_windows",
    "initial_state",
    "load",
    "perplexity",
    "predict",
    "read_corpus",
    "read_file",
    "read_url",
    "sample",
]
