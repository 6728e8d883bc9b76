"""Forecasts at past cutoffs, each made without knowledge of what followed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

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
from tsl.forecasting.evaluation.plan import Plan, first_cutoffs, first_readings, with_cutoffs
from tsl.forecasting.panel.naive import naive, seasonal_naive
from tsl.forecasting.panel.panel import Panel, ranges, values_after
from tsl.forecasting.protocol import PanelModel
from tsl.forecasting.times.stamps import stamps_of

_SHARE_OF_STEPS = 4  # cutoffs before a backtest are a quarter of a horizon apart; by judgement, not measured


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
        before = np.where(first > first_readings(panel), first, panel.offsets[:-1])
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
