"""Naive forecasts from many cutoffs at once.

A cutoff is the row after the last one that a forecast may use: forecast `i` sees the rows
``panel.offsets[k] : cutoffs[i]`` of its series `k`, at least one. Missing values are replaced by the value before them,
and at the beginning of a series by its first value.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tsl.forecasting.panel.missing import filled
from tsl.forecasting.panel.panel import Panel

Cutoffs = NDArray[np.int64]
Forecasts = NDArray[np.float64]


def naive(panel: Panel, cutoffs: Cutoffs, horizon: int) -> Forecasts:
    """Return the last value before each cutoff, (n, horizon).

    Examples
    --------
    >>> import pandas as pd
    >>> none = np.empty((4, 0))
    >>> panel = Panel(
    ...     ids=pd.Index(["a"]), offsets=np.array([0, 4]), times=pd.RangeIndex(4), values=np.array([1.0, 2, 4, 3]),
    ...     past=none, future=none, static=none[:1],
    ... )
    >>> naive(panel, np.array([3, 4]), 2)
    array([[4., 4.],
           [3., 3.]])
    >>> seasonal_naive(panel, np.array([3, 4]), 3, season=2)
    array([[2., 4., 2.],
           [4., 3., 4.]])
    >>> drift(panel, np.array([3]), 2)
    array([[5.5, 7. ]])
    >>> window_average(panel, np.array([4]), 1, window=2)
    array([[3.5]])
    """
    last = _carried_forward(panel)[cutoffs - 1]
    return np.repeat(last[:, None], horizon, axis=1)


def seasonal_naive(panel: Panel, cutoffs: Cutoffs, horizon: int, season: int) -> Forecasts:
    """Return the values of the last season before each cutoff (n, horizon), or the last value if there is less."""
    rows = cutoffs[:, None] - season + np.arange(horizon) % season
    rows = np.where(rows < _starts(panel, cutoffs)[:, None], cutoffs[:, None] - 1, rows)
    return _carried_forward(panel)[rows]


def drift(panel: Panel, cutoffs: Cutoffs, horizon: int, window: int | None = None) -> Forecasts:
    """Return the line through the first and last of the `window` values before each cutoff, or of all, (n, horizon)."""
    values = _carried_forward(panel)
    first = _window_starts(panel, cutoffs, window)
    last = values[cutoffs - 1]
    slope = (last - values[first]) / np.maximum(cutoffs - 1 - first, 1)
    return last[:, None] + slope[:, None] * np.arange(1, horizon + 1)


def window_average(panel: Panel, cutoffs: Cutoffs, horizon: int, window: int) -> Forecasts:
    """Return the mean of the `window` values before each cutoff, or of all if there are fewer, (n, horizon)."""
    values = _carried_forward(panel)
    first = _window_starts(panel, cutoffs, window)
    total = np.zeros(len(cutoffs))
    for back in range(1, min(window, int((cutoffs - first).max(initial=0))) + 1):  # running sums would lose digits
        total += np.where(cutoffs - back >= first, values[np.maximum(cutoffs - back, 0)], 0.0)
    return np.repeat((total / (cutoffs - first))[:, None], horizon, axis=1)


def _carried_forward(panel: Panel) -> NDArray[np.float64]:
    """Return the values (N,) with missing ones filled from earlier ones; the same array if none is missing."""
    return filled(panel.values[:, None], panel, "ffill")[:, 0]


def _starts(panel: Panel, cutoffs: Cutoffs) -> NDArray[np.int64]:
    """Return the first row of the series of each cutoff."""
    return panel.offsets[panel.series_of(cutoffs - 1)]


def _window_starts(panel: Panel, cutoffs: Cutoffs, window: int | None) -> NDArray[np.int64]:
    """Return the first of the `window` rows before each cutoff, or of all rows."""
    starts = _starts(panel, cutoffs)
    return starts if window is None else np.maximum(starts, cutoffs - window)
