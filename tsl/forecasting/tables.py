"""Frames of another library than pandas, on their way in and out."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pandas as pd

PANDAS, POLARS = "pandas", "polars"


def to_pandas(data: Any, name: str) -> tuple[pd.Series | pd.DataFrame, str]:
    """`data` as a Series or DataFrame of pandas, and the library that it came from.

    Column names of several levels become tuples; the names of the levels are then the name of the columns.

    Raises
    ------
    TypeError
        Of anything but a Series or a DataFrame of pandas or polars.
    """
    if isinstance(data, pd.DataFrame) and isinstance(data.columns, pd.MultiIndex):
        flat = pd.Index(data.columns.to_numpy(), tupleize_cols=False, name=tuple(data.columns.names))
        return data.set_axis(flat, axis=1), PANDAS
    if isinstance(data, pd.Series | pd.DataFrame):
        return data, PANDAS
    polars = sys.modules.get(POLARS)  # whoever holds one of its frames has imported it
    if polars is not None and isinstance(data, polars.Series):
        return pd.Series(_column(polars, data), name=data.name or None), POLARS
    if polars is not None and isinstance(data, polars.DataFrame):
        return pd.DataFrame({column.name: _column(polars, column) for column in data}), POLARS
    hint = ": collect() it first" if polars is not None and isinstance(data, polars.LazyFrame) else ""
    raise TypeError(f"{name} must be a Series or DataFrame of pandas or polars, got a {type(data).__name__}{hint}")


def like_input(frame: pd.Series | pd.DataFrame, library: str) -> Any:
    """A pandas result in the library that the data came from."""
    if library == PANDAS:
        return frame
    import polars

    if isinstance(frame, pd.Series):
        return polars.Series(frame.name or "", frame.to_numpy())
    columns = []
    for label in frame.columns:
        name = label if isinstance(label, str) else "-".join(str(part) for part in np.atleast_1d(label) if part != "")
        columns.append(_to_polars(polars, name, frame[label]))
    return polars.DataFrame(columns)


def _column(polars: Any, column: Any) -> Any:
    """The values of a polars column as an array, or an index of pandas for times."""
    dtype = column.dtype
    if dtype == polars.Datetime and dtype.time_zone:
        utc = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        return pd.DatetimeIndex(utc.to_numpy()).tz_localize("UTC").tz_convert(dtype.time_zone)
    if dtype.is_decimal():
        return column.cast(polars.Float64).to_numpy()
    if dtype in (polars.Categorical, polars.Enum):
        return np.array(column.cast(polars.String).to_list(), dtype=object)
    if dtype == polars.Boolean and column.null_count():
        return column.cast(polars.Float64).to_numpy()
    return column.to_numpy()


def _to_polars(polars: Any, name: str, values: pd.Series) -> Any:
    """A column of a pandas frame as one of polars."""
    if isinstance(values.dtype, pd.DatetimeTZDtype) or values.dtype.kind == "M":
        index = pd.DatetimeIndex(values)
        if index.unit == "s":  # polars has no such datetimes: they were dates
            return polars.Series(name, index.as_unit("ms").asi8).cast(polars.Datetime("ms")).cast(polars.Date)
        zone = None if index.tz is None else str(index.tz)
        return polars.Series(name, index.asi8).cast(polars.Datetime(index.unit, zone))
    if isinstance(values.dtype, np.dtype) and values.dtype.kind in "fiub":
        return polars.Series(name, values.to_numpy())
    return polars.Series(name, values.tolist())
