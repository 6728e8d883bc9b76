"""Local times without the shifts caused by the clock change in spring.

A daily series at midnight has a timestamp at 01:00 on the day on which clocks jump from midnight to one (Santiago,
Cairo, Beirut, the Azores), and a daily series at 02:30 may have one at 03:00. Rules work on the unshifted times.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl.forecasting.times.rules import UNITS_PER_DAY, Stamps


def localize(stamps: Stamps, unit: str, tz: object) -> pd.DatetimeIndex:
    """Return local times in their zone; a time that is skipped in spring becomes the next existing one."""
    index = pd.DatetimeIndex(stamps.view(f"M8[{unit}]"))
    return index.tz_localize(tz, ambiguous=np.ones(len(index), dtype=bool), nonexistent="shift_forward")


def usual_phase(local: Stamps, offsets: NDArray[np.int64], period: int) -> Stamps:
    """Return the most common remainder of the local times of each series by `period`, (n_series,).

    A series of one row is assumed to be like the others.
    """
    phase = local % period
    lengths = np.diff(offsets)
    usual = phase[offsets[:-1]]
    if (phase == np.repeat(usual, lengths)).all() and (lengths > 1).all():
        return usual
    phases, number = np.unique(phase, return_inverse=True)
    series = np.repeat(np.arange(len(lengths)), lengths)
    pairs, counts = np.unique(series * len(phases) + number, return_counts=True)
    order = np.lexsort(
        (-counts, pairs // len(phases))
    )  # the earlier of two equally frequent ones: the later was shifted
    pairs = pairs[order]
    first = np.searchsorted(pairs // len(phases), np.arange(len(lengths)))
    common = phases[np.bincount(number).argmax()]
    return np.where(lengths == 1, common, phases[pairs[first] % len(phases)])


def undo_shift(times: pd.DatetimeIndex, phase: Stamps, period: int) -> Stamps:
    """Return local times, undoing shifts past a skipped time.

    Parameters
    ----------
    times : DatetimeIndex of length n
        Times with a time zone.
    phase : ndarray of shape (n,)
        The remainder that each local time should have by `period`.
    period : int
        In the unit of `times`.
    """
    local = times.tz_localize(None).asi8
    late = (local - phase) % period
    rows = np.flatnonzero(late)
    earlier = local[rows] - late[rows]
    was_shifted = localize(earlier, times.unit, times.tz).asi8 == times.asi8[rows]
    local[rows[was_shifted]] = earlier[was_shifted]
    return local


def unshifted(times: pd.DatetimeIndex, offsets: NDArray[np.int64], step: int) -> Stamps:
    """Return unshifted local times of series whose rows are mostly `step` apart."""
    if times.tz is None:
        return times.asi8.copy()
    per_day = UNITS_PER_DAY[times.unit]
    days = round(step / per_day)
    is_days = (
        days and abs(step - days * per_day) <= per_day // 12
    )  # two hours: the most common step may span a clock change
    period = per_day if is_days else math.gcd(step, per_day)
    phase = usual_phase(times.tz_localize(None).asi8, offsets, period)
    return undo_shift(times, np.repeat(phase, np.diff(offsets)), period)
