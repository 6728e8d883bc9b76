"""Forecasts at past cutoffs, each made without knowledge of what followed."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl._warnings import calls_within_tsl
from tsl.forecasting.evaluation.calibration import calibration_of
from tsl.forecasting.evaluation.conformal import (
    MEMORY,
    Calibration,
    QuantilesInTime,
    TimedScores,
    in_units,
    mean_sizes,
    recent_sizes,
)
from tsl.forecasting.evaluation.new_series import NewSeries
from tsl.forecasting.panel.missing import last_readings
from tsl.forecasting.panel.naive import naive, seasonal_naive
from tsl.forecasting.panel.panel import Panel, ranges, values_after
from tsl.forecasting.protocol import PanelModel
from tsl.forecasting.times.stamps import stamps_of

_NAMED = 5  # most series named in a warning
_SHARE_OF_STEPS = 4  # cutoffs before a backtest are a quarter of a horizon apart; by judgement, not measured


class TooShortWarning(UserWarning):
    """Warning that series are too short for all windows of a backtest and have fewer, or are left out."""


@dataclass(frozen=True)
class Plan:
    """The windows of a backtest: consecutive ones for each series."""

    horizon: int
    n_windows: int
    step: int
    gap: int
    refit: int
    """Number of windows after which the model is refitted; 0 for never."""
    sliding: bool
    cold_start: bool = False
    """Whether series are forecast from their first reading on, if enough others are known by then."""

    @classmethod
    def of(
        cls, horizon: int, n_windows: Any, step: Any, gap: Any, refit: Any, window: Any, cold_start: Any = False
    ) -> Plan:
        """Check the arguments of `Forecaster.backtest` and return the plan."""
        step = horizon if step is None else step
        for name, value, least in (("n_windows", n_windows, 1), ("step", step, 1), ("gap", gap, 0)):
            if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
                raise ValueError(f"{name} must be a whole number from {least} up, got {value!r}")
        if not isinstance(refit, (bool, np.bool_, Integral)) or refit < 0:
            raise ValueError(f"refit must be True, False or a whole number of windows, got {refit!r}")
        if window not in ("expanding", "sliding"):
            raise ValueError(f"window must be 'expanding' or 'sliding', got {window!r}")
        if not isinstance(cold_start, (bool, np.bool_)):
            raise ValueError(f"cold_start must be True or False, got {cold_start!r}")
        sliding = window == "sliding"
        return cls(horizon, int(n_windows), int(step), int(gap), int(refit), sliding, bool(cold_start))

    @property
    def n_ahead(self) -> int:
        """Steps from a cutoff to the last one forecast."""
        return self.gap + self.horizon

    @property
    def needs(self) -> str:
        """The parameters that windows need rows for, for messages."""
        return f"horizon={self.horizon}" + (f" and gap={self.gap}" if self.gap else "")

    def too_short(self, longest: int) -> ValueError:
        """Return the error if no series has a window; the longest has so many rows."""
        return ValueError(f"a backtest with {self.needs} needs rows to forecast and one before, got {longest} at most")

    def cutoffs(self, panel: Panel, lowest: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the cutoff of each window (n_series, n_windows), -1 for a missing window.

        Windows are counted from the end of each series. Each has its cutoff at `lowest` (n_series,) or later, after
        more than a horizon of rows from the first reading on; the last window may have fewer.
        """
        found, begin = self._cutoffs_from_end(panel), _first_readings(panel)
        is_window = found >= np.maximum(lowest, begin + self.horizon + 1)[:, None]
        is_window[:, -1] = found[:, -1] >= np.maximum(lowest, begin + 1)
        return np.where(is_window, found, -1)

    def with_cold_starts(
        self, cutoffs: NDArray[np.int64], new: NewSeries, lowest: NDArray[np.int64], earliest: int
    ) -> NDArray[np.int64]:
        """Return `cutoffs` (n_series, n_windows) with the missing ones that can be forecast from other series.

        These are at the first reading of their series or later, and not at a time before `earliest`.
        """
        panel = new.panel
        found = self._cutoffs_from_end(panel)
        is_window = found >= np.maximum(lowest, _first_readings(panel))[:, None]
        at = np.where(is_window, found, panel.offsets[:-1, None])
        is_window &= (new.stamps[at] >= earliest) & new.can_forecast(at)
        return np.where((cutoffs >= 0) | is_window, found, -1)

    def _cutoffs_from_end(self, panel: Panel) -> NDArray[np.int64]:
        """Return the cutoffs of all windows (n_series, n_windows), counted from the end of each series."""
        return panel.ends[:, None] - (self.n_ahead + self.step * np.arange(self.n_windows)[::-1])

    def fitted_rows(self, cutoffs: NDArray[np.int64], number: int, panel: Panel) -> NDArray[np.int64]:
        """Return the rows to fit on before forecasting window `number`, for the series that have windows."""
        behind = (self.n_windows - 1 - number) * self.step
        stops = np.where(cutoffs[:, -1] >= 0, panel.ends - self.n_ahead - behind, panel.offsets[:-1])
        starts = panel.offsets[:-1]
        stops = np.where(stops > _first_readings(panel), stops, starts)
        if self.sliding:
            n_rows = first_cutoffs(cutoffs) - starts  # a series that has just begun grows to as many rows
            starts = np.maximum(starts, stops - (n_rows.max() if self.cold_start else n_rows))
        return ranges(starts, np.maximum(stops, starts))


