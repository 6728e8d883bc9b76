"""Which windows a backtest looks at."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsl.forecasting.missing import fill
from tsl.forecasting.panel import Panel, ranges
N_CALIBRATED = 60  # horizons that intervals are calibrated on, over all series
MOST_HELD_OUT = 0.25  # of a series, for that
MOST_WINDOWS = 4000


class TooShortWarning(UserWarning):
    """Series that are too short for a backtest were left out of it."""


def choose_cutoffs(panel: Panel, horizon: int, *, n_windows: int, step: int, gap: int) -> NDArray[np.int64]:
    """(n_windows, n_series) first row that is not known of each series, the oldest window first, -1 for none.

    The windows are `step` rows apart, and the last horizon, after a `gap`, ends with the series. A series that is too
    short for a window has none there, and neither has any series where all are.

    Raises
    ------
    ValueError
        If no series is long enough for a single window.

    Warns
    -----
    TooShortWarning
        Names the series that are too short for one.
    """
    back = horizon + gap + step * np.arange(n_windows)[::-1]
    rows = panel.ends[None, :] - back[:, None]
    usable = rows > panel.offsets[:-1]
    if not usable.any():
        raise ValueError(
            f"horizon={horizon} and gap={gap} leave no window to test on: the longest series has "
            f"{panel.lengths.max()} rows"
        )
    out = ~usable.any(axis=0)
    if out.any():
        names = ", ".join(map(repr, panel.ids[out][:5])) + (", ..." if out.sum() > 5 else "")
        warnings.warn(
            f"{out.sum()} series are too short for a window of {horizon + gap} rows to test on: {names}",
            TooShortWarning,
            stacklevel=3,
        )
    rows = np.where(usable, rows, -1)
    return rows[usable.any(axis=1)]


def training_part(panel: Panel, cutoff: NDArray[np.int64], sliding: NDArray[np.int64] | None = None) -> Panel:
    """What comes before a cutoff (n_series,); with all cutoffs as `sliding`, as many rows as before the first of them.

    Series that have no window at this cutoff, or nothing before it, are left out.
    """
    starts = panel.offsets[:-1]
    if sliding is not None:
        first = np.where(sliding >= 0, sliding, np.iinfo(np.int64).max).min(axis=0)
        starts = np.where(cutoff >= 0, starts + cutoff - first, starts)
    return panel.select(ranges(starts, np.maximum(cutoff, starts)))


def filled_before(panel: Panel, cutoff: NDArray[np.int64], how: str) -> Panel:
    """The panel with missing values filled from what comes before a cutoff (n_series,) alone."""
    rows = ranges(panel.offsets[:-1], np.where(cutoff >= 0, cutoff, panel.offsets[:-1]))
    part = fill(panel.select(rows), how)
    values, past = panel.values.copy(), panel.past.copy()
    values[rows], past[rows] = part.values, part.past
    return replace(panel, values=values, past=past)


def check_count(value: Any, name: str, *, least: int = 1) -> int:
    """A whole number from `least` up."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ValueError(f"{name} must be an int from {least} up, got {value!r}")
    return int(value)


def calibration_windows(panel: Panel, horizon: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each series is cut for a model to calibrate with, and the rows at which its forecasts begin.

    As many horizons of each series as make `N_CALIBRATED` together, one at least, but no more than a quarter of it.
    The windows overlap where a series has several.
    """
    wanted = max(1, -(-N_CALIBRATED // panel.n_series))
    n_horizons = np.clip((MOST_HELD_OUT * panel.lengths / horizon).astype(np.int64), 1, wanted)
    cuts = panel.ends - n_horizons * horizon
    usable = cuts > panel.offsets[:-1]
    stops = panel.ends[usable] - horizon + 1
    ends, begins = ranges(cuts[usable], stops), np.repeat(cuts[usable], stops - cuts[usable])
    ends = ends[(ends - begins) % max(1, horizon // 4) == 0]
    few = np.unique(np.linspace(0, max(len(ends) - 1, 0), MOST_WINDOWS).astype(np.int64))
    return cuts, ends[few[: len(ends)]]
