"""The frequency: given, carried by the index, or inferred."""

import numpy as np
import pandas as pd
import pytest
from forecasting_times import HOLIDAYS, after, learn, learn_irregular, long_of, numbers, stamps_of
from hypothesis import given, settings
from hypothesis import strategies as st

import tsl
from tsl.baselines import Naive

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


@pytest.mark.parametrize("freq", ["h", "D", "W-SUN", "MS", "ME"])
def test_gaps_in_a_regular_grid_leave_its_step(freq):
    whole = pd.date_range("2024-01-01", periods=200, freq=freq)
    seen = whole[:180].delete([5, 77, 78])
    axis = learn_irregular(seen)
    assert axis.freq == freq
    assert (after(axis, seen, 20) == whole[180:]).all()


def test_integers_with_gaps_keep_the_most_common_step():
    index = pd.Index([1, 3, 5, 9, 11])
    assert list(after(learn_irregular(index), index, 2)) == [13, 15]


def test_stamps_without_any_grid_go_on_at_the_median_step():
    seconds = np.cumsum([0, 70, 80, 90, 100, 110, 1000])
    index = pd.Timestamp("2024-01-01") + pd.to_timedelta(seconds, unit="s")
    axis = learn_irregular(index)
    assert after(axis, index, 1)[0] == index[-1] + pd.Timedelta(seconds=95)  # between 90 and 100
    assert axis.freq is None


def test_a_given_frequency_makes_gaps_meant():
    days = pd.bdate_range("2024-01-01", periods=30).delete(7)
    axis = learn(days, "B")  # no warning
    assert axis.freq == "B"


def test_one_row_needs_a_frequency():
    index = pd.date_range("2024-01-01", periods=1)
    with pytest.raises(ValueError, match="freq must be given if no series has two rows"):
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
        (pd.date_range("2024-01-01", periods=5), "fortnight", "freq must be a pandas frequency.*got 'fortnight'"),
        (pd.date_range("2024-01-01", periods=5), "-1D", "goes forward, got '-1D'"),
        (pd.date_range("2024-01-01", periods=5), [2], r"freq must be a pandas frequency.*got \[2\]"),
        (pd.date_range("2024-01-01", periods=5), 2, "freq must be a pandas frequency.*got 2"),
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


CARRIED = [
    pd.offsets.CustomBusinessDay(holidays=HOLIDAYS),
    pd.offsets.CustomBusinessDay(2, weekmask="Sun Mon Tue Wed Thu"),
    pd.offsets.CustomBusinessMonthEnd(holidays=["2024-05-31"]),
    pd.offsets.SemiMonthEnd(),
    pd.offsets.SemiMonthBegin(day_of_month=10),
    pd.offsets.LastWeekOfMonth(weekday=4),
    pd.offsets.WeekOfMonth(week=2, weekday=2),
    pd.offsets.BQuarterEnd(startingMonth=2),
    pd.offsets.FY5253Quarter(weekday=4),
    pd.offsets.Easter(),
    pd.offsets.Week(),
    pd.offsets.BusinessHour(),
    pd.DateOffset(days=10),
    pd.DateOffset(2, months=1),
    pd.offsets.Day(),
    pd.offsets.MonthEnd(3),
    pd.offsets.Hour(36),
]
NAMES = [repr(offset) for offset in CARRIED]


def begin(offset):
    return "2022-03-01 10:00" if offset == pd.offsets.BusinessHour() else "2022-03-01"


@pytest.mark.parametrize("as_frame", [False, True])
@pytest.mark.parametrize("offset", CARRIED, ids=NAMES)
def test_the_frequency_of_the_index_is_the_frequency(offset, as_frame):
    whole = pd.date_range(begin(offset), periods=40, freq=offset)
    known = whole[:33]
    assert known.freq is not None
    data = pd.Series(numbers(33), known)
    model = Naive(7).fit(pd.DataFrame({"a": data, "b": data}) if as_frame else data)
    assert model.predict().index.tolist() == whole[33:].tolist()
    assert Naive(7).fit(data[::-1]).predict().index.tolist() == whole[33:].tolist()  # whose frequency is negative
    model.update(pd.DataFrame({"a": 1.0, "b": 2.0}, whole[33:36]) if as_frame else pd.Series(1.0, whole[33:36]))
    assert model.predict(4).index.tolist() == whole[36:].tolist()


