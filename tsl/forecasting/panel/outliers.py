"""Outliers of the training set: single values far beyond all others of their series, which `fit` clips.

The rule and its constants are those of `tsl._outliers`, but the median of an even number of values is the upper one of
the middle two here, and their mean there.
"""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tsl._outliers import FAR, FEWEST, WITHIN, OutlierWarning
from tsl._warnings import calls_within_tsl
from tsl.forecasting.panel.panel import Panel


def without_outliers(panel: Panel, n_covariates: int, *, warn: bool | NDArray[np.bool_] = False) -> Panel:
    """Return the panel with values far beyond all others clipped to the range of the others.

    One value of 4294967295 among thousands near 10 would otherwise determine the scale, the season and the linear map.
    Values are compared with those of their series, covariates with their whole column.

    Parameters
    ----------
    panel : Panel
    n_covariates : int
        Number of leading columns of `panel.future` that are not calendar features.
    warn : bool or ndarray of shape (N,)
        Whether to name the values in an `OutlierWarning`, for all rows or by row.
    """
    values = _clipped(panel.values, panel.offsets)
    past, future = panel.past.copy(), panel.future.copy()
    whole = np.array([0, len(panel.values)])
    for k in range(past.shape[1]):
        past[:, k] = _clipped(past[:, k], whole)
    for k in range(n_covariates):
        future[:, k] = _clipped(future[:, k], whole)
    rows = np.broadcast_to(warn, len(panel.values))[:, None]
    if rows.any():
        _warn_of(panel, panel.values[:, None], values[:, None], "the target", rows)
        _warn_of(panel, panel.past, past, "a past covariate", rows)
        _warn_of(panel, panel.future, future, "a future covariate", rows)
    return replace(panel, values=values, past=past, future=future)


def median_and_reach(
    numbers: NDArray[np.float64], offsets: NDArray[np.int64], share: float, fewest: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the median of each series, and the distance within which this share of the other numbers lies.

    At least one number lies beyond it, unless there is only one; numbers equal to the median do not count, and if fewer
    than `fewest` differ from it the distance is infinite. NaN is ignored; a series without numbers has median 0.
    """
    lengths = np.diff(offsets)
    median, reach = np.zeros(len(lengths)), np.full(len(lengths), np.inf)
    for length in np.unique(lengths[lengths > 0]):  # series of one length are sorted together
        which = np.flatnonzero(lengths == length)
        rows, block = np.arange(len(which)), numbers[offsets[which, None] + np.arange(length)]
        counts = length - np.isnan(block).sum(axis=1)
        middle = np.sort(block, axis=1)[rows, np.minimum(counts // 2, length - 1)]  # NaN comes last
        median[which] = np.where(counts > 0, middle, 0.0)
        distance = np.abs(block - middle[:, None])
        distance[~(distance > 0)] = np.inf
        counts = np.isfinite(distance).sum(axis=1)
        beyond = np.clip((counts * (1 - share)).astype(np.int64), 1, np.maximum(counts - 1, 1))
        found = np.sort(distance, axis=1)[rows, np.maximum(counts - 1 - beyond, 0)]
        reach[which] = np.where(counts >= fewest, found, np.inf)
    return median, reach


def _clipped(numbers: NDArray[np.float64], offsets: NDArray[np.int64]) -> NDArray[np.float64]:
    """Clip the numbers (N,) that are far beyond all others of their series; NaN is kept."""
    median, reach = (np.repeat(one, np.diff(offsets)) for one in median_and_reach(numbers, offsets, WITHIN, FEWEST))
    deviation = numbers - median
    is_far = np.abs(deviation) > FAR * reach
    return np.where(is_far, median + np.sign(deviation) * np.where(is_far, reach, 0.0), numbers)


def _warn_of(
    panel: Panel, given: NDArray[np.float64], learned: NDArray[np.float64], what: str, rows: NDArray[np.bool_]
) -> None:
    """Warn about values in `rows` that were clipped, naming the first one and their number."""
    differs = rows & ~np.isnan(given) & (given != learned)
    if not differs.any():
        return
    row, column = np.argwhere(differs)[0]
    place = f"{panel.times[row]} in series {panel.series_at(row)}"
    warnings.warn(
        f"{what} has {differs.sum()} readings more than {FAR:g} times as far from the median as {WITHIN:.0%} of the "
        f"others, the first {given[row, column]:g} at {place}: fit learns from {learned[row, column]:g} instead; "
        "do not trust forecasts made from the reading itself",
        OutlierWarning,
        stacklevel=calls_within_tsl(),
    )
