"""Keras: `predict` in a loop over the last characters, as in articles and the package's own examples."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from benchmarks.peers import Candidate
from benchmarks.peers.stream import GREEDY


def stream(job: dict[str, Any], n_threads: int) -> list[Candidate]:
    """Each character requires reading `window` characters again; tsl and the other peers carry the state."""
    vocabulary, window = job["vocabulary"], job["window"]
    model = keras.Sequential(
        [
            keras.Input((window, vocabulary)),
            keras.layers.LSTM(job["hidden"]),
            keras.layers.Dense(vocabulary, activation="softmax"),
        ]
    )
    one_hot = np.eye(vocabulary, dtype=np.float32)
    rng = np.random.default_rng(0)

    def write() -> list[int]:
        codes = [0] * window
        for _ in range(job["predict_length"]):
            expected = model.predict(one_hot[codes[-window:]][None], verbose=0)[0].astype(np.float64)
            greedy = job["choice"] == GREEDY
            codes.append(int(expected.argmax() if greedy else rng.choice(vocabulary, p=expected / expected.sum())))
        return codes[window:]

    return [Candidate("predict", write, units=job["predict_length"])]
