"""What `fit` learns of the form of its data: later frames are read by it, and results written in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl.forecasting.calendar import Calendar
from tsl.forecasting.covariates import Encoder
from tsl.forecasting.known_ahead import empty_future, match_future
from tsl.forecasting.panel import Panel
from tsl.forecasting.reading import Rows, read_rows, row_weights
from tsl.forecasting.results import write_like_input, write_long
from tsl.forecasting.roles import Roles
from tsl.forecasting.static import StaticTable
from tsl.forecasting.times import TimeAxis, read_times


@dataclass(frozen=True, eq=False)
class Schema:
    """The form of the data that was fitted, without the data.

    Attributes
    ----------
    roles : Roles
        Which column is what.
    axis : TimeAxis
        The kind of times, and what comes after what.
    """

    roles: Roles
    axis: TimeAxis
    past: Encoder
    future: Encoder
    static: StaticTable
    calendar: Calendar

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
        freq: str | int | None = None,
        calendar: str | Sequence[str] | None = None,
    ) -> tuple[Schema, Panel]:
        """The form of `data`, and `data` as a panel."""
        static_columns = () if static is None or isinstance(static, pd.DataFrame) else tuple(static)
        taken = [sample_weight] if isinstance(sample_weight, str) else []
        roles = Roles.learn(data, target, id_col, time_col, past, future, static_columns, taken)
        times = read_times(*roles.times(data, "data"))
        rows = read_rows(roles, data, times, "data", has_target=True)
        axis = TimeAxis.learn(rows.times, rows.offsets, freq)
        frame = data if isinstance(data, pd.DataFrame) else pd.DataFrame(index=data.index)
        schema = cls(
            roles=roles,
            axis=axis,
            past=Encoder.learn(frame, roles.past, "past"),
            future=Encoder.learn(frame, roles.future, "future"),
            static=StaticTable.learn(frame, rows, static, roles.static),
            calendar=Calendar.learn(calendar, axis, rows.times, rows.offsets),
        )
        return schema, schema._panel(frame, rows, row_weights(sample_weight, data))

    def read(self, data: pd.Series | pd.DataFrame, *, name: str = "data", target_needed: bool = True) -> Panel:
        """Newer rows or other series, in the form that was learned."""
        roles = self.roles
        target = [roles.target] if target_needed and roles.form in ("single", "long") else []
        roles.check(data, name, needed=[roles.id_col, roles.time_col, *target, *roles.past, *roles.future])
        times = self.axis.read(*roles.times(data, name))
        has_target = target_needed or roles.form in ("series", "columns") or roles.target in data.columns
        rows = read_rows(roles, data, times, name, has_target=has_target)
        frame = data if isinstance(data, pd.DataFrame) else pd.DataFrame(index=data.index)
        return self._panel(frame, rows, None)

    def future_times(self, panel: Panel, horizon: int) -> pd.Index:
        """(n_series * horizon,) the stamps that follow the end of each series, series by series."""
        return self.axis.future(panel.times.take(panel.ends - 1), horizon)

    def future_frame(self, panel: Panel, horizon: int) -> Any:
        """The frame to fill in with what is known ahead of the `horizon` stamps after the end of each series."""
        return empty_future(self.roles, panel.ids, self.future_times(panel, horizon), horizon)

    def read_future(self, panel: Panel, horizon: int, future: Any, *, name: str = "future") -> NDArray[np.float64]:
        """(n_series, horizon, F) what is known ahead, calendar included, of the stamps after each series.

        Raises
        ------
        ValueError
            Of a frame where none is needed, of none where one is, of missing or surplus rows and columns, and of holes.
        """
        times = self.future_times(panel, horizon)
        covariates = np.empty((len(times), 0))
        if self.roles.future:
            if future is None:
                raise ValueError(f"{name} must hold the columns {list(self.roles.future)} ahead of time, got None")
            rows = match_future(self.roles, self.axis, future, panel.ids, times, horizon, name)
            covariates = self.future.encode(future)[rows]
            self._no_holes(covariates, times, name)
        elif future is not None:
            given = type(future).__name__
            raise ValueError(f"{name} must be None where fit had no covariates known ahead, got a {given}")
        known = np.concatenate([covariates, self.calendar.encode(times)], axis=1)
        return known.reshape(panel.n_series, horizon, -1)

    def _no_holes(self, covariates: NDArray[np.float64], times: pd.Index, name: str) -> None:
        """That nothing which should be known ahead is missing."""
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
        """Results (N,) of the series `ids`, which have `counts` rows each, in the form that came in."""
        return write_like_input(self.roles, ids, times, columns, counts)

    def write_long(self, ids: pd.Index, times: pd.Index, columns: Mapping[str, NDArray[Any]]) -> Any:
        """Results (N,) with an id (N,) and a time (N,) each, as a long frame."""
        return write_long(self.roles, ids, times, columns)

    @property
    def freq(self) -> str | None:
        """The frequency as pandas calls it, if it has a name."""
        return self.axis.freq

    @property
    def season_hints(self) -> tuple[int, ...]:
        """Steps after which the series may repeat, by the calendar: of hours (24, 168); none for integers."""
        return self.axis.season_hints

    def _panel(self, frame: pd.DataFrame, rows: Rows, weights: NDArray[np.float64] | None) -> Panel:
        """Rows with their covariates."""
        known_ahead = [self.future.encode(frame)[rows.source], self.calendar.encode(rows.times)]
        return Panel(
            ids=rows.ids,
            offsets=rows.offsets,
            times=rows.times,
            values=rows.values,
            past=self.past.encode(frame)[rows.source],
            future=np.concatenate(known_ahead, axis=1),
            static=self.static.rows_of(rows, frame),
            weights=None if weights is None else weights[rows.source],
        )
