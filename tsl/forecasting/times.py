"""The time axis of a panel: columns or indexes read as stamps, and the stamps that come next."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl.forecasting.frequency import (
    Frequency,
    given_frequency,
    infer_frequency,
    ordinal_frequency,
    period_pattern,
)
from tsl.forecasting.steps import UNITS_PER_DAY, EveryMonths, EveryTick, Stamps, WeekPattern
from tsl.forecasting.week import own_weekdays

_PERIOD_UNIT = "us"  # in which the beginnings of periods are counted


class IrregularTimesWarning(UserWarning):
    """The stamps have gaps or keep to no grid, so that a forecast counts rows and not time."""


def read_times(values: Any, where: str) -> pd.Index:
    """A DatetimeIndex, PeriodIndex or integer index of these values; `where` says in errors what they are.

    Raises
    ------
    ValueError
        Of values that are no times, of missing ones and of several time zones.
    """
    index = values if isinstance(values, pd.Index) else pd.Index(values, dtype=getattr(values, "dtype", None))
    if isinstance(index, pd.RangeIndex) or index.dtype.kind in "iu":
        index = index.astype(np.int64)
    elif not isinstance(index, pd.DatetimeIndex | pd.PeriodIndex):
        index = _parse(index, where)
    if index.hasnans:
        row = int(index.isna().argmax())
        raise ValueError(f"{where} must hold a time in every row, got a missing one in row {row}")
    return index


def stamps_of(times: pd.Index) -> Stamps:
    """Times as integers, in their own unit."""
    return times.to_numpy() if times.dtype == np.int64 else times.asi8


def _parse(index: pd.Index, where: str) -> pd.Index:
    """Times of strings, dates, timestamps or periods as objects, or of whole numbers in another type."""
    kind = pd.api.types.infer_dtype(index, skipna=True)
    if kind == "period":
        return pd.PeriodIndex(index)
    if kind in ("floating", "integer", "integer-na", "mixed-integer-float"):
        numbers = index.to_numpy(dtype=float, na_value=np.nan)
        if np.isfinite(numbers).all() and (numbers == np.round(numbers)).all():
            return pd.Index(numbers.astype(np.int64))
        raise ValueError(f"{where} must hold whole numbers or datetimes, got {_first_odd(numbers)}")
    if kind not in ("string", "datetime", "datetime64", "date"):
        raise ValueError(f"{where} must hold datetimes, periods or integers, got {kind} such as {index[0]!r}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of formats that must be guessed one by one, and of what comes below
            return pd.DatetimeIndex(pd.to_datetime(index))
    except (ValueError, TypeError) as error:
        zones = "timezone" in str(error).lower() or "tz-aware" in str(error).lower()
        hint = "mixed time zones: use pd.to_datetime(..., utc=True) first" if zones else f"{error}"
        raise ValueError(f"{where} must hold datetimes of one time zone, got {hint}") from error


def _first_odd(numbers: NDArray[np.float64]) -> float:
    """The first number that is not whole."""
    return float(numbers[~(numbers == np.round(numbers))][0])


@dataclass(frozen=True)
class TimeAxis:
    """The form and the frequency of a panel's stamps, without the stamps."""

    dtype: Any
    """Of the index: int64, or a datetime or period type of pandas."""
    frequency: Frequency

    @classmethod
    def learn(cls, times: pd.Index, offsets: NDArray[np.int64], freq: str | int | None) -> TimeAxis:
        """The axis of stamps that are in order within each series.

        Raises
        ------
        ValueError
            Where `freq` does not fit the stamps, or must be given because they do not tell.

        Warns
        -----
        IrregularTimesWarning
            Where `freq` is None and the stamps have gaps, or no common step at all.
        """
        if isinstance(times, pd.DatetimeIndex):
            frequency = _datetime_frequency(times, offsets, freq)
        else:
            frequency = _ordinal_frequency(times, offsets, freq)
        axis = cls(times.dtype, frequency)
        if not frequency.regular:
            warnings.warn(axis._irregular(times, offsets), IrregularTimesWarning, stacklevel=4)  # who called fit
        return axis

    @property
    def freq(self) -> str | None:
        """The frequency as pandas calls it; None for integers and where there is no name."""
        return self.frequency.freq

    @property
    def is_integer(self) -> bool:
        """Whether stamps are mere numbers."""
        return self.dtype == np.int64

    @property
    def is_datetime(self) -> bool:
        """Whether stamps are points in time."""
        return not self.is_integer and not isinstance(self.dtype, pd.PeriodDtype)

    def read(self, values: Any, where: str) -> pd.Index:
        """These values in the form that was learned.

        Raises
        ------
        ValueError
            Of values that are no times, or times of another kind.
        """
        times = read_times(values, where)
        if times.dtype == self.dtype:
            return times
        if isinstance(times, pd.DatetimeIndex) and self.is_datetime and (times.tz is None) == (self._tz is None):
            return (times if self._tz is None else times.tz_convert(self._tz)).as_unit(self._unit)
        raise ValueError(f"{where} must hold times of type {self.dtype}, as in fit, got {times.dtype}")

    def future(self, last: pd.Index, horizon: int) -> pd.Index:
        """(n * horizon,) the stamps that follow each of `last` (n,), those of the first one first."""
        stamps = self._clock(last)
        uniques, inverse = np.unique(stamps, return_inverse=True)
        ahead = self._index(self.frequency.rule.after(uniques, horizon).ravel())
        return ahead.take((inverse[:, None] * horizon + np.arange(horizon)).ravel())

    def future_of(self, times: pd.Index, offsets: NDArray[np.int64], horizon: int) -> pd.Index:
        """(n_series * horizon,) the stamps that follow each series; where days are left out, its own kind of days."""
        last = times.take(offsets[1:] - 1)
        days = self._open_days()
        if days is None:
            return self.future(last, horizon)
        stamps = self._clock(times)
        own = own_weekdays(stamps, offsets, self._unit, days)
        masks, numbers = np.unique(own, axis=0, return_inverse=True)
        ahead = np.empty((len(last), horizon), dtype=np.int64)
        for number, mask in enumerate(masks):
            slots = tuple(int(day) * UNITS_PER_DAY[self._unit] for day in np.flatnonzero(mask))
            rows = np.flatnonzero(numbers.ravel() == number)
            ahead[rows] = WeekPattern(slots, True, self._unit).after(stamps[offsets[1:] - 1][rows], horizon)
        return self._index(ahead.ravel())

    def _open_days(self) -> NDArray[np.bool_] | None:
        """(7,) days of the week that have stamps, where days are left out irregularly; None where that is not so."""
        rule = self.frequency.rule
        if self.frequency.regular or self.is_integer:
            return None
        if isinstance(rule, WeekPattern) and rule.daily:
            return np.isin(np.arange(7) * UNITS_PER_DAY[self._unit], rule.slots)
        one_day = rule == EveryTick(UNITS_PER_DAY[self._unit]) and self.frequency.clock == "wall"
        return np.ones(7, dtype=bool) if one_day else None

    @property
    def seconds(self) -> float:
        """Length of a step, on average; NaN for integers."""
        if self.is_integer:
            return np.nan
        rule = self.frequency.rule
        if isinstance(rule, EveryMonths):
            return rule.months * 30.4375 * 86_400
        if isinstance(rule, WeekPattern):
            return 7 * 86_400 / len(rule.slots)
        start = pd.Timestamp("2001-01-01")
        if isinstance(self.dtype, pd.PeriodDtype):
            first = pd.PeriodIndex([start.to_period(self.dtype.freq)])
            return (self.future(first, 20)[-1].start_time - first[0].start_time).total_seconds() / 20
        last = pd.DatetimeIndex([start]).as_unit(self._unit).asi8
        return float(rule.after(last, 20)[0, -1] - last[0]) / UNITS_PER_DAY[self._unit] * 86_400 / 20

    @property
    def season_hints(self) -> tuple[int, ...]:
        """Steps after which the calendar comes round: of hours (24, 168), of days (7, 365), of months (12,)."""
        if self.is_integer:
            return ()
        rule = self.frequency.rule
        if isinstance(rule, WeekPattern):
            days = len({slot // UNITS_PER_DAY[self._unit] for slot in rule.slots})
            cycles = [len(rule.slots) / days, len(rule.slots)]
        elif self.freq == "B":
            cycles = [5]
        else:
            day, week, year = (length * 86_400 / self.seconds for length in (1, 7, 365.25))
            cycles = [day, week] if day > 1.5 else [week, year] if week > 1.5 else [year]
        whole = [round(cycle) for cycle in cycles if abs(cycle - round(cycle)) < 0.02 * cycle]
        return tuple(cycle for cycle in dict.fromkeys(whole) if cycle > 1)

    @property
    def _tz(self) -> Any:
        return getattr(self.dtype, "tz", None)

    @property
    def _unit(self) -> str:
        if not self.is_datetime:
            return _PERIOD_UNIT
        return self.dtype.unit if self._tz is not None else np.datetime_data(self.dtype)[0]

    def _clock(self, times: pd.Index) -> Stamps:
        """The stamps as integers on the clock that the rule goes by."""
        if self.is_integer:
            return times.to_numpy()
        if self.frequency.clock == "start":
            return _begins(times)
        return (times.tz_localize(None) if self.frequency.clock == "wall" and self._tz is not None else times).asi8

    def _index(self, stamps: Stamps) -> pd.Index:
        """What `_clock` took apart; a local time that is skipped in spring moves to the next that is there."""
        if self.is_integer:
            return pd.Index(stamps)
        if self.frequency.clock == "start":
            return pd.DatetimeIndex(stamps.view(f"M8[{_PERIOD_UNIT}]")).to_period(self.dtype.freq)
        if isinstance(self.dtype, pd.PeriodDtype):
            return pd.PeriodIndex.from_ordinals(stamps, freq=self.dtype.freq)
        index = pd.DatetimeIndex(stamps.view(f"M8[{self._unit}]"))
        if self._tz is None:
            return index
        if self.frequency.clock == "utc":
            return index.tz_localize("UTC").tz_convert(self._tz)
        return index.tz_localize(self._tz, ambiguous=np.ones(len(index), dtype=bool), nonexistent="shift_forward")

    def _irregular(self, times: pd.Index, offsets: NDArray[np.int64]) -> str:
        """What the warning says."""
        rule, stamps = self.frequency.rule, self._clock(times)
        inner = np.delete(np.arange(len(stamps)), offsets[1:] - 1)
        odd = inner[rule.after(stamps[inner], 1)[:, 0] != stamps[inner + 1]]
        first = f" (the first after {times[odd[0]]})" if len(odd) else ""
        if isinstance(rule, WeekPattern):
            how = "future stamps keep to the days and hours that were seen"
        else:
            how = f"future stamps follow at the most common step, {self._step_name()}"
        return (
            f"the times have gaps{first}: rows count as steps, whatever time lies between them, and {how}; "
            "freq= names the frequency where gaps are meant"
        )

    def _step_name(self) -> str:
        """The step in words."""
        rule = self.frequency.rule
        if self.freq:
            return repr(self.freq)
        if isinstance(rule, EveryMonths):
            return f"{rule.months} months"
        if isinstance(rule, EveryTick) and not self.is_integer:
            return str(pd.Timedelta(rule.step, self._unit))
        return str(getattr(rule, "step", rule))


def _datetime_frequency(times: pd.DatetimeIndex, offsets: NDArray[np.int64], freq: str | int | None) -> Frequency:
    """Given or inferred frequency of datetimes."""
    wall = times.tz_localize(None).asi8
    if freq is None:
        return infer_frequency(wall, times.asi8, offsets, times.unit)
    if isinstance(freq, int | np.integer):
        raise ValueError(f"freq must be a frequency of pandas such as 'h', 'D' or 'MS', got {freq!r}")
    return given_frequency(wall, times.asi8, offsets, freq, times.unit)


def _ordinal_frequency(times: pd.Index, offsets: NDArray[np.int64], freq: str | int | None) -> Frequency:
    """Given or inferred frequency of integers or periods."""
    if isinstance(times, pd.PeriodIndex):
        step = None if freq is None else _periods_in(freq, times)
        frequency = ordinal_frequency(times.asi8, offsets, step, times.freqstr)
        if frequency.regular:
            return frequency
        return period_pattern(_begins(times), offsets, _PERIOD_UNIT) or frequency
    if freq is not None and (isinstance(freq, bool) or not isinstance(freq, int | np.integer) or freq < 1):
        raise ValueError(f"freq must be a positive whole number where times are integers, got {freq!r}")
    return ordinal_frequency(times.to_numpy(), offsets, freq, None)


def _periods_in(freq: str | int, times: pd.PeriodIndex) -> int:
    """How many periods make one step."""
    offset, own = pd.tseries.frequencies.to_offset(freq) if isinstance(freq, str) else None, times.freq
    if offset is None or offset.base != own.base or offset.n % own.n:
        raise ValueError(f"freq must be a multiple of the periods' own, {times.freqstr!r}, got {freq!r}")
    return offset.n // own.n


def _begins(times: pd.PeriodIndex) -> Stamps:
    """The times at which periods begin."""
    return times.to_timestamp().as_unit(_PERIOD_UNIT).asi8
