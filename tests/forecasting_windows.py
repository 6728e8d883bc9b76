"""Small panels, windowings and settings shared by the tests of models."""

import numpy as np
import pandas as pd

from tsl.forecasting.model.fit import FitConfig
from tsl.forecasting.model.windows import ColumnStats, SeriesWindows, Windowing
from tsl.forecasting.panel.panel import Panel
from tsl.network import Loss, Optimizer

PLANS = {
    "plain": Windowing(12, 4, 6, level=4),
    "lagged": Windowing(12, 4, 6, lag=8, level=4, spread=12),
    "ahead": Windowing(12, 4, 6, n_future=2),
    "level alone": Windowing(12, 3, 6, level=1, spread=None),
    "nothing": Windowing(12, 1, 6, level=0, spread=None),
}


def make_panel(lengths=(60, 45, 31), n_future=2, seed=0):
    rng = np.random.default_rng(seed)
    n = sum(lengths)
    values = np.concatenate([10.0 * k + 3.0 * rng.normal(size=length).cumsum() for k, length in enumerate(lengths)])
    return Panel(
        ids=pd.Index([f"s{k}" for k in range(len(lengths))]),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        times=pd.RangeIndex(n),
        values=values,
        past=np.zeros((n, 0)),
        future=rng.normal(size=(n, n_future)),
        static=np.zeros((len(lengths), 0)),
    )


def windows_of(panel, plan):
    if plan.n_future == 0:
        panel = Panel(**{**vars(panel), "future": panel.future[:, :0]})
    return SeriesWindows(panel, plan, ColumnStats.learn(panel))


def make_config(**changes):
    given = {
        "hidden_size": (4,), "embedding_size": 0, "penalty": 0.1, "loss": Loss("absolute_error"),
        "optimizer": Optimizer(), "learning_rate_init": 1e-3, "dropout": 0.0, "batch_size": 16, "n_steps": 0,
        "n_threads": 1, "verbose": 0,
    }  # fmt: skip
    return FitConfig(**{**given, **changes})
