"""Columns and indexes read as timestamps: datetimes, periods or integers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl._dates import HINT, is_about_zones, mixed_zones, number_format, read_dates, text_format
from tsl.forecasting.times.rules import Stamps

PERIOD_UNIT = "us"
"""The unit of the starts of periods."""

_WHOLE = ("floating", "integer", "integer-na", "mixed-integer-float")  # pandas' names for numbers in objects


def time_format(values: Any, where: str) -> str | None:
    """Return the format of dates given as strings or integers; None if there is nothing to parse.

    Raises
    ------
    ValueError
        If they are ambiguous.
    """
    index = _as_index(values)
    if isinstance(index, pd.RangeIndex | pd.DatetimeIndex | pd.PeriodIndex):
        return None
    kind = pd.api.types.infer_dtype(index, skipna=True)
    if kind in _WHOLE:
        return number_format(_whole_numbers(index, where), where, HINT)
    return text_format(index, where, HINT) if kind == "string" else None


def read_times(values: Any, where: str, form: str | None = None) -> pd.Index:
    """Return a DatetimeIndex, PeriodIndex or integer index of these values.

    Parameters
    ----------
    values : Index, Series or array-like
        Times, strings or numbers.
    where : str
        What errors call them.
    form : str, optional
        The format of strings or of integers that are dates, see `time_format`. Without it, the format of strings is
        inferred, and integers are plain numbers.

    Raises
    ------
    ValueError
        If values are not times, are missing, or have several time zones.
    """
    index = _as_index(values)
    if form is None and (isinstance(index, pd.RangeIndex) or index.dtype.kind in "iu"):
        index = index.astype(np.int64)
    elif not isinstance(index, pd.DatetimeIndex | pd.PeriodIndex):
        index = _parse(index, where, form)
    if index.hasnans:
        row = int(index.isna().argmax())
        raise ValueError(f"{where} must hold a time in every row, got a missing one in row {row}")
    return index


def stamps_of(times: pd.Index) -> Stamps:
    """Return times as integers in their own unit."""
    return times.to_numpy() if times.dtype == np.int64 else times.asi8


def times_of(stamps: Stamps, dtype: Any) -> pd.Index:
    """Return integers as times of this dtype: the inverse of `stamps_of`."""
    if dtype == np.int64:
        return pd.Index(stamps)
    if isinstance(dtype, pd.PeriodDtype):
        return pd.PeriodIndex.from_ordinals(stamps, freq=dtype.freq)
    if isinstance(dtype, pd.DatetimeTZDtype):
        return pd.DatetimeIndex(stamps.view(f"M8[{dtype.unit}]")).tz_localize("UTC").tz_convert(dtype.tz)
    return pd.DatetimeIndex(stamps.view(dtype))


def period_begins(times: pd.PeriodIndex) -> Stamps:
    """Return the starts of periods."""
    return times.to_timestamp().as_unit(PERIOD_UNIT).asi8


def _as_index(values: Any) -> pd.Index:
    return values if isinstance(values, pd.Index) else pd.Index(values, dtype=getattr(values, "dtype", None))


def _parse(index: pd.Index, where: str, form: str | None) -> pd.Index:
    """Parse strings, objects (dates, timestamps or periods), or integers of another dtype as times."""
    kind = pd.api.types.infer_dtype(index, skipna=True)
    if kind == "period":
        return pd.PeriodIndex(index)
    if kind in _WHOLE:
        numbers = pd.Index(_whole_numbers(index, where))
        return numbers if form is None else read_dates(numbers, form)
    if kind not in ("string", "datetime", "datetime64", "date"):
        raise ValueError(f"{where} must hold datetimes, periods or integers, got {kind} such as {index[0]!r}")
    if kind == "string":
        return read_dates(index, text_format(index, where, HINT) if form is None else form)
    try:
        return pd.DatetimeIndex(pd.to_datetime(index))
    except (ValueError, TypeError) as error:
        raise mixed_zones(where) if is_about_zones(error) else error from None


def _whole_numbers(index: pd.Index, where: str) -> NDArray[np.int64]:
    """Check that an index contains only integers, and return them."""
    if index.dtype.kind in "iu":
        return index.to_numpy().astype(np.int64)
    numbers = index.to_numpy(dtype=float, na_value=np.nan)
    odd = ~(numbers == np.round(numbers)) | ~np.isfinite(numbers)
    if odd.any():
        raise ValueError(f"{where} must hold whole numbers or datetimes, got {float(numbers[odd][0])}")
    return numbers.astype(np.int64)
