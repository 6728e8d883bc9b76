"""`LSTMForecaster` on a Dask cluster."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Self
from uuid import uuid4

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from tsl._estimator.checkpoints import open_checkpoint
from tsl._sklearn import check_parameters
from tsl._tables.columns import CUTOFF, NAIVE, POINT, SEASONAL_NAIVE
from tsl._warnings import calls_within_tsl
from tsl.dask import _frames, _parts
from tsl.dask._base import DaskEstimator
from tsl.dask._cluster import Cluster, connected, prepare_workers
from tsl.dask._extra import dd, delayed
from tsl.forecasting import LSTMForecaster
from tsl.forecasting.arguments import checked_horizon, refuse_targets_apart
from tsl.forecasting.evaluation.backtest import Plan
from tsl.forecasting.evaluation.score import mean_of
from tsl.forecasting.frames.encoder import Encoder
from tsl.forecasting.frames.intervals import IntervalRequest
from tsl.forecasting.frames.output import LongNames
from tsl.forecasting.frames.roles import Roles
from tsl.forecasting.frames.schema import Schema
from tsl.forecasting.model.counts import COUNTS
from tsl.forecasting.model.replicas import sampled
from tsl.forecasting.model.rounds import Replicas
from tsl.forecasting.panel.panel import Panel
from tsl.forecasting.panel.seasonality import find_season


class DaskLSTMForecaster(DaskEstimator):
    """LSTM forecaster of a panel that lies on a Dask cluster.

    It is an `LSTMForecaster` with `n_replicas`: the series of each replica are brought together on a worker, and stay
    there. For one number of replicas the result is the same, bit for bit, on any number of workers with one kind of
    processor.

    Parameters
    ----------
    horizon : int, default=24
        Steps to forecast.
    client : distributed.Client or None, default=None
        Client of the cluster; None for the one of this process.
    **parameters
        Those of `LSTMForecaster`. `n_replicas` is 8 by default, and at least 2: there should be as many as workers
        have threads, or more, and none with more series than a worker can hold. `n_threads` is for what is learned on
        the client; a worker trains as many replicas at once as it has threads.

    Attributes
    ----------
    model_ : LSTMForecaster
        The model, which knows a sample of the series. `to_local` returns one that knows all of them.

    See Also
    --------
    tsl.LSTMForecaster : The same on one machine.

    Examples
    --------
    >>> from distributed import Client
    >>> from tsl.dask import DaskLSTMForecaster
    >>> client = Client()  # doctest: +SKIP
    >>> model = DaskLSTMForecaster(24, random_state=0).fit(ddf)  # doctest: +SKIP
    >>> model.predict().to_parquet("forecasts")  # doctest: +SKIP
    """

    _plain = LSTMForecaster
    horizon: int
    past: Sequence[Any] | None
    future: Sequence[Any]
    freq: Any
    calendar: Any
    missing: str
    unknown: Any
    intervals: str
    loss: str

    def __init__(self, horizon: int = 24, *, client: Any = None, **parameters: Any) -> None:
        self._set(client, parameters | {"horizon": horizon})

    # --- learning -------------------------------------------------------------------------------------------

    def fit(
        self,
        data: Any,
        y: None = None,
        *,
        target: Any = None,
        id_col: Any = None,
        time_col: Any = None,
        static: Any = None,
        sample_weight: str | None = None,
        checkpoint: Any = None,
        checkpoint_every: float = 60.0,
    ) -> Self:
        """Learn from many series.

        Parameters
        ----------
        data : dask.dataframe.DataFrame or DataFrame
            A long frame, whatever its partitions; one of pandas, polars or Arrow is scattered.
        y : None
            Ignored, and must be None.
        target, id_col, time_col : column names, optional
            As for `LSTMForecaster.fit`.
        static : list of column names, optional
            Static covariates.
        sample_weight : column name, optional
            Weight of each row in training.
        checkpoint : path-like, optional
            As for `LSTMForecaster.fit`: a file on the client.
        checkpoint_every : float, default=60.0
            Seconds between two writes to the file.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If `data` is no frame, or `client` no client.
        ValueError
            If a parameter is out of range, the data cannot be learned from, the client is closed, or workers have
            another version of tsl.
        """
        refuse_targets_apart(y)
        model = self._unfitted()
        check_parameters(model)
        kept = open_checkpoint(checkpoint, checkpoint_every)
        cluster = Cluster(connected(self.client))
        prepare_workers(cluster.client)
        frame = _frames.as_dask(data, "data", model.n_replicas)
        named = {"target": target, "id_col": id_col, "time_col": time_col, "static": static}
        roles = _frames.long_roles(
            frame._meta, **named, past=self.past, future=self.future, sample_weight=sample_weight
        )
        if self.past is None:
            roles.warn_of_unused(frame._meta, stacklevel=3)
        frames = cluster.client.compute(_frames.dealt(frame, _frames.columns_of(roles), roles.id_col, model.n_replicas))
        schema, sample = self._learn_schema(cluster, frames, roles, static, sample_weight)
        nothing = sample.select(np.zeros(0, np.int64), np.zeros(0, np.int64))
        read = (schema, sample_weight, self._unfitted(), nothing)
        panels = cluster.spread(_parts.read_panel, frames, *read, name="read series")
        del frames
        replicas = self._replicas(cluster, panels, schema)
        model._fit_sample(schema, sample, replicas, checkpoint=kept, callbacks=model._own_callbacks())
        parts = cluster.spread(_parts.known_part, panels, cluster.shared(_parts.lean(model)), name="keep series")
        _repeat(cluster.each(_parts.outliers_of, parts, name="check series"))
        self.model_, self._parts, self._roles, self._nothing = model, parts, roles, nothing
        return self

    def _learn_schema(
        self, cluster: Cluster, frames: Sequence[Any], roles: Roles, static: Any, sample_weight: str | None
    ) -> tuple[Schema, Panel]:
        """Return the form of the data and a sample of its series; the categories are those of all series."""
        covariates = [*roles.past, *roles.future, *roles.static]
        facts = cluster.each(_frames.describe, frames, roles.id_col, covariates, name="describe series")
        hashes = np.concatenate([one["hashes"] for one in facts])
        if not len(hashes):
            raise ValueError("data must have rows, got none")
        wanted = hashes[sampled(hashes, np.concatenate([one["lengths"] for one in facts]))]
        rows = cluster.each(_frames.rows_with, frames, roles.id_col, wanted, name="draw a sample")
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
            freq=self.freq,
            calendar=self.calendar,
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

    def _replicas(self, cluster: Cluster, panels: Sequence[Any], schema: Schema) -> Replicas:
        return Replicas(panels, self.missing, len(schema.future.names), cluster)

    def update(self, data: Any) -> Self:
        """Add newer rows, or other series, to the known ones. The model is not refitted.

        Parameters
        ----------
        data : dask.dataframe.DataFrame or DataFrame
            A long frame in the form of the training data.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            As for `LSTMForecaster.update`; nothing is added then.
        """
        cluster, model = self._fitted()
        frames = cluster.client.compute(self._dealt(data, "data"))
        parts = [
            cluster.submit(_parts.updated, model, part, frame, replica=k, name="update series")
            for k, (part, frame) in enumerate(zip(self._parts, frames))
        ]
        cluster.finish(parts)
        self._parts = parts
        return self

    def to_local(self) -> LSTMForecaster:
        """Return a plain `LSTMForecaster` that knows all series, on this machine.

        Returns
        -------
        LSTMForecaster
            It predicts the same bits, and can be saved; its series are in the order of their ids where these can be
            ordered.
        """
        cluster, _ = self._fitted()
        return _parts.whole(self.model_, [part for part in cluster.results(self._parts) if len(part.store.ids)])

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
        """Forecast what follows each series, lazily.

        Parameters
        ----------
        horizon : int, optional
            As for `LSTMForecaster.predict`.
        future : dask.dataframe.DataFrame or DataFrame, optional
            As for `LSTMForecaster.predict`: a long frame.
        level, quantiles : float or sequence of float, optional
            As for `LSTMForecaster.predict`. Intervals are calibrated at the first call.
        data : dask.dataframe.DataFrame or DataFrame, optional
            As for `LSTMForecaster.predict`: a long frame.

        Returns
        -------
        dask.dataframe.DataFrame
            A partition for each replica, which is computed where its series lie.
        """
        request, horizon = IntervalRequest.of(level, quantiles), checked_horizon(horizon, self.horizon)
        cluster, model = self._fitted()
        if request.quantiles and self.intervals == "calibrated" and self.loss not in ("quantile", *COUNTS):
            model = self._calibrated(cluster, horizon)
        if data is not None or any(cluster.each(_parts.has_cold_start, self._parts, name="check series")):
            model = cluster.shared(_parts.lean(self.model_, self._known_sample(cluster)))
        nothing: list[Any] = [None] * len(self._parts)
        given = nothing if data is None else self._dealt(data, "data")
        ahead = nothing if future is None else self._dealt(future, "future")
        block = np.zeros((0, horizon, len(request.quantiles)))
        empty = self._empty({POINT: np.zeros(0), **request.named(block)})
        options = {"horizon": horizon, "level": level, "quantiles": quantiles}
        tasks = zip(self._parts, given, ahead)
        return _lazy(_parts.predicted, [(model, *own, empty, options) for own in tasks], empty, "predict")

    def _calibrated(self, cluster: Cluster, horizon: int) -> Any:
        """Return the model with the errors that intervals need, as a future."""
        horizon = max(horizon, int(self.horizon))
        if horizon not in self.model_._calibrations:
            arguments = (_parts.lean(self.model_), self._known_sample(cluster), horizon)
            found = cluster.submit(_parts.calibrated, *arguments, name="calibrate intervals")
            self.model_._calibrations[horizon] = cluster.results([found])[0]
        return cluster.shared(_parts.lean(self.model_))

    # --- evaluation -----------------------------------------------------------------------------------------

    def backtest(self, *, n_windows: int = 5, step: int | None = None, gap: int = 0) -> Any:
        """Forecast the last windows of each series from what was known before each of them.

        A copy is fitted now to the rows before the first window of each series; the forecasts are lazy.

        Parameters
        ----------
        n_windows : int, default=5
            As for `LSTMForecaster.backtest`.
        step : int, optional
            As for `LSTMForecaster.backtest`.
        gap : int, default=0
            As for `LSTMForecaster.backtest`.

        Returns
        -------
        dask.dataframe.DataFrame
            With the columns of `LSTMForecaster.backtest`, a partition for each replica.

        Raises
        ------
        ValueError
            If an argument is out of range, or all series are too short.
        """
        plan = Plan.of(int(self.horizon), n_windows, step, gap, False, "expanding")
        cluster, _ = self._fitted()
        splits = cluster.spread(_parts.before_backtest, self._parts, plan, name="split series")
        model, _ = self._refitted(cluster, splits, f"a backtest with horizon={plan.horizon}")
        numbers = {name: np.zeros(0) for name in (POINT, NAIVE, SEASONAL_NAIVE)}
        truth = LongNames.of(self._roles).truth
        empty = self._empty({truth: np.zeros(0), CUTOFF: self._nothing.times, **numbers})
        tasks = zip(self._parts, splits)
        return _lazy(_parts.backtested, [(model, *own, plan, empty) for own in tasks], empty, "backtest")

    def score(self) -> float:
        """Return the negative mean absolute scaled error (MASE) of the last horizon, so that more is better.

        Returns
        -------
        float
            As `LSTMForecaster.score`, but for the order of the sum over the series.

        Raises
        ------
        ValueError
            If there is nothing to score.
        """
        horizon = int(self.horizon)
        cluster, _ = self._fitted()
        splits = cluster.spread(_parts.before_last_horizon, self._parts, horizon, name="split series")
        model, sample = self._refitted(cluster, splits, f"score with horizon={horizon}")
        season = find_season(sample, self.model_.schema_.season_hints)
        errors = [
            cluster.submit(_parts.errors_of, model, part, split, season, replica=k, name="score series")
            for k, (part, split) in enumerate(zip(self._parts, splits))
        ]
        return -mean_of(np.concatenate(cluster.results(errors)))

    def _refitted(self, cluster: Cluster, splits: Sequence[Any], what: str) -> tuple[Any, Panel]:
        """Return a future of a model that is fitted to the beginnings of the series, and the sample of them."""
        facts = cluster.each(_parts.facts_of, splits, name="check series")
        if not any(one.n_used for one in facts):
            longest = max(one.longest for one in facts)
            raise ValueError(f"{what} needs rows to forecast and one before, got {longest} at most")
        _repeat([one.caught for one in facts])
        panels = cluster.spread(_parts.known_of, splits, name="known series")
        sample, schema = self._sample(cluster, panels), self.model_.schema_
        model = self._unfitted()._fit_sample(schema, sample, self._replicas(cluster, panels, schema))
        return cluster.shared(_parts.lean(model)), sample

    # --- parts ----------------------------------------------------------------------------------------------

    def _fitted(self) -> tuple[Cluster, Any]:
        """Return the cluster, and a future of the model without its series."""
        check_is_fitted(self, "model_")
        cluster = Cluster(connected(self.client))
        return cluster, cluster.shared(_parts.lean(self.model_))

    def _known_sample(self, cluster: Cluster) -> Panel:
        """Return the sample of the series that the model knows now."""
        return self._sample(cluster, cluster.spread(_parts.panel_of, self._parts, name="known series"))

    def _sample(self, cluster: Cluster, panels: Sequence[Any]) -> Panel:
        """Return the sample of the series of all replicas."""
        hashes, lengths = map(np.concatenate, zip(*cluster.each(_parts.hashes_and_lengths, panels, name="list series")))
        wanted = hashes[sampled(hashes, lengths)]
        return _parts.in_order_of_hashes(cluster.each(_parts.series_with, panels, wanted, name="draw a sample"))

    def _dealt(self, data: Any, name: str) -> list[Any]:
        """Return the rows of each replica among later ones, lazily."""
        roles, frame = self._roles, _frames.as_dask(data, name, len(self._parts))
        values = roles.future if name == "future" else (roles.target, *roles.past, *roles.future)
        needed = list(dict.fromkeys([roles.id_col, roles.time_col, *values]))
        missing = [column for column in needed if column not in frame.columns]
        if missing:
            raise ValueError(f"{name} must have the columns {missing}, as in fit, got {list(frame.columns)}")
        static = [] if name == "future" else [column for column in roles.static if column in frame.columns]
        return _frames.dealt(frame, [*needed, *static], roles.id_col, len(self._parts))

    def _empty(self, columns: dict[str, Any]) -> pd.DataFrame:
        """Return a long result without rows."""
        return self.model_.schema_.write_long(self._nothing.ids, self._nothing.times, columns)


def _lazy(function: Callable[..., pd.DataFrame], arguments: Sequence[Any], empty: pd.DataFrame, name: str) -> Any:
    """Return a Dask DataFrame with a partition for each of the `arguments`."""
    task, own = delayed(function, pure=False), uuid4().hex
    parts = [task(*one, dask_key_name=(f"{name}-{own}", k)) for k, one in enumerate(arguments)]
    return dd.from_delayed(parts, meta=empty, verify_meta=False)


def _repeat(caught: Sequence[_parts.Caught]) -> None:
    """Issue the warnings of workers, each once."""
    for category, message in dict.fromkeys(one for several in caught for one in several):
        warnings.warn(message, category, stacklevel=calls_within_tsl())
