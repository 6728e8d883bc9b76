"""PyTorch, step by step: its own layers in a loop, and the equations in a TorchScript loop."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import torch

from benchmarks.peers import Candidate
from benchmarks.peers.stream import noise, random_weights


def stream(job: dict[str, Any], n_threads: int) -> list[Candidate]:
    """Each way on one thread, which is fastest up to a few hundred units, and on all."""
    ways = {"nn.LSTM": _layer(job), "nn.LSTMCell": _cell(job), "equations in TorchScript": _script(job)}
    return [
        Candidate(f"{name}, threads: {n}", _on_threads(way, n), job["length"])
        for name, way in ways.items()
        for n in sorted({1, n_threads})
    ]


def _on_threads(way: Callable[[], object], n_threads: int) -> Callable[[], None]:
    def once() -> None:
        torch.set_num_threads(n_threads)
        with torch.inference_mode():
            way()

    return once


def _layer(job: dict[str, Any]) -> Callable[[], list[int]]:
    lstm, head = torch.nn.LSTM(job["vocabulary"], job["hidden"]), torch.nn.Linear(job["hidden"], job["vocabulary"])
    one_hot = torch.eye(job["vocabulary"])[:, None, None]

    def write() -> list[int]:
        added, codes, code = torch.from_numpy(noise(job)), [], 0
        states = (torch.zeros(1, 1, job["hidden"]), torch.zeros(1, 1, job["hidden"]))
        for t in range(job["length"]):
            hidden, states = lstm(one_hot[code], states)
            code = int((head(hidden[0, 0]) + added[t]).argmax())
            codes.append(code)
        return codes

    return write


def _cell(job: dict[str, Any]) -> Callable[[], list[int]]:
    cell, head = torch.nn.LSTMCell(job["vocabulary"], job["hidden"]), torch.nn.Linear(job["hidden"], job["vocabulary"])
    one_hot = torch.eye(job["vocabulary"])[:, None]

    def write() -> list[int]:
        added, codes, code = torch.from_numpy(noise(job)), [], 0
        states = (torch.zeros(1, job["hidden"]), torch.zeros(1, job["hidden"]))
        for t in range(job["length"]):
            states = cell(one_hot[code], states)
            code = int((head(states[0])[0] + added[t]).argmax())
            codes.append(code)
        return codes

    return write


def _script(job: dict[str, Any]) -> Callable[[], torch.Tensor]:
    weights = {
        name: torch.from_numpy(array) for name, array in random_weights(job["hidden"], job["vocabulary"]).items()
    }
    table = weights["w_in"] + weights["bias"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated, but still the fastest here
        loop = torch.jit.script(_loop)
    return lambda: loop(table, weights["w_rec"], weights["w_out"], weights["b_out"], torch.from_numpy(noise(job)))


def _loop(
    table: torch.Tensor, w_rec: torch.Tensor, w_out: torch.Tensor, b_out: torch.Tensor, added: torch.Tensor
) -> torch.Tensor:
    """Generate the whole text: `table` (V, 4H) contains what each character adds to the gates."""
    hidden, cell = torch.zeros(1, w_rec.size(0)), torch.zeros(1, w_rec.size(0))
    code = torch.zeros(1, dtype=torch.long)
    codes = torch.zeros(added.size(0), dtype=torch.long)
    for t in range(added.size(0)):
        enter, forget, candidate, leave = torch.addmm(table.index_select(0, code), hidden, w_rec).chunk(4, 1)
        cell = torch.sigmoid(forget) * cell + torch.sigmoid(enter) * torch.tanh(candidate)
        hidden = torch.sigmoid(leave) * torch.tanh(cell)
        code = (torch.addmm(b_out, hidden, w_out) + added[t]).argmax(1)
        codes[t] = code[0]
    return codes
