"""Local times across daylight-saving changes."""

import numpy as np
import pandas as pd
from forecasting_times import after, learn, long_of, numbers
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tsl.baselines import Naive


def test_hours_go_on_over_the_change_of_the_clock():
    whole = pd.date_range("2024-03-30", periods=60, freq="h", tz="Europe/Paris")
    axis = learn(whole[:20])
    assert (after(axis, whole[:20], 40) == whole[20:]).all()


def test_days_keep_to_local_midnight_over_the_change_of_the_clock():
    whole = pd.date_range("2024-10-20", periods=12, freq="D", tz="Europe/Paris")
    for learned in (5, 10):  # before the change on the 27th, and with it in what was seen
        axis = learn(whole[:learned])
        assert (after(axis, whole[:learned], 2) == whole[learned : learned + 2]).all()


def test_a_part_of_a_day_may_keep_to_local_time():
    whole = pd.date_range("2024-03-28", periods=24, freq="6h").tz_localize("Europe/Paris")
    assert (after(learn(whole[:20]), whole[:20], 4) == whole[20:]).all()


def test_a_local_time_that_is_skipped_moves_on():
    # 02:30 does not exist on 2024-03-31 in Paris
    seen = pd.date_range("2024-03-26 02:30", periods=5, freq="D", tz="Europe/Paris")
    assert [str(stamp) for stamp in after(learn(seen), seen, 2)] == [
        "2024-03-31 03:00:00+02:00",
        "2024-04-01 02:30:00+02:00",
    ]


# zone, and a local day on which a time is skipped, and that time
CHANGES = [
    ("America/Santiago", "2024-09-08", "00:00"),
    ("Africa/Cairo", "2024-04-26", "00:00"),
    ("Asia/Beirut", "2024-03-31", "00:30"),
    ("Atlantic/Azores", "2024-03-31", "00:00"),
    ("America/Havana", "2024-03-10", "00:15"),
    ("Europe/Paris", "2024-03-31", "02:30"),
    ("Australia/Lord_Howe", "2024-10-06", "02:00"),
]


def localize(times, zone):
    return times.tz_localize(zone, nonexistent="shift_forward", ambiguous=np.ones(len(times), bool))


@settings(max_examples=60, deadline=None)
@given(
    change=st.sampled_from(CHANGES),
    before=st.integers(0, 12),
    freq=st.sampled_from(["D", "D", "2D", "7D", "6h"]),
    is_given=st.booleans(),
    n=st.integers(5, 14),  # of three rows every six hours no step may be that
)
def test_a_skipped_hour_does_not_move_the_series(change, before, freq, is_given, n):
    zone, day, time = change
    assume(freq != "6h" or before < n - 1)  # up to the change these are hours that go by
    moved = pd.Timestamp(f"{day} {time}")
    start = pd.date_range(end=moved, periods=before + 1, freq=freq)[0]
    local = pd.date_range(start, periods=n + 4, freq=freq)
    whole = localize(local, zone)
    series = pd.Series(numbers(n), whole[:n])
    model = Naive(4, freq=freq if is_given else None).fit(series)  # a warning of gaps would be an error
    assert model.predict().index.tolist() == whole[n:].tolist()
    longer = pd.Series(1.0, whole[n : n + 1])
    assert model.predict(3, data=longer).index.tolist() == whole[n + 1 :].tolist()
    assert model.update(longer).predict(3).index.tolist() == whole[n + 1 :].tolist()


def test_days_of_resampled_hours_go_on_at_midnight():
    hours = pd.date_range("2024-04-10", "2024-04-27 23:00", freq="h", tz="Africa/Cairo")
    days = pd.Series(1.0, hours).resample("D").sum()
    assert days.index.freq is not None
    for n in range(10, len(days)):  # the clock changes on the 26th
        ahead = Naive(2).fit(days[:n]).predict().index
        assert [str(stamp.date()) for stamp in ahead] == [f"2024-04-{10 + n + k}" for k in range(2)]
        assert all(stamp.hour == (1 if stamp.day == 26 else 0) for stamp in ahead)


def test_series_at_different_times_of_day_keep_them_over_the_change():
    local = pd.date_range("2024-09-01", periods=8)
    frame = long_of(
        midnight=localize(local, "America/Santiago"),  # ends at 01:00 on the 8th
        one=localize(local + pd.Timedelta(hours=1), "America/Santiago"),
        half=localize(local + pd.Timedelta(minutes=30), "America/Santiago"),
    )
    result = Naive(1).fit(frame).predict()
    assert [stamp.strftime("%d %H:%M") for stamp in result["ds"]] == ["09 00:00", "09 01:00", "09 00:30"]
