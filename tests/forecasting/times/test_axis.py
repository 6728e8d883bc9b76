"""Stamps of every kind: what is read, which frequency is learned, and which stamps come next."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsl.forecasting.times.axis import IrregularTimesWarning, TimeAxis
from tsl.forecasting.times.stamps import read_times


def learn(index, freq=None, offsets=None):
    times = read_times(index, "the index")
    offsets = np.array([0, len(times)]) if offsets is None else offsets
    return TimeAxis.learn(pd.RangeIndex(len(offsets) - 1), times, offsets, freq)


def learn_irregular(index, **options):
    with pytest.warns(IrregularTimesWarning) as caught:
        axis = learn(index, **options)
    assert len(caught) == 1
    return axis


def after(axis, index, horizon, offsets=None):
    """The stamps that follow each series, of which all rows are known, and the last alone: these are the same."""
    times = read_times(index, "the index")
    offsets = np.array([0, len(times)]) if offsets is None else offsets
    ids = pd.RangeIndex(len(offsets) - 1)
    ahead = axis.future(ids, times, offsets, horizon)
    last = times[offsets[1:] - 1]
    assert list(axis.future(ids, last, np.arange(len(offsets)), horizon)) == list(ahead)
    return ahead


FREQUENCIES = ["D", "2D", "15min", "36h", "W-MON", "2W-SUN", "MS", "2MS", "ME", "QS-JAN", "QE-DEC", "QE-OCT", "YS-JAN"]
FREQUENCIES += ["YE-JUN", "B", "BMS", "BME", "3BME", "WOM-3FRI", "s", "ms"]


@pytest.mark.parametrize("given_too", [False, True], ids=["inferred", "given"])
@pytest.mark.parametrize("freq", FREQUENCIES)
def test_the_future_goes_on_at_the_frequency(freq, given_too):
    whole = pd.date_range("2019-11-20", periods=30, freq=freq)
    axis = learn(whole[:20], freq if given_too else None)
    assert axis.freq == freq
    ahead = after(axis, whole[:20], 10)
    assert ahead.dtype == whole.dtype
    assert list(ahead) == list(whole[20:])


@settings(max_examples=40, deadline=None)
@given(
    freq=st.sampled_from(FREQUENCIES),
    start=st.datetimes(min_value=pd.Timestamp("1990-01-01"), max_value=pd.Timestamp("2040-01-01")),
    lengths=st.lists(st.integers(1, 15), min_size=1, max_size=4),
)
def test_series_that_begin_at_different_times_each_go_on(freq, start, lengths):
    whole = pd.date_range(pd.Timestamp(start).floor("ms"), periods=40, freq=freq)
    starts = range(len(lengths))
    parts = [whole[begin : begin + length + 2] for begin, length in zip(starts, lengths)]
    offsets = np.concatenate([[0], np.cumsum([len(part) for part in parts])])
    times = parts[0].append(parts[1:])
    axis = learn(times, freq, offsets)
    wanted = [whole[begin + length + 2 :][:3] for begin, length in zip(starts, lengths)]
    ahead = after(axis, times, 3, offsets)
    assert list(ahead) == list(wanted[0].append(wanted[1:]))


@pytest.mark.parametrize(
    ("freq", "hints"),
    [
        ("h", (24, 168)),
        ("15min", (96, 672)),
        ("D", (7, 365)),
        ("B", (5,)),
        ("W-SUN", (52,)),
        ("MS", (12,)),
        ("QE-DEC", (4,)),
    ],
)
def test_season_hints_count_steps_of_the_calendar(freq, hints):
    assert learn(pd.date_range("2020-01-01", periods=30, freq=freq)).season_hints == hints


@pytest.mark.parametrize(("freq", "hints"), [("M", (12,)), ("Q", (4,)), ("h", (24, 168)), ("Y", ())])
def test_periods_go_on(freq, hints):
    whole = pd.period_range("2020-01-01", periods=30, freq=freq)
    axis = learn(whole[:20])
    assert (after(axis, whole[:20], 10) == whole[20:]).all()
    assert axis.season_hints == hints


def test_integers_keep_their_step_and_have_no_calendar():
    axis = learn(pd.RangeIndex(3, 30, 3))
    assert list(after(axis, pd.RangeIndex(3, 30, 3), 2)) == [30, 33]
    assert (axis.freq, axis.season_hints) == (None, ())


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


@pytest.mark.parametrize("freq", ["h", "D", "W-SUN", "MS", "ME"])
def test_gaps_in_a_regular_grid_leave_its_step(freq):
    whole = pd.date_range("2024-01-01", periods=200, freq=freq)
    seen = whole[:180].delete([5, 77, 78])
    axis = learn_irregular(seen)
    assert axis.freq == freq
    assert (after(axis, seen, 20) == whole[180:]).all()


def test_periods_with_gaps_keep_to_the_days_seen():
    days = pd.PeriodIndex(pd.bdate_range("2024-01-01", "2024-03-29"), freq="D")
    axis = learn_irregular(days.delete(30))
    assert [str(day) for day in after(axis, days, 2)] == ["2024-04-01", "2024-04-02"]


def test_integers_with_gaps_keep_the_most_common_step():
    index = pd.Index([1, 3, 5, 9, 11])
    assert list(after(learn_irregular(index), index, 2)) == [13, 15]


def test_stamps_without_any_grid_go_on_at_the_median_step():
    seconds = np.cumsum([0, 70, 80, 90, 100, 110, 1000])
    index = pd.Timestamp("2024-01-01") + pd.to_timedelta(seconds, unit="s")
    axis = learn_irregular(index)
    assert after(axis, index, 1)[0] == index[-1] + pd.Timedelta(seconds=95)  # between 90 and 100
    assert axis.freq is None


def test_the_warning_names_the_first_gap():
    index = pd.date_range("2024-01-01", periods=20, freq="D").delete(5)
    with pytest.warns(IrregularTimesWarning, match=r"the first after 2024-01-05 00:00:00.*'D'.*freq="):
        learn(index)


def test_a_given_frequency_makes_gaps_meant():
    days = pd.bdate_range("2024-01-01", periods=30).delete(7)
    axis = learn(days, "B")  # no warning
    assert axis.freq == "B"


def test_one_row_needs_a_frequency():
    index = pd.date_range("2024-01-01", periods=1)
    with pytest.raises(ValueError, match="freq must be given where no series has two rows"):
        learn(index)
    assert after(learn(index, "D"), index, 1)[0] == pd.Timestamp("2024-01-02")


@pytest.mark.parametrize("freq", [pd.Timedelta(hours=12), pd.offsets.Hour(12), pd.offsets.Day(1)])
def test_a_frequency_may_be_an_offset_or_a_length_of_time(freq):
    index = pd.date_range("2024-01-01", periods=5, freq=freq)
    assert after(learn(index, freq), index, 1)[0] == index[-1] + freq


@pytest.mark.parametrize(
    ("index", "freq", "message"),
    [
        (pd.date_range("2024-01-01", periods=6), "B", r"freq='B' must fit the times, got 2024-01-06 00:00:00"),
        (pd.date_range("2024-01-01", periods=5), "2D", "freq='2D' must fit the times"),
        (pd.date_range("2024-01-01", periods=5), "fortnight", "freq must be a frequency of pandas.*got 'fortnight'"),
        (pd.date_range("2024-01-01", periods=5), "-1D", "goes forwards, got '-1D'"),
        (pd.date_range("2024-01-01", periods=5), [2], r"freq must be a frequency of pandas.*got \[2\]"),
        (pd.date_range("2024-01-01", periods=5), 2, "freq must be a frequency of pandas.*got 2"),
        (pd.date_range("2024-01-01", periods=5).as_unit("s"), "5ms", "freq must be at least one 's'"),
        (
            pd.period_range("2024-01", periods=5, freq="M"),
            "D",
            "freq must be a multiple of the periods' own, 'M', got 'D'",
        ),
        (pd.RangeIndex(5), "D", "freq must be a positive whole number.*got 'D'"),
        (pd.RangeIndex(5), 0, "freq must be a positive whole number.*got 0"),
        (pd.RangeIndex(5), 2, "freq=2 must divide the distances between the times, got 1"),
    ],
)
def test_a_frequency_that_does_not_fit_is_refused(index, freq, message):
    with pytest.raises(ValueError, match=message):
        learn(index, freq)


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (["2024-01-01", "2024-01-02"], pd.DatetimeIndex(["2024-01-01", "2024-01-02"])),
        ([1.0, 2.0], pd.Index([1, 2])),
        (pd.Series([1, 2], dtype="Int64"), pd.Index([1, 2])),
        (pd.Series(["2024-01", "2024-02"], dtype="period[M]"), pd.period_range("2024-01", periods=2, freq="M")),
        (pd.Series(pd.date_range("2024-01-01", periods=2), dtype=object), pd.date_range("2024-01-01", periods=2)),
        (pd.Series(pd.date_range("2024-01-01", periods=2).date), pd.date_range("2024-01-01", periods=2)),
    ],
)
def test_times_come_as_strings_objects_and_whole_numbers(values, wanted):
    assert list(read_times(values, "the index")) == list(wanted)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            ["2024-01-01", "soon"],
            "the index must hold dates, all written alike and with their year, got 'soon': use pd.to_datetime",
        ),
        (["2024-01-01", None], "the index must hold a time in every row, got a missing one in row 1"),
        ([1.5, 2.0], "the index must hold whole numbers or datetimes, got 1.5"),
        ([1.0, np.nan], "the index must hold whole numbers or datetimes, got nan"),
        ([True, False], "the index must hold datetimes, periods or integers, got boolean"),
        (["2024-01-01T00:00+01:00", "2024-07-01T00:00+02:00"], "mixed time zones: use pd.to_datetime"),
        ([pd.Timestamp("2024-01-01", tz="UTC"), pd.Timestamp("2024-01-01", tz="Asia/Tokyo")], "mixed time zones"),
        ([pd.Timestamp("2024-01-01", tz="UTC"), pd.Timestamp("2024-01-01")], "mixed time zones"),
    ],
)
def test_what_is_no_time_is_refused(values, message):
    with pytest.raises(ValueError, match=message):
        read_times(values, "the index")


def test_later_times_are_read_in_the_learned_zone_and_unit():
    axis = learn(pd.date_range("2024-01-01", periods=5, freq="h", tz="Europe/Paris").as_unit("s"))
    times = axis.read(pd.date_range("2024-01-02", periods=2, freq="h", tz="UTC").as_unit("ns"), "the index of data")
    assert times.dtype == axis.dtype
    assert times[0] == pd.Timestamp("2024-01-02", tz="UTC")


@pytest.mark.parametrize(
    ("learned", "given_later"),
    [
        (pd.date_range("2024-01-01", periods=5), pd.date_range("2024-01-01", periods=5, tz="UTC")),
        (pd.date_range("2024-01-01", periods=5, tz="UTC"), pd.date_range("2024-01-01", periods=5)),
        (pd.RangeIndex(5), pd.date_range("2024-01-01", periods=5)),
        (pd.date_range("2024-01-01", periods=5), pd.RangeIndex(5)),
        (pd.period_range("2024-01", periods=5, freq="M"), pd.period_range("2024-01", periods=5, freq="D")),
    ],
)
def test_later_times_of_another_kind_are_refused(learned, given_later):
    with pytest.raises(ValueError, match="the index of data must hold times of type .*, as in fit, got"):
        learn(learned).read(given_later, "the index of data")


def test_regular_stamps_do_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        learn(pd.bdate_range("2024-01-01", periods=10))
