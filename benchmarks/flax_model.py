"""A workload's model, text and optimizer, the same for our engine and for the plain loop."""

import jax.numpy as jnp
import optax
from flax import linen as nn

import charlm_lib as cl
from benchmarks.gpu.lstm import CudnnLSTM
from benchmarks.workloads import Workload
from charlm_lib.cells import LAYERS

LR = {"sgd": 1.0, "adam": 0.002}


class ScanningRNN(nn.Module):
    """Layers of `RNN` on top of each other: what `StackedRNNScratch` computes, by `nn.scan`."""

    num_hiddens: int
    num_layers: int

    @nn.compact
    def __call__(self, inputs, state=None, training=False):
        states = [None] * self.num_layers if state is None else state
        outputs, new_state = inputs, []
        for layer_state in states:
            outputs, layer_state = cl.RNN(self.num_hiddens)(outputs, layer_state)
            new_state.append(layer_state)
        return outputs, jnp.stack(new_state)  # the state: (num_layers, batch_size, num_hiddens)


def make_model(workload: Workload):
    """Make the language model of a workload from the unmodified classes of the chapters."""
    V, H, L = workload.vocab_size, workload.num_hiddens, workload.num_layers
    lr = LR[workload.optimizer]
    if workload.layer == "CudnnLSTM":
        return cl.RNNLM(CudnnLSTM(H, L), V, lr)
    if workload.layer == "ScanningRNN":
        return cl.RNNLM(ScanningRNN(H, L), V, lr)
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
