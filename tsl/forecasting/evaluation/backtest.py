"""Where the windows of a backtest begin, what a model may know of them, and how their forecasts become a frame."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tsl._tables.columns import CUTOFF, NAIVE, POINT, SEASONAL_NAIVE
from tsl.forecasting.evaluation.conformal import MEMORY, IntervalRequest, in_units, mean_sizes, recent_sizes
from tsl.forecasting.frames.output import LongNames, write_long
from tsl.forecasting.panel.missing import last_readings
from tsl.forecasting.panel.naive import naive, seasonal_naive
from tsl.forecasting.panel.panel import Panel, ranges
from tsl.forecasting.times.stamps import stamps_of

if TYPE_CHECKING:
    from tsl.forecasting.forecaster import Forecaster
    from tsl.forecasting.frames.schema import Schema

_NAMED = 5  # series in a warning


class TooShortWarning(UserWarning):
    """Series that are too short for what was asked were left out."""


@dataclass(frozen=True)
class Plan:
    """The windows of a backtest, those of a series one after another."""

    horizon: int
    n_windows: int
    step: int
    gap: int
    refit: int
    """After how many windows the model is fitted anew; 0 for never."""
    sliding: bool

    @classmethod
    def of(cls, horizon: int, n_windows: Any, step: Any, gap: Any, refit: Any, window: Any) -> Plan:
        """From the arguments of `Forecaster.backtest`, checked."""
        step = horizon if step is None else step
        for name, value, least in (("n_windows", n_windows, 1), ("step", step, 1), ("gap", gap, 0)):
            if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
                raise ValueError(f"{name} must be a whole number from {least} up, got {value!r}")
        if not isinstance(refit, (bool, np.bool_, Integral)) or refit < 0:
            raise ValueError(f"refit must be True, False or a whole number of windows, got {refit!r}")
        if window not in ("expanding", "sliding"):
            raise ValueError(f"window must be 'expanding' or 'sliding', got {window!r}")
        return cls(horizon, int(n_windows), int(step), int(gap), int(refit), window == "sliding")

    def cutoffs(self, panel: Panel, lowest: NDArray[np.int64]) -> NDArray[np.int64]:
        """(n_series, n_windows) the row after the last one that each window knows; -1 where there is no such window.

        Windows count from the end of each series. Each begins at `lowest` (n_series,) or later, with more than a
        horizon of rows from the first reading on before it; the last one may have fewer.
        """
        back = self.horizon + self.gap + self.step * np.arange(self.n_windows)[::-1]
        ends = panel.ends[:, None] - back
        begin = _first_readings(panel)
        least = np.maximum(lowest, begin + self.horizon + 1)[:, None]
        found = ends >= least
        found[:, -1] = ends[:, -1] >= np.maximum(lowest, begin + 1)
        return np.where(found, ends, -1)

    def fitted_rows(self, cutoffs: NDArray[np.int64], number: int, panel: Panel) -> NDArray[np.int64]:
        """Rows to fit on for the forecasts of window `number`, of the series that have windows."""
        behind = (self.n_windows - 1 - number) * self.step
        stops = np.where(cutoffs[:, -1] >= 0, panel.ends - self.horizon - self.gap - behind, panel.offsets[:-1])
        starts = panel.offsets[:-1]
        if self.sliding:
            starts = np.maximum(starts, stops - (first_cutoffs(cutoffs) - panel.offsets[:-1]))
        return ranges(starts, np.maximum(stops, starts))


def _first_readings(panel: Panel) -> NDArray[np.int64]:
    """(n_series,) row of the first reading of each series, its end if there is none."""
    read = last_readings(panel.values, panel.offsets) >= 0  # from the first reading on
    return panel.ends - np.add.reduceat(read, panel.offsets[:-1], dtype=np.int64)


def first_cutoffs(cutoffs: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n_series,) where the earliest window of each series begins; -1 for none."""
    first = np.argmax(cutoffs >= 0, axis=1)
    return cutoffs[np.arange(len(cutoffs)), first]


