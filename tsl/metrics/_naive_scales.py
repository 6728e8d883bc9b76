"""Scales of MASE and RMSSE, from the seasonal differences of each series before a cutoff."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl._dates import as_dates
from tsl.metrics._layout import Layout
from tsl.metrics._scaled import absolute_scale, squared_scale


def naive_scales(table: pd.DataFrame, layout: Layout, history: Any, season: int) -> pd.DataFrame:
    """Return the scales of each row of `table`, in the columns ``absolute`` and ``squared``."""
    if season < 1:
        raise ValueError(f"season must be at least 1, got {season}")
    ids = [layout.id_col] if layout.id_col is not None else []
    cutoffs = [layout.cutoff_col] if layout.cutoff_col is not None else []
    keys = ids + cutoffs
    rows = table[keys].set_axis(range(len(keys)), axis=1)  # so that no user's column name clashes with those below
    windows = rows.drop_duplicates()
    limits = as_dates(pd.Index(windows[len(ids)]), "the cutoffs of frame") if cutoffs else _first_times(table, layout)
    history = _with_dates(history, layout, numbers=isinstance(limits, pd.DatetimeIndex))
    past = _by_series(history, layout, table[layout.id_col].unique() if ids else None)
    names: list[tuple[Any, ...]] = list(windows.itertuples(index=False, name=None)) if keys else [()]
    found = []
    for k, window in enumerate(names):
        name = window[0] if ids else None
        if name not in past:
            raise ValueError(f"history must have all series of frame, got none named {name!r}")
        times, values = past[name]
        known = values[: _place(times, limits[k], side="right" if cutoffs else "left")]
        if not np.isfinite(known[season:] - known[:-season]).any():
            until = f"up to {window[-1]}" if cutoffs else f"before the first forecast, at {limits[k]}"
            raise ValueError(
                f"history{'' if name is None else f' of {name!r}'} has no two values season={season} rows apart {until}"
            )
        found.append((absolute_scale(known, season), squared_scale(known, season)))
    absolute, squared = np.array(found).T
    if not keys:
        return pd.DataFrame({"absolute": absolute[0], "squared": squared[0]}, index=range(len(table)))
    windows = windows.assign(absolute=absolute, squared=squared)
    return rows.merge(windows, on=list(rows.columns), how="left")[["absolute", "squared"]]


def _first_times(table: pd.DataFrame, layout: Layout) -> pd.Index:
    """Return the time of the first forecast of each series, in order of appearance."""
    times = as_dates(pd.Index(table[layout.time_col]), f"column {layout.time_col!r} of frame")
    return pd.Index(pd.Series(times).groupby(layout.series(table)).min())


def _place(times: pd.Index, stamp: Any, side: Literal["left", "right"]) -> int:
    """Return the position of a timestamp among sorted times."""
    try:
        return int(times.searchsorted(stamp, side=side))
    except TypeError:
        raise ValueError(
            f"history must have times that can be compared with those of frame, got {times.dtype} and "
            f"{type(stamp).__name__}"
        ) from None


def _with_dates(history: Any, layout: Layout, *, numbers: bool) -> Any:
    """Return the history with dates in place of text, which does not sort by time, or of `numbers` that are dates."""
    if isinstance(history, pd.DataFrame) and layout.time_col in history:
        times = as_dates(pd.Index(history[layout.time_col]), "the times of history", numbers=numbers)
        return history.assign(**{layout.time_col: times})
    return history.set_axis(as_dates(history.index, "the times of history", numbers=numbers))


def _by_series(history: Any, layout: Layout, ids: Any) -> dict[Any, tuple[pd.Index, NDArray[np.float64]]]:
    """Return times and values of each series, in time order; a frame without ids has the single series None."""
    if isinstance(history, pd.Series):
        parts = {None if ids is None else history.name: history}
        if ids is not None and len(ids) == 1:
            parts = {ids[0]: history}
    elif layout.id_col is not None and layout.id_col in history:
        target = _target(history, layout)
        indexed = history.set_index(layout.time_col) if layout.time_col in history else history
        parts = {name: part[target] for name, part in indexed.groupby(layout.id_col, observed=True)}
    elif (ids is not None and len(ids) > 1) or layout.target not in history:
        indexed = history.set_index(layout.time_col) if layout.time_col in history else history
        parts = {name: indexed[name].loc[: indexed[name].last_valid_index()] for name in indexed}
    else:
        indexed = history.set_index(layout.time_col) if layout.time_col in history else history
        parts = {None if ids is None else ids[0]: indexed[layout.target]}
    ordered = {name: part.sort_index() for name, part in parts.items()}
    return {name: (part.index, part.to_numpy(float)) for name, part in ordered.items()}


def _target(history: pd.DataFrame, layout: Layout) -> Any:
    """Return the column of observed values in a long frame.

    A backtest calls it "y" if the target's name clashes with another of its columns; it is then the only column apart
    from ids and times.
    """
    if layout.target in history:
        return layout.target
    others = [name for name in history.columns if name not in (layout.id_col, layout.time_col)]
    if layout.target != "y" or len(others) != 1:
        raise ValueError(f"history must have the column {layout.target!r} of frame, got {list(history.columns)}")
    return others[0]
