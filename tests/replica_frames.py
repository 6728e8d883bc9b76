"""A small panel for forecasters with replicas, on one machine and on a cluster."""

import numpy as np
import pandas as pd
from lstm_forecasters import SMALL

# three epochs, the last of 20 steps
GIVEN = {**SMALL, "max_iter": 120, "scaling": "window", "n_models": 1, "n_replicas": 3}


def long_frame(n_series=7):
    wave = np.sin(2 * np.pi * np.arange(100) / 12)
    rng = np.random.default_rng(0)
    times = pd.date_range("2024-01-01", periods=100, freq="D")
    parts = [
        pd.DataFrame({"unique_id": f"s{k}", "ds": times, "y": (k + 1) * (5 + wave + 0.1 * rng.normal(size=100))})
        for k in range(n_series)
    ]
    return pd.concat(parts, ignore_index=True)
