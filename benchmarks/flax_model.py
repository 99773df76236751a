"""A workload's model, text and optimizer, the same for our engine and for the plain loop."""

import optax

import charlm_lib as cl
from benchmarks.gpu.lstm import CudnnLSTM
from benchmarks.workloads import Workload
from charlm_lib.cells import LAYERS

LR = {"sgd": 1.0, "adam": 0.002}


def make_model(workload: Workload):
    """Make the language model of a workload from the unmodified classes of the chapters."""
    V, H, L = workload.vocab_size, workload.num_hiddens, workload.num_layers
    lr = LR[workload.optimizer]
    if workload.layer == "CudnnLSTM":
        return cl.RNNLM(CudnnLSTM(H, L), V, lr)
    if workload.layer == "RNN":
        return cl.RNNLM(cl.RNN(H), V, lr)
    return cl.make_model(LAYERS[workload.layer].cell, V, H, L, lr=lr)


def make_data(workload: Workload, num_val: int = 1) -> cl.TextData:
    """Cut whole batches, as many as one run has updates, from The Time Machine."""
    num_train = workload.num_updates * workload.batch_size
    sizes = workload.batch_size, workload.num_steps, num_train, num_val
    return cl.TextData(cl.read_corpus(), *sizes)


def make_optimizer(workload: Workload) -> optax.GradientTransformation:
    """Make the optimizer with clipping before it, for a loop of one's own."""
    optimizer = getattr(optax, workload.optimizer)(LR[workload.optimizer])
    clip = [] if workload.clip is None else [optax.clip_by_global_norm(workload.clip)]
    return optax.chain(*clip, optimizer)
