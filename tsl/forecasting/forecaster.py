"""The methods that all forecasters have: frames in, frames out."""

from __future__ import annotations

from numbers import Integral
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from tsl._tables.columns import CUTOFF, NAIVE, POINT, RESIDUAL, SEASONAL_NAIVE
from tsl.forecasting.ahead import forecast_ahead, simulate_ahead
from tsl.forecasting.arguments import checked_horizon, refuse_targets_apart, shown
from tsl.forecasting.evaluation.backtest import Backtest, Plan, backtest, in_sample
from tsl.forecasting.evaluation.calibration import calibration_of
from tsl.forecasting.evaluation.score import scaled_error, without_last_horizon
from tsl.forecasting.frames.continuation import StepsAhead
from tsl.forecasting.frames.intervals import IntervalRequest
from tsl.forecasting.frames.output import LongNames
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
            column `target` and a time index, or a column `time_col`; a frame of which each column is a series, where
            `target` is None; or a long frame with the columns `id_col`, `time_col` and `target`, which need not be
            named if they are ``unique_id``, ``ds`` and ``y``, or ``ds`` and ``y`` for a single series.
        y : None
            Ignored, and must be None: scikit-learn's pipelines and searches pass it. The target is in `data`.
        target, id_col, time_col : column names, optional
            Columns of the target, of the ids of the series and of the time stamps.
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
            If readings lie so far from all others that `fit` learns from less extreme ones.
        """
        refuse_targets_apart(y)
        roles = {"target": target, "id_col": id_col, "time_col": time_col}
        read = self._read_training(data, **roles, static=static, sample_weight=sample_weight)
        self._fit_read(*read, warn=True)
        self._see(data)
        return self

    def calibrate(self, horizon: int | None = None) -> Self:
        """Fit the copy that prediction intervals are calibrated with now, rather than when `predict` first needs it.

        Its errors are kept, also in a file: for a server, calibrate before `tsl.save`. `simulate` needs them, too.
        Threads that need them at once share one fit.

        Parameters
        ----------
        horizon : int, optional
            Steps to forecast, where they will be more than the `horizon` of the constructor.

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

    def update(self, data: Any) -> Self:
        """Add newer rows, or other series, to the known ones: forecasts then follow them. The model is not refitted.

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
            If rows are known already, `data` has another form or categories that `fit` has not seen (unless
            ``unknown="ignore"``), or a known series comes under an id of another type, such as "10" for 10.

        Warns
        -----
        IrregularTimesWarning
            If time stamps are left out, among the rows or before them, and `freq` is None.
        """
        panel = self._continuation().newer(data, skip_empty=True)
        self._history.add(panel, self._context_length())
        self.schema_ = self.schema_.with_series(panel)
        self._see(data)
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
        """Forecast what follows each series.

        Parameters
        ----------
        horizon : int, optional
            Steps to forecast; by default that of the constructor.
        future : DataFrame, optional
            Covariates that are known ahead, in the form of `make_future_frame`. A model that forecasts several steps at
            once also reads rows further ahead, up to the next multiple of the constructor's `horizon`, if they are
            there.
        level : float or sequence of float, optional
            Levels of prediction intervals in percent, from 1 to below 100, which become columns such as
            ``y_pred-lo-90`` and ``y_pred-hi-90``. Unless the model was trained for quantiles, the intervals come from
            the errors of a copy of it on held-out data, the last part of each series. The copy is fitted when the first
            interval is requested, unless `calibrate` has done so.
        quantiles : float or sequence of float, optional
            Quantiles between 0 and 1, which become columns such as ``y_pred-q0.1``.
        data : Series or DataFrame, optional
            Other series, or newer rows, to forecast from. Rows that follow the known ones of their series continue
            them; other rows stand by themselves. In a long frame a row without a reading says where a series begins
            that has none. A series of up to two readings is forecast from what five or more longer series did, by its
            covariates, its age and the time of the season, if there are so many.

        Returns
        -------
        Series or DataFrame
            In the form of the training data, with the column ``y_pred``.

        Raises
        ------
        ValueError
            If `horizon` is below 1, a level or quantile is out of range, `future` has missing or surplus rows or
            columns, or `update` would refuse `data` for another reason than known rows.

        Warns
        -----
        IrregularTimesWarning
            If time stamps are left out in `data` or before it, and `freq` is None.
        """
        model, horizon = self._model(), checked_horizon(horizon, self.horizon)
        request, ahead = IntervalRequest.of(level, quantiles), self._ahead(horizon, future, data)
        points, own = forecast_ahead(model, ahead, horizon, request.quantiles)
        return self._write_ahead(ahead, {POINT: points.ravel(), **request.named(own)})

    def simulate(
        self,
        n_paths: int = 100,
        horizon: int | None = None,
        *,
        future: Any = None,
        data: Any = None,
        random_state: Any = None,
    ) -> Any:
        """Draw sample paths of each series: forecasts plus the errors of whole held-out windows, as for `level`.

        A series that `predict` forecasts from others gets the errors of windows of series that were left out.

        Parameters
        ----------
        n_paths : int, default=100
            Paths to draw for each series.
        horizon : int, optional
            As for `predict`.
        future, data : Series or DataFrame, optional
            As for `predict`.
        random_state : int, RandomState instance or None, default=None
            Source of random numbers; an int makes the paths repeatable.

        Returns
        -------
        DataFrame
            As from `predict`, with one column for each path: ``path-0``, ``path-1`` and so on.
        """
        model = self._model()
        if not isinstance(n_paths, Integral) or isinstance(n_paths, bool) or n_paths < 1:
            raise ValueError(f"n_paths must be a whole number from 1 up, got {shown(n_paths)}")
        horizon = checked_horizon(horizon, self.horizon)
        ahead = self._ahead(horizon, future, data)
        paths = simulate_ahead(model, ahead, horizon, int(n_paths), check_random_state(random_state))
        return self._write_ahead(ahead, {f"path-{k}": paths[:, k].ravel() for k in range(n_paths)})

    def make_future_frame(self, horizon: int | None = None, data: Any = None) -> Any:
        """Return the frame that `predict` takes as `future`, with its covariates to be filled in.

        Parameters
        ----------
        horizon : int, optional
            As for `predict`.
        data : Series or DataFrame, optional
            As for `predict`.

        Returns
        -------
        DataFrame
            A row for each time stamp to forecast, in a long frame for each series.
        """
        known = self._continuation().known(data, self._context_length(), may_be_empty=True)
        return self.schema_.future_frame(known, checked_horizon(horizon, self.horizon))

    def _ahead(self, horizon: int, future: Any, data: Any) -> StepsAhead:
        """Return the steps to forecast after all series, or after `data`."""
        continuation = self._continuation()
        known = continuation.known(data, self._context_length(), may_be_empty=True)
        return continuation.ahead(known, horizon, self._rows_ahead(horizon), future if self._reads_future else None)

    def _write_ahead(self, ahead: StepsAhead, columns: dict[str, Any]) -> Any:
        """Return columns (n_series * horizon,) in the form of the data that was fitted."""
        counts = np.full(ahead.known.n_series, len(ahead.times) // ahead.known.n_series)
        return self.schema_.write(ahead.known.ids, ahead.times, columns, counts)

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
        """Forecast the last windows of each series from what was known before each of them.

        No row is forecast by a model that was trained on it: where the windows are in the training data, a copy is
        fitted to the rows before the first of them.

        Parameters
        ----------
        data : Series or DataFrame, optional
            Other series, or newer rows, as for `predict`; by default all known rows.
        n_windows : int, default=5
            Windows of each series. A series that is too short for all of them has fewer, or is left out; a warning
            names it.
        step : int, optional
            Steps from one cutoff to the next. Default: `horizon`, so that windows do not overlap.
        gap : int, default=0
            Steps between a cutoff and the first one forecast.
        refit : bool or int, default=False
            Whether to refit for each window; a number: after so many windows.
        window : {"expanding", "sliding"}, default="expanding"
            Whether each refit uses all rows up to the cutoff, or as many as the first fit.
        level, quantiles : float or sequence of float, optional
            As for `predict`.
        cold_start : bool, default=False
            Whether to forecast series that began too late for a window, too: from their first reading on, where five or
            more longer series are known by then. Where up to two readings are known, the forecast comes from all
            other series up to the cutoff, as by `predict`, and is learned for each such time stamp. Where the model is
            refitted, that goes for series that began after the first window of any other.

        Returns
        -------
        DataFrame
            A row for each forecast: columns for the series, ``cutoff`` (the last known time stamp), the time and the
            truth, which is ``y`` where the target has the name of another column; ``y_pred`` with its intervals;
            ``Naive`` and ``SeasonalNaive`` to compare it with, NaN where the series has no reading before the cutoff.

        Raises
        ------
        ValueError
            If an argument is out of range, or all series are too short.

        Warns
        -----
        TooShortWarning
            If a series has fewer windows than `n_windows`.
        IrregularTimesWarning
            If time stamps are left out in `data`, as for `predict`.
        """
        plan = Plan.of(int(self.horizon), n_windows, step, gap, refit, window, cold_start)
        return self._backtest(*self._continuation().whole(data), plan, IntervalRequest.of(level, quantiles))

    def _backtest(self, panel: Panel, lowest: NDArray[np.int64], plan: Plan, request: IntervalRequest) -> Any:
        """Return the forecasts of a backtest on `panel`, from the row `lowest` (n_series,) of each series on."""
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

    def predict_insample(self) -> Any:
        """Forecast the known rows in sample, a horizon at a time.

        Returns
        -------
        DataFrame
            A row for each forecast: columns for the series, the time, the truth and ``y_pred``. The first rows of a
            series, at most a horizon of them, have no forecast. For forecasts out of sample use `backtest`.

        Raises
        ------
        ValueError
            If all series are too short.
        """
        return self._in_sample(with_residuals=False)

    def residuals(self) -> Any:
        """Return the residuals of the forecasts in sample: truth minus forecast.

        Returns
        -------
        DataFrame
            As from `predict_insample`, with the column ``residual``: NaN where the truth is missing.
        """
        return self._in_sample(with_residuals=True)

    def _in_sample(self, with_residuals: bool) -> Any:
        panel, rows, points = in_sample(self._model())
        columns = {POINT: points}
        if with_residuals:
            columns[RESIDUAL] = panel.values[rows] - points
        return self._write_known(panel, rows, columns)

    def _write_known(self, panel: Panel, rows: Any, columns: dict[str, Any]) -> Any:
        """Return columns of forecasts of known rows, (n,) each, with the truth, as a long frame."""
        truth = {LongNames.of(self.schema_.roles).truth: panel.values[rows]}
        return self.schema_.write_long(panel.ids[panel.series_of(rows)], panel.times[rows], truth | columns)

    def score(self, data: Any = None, y: None = None) -> float:
        """Return the negative mean absolute scaled error (MASE), so that more is better.

        Parameters
        ----------
        data : Series or DataFrame, optional
            Rows after the known ones, which may come along; of series that are not known, the last `horizon` rows are
            forecast. By default the last window of a backtest.
        y : None
            As for `fit`.

        Returns
        -------
        float
            Minus the mean over the series of the mean absolute error, in units of the mean absolute change over a
            season in the rows before. The season is the one that ``season="auto"`` finds, whatever the parameter says,
            so that forecasters that differ in it can be compared. Series that never changed do not count.

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
