"""The methods that all forecasters have: frames in, frames out."""

from __future__ import annotations

from numbers import Integral
from typing import Any, Literal, Self

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from tsl.forecasting.arguments import checked_horizon, refuse_targets_apart, shown
from tsl.forecasting.evaluation.backtest import Plan, backtest, in_sample
from tsl.forecasting.evaluation.calibration import calibration_of, paths_ahead, quantiles_ahead
from tsl.forecasting.evaluation.score import scaled_error, without_last_horizon
from tsl.forecasting.frames.continuation import Continuation, StepsAhead
from tsl.forecasting.frames.intervals import IntervalRequest
from tsl.forecasting.frames.output import CUTOFF, NAIVE, POINT, RESIDUAL, SEASONAL_NAIVE, LongNames
from tsl.forecasting.frames.schema import Schema
from tsl.forecasting.panel.panel import Panel
from tsl.forecasting.panel_estimator import FittedModel, PanelEstimator


class Forecaster(PanelEstimator):
    """A model of one or many series that reads and writes frames."""

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
            Of pandas, polars or Arrow (a table, or what has ``__arrow_c_stream__``): a Series; a frame with the column
            `target` and a time index, or a column `time_col`; a frame of which each column is a series, where `target`
            is None; or a long frame with the columns `id_col`, `time_col` and `target`. They need not be named if they
            are ``unique_id``, ``ds`` and ``y``, or ``ds`` and ``y`` for a single series.
        y : None
            Ignored, and must be None: scikit-learn's pipelines and searches give it. The target is in `data`.
        target, id_col, time_col : column names, optional
            Which columns hold the numbers, the series and the stamps.
        static : list of column names, or DataFrame, optional
            What does not change within a series: columns of a long frame, or a table with the ids as its index.
        sample_weight : column name or array of shape (n_rows,), optional
            How much each row counts.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            Of `data` that is neither a Series nor a DataFrame.
        ValueError
            Of parameters out of range, and of data that cannot be learned from.

        Warns
        -----
        IgnoredColumnsWarning
            Where ``past=None`` and a long frame has columns that no argument names.
        OutlierWarning
            Where readings lie so far from all others that less extreme ones are learned from.
        """
        refuse_targets_apart(y)
        roles = {"target": target, "id_col": id_col, "time_col": time_col}
        read = self._read_training(data, **roles, static=static, sample_weight=sample_weight)
        self._fit_read(*read, warn=True)
        self._see(data)
        return self

    def _read_training(self, data: Any, **roles: Any) -> tuple[Schema, Panel]:
        """Return the form of the data to learn from, and the data."""
        self._validate_params()
        return Schema.learn(
            data,
            **roles,
            past=self.past,
            future=self.future,
            freq=self.freq,
            calendar=self.calendar,
            warn=self.past is None,
        )

    def calibrate(self, horizon: int | None = None) -> Self:
        """Make the second fit that intervals take now, rather than when `predict` is first asked for them.

        It is kept, also in a file: of a server, do it before `tsl.save`. `simulate` needs it too. Threads that ask for
        intervals at once make one such fit between them.

        Parameters
        ----------
        horizon : int, optional
            Steps, where more will be asked for than `horizon` of the constructor.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            Of a horizon below 1, and where no series has 3 rows.
        """
        calibration_of(self._model(), checked_horizon(horizon, self.horizon))
        return self

    def update(self, data: Any) -> Self:
        """Take newer rows, or other series, as what is known: forecasts then follow them. Nothing is learned anew.

        Parameters
        ----------
        data : Series or DataFrame
            In the form of the data that was fitted. Rows of known series must be later than those known.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            Of rows that are known already, of data in another form, of categories that `fit` has not seen, unless
            ``unknown="ignore"``, and of a known series under an id of another type, such as "10" for 10.

        Warns
        -----
        IrregularTimesWarning
            Where steps are left out, among the rows or before them, and `freq` is None.
        """
        panel = self._continuation().newer(data, skip_empty=True)
        self._history.add(panel, self._context_length())
        self.schema_ = self.schema_.with_series(panel)
        self._see(data)
        return self

    def _see(self, data: Any) -> None:
        """Remember which rows a frame had, where a panel does not tell."""
        times = self.schema_.shared_times(data)
        if times is not None:
            self._history.see(times)

    def _continuation(self) -> Continuation:
        """Return what reads frames of later rows."""
        check_is_fitted(self, "schema_")
        if self.schema_.axis.lacks_patterns:  # the model comes from a file that does not say what stamps keep to
            self.schema_ = self.schema_.with_series(self._history.panel())
        return Continuation(self.schema_, self._history, self.freq, self.unknown, self.missing)

    def _model(self) -> FittedModel:
        """Return what evaluation works on."""
        check_is_fitted(self, "schema_")
        return FittedModel(self)

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
            Steps; by default as in the constructor.
        future : DataFrame, optional
            Covariates that are known ahead, as `make_future_frame` lays them out. Of a model that forecasts several
            steps at once there may be rows further ahead, to the next multiple of the `horizon` in the constructor:
            the model reads them, too.
        level : float or sequence of float, optional
            Percentages of intervals, from 1 to below 100, which become columns such as ``y_pred-lo-90`` and
            ``y_pred-hi-90``. Unless the model was trained for quantiles, they come from the errors of a copy of it,
            fitted without the last part of each series, in forecasting that part; this takes a second fit the first
            time, unless `calibrate` has made it.
        quantiles : float or sequence of float, optional
            Quantiles between 0 and 1, which become columns such as ``y_pred-q0.1``.
        data : Series or DataFrame, optional
            Other series, or newer values, to forecast instead of those that were fitted. Rows that follow those known
            of their series go on from them; other rows stand by themselves.

        Returns
        -------
        Series or DataFrame
            In the form of the data that was fitted, with the column ``y_pred``.

        Raises
        ------
        ValueError
            Of a horizon below 1, a level or quantile out of range, a `future` with missing or surplus rows or columns,
            and of `data` that `update` would refuse but for rows that are known.

        Warns
        -----
        IrregularTimesWarning
            Where steps are left out in `data` or before it, and `freq` is None.
        """
        model, horizon = self._model(), checked_horizon(horizon, self.horizon)
        request, ahead = IntervalRequest.of(level, quantiles), self._ahead(horizon, future, data)
        points, own = model.forecast(ahead.panel, ahead.cutoffs, horizon, request.quantiles, n_known=ahead.n_known)
        if own is None:
            own = quantiles_ahead(model, ahead.known, points, request.quantiles)
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
        """Draw what may follow each series: forecasts plus whole windows of errors, which were made as for `level`.

        Parameters
        ----------
        n_paths : int, default=100
            Futures to draw for each series.
        horizon : int, optional
            As for `predict`.
        future, data : Series or DataFrame, optional
            As for `predict`.
        random_state : int, RandomState instance or None, default=None
            What the paths are drawn with; an int makes them repeatable.

        Returns
        -------
        DataFrame
            As `predict` gives it, with a column a path: ``path-0``, ``path-1`` and so on.
        """
        model = self._model()
        if not isinstance(n_paths, Integral) or isinstance(n_paths, bool) or n_paths < 1:
            raise ValueError(f"n_paths must be a whole number from 1 up, got {shown(n_paths)}")
        horizon = checked_horizon(horizon, self.horizon)
        ahead = self._ahead(horizon, future, data)
        points = model.forecast(ahead.panel, ahead.cutoffs, horizon, n_known=ahead.n_known).points
        paths = paths_ahead(model, ahead.known, points, int(n_paths), check_random_state(random_state))
        return self._write_ahead(ahead, {f"path-{k}": paths[:, k].ravel() for k in range(n_paths)})

    def make_future_frame(self, horizon: int | None = None, data: Any = None) -> Any:
        """The frame that `predict` needs as `future`, with its covariates to be filled in.

        Parameters
        ----------
        horizon : int, optional
            As for `predict`.
        data : Series or DataFrame, optional
            As for `predict`.

        Returns
        -------
        DataFrame
            A row for each stamp to be forecast, of each series in a long frame.
        """
        known = self._continuation().known(data, self._context_length())
        return self.schema_.future_frame(known, checked_horizon(horizon, self.horizon))

    def _ahead(self, horizon: int, future: Any, data: Any) -> StepsAhead:
        """Return the steps to forecast after all series, or after `data`."""
        continuation = self._continuation()
        known = continuation.known(data, self._context_length())
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
    ) -> Any:
        """Forecast the last windows of each series as if they were not known yet.

        Nothing is forecast by a model that was trained on it: where the windows are among the rows of `fit`, a copy is
        fitted to what is before the first of them.

        Parameters
        ----------
        data : Series or DataFrame, optional
            Other series, or newer values, as for `predict`; by default all that is known.
        n_windows : int, default=5
            Windows of each series. A series that is too short for all of them has fewer, or is left out; a warning
            names it.
        step : int, optional
            Steps between the cutoffs. Default: `horizon`, so that windows do not overlap.
        gap : int, default=0
            Steps between a cutoff and the first one forecast.
        refit : bool or int, default=False
            Whether to fit anew for each window, or for each of so many windows.
        window : {"expanding", "sliding"}, default="expanding"
            Whether each new fit takes all rows up to the cutoff, or as many as the first one.
        level, quantiles : float or sequence of float, optional
            As for `predict`.

        Returns
        -------
        DataFrame
            A row for each forecast: columns for the series, ``cutoff`` (the last stamp that was known), the time and
            the truth, which is ``y`` where the target has the name of one of the others; ``y_pred`` with its intervals;
            ``Naive`` and ``SeasonalNaive`` to compare it with.

        Raises
        ------
        ValueError
            Of arguments out of range, and where all series are too short.

        Warns
        -----
        TooShortWarning
            Where a series has fewer windows than asked.
        IrregularTimesWarning
            Where steps are left out in `data`, as for `predict`.
        """
        model, plan = self._model(), Plan.of(int(self.horizon), n_windows, step, gap, refit, window)
        request, (panel, lowest) = IntervalRequest.of(level, quantiles), self._continuation().whole(data)
        found = backtest(model, panel, lowest, plan, request.quantiles)
        columns = {
            CUTOFF: panel.times[np.repeat(found.cutoffs - 1, plan.horizon)],
            POINT: found.points.ravel(),
            **request.named(found.quantiles),
            NAIVE: found.naive.ravel(),
            SEASONAL_NAIVE: found.seasonal_naive.ravel(),
        }
        return self._write_known(panel, found.rows.ravel(), columns)

    def predict_insample(self) -> Any:
        """Forecast what is known, a horizon at a time, with what was learned from it.

        Returns
        -------
        DataFrame
            A row for each forecast: columns for the series, the time, the truth and ``y_pred``. The first rows of a
            series, fewer than a horizon or as many, have none. How good a model is on rows that it has not learned
            from is for `backtest` to say.

        Raises
        ------
        ValueError
            Where all series are too short.
        """
        return self._in_sample(with_residuals=False)

    def residuals(self) -> Any:
        """Truth minus forecast of what is known.

        Returns
        -------
        DataFrame
            That of `predict_insample`, with another column ``residual``: NaN where the reading is missing.
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
        """Negative mean absolute scaled error (MASE), so that more is better.

        Parameters
        ----------
        data : Series or DataFrame, optional
            What came after the rows that are known, or these rows and what came after; of series that are not known,
            the last `horizon` rows are forecast. By default the last window of a backtest.
        y : None
            As for `fit`.

        Returns
        -------
        float
            Minus the mean over the series of the mean absolute error, in units of the mean absolute change over a
            season in what came before. The season is what ``season="auto"`` finds, whatever the parameter says, so that
            forecasters that differ in it can be compared. Series that never changed do not count.

        Raises
        ------
        ValueError
            Where there is nothing to score.
        """
        model = self._model()
        refuse_targets_apart(y)
        if data is None:
            return -scaled_error(*without_last_horizon(model))
        return -scaled_error(model, *self._continuation().scored(data, model.horizon))
