"""Seasonality: the number of steps after which series repeat themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl.forecasting.panel.panel import Panel

# Chosen by judgement, not measured: there is no record of trials of other values. The first three bound the time; a
# year of days and two weeks of hours are within LONGEST_SEASON.
MOST_SERIES = 100  # series examined
MOST_ROWS = 20_000  # last rows of each series
LONGEST_SEASON = 400
LEAST_CORRELATION = 0.3  # of changes, for a season that the calendar does not suggest
LEAST_RISE = 0.2  # of the autocorrelation, from its lowest point before a season to the season
NEARLY = 0.7  # share of the highest correlation: from there on, a shorter or calendar season is preferred to the best


def find_season(panel: Panel, hints: Sequence[int] = ()) -> int:
    """Return the length in steps of the main season of a panel, 1 for none.

    It is the lag with the highest autocorrelation of changes from step to step, averaged over the series: in the values
    themselves, levels and trends would hide it. If noise hides it in the changes, as in weekly data with a yearly
    cycle, a season that the calendar suggests is taken if the values around their moving average are correlated at that
    lag.

    Parameters
    ----------
    panel : Panel
    hints : sequence of int
        Seasons that the calendar suggests, such as 24 for hours.
    """
    correlation = _mean_autocorrelation(panel, np.diff)
    peaks = _peaks(correlation)
    if len(peaks):
        enough = NEARLY * correlation[peaks].max()
        suggested = [hint for hint in sorted(hints) if 2 <= hint < len(correlation) and correlation[hint] >= enough]
        return int(suggested[0] if suggested else peaks[correlation[peaks] >= enough][0])
    correlation = _mean_autocorrelation(panel, _around_moving_average)
    for hint in sorted(hints):
        half = hint // 2
        around = [correlation[half:hint], correlation[hint + 1 : hint + half + 1]]
        if 4 <= hint < len(correlation) - half and all(correlation[hint] - c.min() >= LEAST_RISE for c in around):
            return hint
    return 1


def _peaks(correlation: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the lags at which the autocorrelation has a peak after a low."""
    lags = np.arange(2, len(correlation) - 1)
    rise = correlation[lags] - np.minimum.accumulate(correlation)[lags - 1]
    is_peak = (correlation[lags] >= correlation[lags - 1]) & (correlation[lags] >= correlation[lags + 1])
    return lags[is_peak & (correlation[lags] >= LEAST_CORRELATION) & (rise >= LEAST_RISE)]


def _mean_autocorrelation(
    panel: Panel, detrended: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Return the autocorrelation by lag, averaged over evenly chosen series; empty if all are too short."""
    chosen = np.unique(np.linspace(0, panel.n_series - 1, MOST_SERIES).astype(np.int64))
    series = [panel.values[panel.offsets[k] : panel.offsets[k + 1]][-MOST_ROWS:] for k in chosen]
    around = [detrended(values) for values in series if len(values) >= 8 and np.isfinite(values).any()]
    around = [values for values in around if np.isfinite(values).any()]
    if not around:
        return np.zeros(0)
    n_lags = min(int(np.median([len(values) for values in around])) // 2, LONGEST_SEASON) + 1
    found = [_autocorrelation(values, n_lags) for values in around if len(values) >= 2 * (n_lags - 1)]
    return np.mean(found, axis=0)


def _around_moving_average(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Subtract the centred moving average over the longest season."""
    width = min(LONGEST_SEASON, len(values) // 2)
    return values - pd.Series(values).rolling(width, min_periods=1, center=True).mean().to_numpy()


def _autocorrelation(numbers: NDArray[np.float64], n_lags: int) -> NDArray[np.float64]:
    """Return the autocorrelation by lag (n_lags,), over pairs without missing numbers."""
    found = np.isfinite(numbers)
    centred = np.where(found, numbers - numbers[found].mean(), 0.0)
    size = 2 ** int(np.ceil(np.log2(2 * len(centred))))
    products, pairs = (
        np.fft.irfft(np.abs(np.fft.rfft(part, size)) ** 2, size)[:n_lags]
        for part in (centred, found.astype(np.float64))
    )
    covariance = products / np.maximum(pairs, 1.0)
    return covariance / covariance[0] if covariance[0] > 0 else np.zeros(n_lags)
