"""Forecasts of series with almost no readings, from other series.

A linear regression over all rows of the other series, with equal weight for each series, explains values by what is
also known of a new series: covariates known ahead and the calendar, how long ago the series began, the mean of the
other series a few seasons before, and static covariates. Its residuals at the one or two readings of a new series shift
the forecast, by as much as such residuals told about other series (a random intercept: Laird & Ware 1982).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tsl.forecasting.panel.panel import Panel, ranges
from tsl.forecasting.panel.store import FEWEST_OTHERS, MOST_READINGS
from tsl.forecasting.times.stamps import stamps_of

Numbers = NDArray[np.float64]

# Chosen by judgement, not measured:
PENALTY = 1.0  # shrinkage to the mean, in series
N_FOLDS = 10
WINDOWS_A_SERIES = 10
ENOUGH_STARTS = 20  # series that began later than others, from which errors are taken only at these beginnings


class Rows(NamedTuple):
    """What is known of rows to forecast; each field is (n, horizon), except the covariates."""

    static: Numbers
    """(n, S)"""
    future: Numbers
    """(n, horizon, F)"""
    places: NDArray[np.int64]
    """Steps since the first timestamp of the panel."""
    ages: Numbers
    """Steps since the series began; inf if that is not known."""


@dataclass(frozen=True)
class Regression:
    """Ridge regressions on what is known of a new series: one for its changes, one for its level.

    The first is fitted to values relative to the mean of their series, because differences in level would otherwise
    be mistaken for effects of age and time. The residual means are explained by static covariates.
    """

    slopes: Numbers
    """(P,) of inputs that change within a series."""
    static_slopes: Numbers
    """(S,)"""
    level: float
    """Median over the series of the part of their levels that static covariates do not explain."""
    lag: int
    """Steps before a row at which the mean of the panel is read."""
    means: Numbers
    """(n_stamps,) mean of the panel relative to the means of its series; NaN where nothing is known."""
    horizon: int
    """Steps in which the effect of a series' age falls to 1 / e."""

    @classmethod
    def fit(cls, rows: Rows, values: Numbers, lag: int, horizon: int, changes: bool) -> Regression:
        """Return the regression of `values` (n, length) of n whole series, NaN where there are none.

        Without `changes`, only their levels are explained.
        """
        known = np.isfinite(values)
        weights = known / np.maximum(known.sum(axis=1, keepdims=True), 1)
        means = np.where(known, values, 0.0)
        level = (weights * means).sum(axis=1)
        n_stamps = int(rows.places.max()) + 1
        total = np.bincount(rows.places[known], (values - level[:, None])[known], n_stamps)
        found = np.bincount(rows.places[known], minlength=n_stamps)
        means = np.where(found > 0, total / np.maximum(found, 1), np.nan)
        blank = cls(np.zeros(0), np.zeros(0), 0.0, lag, means, horizon)
        inputs = blank._inputs(rows)
        middle = np.einsum("nt,ntp->np", weights, inputs)
        within = (inputs - middle[:, None])[known]
        slopes = _ridge(within, (values - level[:, None])[known], weights[known]) * changes
        left = level - middle @ slopes
        static = rows.static - rows.static.mean(axis=0)
        static_slopes = _ridge(static, left - left.mean(), np.ones(len(left)))
        return cls(slopes, static_slopes, float(np.median(left - rows.static @ static_slopes)), lag, means, horizon)

    def predict(self, rows: Rows) -> Numbers:
        """Return the expected values, (n, horizon)."""
        return self._inputs(rows) @ self.slopes + (rows.static @ self.static_slopes)[:, None] + self.level

    def _inputs(self, rows: Rows) -> Numbers:
        """Return the inputs (n, horizon, P): covariates known ahead, effect of age, earlier mean of the panel."""
        at = rows.places - self.lag
        inside = (at >= 0) & (at < len(self.means))
        mean = np.where(inside, self.means[np.where(inside, at, 0)], np.nan)
        age = np.exp(-rows.ages / self.horizon)
        return np.nan_to_num(np.concatenate([rows.future, age[:, :, None], mean[:, :, None]], axis=2))


def _ridge(inputs: Numbers, targets: Numbers, weights: Numbers) -> Numbers:
    """Return the slopes of a ridge regression without intercept; `weights` add up to the number of series."""
    unit = np.sqrt(np.average(inputs**2, axis=0, weights=weights))
    unit = np.where(unit > 1e-9, unit, np.inf)
    scaled = inputs / unit * np.sqrt(weights)[:, None]
    squares = scaled.T @ scaled + PENALTY * np.eye(scaled.shape[1])
    return np.linalg.solve(squares, scaled.T @ (targets * np.sqrt(weights))) / unit


