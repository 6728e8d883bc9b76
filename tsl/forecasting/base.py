"""What all forecasters do: read frames, forecast, put intervals around it, and take newer rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Integral
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from tsl.forecasting.calibrating import calibrate
from tsl.forecasting.frames import Schema
from tsl.forecasting.frequency import Freq
from tsl.forecasting.history import History, with_steps_ahead
from tsl.forecasting.intervals import POINT, Asked, Calibration
from tsl.forecasting.looking_back import LookingBack
from tsl.forecasting.missing import WAYS, fill
from tsl.forecasting.panel import Panel
from tsl.forecasting.scales import usual_change
from tsl.forecasting.seasons import find_season


class Forecaster(LookingBack, BaseEstimator):
    """A model of one or many series that reads and writes frames.

    A subclass has the parameters `horizon`, `season`, `missing`, `past`, `future`, `calendar` and `freq`, and gives
    `_fit_panel`, `_forecast` and `_context_length`.
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012 (scikit-learn's name)
        "horizon": [Interval(Integral, 1, None, closed="left")],
        "season": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "missing": [StrOptions(set(WAYS))],
        "past": [list, tuple, None],
        "future": [list, tuple],
        "calendar": [StrOptions({"auto"}), list, tuple, None],
        "freq": [str, Interval(Integral, 1, None, closed="left"), pd.offsets.BaseOffset, pd.Timedelta, None],
    }
    horizon: int
    season: int | str
    missing: str
    past: Sequence[Any] | None
    future: Sequence[Any]
    calendar: str | Sequence[str] | None
    freq: Freq

    # --- what a subclass gives --------------------------------------------------------------------------------

    def _fit_panel(self, panel: Panel) -> None:
        """Learn from `panel`, whose missing readings are dealt with; ``schema_`` and ``season_`` are there."""
        raise NotImplementedError

    def _forecast(self, panel: Panel, ends: NDArray[np.int64], horizon: int) -> NDArray[np.float64]:
        """(n, horizon) what follows the rows ``panel.offsets[k] : ends[i]`` of each window's series `k`.

        Covariates known ahead are in the rows from ``ends[i]`` on, as far as the series has any, and nothing else of
        those rows may be looked at.
        """
        raise NotImplementedError

    def _context_length(self) -> int:
        """Rows before its beginning that a forecast depends on."""
        raise NotImplementedError

    def _own_quantiles(
        self, panel: Panel, ends: NDArray[np.int64], horizon: int, quantiles: list[float]
    ) -> NDArray[np.float64] | None:
        """(n, horizon, n_quantiles) where the model says them itself; None leaves them to calibration."""
        return None

    def _calibration_clone(self) -> Self:
        """An unfitted forecaster like this one, to be fitted without the windows that intervals are made from."""
        return clone(self)

    # --- learning -------------------------------------------------------------------------------------------

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
            Of pandas or polars: a Series; a frame with the column `target` and a time index, or a column `time_col`; a
            frame of which each column is a series, where `target` is None; or a long frame with the columns `id_col`,
            `time_col` and `target`, which need not be named if they are ``unique_id``, ``ds`` and ``y``.
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
        """
        roles = {"target": target, "id_col": id_col, "time_col": time_col}
        return self._fit_read(*self._read_training(data, **roles, static=static, sample_weight=sample_weight))

    def _read_training(self, data: Any, **roles: Any) -> tuple[Schema, Panel]:
        """What data to learn from are like, and what is in them."""
        self._validate_params()
        return Schema.learn(data, **roles, past=self.past, future=self.future, freq=self.freq, calendar=self.calendar)

    def _fit_read(self, schema: Schema, panel: Panel, **options: Any) -> Self:
        """Learn from `panel`, whose missing readings are still missing; `options` are for `_fit_panel`."""
        filled = fill(panel, self.missing)
        self.schema_ = schema
        self.season_ = find_season(filled, schema.season_hints) if self.season == "auto" else int(self.season)
        self._fit_panel(filled, **options)
        self._history = History(panel, filled, self.missing)
        self._history.tails(self._context_length())  # frees what is not needed of the filled panel
        self._usual = usual_change(panel, self.season_)
        self._calibrations: dict[int, Calibration] = {}
        return self

    def _fitted_copy(self, panel: Panel) -> Self:
        """A forecaster with the same parameters, fitted to other rows."""
        return clone(self)._fit_read(self.schema_, panel)

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
            Of rows that are known already, and of data in another form.

        Warns
        -----
        IrregularTimesWarning
            Where steps are left out, among the rows or before them, and `freq` is None.
        """
        check_is_fitted(self, "schema_")
        self._know_patterns()
        panel = self.schema_.read(data, skip_empty=True)
        self._check_steps(panel)
        self._history.add(panel, self._context_length())
        self.schema_ = self.schema_.with_series(panel)
        return self

    def _check_steps(self, panel: Panel) -> None:
        """Check that the times of later rows go on as `fit` learned, from the last ones that are known."""
        times, offsets = self._history.times_from_last(panel)
        self.schema_.axis.check(panel.ids, times, offsets, self.freq)

    def _know_patterns(self) -> None:
        """Learn what the stamps of the known series keep to, where the model is of a file that does not say it."""
        if self.schema_.axis.lacks_patterns:
            self.schema_ = self.schema_.with_series(self._history.panel())

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
            Covariates that are known ahead, as `make_future_frame` lays them out.
        level : float or sequence of float, optional
            Percentages of intervals, which become columns such as ``y_pred-lo-90`` and ``y_pred-hi-90``. Unless the
            model was trained for quantiles, they come from the errors of a copy of it, fitted without the last part of
            each series, in forecasting that part; this takes a second fit the first time.
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
            Of a horizon below 1, a level or quantile out of range, a `future` with missing or surplus rows or columns.

        Warns
        -----
        IrregularTimesWarning
            Where steps are left out in `data` or before it, and `freq` is None.
        """
        check_is_fitted(self, "schema_")
        asked, horizon = Asked.of(level, quantiles), self._checked_horizon(horizon)
        panel, times, extended = self._ahead(horizon, future, data)

        def spread(calibration: Calibration, _: NDArray[np.float64]) -> NDArray[np.float64]:
            units = calibration.units(panel.ids, self._usual_of(panel))
            return units[:, None, None] * calibration.offsets(asked.quantiles, horizon)

        points, blocks = self._windows_ahead(extended, _last_rows(extended, horizon), horizon, asked, spread)
        columns = {POINT: points.ravel(), **asked.named(blocks)}
        return self.schema_.write(panel.ids, times, columns, np.full(panel.n_series, horizon))

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
        check_is_fitted(self, "schema_")
        if not isinstance(n_paths, Integral) or isinstance(n_paths, bool) or n_paths < 1:
            raise ValueError(f"n_paths must be a whole number from 1 up, got {n_paths!r}")
        horizon = self._checked_horizon(horizon)
        panel, times, extended = self._ahead(horizon, future, data)
        points = self._forecast(extended, _last_rows(extended, horizon), horizon)
        calibration = self._calibration(horizon)
        scores = calibration.paths(int(n_paths), panel.n_series, horizon, check_random_state(random_state))
        units = calibration.units(panel.ids, self._usual_of(panel))
        paths = points[:, None] + units[:, None, None] * scores
        columns = {f"path-{k}": paths[:, k].ravel() for k in range(n_paths)}
        return self.schema_.write(panel.ids, times, columns, np.full(panel.n_series, horizon))

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
        check_is_fitted(self, "schema_")
        return self.schema_.future_frame(self._known(data), self._checked_horizon(horizon))

    def _known(self, data: Any) -> Panel:
        """What forecasts start from: the tails of all series, or `data`."""
        self._know_patterns()
        if data is None:
            return self._history.tails(self._context_length())
        panel = self.schema_.read(data)
        self._check_steps(panel)
        return self._history.before(panel, self._context_length())

    def _ahead(self, horizon: int, future: Any, data: Any) -> tuple[Panel, pd.Index, Panel]:
        """What is known, the stamps to forecast, and what is known together with rows for these."""
        panel = self._known(data)
        times = self.schema_.future_times(panel, horizon)
        return panel, times, with_steps_ahead(panel, times, self._read_future(panel, horizon, future))

    def _read_future(self, panel: Panel, horizon: int, future: Any) -> NDArray[np.float64]:
        """(n_series, horizon, F) what is known ahead."""
        return self.schema_.read_future(panel, horizon, future)

    def _windows_ahead(
        self,
        panel: Panel,
        ends: NDArray[np.int64],
        horizon: int,
        asked: Asked,
        spread: Callable[[Calibration, NDArray[np.float64]], NDArray[np.float64]],
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(n, horizon) points and (n, horizon, n_quantiles) what is asked beside them.

        `spread` gives the quantiles of the errors to be expected, where the model does not say quantiles itself.
        """
        points = self._forecast(panel, ends, horizon)
        if not asked.quantiles:
            return points, np.empty((*points.shape, 0))
        own = self._own_quantiles(panel, ends, horizon, list(asked.quantiles))
        if own is not None:
            return points, own
        return points, points[:, :, None] + spread(self._calibration(horizon), points)

    def _calibration(self, horizon: int) -> Calibration:
        """Errors to expect of so many steps at least, from windows that were not trained on; found once."""
        horizon = max(horizon, int(self.horizon))
        if horizon not in self._calibrations:
            self._calibrations[horizon] = calibrate(self, self._history.panel(), horizon)
        return self._calibrations[horizon]

    def _usual_of(self, panel: Panel) -> NDArray[np.float64]:
        """(n_series,) how much each series usually changes: as it was fitted, or else in `panel`."""
        at = self._history.fitted_ids.get_indexer(panel.ids)
        if (at >= 0).all():
            return self._usual[at]
        return np.where(at >= 0, self._usual[at], usual_change(panel, self.season_))

    def _checked_horizon(self, horizon: Any) -> int:
        if horizon is None:
            return int(self.horizon)
        if not isinstance(horizon, Integral) or isinstance(horizon, bool) or horizon < 1:
            raise ValueError(f"horizon must be a whole number from 1 up, got {horizon!r}")
        return int(horizon)


def _last_rows(extended: Panel, horizon: int) -> NDArray[np.int64]:
    """(n_series,) where the rows to forecast begin."""
    return extended.ends - horizon
