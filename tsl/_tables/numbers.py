"""Checks that columns of any library hold numbers, with errors that name the others."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd


def refuse_other_types(values: Any, name: str, hint: str = "convert it") -> None:
    """Check that an array or a pandas, polars or Arrow frame contains only numbers and booleans.

    NumPy would silently turn dates into nanoseconds, strings such as "1" into numbers, categories into numbers if their
    names can be parsed, and masked values into the values behind the mask.

    Raises
    ------
    ValueError
        If it contains anything else; the message names the columns and their dtypes, and `hint` says what to do.
    """
    frame_columns = _columns(values)
    others = [f"column {column!r} of dtype {kind}" for column, kind, is_number in frame_columns if not is_number]
    kind = _other_kind(values)
    if kind is not None:
        others = [f"dtype {kind}"]
    elif not others and _has_text(values):
        others = ["text"]
    if others:
        raise ValueError(f"{name} must hold numbers, got {', '.join(others)}: {hint}")
    if np.ma.is_masked(values):
        raise ValueError(f"{name} must have no masked values: fill them first")


def _columns(values: Any) -> Iterator[tuple[Any, Any, bool]]:
    """Yield the name and dtype of each column of a frame, and whether it holds numbers."""
    if isinstance(values, pd.DataFrame):
        for column, kind in values.dtypes.items():
            yield column, kind, is_pandas_number(kind)
    polars = sys.modules.get("polars")  # a polars frame exists only if polars is imported
    if polars is not None and isinstance(values, polars.LazyFrame):
        raise ValueError("a polars LazyFrame must be collected first: call its collect()")
    if polars is not None and isinstance(values, polars.DataFrame):
        for column, kind in values.schema.items():
            yield column, kind, _is_polars_number(kind)
    arrow = sys.modules.get("pyarrow")
    if arrow is not None and isinstance(values, arrow.Table):
        for field in values.schema:
            yield field.name, field.type, _is_arrow_number(field.type)


def _other_kind(values: Any) -> Any:
    """Return the dtype of an array or a series if it is not numeric; None for numbers and for objects."""
    kind = getattr(values, "dtype", None)
    if isinstance(kind, np.dtype):
        is_number = kind.kind in "biufcO"
    elif isinstance(kind, pd.api.extensions.ExtensionDtype):
        is_number = is_pandas_number(kind)
    else:
        polars = sys.modules.get("polars")
        is_number = polars is None or not isinstance(values, polars.Series) or _is_polars_number(kind)
    return None if is_number else kind


def is_pandas_number(kind: Any) -> bool:
    """Return whether a dtype is numeric or boolean."""
    is_bool = pd.api.types.is_bool_dtype(kind) and not isinstance(kind, pd.CategoricalDtype)
    return is_bool or pd.api.types.is_numeric_dtype(kind)  # Arrow's bool is not numeric


def _is_polars_number(kind: Any) -> bool:
    return kind.is_numeric() or str(kind) == "Boolean"


def _is_arrow_number(kind: Any) -> bool:
    types = sys.modules["pyarrow"].types
    return any(test(kind) for test in (types.is_integer, types.is_floating, types.is_boolean, types.is_decimal))


def _has_text(values: Any) -> bool:
    """Return whether nested lists, or an array or series of objects, contain text."""
    kind = getattr(values, "dtype", None)
    if isinstance(kind, np.dtype) and kind.kind == "O":
        values = np.asarray(values).ravel().tolist()
    return isinstance(values, list | tuple) and any(isinstance(one, str | bytes) or _has_text(one) for one in values)
