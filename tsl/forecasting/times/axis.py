"""The time axis of a panel: the form of its stamps, and the stamps that come next."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.tseries.offsets import BaseOffset

from tsl._warnings import calls_within_tsl
from tsl.forecasting.times.frequency import PERIOD_UNIT, Freq, Frequency, find_frequency, period_begins
from tsl.forecasting.times.local_time import localize, put_back, usual_rest
from tsl.forecasting.times.rules import (
    UNITS_PER_DAY,
    EveryMonths,
    EveryOffset,
    EveryTick,
    Rule,
    Stamps,
    WeekPattern,
    days_in_month,
    split_months,
)
from tsl.forecasting.times.series_patterns import SeriesPatterns
from tsl.forecasting.times.stamps import read_times, time_format, times_of
from tsl.forecasting.times.week_pattern import own_weekdays

SHORTEST_MONTH = 28


class IrregularTimesWarning(UserWarning):
    """The stamps have gaps or keep to no grid, so that a forecast counts rows and not time."""


@dataclass(frozen=True)
class TimeAxis:
    """The form and the frequency of a panel's stamps, without the stamps."""

    dtype: Any
    """Of the index: int64, or a datetime or period type of pandas."""
    frequency: Frequency
    time_format: str | None = None
    """In which the times were written, where they came as texts or numbers."""
    patterns: SeriesPatterns | None = None
    """Of the series whose next stamps the frequency alone does not tell."""

    @classmethod
    def learn(
        cls,
        ids: pd.Index,
        times: pd.Index,
        offsets: NDArray[np.int64],
        freq: Freq,
        *,
        carried: BaseOffset | None = None,
        time_format: str | None = None,
    ) -> TimeAxis:
        """Return the axis of stamps that are in order within each series.

        Parameters
        ----------
        ids : Index of length n_series
        times : Index of length n_rows
        offsets : ndarray of shape (n_series + 1,)
        freq : str, int, offset, Timedelta or None
            The frequency that the user named.
        carried : offset, optional
            The one that the index had.
        time_format : str, optional
            The format in which the times were written.

        Raises
        ------
        ValueError
            If `freq` does not fit the stamps, or must be given because they do not tell.

        Warns
        -----
        IrregularTimesWarning
            If `freq` is None and the stamps have gaps, or no common step at all.
        """
        frequency = find_frequency(times, offsets, freq, carried)
        axis = cls(times.dtype, frequency, time_format).with_series(ids, times, offsets)
        if not frequency.regular:
            axis._warn(times, axis._odd_rows(ids, times, offsets))
        return axis

    def with_series(self, ids: pd.Index, times: pd.Index, offsets: NDArray[np.int64]) -> TimeAxis:
        """Return the axis that also knows what the stamps of these series keep to, of those that are new."""
        if not self._has_patterns:
            return self
        found = self._patterns_of(ids, times, offsets)
        is_new = np.ones(len(ids), dtype=bool) if self.patterns is None else self.patterns.ids.get_indexer(ids) < 0
        if self._open_days is None and not self._is_local:
            is_new &= found.day >= SHORTEST_MONTH - 1  # every month has an earlier day: the last stamp tells it
        if not is_new.any():
            return self
        new = found.select(is_new)
        return replace(self, patterns=new if self.patterns is None else self.patterns.append(new))

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
        """Return these values in the form that was learned.

        Raises
        ------
        ValueError
            If they are no times, or times of another kind.
        """
        times = self._read_any(values, where)
        if times.dtype == self.dtype:
            return times
        if isinstance(times, pd.DatetimeIndex) and self.is_datetime and (times.tz is None) == (self._tz is None):
            return (times if self._tz is None else times.tz_convert(self._tz)).as_unit(self._unit)
        raise ValueError(f"{where} must hold times of type {self.dtype}, as in fit, got {times.dtype}")

    def _read_any(self, values: Any, where: str) -> pd.Index:
        """Times of texts and numbers in the format that was learned, or else in their own."""
        if not self.is_datetime:
            return read_times(values, where)
        if self.time_format is not None:
            try:
                return read_times(values, where, self.time_format)
            except ValueError:
                pass  # not written so: perhaps in a format that leaves no doubt
        return read_times(values, where, time_format(values, where))

    def future(self, ids: pd.Index, times: pd.Index, offsets: NDArray[np.int64], horizon: int) -> pd.Index:
        """Return (n_series * horizon,) the stamps that follow each series, series by series."""
        last, keys = self._stamps_and_keys(ids, times, offsets, last=True)
        # most series of a panel end at one time
        pairs, rows = np.unique(np.stack([keys, last], axis=1), axis=0, return_inverse=True)
        ahead = self._index(self._after(pairs[:, 1], pairs[:, 0], horizon).ravel())
        return ahead.take((rows.reshape(-1, 1) * horizon + np.arange(horizon)).ravel())

    def check(self, ids: pd.Index, times: pd.Index, offsets: NDArray[np.int64], freq: Freq) -> None:
        """Check that no step is left out in later rows.

        Raises
        ------
        ValueError
            If `freq` is given and the stamps do not fit it; gaps are then meant.

        Warns
        -----
        IrregularTimesWarning
            If `freq` is None and a stamp is not the one that should follow the one before.
        """
        if freq is not None:
            find_frequency(times, offsets, freq)
            return
        odd = self._odd_rows(ids, times, offsets)
        if len(odd):
            self._warn(times, odd)

    def _after(self, last: Stamps, keys: NDArray[np.int64], horizon: int) -> Stamps:
        """(n, horizon) stamps that follow each of `last` (n,), by the rules that `keys` (n,) name."""
        ahead = np.empty((len(last), horizon), dtype=np.int64)
        for key in np.unique(keys):
            rows = keys == key
            ahead[rows] = self._rule(int(key)).after(last[rows], horizon)
        return ahead

    def _odd_rows(self, ids: pd.Index, times: pd.Index, offsets: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows that are not followed by the stamp that should come next in their series."""
        stamps, keys = self._stamps_and_keys(ids, times, offsets)
        inner = np.delete(np.arange(len(times)), offsets[1:] - 1)
        ahead = self._after(stamps[inner], np.repeat(keys, np.diff(offsets))[inner], 1)
        return inner[ahead[:, 0] != stamps[inner + 1]]

    def _stamps_and_keys(
        self, ids: pd.Index, times: pd.Index, offsets: NDArray[np.int64], *, last: bool = False
    ) -> tuple[Stamps, NDArray[np.int64]]:
        """The stamps on the clock of the rule, all or the `last` of each series, and what names each series' rule."""
        patterns = self._patterns_for(ids, times, offsets) if self._has_patterns else None
        if last:
            times, offsets = times.take(offsets[1:] - 1), np.arange(len(offsets))
        if patterns is None:
            return self._clock(times), np.zeros(len(ids), dtype=np.int64)
        return self._stamps(times, patterns.rest, offsets), self._keys(patterns)

    @property
    def _has_patterns(self) -> bool:
        """Whether series may differ in what comes after a stamp."""
        if self.is_integer:
            return False
        return self._is_local or self._open_days is not None or isinstance(self.frequency.rule, EveryMonths)

    @property
    def lacks_patterns(self) -> bool:
        """Whether patterns should be known and are not, as in a file from before they were kept."""
        return self.patterns is None and (self._is_local or self._open_days is not None)

    @property
    def _is_local(self) -> bool:
        """Whether the rule goes by the local time of a zone."""
        return self._tz is not None and self.frequency.clock == "wall"

    def _patterns_for(self, ids: pd.Index, times: pd.Index, offsets: NDArray[np.int64]) -> SeriesPatterns:
        """What is known of the stamps of each series, or else told by these rows."""
        if self.patterns is not None:
            at = self.patterns.ids.get_indexer(ids)
            if (at >= 0).all():
                return self.patterns.select(at)
        return self._patterns_of(ids, times, offsets).where_known(self.patterns)

    def _patterns_of(self, ids: pd.Index, times: pd.Index, offsets: NDArray[np.int64]) -> SeriesPatterns:
        """What the stamps of each series keep to, by these rows."""
        n_series, days = len(offsets) - 1, self._open_days
        stamps, period = self._clock(times), self._period
        rest = np.zeros(n_series, np.int64)
        if self._is_local:
            rest = usual_rest(stamps, offsets, period)
            stamps = self._stamps(times, rest, offsets)
        day = np.zeros(n_series, np.int64)
        if isinstance(self.frequency.rule, EveryMonths):
            month, of_month, _ = split_months(stamps, UNITS_PER_DAY[self._unit])
            at_end = np.logical_and.reduceat(of_month == days_in_month(month) - 1, offsets[:-1])
            day = np.maximum.reduceat(of_month, offsets[:-1])
            day = np.where(at_end & (np.diff(offsets) > 1), 30, day)
        weekdays = np.ones((n_series, 7), dtype=bool)
        if days is not None:
            weekdays = own_weekdays(stamps, offsets, self._unit, days)
        return SeriesPatterns(ids, rest, day, weekdays)

    def _keys(self, patterns: SeriesPatterns) -> NDArray[np.int64]:
        """(n_series,) what `_rule` makes the rule of each series from."""
        if self._open_days is not None:
            return patterns.weekdays @ (1 << np.arange(7))
        return patterns.day

    def _rule(self, key: int) -> Rule:
        """The rule of series that are open on some days of the week or keep to a day of the month."""
        rule = self.frequency.rule
        per_day = UNITS_PER_DAY[self._unit] if self._open_days is not None else 0
        if per_day and isinstance(rule, WeekPattern) and not rule.daily:
            slots = tuple(slot for slot in rule.slots if key >> slot // per_day & 1)
            return replace(rule, slots=slots) if slots else rule
        if per_day:
            return WeekPattern(tuple(day * per_day for day in range(7) if key >> day & 1), True, self._unit)
        return replace(rule, day=key) if isinstance(rule, EveryMonths) else rule

    @property
    def _open_days(self) -> NDArray[np.bool_] | None:
        """(7,) days of the week that have stamps, where days are left out irregularly; None where that is not so."""
        rule = self.frequency.rule
        if self.frequency.regular or self.is_integer:
            return None
        if isinstance(rule, WeekPattern):
            return np.isin(np.arange(7), np.asarray(rule.slots) // UNITS_PER_DAY[self._unit])
        one_day = rule == EveryTick(UNITS_PER_DAY[self._unit]) and self.frequency.clock in ("wall", "start")
        return np.ones(7, dtype=bool) if one_day else None

    @property
    def _period(self) -> int:
        """Units after which local stamps come by at the same times."""
        rule, per_day = self.frequency.rule, UNITS_PER_DAY[self._unit]
        if isinstance(rule, EveryTick):
            return math.gcd(rule.step, per_day)
        if isinstance(rule, WeekPattern) and not rule.daily:
            return math.gcd(*rule.slots, per_day)
        return rule.per_day if isinstance(rule, EveryOffset) else per_day

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
            last = self._index(rule.after(self._clock(first), 20)[0, -1:])[0]
            return (last.start_time - first[0].start_time).total_seconds() / 20
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
            return PERIOD_UNIT
        return self.dtype.unit if self._tz is not None else np.datetime_data(self.dtype)[0]

    def _clock(self, times: pd.Index) -> Stamps:
        """The stamps as integers on the clock that the rule goes by."""
        if self.is_integer:
            return times.to_numpy()
        if self.frequency.clock == "start":
            return period_begins(times)
        return (times.tz_localize(None) if self._is_local else times).asi8

    def _stamps(self, times: pd.Index, rest: Stamps, offsets: NDArray[np.int64]) -> Stamps:
        """The same, those that were moved over a skipped local time put back; `rest` (n_series,) as in the patterns."""
        if not self._is_local:
            return self._clock(times)
        return put_back(times, np.repeat(rest, np.diff(offsets)), self._period)

    def _index(self, stamps: Stamps) -> pd.Index:
        """What `_stamps` took apart; a local time that is skipped in spring moves to the next that is there."""
        if self._is_local:
            return localize(stamps, self._unit, self._tz)
        if self.frequency.clock == "start":
            return pd.DatetimeIndex(stamps.view(f"M8[{PERIOD_UNIT}]")).to_period(self.dtype.freq)
        return times_of(stamps, self.dtype)

    def _warn(self, times: pd.Index, odd: NDArray[np.int64]) -> None:
        """Warn of rows that are not followed by the stamp that should come next."""
        first = f" (the first after {times[odd[0]]})" if len(odd) else ""
        if isinstance(self.frequency.rule, WeekPattern):
            how = "future stamps keep to the days and hours that were seen"
        elif self.frequency.regular:
            how = f"future stamps follow at the step that fit learned, {self._step_name()}"
        else:
            how = f"future stamps follow at the most common step, {self._step_name()}"
        warnings.warn(
            f"the times have gaps{first}: rows count as steps, whatever time lies between them, and {how}; "
            "freq= names the frequency where gaps are meant",
            IrregularTimesWarning,
            stacklevel=calls_within_tsl(),
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
