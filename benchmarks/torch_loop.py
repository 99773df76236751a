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
        layers = {"GRU": nn.GRU, "LSTM": nn.LSTM}.get(workload.layer, nn.RNN)
        self.rnn = layers(workload.vocab_size, workload.num_hiddens, workload.num_layers)
        self.output = nn.Linear(workload.num_hiddens, workload.vocab_size)

    def forward(self, X):
        outputs, _ = self.rnn(one_hot(X.T, self.vocab_size).float())
        return self.output(outputs)


def prepare(workload: Workload, contender: str = "torch.nn"):
    """Make a function that trains for some epochs and gives the seconds per update.

    The text is random: the time does not depend on its characters.

    Args:
        contender: "torch.nn", its layers as they come; "torch.nn, compiled", through
            `torch.compile`; or "torch.nn, graph", each update recorded once as a CUDA graph and
            then replayed, which needs a GPU.
    """
    torch.manual_seed(0)
    torch.set_num_threads(os.cpu_count())
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = LanguageModel(workload).to(device)
    forward = torch.compile(model) if contender == "torch.nn, compiled" else model
    if workload.optimizer == "adam":
        optimizer = torch.optim.Adam(model.parameters(), 0.002, capturable=device == "cuda")
    else:
        optimizer = torch.optim.SGD(model.parameters(), 1.0)
    size, steps = workload.batch_size, torch.arange(workload.num_steps + 1, device=device)
    num_train = workload.num_updates * size
    tokens = torch.randint(workload.vocab_size, (num_train + len(steps),), device=device)

    def update(starts) -> torch.Tensor:
        windows = tokens[starts[:, None] + steps]
        with torch.autocast(device, torch.bfloat16, enabled=workload.dtype == "bfloat16"):
            logits = forward(windows[:, :-1])
        loss = cross_entropy(logits.float().flatten(0, 1), windows[:, 1:].T.flatten())
        optimizer.zero_grad()
        loss.backward()
        if workload.clip is not None:
            nn.utils.clip_grad_norm_(model.parameters(), workload.clip)
        optimizer.step()
        return loss.detach()

    if contender == "torch.nn, graph":
        update = recorded(update, torch.zeros(size, dtype=torch.int64, device=device))

    def run() -> float:
        begun = time.perf_counter()
        for _ in range(workload.num_epochs):
            order = torch.randperm(num_train, device=device)
            losses = [update(starts) for starts in order.split(size)]
            torch.stack(losses).mean().item()
        return (time.perf_counter() - begun) / (workload.num_epochs * workload.num_updates)

    return run


def recorded(update, starts: torch.Tensor):
    """Record an update as one CUDA graph, and give a function that replays it for other starts."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):  # a graph may only be recorded when all libraries have started
            update(starts)
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        loss = update(starts)

    def replay(new_starts) -> torch.Tensor:
        starts.copy_(new_starts)
        graph.replay()
        return loss.clone()

    return replay