def check_cutoffs(cutoffs: NDArray[np.int64], panel: Panel, plan: Plan, n_windows: int) -> None:
    """Warn of series that are left out, or have fewer than `n_windows`.

    Raises
    ------
    ValueError
        Where no series has a window.
    """
    counts = (cutoffs >= 0).sum(axis=1)
    needs = f"horizon={plan.horizon}" + (f" and gap={plan.gap}" if plan.gap else "")
    if not counts.any():
        longest = int(panel.lengths.max())
        raise ValueError(f"a backtest with {needs} needs rows to forecast and one before, got {longest} at most")
    notes = []
    for what, which in (
        ("are left out, too short for a window", counts == 0),
        (f"have fewer than n_windows={n_windows}", (counts > 0) & (counts < n_windows)),
    ):
        if which.any():
            names = ", ".join(map(repr, panel.ids[which][:_NAMED])) + (", ..." if which.sum() > _NAMED else "")
            notes.append(f"{which.sum()} series {what}: {names}")
    if notes:
        warnings.warn(f"with {needs}, " + "; ".join(notes), TooShortWarning, stacklevel=4)


def forecast_windows(
    forecaster: Forecaster, panel: Panel, lowest: NDArray[np.int64], plan: Plan, asked: IntervalRequest
) -> Any:
    """The frame of a backtest on `panel`, whose missing readings are still missing.

    A forecaster that was fitted on what it is to forecast here is fitted anew on what is before the first cutoff.
    """
    asked_for, most = plan.n_windows, int(panel.lengths.max()) // plan.step + 1
    plan = replace(plan, n_windows=min(asked_for, most))
    cutoffs = plan.cutoffs(panel, lowest)
    check_cutoffs(cutoffs, panel, plan, asked_for)
    parts = []
    for model, numbers in _models(forecaster, panel, cutoffs, plan):
        ends = np.sort(cutoffs[:, numbers][cutoffs[:, numbers] >= 0])
        spread = partial(_spread, model, panel, cutoffs, ends, asked.quantiles)
        points, blocks = model._windows_ahead(panel, ends, plan.gap + plan.horizon, asked, spread)
        seasonal = seasonal_naive(panel, ends, plan.gap + plan.horizon, model.season_)
        parts.append((ends, points[:, plan.gap :], seasonal[:, plan.gap :], blocks[:, plan.gap :]))
    ends, points, seasonal, blocks = map(np.concatenate, zip(*parts))
    order = np.argsort(ends, kind="stable")
    columns = {
        POINT: points[order].ravel(),
        **asked.named(blocks[order]),
        NAIVE: naive(panel, ends[order], plan.horizon).ravel(),
        SEASONAL_NAIVE: seasonal[order].ravel(),
    }
    return _frame(forecaster.schema_, panel, ends[order], columns, plan)


def _models(
    forecaster: Forecaster, panel: Panel, cutoffs: NDArray[np.int64], plan: Plan
) -> Iterator[tuple[Forecaster, NDArray[np.int64]]]:
    """Fitted models, and the numbers of the windows that are each one's to forecast."""
    numbers = np.flatnonzero((cutoffs >= 0).any(axis=0))
    if not plan.refit:
        if not forecaster._history.was_fitted(panel, cutoffs[cutoffs >= 0]).any():
            yield forecaster, numbers
            return
        first = first_cutoffs(cutoffs)
        yield forecaster._fitted_copy(panel.before(np.where(first < 0, panel.offsets[:-1], first))), numbers
        return
    for start in range(0, len(numbers), plan.refit):
        rows = plan.fitted_rows(cutoffs, int(numbers[start]), panel)
        yield forecaster._fitted_copy(panel.select(rows)), numbers[start : start + plan.refit]


