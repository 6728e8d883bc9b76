"""The roles of the columns of a backtest."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl._dates import as_dates
from tsl._tables.columns import (
    CUTOFF,
    TARGET,
    TIME,
    Keys,
    backtest_keys,
    check_unique,
    interval_levels,
    model_of,
    quantile_columns,
)


@dataclass(frozen=True)
class Layout:
    """Names of the columns of a backtest."""

    id_col: Any
    cutoff_col: str | None
    time_col: Any
    target: Any
    models: list[Any]
    levels: dict[Any, list[str]]
    """Interval levels, as written in column names, of each model with intervals."""
    quantiles: dict[Any, dict[Any, float]]
    """Quantile columns with their levels, including interval bounds, of each model with quantiles."""

    @classmethod
    def of(
        cls,
        table: pd.DataFrame,
        *,
        id_col: str | None = None,
        time_col: str | None = None,
        target: str | None = None,
        models: Sequence[str] | None = None,
    ) -> Layout:
        """Find the columns: those named by arguments, and the others as `backtest_keys` does."""
        check_unique(table.columns, "frame")
        names = list(table.columns)
        named = {"id_col": id_col, "time_col": time_col, "target": target}
        for argument, name in named.items():
            if name is not None and name not in names:
                raise ValueError(f"{argument} must be a column of frame, {names}, got {name!r}")
        keys = Keys(*(found if name is None else name for name, found in zip(named.values(), backtest_keys(names))))
        for argument, name, usual in (("time_col", keys.time, TIME), ("target", keys.target, TARGET)):
            if name is None:
                raise ValueError(f"{argument} must be given: frame has neither a column 'cutoff' nor {usual!r}")
        others = [name for name in names if name not in (*keys, CUTOFF)]
        found = _forecasts(table, others) if models is None else list(models)
        for name in found:
            if name not in names:
                raise ValueError(f"models must be columns of frame, {names}, got {name!r}")
        if not found:
            raise ValueError(f"frame must have a column of forecasts, got only {names}")
        return cls(
            *(keys.id, CUTOFF if CUTOFF in names else None, keys.time, keys.target),
            models=found,
            levels={model: levels for model in found if (levels := interval_levels(others, model))},
            quantiles={model: columns for model in found if (columns := quantile_columns(others, model))},
        )

    def series(self, table: pd.DataFrame) -> NDArray[np.int64]:
        """Return the number of the series of each row, (N,)."""
        if self.id_col is None:
            return np.zeros(len(table), np.int64)
        return pd.factorize(table[self.id_col])[0]

    def steps(self, table: pd.DataFrame) -> NDArray[np.int64]:
        """Return the step of each row, (N,): 1 for the first forecast of its window."""
        keys = [name for name in (self.id_col, self.cutoff_col) if name is not None]
        dates = as_dates(pd.Index(table[self.time_col]), f"column {self.time_col!r} of frame")
        table = table.assign(**{self.time_col: dates})
        if not keys:
            return table[self.time_col].rank(method="first").to_numpy().astype(np.int64)
        ordered = table.sort_values(self.time_col, kind="stable")
        counts = ordered.groupby(keys, sort=False, observed=True).cumcount() + 1
        return counts.sort_index().to_numpy()


def _forecasts(table: pd.DataFrame, names: list[Any]) -> list[Any]:
    """Return the columns that hold numbers and are not a bound or quantile of another column."""
    parts = [name for name in names if (model := model_of(name)) is not None and model in table]
    return [name for name in names if name not in parts and _holds_numbers(table[name])]


def _holds_numbers(values: pd.Series) -> bool:
    """Return whether a column holds numbers, possibly as Python objects, and no booleans.

    Raises
    ------
    ValueError
        If some objects are numbers and others are not, so that it is unclear whether they are forecasts.
    """
    if values.dtype != object:
        return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    number = [isinstance(one, numbers.Number) and not isinstance(one, bool) for one in values.dropna()]
    if any(number) and not all(number):
        raise ValueError(
            f"column {values.name!r} of frame must hold only numbers to be a forecast, got objects of several kinds: "
            "convert it, drop it, or name models="
        )
    return all(number)
