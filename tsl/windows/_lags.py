"""Tables of lags: the step and channel of each column, from the names that other packages use."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# lag_1 of skforecast, lag1 of mlforecast, y_target_lag-1 of Darts, lag_1__y of sktime, y_lag2 of SlidingWindow.
_LAG = re.compile(r"(?<!f)(?:lag(?:s|ged)?|shift(?:ed)?)[ _.(]*(-?\d+)", re.IGNORECASE)
_STATSMODELS = re.compile(r"(?:^|(?<=\.))L(\d+)(?=\.|$)")  # L1.y and y.L1
_OFFSET = re.compile(r"(?<![A-Za-z0-9])t *([-+] *\d+)(?![\d.])")  # t-1, y(t-1), y_t+1
_NOW = re.compile(r"(?<![A-Za-z0-9])t(?=[)\]]|$)")  # y(t), y_t


class WindowLayoutWarning(UserWarning):
    """Warning that windows seem to have the newest step first, or time on another axis."""


Channel = tuple[str, ...]
"""The parts of a name before and after the lag; the whole name if it has no lag."""


def lag_columns(names: Sequence[str]) -> NDArray[np.intp] | None:
    """Find the column of each step, the oldest first, and channel from column names.

    Names that differ only in their lag form a channel. A name without a lag, or the only one of its channel, is a
    channel that is constant within a window. If a channel lacks a lag that another has, its nearest lag is used.

    Parameters
    ----------
    names : sequence of str
        Column names such as ``["lag_1", "lag_2", "lag_3", "holiday"]``.

    Returns
    -------
    columns : ndarray of shape (T, C) or None
        None if no name has a lag.

    Raises
    ------
    ValueError
        If two names mean the same lag of the same channel.

    Examples
    --------
    >>> lag_columns(["lag_1", "lag_2", "lag_3", "holiday"])
    array([[2, 3],
           [1, 3],
           [0, 3]])
    """
    channels: dict[Channel, dict[int, int]] = {}
    for column, (channel, lag) in enumerate(_channels_and_lags(names)):
        own = channels.setdefault(channel, {})
        if lag in own:
            raise ValueError(f"X must have one column for each lag, got {names[own[lag]]!r} and {names[column]!r}")
        own[lag] = column
    if all(len(channel) == 1 for channel in channels):
        return None
    steps = sorted({lag for own in channels.values() if len(own) > 1 for lag in own}, reverse=True) or [0]
    nearest = [[own[min(own, key=lambda lag: (abs(lag - step), lag))] for own in channels.values()] for step in steps]
    return np.array(nearest, dtype=np.intp)


def channel_names(names: Sequence[str]) -> list[str]:
    """Return the names of the channels that `lag_columns` finds, without lags; "lag" if nothing else is left.

    Examples
    --------
    >>> channel_names(["celsius_lag2", "celsius_lag1", "lag_1", "lag_2", "holiday"])
    ['celsius', 'lag', 'holiday']
    """
    found: dict[Channel, str] = {}
    for name, (channel, _) in zip(names, _channels_and_lags(names)):
        found.setdefault(channel, name if len(channel) == 1 else _without_lag(name))
    return list(found.values())


def _without_lag(name: str) -> str:
    """Return a name without its lag."""
    pattern = next(pattern for pattern in (_LAG, _STATSMODELS, _OFFSET, _NOW) if pattern.search(name))
    return pattern.sub("", name).strip(" _.()[]") or "lag"


def _channels_and_lags(names: Sequence[str]) -> list[tuple[Channel, int]]:
    """Return the channel of each name, and how many rows back it is."""
    lags, offsets = [_split(name, _LAG, _STATSMODELS) for name in names], [_split(name, _OFFSET) for name in names]
    # In Darts, negative numbers are lags and positive numbers are rows ahead.
    sign = -1 if any(found is not None and found[1] < 0 for found in lags) else 1
    with_offset = {found[0] for found in offsets if found is not None}
    pairs: list[tuple[Channel, int]] = []
    for name, lag, offset in zip(names, lags, offsets):
        now = _NOW.search(name)
        if lag is not None:
            pairs.append((lag[0], sign * lag[1]))
        elif offset is not None:
            pairs.append((offset[0], -offset[1]))
        elif now is not None and (channel := (name[: now.end()], name[now.end() :])) in with_offset:
            pairs.append((channel, 0))
        else:
            pairs.append(((name,), 0))
    return pairs


def _split(name: str, *patterns: re.Pattern[str]) -> tuple[Channel, int] | None:
    """Return the channel and the number of a name that matches one of the patterns; None otherwise."""
    for pattern in patterns:
        if found := pattern.search(name):
            return (name[: found.start(1)], name[found.end(1) :]), int(found[1].replace(" ", ""))
    return None
