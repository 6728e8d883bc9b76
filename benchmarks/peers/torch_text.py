"""A character model of the same kind in PyTorch, trained for as many seconds, in its own process."""

from __future__ import annotations

import importlib.metadata
import math
import time
from typing import Any

import numpy as np
import torch

from benchmarks.text_tasks import text_tasks
from tsl.text import CharVocabulary

SETTINGS = {
    "hidden_size": 256,
    "embedding_size": 32,
    "dropout": 0.25,
    "weight_dropout": 0.0,
    "sequence_length": 32,
    "batch_size": 16,
}
WARM_UP, FINAL = 0.02, 0.01  # shares of the time, and of the learning rate
TRIAL_STEPS = 10


class Model(torch.nn.Module):
    """Embedding, one LSTM whose recurrent weights are dropped, and a linear layer to the next character."""

    def __init__(self, n_characters: int, settings: dict[str, Any]) -> None:
        super().__init__()
        hidden = settings["hidden_size"]
        self.dropout, self.weight_dropout = settings["dropout"], settings["weight_dropout"]
        self.embedding = torch.nn.Embedding(n_characters, settings["embedding_size"])
        self.lstm = torch.nn.LSTM(settings["embedding_size"], hidden, batch_first=True)
        self.head = torch.nn.Linear(hidden, n_characters)
        with torch.no_grad():
            torch.nn.init.xavier_uniform_(self.lstm.weight_ih_l0)
            for gate in self.lstm.weight_hh_l0.split(hidden):
                torch.nn.init.orthogonal_(gate)
            self.lstm.bias_ih_l0.zero_()
            self.lstm.bias_hh_l0.zero_()
            self.lstm.bias_ih_l0[hidden : 2 * hidden] = 1.0  # of the forget gate

    def forward(self, codes: torch.Tensor, states: Any) -> tuple[torch.Tensor, Any]:
        """Return outputs (B, T, V) and the states to continue from."""
        lstm = self.lstm
        recurrent = torch.nn.functional.dropout(lstm.weight_hh_l0, self.weight_dropout, self.training)
        weights = [lstm.weight_ih_l0, recurrent, lstm.bias_ih_l0, lstm.bias_hh_l0]
        hidden, *states = torch.lstm(self.embedding(codes), states, weights, True, 1, 0.0, self.training, False, True)
        return self.head(torch.nn.functional.dropout(hidden, self.dropout, self.training)), states


class Training:
    """Steps over parallel streams, whose states are carried from chunk to chunk."""

    def __init__(self, codes: torch.Tensor, n_characters: int, settings: dict[str, Any], seed: int) -> None:
        torch.manual_seed(seed)
        self._random = np.random.RandomState(seed)
        self.model, self._codes, self._settings = Model(n_characters, settings), codes, settings
        matrices = [p for p in self.model.parameters() if p.ndim > 1]
        others = [p for p in self.model.parameters() if p.ndim == 1]
        groups = [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
        self._optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.99))
        self._highest = 1e-2 * min(1.0, 256 / settings["hidden_size"])
        self.epochs, self.steps, self._next = 0, 0, 0
        self._begin()

    def _begin(self) -> None:
        """Begin an epoch: the text is treated as a ring, entered at a random place."""
        batch_size = min(self._settings["batch_size"], max(1, len(self._codes) // self._settings["sequence_length"]))
        rolled = torch.roll(self._codes, int(self._random.randint(len(self._codes))))
        each = len(rolled) // batch_size
        self._streams = rolled[: each * batch_size].view(batch_size, each)
        self._states, self._next = self._zeros(batch_size), 0

    def _zeros(self, n: int) -> tuple[torch.Tensor, torch.Tensor]:
        return tuple(torch.zeros(1, n, self._settings["hidden_size"]) for _ in range(2))

    def step(self, progress: float) -> None:
        """Train on one chunk; `progress` is the share of the time that has passed."""
        rate = (
            progress / WARM_UP if progress < WARM_UP else FINAL + (1 - FINAL) * 0.5 * (1 + math.cos(math.pi * progress))
        )
        for group in self._optimizer.param_groups:
            group["lr"] = self._highest * rate
        chunk = self._streams[:, self._next : self._next + self._settings["sequence_length"] + 1]
        outputs, states = self.model(chunk[:, :-1], self._states)
        self._states = [state.detach() for state in states]
        loss = torch.nn.functional.cross_entropy(outputs.flatten(0, 1), chunk[:, 1:].flatten())
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self._optimizer.step()
        self.steps += 1
        self._next += self._settings["sequence_length"]
        if self._next + 1 >= self._streams.shape[1]:
            self.epochs += 1
            self._begin()

    def nats(self, codes: torch.Tensor) -> float:
        """Return the loss per character, on all characters but the first."""
        self.model.eval()
        total, states = 0.0, self._zeros(1)
        with torch.inference_mode():
            for begin in range(0, len(codes) - 1, 1024):
                part = codes[None, begin : begin + 1025]
                outputs, states = self.model(part[:, :-1], states)
                total += float(torch.nn.functional.cross_entropy(outputs[0], part[0, 1:], reduction="sum"))
        return total / (len(codes) - 1)


def learnt(folder: str | None, quick: bool, name: str, n_threads: int) -> dict[str, Any]:
    """Return the loss of a model after the time limit of a task."""
    task = text_tasks(folder, quick=quick)[name]
    vocabulary = CharVocabulary().fit(task.train)
    train, test = (torch.from_numpy(vocabulary.encode(part).astype(np.int64)) for part in (task.train, task.test))
    settings = SETTINGS | task.peer

    def new() -> Training:
        return Training(train, len(vocabulary), settings, seed=0)

    threads = _fastest(new(), n_threads)
    torch.set_num_threads(threads)
    training, start = new(), time.perf_counter()
    while (seconds := time.perf_counter() - start) < task.seconds:
        training.step(seconds / task.seconds)
    return {
        "nats": training.nats(test),
        "epochs": training.epochs,
        "steps": training.steps,
        "seconds": seconds,
        "settings": settings,
        "threads": threads,
        "version": importlib.metadata.version("torch"),
    }


def _fastest(training: Training, n_threads: int) -> int:
    """Return the faster number of threads: steps this small may be faster on one thread than on all."""
    seconds = {}
    for n in sorted({1, n_threads}):
        torch.set_num_threads(n)
        training.step(0.5)
        start = time.perf_counter()
        for _ in range(TRIAL_STEPS):
            training.step(0.5)
        seconds[n] = time.perf_counter() - start
    return min(seconds, key=seconds.__getitem__)
