"""Weekly patterns: trading days, opening hours, and days on which single series are closed."""

import numpy as np
import pandas as pd
import pytest
from forecasting_times import after, learn_irregular


@pytest.mark.parametrize("hours", [0, 16])
@pytest.mark.parametrize("tz", [None, "America/New_York"])
def test_trading_days_skip_weekends_though_holidays_are_missing(tz, hours):
    days = (pd.bdate_range("2024-01-01", "2024-03-28") + pd.Timedelta(hours=hours)).tz_localize(tz)
    axis = learn_irregular(days.drop(days[[10, 35]]))
    wanted = (pd.bdate_range("2024-03-29", periods=6) + pd.Timedelta(hours=hours)).tz_localize(tz)
    assert (after(axis, days, 6) == wanted).all()
    assert (axis.freq, axis.season_hints) == ("B", (5,))


def test_opening_hours_are_kept():
    times = pd.date_range("2024-01-01", "2024-02-16 23:00", freq="30min")
    minute = times.hour * 60 + times.minute
    times = times[(times.day_of_week < 5) & (minute >= 570) & (minute <= 960)]  # 9:30 to 16:00, 14 readings a day
    whole = times.drop(times[100:114])  # a holiday
    axis = learn_irregular(whole[:-20])
    assert (after(axis, whole[:-20], 20) == whole[-20:]).all()
    assert axis.season_hints == (14, 70)


def test_hours_may_close_on_every_day_of_the_week():
    times = pd.date_range("2024-01-01", periods=30 * 24, freq="h")
    whole = times[(times.hour >= 9) & (times.hour < 17)]
    for learned in (24, 200):  # three days show when it closes, as well as a month
        axis = learn_irregular(whole[:learned])
        assert (after(axis, whole[:learned], 20) == whole[learned : learned + 20]).all()


def test_a_time_that_comes_by_each_week_without_a_reading_is_closed():
    # hourly but for Wednesdays at 13:00: the day and the hour are open, only their meeting is not
    times = pd.date_range("2024-01-01", periods=10 * 168, freq="h")
    seen = times[~((times.day_of_week == 2) & (times.hour == 13))]
    axis = learn_irregular(seen)
    ahead = after(axis, seen, 168)
    assert pd.Timestamp("2024-03-13 13:00") not in ahead
    assert pd.Timestamp("2024-03-13 12:00") in ahead
    assert pd.Timestamp("2024-03-14 13:00") in ahead


def test_each_series_keeps_its_own_days_of_the_week():
    every_day = pd.date_range("2024-01-01", periods=70, freq="D")
    no_sunday, no_weekend = every_day[every_day.day_of_week < 6], every_day[every_day.day_of_week < 5]
    young = every_day[:6]  # from Monday to Saturday: as long as it is that short, the panel's days count
    parts = [every_day, no_sunday, no_weekend, young]
    offsets = np.cumsum([0] + [len(part) for part in parts])
    times = parts[0].append(parts[1:])
    axis = learn_irregular(times, offsets=offsets)
    ahead = after(axis, times, 7, offsets).to_numpy().reshape(4, 7)
    # the 70th day is a Sunday
    assert [list(pd.DatetimeIndex(row).day_of_week) for row in ahead] == [
        [0, 1, 2, 3, 4, 5, 6],
        [0, 1, 2, 3, 4, 5, 0],
        [0, 1, 2, 3, 4, 0, 1],
        [6, 0, 1, 2, 3, 4, 5],
    ]


def test_periods_with_gaps_keep_to_the_days_seen():
    days = pd.PeriodIndex(pd.bdate_range("2024-01-01", "2024-03-29"), freq="D")
    axis = learn_irregular(days.delete(30))
    assert [str(day) for day in after(axis, days, 2)] == ["2024-04-01", "2024-04-02"]
