"""tsl: `LSTMCharModel.generate`."""

from __future__ import annotations

from typing import Any

from benchmarks.peers import Candidate
from benchmarks.peers.stream import GREEDY
from tsl import LSTMCharModel


def stream(job: dict[str, Any], n_threads: int) -> list[Candidate]:
    """One text of `length` characters; what the model has learned makes no difference."""
    text = "".join(chr(ord("0") + k) for k in range(job["vocabulary"])) * 20
    model = LSTMCharModel(hidden_size=job["hidden"], max_iter=1, random_state=0, n_threads=n_threads).fit(text)
    temperature = 0.0 if job["choice"] == GREEDY else 1.0
    return [Candidate("generate", lambda: model.generate("", job["length"], temperature=temperature), job["length"])]
