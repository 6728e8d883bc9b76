"""What workers hold of a forecaster, namely the series of one replica, and tasks on them, which are pure functions."""

from __future__ import annotations

import contextlib
import copy
import threading
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl._tables.partitions import hashes_of
from tsl.forecasting.evaluation.backtest import Fit, forecast_windows, known_before, window_scores
from tsl.forecasting.evaluation.calibration import calibration_of
from tsl.forecasting.evaluation.conformal import Calibration, QuantilesInTime, TimedScores
from tsl.forecasting.evaluation.plan import Plan, check_cutoffs, first_cutoffs
from tsl.forecasting.evaluation.score import scaled_errors
from tsl.forecasting.forecaster import Forecaster
from tsl.forecasting.frames.intervals import IntervalRequest
from tsl.forecasting.frames.schema import Schema
from tsl.forecasting.lstm import LSTMForecaster
from tsl.forecasting.panel.domain import one_warning
from tsl.forecasting.panel.missing import check_missing
from tsl.forecasting.panel.outliers import without_outliers
from tsl.forecasting.panel.panel import Panel, joined
from tsl.forecasting.panel.scale import naive_scale
from tsl.forecasting.panel.store import MOST_READINGS, SeriesStore

Caught = list[tuple[type[Warning], str]]
"""Warnings on a worker, for the client to repeat."""


_one_at_a_time = threading.RLock()  # the threads of a process share its filters of warnings


@contextlib.contextmanager
def recorded() -> Iterator[Caught]:
    """Record warnings, in one thread at a time; the yielded list contains them at the end."""
    found: Caught = []
    with _one_at_a_time, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield found
    found += [(one.category, str(one.message)) for one in caught]


class Part(NamedTuple):
    """The series of a replica that a forecaster knows."""

    store: SeriesStore
    usual: NDArray[np.float64]
    """(n_series,) their naive scales in training."""
    schema: Schema
    """The schema with what is known only of these series: static covariates and patterns of the timestamps."""
    caught: Caught = []  # noqa: RUF012 (never changed)
    """Warnings about the rows added last."""


# --- reading --------------------------------------------------------------------------------------------------


def read_panel(
    frame: pd.DataFrame, schema: Schema, sample_weight: str | None, unfitted: Forecaster, nothing: Panel
) -> Panel:
    """Return the series of a frame in the order of their hashes, with missing readings not filled; or `nothing`."""
    if not len(frame):
        return nothing
    panel = schema.read(frame, sample_weight=sample_weight, unknown=unfitted.unknown)
    check_missing(panel, unfitted.missing)
    unfitted._check_values(panel)
    return panel.of_series(np.argsort(hashes_of(panel.ids), kind="stable"))


