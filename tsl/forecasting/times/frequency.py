"""FitConfig the rule that the stamps of a panel follow, from the stamps or from a given frequency."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.tseries.offsets import BaseOffset

from tsl.forecasting.times.local_time import as_if_unmoved
from tsl.forecasting.times.rules import (
    UNITS_PER_DAY,
    EveryDateOffset,
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

Freq: TypeAlias = str | int | BaseOffset | pd.Timedelta | None
"""How the frequency of stamps may be given: None is that of the index, or else it is inferred."""

PERIOD_UNIT = "us"  # in which the beginnings of periods are counted
_WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


@dataclass(frozen=True)
class Frequency:
    """What follows what, on which clock, and whether all stamps obey."""

    rule: Rule
    clock: str
    """"wall" (local time) where days count, "utc" where hours do, "ordinal" for integers and periods, and "start" for
    periods by the local time at which they begin."""
    freq: str | None
    regular: bool
    """Whether no series has a gap."""


def find_frequency(
    times: pd.Index, offsets: NDArray[np.int64], freq: Freq, carried: BaseOffset | None = None
) -> Frequency:
    """Return the frequency of stamps that are in order within each series: given, that of the index, or inferred.

    Raises
    ------
    ValueError
        If `freq` does not fit the stamps, or must be given because they do not tell.
    """
    if not isinstance(times, pd.DatetimeIndex):
        return _ordinal_frequency(times, offsets, freq)
    step = steps_within(times.tz_localize(None).asi8, offsets)
    wall = as_if_unmoved(times, offsets, most_common(step)[0] if len(step) else 0)
    if freq is not None:
        if isinstance(freq, int | np.integer):
            raise ValueError(f"freq must be a frequency of pandas such as 'h', 'D' or 'MS', got {freq!r}")
        return given_frequency(wall, times.asi8, offsets, freq, times.unit)
    if carried is not None:
        try:
            forwards = carried if carried.n > 0 else -carried
            return given_frequency(wall, times.asi8, offsets, forwards, times.unit, carried=True)
        except ValueError:
            pass  # an offset with a time of its own, such as BusinessDay(offset=...)
    return infer_frequency(wall, times.asi8, offsets, times.unit)


def _ordinal_frequency(times: pd.Index, offsets: NDArray[np.int64], freq: Freq) -> Frequency:
    """Given or inferred frequency of integers or periods."""
    if isinstance(times, pd.PeriodIndex):
        step = None if freq is None else _periods_in(freq, times)
        frequency = ordinal_frequency(times.asi8, offsets, step, times.freqstr)
        if frequency.regular:
            return frequency
        found = period_pattern(period_begins(times), offsets, PERIOD_UNIT)
        if (
            found is None and times.freqstr == "D" and frequency.rule == EveryTick(1)
        ):  # series may keep to days of a week
            return replace(frequency, rule=EveryTick(UNITS_PER_DAY[PERIOD_UNIT]), clock="start")
        return found or frequency
    if freq is not None and (isinstance(freq, bool) or not isinstance(freq, int | np.integer) or freq < 1):
        raise ValueError(f"freq must be a positive whole number where times are integers, got {freq!r}")
    return ordinal_frequency(times.to_numpy(), offsets, None if freq is None else int(freq), None)


def _periods_in(freq: Freq, times: pd.PeriodIndex) -> int:
    """How many periods make one step."""
    offset, own = None if isinstance(freq, int | np.integer) else parse_offset(freq), times.freq
    if offset is None or offset.base != own.base or offset.n % own.n:
        raise ValueError(f"freq must be a multiple of the periods' own, {times.freqstr!r}, got {freq!r}")
    return offset.n // own.n


def period_begins(times: pd.PeriodIndex) -> Stamps:
    """Return the times at which periods begin."""
    return times.to_timestamp().as_unit(PERIOD_UNIT).asi8


def _need_steps(steps: Stamps) -> None:
    """That there is a step to learn from."""
    if not len(steps):
        raise ValueError("freq must be given where no series has two rows to infer it from, got None")


def steps_within(stamps: Stamps, offsets: NDArray[np.int64]) -> Stamps:
    """Distances between neighbouring stamps of the same series."""
    steps = np.diff(stamps)
    between = offsets[1:-1] - 1
    return np.delete(steps, between[(between >= 0) & (between < len(steps))])


def most_common(values: Stamps) -> tuple[int, float]:
    """The value that is there most often, and its share."""
    uniques, counts = np.unique(values, return_counts=True)
    return int(uniques[counts.argmax()]), float(counts.max() / len(values))


def ordinal_frequency(stamps: Stamps, offsets: NDArray[np.int64], step: int | None, freq: str | None) -> Frequency:
    """Of integers, or of periods by their ordinals; `step` where it is given."""
    steps = steps_within(stamps, offsets)
    given = step is not None
    if step is None:
        _need_steps(steps)
        step = most_common(steps)[0]
    elif (steps % step).any():
        raise ValueError(f"freq={step} must divide the distances between the times, got {steps[steps % step > 0][0]}")
    return Frequency(EveryTick(step), "ordinal", freq, given or bool((steps == step).all()))


def given_frequency(
    wall: Stamps, utc: Stamps, offsets: NDArray[np.int64], freq: Any, unit: str, *, carried: bool = False
) -> Frequency:
    """Of datetimes whose frequency is known, a name or an offset: gaps are then meant, stamps beside the grid are not.

    One that is `carried` by an index is taken to the letter: 24 hours are no local day, and a month after 28 February
    is 28 March, whatever day the series began on.
    """
    offset = parse_offset(freq)
    if type(offset) is pd.DateOffset:
        return _date_offset(wall, offsets, offset, unit, carried)
    count = offset.n
    if isinstance(offset, pd.offsets.Week) and offset.weekday is None:
        count, offset = 7 * count, pd.offsets.Day(7 * count)
    if isinstance(offset, pd.offsets.Tick | pd.offsets.Day):
        days = isinstance(offset, pd.offsets.Day)
        delta = pd.Timedelta(days=count) if days else pd.Timedelta(offset)
        count = step = int(delta / pd.Timedelta(1, unit))
        if not step:
            raise ValueError(f"freq must be at least one {unit!r}, in which the times are kept, got {freq!r}")
        rule: Rule = EveryTick(step)
        choices = [("wall", wall)] if step % UNITS_PER_DAY[unit] == 0 else [("utc", utc), ("wall", wall)]
        if carried and not days:
            choices = [("utc", utc)]
    else:
        rule = EveryOffset(offset.base, count, unit)
        positions = rule.positions(wall)
        if (positions < 0).any():
            stamp = timestamp(wall[positions < 0][0], unit)
            raise ValueError(f"freq={freq!r} must fit the times, got {stamp}, which is not on that grid")
        choices = [("wall", positions)]
    for clock, places in choices:
        if not (steps_within(places, offsets) % count).any():
            return Frequency(rule, clock, offset.freqstr, True)
    raise ValueError(f"freq={freq!r} must fit the times, got some that are not a whole number of steps apart")


def _date_offset(
    wall: Stamps, offsets: NDArray[np.int64], offset: pd.DateOffset, unit: str, carried: bool
) -> Frequency:
    """Of a `pandas.DateOffset`: months from day to day of the month unless `carried`, others from stamp to stamp."""
    months = offset.n * (offset.kwds.get("months", 0) + 12 * offset.kwds.get("years", 0))
    if not carried and months > 0 and offset.kwds.keys() <= {"months", "years"}:
        steps = steps_within(split_months(wall, UNITS_PER_DAY[unit])[0], offsets)
        found = _months(wall, offsets, unit, gaps=True) if len(steps) else None
        at_end = found is not None and isinstance(found.rule, EveryMonths) and found.rule.at_end
        if (found or not len(steps)) and not (steps % months).any():
            return Frequency(EveryMonths(months, at_end, unit), "wall", None, True)
    rule = EveryDateOffset(offset, unit)
    inner = np.delete(np.arange(len(wall)), offsets[1:] - 1)
    at, goal = wall[inner], wall[inner + 1]
    while (behind := at < goal).any():
        ahead = rule.after(at[behind], 1)[:, 0]
        if (ahead <= at[behind]).any():
            raise ValueError(f"freq must be a frequency of pandas that goes forwards, got {offset!r}")
        at[behind] = ahead
    if (at != goal).any():
        raise ValueError(f"freq={offset!r} must fit the times, got some that are not a whole number of steps apart")
    return Frequency(rule, "wall", None, True)


def infer_frequency(wall: Stamps, utc: Stamps, offsets: NDArray[np.int64], unit: str) -> Frequency:
    """Of datetimes: the simplest rule that all series obey, or the pattern that most of their steps follow."""
    _need_steps(steps_within(wall, offsets))
    found = (
        _months(wall, offsets, unit)
        or _ticks(wall, utc, offsets, unit)
        or _business_days(wall, offsets, unit)
        or _monthly_offset(wall, offsets, unit)
    )
    if found:
        return found
    return _with_gaps(wall, utc, offsets, unit)


def period_pattern(begins: Stamps, offsets: NDArray[np.int64], unit: str) -> Frequency | None:
    """Of periods with gaps, by their beginnings: the pattern of the week, if they keep to one."""
    found = _week(begins, offsets, unit)
    return replace(found, clock="start") if found else None


def parse_offset(freq: Any) -> BaseOffset:
    """The offset of that name, in steps forwards.

    Raises
    ------
    ValueError
        If pandas knows no such frequency, or it does not go forwards.
    """
    try:
        offset = pd.tseries.frequencies.to_offset(freq)
    except (ValueError, TypeError) as error:
        raise ValueError(f"freq must be a frequency of pandas such as 'h', 'D' or 'MS', got {freq!r}") from error
    if offset is None or offset.n < 1:
        raise ValueError(f"freq must be a frequency of pandas that goes forwards, got {freq!r}")
    return offset


def _ticks(wall: Stamps, utc: Stamps, offsets: NDArray[np.int64], unit: str) -> Frequency | None:
    """All steps alike: whole days by local time, anything shorter by elapsed time or, failing that, by local time."""
    per_day = UNITS_PER_DAY[unit]
    for clock, stamps, whole_days in (("wall", wall, True), ("utc", utc, False), ("wall", wall, False)):
        steps = steps_within(stamps, offsets)
        if (steps == steps[0]).all() and not (whole_days and steps[0] % per_day):
            return Frequency(EveryTick(int(steps[0])), clock, _tick_name(int(steps[0]), wall, unit), True)
    return None


def _tick_name(step: int, wall: Stamps, unit: str) -> str:
    """The name pandas has for steps of that size; a week has the name of its day."""
    days, rest = divmod(step, UNITS_PER_DAY[unit])
    if rest:
        return pd.tseries.frequencies.to_offset(pd.Timedelta(step, unit)).freqstr
    weekdays = np.unique((wall[:: max(1, len(wall) // 1000)] // UNITS_PER_DAY[unit] + 3) % 7)
    if days % 7 == 0 and len(weekdays) == 1:
        return f"{days // 7 if days > 7 else ''}W-{_WEEKDAYS[weekdays[0]]}"
    return f"{days if days > 1 else ''}D"


def _months(wall: Stamps, offsets: NDArray[np.int64], unit: str, *, gaps: bool = False) -> Frequency | None:
    """Steps of whole months, from a day of the month to the same day, or to the last of a month that is shorter."""
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
    """The name pandas has for it; there is none on other days than a month's first and last."""
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
    """Each day from Monday to Friday, and at least one weekend left out."""
    per_day = UNITS_PER_DAY[unit]
    days = wall // per_day
    if ((days + 3) % 7 > 4).any() or (steps_within(wall, offsets) % per_day).any():
        return None
    number = np.busday_count(np.datetime64(0, "D"), days.astype("datetime64[D]"))
    if (steps_within(number, offsets) != 1).any():
        return None
    return Frequency(EveryOffset("B", 1, unit), "wall", "B", True)


