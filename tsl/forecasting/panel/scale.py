"""Scales of series: the mean size of their changes, by which errors and windows are divided."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tsl.forecasting.panel.panel import Panel

Numbers = NDArray[np.float64]


def naive_scale(panel: Panel, season: int) -> Numbers:
    """Return the mean absolute change over a season (n_series,): the error of the seasonal naive forecast.

    If that is 0 or unknown, it is the mean absolute change over one step, otherwise the mean absolute deviation; 0 for
    a constant series.
    """
    found = mean_change(panel, season)
    if season > 1 and not found.all():
        found = np.where(found > 0.0, found, mean_change(panel, 1))
    if not found.all():
        level = np.repeat(_mean_by_series(panel, panel.values), panel.lengths)
        found = np.where(found > 0.0, found, _mean_by_series(panel, np.abs(panel.values - level)))
    return found


def mean_change(panel: Panel, lag: int) -> Numbers:
    """Return the mean absolute change over `lag` steps (n_series,); 0 if none is known."""
    return _mean_by_series(panel, np.abs(changes(panel.values, panel.offsets, lag)))


def changes(values: Numbers, offsets: NDArray[np.int64], lag: int) -> Numbers:
    """Return each value minus the one `lag` rows before it in its series (N,); NaN if there is none."""
    found = np.full(len(values), np.nan)
    found[lag:] = values[lag:] - values[:-lag]
    if len(offsets) > 2:
        found[np.arange(len(found)) < np.repeat(offsets[:-1] + lag, np.diff(offsets))] = np.nan
    return found


def _mean_by_series(panel: Panel, numbers: Numbers) -> Numbers:
    """Return the mean of the known numbers (n_series,); 0 if there are none."""
    known = ~np.isnan(numbers)
    series = np.repeat(np.arange(panel.n_series), panel.lengths)
    total = np.bincount(series, np.where(known, numbers, 0.0), panel.n_series)
    return total / np.maximum(np.bincount(series, known, panel.n_series), 1)
