"""The role of each column of a frame, by its name or its position."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

ID, TIME, TARGET = "unique_id", "ds", "y"
"""Column names of a long frame that need no argument; also used in results where the data have no name."""

POINT = "y_pred"
"""The column of point forecasts."""
CUTOFF, RESIDUAL, NAIVE, SEASONAL_NAIVE = "cutoff", "residual", "Naive", "SeasonalNaive"

_OF_RESULTS = re.compile("|".join((f"{POINT}(-.*)?", r"path-\d+", CUTOFF, RESIDUAL, NAIVE, SEASONAL_NAIVE)))
_BOUND = re.compile(r"(?P<model>.+)-(?P<side>lo|hi)-(?P<level>\d+(\.\d+)?)")
_QUANTILE = re.compile(r"(?P<model>.+)-q(?P<quantile>[01]?\.\d+)")


class Keys(NamedTuple):
    """Columns of a long frame that are not forecasts; None for a missing one."""

    id: Any = None
    time: Any = None
    target: Any = None


def written(label: Any) -> str:
    """Return a label of a frame as it is written in Python: 3, not np.int64(3)."""
    return repr(label.item() if isinstance(label, np.generic) else label)


def is_result_name(name: Any) -> bool:
    """Return whether results have columns of this name, which data columns then cannot keep."""
    return isinstance(name, str) and _OF_RESULTS.fullmatch(name) is not None


def usual_keys(columns: Iterable[Any]) -> Keys:
    """Return the columns called "unique_id", "ds" and "y"."""
    names = list(columns)
    return Keys(*(name if name in names else None for name in (ID, TIME, TARGET)))


def data_keys(data: pd.DataFrame) -> Keys:
    """Return the columns with the usual names in training data; none if its times are elsewhere.

    The times of a frame without ids are in its index if that has datetimes, periods or several levels.
    """
    keys = usual_keys(data.columns)
    in_index = keys.id is None and isinstance(data.index, pd.DatetimeIndex | pd.PeriodIndex | pd.MultiIndex)
    return Keys() if keys.time is None or in_index else keys


def backtest_keys(columns: Iterable[Any]) -> Keys:
    """Return the key columns of a backtest: by position if the cutoff is one of the first three, otherwise by name.

    The order is id, time and true value, with the cutoff before or after the time; without ids the cutoff comes first.
    Names would not suffice, since those of the data are kept.
    """
    names = list(columns)
    if CUTOFF not in names[:3]:
        return usual_keys(names)
    keys = [name for name in names if name != CUTOFF]
    return Keys(None, *keys[:2]) if names[0] == CUTOFF else Keys(*keys[:3])


def forecast_keys(columns: Iterable[Any]) -> Keys:
    """Return the key columns of forecasts or residuals by position: id, time and perhaps true value, or time alone."""
    names = list(columns)
    results = [names.index(name) for name in (POINT, RESIDUAL) if name in names]
    before = names[: min(results)] if results else []
    return Keys(None, *before) if len(before) == 1 else Keys(*before[:3])


def check_unique(columns: pd.Index, where: str) -> None:
    """Check that no two columns have the same name.

    Raises
    ------
    ValueError
        If a name is repeated.
    """
    if not columns.is_unique:
        double = columns[columns.duplicated()][0]
        raise ValueError(f"{where} must have each column once, got {double!r} several times")


def bound_name(model: str, side: Literal["lo", "hi"], level: str) -> str:
    """Return the column name of one bound of a model's intervals."""
    return f"{model}-{side}-{level}"


def model_of(name: Any) -> str | None:
    """Return the model that a column name gives a bound or quantile of; None for another name."""
    match = _BOUND.fullmatch(str(name)) or _QUANTILE.fullmatch(str(name))
    return None if match is None else match["model"]


def interval_levels(columns: Iterable[Any], model: str) -> list[str]:
    """Return the levels of a model's intervals that have both bounds, as written in the names."""
    bounds = [match for name in columns if (match := _BOUND.fullmatch(str(name))) and match["model"] == model]
    upper = {bound["level"] for bound in bounds if bound["side"] == "hi"}
    return [bound["level"] for bound in bounds if bound["side"] == "lo" and bound["level"] in upper]


def quantile_columns(columns: Iterable[Any], model: str) -> dict[Any, float]:
    """Return the columns that are quantiles of a model's forecasts, including interval bounds, with their levels."""
    found = {}
    for name in columns:
        if (bound := _BOUND.fullmatch(str(name))) and bound["model"] == model:
            half = float(bound["level"]) / 200.0
            found[name] = 0.5 - half if bound["side"] == "lo" else 0.5 + half
        elif (quantile := _QUANTILE.fullmatch(str(name))) and quantile["model"] == model:
            found[name] = float(quantile["quantile"])
    return found