def _monthly_offset(wall: Stamps, offsets: NDArray[np.int64], unit: str) -> Frequency | None:
    """First or last business days of months, or their third Fridays, as pandas has them."""
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
    """Irregular stamps: months with gaps, the times of the week that were seen, or the most common step."""
    found = _months(wall, offsets, unit, gaps=True) or _week(wall, offsets, unit)
    if found:
        return found
    per_day = UNITS_PER_DAY[unit]
    for clock, stamps in (("wall", wall), ("utc", utc)):
        steps = steps_within(stamps, offsets)
        step, share = most_common(steps)
        if share >= 0.5 and (clock == "utc" or step % per_day == 0):
            on_grid = not (steps % step).any()
            return Frequency(EveryTick(step), clock, _tick_name(step, wall, unit) if on_grid else None, False)
    return Frequency(EveryTick(max(1, int(np.median(steps)))), "utc", None, False)


def _week(wall: Stamps, offsets: NDArray[np.int64], unit: str) -> Frequency | None:
    """The pattern of a week, if not all of it is open and it says what came next more often than not."""
    rule = week_pattern(wall, offsets, unit)
    if rule is None:
        return None
    inner = np.delete(np.arange(len(wall)), offsets[1:] - 1)
    if (rule.after(wall[inner], 1)[:, 0] == wall[inner + 1]).mean() < 0.5:
        return None
    business = rule.daily and rule.slots == tuple(day * UNITS_PER_DAY[unit] for day in range(5))
    return Frequency(rule, "wall", "B" if business else None, False)
