"""One series out of the forms that data and forecasts come in."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from tsl import _tables
from tsl._dates import as_dates

POINT, RESIDUAL = "y_pred", "residual"
BOUND = re.compile(r"(?P<model>.+)-(?P<side>lo|hi)-(?P<level>\d+(\.\d+)?)")


def one_forecast(forecast: Any, series: Any) -> tuple[Any, pd.DataFrame]:
    """The name of a series (or None) and its columns ``y_pred``, ``y_pred-lo-90``, ... on an index of stamps."""
    forecast = to_pandas(forecast)
    if isinstance(forecast, pd.Series):
        return None, forecast.rename(POINT).to_frame()
    if _time_column(forecast) is not None:
        forecast = forecast.set_index(forecast.columns[0])
    if isinstance(forecast.columns, pd.MultiIndex) and POINT in forecast.columns.get_level_values(-1):
        names, columns = list(forecast.columns.droplevel(-1)), forecast.columns.get_level_values(-1)
        name = _choose(dict.fromkeys(name for name, column in zip(names, columns) if column == POINT), series)
        places = [place for place, one in enumerate(names) if one == name]
        return name, forecast.iloc[:, places].set_axis(columns[places], axis=1)
    forecast = _tables.one_level(forecast)
    if POINT not in forecast:
        name = _choose(forecast.columns, series)
        return name, forecast[name].rename(POINT).to_frame()
    before = list(forecast.columns[: list(forecast.columns).index(POINT)])
    if not before:
        return None, forecast
    if len(before) == 1:
        return None, forecast.set_index(before[0])
    name = _choose(forecast[before[-2]].unique(), series)
    return name, forecast[forecast[before[-2]] == name].set_index(before[-1]).drop(columns=before[:-1])


def one_history(
    history: Any, name: Any, forecast: Any, target: str | None, time_col: str | None, *, dated: bool
) -> pd.Series:
    """The values of the series `name`, on an index of stamps in their order: of dates if the forecast is `dated`."""
    history, forecast = to_pandas(history), to_pandas(forecast)
    if isinstance(history, pd.Series):
        return history.set_axis(as_dates(history.index, "the times of history", numbers=dated)).sort_index()
    history = _tables.one_level(history)
    names = [] if isinstance(forecast, pd.Series) or POINT not in forecast else list(forecast.columns)
    before = names[: names.index(POINT)] if POINT in names else []
    time = before[-1] if before else _time_column(forecast)
    time_col = time if time_col is None and time in history else time_col
    if len(before) > 1:
        if before[-2] not in history:
            raise ValueError(f"history must have the column {before[-2]!r} of forecast, got {list(history.columns)}")
        history = history[history[before[-2]] == name].drop(columns=before[-2])
    if time_col is not None:
        history = history.set_index(time_col)
    history = history.set_axis(as_dates(history.index, "the times of history", numbers=dated))
    if target is None and name in history and not before:
        target = name
    return history[_target(history, target)].sort_index()


def _time_column(forecast: Any) -> Any:
    """Return the name that data have for the column of stamps in front of a wide forecast; None where there is none."""
    if isinstance(forecast, pd.Series) or POINT in forecast:
        return None
    first = forecast.columns[0]
    if isinstance(forecast.columns, pd.MultiIndex) and POINT in forecast.columns.get_level_values(-1):
        name = first[:-1] if len(first) > 2 else first[0]
        return name if first[-1] == "" else None
    return first if forecast.dtypes.iloc[0].kind in "MO" else None  # datetimes or periods


def _target(history: pd.DataFrame, target: str | None) -> str:
    names = list(history.columns)
    if target is None and len(names) > 1 and "y" not in names:
        raise ValueError(f"target must name one of the columns of history, {names}")
    target = target if target is not None else "y" if "y" in names else names[0]
    if target not in names:
        raise ValueError(f"target must be a column of history, {names}, got {target!r}")
    return target


def one_window_frame(frame: Any, series: Any) -> tuple[Any, pd.DataFrame, list[str]]:
    """A series of a backtest: its name or None, its rows, and the columns of cutoff, time and truth."""
    frame = to_pandas(frame)
    names = list(frame.columns)
    place = names.index("cutoff") if "cutoff" in names[:3] else len(names)
    columns = ["cutoff", names[1], names[3]] if place == 2 and len(names) > 4 else names[place : place + 3]
    if len(columns) < 3:
        raise ValueError(f"frame must be that of a backtest: series, time, cutoff, truth and forecasts, got {names}")
    if place == 0:
        return None, frame, columns
    name = _choose(frame[names[0]].unique(), series)
    return name, frame[frame[names[0]] == name], columns


def one_residual(residuals: Any, series: Any) -> pd.Series:
    """The residuals of one series, on an index of stamps where there are some."""
    residuals = to_pandas(residuals)
    if isinstance(residuals, pd.Series):
        return residuals
    if RESIDUAL not in residuals:
        raise ValueError(f"residuals must have a column {RESIDUAL!r}, got {list(residuals.columns)}")
    names = list(residuals.columns)
    if names.index(RESIDUAL) >= 2:
        name = _choose(residuals[names[0]].unique(), series)
        residuals = residuals[residuals[names[0]] == name].set_index(names[1])
    return residuals[RESIDUAL].sort_index()


def levels_of(columns: Any, model: str) -> list[str]:
    """Levels of the intervals of a model, the widest one first."""
    bounds = [BOUND.fullmatch(str(column)) for column in columns]
    found = {bound["level"] for bound in bounds if bound and bound["model"] == model}
    return sorted(found, key=float, reverse=True)


def stamps(index: pd.Index) -> pd.Index:
    """What matplotlib can place on an axis."""
    return index.to_timestamp() if isinstance(index, pd.PeriodIndex) else index


def to_pandas(data: Any) -> Any:
    """Return any frame as a pandas object: one of pandas as it is, as levels of column names tell forecasts apart."""
    if _tables.library_of(data) is None:
        raise TypeError(f"a DataFrame or Series is needed, got {type(data).__name__}")
    return data if isinstance(data, pd.DataFrame) else _tables.to_pandas(data, "data")[0]


def _choose(names: Any, series: Any) -> Any:
    """The series that is asked for, or the first one."""
    known = list(names)
    if series is None:
        return known[0]
    if series not in known:
        shown = ", ".join(map(repr, known[:5])) + (", ..." if len(known) > 5 else "")
        raise ValueError(f"series must be one of {shown}, got {series!r}")
    return series
