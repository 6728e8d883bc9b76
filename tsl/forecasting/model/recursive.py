"""Forecasts of more steps than a network gives at once: it goes on from what it has forecast."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tsl.forecasting.panel.panel import Panel

Ends = NDArray[np.int64]
Run = Callable[[Panel, Ends], NDArray[np.float64]]


def rolled(run: Run, panel: Panel, ends: Ends, horizon: int, block: int) -> NDArray[np.float64]:
    """Return (n, horizon, ·) forecasts by calls of `run`, which gives `block` steps.

    Each window is a series of its own, with rows ahead for whole blocks: its own forecasts become their values.
    """
    if horizon <= block:
        return run(panel, ends)[:, :horizon]
    panel = replace(panel, values=panel.values.copy())
    forecasts = []
    for start in range(0, horizon, block):
        forecast = run(panel, ends + start)
        forecasts.append(forecast)
        middle = forecast[:, :, forecast.shape[2] // 2]
        panel.values[ends[:, None] + start + np.arange(block)] = middle
    return np.concatenate(forecasts, axis=1)[:, :horizon]
