"""Conversion of frames of other libraries to pandas, and of results back."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pandas as pd

from tsl._tables.partitions import is_dask

PANDAS, POLARS, ARROW = "pandas", "polars", "arrow"


def library_of(data: Any) -> str | None:
    """Return the library of a Series or a frame, "arrow" for any object that exports Arrow; None for anything else."""
    if isinstance(data, pd.Series | pd.DataFrame):
        return PANDAS
    polars = sys.modules.get(POLARS)  # a polars frame exists only if polars is imported
    if polars is not None and isinstance(data, polars.Series | polars.DataFrame):
        return POLARS
    return ARROW if hasattr(data, "__arrow_c_stream__") else None


def to_pandas(data: Any, name: str, *, flat: bool = True) -> tuple[pd.Series | pd.DataFrame, str]:
    """Return `data` as a pandas Series or DataFrame, and the library that it came from.

    Parameters
    ----------
    data : pandas or polars Series or DataFrame, or Arrow table
    name : str
        What errors call it.
    flat : bool
        Whether column names of several levels become tuples; the level names then become the name of the columns.

    Raises
    ------
    TypeError
        If `data` is none of these.
    """
    library = library_of(data)
    if library == PANDAS:
        return one_level(data) if flat else data, PANDAS
    if library == ARROW:
        return _from_arrow(data, name), ARROW
    polars = sys.modules.get(POLARS)
    if polars is not None and isinstance(data, polars.Series):
        return pd.Series(_column(polars, data), name=data.name or None), POLARS
    if library == POLARS:
        return pd.DataFrame({column.name: _column(polars, column) for column in data}), POLARS
    kind, hint = type(data).__name__, "; tables of Arrow are allowed, too"
    if is_dask(data):
        kind, hint = "DataFrame of Dask", ": compute() it first"
    elif polars is not None and isinstance(data, polars.LazyFrame):
        hint = ": collect() it first"
    raise TypeError(f"{name} must be a Series or DataFrame of pandas or polars, got a {kind}{hint}")


def like_input(frame: pd.Series | pd.DataFrame, library: str) -> Any:
    """Convert a pandas result to `library`."""
    if library == PANDAS:
        return frame
    if library == ARROW:
        return _to_arrow(pd.DataFrame(frame))
    import polars

    if isinstance(frame, pd.Series):
        return polars.Series(frame.name or "", frame.to_numpy())
    return polars.DataFrame([_to_polars(polars, _flat(label), frame[label]) for label in frame.columns])


def _flat(label: Any) -> str:
    """Return a column name as a string, its levels joined."""
    return label if isinstance(label, str) else "-".join(str(part) for part in np.atleast_1d(label) if part != "")


def one_level(data: pd.Series | pd.DataFrame) -> pd.Series | pd.DataFrame:
    """Return a frame with tuples for column names of several levels."""
    if isinstance(data, pd.Series) or not isinstance(data.columns, pd.MultiIndex):
        return data
    flat = pd.Index(data.columns.to_numpy(), tupleize_cols=False, name=tuple(data.columns.names))
    return data.set_axis(flat, axis=1)


def _from_arrow(data: Any, name: str) -> pd.DataFrame:
    """Convert an Arrow table, or an object that exports one, such as a DuckDB relation."""
    try:
        import pyarrow
        import pyarrow.compute
    except ImportError:
        kind = type(data).__name__
        raise TypeError(f"{name} is a {kind}, which needs pyarrow: python -m pip install pyarrow") from None
    try:
        table = data if isinstance(data, pyarrow.Table) else pyarrow.table(data)
    except (TypeError, ValueError):
        kind = type(data).__name__
        raise TypeError(f"{name} must be a table, got a {kind}, which Arrow does not read as one") from None
    is_a = pyarrow.types
    dates = []
    for position, field in enumerate(table.schema):
        column, kind = table.column(position), field.type
        if is_a.is_decimal(kind):
            column = pyarrow.compute.cast(column, pyarrow.float64())
        elif is_a.is_boolean(kind) and column.null_count:
            column = pyarrow.compute.cast(column, pyarrow.int8())
        elif is_a.is_timestamp(kind) and kind.unit == "s":
            column = pyarrow.compute.cast(column, pyarrow.timestamp("ms", kind.tz))
        elif is_a.is_date(kind):
            dates.append(field.name)
        table = table.set_column(position, field.name, column)
    frame = table.to_pandas(date_as_object=False)
    return frame.astype({date: "M8[s]" for date in dates if date in frame})  # `_to_arrow` turns this unit into dates


def _to_arrow(frame: pd.DataFrame) -> Any:
    """Convert a pandas frame to an Arrow table."""
    import pyarrow
    import pyarrow.compute

    frame = frame.set_axis([_flat(label) for label in frame.columns], axis=1)
    table = pyarrow.Table.from_pandas(frame, preserve_index=False if isinstance(frame.index, pd.RangeIndex) else None)
    for position, field in enumerate(table.schema):
        if pyarrow.types.is_timestamp(field.type) and field.type.unit == "s" and field.type.tz is None:
            table = table.set_column(
                position, field.name, pyarrow.compute.cast(table.column(position), pyarrow.date32())
            )
    return table


def _column(polars: Any, column: Any) -> Any:
    """Return the values of a polars column as an array, or as a pandas index if they are times with a zone."""
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
    """Convert a column of a pandas frame to polars."""
    if isinstance(values.dtype, pd.DatetimeTZDtype) or values.dtype.kind == "M":
        index = pd.DatetimeIndex(values)
        if index.unit == "s":  # polars has no datetimes in seconds: these were dates
            return polars.Series(name, index.as_unit("ms").asi8).cast(polars.Datetime("ms")).cast(polars.Date)
        zone = None if index.tz is None else str(index.tz)
        return polars.Series(name, index.asi8).cast(polars.Datetime(index.unit, zone))
    if isinstance(values.dtype, np.dtype) and values.dtype.kind in "fiub":
        return polars.Series(name, values.to_numpy())
    return polars.Series(name, values.tolist())
