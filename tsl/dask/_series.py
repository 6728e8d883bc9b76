"""Forecasters of series in Dask frames: the common base of `LSTMForecaster` and the baselines."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple, Self

import numpy as np
import pandas as pd

from tsl._tables.columns import CUTOFF, NAIVE, POINT, SEASONAL_NAIVE
from tsl._tables.partitions import mapped
from tsl._warnings import calls_within_tsl
from tsl.dask import _frames, _parts
from tsl.dask._parts import PartCheck
from tsl.dask._tasks import Tasks
from tsl.forecasting.arguments import checked_horizon
from tsl.forecasting.evaluation.plan import Plan
from tsl.forecasting.evaluation.score import mean_of
from tsl.forecasting.frames.encoder import Encoder
from tsl.forecasting.frames.intervals import IntervalRequest
from tsl.forecasting.frames.output import LongNames
from tsl.forecasting.frames.roles import Roles
from tsl.forecasting.frames.schema import Schema
from tsl.forecasting.model.replicas import SAMPLE_SERIES, sampled
from tsl.forecasting.panel.panel import Panel
from tsl.forecasting.panel.seasonality import find_season

CALIBRATE = "calibrate intervals"


class Reading(NamedTuple):
    """What a fit starts from."""

    roles: Roles
    schema: Schema
    sample: Panel
    """The sample of series, for everything that is learned from all series together."""
    panels: list[Any]
    """A promise of the series of each replica."""


class SeriesOnDask:
    """Base class of forecasters whose series are distributed among replicas, each of them a promise of a part."""

    model_: Any
    _parts: list[Any]
    """A promise of what is known of the series of each replica."""
    _roles: Roles
    _nothing: Panel
    _has_cold_start: bool

    # --- defined by the subclass ------------------------------------------------------------------------------

    def _tasks(self) -> Tasks:
        """Return the runner of tasks."""
        raise NotImplementedError

    def _unfitted(self) -> Any:
        """Return the plain forecaster with the same parameters."""
        raise NotImplementedError

    def _fit_plain(self, tasks: Tasks, schema: Schema, sample: Panel, panels: Sequence[Any]) -> Any:
        """Return a plain forecaster fitted to the series of `panels`, of which `sample` is a sample."""
        raise NotImplementedError

    def _calibrates(self, request: IntervalRequest) -> bool:
        """Return whether these intervals need the errors of a copy on held-out data."""
        return bool(request.quantiles)

    # --- learning ---------------------------------------------------------------------------------------------

    def _read(
        self, tasks: Tasks, frame: Any, n_replicas: int, static: Any, sample_weight: Any, **named: Any
    ) -> Reading:
        """Read the Dask frame to learn from."""
        plain = self._unfitted()
        covariates = {"past": plain.past, "future": plain.future}
        roles = _frames.long_roles(frame._meta, **named, static=static, **covariates, sample_weight=sample_weight)
        if plain.past is None:
            roles.warn_of_unused(frame._meta, stacklevel=calls_within_tsl())
        frames = tasks.begin(_frames.dealt(frame, _frames.columns_of(roles), roles.id_col, n_replicas))
        schema, sample = self._learn_schema(tasks, frames, roles, static, sample_weight)
        read = (schema, sample_weight, plain, none_of(sample))
        return Reading(roles, schema, sample, tasks.spread(_parts.read_panel, frames, *read, name="read series"))

    def _know(self, tasks: Tasks, model: Any, reading: Reading) -> None:
        """Keep a fitted model and its series."""
        lean = tasks.shared(_parts.lean(model))
        self._parts = tasks.spread(_parts.known_part, reading.panels, lean, name="keep series")
        _repeat([one.caught for one in self._check_parts(tasks)])
        self.model_, self._roles, self._nothing = model, reading.roles, none_of(reading.sample)

    def _check_parts(self, tasks: Tasks) -> list[PartCheck]:
        found = tasks.each(_parts.check_of, self._parts, name="check series")
        self._has_cold_start = any(one.has_cold_start for one in found)
        return found

    def _learn_schema(
        self, tasks: Tasks, frames: Sequence[Any], roles: Roles, static: Any, sample_weight: str | None
    ) -> tuple[Schema, Panel]:
        """Return the schema of the data, with the categories of all series, and a sample of its series."""
        plain, covariates = self._unfitted(), [*roles.past, *roles.future, *roles.static]
        facts = tasks.each(_frames.describe, frames, roles.id_col, covariates, name="describe series")
        hashes = np.concatenate([one["hashes"] for one in facts])
        if not len(hashes):
            raise ValueError("data must have rows, got none")
        wanted = hashes[sampled(hashes, np.concatenate([one["lengths"] for one in facts]))]
        rows = tasks.each(_frames.rows_with, frames, roles.id_col, wanted, name="draw a sample")
        sample = _frames.rows_with(pd.concat(rows, ignore_index=True), roles.id_col, wanted)
        schema, _ = Schema.learn(
            sample.reset_index(drop=True),
            target=roles.target,
            id_col=roles.id_col,
            time_col=roles.time_col,
            past=list(roles.past),
            future=list(roles.future),
            static=static,
            sample_weight=sample_weight,
            freq=plain.freq,
            calendar=plain.calendar,
        )
        values: Any = {
            c: pd.concat([one["values"][c] for one in facts], ignore_index=True).rename(c) for c in covariates
        }
        schema = replace(
            schema,
            past=Encoder.learn(values, roles.past, "past"),
            future=Encoder.learn(values, roles.future, "future"),
            static=replace(schema.static, encoder=Encoder.learn(values, roles.static, "static")),
        )
        return schema, schema.read(sample, sample_weight=sample_weight)

    def update(self, data: Any) -> Self:
        """Add newer rows or new series to the known ones. The model is not refitted.

        Parameters
        ----------
        data : dask.dataframe.DataFrame or DataFrame
            A long frame of the same form as the training data.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            As in `LSTMForecaster.update`; nothing is added then.
        """
        tasks = self._tasks()
        model = tasks.shared(_parts.lean(self.model_))
        frames = tasks.begin(self._dealt(data, "data"))
        parts = [
            tasks.submit(_parts.updated, model, part, frame, replica=k, name="update series")
            for k, (part, frame) in enumerate(zip(self._parts, frames))
        ]
        tasks.finish(parts)
        self._parts = parts
        _repeat([one.caught for one in self._check_parts(tasks)])
        return self

    # --- forecasting ----------------------------------------------------------------------------------------

    def predict(
        self,
        horizon: int | None = None,
        *,
        future: Any = None,
        level: Any = None,
        quantiles: Any = None,
        data: Any = None,
    ) -> Any:
        """Forecast each series after its end, lazily.

        Parameters
        ----------
        horizon : int, optional
            As in `LSTMForecaster.predict`.
        future : dask.dataframe.DataFrame or DataFrame, optional
            As in `LSTMForecaster.predict`: a long frame.
        level, quantiles : float or sequence of float, optional
            As in `LSTMForecaster.predict`. Intervals are calibrated at the first call.
        data : dask.dataframe.DataFrame or DataFrame, optional
            As in `LSTMForecaster.predict`: a long frame.

        Returns
        -------
        dask.dataframe.DataFrame
            One partition per replica, computed where its series are.
        """
        request, horizon = IntervalRequest.of(level, quantiles), checked_horizon(horizon, self._unfitted().horizon)
        tasks = self._tasks()
        if self._calibrates(request):
            self._calibrate(tasks, max(horizon, int(self.model_.horizon)))
        with_sample = data is not None or self._has_cold_start
        model = tasks.shared(_parts.lean(self.model_, self._known_sample(tasks) if with_sample else None))
        nothing: list[Any] = [None] * len(self._parts)
        given = nothing if data is None else self._dealt(data, "data")
        ahead = nothing if future is None or not self.model_._reads_future else self._dealt(future, "future")
        block = np.zeros((0, horizon, len(request.quantiles)))
        empty = self._empty({POINT: np.zeros(0), **request.named(block)})
        options = {"horizon": horizon, "level": level, "quantiles": quantiles}
        each = zip(self._parts, given, ahead)
        return mapped(_parts.predicted, [(model, *own, empty, options) for own in each], empty, "predict")

    def _calibrate(self, tasks: Tasks, horizon: int) -> None:
        """Compute the errors that intervals need, and store them in the model."""
        if horizon not in self.model_._calibrations:
            sample = self._known_sample(tasks)
            found = tasks.submit(_parts.calibrated, _parts.lean(self.model_), sample, horizon, name=CALIBRATE)
            self.model_._calibrations[horizon] = tasks.results([found])[0]

    # --- evaluation -----------------------------------------------------------------------------------------

    def backtest(
        self,
        data: Any = None,
        *,
        n_windows: int = 5,
        step: int | None = None,
        gap: int = 0,
        refit: bool | int = False,
        window: Literal["expanding", "sliding"] = "expanding",
        level: Any = None,
        quantiles: Any = None,
        cold_start: bool = False,
    ) -> Any:
        """Forecast the last windows of each series, each from what was known before it.

        Models that are needed are fitted now, on all replicas; the forecasts are lazy.

        Parameters
        ----------
        data : dask.dataframe.DataFrame or DataFrame, optional
            Other series, or newer rows, as in `predict`; by default all known rows.
        n_windows : int, default=5
            As in `LSTMForecaster.backtest`.
        step : int, optional
            As in `LSTMForecaster.backtest`.
        gap : int, default=0
            As in `LSTMForecaster.backtest`.
        refit : bool or int, default=False
            As in `LSTMForecaster.backtest`.
        window : {"expanding", "sliding"}, default="expanding"
            As in `LSTMForecaster.backtest`.
        level, quantiles : float or sequence of float, optional
            As in `predict`.
        cold_start : bool, default=False
            Must be False: no single worker knows when all series begin.

        Returns
        -------
        dask.dataframe.DataFrame
            With the columns of `LSTMForecaster.backtest`, one partition per replica.

        Raises
        ------
        ValueError
            If an argument is out of range, or all series are too short.
        """
        if cold_start is not False:
            raise ValueError(f"cold_start must be False for series on Dask, got {cold_start!r}")
        plan = Plan.of(int(self._unfitted().horizon), n_windows, step, gap, refit, window)
        request, tasks = IntervalRequest.of(level, quantiles), self._tasks()
        lean = tasks.shared(_parts.lean(self.model_))
        frames = [None] * len(self._parts) if data is None else tasks.begin(self._dealt(data, "data"))
        wholes = [
            tasks.submit(_parts.whole_of, part, frame, lean, replica=k, name="rows of windows")
            for k, (part, frame) in enumerate(zip(self._parts, frames))
        ]
        each = enumerate(zip(wholes, self._parts))
        facts = tasks.results(
            [tasks.submit(_parts.window_facts, *own, lean, plan, replica=k, name="find windows") for k, own in each]
        )
        plan, numbers = _windows_of(facts, plan)
        fits = self._fits(tasks, wholes, plan, numbers, any(one.was_fitted for one in facts), self._calibrates(request))
        scores: list[Any] = [None] * len(fits)
        if self._calibrates(request):
            wanted = np.sort(np.concatenate([one.hashes for one in facts]))[:SAMPLE_SERIES]
            scores = [self._scores(tasks, wholes, plan, wanted, fit, request) for fit in fits]
        for_part = [[(*fit[k], one) for fit, one in zip(fits, scores)] for k in range(len(wholes))]
        none = np.zeros(0)
        columns = {POINT: none, **request.named(np.zeros((0, plan.horizon, len(request.quantiles))))}
        columns |= {NAIVE: none, SEASONAL_NAIVE: none}
        truth = LongNames.of(self._roles).truth
        empty = self._empty({truth: none, CUTOFF: self._nothing.times, **columns})
        given = [(*own, plan, request, empty, used) for *own, used in zip(self._parts, wholes, for_part)]
        return mapped(_parts.backtested, given, empty, "backtest")

    def _fits(
        self, tasks: Tasks, wholes: list[Any], plan: Plan, numbers: Any, was_fitted: bool, calibrates: bool
    ) -> list[list[tuple[Any, ...]]]:
        """Return the fits of a backtest: for each, the fields of `_parts.PartFit` of every replica."""
        fits = []
        starts = range(0, len(numbers), plan.refit or len(numbers))
        for start in starts:
            own, model, known = numbers[start : start + starts.step], self.model_, self._parts
            if plan.refit or was_fitted:
                first = int(own[0]) if plan.refit else None
                panels = tasks.spread(_parts.known_rows, wholes, plan, first, name="known series")
                model = self._fit_plain(tasks, self.model_.schema_, self._sample(tasks, panels), panels)
                known = tasks.spread(_parts.known_part, panels, tasks.shared(_parts.lean(model)), name="keep series")
            lean = tasks.shared(_parts.lean(model))
            calibration = self._calibration_before(tasks, lean, known, wholes, plan) if calibrates else None
            fits.append([(lean, part, own, calibration) for part in known])
        return fits

    def _scores(
        self, tasks: Tasks, wholes: list[Any], plan: Plan, wanted: Any, fit: list[Any], request: IntervalRequest
    ) -> Any:
        """Return a promise of the quantiles of the scores of a model, from the series with these hashes."""
        scores = [
            tasks.submit(_parts.scores_of, whole, plan, wanted, *own, replica=k, name="score windows")
            for k, (whole, own) in enumerate(zip(wholes, fit))
        ]
        given = (fit[0][-1], request.quantiles, plan.n_ahead, scores)
        return tasks.submit(_parts.quantiles_in_time, *given, name=CALIBRATE)

    def _calibration_before(self, tasks: Tasks, model: Any, known: list[Any], wholes: list[Any], plan: Plan) -> Any:
        """Return a promise of the errors to expect from a model, from its known rows before the backtest windows."""
        before = [
            tasks.submit(_parts.before_windows, *own, model, plan, replica=k, name="known series")
            for k, own in enumerate(zip(known, wholes))
        ]
        horizon = max(plan.n_ahead, plan.horizon)
        return tasks.submit(_parts.calibrated, model, self._sample(tasks, before), horizon, name=CALIBRATE)

    def score(self) -> float:
        """Return the negative mean absolute scaled error (MASE) of the last horizon, so that higher is better.

        Returns
        -------
        float
            As from `LSTMForecaster.score`, except for the order of the sum over the series.

        Raises
        ------
        ValueError
            If there is nothing to score.
        """
        horizon, tasks = int(self._unfitted().horizon), self._tasks()
        splits = tasks.spread(_parts.before_last_horizon, self._parts, horizon, name="split series")
        n_used, longest = zip(*tasks.each(_parts.facts_of, splits, name="check series"))
        if not any(n_used):
            raise ValueError(f"score needs a series longer than horizon={horizon}, got {max(longest)} rows at most")
        panels, schema = tasks.spread(_parts.known_of, splits, name="known series"), self.model_.schema_
        sample = self._sample(tasks, panels)
        model = tasks.shared(_parts.lean(self._fit_plain(tasks, schema, sample, panels)))
        season = find_season(sample, schema.season_hints)
        errors = [
            tasks.submit(_parts.errors_of, model, part, split, season, replica=k, name="score series")
            for k, (part, split) in enumerate(zip(self._parts, splits))
        ]
        return -mean_of(np.concatenate(tasks.results(errors)))

    # --- parts ----------------------------------------------------------------------------------------------

    def _known_sample(self, tasks: Tasks) -> Panel:
        """Return the sample of the series that the model currently knows."""
        return self._sample(tasks, tasks.spread(_parts.panel_of, self._parts, name="known series"))

    def _sample(self, tasks: Tasks, panels: Sequence[Any]) -> Panel:
        """Return the sample of the series of all replicas."""
        hashes, lengths = map(np.concatenate, zip(*tasks.each(_parts.hashes_and_lengths, panels, name="list series")))
        wanted = hashes[sampled(hashes, lengths)]
        return _parts.in_order_of_hashes(tasks.each(_parts.series_with, panels, wanted, name="draw a sample"))

    def _dealt(self, data: Any, name: str) -> list[Any]:
        """Return the rows of each replica in later data, lazily."""
        roles, frame = self._roles, _frames.as_dask(data, name, len(self._parts))
        values = roles.future if name == "future" else (roles.target, *roles.past, *roles.future)
        needed = list(dict.fromkeys([roles.id_col, roles.time_col, *values]))
        missing = [column for column in needed if column not in frame.columns]
        if missing:
            raise ValueError(f"{name} must have the columns {missing}, as in fit, got {list(frame.columns)}")
        static = [] if name == "future" else [column for column in roles.static if column in frame.columns]
        return _frames.dealt(frame, [*needed, *static], roles.id_col, len(self._parts))

    def _empty(self, columns: dict[str, Any]) -> pd.DataFrame:
        """Return an empty long result."""
        return self.model_.schema_.write_long(self._nothing.ids, self._nothing.times, columns)


def none_of(panel: Panel) -> Panel:
    """Return the panel without series."""
    return panel.select(np.zeros(0, np.int64), np.zeros(0, np.int64))


def _windows_of(facts: Sequence[_parts.WindowFacts], plan: Plan) -> tuple[Plan, Any]:
    """Return the plan with as many windows as possible, and the numbers of those that are used.

    Raises
    ------
    ValueError
        If all series are too short.
    """
    n_windows = max(len(one.used) for one in facts)
    used = np.zeros(n_windows, bool)
    for one in facts:
        used[n_windows - len(one.used) :] |= one.used
    if not used.any():
        raise plan.too_short(max(one.longest for one in facts))
    _repeat([one.caught for one in facts])
    return replace(plan, n_windows=n_windows), np.flatnonzero(used)


def _repeat(caught: Sequence[_parts.Caught]) -> None:
    """Issue the warnings of workers, each only once."""
    for category, message in dict.fromkeys(one for several in caught for one in several):
        warnings.warn(message, category, stacklevel=calls_within_tsl())