def hashes_and_lengths(panel: Panel) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return the hashes and the lengths of the series, (n_series,) each."""
    return hashes_of(panel.ids), panel.lengths


def series_with(panel: Panel, hashes: NDArray[np.uint64]) -> Panel:
    """Return the series with these hashes."""
    return panel.of_series(np.flatnonzero(np.isin(hashes_of(panel.ids), hashes)))


def in_order_of_hashes(panels: Sequence[Panel]) -> Panel:
    """Return the series of all panels, at least one, in the order of their hashes."""
    panel = joined([panel for panel in panels if panel.n_series])
    return panel.of_series(np.argsort(hashes_of(panel.ids), kind="stable"))


# --- a fitted model and a part --------------------------------------------------------------------------------


def known_part(panel: Panel, model: Forecaster) -> Part:
    """Return what a fitted model knows of the series of a replica."""
    if not panel.n_series:
        return Part(SeriesStore(panel, model.missing), np.zeros(0), model.schema_)
    schema = model.schema_.with_series(panel)
    static = replace(schema.static, ids=panel.ids, values=panel.static)
    with recorded() as caught:
        clipped = without_outliers(panel, len(schema.future.names), warn=True)
    usual = naive_scale(clipped, model.season_)
    return Part(SeriesStore(panel, model.missing), usual, replace(schema, static=static), caught)


class PartCheck(NamedTuple):
    """What must be known about a part before it is forecast."""

    has_cold_start: bool
    """Whether a series has so few readings that it is forecast from other series."""
    caught: Caught
    """Warnings about the rows added last."""


def check_of(part: Part) -> PartCheck:
    """Return what must be known about a part."""
    return PartCheck(bool((part.store.panel().n_readings <= MOST_READINGS).any()), part.caught)


def lean(model: Forecaster, sample: Panel | None = None) -> Forecaster:
    """Return the model without the series that it knows, with a sample of all series if that is needed."""
    own, panel = copy.copy(model), model._history.panel()
    own._sample = sample
    own._history = SeriesStore(panel.select(np.zeros(0, np.int64), np.zeros(0, np.int64)), model.missing)
    own._usual = np.zeros(0)
    if isinstance(own, LSTMForecaster):
        own.callbacks = None
    return own


def whole(model: LSTMForecaster, parts: Sequence[Part]) -> LSTMForecaster:
    """Return the model with the series of all parts, sorted by their ids if these can be ordered."""
    own, stores = copy.deepcopy(lean(model)), [part.store for part in parts]
    panel = joined([store.panel() for store in stores])
    with contextlib.suppress(TypeError):  # ids of several types
        panel = panel.of_series(np.asarray(panel.ids.argsort()))
    schema = model.schema_.with_series(panel)
    own.schema_ = replace(schema, static=replace(schema.static, ids=panel.ids, values=panel.static))
    own._history = SeriesStore(panel, model.missing)
    own._history.fitted_ids = stores[0].fitted_ids.append([store.fitted_ids for store in stores[1:]])
    own._history.fitted_until = np.concatenate([store.fitted_until for store in stores])
    own._usual = np.concatenate([part.usual for part in parts])
    own.callbacks = model.callbacks
    del own._sample
    return own


def panel_of(part: Part) -> Panel:
    """Return all known rows of a part."""
    return part.store.panel()


def with_part(model: Forecaster, part: Part) -> Forecaster:
    """Return the model as if it had been fitted only to the series of a part."""
    own = copy.copy(model)
    own.schema_, own._history, own._usual = part.schema, part.store.copy(), part.usual
    return own


@one_warning
def calibrated(model: Forecaster, sample: Panel, horizon: int) -> Calibration:
    """Return the errors to expect from a model, measured on a sample of the series that it knows."""
    own = with_part(model, known_part(sample, model))
    return calibration_of(own._model(), horizon, sample)


def updated(model: Forecaster, part: Part, frame: pd.DataFrame) -> Part:
    """Return the part with newer rows."""
    if not len(frame):
        return part._replace(caught=[])
    with recorded() as caught:
        own = with_part(model, part).update(frame)
    return Part(own._history, own._usual, own.schema_, caught)


def predicted(
    model: Forecaster,
    part: Part,
    data: pd.DataFrame | None,
    future: pd.DataFrame | None,
    empty: pd.DataFrame,
    options: dict[str, Any],
) -> pd.DataFrame:
    """Return the forecasts of the series of a part, or of those in `data`; `empty` if there are none."""
    if not (len(part.store.ids) if data is None else len(data)):
        return empty
    if future is not None and data is not None:  # covariates of other series are not needed
        id_col = model.schema_.roles.id_col
        future = future[future[id_col].isin(data[id_col].unique())]
    return with_part(model, part).predict(data=data, future=future, **options)


# --- evaluation -----------------------------------------------------------------------------------------------


class Whole(NamedTuple):
    """The rows of a backtest, some of which may be later than the known rows."""

    panel: Panel
    lowest: NDArray[np.int64]
    """(n_series,) the first row of each series that may be forecast."""


class WindowFacts(NamedTuple):
    """What the client needs to know about the windows of a part."""

    used: Any
    """(n_windows,) whether any series has this window; the last one is the last window of each series."""
    longest: int
    """Number of rows of the longest series."""
    was_fitted: bool
    """Whether any of the rows to forecast was in the training set."""
    hashes: NDArray[np.uint64]
    """(n_series,)"""
    caught: Caught


def whole_of(part: Part, frame: pd.DataFrame | None, model: Forecaster) -> Whole:
    """Return the known rows of a part, or those of a frame preceded by the known ones."""
    if frame is not None and len(frame):
        return Whole(*with_part(model, part)._continuation().whole(frame))
    panel = (part.store if frame is None else model._history).panel()
    return Whole(panel, panel.offsets[:-1])


def window_facts(whole: Whole, part: Part, model: Forecaster, plan: Plan) -> WindowFacts:
    """Return what the client needs to know about the windows of a part."""
    panel = whole.panel
    if not panel.n_series:
        return WindowFacts(np.zeros(0, bool), 0, False, np.zeros(0, np.uint64), [])
    longest = int(panel.lengths.max())
    own = replace(plan, n_windows=min(plan.n_windows, longest // plan.step + 1))
    table = own.cutoffs(panel, whole.lowest)
    is_window = table >= 0
    with recorded() as caught:
        if is_window.any():
            check_cutoffs(table, panel, plan, plan.n_windows)
    was_fitted = part.store.was_fitted(panel, table[is_window]).any()
    return WindowFacts(np.any(is_window, axis=0), longest, bool(was_fitted), hashes_of(panel.ids), caught)


def known_rows(whole: Whole, plan: Plan, number: int | None) -> Panel:
    """Return the rows to fit on before forecasting a window; None means those before the first window."""
    panel = whole.panel
    if not panel.n_series:
        return panel
    table = plan.cutoffs(panel, whole.lowest)
    if number is not None:
        return panel.select(plan.fitted_rows(table, number, panel))
    first = first_cutoffs(table)
    return panel.before(np.where(first < 0, panel.offsets[:-1], first))


def before_windows(known: Part, whole: Whole, model: Forecaster, plan: Plan) -> Panel:
    """Return the rows that a fitted model knows before the first window."""
    panel = whole.panel
    if not panel.n_series or not len(known.store.ids):
        return known.store.panel()
    return known_before(with_part(model, known)._model(), panel, first_cutoffs(plan.cutoffs(panel, whole.lowest)))


class PartFit(NamedTuple):
    """A fitted model in the backtest of a part."""

    model: Forecaster
    known: Part
    """What it knows of the series of the part."""
    numbers: NDArray[np.int64]
    """The numbers of the windows that it forecasts."""
    calibration: Calibration | None
    """The errors to expect from it, if they are needed."""

    def fit(self, scores: QuantilesInTime | None = None) -> Fit:
        """Return it in the form that evaluation takes."""
        model = with_part(self.model, self.known)._model()
        return Fit(model, self.numbers, self.calibration, scores)


@one_warning
def scores_of(
    whole: Whole,
    plan: Plan,
    wanted: NDArray[np.uint64],
    model: Forecaster,
    known: Part,
    numbers: NDArray[np.int64],
    calibration: Calibration,
) -> TimedScores | None:
    """Return the scores of a model on the series with these hashes; None if it forecasts none of them."""
    all_series = whole.panel
    chosen = np.flatnonzero(np.isin(hashes_of(all_series.ids), wanted))
    if not len(chosen):
        return None
    panel = all_series.of_series(chosen)
    table = plan.cutoffs(panel, panel.offsets[:-1] + (whole.lowest - all_series.offsets[:-1])[chosen])
    fit = PartFit(model, known, numbers, calibration).fit()
    return window_scores(fit, panel, table, plan) if len(fit.cutoffs(table)) else None


def quantiles_in_time(
    calibration: Calibration, quantiles: Sequence[float], n_ahead: int, scores: Sequence[TimedScores | None]
) -> QuantilesInTime:
    """Return the quantiles of scores in the course of a backtest from the scores of several parts."""
    known = [one for one in scores if one is not None]
    if not known:
        return QuantilesInTime(np.zeros(1, np.int64), calibration.residual_quantiles(quantiles, n_ahead)[None])
    together = TimedScores(*map(np.concatenate, zip(*known)))
    return calibration.residual_quantiles_in_time(together, quantiles, n_ahead)


@one_warning
def backtested(
    part: Part,
    whole: Whole,
    plan: Plan,
    request: IntervalRequest,
    empty: pd.DataFrame,
    fits: Sequence[tuple[Any, ...]],
) -> pd.DataFrame:
    """Return the forecasts of a backtest of a part; `fits` are fields of `PartFit` and the quantiles of its scores."""
    panel = whole.panel
    if not panel.n_series or not ((table := plan.cutoffs(panel, whole.lowest)) >= 0).any():
        return empty
    own = [PartFit(*fit).fit(scores) for *fit, scores in fits]
    found = forecast_windows([fit for fit in own if len(fit.cutoffs(table))], panel, table, plan, request.quantiles)
    return with_part(fits[0][0], part)._write_backtest(panel, found, request)


class Split(NamedTuple):
    """The rows of a part before those to be scored."""

    known: Panel
    cutoffs: NDArray[np.int64]
    """(n_series,) the first row of each series, in the whole part, that is not among them."""
    n_used: int
    """Number of series of which anything is forecast."""
    longest: int
    """Number of rows of the longest series."""


def facts_of(split: Split) -> tuple[int, int]:
    """Return the number of series that are scored, and the number of rows of the longest."""
    return split.n_used, split.longest


def known_of(split: Split) -> Panel:
    """Return the known rows."""
    return split.known


def before_last_horizon(part: Part, horizon: int) -> Split:
    """Return what is known before the last horizon of each series that is longer than a horizon."""
    panel = part.store.panel()
    is_long = panel.lengths > horizon
    cutoffs = np.where(is_long, panel.ends - horizon, panel.ends)
    known = panel.before(np.where(is_long, cutoffs, panel.offsets[:-1]))
    return Split(known, cutoffs, int(is_long.sum()), int(panel.lengths.max(initial=0)))


@one_warning
def errors_of(model: Forecaster, part: Part, split: Split, season: int) -> NDArray[np.float64]:
    """Return the scaled errors of series in the last horizon, for a model fitted to what was known before."""
    if not split.n_used:
        return np.zeros(0)
    own = with_part(model, known_part(split.known, model))
    return scaled_errors(own._model(), part.store.panel(), split.cutoffs, season)
