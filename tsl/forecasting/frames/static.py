"""Static covariates: a table by id, or columns of a long frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl._tables import to_pandas
from tsl._tables.columns import written
from tsl.forecasting.frames.encoder import Encoder, Unknown
from tsl.forecasting.frames.roles import Roles
from tsl.forecasting.frames.rows import Rows


@dataclass(frozen=True, eq=False)
class StaticTable:
    """Static covariates of series, as numbers."""

    encoder: Encoder
    columns: tuple[Any, ...]
    """Columns of a long frame; none if a table by id was given."""
    ids: pd.Index
    values: NDArray[np.float64]
    """Values of the series of `fit` or of the table, (n_ids, S)."""

    @classmethod
    def learn(
        cls, frame: pd.Series | pd.DataFrame, rows: Rows, static: Sequence[Any] | pd.DataFrame | None, roles: Roles
    ) -> StaticTable:
        """Return the static covariates of these series.

        Raises
        ------
        ValueError
            If a column changes within a series, a value is missing, or a series is not in the table.
        """
        if isinstance(static, pd.DataFrame):
            by_id = _by_id(static, roles)
            return cls(Encoder.learn(by_id, list(by_id.columns), "static"), (), rows.ids, np.empty(0)).table(
                by_id, roles
            )
        encoder = Encoder.learn(frame, roles.static, "static")
        empty = cls(encoder, roles.static, rows.ids[:0], np.empty((0, len(encoder.names))))
        return cls(encoder, roles.static, rows.ids, empty.rows_of(rows, frame))

    def table(self, static: pd.DataFrame, roles: Roles, unknown: Unknown = "error") -> StaticTable:
        """Return the same covariates for the series of another table."""
        by_id = _by_id(static, roles)
        missing = [column for column in self.encoder.columns if column not in by_id.columns]
        if missing:
            raise ValueError(f"static must have the columns {list(self.encoder.columns)}, got none of {missing}")
        values = _complete(self.encoder.encode(by_id, unknown), by_id.index)
        return replace(self, columns=(), ids=by_id.index, values=values)

    def joined(self, static: pd.DataFrame, roles: Roles, unknown: Unknown = "error") -> StaticTable:
        """Return the table with the series of another one added; its rows replace those with the same ids."""
        other = self.table(static, roles, unknown)
        kept = np.flatnonzero(~self.ids.isin(other.ids))
        return replace(
            other, ids=other.ids.append(self.ids[kept]), values=np.concatenate([other.values, self.values[kept]])
        )

    def rows_of(self, rows: Rows, frame: pd.Series | pd.DataFrame, unknown: Unknown = "error") -> NDArray[np.float64]:
        """Return the covariates of these series (n_series, S): from columns of `frame`, otherwise as learned."""
        if not self.encoder.columns:
            return np.empty((len(rows.ids), 0))
        if self.columns and set(self.columns) <= set(frame.columns):
            for column in self.columns:
                _constant(frame[column], rows)
            first = frame.iloc[rows.first]
            return _complete(self.encoder.encode(first, unknown), rows.ids)
        at = self.ids.get_indexer(rows.ids)
        if (at < 0).any():
            raise ValueError(f"static must have a row for every series, got none for {list(rows.ids[at < 0][:5])}")
        return self.values[at]


def static_frame(static: Any) -> pd.DataFrame:
    """Return the given table as a pandas frame; a Series becomes one column."""
    if isinstance(static, str):
        raise ValueError(f"static must be a list of column names or a table, got the string {static!r}")
    table = to_pandas(static, "static")[0]
    return table.to_frame("static" if table.name is None else table.name) if isinstance(table, pd.Series) else table


def _by_id(static: pd.DataFrame, roles: Roles) -> pd.DataFrame:
    """Return the table with the ids as its index; they may be in a column."""
    if roles.id_col is not None and roles.id_col in static.columns:
        static = static.set_index(roles.id_col)
    if not static.index.is_unique:
        double = static.index[static.index.duplicated()][0]
        raise ValueError(f"static must have one row for each series, got several for {written(double)}")
    return static


def _constant(values: pd.Series, rows: Rows) -> None:
    """Check that a column does not change within a series."""
    codes = rows.take(pd.factorize(values)[0])
    first = np.repeat(codes[rows.offsets[:-1]], np.diff(rows.offsets))
    if (codes != first).any():
        row = int((codes != first).argmax())
        series = rows.ids[np.searchsorted(rows.offsets, row, side="right") - 1]
        raise ValueError(
            f"static must name columns that do not change within a series, got {values.name!r}, "
            f"which changes in series {written(series)} at {rows.times[row]}"
        )


def _complete(values: NDArray[np.float64], ids: pd.Index) -> NDArray[np.float64]:
    """Check that no value is missing, and return the values."""
    missing = np.isnan(values).any(axis=1)
    if missing.any():
        raise ValueError(f"static must have no missing values, got some for {list(ids[missing][:5])}")
    return values
