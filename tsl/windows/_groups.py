"""The series that each row of a table belongs to, by a column or a level of the index."""

from __future__ import annotations

import numbers
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.utils import check_array

from tsl._tables import library_of, to_pandas


class Split(NamedTuple):
    """A table, and the series of each row."""

    table: Any
    """The whole table, as a DataFrame or an array."""
    column: int | None
    """Position of the column that names the series; None for an index level."""
    labels: Any
    """The series of each row."""
    time: pd.Index | None
    """The time of each row, if the table has times."""

    def channels(self) -> Any:
        """Return the table without the column that names the series."""
        if self.column is None:
            return self.table
        n_columns = self.table.shape[1]
        if n_columns == 1:
            raise ValueError("X must have a column besides the one of groups, got no other")
        others = np.arange(n_columns) != self.column
        if isinstance(self.table, pd.DataFrame):
            return self.table.loc[:, others]
        channels = self.table[:, others]
        return channels.astype(np.float64) if channels.dtype.kind == "U" else channels  # a list that included names


def split_groups(X: Any, groups: Any) -> Split:
    """Split by `groups`: a str names a column or an index level, an int is a column's position."""
    if library_of(X) is not None:
        X, _ = to_pandas(X, "X")
    if isinstance(groups, str):
        return _split_by_name(X, groups)
    if isinstance(groups, numbers.Integral) and not isinstance(groups, bool):
        return _split_by_position(X, int(groups))
    raise TypeError(f"groups must be the name or the position of a column, or None, got {groups!r}")


def _split_by_name(X: Any, groups: str) -> Split:
    if not isinstance(X, pd.DataFrame):
        raise ValueError(f"groups={groups!r} is a name, and X has no names: pass a DataFrame, or a column's position")
    if groups in X.columns:
        column = X.columns.get_loc(groups)
        if not isinstance(column, int):
            raise ValueError(f"groups={groups!r} must name one column of X, got several of that name")
        return Split(X, column, X.iloc[:, column], X.index)
    if groups in X.index.names:
        time = X.index.droplevel(groups) if X.index.nlevels > 1 else None
        return Split(X, None, X.index.get_level_values(groups), time)
    raise ValueError(
        f"groups={groups!r} must name a column of X or a level of its index, got columns {list(X.columns)} "
        f"and levels {list(X.index.names)}"
    )


def _split_by_position(X: Any, groups: int) -> Split:
    if not isinstance(X, pd.DataFrame):
        X = check_array(X, dtype=None, ensure_all_finite=False, input_name="X")
    n_columns = X.shape[1]
    if not -n_columns <= groups < n_columns:
        raise ValueError(f"groups={groups} must be the position of one of the {n_columns} columns of X")
    column = groups % n_columns
    if isinstance(X, pd.DataFrame):
        return Split(X, column, X.iloc[:, column], X.index)
    return Split(X, column, X[:, column], None)
