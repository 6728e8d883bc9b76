"""Weekly patterns of irregular timestamps: business days, opening hours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tsl.forecasting.times.rules import UNITS_PER_DAY, Stamps, WeekPattern, split_weeks

# Chosen by judgement, not measured; the tests check them on trading days with holidays, opening hours and lunch breaks.
_MOST_TIMES = 1440  # distinct times of day, one per minute; timestamps with more are assumed to have no pattern
_CLOSED = 0.25  # share of the rows of the busiest day or time: a day or time with fewer counts as closed
_OWN_WEEKS = 4  # weeks of a series from which its weekdays are judged by that series alone
_SURE = (
    8  # weeks without a row after which a single time of the week counts as closed, though its day and hour are open
)


def week_pattern(wall: Stamps, offsets: NDArray[np.int64], unit: str) -> WeekPattern | None:
    """Return the times of the week that usually have a timestamp; None if they are evenly spaced or there are none."""
    per_day = UNITS_PER_DAY[unit]
    time = wall % per_day
    inner = np.delete(np.diff(time), offsets[1:-1] - 1)
    daily = not inner.any()
    times = np.zeros(1, dtype=np.int64) if daily else np.unique(time)
    if len(times) > _MOST_TIMES or len(times) * 2 > len(wall):
        return None
    stamps = wall - time if daily else wall
    slots = (np.arange(7)[:, None] * per_day + times).ravel()
    seen, chances, weeks = _count(stamps, offsets, slots, unit)
    slots = slots[_open_slots(seen, chances, weeks).ravel()]
    between = np.diff(slots, append=slots[:1] + 7 * per_day)
    if not len(slots) or (between == between[0]).all():  # a constant step describes it better
        return None
    return WeekPattern(tuple(int(slot) for slot in slots), daily, unit)


def own_weekdays(wall: Stamps, offsets: NDArray[np.int64], unit: str, common: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the weekdays on which each series has timestamps (n_series, 7); `common` (7,) for short series.

    Shops of one panel may close on different days.
    """
    n_series = len(offsets) - 1
    days = wall // UNITS_PER_DAY[unit] + 3  # from a Monday
    series = np.repeat(np.arange(n_series), np.diff(offsets))
    seen = np.bincount(7 * series + days % 7, minlength=7 * n_series).reshape(n_series, 7)
    first, last = days[offsets[:-1], None], days[offsets[1:] - 1, None]
    chances = (last - np.arange(7)) // 7 - (first - 1 - np.arange(7)) // 7
    share = seen / np.maximum(chances, 1)
    used = share >= _CLOSED * share.max(axis=1, keepdims=True)
    own = np.where(chances >= _OWN_WEEKS, used, common)
    return np.where(own.any(axis=1, keepdims=True), own, common)


def _count(
    stamps: Stamps, offsets: NDArray[np.int64], slots: Stamps, unit: str
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Count the rows in each slot, the rows that series could have had there, and the weeks in which any could have.

    Each is (7, n_times).
    """
    _, within = split_weeks(stamps, unit)
    seen = np.bincount(np.searchsorted(slots, within), minlength=len(slots))
    first, last = stamps[offsets[:-1]], stamps[offsets[1:] - 1]
    chances = _passes(first, last, slots, unit)
    weeks = _passes(first.min(keepdims=True), last.max(keepdims=True), slots, unit)
    return seen.reshape(7, -1), chances.reshape(7, -1), weeks.reshape(7, -1)


def _passes(first: Stamps, last: Stamps, slots: Stamps, unit: str) -> NDArray[np.int64]:
    """Count how often each slot of the week occurs between `first` and `last`, summed over the pairs of them."""
    first_week, first_within = split_weeks(first, unit)
    last_week, last_within = split_weeks(last, unit)
    begun_after = np.searchsorted(np.sort(first_within), slots, side="right") - len(first)
    ended_before = np.searchsorted(np.sort(last_within), slots, side="left")
    return (last_week - first_week + 1).sum() + begun_after - ended_before


def _open_slots(seen: NDArray[np.int64], chances: NDArray[np.int64], weeks: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return whether a timestamp is expected in each slot, (7, n_times).

    A weekday or a time of day needs two chances before it counts as closed, Saturday and Sunday one. A slot that no
    series spans is open.
    """
    needed = np.array([2, 2, 2, 2, 2, 1, 1])
    days = ~(_rare(seen.sum(axis=1), chances.sum(axis=1)) & (weeks.max(axis=1) >= needed))
    times = ~(_rare(seen[days].sum(axis=0), chances[days].sum(axis=0)) & (weeks[days].sum(axis=0) >= 2))
    return days[:, None] & times & ~((seen == 0) & (weeks >= _SURE))


def _rare(seen: NDArray[np.int64], chances: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return where the share of used chances is much smaller than the largest one."""
    share = seen / np.maximum(chances, 1)
    return (share < _CLOSED * share.max()) & (chances > 0)
