"""The same model with `torch.nn`, on all cores; its environment has PyTorch and nothing of ours."""

import os
import time

import torch
from torch import nn
from torch.nn.functional import cross_entropy, one_hot

from benchmarks.workloads import Workload


class LanguageModel(nn.Module):
    """One-hot characters, recurrent layers of `torch.nn`, a linear output layer."""

    def __init__(self, workload: Workload):
        super().__init__()
        self.vocab_size = workload.vocab_size
        layers = nn.GRU if workload.gated else nn.RNN
        self.rnn = layers(workload.vocab_size, workload.num_hiddens, workload.num_layers)
        self.output = nn.Linear(workload.num_hiddens, workload.vocab_size)

    def forward(self, X):
        outputs, _ = self.rnn(one_hot(X.T, self.vocab_size).float())
        return self.output(outputs)


def prepare(workload: Workload):
    """Make a function that trains for some epochs and gives the seconds per update.

    The text is random: the time does not depend on its characters.
    """
    torch.manual_seed(0)
    torch.set_num_threads(os.cpu_count())
    model = LanguageModel(workload)
    if workload.optimizer == "adam":
        optimizer = torch.optim.Adam(model.parameters(), 0.002)
    else:
        optimizer = torch.optim.SGD(model.parameters(), 1.0)
    size, steps = workload.batch_size, torch.arange(workload.num_steps + 1)
    num_train = workload.num_updates * size
    tokens = torch.randint(workload.vocab_size, (num_train + len(steps),))

    def update(starts) -> torch.Tensor:
        windows = tokens[starts[:, None] + steps]
        loss = cross_entropy(model(windows[:, :-1]).flatten(0, 1), windows[:, 1:].T.flatten())
        optimizer.zero_grad()
        loss.backward()
        if workload.clip is not None:
            nn.utils.clip_grad_norm_(model.parameters(), workload.clip)
        optimizer.step()
        return loss.detach()

    def run() -> float:
        begun = time.perf_counter()
        for _ in range(workload.num_epochs):
            losses = [update(starts) for starts in torch.randperm(num_train).split(size)]
            torch.stack(losses).mean().item()
        return (time.perf_counter() - begun) / (workload.num_epochs * workload.num_updates)

    return run
