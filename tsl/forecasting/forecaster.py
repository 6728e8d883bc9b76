"""What all forecasters do: read frames, forecast, put intervals around it, and take newer rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from numbers import Integral
from typing import Any, Self, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from tsl._sklearn import Interval, StrOptions, check_parameters
from tsl._tables.columns import POINT
from tsl.forecasting.arguments import refuse_targets_apart, shown
from tsl.forecasting.evaluation.calibration import calibrate
from tsl.forecasting.evaluation.conformal import Calibration, IntervalRequest
from tsl.forecasting.frames.cutoffs import in_parts, known_at
from tsl.forecasting.frames.encoder import Unknown
from tsl.forecasting.frames.schema import Schema
from tsl.forecasting.locks import lock_of
from tsl.forecasting.looking_back import LookingBack
from tsl.forecasting.panel.missing import WAYS, check_missing, fill
from tsl.forecasting.panel.outliers import without_outliers
from tsl.forecasting.panel.panel import Panel, after
from tsl.forecasting.panel.scale import naive_scale
from tsl.forecasting.panel.seasonality import find_season
from tsl.forecasting.panel.store import SeriesStore, with_steps_ahead
from tsl.forecasting.times.frequency import Freq
from tsl.windows._labels import check_new_labels


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
        "unknown": [StrOptions(set(get_args(Unknown)))],
    }
    horizon: int
    season: int | str
    missing: str
    past: Sequence[Any] | None
    future: Sequence[Any]
    calendar: str | Sequence[str] | None
    freq: Freq
    unknown: Unknown = "error"

    _repeats: tuple[int, ...] = ()
    """What covariates are taken to be where they are not known: see `tsl.forecasting.frames.cutoffs.known_at`."""

    # --- what a subclass gives --------------------------------------------------------------------------------

    def _fit_panel(self, panel: Panel) -> None:
        """Learn from `panel`, whose missing readings are dealt with; ``schema_`` and ``season_`` are there."""
        raise NotImplementedError

    def _forecast(self, panel: Panel, ends: NDArray[np.int64], horizon: int) -> NDArray[np.float64]:
        """Return what follows the rows ``panel.offsets[k] : ends[i]`` of each window's series `k`, as (n, horizon).

        Covariates known ahead are in the rows from ``ends[i]`` on, and nothing else of those rows may be looked at.
        Where `_context_length` is a number, each series has one window and nothing that is not known there.
        """
        raise NotImplementedError

    def _context_length(self) -> int | None:
        """Return how many rows before its beginning a forecast depends on.

        None stands for all of them: `_forecast` then gets the series as they are, missing readings and all.
        """
        raise NotImplementedError

    def _rows_ahead(self, horizon: int) -> int:
        """Return how many rows from its beginning on a forecast of `horizon` steps reads covariates of."""
        return horizon

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
        """Read what to learn from, and its form."""
        check_parameters(self)
        return Schema.learn(
            data,
            **roles,
            past=self.past,
            future=self.future,
            freq=self.freq,
            calendar=self.calendar,
            warn=self.past is None,
        )

    def _fit_read(self, schema: Schema, panel: Panel, *, warn: bool = False, **options: Any) -> Self:
        """Learn from `panel`, whose missing readings are still missing; `options` are for `_fit_panel`.

        `warn` says whether a warning names readings that cannot be right.
        """
        check_missing(panel, self.missing)
        self.schema_ = schema
        tame = without_outliers(panel, len(schema.future.names), warn=warn)
        filled = fill(tame, self.missing)
        self.season_ = find_season(filled, schema.season_hints) if self.season == "auto" else int(self.season)
        self._fit_panel(filled, **options)
        self._history = SeriesStore(panel, self.missing)
        self._usual = naive_scale(tame, self.season_)
        self._calibrations: dict[int, Calibration] = {}
        return self

    def _fitted_copy(self, panel: Panel) -> Self:
        """A forecaster with the same parameters, fitted to other rows."""
        return clone(self)._fit_read(self.schema_, panel)

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
        check_is_fitted(self, "schema_")
        self._calibration(self._checked_horizon(horizon))
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
        check_is_fitted(self, "schema_")
        self._know_patterns()
        panel = self._read_newer(data, skip_empty=True)
        self._history.add(panel, self._context_length())
        self.schema_ = self.schema_.with_series(panel)
        self._see(data)
        return self

    def _see(self, data: Any) -> None:
        """Remember which rows a frame had, where a panel does not tell."""
        times = self.schema_.shared_times(data)
        if times is not None:
            self._history.see(times)

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
        check_is_fitted(self, "schema_")
        asked, horizon = IntervalRequest.of(level, quantiles), self._checked_horizon(horizon)
        panel, times, extended, n_known = self._ahead(horizon, future, data)

        def spread(_: NDArray[np.float64]) -> NDArray[np.float64]:
            calibration = self._calibration(horizon)
            units = calibration.units(panel.ids, self._usual_of(panel))
            return units[:, None, None] * calibration.offsets(asked.quantiles, horizon)

        ends = extended.ends - self._rows_ahead(horizon)
        points, blocks = self._windows_ahead(extended, ends, horizon, asked, spread, n_known)
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
            raise ValueError(f"n_paths must be a whole number from 1 up, got {shown(n_paths)}")
        horizon = self._checked_horizon(horizon)
        panel, times, extended, n_known = self._ahead(horizon, future, data)
        points = self._forecast_at(extended, extended.ends - self._rows_ahead(horizon), horizon, n_known)
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
        return self._history.before(self._read_newer(data), self._context_length())

    def _read(self, data: Any, *, skip_empty: bool = False) -> Panel:
        """Read newer rows or other series, in the form of the data that was fitted."""
        panel, known = self.schema_.read(data, skip_empty=skip_empty, unknown=self.unknown), self._history.ids
        check_new_labels(panel.ids[known.get_indexer(panel.ids) < 0], known, "data")
        return panel

    def _read_newer(self, data: Any, *, skip_empty: bool = False) -> Panel:
        """Return rows that may go on from those known, with the rows that the form of the data left out between."""
        newer = self._read(data, skip_empty=skip_empty)
        times = self.schema_.shared_times(data)
        left_out = None if times is None else self._history.left_out(newer, times)
        if left_out is not None:
            newer = after(replace(left_out, future=self.schema_.calendar_ahead(left_out.times)), newer)
        self._check_steps(newer)
        return newer

    def _ahead(self, horizon: int, future: Any, data: Any) -> tuple[Panel, pd.Index, Panel, NDArray[np.int64]]:
        """Return what is known, the stamps to forecast, and what is known with `_rows_ahead` after it.

        Last comes of how many of these rows, (n_series,), the covariates are known.
        """
        panel, n_ahead = self._known(data), self._rows_ahead(horizon)
        times = self.schema_.future_times(panel, n_ahead)
        known, n_known = self._read_future(panel, horizon, n_ahead, future)
        asked = (np.arange(panel.n_series)[:, None] * n_ahead + np.arange(horizon)).ravel()
        return panel, times[asked], with_steps_ahead(panel, times, known), n_known

    def _read_future(
        self, panel: Panel, horizon: int, n_ahead: int, future: Any
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return what is known ahead, (n_series, n_ahead, F), and of how many rows of each series it is."""
        return self.schema_.read_future(panel, horizon, future, n_ahead=n_ahead, unknown=self.unknown)

    def _windows_ahead(
        self,
        panel: Panel,
        ends: NDArray[np.int64],
        horizon: int,
        asked: IntervalRequest,
        spread: Callable[[NDArray[np.float64]], NDArray[np.float64]],
        n_known: NDArray[np.int64] | None = None,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(n, horizon) points and (n, horizon, n_quantiles) what is asked beside them.

        `spread` gives the quantiles of the errors to be expected of these points, where the model does not say
        quantiles itself.
        """
        points = self._forecast_at(panel, ends, horizon, n_known)
        if not asked.quantiles:
            return points, np.empty((*points.shape, 0))
        own = self._own_quantiles_at(panel, ends, horizon, list(asked.quantiles), n_known)
        if own is not None:
            return points, own
        return points, points[:, :, None] + spread(points)

    def _forecast_at(
        self,
        panel: Panel,
        ends: NDArray[np.int64],
        horizon: int,
        n_known: NDArray[np.int64] | None = None,
        missing: str | None = None,
    ) -> NDArray[np.float64]:
        """Return what `predict` would say of `horizon` steps at each cutoff, as (n, horizon).

        `panel` is as it was read. Covariates are known ahead of `n_known` (n,) rows, by default of those that are
        forecast. `missing` stands for the parameter where that is to be another.
        """
        parts = self._known_at(panel, ends, horizon, n_known, missing)
        return np.concatenate([self._forecast(*known, horizon) for known in parts])

    def _own_quantiles_at(
        self,
        panel: Panel,
        ends: NDArray[np.int64],
        horizon: int,
        quantiles: list[float],
        n_known: NDArray[np.int64] | None,
    ) -> NDArray[np.float64] | None:
        """Return the same for `_own_quantiles`, as (n, horizon, n_quantiles) or None."""
        parts = []
        for known in self._known_at(panel, ends, horizon, n_known):
            part = self._own_quantiles(*known, horizon, quantiles)
            if part is None:
                return None
            parts.append(part)
        return np.concatenate(parts)

    def _known_at(
        self,
        panel: Panel,
        ends: NDArray[np.int64],
        horizon: int,
        n_known: NDArray[np.int64] | None = None,
        missing: str | None = None,
    ) -> Iterator[tuple[Panel, NDArray[np.int64]]]:
        """Yield what is known at the cutoffs, as many of them at once as fit into memory."""
        context, n_ahead = self._context_length(), self._rows_ahead(horizon)
        if context is None:
            yield panel, ends
            return
        n_known = np.full(len(ends), horizon) if n_known is None else n_known
        for part in in_parts(len(ends), context + n_ahead):
            yield known_at(
                panel,
                ends[part],
                self.schema_,
                self.missing if missing is None else missing,
                context=context,
                n_known=n_known[part],
                n_ahead=n_ahead,
                repeats=self._repeats,
            )

    def _calibration(self, horizon: int, known: Panel | None = None) -> Calibration:
        """Return errors to expect of so many steps at least, from windows that were not trained on.

        They are found once; unless they are to come from rows that were `known` when there were fewer.
        """
        horizon = max(horizon, int(self.horizon))
        if known is not None:
            return calibrate(self, known, horizon)
        with lock_of(self):  # threads that ask at once wait for one fit rather than make one each
            if horizon not in self._calibrations:
                self._calibrations[horizon] = calibrate(self, self._history.panel(), horizon)
            return self._calibrations[horizon]

    def _usual_of(self, panel: Panel) -> NDArray[np.float64]:
        """(n_series,) how much each series usually changes: as it was fitted, or else in `panel`."""
        at = self._history.fitted_ids.get_indexer(panel.ids)
        if (at >= 0).all():
            return self._usual[at]
        tame = without_outliers(panel, len(self.schema_.future.names))
        return np.where(at >= 0, self._usual[at], naive_scale(tame, self.season_))

    def _checked_horizon(self, horizon: Any) -> int:
        if horizon is None:
            return int(self.horizon)
        if not isinstance(horizon, Integral) or isinstance(horizon, bool) or horizon < 1:
            hint = "" if np.isscalar(horizon) else ": series to forecast from are given as data="
            raise ValueError(f"horizon must be a whole number from 1 up, got {shown(horizon)}{hint}")
        return int(horizon)
