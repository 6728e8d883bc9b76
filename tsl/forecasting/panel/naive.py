"""Forecasts without a model, of many windows at once.

Window `i` of a panel knows the rows ``panel.offsets[k] : ends[i]`` of its series `k`, and at least one of them. Missing
values stand for the reading before them, and those at the beginning of a series for its first one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tsl.forecasting.panel.panel import Panel

Ends = NDArray[np.int64]
Forecasts = NDArray[np.float64]


def naive(panel: Panel, ends: Ends, horizon: int) -> Forecasts:
    """(n, horizon) the last value of each window.

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
    last = carried_forward(panel)[ends - 1]
    return np.repeat(last[:, None], horizon, axis=1)


def seasonal_naive(panel: Panel, ends: Ends, horizon: int, season: int) -> Forecasts:
    """(n, horizon) the values of the last season of each window; the last value where it has less than a season."""
    rows = ends[:, None] - season + np.arange(horizon) % season
    rows = np.where(rows < _starts(panel, ends)[:, None], ends[:, None] - 1, rows)
    return carried_forward(panel)[rows]


def drift(panel: Panel, ends: Ends, horizon: int, window: int | None = None) -> Forecasts:
    """(n, horizon) the straight line from the first to the last of the last `window` values, or of all."""
    values = carried_forward(panel)
    first = _window_starts(panel, ends, window)
    last = values[ends - 1]
    slope = (last - values[first]) / np.maximum(ends - 1 - first, 1)
    return last[:, None] + slope[:, None] * np.arange(1, horizon + 1)


def window_average(panel: Panel, ends: Ends, horizon: int, window: int) -> Forecasts:
    """(n, horizon) the mean of the last `window` values of each window, or of all that it has."""
    values = carried_forward(panel)
    first = _window_starts(panel, ends, window)
    total = np.zeros(len(ends))
    for back in range(1, min(window, int((ends - first).max(initial=0))) + 1):  # running sums would lose digits
        total += np.where(ends - back >= first, values[np.maximum(ends - back, 0)], 0.0)
    return np.repeat((total / (ends - first))[:, None], horizon, axis=1)


def carried_forward(panel: Panel) -> NDArray[np.float64]:
    """(N,) values, missing ones filled from before them within their series; the same array if there are none."""
    missing = np.isnan(panel.values)
    if not missing.any():
        return panel.values
    rows = np.arange(len(missing))
    before = np.maximum.accumulate(np.where(missing, -1, rows))
    after = np.minimum.accumulate(np.where(missing, len(missing) - 1, rows)[::-1])[::-1]
    begins = np.repeat(panel.offsets[:-1], panel.lengths)
    return panel.values[np.where(before < begins, after, before)]


def _starts(panel: Panel, ends: Ends) -> NDArray[np.int64]:
    """First row of each window's series."""
    return panel.offsets[panel.series_of(ends - 1)]


def _window_starts(panel: Panel, ends: Ends, window: int | None) -> NDArray[np.int64]:
    starts = _starts(panel, ends)
    return starts if window is None else np.maximum(starts, ends - window)
