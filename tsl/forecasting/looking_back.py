"""What forecasters say of rows that are known: backtests, forecasts in sample, residuals and scores."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from tsl._tables.columns import POINT, RESIDUAL
from tsl.forecasting.arguments import refuse_targets_apart
from tsl.forecasting.evaluation.backtest import Plan, forecast_windows
from tsl.forecasting.evaluation.conformal import IntervalRequest
from tsl.forecasting.evaluation.score import scaled_error
from tsl.forecasting.frames.output import LongNames
from tsl.forecasting.panel.missing import check_missing
from tsl.forecasting.panel.panel import Panel, ranges


class LookingBack:
    """The part of `Forecaster` that compares forecasts with what is known."""

    def backtest(
        self: Any,
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
        check_is_fitted(self, "schema_")
        plan = Plan.of(int(self.horizon), n_windows, step, gap, refit, window)
        panel, lowest = self._to_look_back_on(data)
        return forecast_windows(self, panel, lowest, plan, IntervalRequest.of(level, quantiles))

    def _to_look_back_on(self: Any, data: Any) -> tuple[Panel, NDArray[np.int64]]:
        """Rows with their readings missing still, and (n_series,) the first that may be forecast."""
        if data is None:
            panel = self._history.panel()
            return panel, panel.offsets[:-1]
        given = self._read_newer(data, skip_empty=True)
        panel = self._history.whole_before(given)
        check_missing(panel, self.missing)
        return panel, panel.ends - given.lengths

    def predict_insample(self: Any) -> Any:
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

    def _in_sample(self: Any, with_residuals: bool) -> Any:
        check_is_fitted(self, "schema_")
        horizon, panel = int(self.horizon), self._history.panel()
        counts = (panel.lengths - 1) // horizon
        if not counts.any():
            raise ValueError(f"horizon={horizon} must be shorter than a series, got {panel.lengths.max()} rows at most")
        ends = np.repeat(panel.ends, counts) - horizon * (1 + ranges(np.zeros_like(counts), counts))
        ends = np.sort(ends)
        forecasts = self._forecast_at(panel, ends, horizon).ravel()
        rows = (ends[:, None] + np.arange(horizon)).ravel()
        columns = {LongNames.of(self.schema_.roles).truth: panel.values[rows], POINT: forecasts}
        if with_residuals:
            columns[RESIDUAL] = panel.values[rows] - forecasts
        return self.schema_.write_long(panel.ids[panel.series_of(rows)], panel.times[rows], columns)

    def residuals(self: Any) -> Any:
        """Truth minus forecast of what is known.

        Returns
        -------
        DataFrame
            That of `predict_insample`, with another column ``residual``: NaN where the reading is missing.
        """
        return self._in_sample(with_residuals=True)

    def score(self: Any, data: Any = None, y: None = None) -> float:
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
        check_is_fitted(self, "schema_")
        refuse_targets_apart(y)
        return -scaled_error(self, data)
