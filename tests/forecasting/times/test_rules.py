"""Rules, compared with the pandas offsets they correspond to."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsl.forecasting.times.rules import (
    UNITS_PER_DAY,
    EveryDateOffset,
    EveryMonths,
    EveryOffset,
    EveryTick,
    WeekPattern,
    days_in_month,
    join_weeks,
    split_months,
    split_weeks,
    timestamp,
)

DAY = UNITS_PER_DAY["s"]
STAMPS = st.lists(st.datetimes(pd.Timestamp("1900-01-01"), pd.Timestamp("2100-01-01")), min_size=1, max_size=5)


def stamps_of(dates):
    return pd.DatetimeIndex(dates).as_unit("s").asi8


@given(STAMPS, st.integers(1, 30), st.booleans())
def test_months_are_those_of_pandas(dates, months, at_end):
    dates = [pd.Timestamp(date).floor("s") for date in dates]
    offset = pd.offsets.MonthEnd(months) if at_end else pd.DateOffset(months=months)
    if at_end:
        dates = [date + pd.offsets.MonthEnd(0) for date in dates]
    ahead = EveryMonths(months, at_end, "s").after(stamps_of(dates), 1)[:, 0]
    assert ahead.tolist() == stamps_of([date + offset for date in dates]).tolist()


def test_a_day_of_the_month_comes_back_after_a_month_that_has_none():
    ahead = EveryMonths(1, False, "s", day=30).after(stamps_of(["2024-02-29"]), 3)[0]
    assert [timestamp(stamp, "s").day for stamp in ahead] == [31, 30, 31]


@pytest.mark.parametrize("freq", ["B", "BME", "WOM-3FRI", "bh"])
def test_an_offset_counts_on_its_grid(freq):
    grid = pd.date_range("2024-01-01 09:00", periods=40, freq=freq)
    rule = EveryOffset(freq, 2, "s")
    assert rule.after(stamps_of(grid[[3, 0]]), 3).tolist() == [
        stamps_of(grid[[k, k + 2, k + 4]]).tolist() for k in (5, 2)
    ]
    assert np.diff(rule.positions(stamps_of(grid))).tolist() == [1] * 39
    if freq == "B":
        assert rule.positions(stamps_of(["2024-01-05", "2024-01-06"])).tolist() == [0, -1]


def test_a_date_offset_goes_from_stamp_to_stamp():
    rule = EveryDateOffset(pd.DateOffset(months=1), "s")
    ahead = rule.after(stamps_of(["2025-01-30", "2025-01-01", "2025-01-30"]), 2)
    assert [[timestamp(stamp, "s").strftime("%m-%d") for stamp in row] for row in ahead] == [
        ["02-28", "03-28"],  # not the 30th
        ["02-01", "03-01"],
        ["02-28", "03-28"],
    ]


def test_a_constant_step():
    assert EveryTick(3).after(np.array([0, 10]), 2).tolist() == [[3, 6], [13, 16]]


@pytest.mark.parametrize("daily", [False, True])
def test_a_week_goes_round(daily):
    rule = WeekPattern((0, 2 * DAY), daily, "s")  # Mondays and Wednesdays
    ahead = rule.after(stamps_of(["2024-01-03 00:00", "2024-01-01 06:00"]), 2)
    hours = 6 if daily else 0  # a series keeps its time of day where all days have one time
    wanted = [["2024-01-08", "2024-01-10"], [f"2024-01-03 0{hours}:00", f"2024-01-08 0{hours}:00"]]
    assert ahead.tolist() == [stamps_of(row).tolist() for row in wanted]


@given(STAMPS)
def test_weeks_and_months_are_taken_apart(dates):
    stamps, dates = stamps_of(dates), pd.DatetimeIndex(dates).as_unit("s")
    week, within = split_weeks(stamps, "s")
    assert (within // DAY).tolist() == dates.day_of_week.tolist()
    assert join_weeks(week, within, "s").tolist() == stamps.tolist()
    month, day, time = split_months(stamps, DAY)
    assert month.tolist() == ((dates.year - 1970) * 12 + dates.month - 1).tolist()
    assert day.tolist() == (dates.day - 1).tolist()
    assert days_in_month(month).tolist() == dates.days_in_month.tolist()
    assert time.tolist() == (dates - dates.normalize()).total_seconds().tolist()
