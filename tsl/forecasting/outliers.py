"""Single readings that cannot be right, kept out of what `fit` learns."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tsl.forecasting.panel import Panel

FAR = 10.0  # times the distance from the median that all readings but a hundredth (at least one) keep to
FEWEST = 8  # readings other than the median, from which on one can be told to be wrong


class OutlierWarning(UserWarning):
    """A few readings lie so far from all others that `fit` learned from less extreme ones in their place."""


def without_outliers(panel: Panel, n_covariates: int, *, warn: bool = False) -> Panel:
    """Return the panel with readings that lie far beyond all others drawn in to where the others end.

    One reading of 4294967295 among thousands near 10 would otherwise set the scale, the season and the linear map for
    all of them. Values are compared with those of their series, covariates with all of their column.

    Parameters
    ----------
    panel : Panel
    n_covariates : int
        How many columns of `panel.future`, the first ones, are no calendar.
    warn : bool
        Whether an `OutlierWarning` names the readings.
    """
    values = _drawn_in(panel.values, panel.offsets)
    past, future = panel.past.copy(), panel.future.copy()
    whole = np.array([0, len(panel.values)])
    for k in range(past.shape[1]):
        past[:, k] = _drawn_in(past[:, k], whole)
    for k in range(n_covariates):
        future[:, k] = _drawn_in(future[:, k], whole)
    if warn:
        _warn_of(panel, panel.values[:, None], values[:, None], "the target")
        _warn_of(panel, panel.past, past, "a past covariate")
        _warn_of(panel, panel.future, future, "a future covariate")
    return replace(panel, values=values, past=past, future=future)


def _drawn_in(numbers: NDArray[np.float64], offsets: NDArray[np.int64]) -> NDArray[np.float64]:
    """(N,) numbers, those far from all others of their series replaced; NaN stays."""
    known = np.flatnonzero(~np.isnan(numbers))
    series = np.searchsorted(offsets, known, side="right") - 1
    n_series, found = len(offsets) - 1, numbers[known]
    counts = np.bincount(series, minlength=n_series)
    starts = np.cumsum(counts) - counts
    ascending = found[np.lexsort((found, series))]
    median = ascending[np.minimum(starts + counts // 2, len(found) - 1)] if len(found) else np.zeros(n_series)
    apart = np.abs(found - median[series])
    counts = np.bincount(series[apart > 0], minlength=n_series)
    ends = np.cumsum(counts)
    ascending = apart[apart > 0][np.lexsort((apart[apart > 0], series[apart > 0]))]
    reach = np.full(n_series, np.inf)
    can_tell = counts >= FEWEST
    reach[can_tell] = ascending[(ends - 1 - np.maximum(counts // 100, 1))[can_tell]]
    is_far = apart > FAR * reach[series]
    if not is_far.any():
        return numbers
    drawn_in = numbers.copy()
    at = series[is_far]
    drawn_in[known[is_far]] = median[at] + np.sign(found[is_far] - median[at]) * reach[at]
    return drawn_in


def _warn_of(panel: Panel, given: NDArray[np.float64], learned: NDArray[np.float64], what: str) -> None:
    """Name the readings that are not learned from as they are."""
    differs = ~np.isnan(given) & (given != learned)
    if not differs.any():
        return
    row, column = np.argwhere(differs)[0]
    series = panel.ids[panel.series_of(np.array([row]))[0]]
    warnings.warn(
        f"{what} has {differs.sum()} readings more than {FAR:g} times as far from the median as 99 % of the others, the "
        f"first {given[row, column]:g} at {panel.times[row]} in series {series!r}: fit learns from "
        f"{learned[row, column]:g} in its place, and forecasts made from the reading itself are not to be trusted",
        OutlierWarning,
        stacklevel=5,
    )
