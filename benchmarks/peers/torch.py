"""PyTorch: `nn.LSTM`, which uses oneDNN if it can; `torch.compile` leaves it unchanged and takes as long."""

from __future__ import annotations

import torch
from torch import nn

from benchmarks.peers import Candidate
from benchmarks.problem import one_hot, problem, windows


class Model(nn.Module):
    """LSTM layers and a dense head on the last step; inputs are (T, B, C), the order that oneDNN works in."""

    def __init__(self, job):
        super().__init__()
        between = job["dropout"] if job["layers"] > 1 else 0.0
        self.lstm = nn.LSTM(job["inputs"], job["hidden"], job["layers"], dropout=between)
        self.dropout = nn.Dropout(job["dropout"])
        self.head = nn.Linear(job["hidden"], job["outputs"])

    def forward(self, inputs):
        return self.head(self.dropout(self.lstm(inputs)[0][-1]))


def train(job, n_threads):
    """A training step, with both fast forms of Adam."""
    batches = _batches(job, n_threads)

    def candidate(name, **form):
        step = _stepper(job, **form)

        def once():
            for inputs, targets in batches:
                step(inputs, targets)

        return Candidate(name, once, len(batches))

    return [candidate("nn.LSTM, fused Adam", fused=True), candidate("nn.LSTM, foreach Adam", foreach=True)]


def epoch(job, n_threads):
    """An epoch of the plain training loop: batches by index, without a DataLoader."""
    torch.set_num_threads(n_threads)
    inputs, targets = (torch.from_numpy(array) for array in windows(job))
    targets = _as_targets(targets)
    step = _stepper(job, fused=True)

    def once():
        for numbers in torch.randperm(len(inputs)).split(job["batch"]):
            step(inputs[numbers].transpose(0, 1), targets[numbers])

    return [Candidate("plain loop, fused Adam", once)]


def forward(job, n_threads):
    """Outputs of a batch of windows."""
    inputs, _ = _batches(job, n_threads)[0]
    model = Model(job).eval()

    def once():
        with torch.inference_mode():
            return model(inputs).numpy()

    return [Candidate("nn.LSTM, inference_mode", once)]


predict = forward


def _stepper(job, **form):
    """Return a function that takes one training step of a new model."""
    torch.manual_seed(0)
    model = Model(job).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, **form)
    loss = nn.CrossEntropyLoss() if job["loss"] == "log_loss" else nn.MSELoss()

    def step(inputs, targets):
        optimizer.zero_grad(set_to_none=True)
        loss(model(inputs), targets).backward()
        optimizer.step()

    return step


def _batches(job, n_threads):
    """Return inputs (T, B, C) and targets of all batches as tensors; codes become dense: `nn.LSTM` cannot gather."""
    torch.set_num_threads(n_threads)
    inputs, targets = problem(job)
    if job["one_hot"]:
        inputs = one_hot(inputs, job["inputs"])
    inputs, targets = torch.from_numpy(inputs), _as_targets(torch.from_numpy(targets))
    return [(some.transpose(0, 1).contiguous(), wanted) for some, wanted in zip(inputs, targets)]


def _as_targets(targets):
    return targets if targets.is_floating_point() else targets.long()
