"""Forecasts of more steps than a network outputs, continued from its own forecasts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tsl.forecasting.panel.panel import Panel

Cutoffs = NDArray[np.int64]
Run = Callable[[Panel, Cutoffs], NDArray[np.float64]]


def rolled(
    run: Run, panel: Panel, cutoffs: Cutoffs, horizon: int, block: int, point: int | None = None
) -> NDArray[np.float64]:
    """Return forecasts (n, horizon, ·) from repeated calls of `run`, which returns `block` steps each time.

    Each window is a separate series, with rows ahead for whole blocks: the forecasts in column `point`, by default the
    middle one, become the values of these rows.

    Raises
    ------
    ValueError
        If the panel has past covariates, which are not known ahead.
    """
    if panel.past.shape[1]:
        raise ValueError(
            f"horizon must be at most {block}, as trained, where past covariates are used: they are not known "
            f"ahead; got {horizon}"
        )
    panel = replace(panel, values=panel.values.copy())
    forecasts = []
    for start in range(0, horizon, block):
        forecast = run(panel, cutoffs + start)
        forecasts.append(forecast)
        chosen = forecast[:, :, forecast.shape[2] // 2 if point is None else point]
        panel.values[cutoffs[:, None] + start + np.arange(block)] = chosen
    return np.concatenate(forecasts, axis=1)[:, :horizon]