class Backtest(NamedTuple):
    """Forecasts of n windows, in the order of their cutoffs."""

    cutoffs: NDArray[np.int64]
    """(n,)"""
    rows: NDArray[np.int64]
    """The rows that are forecast, (n, horizon)."""
    points: NDArray[np.float64]
    """(n, horizon)"""
    quantiles: NDArray[np.float64]
    """(n, horizon, n_quantiles)"""
    naive: NDArray[np.float64]
    """(n, horizon); NaN if there is no reading before the cutoff."""
    seasonal_naive: NDArray[np.float64]
    """(n, horizon), likewise."""
    last_known: pd.Index
    """(n,) the last timestamp before each cutoff."""


def _first_readings(panel: Panel) -> NDArray[np.int64]:
    """Return the row of the first reading of each series (n_series,), or its end if there is none."""
    read = last_readings(panel.values, panel.offsets) >= 0  # from the first reading on
    return panel.ends - np.add.reduceat(read, panel.offsets[:-1], dtype=np.int64)


def first_cutoffs(cutoffs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the earliest cutoff of each series (n_series,), -1 for none."""
    first = np.argmax(cutoffs >= 0, axis=1)
    return cutoffs[np.arange(len(cutoffs)), first]


def with_cutoffs(
    plan: Plan, panel: Panel, lowest: NDArray[np.int64], model: PanelModel, new: NewSeries | None = None
) -> tuple[Plan, NDArray[np.int64]]:
    """Return the plan with as many windows as possible, and their cutoffs as from `Plan.cutoffs`.

    With `new`, series that have just begun also have windows; if a model is refitted before the first window of the
    others, they have windows only from that time on.

    Raises
    ------
    ValueError
        If no series has a window.
    """
    n_windows, most = plan.n_windows, int(panel.lengths.max()) // plan.step + 1
    plan = replace(plan, n_windows=min(n_windows, most))
    table = plan.cutoffs(panel, lowest)
    if new is not None:
        usual = table[table >= 0]
        is_refitted = len(usual) and (plan.refit or model.was_fitted(panel, usual).any())
        earliest = new.stamps[usual].min() if is_refitted else np.iinfo(np.int64).min
        table = plan.with_cold_starts(table, new, lowest, int(earliest))
    check_cutoffs(table, panel, plan, n_windows)
    return plan, table


def check_cutoffs(cutoffs: NDArray[np.int64], panel: Panel, plan: Plan, n_windows: int) -> None:
    """Warn of series that are left out, or have fewer than `n_windows`.

    Raises
    ------
    ValueError
        If no series has a window.
    """
    counts = (cutoffs >= 0).sum(axis=1)
    if not counts.any():
        raise plan.too_short(int(panel.lengths.max()))
    notes = []
    for what, which in (
        ("are left out, too short for a window", counts == 0),
        (f"have fewer than n_windows={n_windows}", (counts > 0) & (counts < n_windows)),
    ):
        if which.any():
            names = ", ".join(map(repr, panel.ids[which][:_NAMED])) + (", ..." if which.sum() > _NAMED else "")
            notes.append(f"{which.sum()} series {what}: {names}")
    if notes:
        warnings.warn(f"with {plan.needs}, " + "; ".join(notes), TooShortWarning, stacklevel=calls_within_tsl())


def backtest(
    model: PanelModel, panel: Panel, lowest: NDArray[np.int64], plan: Plan, quantiles: Sequence[float]
) -> Backtest:
    """Return the forecasts of a backtest on `panel`, whose missing readings are still missing.

    A model that was fitted to the rows to forecast is refitted to the rows before the first cutoff.
    """
    new = NewSeries.of(model, panel) if plan.cold_start else None
    plan, table = with_cutoffs(plan, panel, lowest, model, new)
    fits = (Fit(*fitted) for fitted in fitted_models(model, panel, table, plan))
    return forecast_windows(fits, panel, table, plan, quantiles, new)


class Fit(NamedTuple):
    """A fitted model in a backtest."""

    model: PanelModel
    numbers: NDArray[np.int64]
    """The numbers of the windows that it forecasts."""
    calibration: Calibration | None = None
    """Its errors by what was known before the backtest; None for what it knows itself of then."""
    scores: QuantilesInTime | None = None
    """Quantiles of its scores in the course of the backtest; None for those on the panel that is forecast."""

    def cutoffs(self, table: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the cutoffs of its forecasts, (n,) ascending, from all cutoffs `table` (n_series, n_windows)."""
        own = table[:, self.numbers]
        return np.sort(own[own >= 0])


def forecast_windows(
    fits: Iterable[Fit],
    panel: Panel,
    table: NDArray[np.int64],
    plan: Plan,
    quantiles: Sequence[float],
    new: NewSeries | None = None,
) -> Backtest:
    """Return the forecasts of fitted models at their windows, whose cutoffs are the `table` of `with_cutoffs`."""
    parts = []
    for fit in fits:
        cutoffs = fit.cutoffs(table)
        points, own = _forecast(fit, panel, table, cutoffs, plan.n_ahead, quantiles, new)
        seasonal = seasonal_naive(panel, cutoffs, plan.n_ahead, fit.model.season)
        parts.append((cutoffs, *(block[:, plan.gap :] for block in (points, own, seasonal))))
    cutoffs, points, own, seasonal = map(np.concatenate, zip(*parts))
    order = np.argsort(cutoffs, kind="stable")
    cutoffs, seasonal = cutoffs[order], seasonal[order]
    rows = cutoffs[:, None] + plan.gap + np.arange(plan.horizon)
    simple, last_known = naive(panel, cutoffs, plan.horizon), panel.times[cutoffs - 1]
    if new is not None:
        is_first = new.n_readings(cutoffs) == 0
        simple[is_first] = seasonal[is_first] = np.nan
        last_known = last_known.where(~is_first, new.last_known(cutoffs))
    return Backtest(cutoffs, rows, points[order], own[order], simple, seasonal, last_known)


def window_scores(fit: Fit, panel: Panel, table: NDArray[np.int64], plan: Plan) -> TimedScores:
    """Return the scores of a calibrated model on a panel in the course of a backtest."""
    assert fit.calibration is not None
    cutoffs = fit.cutoffs(table)
    points = fit.model.forecast(panel, cutoffs, plan.n_ahead).points
    return _recent(fit.model, panel, first_cutoffs(table), cutoffs, points, fit.calibration)[1]


def _forecast(
    fit: Fit,
    panel: Panel,
    table: NDArray[np.int64],
    cutoffs: NDArray[np.int64],
    n_ahead: int,
    quantiles: Sequence[float],
    new: NewSeries | None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return points (n, n_ahead) and quantiles (n, n_ahead, n_quantiles) at `cutoffs`, some of those of the `table`."""
    first = first_cutoffs(table)
    if new is None:
        return _by_model(fit, panel, first, cutoffs, n_ahead, quantiles)
    is_new = new.is_new(cutoffs)
    points = np.empty((len(cutoffs), n_ahead))
    found = np.empty((*points.shape, len(quantiles)))
    if is_new.any():
        points[is_new], found[is_new] = new.forecast(fit.model, cutoffs[is_new], n_ahead, quantiles)
    if not is_new.all():  # what came before their own first cutoffs tells the size of their errors
        later = first_cutoffs(np.where((table >= 0) & ~new.is_new(np.maximum(table, 0)), table, -1))
        first = np.where(later >= 0, later, first)
        points[~is_new], found[~is_new] = _by_model(fit, panel, first, cutoffs[~is_new], n_ahead, quantiles)
    return points, found


def _by_model(
    fit: Fit,
    panel: Panel,
    first: NDArray[np.int64],
    cutoffs: NDArray[np.int64],
    n_ahead: int,
    quantiles: Sequence[float],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the same by the model itself; `first` (n_series,) are the earliest cutoffs of the backtest."""
    model = fit.model
    points, own = model.forecast(panel, cutoffs, n_ahead, quantiles)
    if own is None:
        calibration = fit.calibration or _calibrate_before(model, panel, first, n_ahead)
        units, scores = _recent(model, panel, first, cutoffs, points, calibration)
        in_time = fit.scores or calibration.residual_quantiles_in_time(scores, quantiles, n_ahead)
        own = model.bounded(points[:, :, None] + units[:, None, None] * in_time.at(scores.at))
    return points, own


def in_sample(model: PanelModel) -> tuple[Panel, NDArray[np.int64], NDArray[np.float64]]:
    """Return all rows, the rows that the model forecasts in sample (n,), a horizon at a time, and their forecasts (n,).

    The last forecast of each series ends with the series; its first rows have no forecast.

    Raises
    ------
    ValueError
        If all series are too short.
    """
    horizon, panel = model.horizon, model.panel()
    counts = (panel.lengths - 1) // horizon
    if not counts.any():
        raise ValueError(f"horizon={horizon} must be shorter than a series, got {panel.lengths.max()} rows at most")
    cutoffs = np.sort(np.repeat(panel.ends, counts) - horizon * (1 + ranges(np.zeros_like(counts), counts)))
    rows = (cutoffs[:, None] + np.arange(horizon)).ravel()
    return panel, rows, model.forecast(panel, cutoffs, horizon).points.ravel()


def fitted_models(
    model: PanelModel, panel: Panel, cutoffs: NDArray[np.int64], plan: Plan
) -> Iterator[tuple[PanelModel, NDArray[np.int64]]]:
    """Yield fitted models, each with the numbers of the windows that it forecasts."""
    numbers = np.flatnonzero((cutoffs >= 0).any(axis=0))
    if not plan.refit:
        if not model.was_fitted(panel, cutoffs[cutoffs >= 0]).any():
            yield model, numbers
            return
        first = first_cutoffs(cutoffs)
        before = np.where(first > _first_readings(panel), first, panel.offsets[:-1])
        yield _refitted(model, panel.before(before)), numbers
        return
    for start in range(0, len(numbers), plan.refit):
        rows = plan.fitted_rows(cutoffs, int(numbers[start]), panel)
        yield _refitted(model, panel.select(rows)), numbers[start : start + plan.refit]


def _refitted(model: PanelModel, panel: Panel) -> PanelModel:
    if not panel.n_series:
        raise ValueError("a backtest needs rows before its first windows to fit a model on, got none in any series")
    return model.refit(panel)


def _recent(
    model: PanelModel,
    panel: Panel,
    first: NDArray[np.int64],
    cutoffs: NDArray[np.int64],
    points: NDArray[np.float64],
    calibration: Calibration,
) -> tuple[NDArray[np.float64], TimedScores]:
    """Return the residual (n,) that a score of 1 stands for at `cutoffs` (n,), and the scores of the model.

    They depend on its `calibration` and on its errors before each cutoff on rows that it has not seen. `points`
    (n, n_ahead) are its forecasts, and `first` (n_series,) has the earliest cutoffs of the backtest.
    """
    n_ahead = points.shape[1]
    earlier = _earlier_cutoffs(model, panel, first, n_ahead)
    if len(earlier):
        points = np.concatenate([model.forecast(panel, earlier, n_ahead).points, points])
    at = np.concatenate([earlier, cutoffs])
    order = np.argsort(at, kind="stable")
    at, points = at[order], points[order]
    series = panel.series_of(at - 1)
    known = panel.select(ranges(panel.offsets[:-1], np.maximum(first, panel.offsets[:-1])), np.arange(panel.n_series))
    scales = model.naive_scale(known)
    relative = in_units(values_after(panel, at, n_ahead) - points, scales[series])
    sizes = mean_sizes(relative)
    is_known = ~np.isnan(sizes)
    prior = calibration.units(panel.ids, np.ones(panel.n_series))[series]
    units = recent_sizes(sizes[is_known], at[is_known], panel.offsets, at, n_ahead, prior)
    stamps, wanted = stamps_of(panel.times), np.searchsorted(at, cutoffs)
    scores = TimedScores(
        relative[is_known] / units[is_known, None], stamps[at[is_known] + n_ahead - 1], stamps[cutoffs - 1]
    )
    return scales[series[wanted]] * units[wanted], scores


def _calibrate_before(model: PanelModel, panel: Panel, first: NDArray[np.int64], n_ahead: int) -> Calibration:
    """Return the errors to expect from a model, from its known rows before the `first` cutoffs."""
    known = known_before(model, panel, first)
    return calibration_of(model, n_ahead, None if known is model.panel() else known)


def known_before(model: PanelModel, panel: Panel, first: NDArray[np.int64]) -> Panel:
    """Return the model's known rows before the `first` cutoffs: its own panel if that is all of them."""
    history = model.panel()
    at = panel.ids.get_indexer(history.ids)
    until = np.where((at >= 0) & (first[at] >= 0), stamps_of(panel.times)[first[at]], np.iinfo(np.int64).max)
    is_before = stamps_of(history.times) < np.repeat(until, history.lengths)
    return history if is_before.all() else history.select(np.flatnonzero(is_before))


def _earlier_cutoffs(model: PanelModel, panel: Panel, first: NDArray[np.int64], n_ahead: int) -> NDArray[np.int64]:
    """Return cutoffs before the `first` ones of the backtest that are followed by rows the model was not fitted to."""
    begin = np.maximum(first - (1 + MEMORY) * n_ahead, panel.offsets[:-1] + 1)
    stop = np.maximum(first - n_ahead + 1, begin)
    rows = ranges(begin, stop)
    rows = rows[(rows - np.repeat(begin, stop - begin)) % max(1, n_ahead // _SHARE_OF_STEPS) == 0]
    return rows[~model.was_fitted(panel, rows)]
