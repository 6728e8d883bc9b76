"""Conversion of results from arrays to frames in the form of the data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl._tables.columns import CUTOFF, ID, POINT, TARGET, TIME, is_result_name
from tsl.forecasting.frames.roles import Roles


class LongNames(NamedTuple):
    """Column names of ids, times and observed values in a long frame of results."""

    id: Any
    time: Any
    truth: Any

    @classmethod
    def of(cls, roles: Roles) -> LongNames:
        """Return the names in the data, or "unique_id", "ds" and "y" where it has none.

        Observed values are also called "y" if the target's name clashes with another column of results, and times "ds"
        if the index name does.
        """
        id_name = ID if roles.id_col is None else roles.id_col
        time = roles.time_col
        if time is None:
            taken = roles.time_name in (None, id_name, roles.target, TARGET) or is_result_name(roles.time_name)
            time = TIME if taken else roles.time_name
        taken = roles.target in (None, id_name, time) or is_result_name(roles.target)
        return cls(id_name, time, TARGET if taken else roles.target)


def check_names(roles: Roles, series: pd.Index) -> None:
    """Check that no two columns of a result will have the same name.

    Raises
    ------
    ValueError
        If an argument of `fit` names a column that results also have, or one of the `series` of a wide frame has such a
        name.
    """
    names = LongNames.of(roles)
    hint = "is a column of results, too: rename the column"
    for argument, name in (("id_col", roles.id_col), ("time_col", roles.time_col)):
        if name is not None and (is_result_name(name) or names.count(name) > 1):
            raise ValueError(f"{argument} must not be {name!r}, which {hint}")
    if roles.form == "long" and names.time in roles.future:
        raise ValueError(f"future must not hold {names.time!r}, which {hint}, or set data.index.name to another name")
    if roles.form == "columns" and POINT in series:
        raise ValueError(f"data must have no series {POINT!r}, which {hint}")


def write_like_input(
    roles: Roles, ids: pd.Index, times: pd.Index, columns: Mapping[str, NDArray[Any]], counts: NDArray[np.int64]
) -> pd.Series | pd.DataFrame:
    """Return columns (N,) for the series `ids`, with `counts` rows each, in the form of the data."""
    if roles.form == "long":
        return write_long(roles, ids.repeat(counts), times, columns)
    if roles.form == "columns":
        return _wide(roles, ids, times, columns, counts)
    index = times.rename(roles.time_name)
    if roles.form == "series" and list(columns) == [POINT]:
        return pd.Series(columns[POINT], index=index, name=roles.target)
    return _with_time_column(roles, pd.DataFrame(dict(columns), index=index))


def write_long(roles: Roles, ids: pd.Index, times: pd.Index, columns: Mapping[str, NDArray[Any]]) -> pd.DataFrame:
    """Return a long frame with the names of `LongNames`; cutoffs come between id and time."""
    names = LongNames.of(roles)
    double = [name for name in columns if name in (names.id, names.time)]
    if double:  # possible in a model from a file that is older than `check_names`
        raise ValueError(f"a result cannot have two columns {double[0]!r}: rename that of the data and fit again")
    cutoffs = {CUTOFF: columns[CUTOFF]} if CUTOFF in columns else {}
    return pd.DataFrame({names.id: pd.Series(ids), **cutoffs, names.time: pd.Series(times), **columns})


def _wide(
    roles: Roles, ids: pd.Index, times: pd.Index, columns: Mapping[str, NDArray[Any]], counts: NDArray[np.int64]
) -> pd.DataFrame:
    """Return a wide frame; with more than the point forecast, each series has one column for each of `columns`."""
    index = times.unique().sort_values()
    rows = index.get_indexer(times)
    numbers = np.repeat(np.arange(len(ids)), counts)
    block = np.full((len(index), len(ids), len(columns)), np.nan)
    for k, values in enumerate(columns.values()):
        block[rows, numbers, k] = values
    name, alone = roles.columns_name, list(columns) == [POINT]
    levels = isinstance(name, tuple) and all(isinstance(key, tuple) and len(key) == len(name) for key in ids)
    if levels:
        labels = ids if alone else [(*key, column) for key in ids for column in columns]
        names = pd.MultiIndex.from_tuples(labels, names=name if alone else [*name, None])
    elif alone:
        names = ids.rename(name)
    else:
        names = pd.MultiIndex.from_product([ids, list(columns)], names=[name, None])
    frame = pd.DataFrame(block.reshape(len(index), -1), index=index.rename(roles.time_name), columns=names)
    return _with_time_column(roles, frame, levels=levels)


def _with_time_column(roles: Roles, frame: pd.DataFrame, *, levels: bool = False) -> pd.DataFrame:
    """Insert the times as the first column if the data had them in a column; with `levels`, its name is a tuple."""
    if roles.time_col is None:
        return frame
    frame = frame.copy(deep=False)
    times = frame.index
    frame.index = pd.RangeIndex(len(frame))
    name = roles.time_col
    if frame.columns.nlevels > 1:
        parts = name if levels else (name,)
        name = (*parts, *[""] * (frame.columns.nlevels - len(parts)))
    frame.insert(0, name, times)
    return frame