def test_a_holiday_of_the_frequency_is_not_forecast():
    times = pd.date_range("2024-10-01", "2024-12-24", freq=CARRIED[0])
    ahead = Naive(3).fit(pd.Series(numbers(len(times)), times)).predict().index
    assert [str(stamp.date()) for stamp in ahead] == ["2024-12-27", "2024-12-30", "2024-12-31"]


def test_elapsed_days_of_the_index_are_no_local_days():
    whole = pd.date_range("2024-10-20", periods=12, freq="24h", tz="Europe/Paris")
    assert Naive(7).fit(pd.Series(numbers(5), whole[:5])).predict().index.tolist() == whole[5:].tolist()


def can_be_saved(offset):
    """Whether its name says all, or it is of a kind that files know."""
    try:
        has_name = pd.tseries.frequencies.to_offset(offset.freqstr) == offset
    except ValueError:
        has_name = False
    return has_name or type(offset) in (
        pd.DateOffset,
        pd.offsets.CustomBusinessDay,
        pd.offsets.CustomBusinessMonthEnd,
    )


@pytest.mark.parametrize("offset", CARRIED, ids=NAMES)
def test_an_offset_may_be_given_and_is_kept_in_the_file(offset, tmp_path):
    whole = pd.date_range(begin(offset), periods=30, freq=offset)
    frame = long_of(a=whole[:20], b=whole[5:25])  # a column of times has no frequency
    gaps = frame.drop(index=[3, 24])
    model = Naive(5, freq=offset).fit(gaps)  # gaps are meant: no warning
    assert stamps_of(model.predict(), "a") == whole[20:25].tolist()
    assert stamps_of(model.predict(), "b") == whole[25:].tolist()
    if not can_be_saved(offset):
        with pytest.raises(TypeError, match="model cannot be saved: freq is <"):
            tsl.save(model, tmp_path / "model.tsl")
        return
    tsl.save(model, tmp_path / "model.tsl")
    loaded = tsl.load(tmp_path / "model.tsl")
    assert loaded.freq == offset
    pd.testing.assert_frame_equal(loaded.predict(), model.predict())


def test_months_of_an_offset_that_is_given_keep_the_day():
    model = Naive(3, freq=pd.DateOffset(months=1)).fit(pd.Series([1.0], pd.to_datetime(["2025-01-30"])))
    assert model.predict().index.strftime("%d %b").tolist() == ["28 Feb", "30 Mar", "30 Apr"]
    index = pd.date_range("2025-01-30", periods=2, freq=pd.DateOffset(months=1))  # goes on from the 28th
    assert Naive(2).fit(pd.Series([1.0, 2], index)).predict().index.strftime("%d %b").tolist() == ["28 Mar", "28 Apr"]


def test_a_length_of_time_may_be_given():
    whole = pd.date_range("2024-01-01", periods=20, freq="90min")
    model = Naive(3, freq=pd.Timedelta(minutes=90)).fit(pd.Series(numbers(17), list(whole[:17])))
    assert model.predict().index.tolist() == whole[17:].tolist()


@pytest.mark.parametrize(
    ("freq", "message"),
    [
        (pd.offsets.CustomBusinessDay(holidays=["2024-01-03"]), "must fit the times, got 2024-01-03"),
        (pd.DateOffset(days=2), "freq=<DateOffset: days=2> must fit the times"),
        (pd.DateOffset(days=-1), "freq must be a pandas frequency that goes forward"),
        (pd.DateOffset(months=1), "freq=<DateOffset: months=1> must fit the times"),
        (pd.offsets.Day(-1), "freq must be a pandas frequency that goes forward"),
        (3.5, "The 'freq' parameter of Naive must be"),
    ],
)
def test_offsets_that_do_not_fit_are_refused(freq, message):
    days = pd.bdate_range("2024-01-01", periods=10)
    with pytest.raises(ValueError, match=message):
        Naive(2, freq=freq).fit(pd.Series(numbers(10), days))
