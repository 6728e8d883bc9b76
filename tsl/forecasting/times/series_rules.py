"""The rules of single series, if that of their panel leaves the day of the month or the weekdays open."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl.forecasting.times.clock import Clock
from tsl.forecasting.times.inference import Frequency
from tsl.forecasting.times.local_time import usual_phase
from tsl.forecasting.times.rules import (
    UNITS_PER_DAY,
    EveryMonths,
    EveryOffset,
    EveryTick,
    Rule,
    WeekPattern,
    days_in_month,
    split_months,
)
from tsl.forecasting.times.series_patterns import SeriesPatterns
from tsl.forecasting.times.week_pattern import own_weekdays

SHORTEST_MONTH = 28


@dataclass(frozen=True)
class SeriesRules:
    """The rules of single series, which may differ from that of their panel."""

    frequency: Frequency
    clock: Clock

    @property
    def differ(self) -> bool:
        """Return whether series may differ in the timestamp that follows another."""
        return self.need_patterns or (not self.clock.is_integer and isinstance(self.frequency.rule, EveryMonths))

    @property
    def need_patterns(self) -> bool:
        """Return whether the last row of a series may not be enough to determine its rule."""
        return not self.clock.is_integer and (self.clock.is_local or self.open_days is not None)

    @property
    def open_days(self) -> NDArray[np.bool_] | None:
        """Return which weekdays have timestamps, (7,); None unless days are left out irregularly."""
        rule = self.frequency.rule
        if self.frequency.regular or self.clock.is_integer:
            return None
        if isinstance(rule, WeekPattern):
            return np.isin(np.arange(7), np.asarray(rule.slots) // UNITS_PER_DAY[self.clock.unit])
        one_day = rule == EveryTick(UNITS_PER_DAY[self.clock.unit]) and self.frequency.clock in ("wall", "start")
        return np.ones(7, dtype=bool) if one_day else None

    @property
    def period(self) -> int:
        """Return the period of local times, in units of the clock."""
        rule, per_day = self.frequency.rule, UNITS_PER_DAY[self.clock.unit]
        if isinstance(rule, EveryTick):
            return math.gcd(rule.step, per_day)
        if isinstance(rule, WeekPattern) and not rule.daily:
            return math.gcd(*rule.slots, per_day)
        return rule.per_day if isinstance(rule, EveryOffset) else per_day

    def learn(self, ids: pd.Index, times: pd.Index, offsets: NDArray[np.int64]) -> SeriesPatterns:
        """Return the patterns of the timestamps of each series."""
        n_series, open_days = len(offsets) - 1, self.open_days
        stamps = self.clock.read(times)
        phase, day = np.zeros((2, n_series), np.int64)
        if self.clock.is_local:
            phase = usual_phase(stamps, offsets, self.period)
            stamps = self.clock.read_unshifted(times, phase, offsets, self.period)
        if isinstance(self.frequency.rule, EveryMonths):
            month, of_month, _ = split_months(stamps, UNITS_PER_DAY[self.clock.unit])
            at_end = np.logical_and.reduceat(of_month == days_in_month(month) - 1, offsets[:-1])
            day = np.maximum.reduceat(of_month, offsets[:-1])
            day = np.where(at_end & (np.diff(offsets) > 1), 30, day)
        weekdays = np.ones((n_series, 7), dtype=bool)
        if open_days is not None:
            weekdays = own_weekdays(stamps, offsets, self.clock.unit, open_days)
        return SeriesPatterns(ids, phase, day, weekdays)

    def worth_keeping(self, patterns: SeriesPatterns) -> NDArray[np.bool_]:
        """Return whether the last timestamp of a series may not show its pattern, (n_series,)."""
        if self.need_patterns:
            return np.ones(len(patterns.ids), dtype=bool)
        return patterns.day >= SHORTEST_MONTH - 1  # earlier days exist in every month

    def keys(self, patterns: SeriesPatterns) -> NDArray[np.int64]:
        """Return a number for each series from which `rule` builds its rule, (n_series,)."""
        if self.open_days is not None:
            return patterns.weekdays @ (1 << np.arange(7))
        return patterns.day

    def rule(self, key: int) -> Rule:
        """Return the rule of series with this key."""
        rule = self.frequency.rule
        per_day = UNITS_PER_DAY[self.clock.unit] if self.open_days is not None else 0
        if per_day and isinstance(rule, WeekPattern) and not rule.daily:
            slots = tuple(slot for slot in rule.slots if key >> slot // per_day & 1)
            return replace(rule, slots=slots) if slots else rule
        if per_day:
            return WeekPattern(tuple(day * per_day for day in range(7) if key >> day & 1), True, self.clock.unit)
        return replace(rule, day=key) if isinstance(rule, EveryMonths) else rule
