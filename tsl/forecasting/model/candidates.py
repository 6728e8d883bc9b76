"""The candidate windowings of a forecaster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tsl.forecasting.model.members import Kind
from tsl.forecasting.model.sampling import spread
from tsl.forecasting.model.windows import Windowing
from tsl.forecasting.panel.panel import Panel
from tsl.forecasting.panel.scale import mean_change

# Chosen by judgement, not measured:
MOST_LAGS = 8  # seasons
MOST_VALUES = 1024  # in a window
LONGEST_SEGMENT = 48
MEAN_OF = 3  # seasons, or cycles of several seasons
LEAST_REPEATING = 0.1  # share of series that must repeat better after several seasons to call these a cycle
CLEARLY_LOWER = 0.9  # change over these seasons, relative to that over one
WINDOW_SEASONS = (1, 2, 4, 7, 14, 21)
MOST_SERIES = 100  # series whose range is examined
# On the training parts of share prices and carbon dioxide, the errors of standardised windows on later rows were 4
# times and twice those of others, although they were only a tenth worse and a fifth better on the held-out end.
LARGEST_SHARE_BEYOND = 0.05  # standardised windows are tried if no more values lie beyond all earlier ones


@dataclass(frozen=True)
class WindowingChoices:
    """The given parts of a windowing; None leaves a choice.

    Parameters
    ----------
    start : Windowing
        The given values; a level above 0 means that of a season. If forecasts are relative to a lag, windows are scaled
        by the change over the number of seasons after which the series repeat best, whatever the lag.
    window, lag, segment : int or None
        As in `Windowing`.
    standardised : bool
        Whether windows without their own level and scale may be chosen.
    """

    start: Windowing
    window: int | None
    lag: int | None
    segment: int | None
    standardised: bool


class Windowings:
    """The candidate windowings for series with this season, 1 for none.

    Parameters
    ----------
    panel : Panel
    choices : WindowingChoices
    season : int
    """

    def __init__(self, panel: Panel, choices: WindowingChoices, season: int) -> None:
        self._panel, self._choices, self.season = panel, choices, season
        horizon = choices.start.horizon
        longest = longest_window(panel, horizon)
        self._repeats = seasonal_lags(panel, season, horizon, longest)
        self._sizes = window_sizes(season, horizon, longest) if choices.window is None else [choices.window]

    def kinds(self) -> list[Windowing]:
        """Return windows of medium size: without differences, standardised, and with each of the differences."""
        middle, lag = self._sizes[len(self._sizes) // 2], self._choices.lag
        found = [self._of(middle, one) for one in ([0, *self._repeats] if lag is None else [lag])]
        if self._choices.standardised and not leaves_its_range(self._panel):
            found.insert(1, replace(self._of(middle, 0), level=0, spread=None))
        return found

    def sizes(self, kind: Windowing) -> list[Windowing]:
        """Return windows of all sizes that otherwise equal `kind`."""
        own = [self._of(size, 0) for size in self._sizes]
        return [replace(kind, window=one.window, segment=one.segment) for one in own]

    def simple(self, like: Windowing) -> list[tuple[Kind, Windowing]]:
        """Return the simple forecasts, each with its windowing; other settings than the size are those of `like`."""
        plan, season = replace(like, level=self.season, spread=0, lag=0), self.season
        found: list[tuple[Kind, Windowing]] = [("naive", plan)]
        if 1 < season <= plan.window:
            found.append(("seasonal naive", plan))
        if season > 1:
            longest = min(int(longest_context(self._panel, plan.horizon)), MOST_VALUES)
            cycle = cycle_of(self._panel, season, longest)
            n_cycles = min(MEAN_OF, longest // cycle)
            if n_cycles > 1:
                mean = replace(plan, window=n_cycles * cycle, segment=cycle, level=cycle)
                found.append(("seasonal mean", mean))
        return found

    def _of(self, size: int, lag: int) -> Windowing:
        start, season = self._choices.start, self.season
        segment = segment_of(size, season) if self._choices.segment is None else self._choices.segment
        spread = self._repeats[-1] if lag and self._repeats and start.spread is not None else start.spread
        level = season if start.level else 0
        window = max(size // segment, 1) * segment
        return replace(start, window=window, segment=segment, level=level, lag=lag, spread=spread)


def leaves_its_range(panel: Panel) -> bool:
    """Return whether series reach new values: each of their last five tenths is compared with everything before it."""
    chosen = spread(np.arange(panel.n_series), MOST_SERIES)
    shares = []
    for k in chosen:
        values = panel.values[panel.offsets[k] : panel.offsets[k + 1]]
        bounds = np.linspace(0, len(values), 11).astype(np.int64)[5:]
        for start, stop in pairwise(bounds):
            before, after = values[:start], values[start:stop]
            before, after = before[np.isfinite(before)], after[np.isfinite(after)]
            if len(before) and len(after):
                shares.append(np.mean((after < before.min()) | (after > before.max())))
    return bool(shares) and float(np.mean(shares)) > LARGEST_SHARE_BEYOND


def longest_window(panel: Panel, horizon: int) -> int:
    """Return the longest window with which most series still have enough windows to learn from."""
    return max(min(int(0.6 * longest_context(panel, horizon)), MOST_VALUES), 1)


def longest_context(panel: Panel, horizon: int) -> float:
    """Return how many rows of most series are known when a horizon before their end is forecast."""
    return float(np.percentile(panel.lengths, 25)) - horizon


def segment_of(window: int, season: int) -> int:
    """Return how many steps the LSTM reads at a time: a season or a part of it, at most half of the window."""
    if season > 1:
        parts = [part for part in range(1, LONGEST_SEGMENT + 1) if season % part == 0]
        return max(part for part in parts if part == 1 or 2 * part <= window)
    return max(1, min(window // 8, LONGEST_SEGMENT))


def window_sizes(season: int, horizon: int, longest: int) -> list[int]:
    """Return the candidate window lengths, the shortest first."""
    unit = season if season > 1 else max(4, min(horizon, LONGEST_SEGMENT))
    return sorted({min(unit * n, longest) for n in WINDOW_SEASONS})


def seasonal_lags(panel: Panel, season: int, horizon: int, longest: int) -> list[int]:
    """Return the lag of the fewest seasons that span the horizon, and the longer one after which most series repeat."""
    fewest = -(-horizon // season)
    lags = [n * season for n in range(fewest, max(fewest, MOST_LAGS) + 1) if season > 1 and n * season <= longest // 2]
    return [*lags[:1], *([lags[1 + int(np.argmax(_repeating_best(panel, lags[1:])))]] if len(lags) > 1 else [])]


def cycle_of(panel: Panel, season: int, longest: int) -> int:
    """Return the length of several seasons after which some series repeat clearly better than after one, or the season.

    Where there is such a length for several series, it is that of most of them.
    """
    lags = [n * season for n in range(1, MOST_LAGS + 1) if n * season <= longest // 2]
    if not lags:
        return season
    shares = _repeating_best(panel, lags, margins=[1.0, *[1.0 / CLEARLY_LOWER] * (len(lags) - 1)])
    shares[0] = LEAST_REPEATING
    return lags[int(np.argmax(shares))]


def _repeating_best(panel: Panel, lags: list[int], margins: Sequence[float] = (1.0,)) -> NDArray[np.float64]:
    """Return the share of series whose mean change, times a margin, is lowest over each of the lags, (n_lags,)."""
    changes = np.array([mean_change(panel, lag) for lag in lags]) * np.array(margins)[:, None]
    used = (changes > 0).all(axis=0)  # otherwise a series is constant, or too short
    return np.bincount(changes[:, used].argmin(axis=0), minlength=len(lags)) / max(used.sum(), 1)
