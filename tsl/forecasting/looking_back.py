"""What forecasters say of rows that are known: backtests, forecasts in sample, residuals and scores."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from tsl.forecasting.backtest import Plan, forecast_windows, truth_name
from tsl.forecasting.intervals import POINT, Asked
from tsl.forecasting.missing import fill
from tsl.forecasting.panel import Panel, ranges
from tsl.forecasting.scoring import scaled_error

AT_ONCE = 2**14
"""Windows that are forecast in one call where all of a series are."""


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
        window: str = "expanding",
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
            the truth; ``y_pred`` with its intervals; ``Naive`` and ``SeasonalNaive`` to compare it with.

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
        return forecast_windows(self, panel, lowest, plan, Asked.of(level, quantiles))

    def _to_look_back_on(self: Any, data: Any) -> tuple[Panel, NDArray[np.int64]]:
        """Rows with their readings missing still, and (n_series,) the first that may be forecast."""
        if data is None:
            panel = self._history.panel()
            return panel, panel.offsets[:-1]
        given = self.schema_.read(data, skip_empty=True)
        self._check_steps(given)
        panel = self._history.whole_before(given)
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
        check_is_fitted(self, "schema_")
        horizon, panel = int(self.horizon), self._history.panel()
        counts = (panel.lengths - 1) // horizon
        if not counts.any():
            raise ValueError(f"horizon={horizon} must be shorter than a series, got {panel.lengths.max()} rows at most")
        ends = np.repeat(panel.ends, counts) - horizon * (1 + ranges(np.zeros_like(counts), counts))
        ends = np.sort(ends)
        filled = fill(panel, self.missing)
        parts = [ends[start : start + AT_ONCE] for start in range(0, len(ends), AT_ONCE)]
        forecasts = np.concatenate([self._forecast(filled, part, horizon) for part in parts]).ravel()
        rows = (ends[:, None] + np.arange(horizon)).ravel()
        columns = {truth_name(self.schema_): panel.values[rows], POINT: forecasts}
        return self.schema_.write_long(panel.ids[panel.series_of(rows)], panel.times[rows], columns)

    def residuals(self: Any) -> Any:
        """Truth minus forecast of what is known.

        Returns
        -------
        DataFrame
            That of `predict_insample`, with another column ``residual``: NaN where the reading is missing.
        """
        frame = self.predict_insample()
        residual = frame[truth_name(self.schema_)] - frame[POINT]
        return frame.assign(residual=residual) if hasattr(frame, "assign") else frame.with_columns(residual=residual)

    def score(self: Any, data: Any = None) -> float:
        """Negative mean absolute scaled error (MASE), so that more is better.

        Parameters
        ----------
        data : Series or DataFrame, optional
            What came after the rows that are known, or these rows and what came after; of series that are not known,
            the last `horizon` rows are forecast. By default the last window of a backtest.

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
        return -scaled_error(self, data)