@dataclass(frozen=True)
class ColdStart:
    """A regression on all series, and its errors on series that it was not fitted to."""

    regression: Regression
    is_log: bool
    stamps: NDArray[np.int64]
    """All timestamps of the panel, ascending."""
    shrinkage: float
    """Number of readings that the regression is worth."""
    errors: Numbers
    """(n_windows, MOST_READINGS + horizon) of whole windows of held-out series; NaN where nothing is known."""

    @classmethod
    def learn(cls, panel: Panel, horizon: int, season: int) -> ColdStart:
        """Return what the series of `panel` tell about others.

        Logarithms, and inputs that change within a series, are used if that is more accurate on held-out series;
        logarithms only if all values are positive.

        Raises
        ------
        ValueError
            If there are fewer than `FEWEST_OTHERS` of them.
        """
        if panel.n_series < FEWEST_OTHERS:
            raise ValueError(
                f"a series without readings needs {FEWEST_OTHERS} known series of more than {MOST_READINGS} readings "
                f"to be forecast from, got {panel.n_series}"
            )
        stamps = np.unique(stamps_of(panel.times))
        lag = -(-horizon // season) * season
        values, rows = _table(panel, stamps)
        found: list[tuple[Any, ...]] = []
        for is_log in (False, True)[: 1 if (panel.values <= 0).any() else 2]:
            shown = np.log(values) if is_log else values
            for changes in (True, False):
                errors, truth = _left_out(rows, shown, lag, horizon, changes)
                score = _relative_error(errors, truth, is_log)
                found.append((score, len(found), is_log, changes, errors, shown))
        _, _, is_log, changes, errors, shown = min(found, key=lambda one: one[:2])
        regression = Regression.fit(rows, shown, lag, horizon, changes)
        return cls(regression, is_log, stamps, _shrinkage(errors), errors)

    def forecast(
        self, panel: Panel, cutoffs: NDArray[np.int64], horizon: int, quantiles: Sequence[float]
    ) -> tuple[Numbers, Numbers]:
        """Return medians (n, horizon) and quantiles (n, horizon, n_quantiles) from the rows `cutoffs` (n,) on."""
        points, n_readings = self._points(panel, cutoffs, horizon)
        spread = np.stack([self._spread(int(n), horizon, quantiles) for n in n_readings])
        found = points[:, :, None] + spread
        return (np.exp(points), np.exp(found)) if self.is_log else (points, found)

    def paths(
        self,
        panel: Panel,
        cutoffs: NDArray[np.int64],
        horizon: int,
        n_paths: int,
        random_state: np.random.RandomState,
    ) -> Numbers:
        """Return medians plus errors of whole windows, drawn with replacement, (n, n_paths, horizon)."""
        points, n_readings = self._points(panel, cutoffs, horizon)
        drawn = random_state.randint(len(self.errors), size=(len(cutoffs), n_paths))
        errors = np.stack(
            [_after_readings(self.errors, int(n), self.shrinkage)[own] for n, own in zip(n_readings, drawn)]
        )
        paths = points[:, None] + np.nan_to_num(errors)
        return np.exp(paths) if self.is_log else paths

    def _points(self, panel: Panel, cutoffs: NDArray[np.int64], horizon: int) -> tuple[Numbers, NDArray[np.int64]]:
        """Return medians (n, horizon), of logarithms if these are used, and the numbers of readings (n,)."""
        series = panel.series_of(cutoffs)
        steps = np.arange(-MOST_READINGS, horizon)
        at = cutoffs[:, None] + steps
        inside = at >= panel.offsets[series, None]
        at = np.where(inside, at, cutoffs[:, None])
        known = np.where(inside & (steps < 0), panel.values[at], np.nan)
        n_readings = np.isfinite(known).sum(axis=1)
        places = self._places(stamps_of(panel.times)[cutoffs])[:, None] + steps
        rows = Rows(panel.static[series], panel.future[at], places, np.maximum(n_readings[:, None] + steps, 0.0))
        expected = self.regression.predict(rows)
        apart = np.nansum((np.log(known) if self.is_log else known) - expected, axis=1)
        return expected[:, MOST_READINGS:] + (apart / (n_readings + self.shrinkage))[:, None], n_readings

    def _places(self, stamps: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the number of steps from the panel's first timestamp; beyond its end, one per median step."""
        step = int(np.median(np.diff(self.stamps))) if len(self.stamps) > 1 else 1
        beyond = np.maximum(stamps - self.stamps[-1], 0) // max(step, 1)
        return np.searchsorted(self.stamps, np.minimum(stamps, self.stamps[-1])) + beyond

    def _spread(self, n_readings: int, horizon: int, quantiles: Sequence[float]) -> Numbers:
        """Return the quantiles (horizon, n_quantiles) of errors after this many readings, symmetric about 0."""
        errors = np.abs(_after_readings(self.errors, n_readings, self.shrinkage))
        sizes = np.sort(errors[np.isfinite(errors)])
        wanted = np.asarray(quantiles, np.float64)
        inside = np.abs(2.0 * wanted - 1.0)
        # the finite-sample correction counts windows, because the errors within one are much alike
        n_windows = len(errors)
        level = np.minimum(np.ceil(np.round(inside * (n_windows + 1), 9)) / n_windows, 1.0)
        reach = np.sign(wanted - 0.5) * np.quantile(sizes, level)
        return np.repeat(reach[None], horizon, axis=0)


def _table(panel: Panel, stamps: NDArray[np.int64]) -> tuple[Numbers, Rows]:
    """Return the values (n_series, longest), NaN after the end of a series, and what is known of these rows."""
    longest, n_series = int(panel.lengths.max()), panel.n_series
    series = np.repeat(np.arange(n_series), panel.lengths)
    step = ranges(np.zeros(n_series, np.int64), panel.lengths)
    values = np.full((n_series, longest), np.nan)
    future = np.zeros((n_series, longest, panel.future.shape[1]))
    places = np.zeros((n_series, longest), np.int64)
    values[series, step], future[series, step] = panel.values, panel.future
    places[series, step] = np.searchsorted(stamps, stamps_of(panel.times))
    # a series that starts at the first timestamp may be older
    ages = np.where(places[:, :1] > 0, np.arange(longest, dtype=np.float64), np.inf)
    return values, Rows(panel.static, future, places, ages)


def _left_out(rows: Rows, values: Numbers, lag: int, horizon: int, changes: bool) -> tuple[Numbers, Numbers]:
    """Return the errors (n_windows, MOST_READINGS + horizon) on series held out of the regression, and the truth."""
    n_series = len(values)
    fold = np.random.RandomState(0).permutation(n_series) % min(N_FOLDS, n_series)
    residuals = np.empty_like(values)
    for k in range(fold.max() + 1):
        own, others = fold == k, fold != k
        regression = Regression.fit(_of(rows, others), values[others], lag, horizon, changes)
        residuals[own] = values[own] - regression.predict(_of(rows, own))
    width = MOST_READINGS + horizon
    n_known = np.isfinite(values).cumsum(axis=1).argmax(axis=1) + 1
    began = np.isfinite(rows.ages[:, 0])
    padded = np.pad(np.stack([residuals, values], axis=2), ((0, 0), (0, width), (0, 0)), constant_values=np.nan)
    found = []
    for k in range(n_series):
        if began.sum() >= ENOUGH_STARTS:
            starts = np.zeros(int(began[k]), np.int64)
        else:
            starts = np.unique(np.linspace(0, max(n_known[k] - width, 0), WINDOWS_A_SERIES).astype(np.int64))
        found += [padded[k, start : start + width] for start in starts]
    errors, truth = np.moveaxis(np.stack(found), 2, 0)
    known = np.isfinite(errors[:, MOST_READINGS:]).any(axis=1)
    return errors[known], truth[known]


def _of(rows: Rows, which: NDArray[np.bool_]) -> Rows:
    return Rows(rows.static[which], rows.future[which], rows.places[which], rows.ages[which])


def _after_readings(errors: Numbers, n_readings: int, shrinkage: float) -> Numbers:
    """Return the errors (n_windows, horizon) that remain after this many readings have shifted the forecast."""
    before = errors[:, MOST_READINGS - n_readings : MOST_READINGS]
    moved = np.nansum(before, axis=1) / (np.isfinite(before).sum(axis=1) + shrinkage)
    return errors[:, MOST_READINGS:] - moved[:, None]


def _relative_error(errors: Numbers, truth: Numbers, is_log: bool) -> float:
    """Return the median error of windows relative to their mean, averaged over the numbers of readings."""
    ahead, shrinkage = truth[:, MOST_READINGS:], _shrinkage(errors)
    found = []
    for n in range(MOST_READINGS + 1):
        left = _after_readings(errors, n, shrinkage)
        wrong = np.exp(ahead) * np.abs(-np.expm1(-left)) if is_log else np.abs(left)
        size = np.nansum(np.exp(ahead) if is_log else np.abs(ahead), axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            found.append(np.nanmedian(np.nansum(wrong, axis=1) / size))
    return float(np.mean(found))


def _shrinkage(errors: Numbers) -> float:
    """Return the variance of errors within windows relative to that of their means: how little one reading tells."""
    count = np.isfinite(errors).sum(axis=1)
    errors, count = errors[count > 1], count[count > 1]
    mean = np.nanmean(errors, axis=1)
    within = np.nansum((errors - mean[:, None]) ** 2) / (count - 1).sum()
    between = np.mean(mean**2 - within / count)
    return float(within / max(between, 1e-6 * within, 1e-300))
