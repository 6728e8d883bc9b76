"""Conformal prediction intervals: quantiles of residuals on windows that the model was not trained on.

The residuals of all series are pooled: each is divided by the naive scale of its series, and by the recent size of that
series' residuals relative to it, as far as there are enough forecasts to estimate that. The result is a score;
quantiles of scores are computed for each step of the horizon.

References
----------
.. [1] Vovk, V., Gammerman, A., & Shafer, G. (2005). Algorithmic learning in a random world. Springer.
.. [2] Stankeviciute, K., Alaa, A. M., & van der Schaar, M. (2021). Conformal time-series forecasting. NeurIPS.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

# The method was chosen with the baselines on the last fifth of glucose readings, sunspots and sea temperatures, where a
# single scale for the held-out part missed the coverage by up to 17 points; the values below were chosen by judgement.
ENOUGH = 200
"""Number of windows from which each step has its own quantiles."""
PRIOR = 1.0
"""Weight of the mean over all series, in windows of a series' own."""
MEMORY = 20
"""Number of horizons after which the residuals of a series no longer count as recent."""
RENEWALS = 20
"""Number of times that quantiles are recomputed during a backtest, which bounds its time."""

Numbers = NDArray[np.float64]


class TimedScores(NamedTuple):
    """Scores of forecasts and the times when they become known, and the times of forecasts that need intervals."""

    values: Numbers
    """(n_scores, horizon)"""
    known_from: NDArray[np.int64]
    """(n_scores,)"""
    at: NDArray[np.int64]
    """(n,)"""


class QuantilesInTime(NamedTuple):
    """Quantiles of scores that change in the course of a backtest."""

    since: NDArray[np.int64]
    """(n_renewals,) the times from which they apply, ascending."""
    quantiles: Numbers
    """(n_renewals, horizon, n_quantiles)"""

    def at(self, times: NDArray[np.int64]) -> Numbers:
        """Return the quantiles at these times (n,), (n, horizon, n_quantiles)."""
        return self.quantiles[np.maximum(np.searchsorted(self.since, times, side="right") - 1, 0)]


