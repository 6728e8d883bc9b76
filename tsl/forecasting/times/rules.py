"""Rules: date offsets that work on integers, for many series at a time.

A stamp is a timestamp as an integer in the unit of its index, or the ordinal of a period. The method
``after(last, horizon)`` of a rule returns the ``horizon`` stamps that follow each of ``last``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.tseries.offsets import BaseOffset

Stamps = NDArray[np.int64]

UNITS_PER_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}

_MONDAY = 4  # days from 1970-01-01, a Thursday, to the first Monday


class Rule(Protocol):
    """A rule for the stamps that follow a given one."""

    def after(self, last: Stamps, horizon: int) -> Stamps:
        """Return (n, horizon) the stamps that follow each of `last` (n,)."""


@dataclass(frozen=True)
class EveryTick:
    """A constant step."""

    step: int

    def after(self, last: Stamps, horizon: int) -> Stamps:
        """Return (n, horizon) the stamps that follow each of `last` (n,)."""
        return last[:, None] + self.step * np.arange(1, horizon + 1)


@dataclass(frozen=True)
class EveryMonths:
    """Every `months` months, on the same day of the month, or on the last day of a shorter month."""

    months: int
    at_end: bool
    """Whether the day is the last of every month."""
    unit: str
    day: int | None = None
    """Day of the month, counted from 0; None for that of the last stamp."""

    def after(self, last: Stamps, horizon: int) -> Stamps:
        """Return (n, horizon) the stamps that follow each of `last` (n,)."""
        per_day = UNITS_PER_DAY[self.unit]
        month, day, time = split_months(last, per_day)
        ahead = month[:, None] + self.months * np.arange(1, horizon + 1)
        length = days_in_month(ahead)
        wanted = day[:, None] if self.day is None else self.day
        on = length - 1 if self.at_end else np.minimum(wanted, length - 1)
        return (_first_day(ahead) + on) * per_day + time[:, None]


@dataclass(frozen=True)
class EveryOffset:
    """Every `count` steps of a pandas offset, such as business days or the last Fridays of months."""

    freq: str | BaseOffset
    """The offset, or its alias."""
    count: int
    unit: str

    @property
    def per_day(self) -> int:
        """Return the units per step of the grid: those of a day, or 1 for business hours, which have a time of day."""
        by_hour = isinstance(pd.tseries.frequencies.to_offset(self.freq), pd.offsets.BusinessHour)
        return 1 if by_hour else UNITS_PER_DAY[self.unit]

    def _grid(self, first: int, last: int, more: int = 0) -> Stamps:
        """Return all stamps of the offset from `first` to `last`, and `more` after that."""
        start, stop = timestamp(first, self.unit), timestamp(last, self.unit)
        grid = pd.date_range(start, stop, freq=self.freq, unit=self.unit)
        if more:
            grid = grid.union(pd.date_range(stop, periods=more + 1, freq=self.freq, unit=self.unit))
        return grid.as_unit(self.unit).asi8

    def positions(self, stamps: Stamps) -> Stamps:
        """Return the position of each stamp on the grid; -1 if it is not on the grid."""
        dates = stamps - stamps % self.per_day
        grid = self._grid(dates.min(), dates.max())
        if not len(grid):
            return np.full(len(stamps), -1)
        at = np.minimum(np.searchsorted(grid, dates), len(grid) - 1)
        return np.where(grid[at] == dates, at, -1)

    def after(self, last: Stamps, horizon: int) -> Stamps:
        """Return (n, horizon) the stamps that follow each of `last` (n,)."""
        time = last % self.per_day
        dates = last - time
        grid = self._grid(dates.min(), dates.max(), more=self.count * horizon)
        at = np.searchsorted(grid, dates, side="right") - 1
        return grid[at[:, None] + self.count * np.arange(1, horizon + 1)] + time[:, None]


@dataclass(frozen=True)
class EveryDateOffset:
    """A `pandas.DateOffset`, which is added repeatedly and has no grid."""

    offset: pd.DateOffset
    unit: str

    def after(self, last: Stamps, horizon: int) -> Stamps:
        """Return (n, horizon) the stamps that follow each of `last` (n,)."""
        uniques, rows = np.unique(last, return_inverse=True)
        ahead = np.empty((len(uniques), horizon), dtype=np.int64)
        stamps = list(pd.DatetimeIndex(uniques.view(f"M8[{self.unit}]")))
        for step in range(horizon):
            stamps = [stamp + self.offset for stamp in stamps]
            ahead[:, step] = pd.DatetimeIndex(stamps).as_unit(self.unit).asi8
        return ahead[rows]


@dataclass(frozen=True)
class WeekPattern:
    """The same times of every week."""

    slots: tuple[int, ...]
    """Distances from Monday midnight, ascending; multiples of a day if `daily`."""
    daily: bool
    """Whether each series keeps the time of day of its last stamp."""
    unit: str

    def after(self, last: Stamps, horizon: int) -> Stamps:
        """Return (n, horizon) the stamps that follow each of `last` (n,)."""
        time = last % UNITS_PER_DAY[self.unit] if self.daily else np.zeros_like(last)
        week, within = split_weeks(last - time, self.unit)
        slots = np.asarray(self.slots)
        number = np.searchsorted(slots, within, side="right")[:, None] + np.arange(horizon)
        return join_weeks(week[:, None] + number // len(slots), slots[number % len(slots)], self.unit) + time[:, None]


def timestamp(stamp: int, unit: str) -> pd.Timestamp:
    """Return the point in time `stamp` units after 1970."""
    return pd.DatetimeIndex(np.array([stamp]).view(f"M8[{unit}]"))[0]


def split_weeks(stamps: Stamps, unit: str) -> tuple[Stamps, Stamps]:
    """Return the number of the week of each stamp, and its distance from Monday midnight of that week."""
    per_day = UNITS_PER_DAY[unit]
    return np.divmod(stamps - _MONDAY * per_day, 7 * per_day)


def join_weeks(week: Stamps, within: Stamps, unit: str) -> Stamps:
    """Return stamps from weeks and distances within them: the inverse of `split_weeks`."""
    per_day = UNITS_PER_DAY[unit]
    return week * (7 * per_day) + within + _MONDAY * per_day


def split_months(stamps: Stamps, per_day: int) -> tuple[Stamps, Stamps, Stamps]:
    """Return the month (counted from January 1970), day of the month (from 0) and time of day of each stamp."""
    days, time = np.divmod(stamps, per_day)
    month = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return month, days - _first_day(month), time


def days_in_month(month: Stamps) -> Stamps:
    """Return the number of days in each month, counted from January 1970."""
    return _first_day(month + 1) - _first_day(month)


def _first_day(month: Stamps) -> Stamps:
    """Return the day, counted from 1970-01-01, on which each month begins."""
    return month.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
