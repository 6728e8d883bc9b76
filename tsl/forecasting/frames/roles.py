"""Roles of columns: ids, times, target and covariates."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl._tables.columns import check_unique, data_keys


class IgnoredColumnsWarning(UserWarning):
    """Warning that a long frame has columns that no argument names and that are not used."""


@dataclass(frozen=True)
class Roles:
    """The form of the data of `fit`, and the roles of its columns."""

    form: str
    """"series", "single" (a frame with one target), "columns" (wide: each column is a series) or "long"."""
    target: Any = None
    """Column of the target, or the name of a Series."""
    id_col: Any = None
    time_col: Any = None
    time_name: Any = None
    """Name of the index that holds the times, if no column does."""
    columns_name: Any = None
    """Name of the columns of a wide frame; a tuple of names if the columns have several levels."""
    past: tuple[Any, ...] = ()
    future: tuple[Any, ...] = ()
    static: tuple[Any, ...] = ()
    ignored: tuple[Any, ...] = ()
    """Columns with another use, such as weights."""

    @classmethod
    def learn(
        cls,
        data: pd.Series | pd.DataFrame,
        target: Any,
        id_col: Any,
        time_col: Any,
        past: Sequence[Any] | None,
        future: Sequence[Any] | None,
        static: Sequence[Any],
        taken: Sequence[Any] = (),
    ) -> Roles:
        """Determine the roles from the arguments of `fit` and the names in `data`; `taken` columns have another use.

        Raises
        ------
        ValueError
            If an argument names a column that is missing or has another role, or if a required role is not named.
        """
        past_named, future = _names(past, "past"), _names(future, "future") or ()
        if isinstance(data, pd.Series):
            return _of_series(data, target=target, id_col=id_col, time_col=time_col, past=past, future=future)
        id_col, time_col, target = _default_names(data, id_col, time_col, target)
        has_columns(data, [("id_col", id_col), ("time_col", time_col), ("target", target)])
        has_columns(data, [("past", c) for c in past_named or ()] + [("future", c) for c in future])
        has_columns(data, [("static", column) for column in static])
        has_columns(data, [("sample_weight", column) for column in taken])
        form = "long" if id_col is not None else "columns" if target is None else "single"
        if form == "long" and target is None:
            raise ValueError(f"target must name a column of data, got None; its columns are {list(data.columns)}")
        if static and form != "long":
            raise ValueError(f"static={list(static)!r} must be columns of a long frame, got data without id_col=")
        _has_time(data, time_col, form)
        used = [id_col, time_col, target, *future, *static, *taken]
        if past_named is None:
            rest = [column for column in data.columns if column not in used]
            past_named = tuple(rest) if form == "single" else ()
        _no_column_twice([c for c in (id_col, time_col, target) if c is not None], past_named, future, static)
        return cls(
            form=form,
            target=target,
            id_col=id_col,
            time_col=time_col,
            time_name=data.index.name,
            columns_name=data.columns.name if form == "columns" else None,
            past=past_named,
            future=future,
            static=tuple(static),
            ignored=tuple(taken),
        )

    def check(self, data: pd.Series | pd.DataFrame, name: str, *, needed: Sequence[Any]) -> None:
        """Check that later data have the form of the fitted data, and all `needed` columns.

        Raises
        ------
        TypeError
            If a Series is given after a frame was fitted, or vice versa.
        ValueError
            If columns are missing.
        """
        if isinstance(data, pd.Series) != (self.form == "series"):
            wanted = "Series" if self.form == "series" else "DataFrame"
            raise TypeError(f"{name} must be a {wanted}, as in fit, got a {type(data).__name__}")
        if isinstance(data, pd.DataFrame):
            missing = [column for column in needed if column is not None and column not in data.columns]
            if missing:
                raise ValueError(f"{name} must have the columns {missing}, as in fit, got {list(data.columns)}")
            _each_once(data, name)

    def times(self, data: pd.Series | pd.DataFrame, name: str) -> tuple[Any, str]:
        """Return the times of the rows, and how to refer to them in errors."""
        if self.time_col is not None:
            return data[self.time_col], f"column {self.time_col!r} of {name}"
        return data.index, f"the index of {name}"

    def warn_of_unused(self, data: pd.Series | pd.DataFrame, stacklevel: int) -> None:
        """Warn about columns without a role if `data` is a long frame."""
        used = {self.id_col, self.time_col, self.target, *self.past, *self.future, *self.static, *self.ignored}
        unused = [column for column in data.columns if column not in used] if self.form == "long" else []
        if unused:
            warnings.warn(
                f"nothing is learned from the columns {unused} of data: name those to use in past, future or static, "
                "or set past=[] to use none",
                IgnoredColumnsWarning,
                stacklevel=stacklevel,
            )

    def series_columns(self, data: pd.DataFrame) -> NDArray[np.int64]:
        """Return the positions of the columns of a wide frame that are series."""
        others = {self.time_col, *self.past, *self.future, *self.ignored}
        return np.flatnonzero([column not in others for column in data.columns])


def has_columns(data: pd.DataFrame, named: Sequence[tuple[str, Any]]) -> None:
    """Check that each name passed as an argument is a column of `data`."""
    for argument, column in named:
        if column is None:
            continue
        if column not in data.columns:
            raise ValueError(f"{argument} must name columns of data, got {column!r}; they are {list(data.columns)}")


def _each_once(data: pd.DataFrame, name: str) -> None:
    """Check that each column has a distinct name."""
    if data.columns.hasnans:
        raise ValueError(f"{name} must have a name for each of its columns, got {data.columns.tolist()}")
    check_unique(data.columns, name)


def _has_time(data: pd.DataFrame, time_col: Any, form: str) -> None:
    """Check that the times are in a column or in the index; row numbers of a long frame are not times."""
    if time_col is None and isinstance(data.index, pd.MultiIndex):
        raise ValueError("data must have its times in a column or a plain index, got a MultiIndex: reset_index() it")
    if time_col is None and form == "long" and isinstance(data.index, pd.RangeIndex):
        raise ValueError(f"time_col must name a column of data, got None; its columns are {list(data.columns)}")


def _of_series(data: pd.Series, **arguments: Any) -> Roles:
    """Return the roles of a Series, for which arguments that name columns are refused."""
    for argument, value in arguments.items():
        if value is not None and len(np.atleast_1d(np.asarray(value, dtype=object))):
            raise ValueError(f"{argument} must be left out if data is a Series, got {value!r}")
    return Roles(form="series", target=data.name, time_name=data.index.name)


def _default_names(data: pd.DataFrame, id_col: Any, time_col: Any, target: Any) -> tuple[Any, Any, Any]:
    """Return the given names, or the usual ones if neither ids nor times are named and there is a target."""
    _each_once(data, "data")
    usual = data_keys(data)
    target_there = target is not None or usual.target is not None
    if id_col is not None or time_col is not None or usual.time is None or not target_there:
        return id_col, time_col, target
    return usual.id, usual.time, usual.target if target is None else target


def _names(columns: Sequence[Any] | None, argument: str) -> tuple[Any, ...] | None:
    """Return column names as a tuple."""
    if columns is None:
        return None
    if isinstance(columns, str):
        raise ValueError(f"{argument} must be a list of column names, got the string {columns!r}")
    return tuple(columns)


def _no_column_twice(roles: Sequence[Any], *lists: Sequence[Any]) -> None:
    """Check that no column has two roles."""
    seen: set[Any] = set()
    for column in [*roles, *(column for columns in lists for column in columns)]:
        if column in seen:
            raise ValueError(f"a column must have one role, got {column!r} in two of them")
        seen.add(column)
