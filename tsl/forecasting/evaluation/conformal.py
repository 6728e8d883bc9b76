"""Intervals around point forecasts, from the errors of forecasts that the model was not trained on.

The errors of all series are pooled: each is divided by how much its series usually changes, and by how large its errors
have been of late, as far as there are forecasts enough to tell. What remains is compared step by step.

References
----------
.. [1] Vovk, V., Gammerman, A., & Shafer, G. (2005). Algorithmic learning in a random world. Springer.
.. [2] Stankeviciute, K., Alaa, A. M., & van der Schaar, M. (2021). Conformal time-series forecasting. NeurIPS.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl._tables.columns import POINT

ENOUGH = 200
"""Windows from which on each step has quantiles of its own."""
PRIOR = 1.0
"""Windows that what all series have in common counts for, beside a series' own."""
MEMORY = 20
"""Horizons after which the errors of a series count no longer as its own."""

RENEWALS = 20
"""How often quantiles are taken anew in the course of a backtest."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class IntervalRequest:
    """What is to be forecast beside the point, and what its columns are called."""

    columns: tuple[str, ...]
    quantiles: tuple[float, ...]

    @classmethod
    def of(cls, level: Any, quantiles: Any) -> IntervalRequest:
        """From percentages `level` from 1 up, and `quantiles` between 0 and 1; each one number, several or None.

        Examples
        --------
        >>> IntervalRequest.of(80, None)
        IntervalRequest(columns=('y_pred-lo-80', 'y_pred-hi-80'), quantiles=(0.1, 0.9))
        """
        names, found = [], []
        for one in _numbers(level, "level", "percentages from 1 to below 100, such as 80", 1, 100):
            half = round(one / 200, 12)
            names += [f"{POINT}-{side}-{_written(one)}" for side in ("lo", "hi")]
            found += [round(0.5 - half, 12), round(0.5 + half, 12)]
        for one in _numbers(quantiles, "quantiles", "numbers between 0 and 1, both excluded", 1e-12, 1):
            names.append(f"{POINT}-q{_written(one)}")
            found.append(one)
        return cls(tuple(names), tuple(found))

    def named(self, block: Numbers) -> dict[str, Numbers]:
        """Flat columns of a block (n, horizon, n_quantiles), made ascending in the order of the quantiles."""
        order = np.argsort(self.quantiles, kind="stable")
        ascending = np.empty_like(block)
        ascending[:, :, order] = np.maximum.accumulate(block[:, :, order], axis=2)
        return {name: ascending[:, :, k].ravel() for k, name in enumerate(self.columns)}


def _numbers(given: Any, name: str, allowed: str, least: float, below: float) -> list[float]:
    """Numbers from `least` to below `below`, each once, to 12 places: 0.3 and 3 * 0.1 are one column."""
    if given is None:
        return []
    several = [given] if isinstance(given, Real) else list(given)
    for one in several:
        if not isinstance(one, Real) or isinstance(one, bool) or not least <= round(float(one), 12) < below:
            raise ValueError(f"{name} must be {allowed}, got {given!r}")
    return list(dict.fromkeys(round(float(one), 12) for one in several))


def _written(number: float) -> str:
    """Write a number for the name of a column: different ones differ, and none has an exponent."""
    return np.format_float_positional(number, trim="-")


@dataclass(frozen=True, eq=False)
class Calibration:
    """Errors of forecasts, made comparable, and what makes them those of a series again."""

    scores: Numbers
    """(n_windows, horizon) errors in units of their series; NaN where the truth is missing."""
    ids: pd.Index
    """(n_series,)"""
    factors: Numbers
    """(n_series,) how large the errors of each were in the end, relative to its usual change."""
    common: float
    """The factor of any other series."""

    @classmethod
    def of(
        cls, errors: Numbers, ends: NDArray[np.int64], ids: pd.Index, offsets: NDArray[np.int64], scales: Numbers
    ) -> Calibration:
        """From errors (n_windows, horizon) of windows that begin at `ends` (n_windows,) of a panel.

        `ids` (n_series,) and `offsets` (n_series + 1,) are the panel's, and `scales` (n_series,) is how much each
        series usually changes. A window's unit is made from other windows than itself, as that of a new forecast is:
        otherwise intervals would be too narrow.
        """
        series = np.searchsorted(offsets, ends - 1, side="right") - 1
        relative = in_units(errors, scales[series])
        used = ~np.isnan(relative).all(axis=1)
        if not used.any():
            raise ValueError("level and quantiles need readings at the end of a series, got none")
        relative, ends = relative[used], ends[used]
        sizes = mean_sizes(relative)
        common = float(sizes.mean()) if sizes.any() else 1.0
        lag = errors.shape[1]
        around = surrounding_sizes(sizes, ends, offsets, lag, np.full(len(ends), common))
        factors = recent_sizes(sizes, ends, offsets, offsets[1:], lag, np.full(len(ids), common))
        return cls(relative / around[:, None], ids, factors, common)

    @property
    def horizon(self) -> int:
        """Steps that there are errors of."""
        return self.scores.shape[1]

    def units(self, ids: pd.Index, scales: Numbers) -> Numbers:
        """(n,) what a score of 1 is in each of these series."""
        at = self.ids.get_indexer(ids)
        return scales * np.where(at >= 0, self.factors[at], self.common)

    def offsets(self, quantiles: Sequence[float], horizon: int) -> Numbers:
        """(horizon, n_quantiles) scores that errors stay below with these probabilities."""
        wanted = np.asarray(quantiles, np.float64)
        shape = self._spreads()
        if len(self.scores) >= ENOUGH:
            found = np.stack([_quantiles(column, wanted) for column in self.scores.T])
        else:  # too few for each step by itself: the spread is its own, the form of the distribution shared
            with np.errstate(divide="ignore", invalid="ignore"):
                alike = np.where(self.scores == 0.0, 0.0, self.scores / shape)
            found = shape[:, None] * _quantiles(alike.ravel(), wanted)
        return _longer(found, horizon)

    def offsets_in_time(
        self,
        scores: Numbers,
        known_from: NDArray[np.int64],
        quantiles: Sequence[float],
        at: NDArray[np.int64],
        horizon: int,
    ) -> Numbers:
        """(n, horizon, n_quantiles) the same at the times `at` (n,), by when newer scores have come to be known.

        Newer scores (n_newer, horizon) take the place of the oldest as the times `known_from` (n_newer,) go by; at most
        `RENEWALS` times.
        """
        found = np.empty((len(at), horizon, len(quantiles)))
        age, place = np.argsort(known_from, kind="stable"), np.argsort(at, kind="stable")
        is_alike = self.horizon == horizon
        for part in np.array_split(place, min(RENEWALS, len(place))):
            n_known = np.searchsorted(known_from[age], at[part[0]], side="right") if is_alike else 0
            newer = scores[age[max(n_known - len(self.scores), 0) : n_known]]
            renewed = replace(
                self, scores=np.concatenate([self.scores[len(newer) :], newer]) if n_known else self.scores
            )
            found[part] = renewed.offsets(quantiles, horizon)
        return found

    def paths(self, n_paths: int, n_series: int, horizon: int, random_state: np.random.RandomState) -> Numbers:
        """(n_series, n_paths, horizon) scores of whole windows, drawn with replacement."""
        drawn = self.scores[random_state.randint(len(self.scores), size=(n_series, n_paths))]
        drawn = np.nan_to_num(drawn)
        return _longer(drawn.transpose(2, 0, 1), horizon).transpose(1, 2, 0)

    def _spreads(self) -> Numbers:
        """(horizon,) mean absolute score of each step, smoothed over its neighbours."""
        known = ~np.isnan(self.scores)
        total = np.where(known, np.abs(self.scores), 0.0).sum(axis=0)
        count = known.sum(axis=0)
        width = max(1, self.horizon // 8) | 1
        kernel = np.ones(width)
        summed, counted = (np.convolve(part, kernel)[width // 2 :][: self.horizon] for part in (total, count))
        return summed / np.maximum(counted, 1)


def in_units(errors: Numbers, scales: Numbers) -> Numbers:
    """(n, horizon) errors over the scale (n,) of their series; NaN where that is 0, as in a constant series."""
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = errors / scales[:, None]
    relative[errors == 0.0] = 0.0
    relative[np.isinf(relative)] = np.nan
    return relative


def mean_sizes(relative: Numbers) -> Numbers:
    """(n,) mean absolute error of each window; NaN for none."""
    known = ~np.isnan(relative)
    count = known.sum(axis=1)
    total = np.where(known, np.abs(relative), 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def recent_sizes(
    sizes: Numbers,
    ends: NDArray[np.int64],
    offsets: NDArray[np.int64],
    at: NDArray[np.int64],
    lag: int,
    prior: Numbers,
) -> Numbers:
    """(n,) mean of the sizes of the windows of the same series that are over and not long past at the rows `at` (n,).

    `sizes` belong to windows that begin at `ends`, ascending, and are over `lag` rows later. `prior` (n,) counts for as
    much as `PRIOR` windows that do not overlap.
    """
    total, count = _summed(sizes, ends, at - (1 + MEMORY) * lag, at - lag, at, offsets, lag)
    return (total + PRIOR * prior) / (count + PRIOR)


def surrounding_sizes(
    sizes: Numbers, ends: NDArray[np.int64], offsets: NDArray[np.int64], lag: int, prior: Numbers
) -> Numbers:
    """(n,) the same for each window itself, from those before and behind it that share less than half of its rows.

    Those before it alone would be too few in short series: intervals would be too wide.
    """
    total, count = np.zeros(len(ends)), np.zeros(len(ends))
    for first, last in ((-MEMORY * lag, -(lag // 2) - 1), (lag // 2 + 1, MEMORY * lag)):
        summed, counted = _summed(sizes, ends, ends + first, ends + last, ends, offsets, lag)
        total, count = total + summed, count + counted
    return (total + PRIOR * prior) / (count + PRIOR)


def _summed(
    sizes: Numbers,
    ends: NDArray[np.int64],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    at: NDArray[np.int64],
    offsets: NDArray[np.int64],
    lag: int,
) -> tuple[Numbers, Numbers]:
    """(n,) sum and number of the sizes of windows from row `first` to `last` in the series of row `at`.

    Windows that overlap tell less each: they count for as many as there could be side by side.
    """
    if not len(ends):
        return np.zeros(len(at)), np.zeros(len(at))
    series = np.searchsorted(offsets, at - 1, side="right") - 1
    start = np.searchsorted(ends, np.maximum(first, offsets[series] + 1))
    stop = np.searchsorted(ends, np.minimum(last, offsets[series + 1]), side="right")
    count = np.maximum(stop - start, 0)
    stop = start + count
    # running sums over all series would lose a small series' digits behind a large one
    bounds = np.stack([start, stop], axis=1).ravel()
    sums = np.where(count > 0, np.add.reduceat(np.append(sizes, 0.0), bounds)[::2], 0.0)
    span = np.where(count > 1, ends[np.maximum(stop - 1, 0)] - ends[np.minimum(start, len(ends) - 1)], 0)
    weight = np.where(count > 1, np.minimum(span / np.maximum(count - 1, 1) / lag, 1.0), 1.0)
    return weight * sums, weight * count


def _quantiles(scores: Numbers, wanted: Numbers) -> Numbers:
    """(n_quantiles,) of the sizes of the scores, both ways, so that as many of one more lie inside.

    Of n exchangeable sizes and a new one, the new one is among the k smallest with probability k / (n + 1).
    """
    sizes = np.sort(np.abs(scores[~np.isnan(scores)]))
    if not len(sizes):
        return np.zeros(len(wanted))
    inside = np.abs(2.0 * wanted - 1.0)
    places = np.ceil(np.round(inside * (len(sizes) + 1), 9)).astype(np.int64)
    return np.sign(wanted - 0.5) * sizes[np.clip(places, 1, len(sizes)) - 1]


def _longer(found: Numbers, horizon: int) -> Numbers:
    """(horizon, ...) scores of more steps than there are: they go on to grow as those of a random walk do."""
    beyond = np.arange(len(found) + 1, horizon + 1) / len(found)
    growth = np.sqrt(beyond).reshape(-1, *(1,) * (found.ndim - 1))
    return np.concatenate([found[:horizon], found[-1:] * growth])
