"""The time axis of a panel: the type of its timestamps, and the timestamps that come next."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.tseries.offsets import BaseOffset

from tsl._warnings import calls_within_tsl
from tsl.forecasting.times.clock import Clock
from tsl.forecasting.times.frequency import Freq, find_frequency
from tsl.forecasting.times.inference import Frequency
from tsl.forecasting.times.rules import UNITS_PER_DAY, EveryMonths, EveryTick, Stamps, WeekPattern
from tsl.forecasting.times.series_patterns import SeriesPatterns
from tsl.forecasting.times.series_rules import SeriesRules
from tsl.forecasting.times.stamps import read_times, stamps_of, time_format, times_of

_WHOLE = 0.02  # relative deviation of a cycle from a whole number of steps; months and years vary by as much
_STEPS = 20  # over which the length of a step is averaged: weekends and lengths of months average out


class IrregularTimesWarning(UserWarning):
    """Warning that the timestamps have gaps or no grid, so that forecasts count rows rather than time."""


@dataclass(frozen=True)
class TimeAxis:
    """The type and the frequency of a panel's timestamps, without the timestamps."""

    dtype: Any
    """The dtype of the index: int64, or a pandas datetime or period dtype."""
    frequency: Frequency
    time_format: str | None = None
    """The format of times that were given as strings or numbers."""
    patterns: SeriesPatterns | None = None
    """Patterns of the series whose next timestamps the frequency alone does not determine."""

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
        """Return the axis of timestamps that are in order within each series.

        Parameters
        ----------
        ids : Index of length n_series
        times : Index of length n_rows
        offsets : ndarray of shape (n_series + 1,)
        freq : str, int, offset, Timedelta or None
            The frequency that the user gave.
        carried : offset, optional
            The frequency of the index.
        time_format : str, optional
            The format in which the times were written.

        Raises
        ------
        ValueError
            If `freq` does not fit the timestamps, or is missing and cannot be inferred.

        Warns
        -----
        IrregularTimesWarning
            If `freq` is None and the timestamps have gaps, or no common step at all.
        """
        frequency = find_frequency(times, offsets, freq, carried)
        axis = cls(times.dtype, frequency, time_format).with_series(ids, times, offsets)
        if not frequency.regular:
            axis._warn(times, axis._odd_rows(ids, stamps_of(times), offsets))
        return axis

    def with_series(self, ids: pd.Index, times: pd.Index, offsets: NDArray[np.int64]) -> TimeAxis:
        """Return the axis with the patterns of the new ones among these series added."""
        if not self._rules.differ:
            return self
        found = self._rules.learn(ids, times, offsets)
        is_new = self._rules.worth_keeping(found)
        if self.patterns is not None:
            is_new &= self.patterns.ids.get_indexer(ids) < 0
        if not is_new.any():
            return self
        new = found.select(is_new)
        return replace(self, patterns=new if self.patterns is None else self.patterns.append(new))

    @property
    def freq(self) -> str | None:
        """Return the frequency as a pandas alias; None for integers and if it has no alias."""
        return self.frequency.freq

    @property
    def is_integer(self) -> bool:
        """Return whether timestamps are plain integers."""
        return self._clock.is_integer

    @property
    def lacks_patterns(self) -> bool:
        """Return whether patterns are needed but missing, as in files that are older than them."""
        return self.patterns is None and self._rules.need_patterns

    @property
    def _clock(self) -> Clock:
        return Clock(self.dtype, self.frequency.clock)

    @property
    def _rules(self) -> SeriesRules:
        return SeriesRules(self.frequency, self._clock)

    def read(self, values: Any, where: str) -> pd.Index:
        """Return these values as timestamps of the type seen in `fit`.

        Raises
        ------
        ValueError
            If they are not times, or are times of another type.
        """
        times, clock = self._read_any(values, where), self._clock
        if times.dtype == self.dtype:
            return times
        if isinstance(times, pd.DatetimeIndex) and clock.is_datetime and (times.tz is None) == (clock.tz is None):
            return (times if clock.tz is None else times.tz_convert(clock.tz)).as_unit(clock.unit)
        raise ValueError(f"{where} must hold times of type {self.dtype}, as in fit, got {times.dtype}")

    def _read_any(self, values: Any, where: str) -> pd.Index:
        """Parse strings and numbers as times in the format seen in `fit`, otherwise in their own."""
        if not self._clock.is_datetime:
            return read_times(values, where)
        if self.time_format is not None:
            try:
                return read_times(values, where, self.time_format)
            except ValueError:
                pass  # perhaps in another format that is unambiguous
        return read_times(values, where, time_format(values, where))

    def future(self, ids: pd.Index, times: pd.Index, offsets: NDArray[np.int64], horizon: int) -> pd.Index:
        """Return the timestamps that follow each series, series by series, (n_series * horizon,)."""
        last, keys = self._clock_and_keys(ids, stamps_of(times), offsets, last=True)
        if len(last) == 1:
            return self._clock.index(self._after(last, keys, horizon).ravel())
        # most series of a panel end at the same time
        pairs, rows = np.unique(np.stack([keys, last], axis=1), axis=0, return_inverse=True)
        ahead = self._clock.index(self._after(pairs[:, 1], pairs[:, 0], horizon).ravel())
        return ahead.take((rows.reshape(-1, 1) * horizon + np.arange(horizon)).ravel())

    def check(self, ids: pd.Index, stamps: Stamps, offsets: NDArray[np.int64], freq: Freq) -> None:
        """Check that no step is missing in later rows, whose times are given as `stamps_of` them.

        Raises
        ------
        ValueError
            If `freq` is given and the timestamps do not fit it; gaps are then intended.

        Warns
        -----
        IrregularTimesWarning
            If `freq` is None and a timestamp is not the one expected after the previous one.
        """
        if freq is not None:
            find_frequency(times_of(stamps, self.dtype), offsets, freq)
            return
        odd = self._odd_rows(ids, stamps, offsets)
        if len(odd):
            self._warn(times_of(stamps, self.dtype), odd)

    def _after(self, last: Stamps, keys: NDArray[np.int64], horizon: int) -> Stamps:
        """Return the stamps that follow each of `last` (n,), by the rules of these keys (n,), as (n, horizon)."""
        ahead, rules = np.empty((len(last), horizon), dtype=np.int64), self._rules
        for key in np.unique(keys) if rules.differ else keys[:1]:
            rows = keys == key
            ahead[rows] = rules.rule(int(key)).after(last[rows], horizon)
        if (ahead[:, :1] <= last[:, None]).any() or (ahead[:, 1:] <= ahead[:, :-1]).any():
            raise self._beyond(last.max(), horizon)
        return ahead

    def _beyond(self, last: np.int64, horizon: int) -> ValueError:
        """Return the error for steps beyond the largest 64-bit integer, where stamps would begin again in the past."""
        hint = "" if self.is_integer else ": convert them to a coarser unit, for example with times.as_unit('s')"
        return ValueError(
            f"the times must leave room for {horizon} steps after {self._clock.index(np.array([last]))[0]}, but times "
            f"of type {self.dtype} end before{hint}"
        )

    def _odd_rows(self, ids: pd.Index, stamps: Stamps, offsets: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the rows that are not followed by the timestamp expected next in their series."""
        numbers, keys = self._clock_and_keys(ids, stamps, offsets)
        is_inner = np.ones(len(numbers), bool)
        is_inner[offsets[1:] - 1] = False
        inner = np.flatnonzero(is_inner)
        ahead = self._after(numbers[inner], np.repeat(keys, np.diff(offsets))[inner], 1)
        return inner[ahead[:, 0] != numbers[inner + 1]]

    def _clock_and_keys(
        self, ids: pd.Index, stamps: Stamps, offsets: NDArray[np.int64], *, last: bool = False
    ) -> tuple[Stamps, NDArray[np.int64]]:
        """Return stamps on the rule's clock, all or the `last` of each series, and the keys of the series."""
        rules, clock, at_end = self._rules, self._clock, offsets[1:] - 1
        if not rules.differ:
            return clock.read_stamps(stamps[at_end] if last else stamps), np.zeros(len(ids), dtype=np.int64)
        times = times_of(stamps, self.dtype)
        patterns = self._patterns_of(ids, times, offsets)
        if last:
            times, offsets = times.take(at_end), np.arange(len(offsets))
        return clock.read_unshifted(times, patterns.phase, offsets, rules.period), rules.keys(patterns)

    def _patterns_of(self, ids: pd.Index, times: pd.Index, offsets: NDArray[np.int64]) -> SeriesPatterns:
        """Return the known patterns of series, otherwise those that these rows show."""
        if self.patterns is not None:
            at = self.patterns.ids.get_indexer(ids)
            if (at >= 0).all():
                return self.patterns.select(at)
        return self._rules.learn(ids, times, offsets).where_known(self.patterns)

    @property
    def seconds(self) -> float:
        """Return the average length of a step in seconds; NaN for integers."""
        if self.is_integer:
            return np.nan
        rule, unit = self.frequency.rule, self._clock.unit
        if isinstance(rule, EveryMonths):
            return rule.months * 30.4375 * 86_400
        if isinstance(rule, WeekPattern):
            return 7 * 86_400 / len(rule.slots)
        start = pd.Timestamp("2001-01-01")
        if isinstance(self.dtype, pd.PeriodDtype):
            first = pd.PeriodIndex([start.to_period(self.dtype.freq)])
            last = self._clock.index(rule.after(self._clock.read(first), _STEPS)[0, -1:])[0]
            return (last.start_time - first[0].start_time).total_seconds() / _STEPS
        first = pd.DatetimeIndex([start]).as_unit(unit).asi8
        return float(rule.after(first, _STEPS)[0, -1] - first[0]) / UNITS_PER_DAY[unit] * 86_400 / _STEPS

    @property
    def season_hints(self) -> tuple[int, ...]:
        """Return the calendar's cycles in steps: (24, 168) for hours, (7, 365) for days, (12,) for months."""
        if self.is_integer:
            return ()
        rule = self.frequency.rule
        if isinstance(rule, WeekPattern):
            days = len({slot // UNITS_PER_DAY[self._clock.unit] for slot in rule.slots})
            cycles = [len(rule.slots) / days, len(rule.slots)]
        elif self.freq == "B":
            cycles = [5]
        else:
            step = self.seconds
            day, week, year = (length * 86_400 / step for length in (1, 7, 365.25))
            cycles = [day, week] if day > 1.5 else [week, year] if week > 1.5 else [year]
        whole = [round(cycle) for cycle in cycles if abs(cycle - round(cycle)) < _WHOLE * cycle]
        return tuple(cycle for cycle in dict.fromkeys(whole) if cycle > 1)

    def _warn(self, times: pd.Index, odd: NDArray[np.int64]) -> None:
        """Warn about rows that are not followed by the expected timestamp."""
        first = f" (the first after {times[odd[0]]})" if len(odd) else ""
        if isinstance(self.frequency.rule, WeekPattern):
            how = "future stamps keep to the days and hours that were seen"
        elif self.frequency.regular:
            how = f"future stamps follow at the step that fit learned, {self._step_name()}"
        else:
            how = f"future stamps follow at the most common step, {self._step_name()}"
        warnings.warn(
            f"the times have gaps{first}: rows count as steps, whatever time lies between them, and {how}; "
            "if the gaps are intended, set the frequency with freq=",
            IrregularTimesWarning,
            stacklevel=calls_within_tsl(),
        )

    def _step_name(self) -> str:
        """Return the step in words."""
        rule = self.frequency.rule
        if self.freq:
            return repr(self.freq)
        if isinstance(rule, EveryMonths):
            return f"{rule.months} months"
        if isinstance(rule, EveryTick) and not self.is_integer:
            return str(pd.Timedelta(rule.step, self._clock.unit))
        return str(getattr(rule, "step", rule))