@dataclass(frozen=True, eq=False)
class Calibration:
    """Scores of held-out windows, and the factors that turn them into residuals of a series."""

    scores: Numbers
    """Residuals over the scale of their series (n_windows, horizon), oldest first; NaN if the true value is missing."""
    ids: pd.Index
    """(n_series,)"""
    factors: Numbers
    """Mean absolute recent residual of each series over its naive scale, (n_series,)."""
    common: float
    """The factor of all other series."""
    variance: float = 0.0
    """Relative variance of the mean size of the scores, beyond that of as many independent ones."""

    @classmethod
    def of(
        cls, errors: Numbers, cutoffs: NDArray[np.int64], ids: pd.Index, offsets: NDArray[np.int64], scales: Numbers
    ) -> Calibration:
        """Return the calibration from errors (n_windows, horizon) of forecasts at `cutoffs` (n_windows,) of a panel.

        `ids` (n_series,) and `offsets` (n_series + 1,) are the panel's, and `scales` (n_series,) its naive scales. The
        unit of a window comes from other windows than itself, as for a new forecast: otherwise intervals would be too
        narrow.
        """
        series = np.searchsorted(offsets, cutoffs - 1, side="right") - 1
        relative = in_units(errors, scales[series])
        used = ~np.isnan(relative).all(axis=1)
        if not used.any():
            raise ValueError("level and quantiles need readings at the end of a series, got none")
        relative, cutoffs = relative[used], cutoffs[used]
        sizes = mean_sizes(relative)
        common = float(sizes.mean()) if sizes.any() else 1.0
        n_ahead = errors.shape[1]
        around = surrounding_sizes(sizes, cutoffs, offsets, n_ahead, np.full(len(cutoffs), common))
        factors = recent_sizes(sizes, cutoffs, offsets, offsets[1:], n_ahead, np.full(len(ids), common))
        oldest_first = np.argsort(cutoffs - offsets[series[used] + 1], kind="stable")
        scores = relative / around[:, None]
        variance = _excess_variance(scores, cutoffs, series[used])
        return cls(scores[oldest_first], ids, factors, common, variance)

    def renewed(
        self, errors: Numbers, cutoffs: NDArray[np.int64], ids: pd.Index, offsets: NDArray[np.int64], scales: Numbers
    ) -> Calibration:
        """Return the calibration updated with newer errors (n_windows, horizon) at ascending `cutoffs` of a panel.

        The other arguments are as in `of`. As many existing scores, evenly spread, are dropped. The unit of a window is
        the previous unit of its series.
        """
        series = np.searchsorted(offsets, cutoffs - 1, side="right") - 1
        relative = in_units(errors, scales[series])
        used = ~np.isnan(relative).all(axis=1)
        if not used.any():
            return self
        relative, cutoffs, series = relative[used], cutoffs[used], series[used]
        at = self.ids.get_indexer(ids)
        before = np.where(at >= 0, self.factors[at], self.common)
        scores = (relative / before[series][:, None])[-len(self.scores) :]
        kept = np.linspace(0, len(self.scores), len(self.scores) - len(scores), endpoint=False).astype(np.int64)
        ends, horizon, sizes = offsets[1:], self.horizon, mean_sizes(relative)
        total, count = _summed(sizes, cutoffs, ends - (1 + MEMORY) * horizon, ends - horizon, ends, offsets, horizon)
        weight = np.maximum(MEMORY - count, PRIOR)
        factors = (total + weight * before) / (count + weight)
        return replace(self, scores=np.concatenate([self.scores[kept], scores]), ids=ids, factors=factors)

    @property
    def horizon(self) -> int:
        """Number of steps of each window."""
        return self.scores.shape[1]

    def units(self, ids: pd.Index, scales: Numbers) -> Numbers:
        """Return the residual that corresponds to a score of 1 in each of these series (n,) with naive scales (n,)."""
        at = self.ids.get_indexer(ids)
        return scales * np.where(at >= 0, self.factors[at], self.common)

    def quantiles_around(self, points: Numbers, ids: pd.Index, scales: Numbers, quantiles: Sequence[float]) -> Numbers:
        """Return quantiles (n, horizon, n_quantiles) around forecasts (n, horizon) of series with naive scales (n,)."""
        units = self.units(ids, scales)
        return points[:, :, None] + units[:, None, None] * self.residual_quantiles(quantiles, points.shape[1])

    def residual_quantiles(self, quantiles: Sequence[float], horizon: int) -> Numbers:
        """Return quantiles of the scores of each step, (horizon, n_quantiles)."""
        wanted = np.asarray(quantiles, np.float64)
        shape = self._mean_sizes_by_step()
        if len(self.scores) >= ENOUGH:
            found = np.stack([_quantiles(column, wanted) for column in self.scores.T])
        else:  # too few for separate steps: each has its own scale, but they share the shape of the distribution
            with np.errstate(divide="ignore", invalid="ignore"):
                alike = np.where(self.scores == 0.0, 0.0, self.scores / shape)
            found = shape[:, None] * _quantiles(alike.ravel(), wanted)
        normal = np.array([NormalDist().inv_cdf(quantile) for quantile in wanted])
        return _longer(found * (1.0 + 0.5 * self.variance * normal**2), horizon)

    def residual_quantiles_in_time(
        self, scores: TimedScores, quantiles: Sequence[float], horizon: int
    ) -> QuantilesInTime:
        """Return the quantiles at any time of the forecasts, from the scores known by then.

        Newer scores replace the oldest ones as they become known, in at most `RENEWALS` updates.
        """
        at, known_from = np.sort(scores.at), np.sort(scores.known_from)
        newest_last = scores.values[np.argsort(scores.known_from, kind="stable")]
        since = np.unique([part[0] for part in np.array_split(at, min(RENEWALS, len(at)))])
        found = []
        for time in since:
            n_known = np.searchsorted(known_from, time, side="right") if self.horizon == horizon else 0
            newer = newest_last[max(n_known - len(self.scores), 0) : n_known]
            renewed = replace(
                self, scores=np.concatenate([self.scores[len(newer) :], newer]) if n_known else self.scores
            )
            found.append(renewed.residual_quantiles(quantiles, horizon))
        return QuantilesInTime(since, np.stack(found))

    def paths(self, n_paths: int, n_series: int, horizon: int, random_state: np.random.RandomState) -> Numbers:
        """Return scores of whole windows, drawn with replacement, (n_series, n_paths, horizon)."""
        drawn = self.scores[random_state.randint(len(self.scores), size=(n_series, n_paths))]
        drawn = np.nan_to_num(drawn)
        return _longer(drawn.transpose(2, 0, 1), horizon).transpose(1, 2, 0)

    def _mean_sizes_by_step(self) -> Numbers:
        """Return the mean absolute score of each step (horizon,), smoothed over its neighbours."""
        known = ~np.isnan(self.scores)
        total = np.where(known, np.abs(self.scores), 0.0).sum(axis=0)
        count = known.sum(axis=0)
        width = max(1, self.horizon // 8) | 1
        kernel = np.ones(width)
        summed, counted = (np.convolve(part, kernel)[width // 2 :][: self.horizon] for part in (total, count))
        return summed / np.maximum(counted, 1)


def in_units(errors: Numbers, scales: Numbers) -> Numbers:
    """Return errors (n, horizon) over the scale (n,) of their series; NaN if that is 0, as for a constant series."""
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = errors / scales[:, None]
    relative[errors == 0.0] = 0.0
    relative[np.isinf(relative)] = np.nan
    return relative


def mean_sizes(relative: Numbers) -> Numbers:
    """Return the mean absolute error of each window (n,); NaN for a window without errors."""
    known = ~np.isnan(relative)
    count = known.sum(axis=1)
    total = np.where(known, np.abs(relative), 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _excess_variance(scores: Numbers, cutoffs: NDArray[np.int64], series: NDArray[np.int64]) -> float:
    """Return the relative variance of the mean size of scores (n, horizon), beyond that of independent ones.

    `cutoffs` (n,) ascend within each of the `series` (n,). Windows of different series, or side by side, are taken as
    independent.
    """
    sizes, known = mean_sizes(scores), np.abs(scores[~np.isnan(scores)])
    horizon, mean = scores.shape[1], sizes.mean()
    if not mean > 0.0:
        return 0.0
    first = np.flatnonzero(np.diff(series, prepend=-1))
    last = np.append(first[1:], len(series)) - 1
    n_windows = np.sum((cutoffs[last] - cutoffs[first]) / horizon + 1.0)
    n_scores = len(scores) if len(scores) >= ENOUGH else len(known)  # that one quantile is computed from
    return float(max(sizes.var() / n_windows - known.var() / n_scores, 0.0) / mean**2)


def recent_sizes(
    sizes: Numbers,
    cutoffs: NDArray[np.int64],
    offsets: NDArray[np.int64],
    at: NDArray[np.int64],
    n_ahead: int,
    prior: Numbers,
) -> Numbers:
    """Return the mean size of the recent windows of the same series at the rows `at` (n,), (n,).

    `sizes` belong to windows at ascending `cutoffs`, which are complete `n_ahead` rows later. `prior` (n,) has the
    weight of `PRIOR` windows that do not overlap.
    """
    total, count = _summed(sizes, cutoffs, at - (1 + MEMORY) * n_ahead, at - n_ahead, at, offsets, n_ahead)
    return (total + PRIOR * prior) / (count + PRIOR)


def surrounding_sizes(
    sizes: Numbers, cutoffs: NDArray[np.int64], offsets: NDArray[np.int64], n_ahead: int, prior: Numbers
) -> Numbers:
    """Return the mean size around each window (n,), from other windows that share less than half of its rows.

    They are earlier and later ones: in short series, earlier windows alone would be too few, and intervals too wide.
    """
    total, count = np.zeros(len(cutoffs)), np.zeros(len(cutoffs))
    for first, last in ((-MEMORY * n_ahead, -(n_ahead // 2) - 1), (n_ahead // 2 + 1, MEMORY * n_ahead)):
        summed, counted = _summed(sizes, cutoffs, cutoffs + first, cutoffs + last, cutoffs, offsets, n_ahead)
        total, count = total + summed, count + counted
    return (total + PRIOR * prior) / (count + PRIOR)


def _summed(
    sizes: Numbers,
    cutoffs: NDArray[np.int64],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    at: NDArray[np.int64],
    offsets: NDArray[np.int64],
    n_ahead: int,
) -> tuple[Numbers, Numbers]:
    """Return sum and number (n,) of the sizes of windows with cutoffs from `first` to `last` in the series of row `at`.

    Overlapping windows hold less information: they count as the number that would fit side by side.
    """
    if not len(cutoffs):
        return np.zeros(len(at)), np.zeros(len(at))
    series = np.searchsorted(offsets, at - 1, side="right") - 1
    start = np.searchsorted(cutoffs, np.maximum(first, offsets[series] + 1))
    stop = np.searchsorted(cutoffs, np.minimum(last, offsets[series + 1]), side="right")
    count = np.maximum(stop - start, 0)
    stop = start + count
    # running sums over all series would lose digits of a small series after a large one
    bounds = np.stack([start, stop], axis=1).ravel()
    sums = np.where(count > 0, np.add.reduceat(np.append(sizes, 0.0), bounds)[::2], 0.0)
    span = np.where(count > 1, cutoffs[np.maximum(stop - 1, 0)] - cutoffs[np.minimum(start, len(cutoffs) - 1)], 0)
    weight = np.where(count > 1, np.minimum(span / np.maximum(count - 1, 1) / n_ahead, 1.0), 1.0)
    return weight * sums, weight * count


def _quantiles(scores: Numbers, wanted: Numbers) -> Numbers:
    """Return symmetric quantiles (n_quantiles,) of the scores, with the finite-sample correction.

    Of n exchangeable sizes and a new one, the new one is among the k smallest with probability k / (n + 1).
    """
    sizes = np.sort(np.abs(scores[~np.isnan(scores)]))
    if not len(sizes):
        return np.zeros(len(wanted))
    inside = np.abs(2.0 * wanted - 1.0)
    places = np.ceil(np.round(inside * (len(sizes) + 1), 9)).astype(np.int64)
    return np.sign(wanted - 0.5) * sizes[np.clip(places, 1, len(sizes)) - 1]


def _longer(found: Numbers, horizon: int) -> Numbers:
    """Extend scores to more steps, (horizon, ...): they grow like those of a random walk."""
    beyond = np.arange(len(found) + 1, horizon + 1) / len(found)
    growth = np.sqrt(beyond).reshape(-1, *(1,) * (found.ndim - 1))
    return np.concatenate([found[:horizon], found[-1:] * growth])