def _spread(
    model: Forecaster,
    panel: Panel,
    cutoffs: NDArray[np.int64],
    ends: NDArray[np.int64],
    quantiles: Sequence[float],
    points: NDArray[np.float64],
) -> NDArray[np.float64]:
    """(n, horizon, n_quantiles) what the errors of the windows at `ends` stay below with these probabilities.

    Besides what the model was calibrated with, that goes by how it did until each cutoff on rows that it has not seen.
    """
    calibration = model._calibration(points.shape[1], _known_before(model, panel, cutoffs))
    lag, earlier = points.shape[1], _earlier_windows(model, panel, cutoffs, points.shape[1])
    if len(earlier):
        before = model._forecast_at(panel, earlier, lag)
        points = np.concatenate([before, points])
    all_ends = np.concatenate([earlier, ends])
    order = np.argsort(all_ends, kind="stable")
    at, series = all_ends[order], panel.series_of(all_ends[order] - 1)
    first = np.maximum(first_cutoffs(cutoffs), panel.offsets[:-1])
    scales = model._usual_of(panel.select(ranges(panel.offsets[:-1], first), np.arange(panel.n_series)))
    relative = in_units(truth_after(panel, at, lag) - points[order], scales[series])
    sizes = mean_sizes(relative)
    known = ~np.isnan(sizes)
    prior = calibration.units(panel.ids, np.ones(panel.n_series))[series]
    units = recent_sizes(sizes[known], at[known], panel.offsets, at, lag, prior)
    stamps = stamps_of(panel.times)
    offsets = calibration.offsets_in_time(
        relative[known] / units[known, None], stamps[at[known] + lag - 1], quantiles, stamps[ends - 1], lag
    )
    wanted = np.searchsorted(at, ends)
    return (scales[series[wanted]] * units[wanted])[:, None, None] * offsets


def _known_before(model: Forecaster, panel: Panel, cutoffs: NDArray[np.int64]) -> Panel | None:
    """Return what the model knows of before the first cutoffs; None where that is all that it knows."""
    history, first = model._history.panel(), first_cutoffs(cutoffs)
    at = panel.ids.get_indexer(history.ids)
    last = np.where((at >= 0) & (first[at] >= 0), stamps_of(panel.times)[first[at] - 1], np.iinfo(np.int64).max)
    is_before = stamps_of(history.times) <= np.repeat(last, history.lengths)
    return None if is_before.all() else history.select(np.flatnonzero(is_before))


def _earlier_windows(model: Forecaster, panel: Panel, cutoffs: NDArray[np.int64], lag: int) -> NDArray[np.int64]:
    """Windows before the first cutoffs, some of which may be rows that the model was not fitted on."""
    first = first_cutoffs(cutoffs)
    begin = np.maximum(first - (1 + MEMORY) * lag, panel.offsets[:-1] + 1)
    stop = np.maximum(first - lag + 1, begin)
    rows = ranges(begin, stop)
    rows = rows[(rows - np.repeat(begin, stop - begin)) % max(1, lag // 4) == 0]
    return rows[~model._history.was_fitted(panel, rows)]


def _frame(
    schema: Schema, panel: Panel, ends: NDArray[np.int64], columns: dict[str, NDArray[np.float64]], plan: Plan
) -> Any:
    """id, cutoff, time, truth, and the columns of forecasts."""
    rows = (ends[:, None] + plan.gap + np.arange(plan.horizon)).ravel()
    columns = {
        CUTOFF: panel.times[np.repeat(ends - 1, plan.horizon)],
        LongNames.of(schema.roles).truth: panel.values[rows],
        **columns,
    }
    frame = write_long(schema.roles, panel.ids[panel.series_of(rows)], panel.times[rows], columns)
    names = list(frame.columns)
    return schema.like_input(frame[[names[0], CUTOFF, names[1], *[name for name in names[2:] if name != CUTOFF]]])


def truth_after(panel: Panel, ends: NDArray[np.int64], horizon: int) -> NDArray[np.float64]:
    """(n, horizon) the values from each of `ends` on; NaN behind the end of a series."""
    rows = ends[:, None] + np.arange(horizon)
    inside = rows < panel.ends[panel.series_of(ends - 1)][:, None]
    return np.where(inside, panel.values[np.where(inside, rows, 0)], np.nan)
