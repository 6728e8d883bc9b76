"""The schema: what `fit` learns about the form of its data, to read later frames and to write results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl._tables import PANDAS, like_input, to_pandas
from tsl.forecasting.frames.encoder import Encoder, Unknown
from tsl.forecasting.frames.future import empty_future, match_future
from tsl.forecasting.frames.output import check_names, write_like_input, write_long
from tsl.forecasting.frames.roles import Roles
from tsl.forecasting.frames.rows import Rows, read_rows, row_weights
from tsl.forecasting.frames.static import StaticTable, static_frame
from tsl.forecasting.panel.panel import Panel
from tsl.forecasting.times.axis import TimeAxis
from tsl.forecasting.times.calendar import Calendar
from tsl.forecasting.times.frequency import Freq
from tsl.forecasting.times.stamps import read_times, time_format


@dataclass(frozen=True, eq=False)
class Schema:
    """The form of the data of `fit`, without the data.

    Attributes
    ----------
    roles : Roles
        The roles of columns.
    axis : TimeAxis
        The type and frequency of the times.
    """

    roles: Roles
    axis: TimeAxis
    past: Encoder
    future: Encoder
    static: StaticTable
    calendar: Calendar
    library: str = PANDAS

    @classmethod
    def learn(
        cls,
        data: pd.Series | pd.DataFrame,
        *,
        target: Any = None,
        id_col: Any = None,
        time_col: Any = None,
        past: Sequence[Any] | None = None,
        future: Sequence[Any] | None = (),
        static: Sequence[Any] | pd.DataFrame | None = None,
        sample_weight: Any = None,
        freq: Freq = None,
        calendar: str | Sequence[str] | None = None,
        warn: bool = False,
    ) -> tuple[Schema, Panel]:
        """Return the schema of `data`, and `data` as a panel.

        Parameters
        ----------
        data : Series or DataFrame
            A Series, a frame with one target, a wide frame whose columns are series, or a long frame.
        target, id_col, time_col : column names
            As in `fit`; "y", "unique_id" and "ds" by default, if a frame has these columns.
        past, future : list of column names
            Covariates; `past=None` takes all other columns of a frame with one target and no ids.
        static : list of column names, or DataFrame
            Static covariates: columns of a long frame, or a table with the ids as its index.
        sample_weight : column name or array of shape (n_rows,)
            Weight of each row.
        freq : str, int, offset or Timedelta
            The frequency. Default: that of the index, or inferred. With a given frequency, gaps are intended and no
            warning is issued.
        calendar : "auto", None or list of str
            Calendar features, which are appended to the covariates known ahead.
        warn : bool
            Whether to warn about columns of a long frame that no argument names.

        Returns
        -------
        tuple of Schema and Panel

        Raises
        ------
        TypeError
            If `data` is neither a Series nor a DataFrame.
        ValueError
            If the arguments or the data are invalid in another way.

        Warns
        -----
        IgnoredColumnsWarning
            If there are such columns and `warn` is true.
        IrregularTimesWarning
            If the times have gaps and `freq` is None.

        Examples
        --------
        >>> import pandas as pd
        >>> times = pd.date_range("2024-01-01", periods=3, freq="D")
        >>> schema, panel = Schema.learn(pd.DataFrame({"sales": [3.0, 5.0, 4.0]}, index=times), target="sales")
        >>> schema.write(panel.ids, schema.future_times(panel, 2), {"y_pred": np.array([4.0, 4.5])}, np.array([2]))
                    y_pred
        2024-01-04     4.0
        2024-01-05     4.5
        """
        data, library = to_pandas(data, "data")
        static = static if static is None or isinstance(static, list | tuple) else static_frame(static)
        static_columns = static if isinstance(static, list | tuple) else ()
        taken = (sample_weight,) if isinstance(sample_weight, str) else ()
        roles = Roles.learn(data, target, id_col, time_col, past, future, static_columns, taken)
        if warn:
            roles.warn_of_unused(data, stacklevel=5)
        stamps, where = roles.times(data, "data")
        form = None if isinstance(freq, Integral) else time_format(stamps, where)
        times = read_times(stamps, where, form)
        carried = times.freq if isinstance(times, pd.DatetimeIndex) else None
        rows = read_rows(roles, data, times, "data")
        check_names(roles, rows.ids)
        axis = TimeAxis.learn(rows.ids, rows.times, rows.offsets, freq, carried=carried, time_format=form)
        schema = cls(
            roles=roles,
            axis=axis,
            past=Encoder.learn(data, roles.past, "past"),
            future=Encoder.learn(data, roles.future, "future"),
            static=StaticTable.learn(data, rows, static, roles),
            calendar=Calendar.learn(calendar, axis, rows.times, rows.offsets),
            library=library,
        )
        weights = row_weights(sample_weight, data)
        return schema, schema._panel(data, rows, schema.static.rows_of(rows, data), weights)

    def read(
        self,
        data: Any,
        *,
        name: str = "data",
        target_needed: bool = True,
        skip_empty: bool = False,
        static: Any = None,
        sample_weight: Any = None,
        unknown: Unknown = "error",
    ) -> Panel:
        """Read newer rows or other series in the form of the fitted data.

        Parameters
        ----------
        data : Series or DataFrame
            Data of the same form as the fitted data.
        name : str
            Name of the argument, for errors.
        target_needed : bool
            Whether the target is required; without it, values are NaN.
        skip_empty : bool
            Whether to leave out series of a wide frame without any value, such as series that ended before these rows.
        static : DataFrame, optional
            Table of static covariates with the ids as its index, for new series.
        sample_weight : column name or array of shape (n_rows,), optional
            Weight of each row, if these are training data or a part of them.
        unknown : {"error", "ignore"}
            How to treat a category that `fit` has not seen.
        """
        roles = self.roles
        data = to_pandas(data, name)[0]
        target = [roles.target] if target_needed and roles.form in ("single", "long") else []
        roles.check(data, name, needed=[roles.id_col, roles.time_col, *target, *roles.past, *roles.future])
        times = self.axis.read(*roles.times(data, name))
        has_target = target_needed or roles.form in ("series", "columns") or roles.target in data.columns
        rows = read_rows(roles, data, times, name, has_target=has_target, skip_empty=skip_empty)
        table = self.static if static is None else self.static.table(static_frame(static), roles, unknown)
        weights = row_weights(sample_weight, data, is_part=True)
        return self._panel(data, rows, table.rows_of(rows, data, unknown), weights, unknown)

    def again(self, *, static: Any = None, unknown: Unknown = "error", **roles: Any) -> Schema:
        """Return the schema for more data of the same form; `static` may be a table of covariates of other series.

        Raises
        ------
        ValueError
            If a different column is named for a role.
        """
        columns = static if isinstance(static, list | tuple) else None
        if columns is not None:
            roles, static = roles | {"static": tuple(columns)}, None
        for role, column in roles.items():
            if column is not None and column != getattr(self.roles, role):
                raise ValueError(f"{role} must be that of the first fit, {getattr(self.roles, role)!r}, got {column!r}")
        if static is None:
            return self
        return replace(self, static=self.static.joined(static_frame(static), self.roles, unknown))

    def shared_times(self, data: Any) -> pd.Index | None:
        """Return the timestamps of a wide frame; None for data in another form."""
        if self.roles.form != "columns":
            return None
        return self.axis.read(*self.roles.times(to_pandas(data, "data")[0], "data"))

    def future_times(self, panel: Panel, horizon: int) -> pd.Index:
        """Return the timestamps that follow each series, series by series, (n_series * horizon,)."""
        return self.axis.future(panel.ids, panel.times, panel.offsets, horizon)

    def with_series(self, panel: Panel) -> Schema:
        """Return the schema with the timestamp patterns of the series of `panel` added."""
        axis = self.axis.with_series(panel.ids, panel.times, panel.offsets)
        return self if axis is self.axis else replace(self, axis=axis)

    def future_frame(self, panel: Panel, horizon: int) -> Any:
        """Return a frame to fill in with the covariates of the `horizon` timestamps after each series."""
        frame = empty_future(self.roles, self.future, panel.ids, self.future_times(panel, horizon), horizon)
        return self.like_input(frame)

    def read_future(
        self,
        panel: Panel,
        horizon: int,
        future: Any,
        *,
        n_ahead: int | None = None,
        times: pd.Index | None = None,
        name: str = "future",
        unknown: Unknown = "error",
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return the covariates of the timestamps after each series, and for how many of them they are known.

        Parameters
        ----------
        panel : Panel
        horizon : int
            Number of timestamps that are required.
        future : DataFrame or None
        n_ahead : int, optional
            Number of timestamps that may be given; by default `horizon`.
        times : Index, optional
            These timestamps as from `future_times`, if known.
        name : str
            Name of the argument, for errors.
        unknown : {"error", "ignore"}
            How to treat categories that `fit` has not seen.

        Returns
        -------
        known : ndarray of shape (n_series, n_ahead, F)
            Covariates, including the calendar; NaN for timestamps that are not given.
        n_known : ndarray of shape (n_series,)

        Raises
        ------
        ValueError
            If a frame is given but not needed or vice versa, if rows or columns are missing or surplus, if values are
            missing, or if categories are unknown and `unknown` is not "ignore".
        """
        n_ahead = horizon if n_ahead is None else n_ahead
        times = self.future_times(panel, n_ahead) if times is None else times
        future = None if future is None else to_pandas(future, name)[0]
        covariates = np.empty((len(times), 0))
        n_known = np.full(panel.n_series, n_ahead)
        if self.roles.future:
            if future is None:
                raise ValueError(f"{name} must hold the columns {list(self.roles.future)} ahead of time, got None")
            rows = match_future(self.roles, self.axis, future, panel.ids, times, horizon, name)
            n_known = (rows >= 0).sum(axis=1)
            covariates = self.future.encode(future, unknown)[rows.ravel()]
            covariates[rows.ravel() < 0] = np.nan
            self._no_holes(covariates[rows.ravel() >= 0], times[rows.ravel() >= 0], name)
        elif future is not None:
            given = type(future).__name__
            raise ValueError(f"{name} must be None if fit had no covariates known ahead, got a {given}")
        known = self._with_calendar(covariates, times)
        return known.reshape(panel.n_series, n_ahead, known.shape[1]), n_known

    def calendar_ahead(self, times: pd.Index) -> NDArray[np.float64]:
        """Return the calendar features of timestamps (n, F); their covariates are unknown and NaN."""
        return self._with_calendar(np.full((len(times), len(self.future.names)), np.nan), times)

    def _no_holes(self, covariates: NDArray[np.float64], times: pd.Index, name: str) -> None:
        """Check that no covariate known ahead is missing."""
        holes = np.argwhere(np.isnan(covariates))
        if len(holes):
            row, column = holes[0]
            raise ValueError(
                f"{name} must have no missing values, got {len(np.unique(holes[:, 0]))} rows with some: "
                f"{self.future.names[column]!r} at {times[row]}"
            )

    def write(
        self, ids: pd.Index, times: pd.Index, columns: Mapping[str, NDArray[Any]], counts: NDArray[np.int64]
    ) -> Any:
        """Return results (N,) for the series `ids`, with `counts` rows each, in the form of the data."""
        return self.like_input(write_like_input(self.roles, ids, times, columns, counts))

    def write_long(self, ids: pd.Index, times: pd.Index, columns: Mapping[str, NDArray[Any]]) -> Any:
        """Return results (N,) with ids (N,) and times (N,) as a long frame."""
        return self.like_input(write_long(self.roles, ids, times, columns))

    @property
    def freq(self) -> str | None:
        """Return the frequency as a pandas alias, if it has one."""
        return self.axis.freq

    @property
    def season_hints(self) -> tuple[int, ...]:
        """Return the seasons that the frequency suggests: (24, 168) for hours; none for integers."""
        return self.axis.season_hints

    def like_input(self, frame: Any) -> Any:
        """Convert a result to the library of the data."""
        return like_input(frame, self.library)

    def _panel(
        self,
        data: pd.Series | pd.DataFrame,
        rows: Rows,
        static: NDArray[np.float64],
        weights: NDArray[np.float64] | None,
        unknown: Unknown = "error",
    ) -> Panel:
        """Return the panel of these rows with their covariates."""
        covariates = rows.take(self.future.encode(data, unknown))
        return Panel(
            ids=rows.ids,
            offsets=rows.offsets,
            times=rows.times,
            values=rows.values,
            past=rows.take(self.past.encode(data, unknown)),
            future=self._with_calendar(covariates, rows.times),
            static=static,
            weights=None if weights is None else rows.take(weights),
        )

    def _with_calendar(self, covariates: NDArray[np.float64], times: pd.Index) -> NDArray[np.float64]:
        """Join covariates and calendar features; a single block is not copied, as there may be millions of rows."""
        blocks = [block for block in (covariates, self.calendar.encode(times)) if block.shape[1]]
        return np.concatenate(blocks, axis=1) if len(blocks) == 2 else blocks[0] if blocks else covariates
