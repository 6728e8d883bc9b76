"""A small LSTM forecaster and the frame it is fitted to."""

import numpy as np
import pandas as pd

from tsl import LSTMForecaster

SMALL = {
    "window": 24, "season": 12, "differences": None, "hidden_size": 8, "embedding_size": 8, "max_iter": 30,
    "calendar": None, "target_transform": None, "random_state": 0,
}  # fmt: skip
TIMES = pd.date_range("2024-01-01", periods=240, freq="D")


def make_frame(n=240, seed=0):
    rng = np.random.default_rng(seed)
    wave = np.sin(2 * np.pi * np.arange(n) / 12)
    columns = {"a": 20 + 3 * wave, "b": 5 + np.roll(wave, 3), "c": 100 + 10 * wave}
    return pd.DataFrame(
        {name: x + 0.1 * rng.normal(size=n) for name, x in columns.items()}, pd.date_range(TIMES[0], periods=n)
    )


def fitted_forecaster():
    return LSTMForecaster(6, **SMALL).fit(make_frame())
