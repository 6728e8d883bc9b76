"""Selection of one series from the various forms of data and forecasts."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tsl._dates import as_dates
from tsl._tables import one_level, to_pandas
from tsl._tables.columns import CUTOFF, POINT, RESIDUAL, TARGET, Keys, backtest_keys, forecast_keys


def one_forecast(forecast: Any, series: Any) -> tuple[Any, pd.DataFrame]:
    """Return the name of a series (or None), and its forecasts and bounds, indexed by time."""
    forecast = _with_levels(forecast, "forecast")
    if isinstance(forecast, pd.Series):
        return None, forecast.rename(POINT).to_frame()
    if _time_of_wide(forecast) is not None:
        forecast = forecast.set_index(forecast.columns[0])
    if _has_bounds_below(forecast):
        names, columns = list(forecast.columns.droplevel(-1)), forecast.columns.get_level_values(-1)
        name = _choose(dict.fromkeys(name for name, column in zip(names, columns) if column == POINT), series)
        places = [place for place, one in enumerate(names) if one == name]
        return name, forecast.iloc[:, places].set_axis(columns[places], axis=1)
    forecast = one_level(forecast)
    if POINT not in forecast:
        name = _choose(forecast.columns, series)
        return name, forecast[name].rename(POINT).to_frame()
    keys = forecast_keys(forecast.columns)
    name, rows = _rows_of(forecast, keys, series)
    return name, rows if keys.time is None else rows.set_index(keys.time)


def names_of(forecast: Any) -> list[Any]:
    """Return the names of the series in a forecast; ``[None]`` if it has none."""
    forecast = _with_levels(forecast, "forecast")
    if isinstance(forecast, pd.Series):
        return [None]
    if _time_of_wide(forecast) is not None:
        forecast = forecast.set_index(forecast.columns[0])
    if _has_bounds_below(forecast):
        names = zip(forecast.columns.droplevel(-1), forecast.columns.get_level_values(-1))
        return list(dict.fromkeys(name for name, column in names if column == POINT))
    forecast = one_level(forecast)
    if POINT not in forecast:
        return list(forecast.columns)
    keys = forecast_keys(forecast.columns)
    return [None] if keys.id is None else list(forecast[keys.id].unique())


def one_history(
    history: Any, name: Any, forecast: Any, target: str | None, time_col: str | None, *, dated: bool
) -> pd.Series:
    """Return the values of the series `name` in time order; the times are dates if `dated`."""
    history, forecast = _with_levels(history, "history"), _with_levels(forecast, "forecast")
    if isinstance(history, pd.DataFrame):
        history = one_level(history)
        is_long = isinstance(forecast, pd.DataFrame) and POINT in forecast
        keys = forecast_keys(forecast.columns) if is_long else Keys(time=_time_of_wide(forecast))
        if keys.id is not None:
            if keys.id not in history:
                raise ValueError(f"history must have the column {keys.id!r} of forecast, got {list(history.columns)}")
            history = history[history[keys.id] == name].drop(columns=keys.id)
        time_col = keys.time if time_col is None and keys.time in history else time_col
        history = history if time_col is None else history.set_index(time_col)
        if target is None and name in history and keys.id is None:
            target = name
        history = history[_target(history, target)]
    return history.set_axis(as_dates(history.index, "the times of history", numbers=dated)).sort_index()


def _has_bounds_below(forecast: pd.DataFrame) -> bool:
    """Return whether each series has several columns, distinguished by the last level of their names."""
    return isinstance(forecast.columns, pd.MultiIndex) and POINT in forecast.columns.get_level_values(-1)


def _time_of_wide(forecast: pd.Series | pd.DataFrame) -> Any:
    """Return the name, as in the data, of the time column of a wide forecast; None if there is no such column."""
    if isinstance(forecast, pd.Series) or POINT in forecast:
        return None
    first = forecast.columns[0]
    if _has_bounds_below(forecast):
        name = first[:-1] if len(first) > 2 else first[0]
        return name if first[-1] == "" else None
    return first if forecast.dtypes.iloc[0].kind in "MO" else None  # datetimes or periods


def _target(history: pd.DataFrame, target: str | None) -> str:
    names = list(history.columns)
    if target is None and len(names) > 1 and TARGET not in names:
        raise ValueError(f"target must name one of the columns of history, {names}")
    target = target if target is not None else TARGET if TARGET in names else names[0]
    if target not in names:
        raise ValueError(f"target must be a column of history, {names}, got {target!r}")
    return target


def one_backtest(frame: Any, series: Any) -> tuple[Any, pd.DataFrame, Keys]:
    """Return the name of a series in a backtest (or None), its rows, and its key columns."""
    table, _ = to_pandas(frame, "frame")
    keys = backtest_keys(table.columns)
    if CUTOFF not in table or keys.time is None or keys.target is None:
        names = list(table.columns)
        raise ValueError(f"frame must be that of a backtest: series, cutoff, time, truth and forecasts, got {names}")
    return *_rows_of(table, keys, series), keys


def one_residual(residuals: Any, series: Any) -> pd.Series:
    """Return the residuals of one series, indexed by time if there are times."""
    residuals, _ = to_pandas(residuals, "residuals")
    if isinstance(residuals, pd.Series):
        return residuals
    if RESIDUAL not in residuals:
        raise ValueError(f"residuals must have a column {RESIDUAL!r}, got {list(residuals.columns)}")
    keys = forecast_keys(residuals.columns)
    rows = _rows_of(residuals, keys, series)[1]
    return (rows if keys.time is None else rows.set_index(keys.time))[RESIDUAL].sort_index()


def _rows_of(table: pd.DataFrame, keys: Keys, series: Any) -> tuple[Any, pd.DataFrame]:
    """Return the name of the requested series, by default the first one, and its rows."""
    if keys.id is None:
        return None, table
    name = _choose(table[keys.id].unique(), series)
    return name, table[table[keys.id] == name]


def matplotlib_times(index: pd.Index) -> pd.Index:
    """Return times that matplotlib can plot: for periods, their start."""
    return index.to_timestamp() if isinstance(index, pd.PeriodIndex) else index


def _with_levels(data: Any, name: str) -> Any:
    """Return a pandas object whose column names keep their levels, which distinguish forecasts."""
    return to_pandas(data, name, flat=False)[0]


def _choose(names: Any, series: Any) -> Any:
    """Return the requested series, by default the first one."""
    known = list(names)
    if series is None:
        return known[0]
    if series not in known:
        shown = ", ".join(map(repr, known[:5])) + (", ..." if len(known) > 5 else "")
        raise ValueError(f"series must be one of {shown}, got {series!r}")
    return series
