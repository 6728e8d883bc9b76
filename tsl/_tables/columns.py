"""Which column of a frame is what, by its name or its place."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

ID, TIME, TARGET = "unique_id", "ds", "y"
"""Names that need no argument in a long frame, and names in results of what has none in the data."""

POINT = "y_pred"
"""The column of point forecasts; alone it takes the place of the target."""
CUTOFF, RESIDUAL, NAIVE, SEASONAL_NAIVE = "cutoff", "residual", "Naive", "SeasonalNaive"

_OF_RESULTS = re.compile("|".join((f"{POINT}(-.*)?", r"path-\d+", CUTOFF, RESIDUAL, NAIVE, SEASONAL_NAIVE)))
_BOUND = re.compile(r"(?P<model>.+)-(?P<side>lo|hi)-(?P<level>\d+(\.\d+)?)")
_QUANTILE = re.compile(r"(?P<model>.+)-q(?P<quantile>[01]?\.\d+)")


class Keys(NamedTuple):
    """Columns of a long frame that are not forecasts; None for one that is not there."""

    id: Any = None
    time: Any = None
    target: Any = None


def written(label: Any) -> str:
    """Return a label of a frame as one writes it in Python: 3, not np.int64(3)."""
    return repr(label.item() if isinstance(label, np.generic) else label)


def is_result_name(name: Any) -> bool:
    """Return whether results have columns of this name, so that a column of the data cannot keep it in them."""
    return isinstance(name, str) and _OF_RESULTS.fullmatch(name) is not None


def usual_keys(columns: Iterable[Any]) -> Keys:
    """Return the columns called "unique_id", "ds" and "y"."""
    names = list(columns)
    return Keys(*(name if name in names else None for name in (ID, TIME, TARGET)))


def data_keys(data: pd.DataFrame) -> Keys:
    """Return the columns with the usual names in data to learn from; none where its times are elsewhere.

    The index holds the times of a frame without ids if it is one of datetimes, periods or several levels.
    """
    keys = usual_keys(data.columns)
    in_index = keys.id is None and isinstance(data.index, pd.DatetimeIndex | pd.PeriodIndex | pd.MultiIndex)
    return Keys() if keys.time is None or in_index else keys


def backtest_keys(columns: Iterable[Any]) -> Keys:
    """Return the key columns of a backtest: by place where the cutoff is one of the first three, else by name.

    The order is id, time and truth, with the cutoff before or after the time; without ids the cutoff comes first.
    Names would not do: those of the data are kept, whatever they are.
    """
    names = list(columns)
    if CUTOFF not in names[:3]:
        return usual_keys(names)
    keys = [name for name in names if name != CUTOFF]
    return Keys(None, *keys[:2]) if names[0] == CUTOFF else Keys(*keys[:3])


def forecast_keys(columns: Iterable[Any]) -> Keys:
    """Return the key columns of forecasts or residuals by place: id, time and perhaps truth, or the time alone."""
    names = list(columns)
    results = [names.index(name) for name in (POINT, RESIDUAL) if name in names]
    before = names[: min(results)] if results else []
    return Keys(None, *before) if len(before) == 1 else Keys(*before[:3])


def check_unique(columns: pd.Index, where: str) -> None:
    """Check that no two columns have the same name.

    Raises
    ------
    ValueError
        If two have.
    """
    if not columns.is_unique:
        double = columns[columns.duplicated()][0]
        raise ValueError(f"{where} must have each column once, got {double!r} several times")


def bound_name(model: str, side: Literal["lo", "hi"], level: str) -> str:
    """Return the name of the column of a bound of the intervals of a model."""
    return f"{model}-{side}-{level}"


def model_of(name: Any) -> str | None:
    """Return the model whose bound or quantile a column of this name would be."""
    match = _BOUND.fullmatch(str(name)) or _QUANTILE.fullmatch(str(name))
    return None if match is None else match["model"]


def interval_levels(columns: Iterable[Any], model: str) -> list[str]:
    """Return the levels of the intervals of a model of which both bounds are there, as the names have them."""
    bounds = [match for name in columns if (match := _BOUND.fullmatch(str(name))) and match["model"] == model]
    upper = {bound["level"] for bound in bounds if bound["side"] == "hi"}
    return [bound["level"] for bound in bounds if bound["side"] == "lo" and bound["level"] in upper]


def quantile_columns(columns: Iterable[Any], model: str) -> dict[Any, float]:
    """Return the columns that are quantiles of the forecasts of a model, bounds of intervals included."""
    found = {}
    for name in columns:
        if (bound := _BOUND.fullmatch(str(name))) and bound["model"] == model:
            half = float(bound["level"]) / 200.0
            found[name] = 0.5 - half if bound["side"] == "lo" else 0.5 + half
        elif (quantile := _QUANTILE.fullmatch(str(name))) and quantile["model"] == model:
            found[name] = float(quantile["quantile"])
    return found
