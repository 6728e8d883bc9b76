"""Forecasts of more steps than a network gives at once: it goes on from what it has forecast."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tsl.forecasting.panel import Panel, ranges

ROWS_AT_ONCE = 2**20  # of histories that are copied to be gone on with

Ends = NDArray[np.int64]
Run = Callable[[Panel, Ends], NDArray[np.float64]]


def rolled(run: Run, panel: Panel, ends: Ends, horizon: int, block: int, context: int) -> NDArray[np.float64]:
    """(n, horizon, ·) forecasts by calls of `run`, which gives `block` steps, `context` rows being all that it needs.

    Each window gets a copy of its history, which its own forecasts then extend.
    """
    if horizon <= block:
        return run(panel, ends)[:, :horizon]
    at_once = max(1, ROWS_AT_ONCE // (context + horizon + block))
    parts = [ends[start : start + at_once] for start in range(0, len(ends), at_once)]
    return np.concatenate([_rolled_part(run, panel, part, horizon, block, context) for part in parts])


def _rolled_part(run: Run, panel: Panel, ends: Ends, horizon: int, block: int, context: int) -> NDArray[np.float64]:
    n_blocks = -(-horizon // block)
    copies, own_ends = _copies(panel, ends, context, n_blocks * block)
    forecasts = []
    for start in range(0, n_blocks * block, block):
        forecast = run(copies, own_ends + start)
        forecasts.append(forecast)
        middle = forecast[:, :, forecast.shape[2] // 2]
        copies.values[own_ends[:, None] + start + np.arange(block)] = middle
    return np.concatenate(forecasts, axis=1)[:, :horizon]


def _copies(panel: Panel, ends: Ends, context: int, ahead: int) -> tuple[Panel, Ends]:
    """One series a window: `context` rows before its end, and `ahead` rows of which only the covariates are known."""
    series = panel.series_of(ends - 1)
    starts = np.maximum(ends - context, panel.offsets[series])
    offsets = np.concatenate([[0], np.cumsum(ends - starts + ahead)])
    own_ends = offsets[1:] - ahead
    rows = ranges(starts, ends + ahead)
    inside = rows < np.repeat(panel.offsets[series + 1], np.diff(offsets))
    rows = np.where(inside, rows, 0)
    is_past = np.ones(len(rows), bool)
    is_past[ranges(own_ends, offsets[1:])] = False
    copies = replace(
        panel,
        ids=panel.ids[series],
        offsets=offsets,
        times=panel.times[rows],
        values=np.where(is_past, panel.values[rows], np.nan),
        past=np.where(is_past[:, None], panel.past[rows], np.nan),
        future=np.where(inside[:, None], panel.future[rows], np.nan),
        static=panel.static[series],
        weights=None,
    )
    return copies, own_ends
