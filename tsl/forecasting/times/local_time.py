"""Local time as if no clock were ever put forward.

A daily series at midnight has a stamp at 01:00 on the day on which clocks jump from midnight to one (Santiago, Cairo,
Beirut, the Azores), and one at half past two another at 03:00. Rules go by the time that such a stamp stands for.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl.forecasting.times.rules import UNITS_PER_DAY, Stamps


def localize(stamps: Stamps, unit: str, tz: object) -> pd.DatetimeIndex:
    """Return local stamps in their zone; a time that is skipped in spring moves to the next that is there."""
    index = pd.DatetimeIndex(stamps.view(f"M8[{unit}]"))
    return index.tz_localize(tz, ambiguous=np.ones(len(index), dtype=bool), nonexistent="shift_forward")


def usual_rest(local: Stamps, offsets: NDArray[np.int64], period: int) -> Stamps:
    """Return (n_series,) what the stamps of each series mostly leave when they are divided by `period`.

    A series of one row is held to be like the others.
    """
    rest = local % period
    lengths = np.diff(offsets)
    usual = rest[offsets[:-1]]
    if (rest == np.repeat(usual, lengths)).all() and (lengths > 1).all():
        return usual
    rests, number = np.unique(rest, return_inverse=True)
    series = np.repeat(np.arange(len(lengths)), lengths)
    pairs, counts = np.unique(series * len(rests) + number, return_counts=True)
    order = np.lexsort((-counts, pairs // len(rests)))  # of two as frequent ones the earlier: the later was moved
    pairs = pairs[order]
    first = np.searchsorted(pairs // len(rests), np.arange(len(lengths)))
    common = rests[np.bincount(number).argmax()]
    return np.where(lengths == 1, common, rests[pairs[first] % len(rests)])


def put_back(times: pd.DatetimeIndex, rest: Stamps, period: int) -> Stamps:
    """Return local stamps of which those that were moved over a skipped time are where they belong.

    Parameters
    ----------
    times : DatetimeIndex of length n
        With a time zone.
    rest : ndarray of shape (n,)
        What each stamp should leave when it is divided by `period`.
    period : int
        In the unit of `times`.
    """
    local = times.tz_localize(None).asi8
    late = (local - rest) % period
    rows = np.flatnonzero(late)
    earlier = local[rows] - late[rows]
    was_moved = localize(earlier, times.unit, times.tz).asi8 == times.asi8[rows]
    local[rows[was_moved]] = earlier[was_moved]
    return local


def as_if_unmoved(times: pd.DatetimeIndex, offsets: NDArray[np.int64], step: int) -> Stamps:
    """Return local stamps of series whose rows are mostly `step` apart, each at the time that it stands for."""
    if times.tz is None:
        return times.asi8.copy()
    per_day = UNITS_PER_DAY[times.unit]
    days = round(step / per_day)
    is_days = days and abs(step - days * per_day) <= per_day // 12  # two hours: the step may be one over a change
    period = per_day if is_days else math.gcd(step, per_day)
    rest = usual_rest(times.tz_localize(None).asi8, offsets, period)
    return put_back(times, np.repeat(rest, np.diff(offsets)), period)
