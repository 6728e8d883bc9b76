"""Encoding of covariates as numbers: categories become indicator columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl._tables.columns import written
from tsl._tables.numbers import is_pandas_number
from tsl.forecasting.panel.panel import LARGEST

Unknown = Literal["error", "ignore"]
"""How to treat a category that `fit` has not seen."""
_MOST_LEVELS = 100  # of a categorical column: more are likely ids; chosen by judgement, not measured
_NAMED = 10  # most levels listed in an error


@dataclass(frozen=True)
class Encoder:
    """One-hot encoder of categorical columns; numeric columns are unchanged."""

    columns: tuple[Any, ...]
    levels: tuple[tuple[Any, ...] | None, ...]
    """The categories of each column; None for a numeric column."""
    argument: str
    """The argument that named the columns, for error messages."""

    @classmethod
    def learn(cls, frame: pd.Series | pd.DataFrame, columns: Sequence[Any], argument: str) -> Encoder:
        """Return the encoder of these columns of `frame`; a Series has no columns.

        Raises
        ------
        ValueError
            If a column holds times, or more than 100 categories.
        """
        return cls(tuple(columns), tuple(_levels(frame[column], argument) for column in columns), argument)

    @property
    def names(self) -> list[str]:
        """Return the name of each column that `encode` returns."""
        named = []
        for column, levels in zip(self.columns, self.levels):
            named += [str(column)] if levels is None else [f"{column}={level}" for level in levels]
        return named

    @property
    def widths(self) -> list[int]:
        """Return how many encoded columns each column of the frame becomes."""
        return [1 if levels is None else len(levels) for levels in self.levels]

    def encode(self, frame: pd.Series | pd.DataFrame, unknown: Unknown = "error") -> NDArray[np.float64]:
        """Return the columns as numbers (n_rows, n_names), NaN where a value is missing.

        A category that the encoder has not seen is refused, or encoded as 0 in all columns if `unknown` is "ignore".
        Categories are compared as in pandas: ``"2"`` and ``"two "`` do not match 2 and ``"two"``.

        Raises
        ------
        ValueError
            If a category is unknown, or a numeric column contains something else.
        """
        encoded = np.empty((len(frame), len(self.names)))
        start = 0
        for column, levels in zip(self.columns, self.levels):
            if levels is None:
                encoded[:, start] = to_numbers(frame[column], f"column {column!r} of {self.argument}")
                start += 1
                continue
            codes = pd.Index(levels, tupleize_cols=False).get_indexer(frame[column])
            missing = frame[column].isna().to_numpy()
            new = (codes < 0) & ~missing
            if new.any() and unknown != "ignore":
                self._refuse(column, levels, frame[column][new].tolist()[0])
            encoded[:, start : start + len(levels)] = codes[:, None] == np.arange(len(levels))
            encoded[missing, start : start + len(levels)] = np.nan
            start += len(levels)
        return encoded

    def _refuse(self, column: Any, levels: tuple[Any, ...], value: Any) -> None:
        """Raise the error for an unknown category."""
        known = ", ".join(map(repr, levels[:_NAMED])) + (", ..." if len(levels) > _NAMED else "")
        raise ValueError(
            f"column {column!r} of {self.argument} must hold categories that fit has seen, {known}, got {value!r}; "
            "unknown='ignore' encodes a new category as none of them"
        )


def to_numbers(values: pd.Series, where: str) -> NDArray[np.float64]:
    """Return the values as float64, NaN where one is missing.

    Raises
    ------
    ValueError
        If they are not real numbers, are infinite, or exceed `LARGEST`.
    """
    dtype = values.dtype
    numeric = is_pandas_number(dtype) and not pd.api.types.is_complex_dtype(dtype)
    if not numeric and pd.api.types.is_object_dtype(dtype):
        numeric = pd.api.types.infer_dtype(values, skipna=True) in _NUMERIC_KINDS
    if not numeric:
        first = values.dropna()
        example = f" such as {written(first.iloc[0])}" if len(first) else ""
        hint = ": is it the id_col or the time_col?" if where.startswith("column") else ""
        raise ValueError(f"{where} must hold numbers, got {dtype}{example}{hint}")
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    beyond = np.abs(numbers) > LARGEST
    if beyond.any():
        row = int(beyond.argmax())
        allowed = "finite numbers" if np.isinf(numbers[row]) else f"numbers between {-LARGEST:g} and {LARGEST:g}"
        raise ValueError(f"{where} must hold {allowed}, got {numbers[row]} at {values.index[row]}")
    return numbers


_NUMERIC_KINDS = {"integer", "floating", "integer-na", "mixed-integer-float", "decimal", "boolean", "empty"}


def _levels(values: pd.Series, argument: str) -> tuple[Any, ...] | None:
    """Return the categories of a column, in order; None for a numeric column."""
    dtype = values.dtype
    if is_pandas_number(dtype):
        return None
    if isinstance(dtype, pd.CategoricalDtype):
        used = values.cat.remove_unused_categories().cat.categories
    elif pd.api.types.is_object_dtype(dtype) and pd.api.types.infer_dtype(values, skipna=True) in _NUMERIC_KINDS:
        return None
    elif pd.api.types.is_string_dtype(dtype) or pd.api.types.is_object_dtype(dtype):
        used = values.dropna().unique()
        used = sorted(used, key=lambda level: (str(type(level)), level))
    else:
        hint = ": is it the time_col?" if dtype.kind == "M" else ""
        raise ValueError(f"column {values.name!r} of {argument} must hold numbers or categories, got {dtype}{hint}")
    if len(used) > _MOST_LEVELS:
        raise ValueError(
            f"column {values.name!r} of {argument} must hold at most {_MOST_LEVELS} different categories, "
            f"got {len(used)}: is it the id_col or the time_col?"
        )
    return tuple(used)
