"""The methods of all forecasters: frames in, frames out."""

from __future__ import annotations

from numbers import Integral
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from tsl._tables.columns import CUTOFF, NAIVE, POINT, RESIDUAL, SEASONAL_NAIVE
from tsl.forecasting.ahead import forecast_ahead, simulate_ahead
from tsl.forecasting.arguments import checked_horizon, refuse_targets_apart, shown
from tsl.forecasting.evaluation.backtest import Backtest, backtest, in_sample
from tsl.forecasting.evaluation.calibration import calibration_of
from tsl.forecasting.evaluation.plan import Plan
from tsl.forecasting.evaluation.score import scaled_error, without_last_horizon
from tsl.forecasting.frames.continuation import StepsAhead
from tsl.forecasting.frames.intervals import IntervalRequest
from tsl.forecasting.frames.output import LongNames
from tsl.forecasting.panel.domain import one_warning
from tsl.forecasting.panel.panel import Panel
from tsl.forecasting.panel_estimator import PanelEstimator


class Forecaster(PanelEstimator):
    """Forecaster of one or many series: frames in, frames out."""

    _reads_future = True
    """Whether `predict` reads its argument `future`."""

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
        sample_weight: Any = None,
    ) -> Self:
        """Learn from one or many series.

        Parameters
        ----------
        data : Series or DataFrame
            From pandas, polars or Arrow (a table, or an object with ``__arrow_c_stream__``): a Series; a frame with the
            column `target` and a time index, or a column `time_col`; if `target` is None, a frame in which each column
            is a series; or a long frame with the columns `id_col`, `time_col` and `target`, which need not be named if
            they are ``unique_id``, ``ds`` and ``y``, or ``ds`` and ``y`` for a single series.
        y : None
            Not used, must be None: scikit-learn's pipelines and searches pass it. The target is in `data`.
        target, id_col, time_col : column names, optional
            Columns of the target, the ids of the series and the timestamps.
        static : list of column names, or DataFrame, optional
            Static covariates: columns of a long frame, or a table with the ids as its index.
        sample_weight : column name or array of shape (n_rows,), optional
            Weight of each row in training.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If `data` is neither a Series nor a DataFrame.
        ValueError
            If a parameter is out of range, or the data cannot be learned from.

        Warns
        -----
        IgnoredColumnsWarning
            If ``past=None`` and a long frame has columns that no argument names.
        OutlierWarning
            If readings lie so far from all others that `fit` replaces them with less extreme values.
        """
        refuse_targets_apart(y)
        roles = {"target": target, "id_col": id_col, "time_col": time_col}
        read = self._read_training(data, **roles, static=static, sample_weight=sample_weight)
        self._fit_read(*read, warn=True)
        self._see(data)
        return self

    @one_warning
    def calibrate(self, horizon: int | None = None) -> Self:
        """Calibrate prediction intervals now, rather than when `predict` first needs them.

        A copy of the model is fitted without the end of each series, and its errors on that end are kept, also in a
        file: for a server, calibrate before `tsl.save`. `simulate` needs them too. Threads that need them at the same
        time share one fit.

        Parameters
        ----------
        horizon : int, optional
            Number of steps that will be forecast, if it is larger than the constructor's `horizon`.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If `horizon` is below 1, or no series has 3 rows.
        """
        calibration_of(self._model(), checked_horizon(horizon, self.horizon))
        return self

    @one_warning
    def update(self, data: Any) -> Self:
        """Add newer rows or other series to the known ones, without refitting: forecasts then start after them.

        Parameters
        ----------
        data : Series or DataFrame
            In the form of the training data. Rows of known series must be later than the known rows.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If rows are already known, if `data` has a different form or categories that `fit` has not seen (unless
            ``unknown="ignore"``), or if the id of a known series has another type, such as "10" for 10.

        Warns
        -----
        IrregularTimesWarning
            If timestamps are missing, among the rows or before them, and `freq` is None.
        OutlierWarning
            If values are replaced because the transform of the target that `fit` chose is not defined for them.
        """
        panel = self._continuation().newer(data, skip_empty=True)
        self._history.add(panel, self._context_length())
        self.schema_ = self.schema_.with_series(panel)
        self._check_added(panel)
        self._see(data)
        return self

    # --- forecasting ----------------------------------------------------------------------------------------

    @one_warning
    def predict(
        self,
        horizon: int | None = None,
        *,
        future: Any = None,
        level: Any = None,
        quantiles: Any = None,
        data: Any = None,
    ) -> Any:
        """Forecast the steps after each series.

        Parameters
        ----------
        horizon : int, optional
            Number of steps to forecast; by default the constructor's `horizon`.
        future : DataFrame, optional
            Covariates that are known ahead, in the form of `make_future_frame`. A model that forecasts several steps at
            once also reads rows further ahead, up to the next multiple of the constructor's `horizon`, if they are
            given.
        level : float or sequence of float, optional
            Levels of prediction intervals in percent, from 1 to below 100, which become columns such as
            ``y_pred-lo-90`` and ``y_pred-hi-90``. Unless the model was trained for quantiles, the intervals come from
            the errors of a copy of it on held-out data, the last part of each series. The copy is fitted when the first
            interval is requested, unless `calibrate` has done so.
        quantiles : float or sequence of float, optional
            Quantiles between 0 and 1, which become columns such as ``y_pred-q0.1``.
        data : Series or DataFrame, optional
            Other series, or newer rows, to forecast from. Rows that follow the known ones of their series continue
            them; other rows are used on their own. In a long frame, a row without a reading marks where a series
            without readings begins. A series with up to two readings is forecast from the course of longer series, by
            its covariates, its age and the time of the season, if there are at least five longer series.

        Returns
        -------
        Series or DataFrame
            In the form of the training data, with the column ``y_pred``.

        Raises
        ------
        ValueError
            If `horizon` is below 1, a level or quantile is out of range, `future` has missing or surplus rows or
            columns, or `update` would refuse `data` for a reason other than known rows.

        Warns
        -----
        IrregularTimesWarning
            If timestamps are missing in `data` or before it, and `freq` is None.
        OutlierWarning
            If values are replaced because the transform of the target that `fit` chose is not defined for them.
        """
        model, horizon = self._model(), checked_horizon(horizon, self.horizon)
        request, ahead = IntervalRequest.of(level, quantiles), self._ahead(horizon, future, data)
        points, own = forecast_ahead(model, ahead, horizon, request.quantiles)
        return self._write_ahead(ahead, {POINT: points.ravel(), **request.named(own)})

    @one_warning
    def simulate(
        self,
        n_paths: int = 100,
        horizon: int | None = None,
        *,
        future: Any = None,
        data: Any = None,
        random_state: Any = None,
    ) -> Any:
        """Draw sample paths of each series: forecasts plus the errors of whole held-out windows (see `predict`).

        For a series that `predict` forecasts from others, the errors are those of windows of held-out series.

        Parameters
        ----------
        n_paths : int, default=100
            Number of paths to draw for each series.
        horizon : int, optional
            As in `predict`.
        future, data : Series or DataFrame, optional
            As in `predict`.
        random_state : int, RandomState instance or None, default=None
            Source of random numbers; an int makes the paths reproducible.

        Returns
        -------
        DataFrame
            As from `predict`, with one column per path: ``path-0``, ``path-1`` and so on.
        """
        model = self._model()
        if not isinstance(n_paths, Integral) or isinstance(n_paths, bool) or n_paths < 1:
            raise ValueError(f"n_paths must be a whole number from 1 up, got {shown(n_paths)}")
        horizon = checked_horizon(horizon, self.horizon)
        ahead = self._ahead(horizon, future, data)
        paths = simulate_ahead(model, ahead, horizon, int(n_paths), check_random_state(random_state))
        return self._write_ahead(ahead, {f"path-{k}": paths[:, k].ravel() for k in range(n_paths)})

    def make_future_frame(self, horizon: int | None = None, data: Any = None) -> Any:
        """Return a template for the argument `future` of `predict`, to be filled in with covariates.

        Parameters
        ----------
        horizon : int, optional
            As in `predict`.
        data : Series or DataFrame, optional
            As in `predict`.

        Returns
        -------
        DataFrame
            A row for each timestamp to forecast; in a long frame, for each series and timestamp.
        """
        known = self._continuation().known(data, self._context_length(), may_be_empty=True)
        return self.schema_.future_frame(known, checked_horizon(horizon, self.horizon))

    def _ahead(self, horizon: int, future: Any, data: Any) -> StepsAhead:
        """Return the steps to forecast after all series, or after `data`."""
        continuation = self._continuation()
        known = continuation.known(data, self._context_length(), may_be_empty=True)
        return continuation.ahead(known, horizon, self._rows_ahead(horizon), future if self._reads_future else None)

    def _write_ahead(self, ahead: StepsAhead, columns: dict[str, Any]) -> Any:
        """Return columns (n_series * horizon,) in the form of the fitted data."""
        counts = np.full(ahead.known.n_series, len(ahead.times) // ahead.known.n_series)
        return self.schema_.write(ahead.known.ids, ahead.times, columns, counts)

    # --- evaluation -----------------------------------------------------------------------------------------

    @one_warning
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

        No row is forecast by a model that was trained on it: if the windows are in the training data, a copy is fitted
        to the rows before the first of them.

        Parameters
        ----------
        data : Series or DataFrame, optional
            Other series, or newer rows, as in `predict`; by default all known rows.
        n_windows : int, default=5
            Number of windows of each series. A series that is too short for all of them has fewer, or is left out; a
            warning names it.
        step : int, optional
            Steps from one cutoff to the next. Default: `horizon`, so that windows do not overlap.
        gap : int, default=0
            Steps between a cutoff and the first step that is forecast.
        refit : bool or int, default=False
            Whether to refit for each window; an int refits after that many windows.
        window : {"expanding", "sliding"}, default="expanding"
            Whether each refit uses all rows up to the cutoff, or as many as the first fit.
        level, quantiles : float or sequence of float, optional
            As in `predict`.
        cold_start : bool, default=False
            Whether to forecast also series that began too late for a window: from their first reading on, if at least
            five longer series are known by then. If up to two readings are known, the forecast comes from all other
            series up to the cutoff, as in `predict`, and is learned separately for each such timestamp. If the model is
            refitted, this applies to series that began after the first window of any other series.

        Returns
        -------
        DataFrame
            A row for each forecast: columns for the series, ``cutoff`` (the last known timestamp), the time and the
            true value, which is called ``y`` if the target's name clashes with another column; ``y_pred`` with its
            intervals; ``Naive`` and ``SeasonalNaive`` for comparison, NaN if the series has no reading before the
            cutoff.

        Raises
        ------
        ValueError
            If an argument is out of range, or all series are too short.

        Warns
        -----
        TooShortWarning
            If a series has fewer windows than `n_windows`.
        IrregularTimesWarning
            If timestamps are missing in `data`, as in `predict`.
        OutlierWarning
            If values are replaced because the transform of the target that `fit` chose is not defined for them.
        """
        plan = Plan.of(int(self.horizon), n_windows, step, gap, refit, window, cold_start)
        return self._backtest(*self._continuation().whole(data), plan, IntervalRequest.of(level, quantiles))

    def _backtest(self, panel: Panel, lowest: NDArray[np.int64], plan: Plan, request: IntervalRequest) -> Any:
        """Return the forecasts of a backtest on `panel`, starting at the row `lowest` (n_series,) of each series."""
        return self._write_backtest(panel, backtest(self._model(), panel, lowest, plan, request.quantiles), request)

    def _write_backtest(self, panel: Panel, found: Backtest, request: IntervalRequest) -> Any:
        """Return the forecasts of a backtest on `panel` as a long frame."""
        columns = {
            CUTOFF: found.last_known.repeat(found.rows.shape[1]),
            POINT: found.points.ravel(),
            **request.named(found.quantiles),
            NAIVE: found.naive.ravel(),
            SEASONAL_NAIVE: found.seasonal_naive.ravel(),
        }
        return self._write_known(panel, found.rows.ravel(), columns)

    @one_warning
    def predict_insample(self) -> Any:
        """Forecast the known rows in sample, a horizon at a time.

        Returns
        -------
        DataFrame
            A row for each forecast: columns for the series, the time, the true value and ``y_pred``. The first rows of
            a series, at most a horizon of them, have no forecast. For out-of-sample forecasts use `backtest`.

        Raises
        ------
        ValueError
            If all series are too short.
        """
        return self._in_sample(with_residuals=False)

    @one_warning
    def residuals(self) -> Any:
        """Return the residuals of the in-sample forecasts: true value minus forecast.

        Returns
        -------
        DataFrame
            As from `predict_insample`, with the column ``residual``: NaN where the true value is missing.
        """
        return self._in_sample(with_residuals=True)

    def _in_sample(self, with_residuals: bool) -> Any:
        panel, rows, points = in_sample(self._model())
        columns = {POINT: points}
        if with_residuals:
            columns[RESIDUAL] = panel.values[rows] - points
        return self._write_known(panel, rows, columns)

    def _write_known(self, panel: Panel, rows: Any, columns: dict[str, Any]) -> Any:
        """Return forecasts of known rows, columns (n,), as a long frame with the true values."""
        truth = {LongNames.of(self.schema_.roles).truth: panel.values[rows]}
        return self.schema_.write_long(panel.ids[panel.series_of(rows)], panel.times[rows], truth | columns)

    @one_warning
    def score(self, data: Any = None, y: None = None) -> float:
        """Return the negative mean absolute scaled error (MASE), so that higher is better.

        Parameters
        ----------
        data : Series or DataFrame, optional
            Rows after the known ones, which may be included; for unknown series, the last `horizon` rows are forecast.
            By default the last window of a backtest.
        y : None
            As in `fit`.

        Returns
        -------
        float
            The negative mean over the series of the mean absolute error, in units of the mean absolute change over a
            season in the rows before. The season is the one that ``season="auto"`` finds, even if the parameter is set,
            so that forecasters with different seasons can be compared. Series that never changed are left out.

        Raises
        ------
        ValueError
            If there is nothing to score.
        """
        model = self._model()
        refuse_targets_apart(y)
        if data is None:
            return -scaled_error(*without_last_horizon(model))
        return -scaled_error(model, *self._continuation().scored(data, model.horizon))
