"""Find the time and channel axes of X from parameters and column names; warn if the data contradict them."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsl._warnings import calls_within_tsl
from tsl.windows import WindowLayoutWarning
from tsl.windows._lags import lag_columns

# All chosen by judgement, not measured.
MANY_CHANNELS = 10  # times as many channels as steps look like swapped axes
LEAST_ROWS, COMPARED = 16, 300  # fewest and most rows in which shifts are looked for
MOST_SIDE_BY_SIDE = 16  # most channels that are tried


def named_columns(estimator: Any, names: Any, n_columns: int, n_channels: int | None) -> NDArray[np.intp] | None:
    """Return the column of each step and channel of a table, (T, C); None if columns are taken by position.

    Parameters
    ----------
    estimator : BaseEstimator
        Its `layout` may give the names; its `time_order` may require positions.
    names : sequence of str or None
        Names of the table's columns.
    n_columns : int
    n_channels : int or None
        The parameter of the estimator.

    Raises
    ------
    ValueError
        If `layout` has the wrong number of names, or if the names and `n_channels` contradict each other.
    """
    given = not isinstance(estimator.layout, str)
    if given:
        names = [str(name) for name in estimator.layout]
        if len(names) != n_columns:
            raise ValueError(f"layout must name each of the {n_columns} columns of X, got {len(names)} names")
    elif names is None or estimator.layout != "auto" or estimator.time_order != "auto":
        return None
    columns = lag_columns(list(names))
    if columns is None and given:
        raise ValueError(f"layout must have names of lags such as 'lag_1', got {names[:5]}")
    if columns is not None and n_channels not in (None, columns.shape[1]):
        raise ValueError(
            f"n_channels={n_channels} does not agree with the names of X, which are {columns.shape[1]} channels of "
            f"{len(columns)} steps: leave n_channels out, or say how columns follow each other by time_order="
        )
    return columns


def channels_first(estimator: Any) -> bool:
    """Return whether channels come before time in X; False if `layout` is a list of names."""
    return isinstance(estimator.layout, str) and estimator.layout == "channel_time"


def ordered(estimator: Any, X: NDArray[Any]) -> NDArray[Any]:
    """Return an array as (..., T, C), oldest step first, according to `layout` and `time_order`."""
    if channels_first(estimator):
        X = X.swapaxes(-1, -2)
    return X[..., ::-1, :] if estimator.time_order == "newest_first" else X


def as_given(estimator: Any, windows: NDArray[Any]) -> NDArray[Any]:
    """Undo `ordered`: return windows (n, T, C) as a view in the layout of the input."""
    windows = windows[:, ::-1] if estimator.time_order == "newest_first" else windows
    return windows.swapaxes(1, 2) if channels_first(estimator) else windows


def unfolded(estimator: Any, table: NDArray[Any], n_channels: int) -> NDArray[Any]:
    """Return a table or a row (..., T * C), with columns taken by position, as (..., T, C)."""
    if channels_first(estimator):
        return ordered(estimator, table.reshape(*table.shape[:-1], n_channels, -1))
    return ordered(estimator, table.reshape(*table.shape[:-1], -1, n_channels))


def warn_of_axes(estimator: Any, n_steps: int, n_channels: int) -> None:
    """Warn if time and channels of a three-dimensional X seem to be swapped."""
    looks_swapped = n_channels > 3 and (n_steps == 1 or n_channels >= MANY_CHANNELS * n_steps)
    if looks_swapped and isinstance(estimator.layout, str) and estimator.layout == "auto":
        steps = "1 step" if n_steps == 1 else f"{n_steps} steps"
        warnings.warn(
            f"X is read as windows of {steps} of {n_channels} channels. If time is its last axis, as in sktime "
            "and aeon, give layout='channel_time'; layout='time_channel' reads it as now, without this warning",
            WindowLayoutWarning,
            stacklevel=calls_within_tsl(),
        )


def warn_of_order(estimator: Any, windows: NDArray[Any], is_table: bool) -> bool:
    """Warn if windows (n, T, C) of consecutive rows show that they were read in the wrong order.

    Each row then has the values of the previous row, shifted by a step. Return whether they are shifted the right way.
    """
    n_steps, n_channels = windows.shape[1:]
    table = windows[:COMPARED].reshape(min(len(windows), COMPARED), -1)
    ahead, back = _shifted(table, n_channels)
    hint = None
    if estimator.time_order == "auto" and isinstance(estimator.layout, str) and estimator.layout == "auto":
        if back.any() and back.sum() > ahead.sum():
            hint = _newest_first(back)
        elif is_table and estimator.n_channels is None and not ahead.all():
            hint = _side_by_side(table, ahead)
    if hint is not None:
        warnings.warn(
            f"X is read as windows of {n_steps} steps, the oldest first, of {n_channels} channel(s). If its rows are "
            f"in the order of time, {hint}. time_order='oldest_first' reads it as now, without this warning",
            WindowLayoutWarning,
            stacklevel=calls_within_tsl(),
        )
    return bool(ahead.all())


def _newest_first(back: NDArray[np.bool_]) -> str:
    """Return a hint for a table in which some columns repeat the value to their left in the previous row."""
    if back.all():
        return "the newest step is the first: give time_order='newest_first'"
    return (
        "some columns are lags, the newest first, and others are not: name them, in a frame or by "
        "layout=['lag_1', 'lag_2', ..., 'holiday']"
    )


def _side_by_side(table: NDArray[Any], ahead: NDArray[np.bool_]) -> str | None:
    """Return a hint for a table whose columns look like windows of several channels; None if they do not."""
    edges = np.diff(np.concatenate([[False], ahead, [False]]).astype(np.int8))
    runs = np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)  # a run of k shifts is a window of k + 1 columns
    n_windows = int((runs >= 2).sum())
    if n_windows >= 2:
        return (
            f"its columns are {n_windows} windows one after the other: give n_channels={n_windows} and "
            "layout='channel_time', or, if they are not equally long or not all there is, name the columns, in a frame "
            "or by layout=['y_lag_2', 'y_lag_1', 'x_lag_2', 'x_lag_1', ...]"
        )
    if not ahead.any():
        for n_channels in range(2, min(MOST_SIDE_BY_SIDE, table.shape[1] // 3) + 1):
            if table.shape[1] % n_channels == 0 and _shifted(table, n_channels)[0].all():
                return f"each step has {n_channels} channels side by side: give n_channels={n_channels}"
    return None


def _shifted(table: NDArray[Any], by: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return (P - by,) whether columns were `by` columns further right in the row before, and whether further left."""
    later, earlier = table[1:].astype(np.float64), table[:-1].astype(np.float64)
    if len(later) < LEAST_ROWS or table.shape[1] <= by:
        none = np.zeros(max(table.shape[1] - by, 0), bool)
        return none, none
    ahead, back = _alike(later[:, :-by], earlier[:, by:]), _alike(later[:, by:], earlier[:, :-by])
    return (ahead > 0.9) & (back < ahead - 0.2), (back > 0.9) & (ahead < back - 0.2)


def _alike(one: NDArray[Any], other: NDArray[Any]) -> NDArray[np.float64]:
    """Return the share of rows in which two columns are equal, raw or standardised, (P,)."""
    return np.maximum((one == other).mean(axis=0), np.isclose(_scaled(one), _scaled(other), atol=1e-6).mean(axis=0))


def _scaled(columns: NDArray[Any]) -> NDArray[np.float64]:
    largest = np.abs(columns).max(axis=0)
    columns = columns / np.where(largest > 0, largest, 1.0)
    centred = columns - columns.mean(axis=0)
    deviation = np.sqrt((centred**2).mean(axis=0))
    return centred / np.where(deviation > 1e-12, deviation, np.inf)
