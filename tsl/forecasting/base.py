"""What all forecasters share: frames in and out, intervals, updates, backtests."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from tsl.forecasting.backtesting import calibration_windows, check_count, choose_cutoffs, filled_before, training_part
from tsl.forecasting.frames import Schema
from tsl.forecasting.histories import continued, with_horizon
from tsl.forecasting.intervals import Asked, Calibration, usual_change
from tsl.forecasting.missing import WAYS, fill
from tsl.forecasting.naive import naive, seasonal_naive
from tsl.forecasting.panel import Panel, joined
from tsl.forecasting.scales import mean_scaled_error
from tsl.forecasting.seasons import find_season

N_WINDOWS_AT_ONCE = 2**14


class Forecaster(BaseEstimator):
    """A model of one or many series that reads and writes frames.

    A subclass has the constructor parameters `horizon`, `season`, `missing`, `past`, `future`, `calendar` and `freq`,
    and gives `_fit_panel`, `_forecast` and `_context_length`.
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012 (scikit-learn's name)
        "horizon": [Interval(Integral, 1, None, closed="left")],
        "season": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "missing": [StrOptions(set(WAYS))],
        "past": [list, tuple, None],
        "future": [list, tuple],
        "calendar": [StrOptions({"auto"}), list, tuple, None],
        "freq": [str, Interval(Integral, 1, None, closed="left"), None],
    }
    horizon: int
    season: int | str
    missing: str
    past: Sequence[Any] | None
    future: Sequence[Any]
    calendar: str | Sequence[str] | None
    freq: str | int | None

    # --- what a subclass gives --------------------------------------------------------------------------------

    def _fit_panel(self, panel: Panel) -> None:
        """Learn from a panel."""
        raise NotImplementedError

    def _forecast(self, panel: Panel, ends: NDArray[np.int64], horizon: int) -> NDArray[np.float64]:
        """(n, horizon) of windows that know rows ``panel.offsets[k] : ends[i]`` of their series k.

        Covariates known ahead are in the rows from ``ends[i]`` on, and nothing else of those rows may be looked at.
        """
        raise NotImplementedError

    def _context_length(self) -> int:
        """Rows before its origin that a forecast depends on."""
        raise NotImplementedError

    def _own_quantiles(
        self, panel: Panel, ends: NDArray[np.int64], horizon: int, quantiles: list[float]
    ) -> NDArray[np.float64] | None:
        """(n, horizon, n_quantiles) where the model says them itself; None leaves them to calibration."""
        return None

    def _calibration_clone(self) -> Self:
        """An unfitted forecaster like this one, to be calibrated with."""
        return clone(self)

    # --- learning ---------------------------------------------------------------------------------------------

    def fit(
        self,
        data: Any,
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
            Of pandas or polars. A Series; a frame with times as its index, of which one column is the `target` and
            the others are covariates, or, without a `target`, each column is a series; or a long frame with a row a
            series and time, with the columns `id_col`, `time_col` and `target`, which need not be named where they
            are called ``unique_id``, ``ds`` and ``y``. Times are stamps, periods or integers, in any order. Steps are
            counted by rows: rows that are left out, as weekends are, are not filled in.
        target, id_col, time_col : column name, optional
            See `data`.
        static : list of column names or DataFrame, optional
            What does not change within a series: columns of a long frame, or a table with the ids as its index.
        sample_weight : column name or array-like of shape (n_rows,), optional
            How much each row counts in training.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If `data` is neither a Series nor a DataFrame.
        ValueError
            If a column is missing or not of numbers, stamps are duplicate, values are missing while
            ``missing="error"``, or there is too little to learn from.

        Warns
        -----
        IrregularTimesWarning
            If the times have gaps while `freq` is None.
        """
        self._validate_params()
        schema, panel = Schema.learn(
            data,
            target=target,
            id_col=id_col,
            time_col=time_col,
            past=self.past,
            future=self.future,
            static=static,
            sample_weight=sample_weight,
            freq=self.freq,
            calendar=self.calendar,
        )
        return self._fit_read(schema, panel)

    def _fit_read(self, schema: Schema, panel: Panel) -> Self:
        """Learn from what has been read."""
        self.schema_ = schema
        filled = fill(panel, self.missing)
        self.season_ = find_season(filled, schema.season_hints) if self.season == "auto" else int(self.season)
        self._usual = pd.Series(usual_change(panel, self.season_), panel.ids)
        self._calibration: Calibration | None = None
        self._fit_panel(filled)
        self._history = [panel]
        self._tails = panel.tails(self._context_length())
        return self

    def update(self, data: Any) -> Self:
        """Take in newer rows, in time that goes by their number, without learning from them.

        Parameters
        ----------
        data : Series or DataFrame
            In the form that was fitted. Rows of known series come after those that are known; other series are new.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If rows do not come after those that are known; nothing is taken in then.
        """
        check_is_fitted(self)
        newer = self.schema_.read(data, skip_empty=True)
        grown = continued(self._tails, newer, "data", strict=True)
        fill(grown, self.missing)  # refuses what cannot be forecast from
        others = self._tails.select(np.flatnonzero(~np.repeat(self._tails.ids.isin(grown.ids), self._tails.lengths)))
        self._tails = (
            joined([others, grown]).tails(self._context_length())
            if others.n_series
            else grown.tails(self._context_length())
        )
        self._history = [*self._history, newer]
        return self

    def _whole_history(self) -> Panel:
        """All that was fitted and taken in."""
        if len(self._history) > 1:
            self._history = [joined(self._history)]
        return self._history[0]

    # --- forecasting ------------------------------------------------------------------------------------------

    def predict(
        self,
        horizon: int | None = None,
        *,
        future: Any = None,
        level: Any = None,
        quantiles: Any = None,
        data: Any = None,
    ) -> Any:
        """Forecast what follows.

        Parameters
        ----------
        horizon : int, optional
            Steps; default as in the constructor. More than that are rolled on from the forecasts themselves.
        future : DataFrame, optional
            Covariates known ahead, for the rows of `make_future_frame`.
        level : float or list of float, optional
            Intervals that hold the truth this often, in percent: columns ``y_pred-lo-90`` and ``y_pred-hi-90``. Where
            the model does not forecast quantiles itself, they are calibrated on windows at the end of the training
            data that a second model has not learned from; it is trained when intervals are first asked for.
        quantiles : float or list of float, optional
            Columns ``y_pred-q0.1``, in the same way.
        data : Series or DataFrame, optional
            Forecast what follows these rows: of other series, or newer rows of those that were fitted. Nothing is
            learned from them, and `update` keeps them.

        Returns
        -------
        Series or DataFrame
            In the form of what was fitted, with the column ``y_pred``, or the name of the series.
        """
        check_is_fitted(self)
        horizon = self._checked_horizon(horizon)
        asked = Asked.of(level, quantiles)
        times, panel, ends = self._ahead(self._tails_of(data), horizon, future)
        columns = self._columns(panel, ends, horizon, asked)
        flat = {name: values.ravel() for name, values in columns.items()}
        return self.schema_.write(panel.ids, times, flat, np.full(len(ends), horizon))

    def simulate(
        self,
        n_paths: int = 100,
        horizon: int | None = None,
        *,
        future: Any = None,
        data: Any = None,
        random_state: Any = None,
    ) -> Any:
        """Draw paths that the series may take: the forecast plus the errors of whole past forecasts.

        Parameters
        ----------
        n_paths : int, default=100
        horizon, future, data
            As for `predict`.
        random_state : int, RandomState instance or None, default=None

        Returns
        -------
        DataFrame
            In the form of what was fitted, with the columns ``path-0``, ``path-1``, and so on.
        """
        check_is_fitted(self)
        n_paths, horizon = check_count(n_paths, "n_paths"), self._checked_horizon(horizon)
        times, panel, ends = self._ahead(self._tails_of(data), horizon, future)
        points = self._forecast(panel, ends, horizon)
        errors = self._calibrated().paths(n_paths, len(ends), horizon, check_random_state(random_state))
        paths = points[:, None] + errors * self._units(panel)[:, None, None]
        columns = {f"path-{k}": paths[:, k].ravel() for k in range(n_paths)}
        return self.schema_.write(panel.ids, times, columns, np.full(len(ends), horizon))

    def make_future_frame(self, horizon: int | None = None, *, data: Any = None) -> Any:
        """The rows that `predict` forecasts, with empty columns for the covariates known ahead, to be filled in.

        Parameters
        ----------
        horizon : int, optional
        data : Series or DataFrame, optional
            As for `predict`.
        """
        check_is_fitted(self)
        return self.schema_.future_frame(self._tails_of(data), self._checked_horizon(horizon))

    def _checked_horizon(self, horizon: Any) -> int:
        return int(self.horizon) if horizon is None else check_count(horizon, "horizon")

    def _tails_of(self, data: Any) -> Panel:
        """The last known rows of each series to forecast."""
        if data is None:
            return self._tails
        newer = self.schema_.read(data)
        return continued(self._tails, newer, "data", strict=False).tails(self._context_length())

    def _ahead(self, tails: Panel, horizon: int, future: Any) -> tuple[pd.Index, Panel, NDArray[np.int64]]:
        """Stamps to forecast, and the panel with rows for them."""
        known_ahead = self.schema_.read_future(tails, horizon, future)
        times = self.schema_.future_times(tails, horizon)
        return times, *with_horizon(fill(tails, self.missing), times, known_ahead)

    def _columns(
        self, panel: Panel, ends: NDArray[np.int64], horizon: int, asked: Asked
    ) -> dict[str, NDArray[np.float64]]:
        """(n, horizon) each: the point forecast, and what else is asked for."""
        points = self._forecast(panel, ends, horizon)
        columns = {"y_pred": points}
        if asked.columns:
            found = self._own_quantiles(panel, ends, horizon, list(asked.quantiles))
            if found is None:
                units = self._units(panel)[panel.series_of(ends - 1)]
                found = points[:, :, None] + self._calibrated().offsets(asked.quantiles, horizon) * units[:, None, None]
            columns |= {name: values.reshape(points.shape) for name, values in asked.named(found).items()}
        return columns

    # --- intervals --------------------------------------------------------------------------------------------

    def _usual_changes(self, panel: Panel) -> NDArray[np.float64]:
        """(n_series,) how much each series usually changes: in training, or for a new series by what is known of it."""
        known = self._usual.reindex(panel.ids).to_numpy()
        return np.where(np.isnan(known), usual_change(panel, self.season_), known) if np.isnan(known).any() else known

    def _units(self, panel: Panel) -> NDArray[np.float64]:
        """(n_series,) what the errors of each series are in units of."""
        return self._calibrated().units(panel.ids, self._usual_changes(panel))

    def _calibrated(self) -> Calibration:
        """Errors of a model that is fitted without the last windows, learned when they are first asked for."""
        if self._calibration is None:
            panel = self._history[0]
            cuts, ends = calibration_windows(panel, int(self.horizon))
            if not len(ends):
                raise ValueError(
                    f"horizon={self.horizon} leaves no window to calibrate intervals on: the longest series has "
                    f"{panel.lengths.max()} rows"
                )
            model = self._calibration_clone()._fit_read(self.schema_, panel.before(cuts))
            points = model._forecast_parts(fill(panel, self.missing), ends, int(self.horizon))
            truth = panel.values[ends[:, None] + np.arange(self.horizon)]
            series = panel.series_of(ends - 1)
            self._calibration = Calibration.of(truth - points, panel.ids, series, model._usual_changes(panel))
        return self._calibration

    def _forecast_parts(self, panel: Panel, ends: NDArray[np.int64], horizon: int) -> NDArray[np.float64]:
        """(n, horizon) in bounded memory."""
        parts = [ends[start : start + N_WINDOWS_AT_ONCE] for start in range(0, len(ends), N_WINDOWS_AT_ONCE)]
        return np.concatenate([self._forecast(panel, part, horizon) for part in parts])

    # --- how good it is ---------------------------------------------------------------------------------------

    def backtest(
        self,
        data: Any = None,
        *,
        n_windows: int = 5,
        step: int | None = None,
        gap: int = 0,
        refit: bool | int = False,
        window: str = "expanding",
        level: Any = None,
    ) -> Any:
        """Forecast the last windows of the series, as if what follows were not known.

        Parameters
        ----------
        data : Series or DataFrame, optional
            What to test on instead of the training data, in its form. This forecaster is used as it is, so none of it
            should have been learned from.
        n_windows : int, default=5
        step : int, optional
            Rows between two windows; default is the horizon.
        gap : int, default=0
            Steps after the last known row that are forecast but not looked at.
        refit : bool or int, default=False
            False learns once, before the first window; True before every window; an int before every so many.
        window : {"expanding", "sliding"}, default="expanding"
            Whether later windows are learned from all rows before them, or from as many as the first.
        level : float or list of float, optional
            As for `predict`.

        Returns
        -------
        DataFrame
            A row a series, window and step: id, ``cutoff`` (the last known time), time, truth, ``y_pred`` and what
            `level` asks for, and the forecasts ``Naive`` and ``SeasonalNaive`` beside it.
        """
        check_is_fitted(self)
        asked, gap = Asked.of(level, None), check_count(gap, "gap", least=0)
        step = int(self.horizon) if step is None else check_count(step, "step")
        if window not in ("expanding", "sliding"):
            raise ValueError(f"window must be 'expanding' or 'sliding', got {window!r}")
        if not isinstance(refit, bool):
            check_count(refit, "refit")
        panel = self._whole_history() if data is None else self.schema_.read(data)
        cutoffs = choose_cutoffs(
            panel, int(self.horizon), n_windows=check_count(n_windows, "n_windows"), step=step, gap=gap
        )
        every = len(cutoffs) if refit is False else int(refit)
        found = []
        for start in range(0, len(cutoffs), every):
            model = self
            if data is None or refit:
                training = training_part(panel, cutoffs[start], cutoffs if window == "sliding" else None)
                model = clone(self)._fit_read(self.schema_, training)
            found.append(model._tested(panel, cutoffs[start : start + every], gap, asked))
        columns = {name: np.concatenate([part[name] for part in found]) for name in found[0]}
        return self._written_backtest(panel, columns, gap)

    def _tested(
        self, panel: Panel, cutoffs: NDArray[np.int64], gap: int, asked: Asked
    ) -> dict[str, NDArray[Any]]:
        """Forecasts (n, horizon) by column of the windows at `cutoffs`, and where they begin as ``"end"``."""
        horizon = int(self.horizon) + gap
        found: list[dict[str, NDArray[Any]]] = []
        leaks = self.missing == "interpolate" and bool(np.isnan(panel.values).any())  # filling looks ahead
        for part in cutoffs if leaks else [cutoffs.ravel()]:
            ends = np.sort(part[part >= 0])
            known = filled_before(panel, part, self.missing) if leaks else fill(panel, self.missing)
            columns = self._columns(known, ends, horizon, asked)
            columns["Naive"] = naive(known, ends, horizon)
            columns["SeasonalNaive"] = seasonal_naive(known, ends, horizon, self.season_)
            found.append({"end": ends, **{name: values[:, gap:] for name, values in columns.items()}})
        return {name: np.concatenate([part[name] for part in found]) for name in found[0]}

    def _written_backtest(self, panel: Panel, columns: dict[str, NDArray[Any]], gap: int) -> Any:
        """A long frame of the windows of each series in turn."""
        order = np.argsort(columns["end"], kind="stable")
        ends, horizon = columns["end"][order], int(self.horizon)
        rows = (ends[:, None] + gap + np.arange(horizon)).ravel()
        named = {
            "cutoff": panel.times[np.repeat(ends - 1, horizon)],
            self._truth_name(): panel.values[rows],
            **{name: values[order].ravel() for name, values in columns.items() if name != "end"},
        }
        return self.schema_.write_long(panel.ids[panel.series_of(rows)], panel.times[rows], named)

    def _truth_name(self) -> Any:
        target = self.schema_.roles.target
        return "y" if target is None else target

    def predict_insample(self) -> Any:
        """Forecasts of the training data, made a horizon at a time with what has been learned from it.

        Returns
        -------
        DataFrame
            A row a series and time: id, time, truth and ``y_pred``. How good a model is on data that it has not
            learned from is for `backtest` to say.
        """
        check_is_fitted(self)
        horizon, panel = int(self.horizon), self._whole_history()
        n_windows = (panel.lengths - 1) // horizon
        first = np.repeat(panel.ends - n_windows * horizon, n_windows)
        before = np.repeat(np.cumsum(n_windows) - n_windows, n_windows)
        ends = first + (np.arange(n_windows.sum()) - before) * horizon
        if not len(ends):
            raise ValueError(f"horizon={horizon} is longer than all series: there is nothing to forecast in the sample")
        points = self._forecast_parts(fill(panel, self.missing), ends, horizon)
        frame = self._written_backtest(panel, {"end": ends, "y_pred": points}, 0)
        return frame.drop("cutoff") if hasattr(frame, "to_pandas") else frame.drop(columns="cutoff")

    def residuals(self) -> Any:
        """What `predict_insample` leaves: its frame with a column ``residual``, the truth minus the forecast."""
        frame = self.predict_insample()
        truth = self._truth_name()
        if hasattr(frame, "to_pandas"):  # polars
            return frame.with_columns((frame[truth] - frame["y_pred"]).alias("residual"))
        return frame.assign(residual=frame[truth] - frame["y_pred"])

    def score(self, data: Any = None) -> float:
        """Minus the mean absolute scaled error (MASE; Hyndman & Koehler 2006), so that more is better.

        Parameters
        ----------
        data : Series or DataFrame, optional
            What followed the data that was fitted: its first `horizon` rows of each series are the truth. None learns
            anew without the last `horizon` rows, which are then the truth.

        Returns
        -------
        float
            The mean over series of the mean absolute error, in units of the mean absolute change over a season in the
            training data.
        """
        check_is_fitted(self)
        horizon = int(self.horizon)
        if data is None:
            panel = self._whole_history()
            ends = choose_cutoffs(panel, horizon, n_windows=1, step=horizon, gap=0)[0]
            model = clone(self)._fit_read(self.schema_, training_part(panel, ends))
        else:
            model, newer = self, self.schema_.read(data, skip_empty=True)
            panel = continued(fill(self._tails, self.missing), newer, "data", strict=True)
            ends = panel.ends - newer.lengths
        is_known = ends > panel.offsets[:-1]
        if not is_known.any():
            raise ValueError("data must hold rows that follow those of the series that were fitted, it has none")
        ends, stops = ends[is_known], panel.ends[is_known]
        rows = ends[:, None] + np.arange(horizon)
        truth = np.where(rows < stops[:, None], panel.values[np.minimum(rows, len(panel.values) - 1)], np.nan)
        unknown = np.full((panel.n_series, horizon, panel.future.shape[1]), np.nan)
        longer, _ = with_horizon(fill(panel, self.missing), self.schema_.future_times(panel, horizon), unknown)
        moved = ends + horizon * panel.series_of(ends - 1)
        points = model._forecast_parts(longer, moved, horizon)
        return -mean_scaled_error(truth, points, model._usual_changes(panel)[is_known])
