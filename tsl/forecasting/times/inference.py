"""Inference of the frequency: the rule that the timestamps of a panel follow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl.forecasting.times.rules import (
    UNITS_PER_DAY,
    EveryMonths,
    EveryOffset,
    EveryTick,
    Rule,
    Stamps,
    days_in_month,
    split_months,
    timestamp,
)
from tsl.forecasting.times.week_pattern import week_pattern

_WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_MOST_STEPS = 0.5  # share of the steps that a rule of irregular timestamps must explain; chosen by judgement


@dataclass(frozen=True)
class Frequency:
    """The rule that timestamps follow, the clock it uses, and whether all timestamps follow it."""

    rule: Rule
    clock: str
    """"wall" for local time, used for days; "utc" for elapsed time, used for hours; "ordinal" for integers and periods;
    "start" for periods by the local time of their start."""
    freq: str | None
    regular: bool
    """Whether no series has a gap."""


def infer_frequency(wall: Stamps, utc: Stamps, offsets: NDArray[np.int64], unit: str) -> Frequency:
    """Return the frequency of datetimes: the simplest rule that all steps follow, otherwise one that most follow."""
    need_steps(steps_within(wall, offsets))
    found = (
        infer_months(wall, offsets, unit)
        or _ticks(wall, utc, offsets, unit)
        or _business_days(wall, offsets, unit)
        or _monthly_offset(wall, offsets, unit)
    )
    if found:
        return found
    return _with_gaps(wall, utc, offsets, unit)


def steps_within(stamps: Stamps, offsets: NDArray[np.int64]) -> Stamps:
    """Return the distances between consecutive stamps of the same series."""
    steps = np.diff(stamps)
    between = offsets[1:-1] - 1
    return np.delete(steps, between[(between >= 0) & (between < len(steps))])


def most_common(values: Stamps) -> tuple[int, float]:
    """Return the most common value and its share."""
    uniques, counts = np.unique(values, return_counts=True)
    return int(uniques[counts.argmax()]), float(counts.max() / len(values))


def need_steps(steps: Stamps) -> None:
    """Check that there is a step to infer a frequency from."""
    if not len(steps):
        raise ValueError("freq must be given if no series has two rows to infer it from, got None")


def _ticks(wall: Stamps, utc: Stamps, offsets: NDArray[np.int64], unit: str) -> Frequency | None:
    """Infer equal steps: whole days by local time, shorter ones by elapsed time or, failing that, by local time."""
    per_day = UNITS_PER_DAY[unit]
    for clock, stamps, whole_days in (("wall", wall, True), ("utc", utc, False), ("wall", wall, False)):
        steps = steps_within(stamps, offsets)
        if (steps == steps[0]).all() and not (whole_days and steps[0] % per_day):
            return Frequency(EveryTick(int(steps[0])), clock, _tick_name(int(steps[0]), wall, unit), True)
    return None


def _tick_name(step: int, wall: Stamps, unit: str) -> str:
    """Return the pandas alias for steps of this size; weeks include the weekday."""
    days, rest = divmod(step, UNITS_PER_DAY[unit])
    if rest:
        return pd.tseries.frequencies.to_offset(pd.Timedelta(step, unit)).freqstr
    weekdays = np.unique((wall[:: max(1, len(wall) // 1000)] // UNITS_PER_DAY[unit] + 3) % 7)
    if days % 7 == 0 and len(weekdays) == 1:
        return f"{days // 7 if days > 7 else ''}W-{_WEEKDAYS[weekdays[0]]}"
    return f"{days if days > 1 else ''}D"


def infer_months(wall: Stamps, offsets: NDArray[np.int64], unit: str, *, gaps: bool = False) -> Frequency | None:
    """Infer steps of whole months to the same day of the month, or to the last day of a shorter month."""
    if (steps_within(wall, offsets) < 28 * UNITS_PER_DAY[unit]).any():
        return None
    month, day, time = split_months(wall, UNITS_PER_DAY[unit])
    last = days_in_month(month) - 1
    at_end = bool((day == last).all())
    usual = np.repeat(np.maximum.reduceat(day, offsets[:-1]), np.diff(offsets))
    same = (day == np.minimum(usual, last)).all() and not steps_within(time, offsets).any()
    steps = steps_within(month, offsets)
    months = most_common(steps)[0] if gaps else int(steps[0])
    if not (at_end or same) or months < 1 or not (gaps or (steps == months).all()):
        return None
    if gaps and (steps % months).any():
        return None
    rule = EveryMonths(months, at_end, unit)
    return Frequency(rule, "wall", _month_name(month, day, months, at_end), not gaps)


def _month_name(month: Stamps, day: Stamps, months: int, at_end: bool) -> str | None:
    """Return the pandas alias for steps of months, if they are on the first or the last day."""
    if not at_end and day.any():
        return None
    side = "E" if at_end else "S"
    for name, length in (("Y", 12), ("Q", 3)):
        phases = np.unique(month % length)
        if months % length == 0 and len(phases) == 1:
            count = months // length
            anchor = phases[0] + (9 if at_end and length == 3 else 0)  # QE-DEC ends in, QS-JAN begins with that month
            return f"{count if count > 1 else ''}{name}{side}-{_MONTHS[anchor]}"
    return f"{months if months > 1 else ''}M{side}"


def _business_days(wall: Stamps, offsets: NDArray[np.int64], unit: str) -> Frequency | None:
    """Infer business days: every day from Monday to Friday, with at least one weekend between them."""
    per_day = UNITS_PER_DAY[unit]
    days = wall // per_day
    if ((days + 3) % 7 > 4).any() or (steps_within(wall, offsets) % per_day).any():
        return None
    number = np.busday_count(np.datetime64(0, "D"), days.astype("datetime64[D]"))
    if (steps_within(number, offsets) != 1).any():
        return None
    return Frequency(EveryOffset("B", 1, unit), "wall", "B", True)


def _monthly_offset(wall: Stamps, offsets: NDArray[np.int64], unit: str) -> Frequency | None:
    """Infer the first or last business day of months, or a weekday such as the third Friday."""
    if (steps_within(wall, offsets) < 20 * UNITS_PER_DAY[unit]).any():
        return None
    first = timestamp(wall[0], unit)
    weekday = _WEEKDAYS[first.day_of_week]
    for name in ("BMS", "BME", f"WOM-{min((first.day + 6) // 7, 4)}{weekday}"):
        positions = EveryOffset(name, 1, unit).positions(wall)
        steps = steps_within(positions, offsets)
        if (positions >= 0).all() and (steps == steps[0]).all():
            count = int(steps[0])
            return Frequency(EveryOffset(name, count, unit), "wall", f"{count if count > 1 else ''}{name}", True)
    return None


def _with_gaps(wall: Stamps, utc: Stamps, offsets: NDArray[np.int64], unit: str) -> Frequency:
    """Infer a rule of irregular timestamps: months with gaps, times of the week, or the most common step."""
    found = infer_months(wall, offsets, unit, gaps=True) or infer_week(wall, offsets, unit)
    if found:
        return found
    per_day = UNITS_PER_DAY[unit]
    for clock, stamps in (("wall", wall), ("utc", utc)):
        steps = steps_within(stamps, offsets)
        step, share = most_common(steps)
        if share >= _MOST_STEPS and (clock == "utc" or step % per_day == 0):
            on_grid = not (steps % step).any()
            return Frequency(EveryTick(step), clock, _tick_name(step, wall, unit) if on_grid else None, False)
    return Frequency(EveryTick(max(1, int(np.median(steps)))), "utc", None, False)


def infer_week(wall: Stamps, offsets: NDArray[np.int64], unit: str) -> Frequency | None:
    """Infer a weekly pattern, if part of the week is closed and the pattern predicts at least half of the steps."""
    rule = week_pattern(wall, offsets, unit)
    if rule is None:
        return None
    inner = np.delete(np.arange(len(wall)), offsets[1:] - 1)
    if (rule.after(wall[inner], 1)[:, 0] == wall[inner + 1]).mean() < _MOST_STEPS:
        return None
    business = rule.daily and rule.slots == tuple(day * UNITS_PER_DAY[unit] for day in range(5))
    return Frequency(rule, "wall", "B" if business else None, False)
