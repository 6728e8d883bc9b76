"""The frequency of a panel: given by the user, carried by the index, or inferred."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.tseries.offsets import BaseOffset

from tsl.forecasting.times.inference import (
    Frequency,
    infer_frequency,
    infer_months,
    infer_week,
    most_common,
    need_steps,
    steps_within,
)
from tsl.forecasting.times.local_time import unshifted
from tsl.forecasting.times.rules import (
    UNITS_PER_DAY,
    EveryDateOffset,
    EveryMonths,
    EveryOffset,
    EveryTick,
    Rule,
    Stamps,
    split_months,
    timestamp,
)
from tsl.forecasting.times.stamps import PERIOD_UNIT, period_begins

Freq: TypeAlias = str | int | BaseOffset | pd.Timedelta | None
"""The frequency of timestamps as given by users; None takes that of the index, otherwise infers it."""


def find_frequency(
    times: pd.Index, offsets: NDArray[np.int64], freq: Freq, carried: BaseOffset | None = None
) -> Frequency:
    """Return the frequency of timestamps that are in order within each series: given, of the index, or inferred.

    Raises
    ------
    ValueError
        If `freq` does not fit the timestamps, or is missing and cannot be inferred.
    """
    if not isinstance(times, pd.DatetimeIndex):
        return _ordinal_frequency(times, offsets, freq)
    step = steps_within(times.tz_localize(None).asi8, offsets)
    wall = unshifted(times, offsets, most_common(step)[0] if len(step) else 0)
    if freq is not None:
        if isinstance(freq, int | np.integer):
            raise ValueError(f"freq must be a pandas frequency such as 'h', 'D' or 'MS', got {freq!r}")
        return given_frequency(wall, times.asi8, offsets, freq, times.unit)
    if carried is not None:
        try:
            forwards = carried if carried.n > 0 else -carried
            return given_frequency(wall, times.asi8, offsets, forwards, times.unit, carried=True)
        except ValueError:
            pass  # an offset with its own time of day, such as BusinessDay(offset=...)
    return infer_frequency(wall, times.asi8, offsets, times.unit)


def _ordinal_frequency(times: pd.Index, offsets: NDArray[np.int64], freq: Freq) -> Frequency:
    """Return the given or inferred frequency of integers or periods."""
    if isinstance(times, pd.PeriodIndex):
        step = None if freq is None else _periods_in(freq, times)
        frequency = ordinal_frequency(times.asi8, offsets, step, times.freqstr)
        if frequency.regular:
            return frequency
        found = infer_week(period_begins(times), offsets, PERIOD_UNIT)
        if found is not None:
            return replace(found, clock="start")
        if times.freqstr == "D" and frequency.rule == EveryTick(1):  # single series may have fixed weekdays
            return replace(frequency, rule=EveryTick(UNITS_PER_DAY[PERIOD_UNIT]), clock="start")
        return frequency
    if freq is not None and (isinstance(freq, bool) or not isinstance(freq, int | np.integer) or freq < 1):
        raise ValueError(f"freq must be a positive whole number if times are integers, got {freq!r}")
    return ordinal_frequency(times.to_numpy(), offsets, None if freq is None else int(freq), None)


def _periods_in(freq: Freq, times: pd.PeriodIndex) -> int:
    """Return the number of periods in one step."""
    offset, own = None if isinstance(freq, int | np.integer) else parse_offset(freq), times.freq
    if offset is None or offset.base != own.base or offset.n % own.n:
        raise ValueError(f"freq must be a multiple of the periods' own, {times.freqstr!r}, got {freq!r}")
    return offset.n // own.n


def ordinal_frequency(stamps: Stamps, offsets: NDArray[np.int64], step: int | None, freq: str | None) -> Frequency:
    """Return the frequency of integers, or of periods by their ordinals; `step` is used if given."""
    steps = steps_within(stamps, offsets)
    given = step is not None
    if step is None:
        need_steps(steps)
        step = most_common(steps)[0]
    elif (steps % step).any():
        raise ValueError(f"freq={step} must divide the distances between the times, got {steps[steps % step > 0][0]}")
    return Frequency(EveryTick(step), "ordinal", freq, given or bool((steps == step).all()))


def given_frequency(
    wall: Stamps, utc: Stamps, offsets: NDArray[np.int64], freq: Any, unit: str, *, carried: bool = False
) -> Frequency:
    """Return the frequency of datetimes from a name or an offset: gaps are allowed, timestamps off the grid are not.

    A frequency that is `carried` by an index is taken literally: 24 hours are not a local day, and a month after
    28 February is 28 March, whatever day the series began on.

    Raises
    ------
    ValueError
        If it does not fit the timestamps.
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
    """Return the frequency of a `pandas.DateOffset`: months keep their day unless `carried`, others go step by step."""
    months = offset.n * (offset.kwds.get("months", 0) + 12 * offset.kwds.get("years", 0))
    if not carried and months > 0 and offset.kwds.keys() <= {"months", "years"}:
        steps = steps_within(split_months(wall, UNITS_PER_DAY[unit])[0], offsets)
        found = infer_months(wall, offsets, unit, gaps=True) if len(steps) else None
        at_end = found is not None and isinstance(found.rule, EveryMonths) and found.rule.at_end
        if (found or not len(steps)) and not (steps % months).any():
            return Frequency(EveryMonths(months, at_end, unit), "wall", None, True)
    rule = EveryDateOffset(offset, unit)
    inner = np.delete(np.arange(len(wall)), offsets[1:] - 1)
    at, goal = wall[inner], wall[inner + 1]
    while (behind := at < goal).any():
        ahead = rule.after(at[behind], 1)[:, 0]
        if (ahead <= at[behind]).any():
            raise ValueError(f"freq must be a pandas frequency that goes forward, got {offset!r}")
        at[behind] = ahead
    if (at != goal).any():
        raise ValueError(f"freq={offset!r} must fit the times, got some that are not a whole number of steps apart")
    return Frequency(rule, "wall", None, True)


def parse_offset(freq: Any) -> BaseOffset:
    """Return the pandas offset for a frequency alias or an offset.

    Raises
    ------
    ValueError
        If pandas does not know the frequency, or if it does not go forwards.
    """
    try:
        offset = pd.tseries.frequencies.to_offset(freq)
    except (ValueError, TypeError) as error:
        raise ValueError(f"freq must be a pandas frequency such as 'h', 'D' or 'MS', got {freq!r}") from error
    if offset is None or offset.n < 1:
        raise ValueError(f"freq must be a pandas frequency that goes forward, got {freq!r}")
    return offset
