"""Windows and the targets that follow them, as two arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from tsl._checks import check_count
from tsl.windows._arrays import group_positions, to_numbers, windows_view


def make_windows(
    X: Any,
    y: Any = None,
    *,
    window: int,
    horizon: int = 1,
    stride: int = 1,
    gap: int = 0,
    groups: Any = None,
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Split a series into windows and the targets that follow them.

    A window that ends at row t has the target ``y[t + 1 + gap], ..., y[t + gap + horizon]``. Only windows that lie
    within the series, including their targets, are returned: ``(n_rows - window - gap - horizon) // stride + 1`` of
    them. For targets at a window's own last row (labels, a soft sensor), use `SlidingWindow`, which leaves `y`
    unchanged.

    Parameters
    ----------
    X : array-like, Series or DataFrame of shape (n_rows,) or (n_rows, n_channels)
        The series, in time order.
    y : array-like of shape (n_rows,) or (n_rows, n_targets), optional
        Values to predict, numbers or labels, one row for each row of `X`. Default: all channels of the series itself.
    window : int
        Rows in a window.
    horizon : int, default=1
        Rows in a target.
    stride : int, default=1
        Rows from the start of one window to the start of the next. In `SlidingWindow`, which keeps every row, `stride`
        is the distance between the steps within a window.
    gap : int, default=0
        Rows left out between a window and its target.
    groups : array-like of shape (n_rows,), optional
        The series that each row belongs to. Windows and targets do not cross from one series to another. The result has
        the windows series by series, in the order of the series' first rows; a series that is too short has none.

    Returns
    -------
    windows : ndarray of shape (n_windows, window, n_channels)
        float32 if `X` is float32, otherwise float64. A read-only view of the series; with several groups a copy.
    targets : ndarray of shape (n_windows, horizon, n_targets)
        With the dtype of `y`. The last axis is missing if `y` (or `X` in its place) has one dimension, the middle one
        if ``horizon=1``: a Series with ``horizon=1`` gives ``(n_windows,)``.

    Raises
    ------
    ValueError
        If the input is empty, has the wrong dimensions, contains anything but numbers, or is too short for one window
        and its target; if lengths differ; if a parameter is out of range.
    TypeError
        If a parameter is not an integer.

    See Also
    --------
    SlidingWindow : One window for each row, for pipelines.

    Examples
    --------
    >>> import numpy as np
    >>> from tsl.windows import make_windows
    >>> windows, targets = make_windows(np.arange(6.0), window=3, horizon=2)
    >>> windows[:, :, 0]
    array([[0., 1., 2.],
           [1., 2., 3.]])
    >>> targets
    array([[3., 4.],
           [4., 5.]])
    """
    window, horizon = check_count("window", window, 1), check_count("horizon", horizon, 1)
    stride, gap = check_count("stride", stride, 1), check_count("gap", gap, 0)
    series = to_numbers(X, ensure_2d=False, allow_nd=True, ensure_min_samples=0)
    if series.ndim not in (1, 2):
        raise ValueError(f"X must have shape (n_rows,) or (n_rows, n_channels), got {series.shape}")
    y = series if y is None else _check_targets(y, len(series))
    pieces = [range(len(series))] if groups is None else _pieces(groups, len(series))
    needed = window + gap + horizon
    long_enough = [rows for rows in pieces if len(rows) >= needed]
    if not long_enough:
        has = f"X has {len(series)}" if groups is None else f"the longest series has {max(map(len, pieces), default=0)}"
        raise ValueError(f"window={window}, gap={gap} and horizon={horizon} need {needed} rows, {has}")
    series = series.reshape(len(series), -1)
    if len(pieces) == 1:
        return _cut(series, y, window, horizon, stride, gap)
    cut = [_cut(series[rows], y[rows], window, horizon, stride, gap) for rows in long_enough]
    windows, targets = zip(*cut)
    return np.concatenate(windows), np.concatenate(targets)


def _cut(
    series: NDArray[Any], y: NDArray[Any], window: int, horizon: int, stride: int, gap: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return windows and targets of one series, as views."""
    n_windows = (len(series) - window - gap - horizon) // stride + 1
    chosen = slice(0, (n_windows - 1) * stride + 1, stride)
    windows = windows_view(series, window)[chosen]
    targets = np.moveaxis(sliding_window_view(y[window + gap :], horizon, axis=0), -1, 1)[chosen]
    return windows, targets[:, 0] if horizon == 1 else targets


def _check_targets(y: Any, n_rows: int) -> NDArray[Any]:
    y = np.asarray(y)
    if y.ndim not in (1, 2):
        raise ValueError(f"y must have shape (n_rows,) or (n_rows, n_targets), got {y.shape}")
    if y.dtype.kind == "c":
        raise ValueError(f"y must hold real numbers or labels, got dtype {y.dtype}")
    if len(y) != n_rows:
        raise ValueError(f"y must have one row for each of the {n_rows} rows of X, got {len(y)}")
    return y


def _pieces(groups: Any, n_rows: int) -> list[NDArray[np.intp]]:
    groups = np.asarray(groups)
    if groups.shape != (n_rows,):
        raise ValueError(f"groups must have shape ({n_rows},), one entry per row of X, got {groups.shape}")
    return list(group_positions(groups).values())
