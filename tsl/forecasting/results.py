"""From arrays back to frames, in the form of the data that came in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl.forecasting.roles import LONG_NAMES, Roles

POINT = "y_pred"
"""The column of point forecasts; alone it takes the place of the target."""


def write_like_input(
    roles: Roles, ids: pd.Index, times: pd.Index, columns: Mapping[str, NDArray[Any]], counts: NDArray[np.int64]
) -> pd.Series | pd.DataFrame:
    """Columns (N,) of the series `ids`, which have `counts` rows each, in the form that came in."""
    if roles.form == "long":
        return write_long(roles, ids.repeat(counts), times, columns)
    if roles.form == "columns":
        return _wide(roles, ids, times, columns, counts)
    index = times.rename(roles.time_name)
    if roles.form == "series" and list(columns) == [POINT]:
        return pd.Series(columns[POINT], index=index, name=roles.target)
    return _with_time_column(roles, pd.DataFrame(dict(columns), index=index))


def write_long(roles: Roles, ids: pd.Index, times: pd.Index, columns: Mapping[str, NDArray[Any]]) -> pd.DataFrame:
    """One row an id and time, under the names that came in or the usual ones."""
    id_name, time_name = long_names(roles)
    frame = {id_name: pd.Series(ids), time_name: pd.Series(times)}
    return pd.DataFrame({**frame, **columns})


def long_names(roles: Roles) -> tuple[Any, Any]:
    """Names of the columns of ids and times in a long frame."""
    named = [name for name in (roles.time_col, roles.time_name, LONG_NAMES[1]) if name is not None]
    return (LONG_NAMES[0] if roles.id_col is None else roles.id_col), named[0]


def _wide(
    roles: Roles, ids: pd.Index, times: pd.Index, columns: Mapping[str, NDArray[Any]], counts: NDArray[np.int64]
) -> pd.DataFrame:
    """A column a series; below it one for each of `columns` if there is more than the point forecast."""
    index = times.unique().sort_values()
    rows = index.get_indexer(times)
    numbers = np.repeat(np.arange(len(ids)), counts)
    block = np.full((len(index), len(ids), len(columns)), np.nan)
    for k, values in enumerate(columns.values()):
        block[rows, numbers, k] = values
    if list(columns) == [POINT]:
        names = ids.rename(roles.columns_name)
    else:
        names = pd.MultiIndex.from_product([ids, list(columns)], names=[roles.columns_name, None])
    frame = pd.DataFrame(block.reshape(len(index), -1), index=index.rename(roles.time_name), columns=names)
    return _with_time_column(roles, frame)


def _with_time_column(roles: Roles, frame: pd.DataFrame) -> pd.DataFrame:
    """The times as a column in front, where they came as one."""
    if roles.time_col is None:
        return frame
    frame = frame.copy(deep=False)
    times = frame.index
    frame.index = pd.RangeIndex(len(frame))
    name = roles.time_col if frame.columns.nlevels == 1 else (roles.time_col, "")
    frame.insert(0, name, times)
    return frame
