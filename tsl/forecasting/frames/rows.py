"""Rows of a frame in panel order: by series, and by time within each series."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl._tables.columns import TARGET, written
from tsl._tables.partitions import plain_index
from tsl.forecasting.frames.encoder import to_numbers
from tsl.forecasting.frames.roles import Roles
from tsl.forecasting.panel.panel import LARGEST
from tsl.forecasting.times.stamps import stamps_of


@dataclass(frozen=True)
class Rows:
    """The rows of a panel, with the rows of the frame that they come from."""

    ids: pd.Index
    """(n_series,)"""
    offsets: NDArray[np.int64]
    """(n_series + 1,)"""
    source: NDArray[np.int64] | None
    """Rows of the frame, (N,); None if they are the frame's rows in their order."""
    times: pd.Index
    """(N,)"""
    values: NDArray[np.float64]
    """(N,)"""

    def take(self, column: NDArray[Any]) -> NDArray[Any]:
        """Reorder an array (n_rows, ...) from the rows of the frame to the rows of the panel, (N, ...)."""
        return column if self.source is None else column[self.source]

    @property
    def first(self) -> NDArray[np.int64]:
        """Return the row of the frame with which each series begins, (n_series,)."""
        return self.offsets[:-1] if self.source is None else self.source[self.offsets[:-1]]


def read_rows(
    roles: Roles,
    data: pd.Series | pd.DataFrame,
    times: pd.Index,
    name: str,
    *,
    has_target: bool = True,
    skip_empty: bool = False,
) -> Rows:
    """Return the rows of `data` in panel order, with the target, which is NaN unless `has_target`.

    A series of a wide frame without any value is refused, or left out if `skip_empty`.

    Raises
    ------
    ValueError
        If the target is not numeric, an id is missing, or a series has two rows at the same time.
    """
    if not len(data):
        raise ValueError(f"{name} must have rows, got none")
    source: NDArray[np.int64] | None = None
    if roles.form == "columns":
        ids, codes, source, values = _melt(roles, data, times, name, skip_empty)
        times = times.take(source)
    else:
        ids, codes = _ids(roles, data, name)
        values = _target(roles, data, name) if has_target else np.full(len(data), np.nan)
    order = _order(codes, times)
    if order is None:
        values = values.copy()  # later changes to the user's frame must not affect the panel
    else:
        codes, times, values = codes[order], times.take(order), values[order]
        source = order if source is None else source[order]
    _no_duplicates(ids, codes, times, name)
    offsets = np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=len(ids)))])
    return Rows(ids, offsets, source, times, values)


def _ids(roles: Roles, data: pd.Series | pd.DataFrame, name: str) -> tuple[pd.Index, NDArray[np.int64]]:
    """Return the series in order of appearance, and the number of each row's series."""
    if roles.form != "long":
        own = data.name if roles.form == "series" and data.name is not None else roles.target
        own = TARGET if own is None else own
        ids = _one_text(own) if type(own) is str else pd.Index([own], tupleize_cols=False)
        return ids, np.zeros(len(data), dtype=np.int64)
    codes, ids = pd.factorize(data[roles.id_col])
    if (codes < 0).any():
        row = int((codes < 0).argmax())
        raise ValueError(f"column {roles.id_col!r} of {name} must name a series in every row, got none in row {row}")
    return plain_index(ids), codes.astype(np.int64, copy=False)


@lru_cache(maxsize=1000)
def _one_text(name: str) -> pd.Index:
    """Return an index of one text: to make it takes a tenth of the time of a forecast, and so do comparisons of two."""
    return pd.Index([name])


def _target(roles: Roles, data: pd.Series | pd.DataFrame, name: str) -> NDArray[np.float64]:
    """Return the target as float64."""
    if roles.form == "series":
        return to_numbers(data, name)
    return to_numbers(data[roles.target], f"target {roles.target!r} of {name}")


def _melt(
    roles: Roles, data: pd.DataFrame, times: pd.Index, name: str, skip_empty: bool
) -> tuple[pd.Index, NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return the series of a wide frame, each from its first value to its last."""
    places = roles.series_columns(data)
    if not len(places):
        raise ValueError(f"{name} must have a column for each series, got {list(data.columns)}")
    values = _matrix(data.iloc[:, places], name)  # by position: a list of names such as True would select rows
    order = np.arange(len(data)) if times.is_monotonic_increasing else times.argsort(kind="stable")
    values = values[:, order]
    there = ~np.isnan(values)
    empty = ~there.any(axis=1)
    if empty.all() or (empty.any() and not skip_empty):
        named = data.columns[places[empty][:5]].tolist()
        raise ValueError(f"{name} must have readings in every series, got none in {named}")
    within = np.maximum.accumulate(there, axis=1) & np.maximum.accumulate(there[:, ::-1], axis=1)[:, ::-1]
    codes, at = np.nonzero(within[~empty])
    ids = data.columns[places[~empty]]
    return ids, codes, order[at], values[within]


def _matrix(frame: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """Return the columns as numbers (n_series, n_rows); in one call if all are plain, as there may be 100,000."""
    if all(isinstance(dtype, np.dtype) and dtype.kind in "fiu" for dtype in frame.dtypes):
        values = frame.to_numpy(dtype=np.float64).T
        if not (np.abs(values) > LARGEST).any():
            return values
    columns = frame.columns
    return np.stack([to_numbers(frame[column], f"column {column!r} of {name}") for column in columns])


def _order(codes: NDArray[np.int64], times: pd.Index) -> NDArray[np.int64] | None:
    """Return the order of rows by series and time; None if they are sorted already."""
    stamps = stamps_of(times)
    later = (codes[1:] > codes[:-1]) | ((codes[1:] == codes[:-1]) & (stamps[1:] >= stamps[:-1]))
    return None if later.all() else np.lexsort((stamps, codes))


def _no_duplicates(ids: pd.Index, codes: NDArray[np.int64], times: pd.Index, name: str) -> None:
    """Check that no series has two rows at the same time."""
    stamps = stamps_of(times)
    twice = (codes[1:] == codes[:-1]) & (stamps[1:] == stamps[:-1])
    if twice.any():
        row = int(twice.argmax())
        raise ValueError(
            f"{name} must have one row for each time of a series, got {int(twice.sum())} too many: "
            f"series {written(ids[codes[row]])} has several at {times[row]}"
        )


def row_weights(
    sample_weight: Any, data: pd.Series | pd.DataFrame, *, is_part: bool = False
) -> NDArray[np.float64] | None:
    """Return the weights of the rows of `data` (n_rows,), from a column name or from numbers.

    Raises
    ------
    ValueError
        If the length differs, or if weights are negative, missing or, unless `data` is only a part, all zero.
    """
    if sample_weight is None:
        return None
    named = isinstance(sample_weight, str)
    if named and (isinstance(data, pd.Series) or sample_weight not in data.columns):
        raise ValueError(f"sample_weight must name a column of data or hold a number a row, got {sample_weight!r}")
    weights = to_numbers(data[sample_weight] if named else pd.Series(np.asarray(sample_weight)), "sample_weight")
    if weights.shape != (len(data),):
        raise ValueError(f"sample_weight must hold a number for each of the {len(data)} rows, got {len(weights)}")
    if not (weights >= 0).all():
        raise ValueError(f"sample_weight must not be negative or missing, got {weights[~(weights >= 0)][0]}")
    if not (is_part or weights.any()):
        raise ValueError("sample_weight must not be zero for all rows")
    return weights
