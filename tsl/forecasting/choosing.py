"""What a window is best relative to, and how long it is: tried out with the linear map on the end of the series.

The linear map takes a fraction of a second to fit, and what helps it helps the network: its forecast is the sum of a
linear map and of what the LSTM adds to it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tsl.forecasting.linear import PENALTIES, LinearMap, linear_forecasts
from tsl.forecasting.panel import Panel
from tsl.forecasting.sampling import Draws, training_ends
from tsl.forecasting.windowing import CovariateScaling, SeriesWindows, Windowing

N_FITTED, N_CHECKED = 6000, 3000  # windows; a map of 700 numbers is known well enough by them
LONGEST_SEGMENT = 48
FEWEST_STEPS = 8
LEAST_GAIN = 0.005  # by which a longer window, or a season, must be better than a shorter one, or none


class Trial:
    """Fits linear maps on the beginning of all series, and checks them on the rest.

    Parameters
    ----------
    panel : Panel
        The training part.
    horizon : int
    random_state : int
    """

    def __init__(self, panel: Panel, horizon: int, random_state: int = 0) -> None:
        held_out = np.maximum(panel.lengths // 5, horizon)
        self._panel, self._horizon = panel, horizon
        self._cut = panel.ends - held_out
        self._random_state = random_state
        self._covariates = CovariateScaling.learn(panel)

    def error(self, windowing: Windowing) -> float:
        """Mean absolute error over the held-out part, in units of each series' deviation, for the best penalty."""
        windows = SeriesWindows(self._panel, windowing, self._covariates)
        random_state = np.random.RandomState(self._random_state)
        ends = training_ends(self._panel, windowing.window, self._horizon)
        own_cut = self._cut[self._panel.series_of(ends - 1)]
        fitted = Draws(self._panel, ends[ends + self._horizon <= own_cut], self._horizon)
        checked = Draws(self._panel, ends[ends >= own_cut], self._horizon)
        if not (fitted.total and checked.total):
            return np.inf
        linear = LinearMap(windows, fitted.draw(N_FITTED, random_state))
        ends = checked.draw(N_CHECKED, random_state)
        return min(self._mean_error(windows, ends, linear.coefficients(penalty)) for penalty in PENALTIES)

    def _mean_error(
        self, windows: SeriesWindows, ends: NDArray[np.int64], coefficients: tuple[NDArray[np.float64], ...]
    ) -> float:
        forecasts = linear_forecasts(windows, ends, coefficients)
        truth = self._panel.values[ends[:, None] + np.arange(self._horizon)]
        return float(np.nanmean(np.abs(truth - forecasts) / self.scale[self._panel.series_of(ends-1)][:, None]))


def choose_windowing(
    panel: Panel,
    start: Windowing,
    *,
    season: int,
    window: int | None,
    lag: int | None,
    level: int | None,
    segment: int | None,
    random_state: int = 0,
) -> Windowing:
    """The windowing with the lowest error, where None leaves a choice.

    Parameters
    ----------
    panel : Panel
    start : Windowing
        What is given anyway: the horizon, and all that is not among the next ones.
    season : int
        Steps of a season, 1 for none.
    window, lag, level, segment : int or None
        As in `Windowing`.
    random_state : int
    """
    trial = Trial(panel, start.horizon, random_state)
    longest = max(int(0.6 * (np.percentile(panel.lengths, 25) - start.horizon)), 1)
    sizes = [window] if window is not None else _window_sizes(season, start.horizon, longest)
    lags = [lag] if lag is not None else [0, *_seasonal_lags(panel, season, start.horizon, longest)]
    levels = [level] if level is not None else sorted({1, min(season, sizes[0])})

    def planned(size: int, lag: int, level: int) -> Windowing:
        own_segment = segment_of(size, season) if segment is None else segment
        size = max(size // own_segment, 1) * own_segment
        return replace(start, window=size, segment=own_segment, lag=lag, level=level)

    middle = sizes[len(sizes) // 2]
    best = _best([planned(middle, own_lag, own_level) for own_lag in lags for own_level in levels], trial)
    return _best([planned(size, best.lag, best.level) for size in sizes], trial)


def _best(candidates: list[Windowing], trial: Trial) -> Windowing:
    """The one of lowest error; the ones that come first are simpler, and taken unless others are clearly better."""
    if len(candidates) == 1:
        return candidates[0]
    errors = [trial.error(candidate) for candidate in candidates]
    good = np.array(errors) <= min(errors) * (1 + LEAST_GAIN)
    return candidates[int(good.argmax())]


def segment_of(window: int, season: int) -> int:
    """Steps that the LSTM reads at once: a season, or such a part of it that the network takes 8 steps and more."""
    if season > 1:
        parts = [part for part in range(1, min(season, LONGEST_SEGMENT) + 1) if season % part == 0]
        return max(part for part in parts if part == 1 or part * 2 <= window)
    return max(1, min(window // FEWEST_STEPS, LONGEST_SEGMENT))


def _window_sizes(season: int, horizon: int, longest: int) -> list[int]:
    """Windows to try, the shortest first."""
    unit = season if season > 1 else max(4, min(horizon, 24))
    sizes = sorted({min(unit * n, longest) for n in (2, 4, 7, 14, 21)})
    return sizes


def _seasonal_lags(panel: Panel, season: int, horizon: int, longest: int) -> list[int]:
    """The fewest seasons that reach over the horizon, and the number of them that repeat themselves best."""
    if season <= 1:
        return []
    fewest = -(-horizon // season)
    lags = [n * season for n in range(fewest, max(fewest, 8) + 1) if n * season <= longest]
    if not lags:
        return []
    errors = [_mean_change(panel, lag) for lag in lags]
    return sorted({lags[0], lags[int(np.argmin(errors))]})


def _mean_change(panel: Panel, lag: int) -> float:
    """Mean over series of the mean absolute change over `lag` steps, in units of the change over one step."""
    changes = []
    for steps in (lag, 1):
        change = np.abs(panel.values[steps:] - panel.values[:-steps])
        inside = panel.series_of(np.arange(steps, len(panel.values))) == panel.series_of(
            np.arange(len(panel.values) - steps)
        )
        change = np.where(inside & np.isfinite(change), change, 0.0)
        count = np.bincount(panel.series_of(np.flatnonzero(inside) + steps), minlength=panel.n_series)
        sums = np.bincount(panel.series_of(np.arange(steps, len(panel.values))), change, panel.n_series)
        changes.append(sums / np.maximum(count, 1))
    used = changes[1] > 0
    return float(np.mean(changes[0][used] / changes[1][used])) if used.any() else np.inf
