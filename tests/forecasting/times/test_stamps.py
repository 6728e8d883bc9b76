"""The stamps of forecasts, by the forecasters: what `fit` learned of them is kept, and what comes later is checked."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import tsl
from tsl import LSTMForecaster
from tsl.baselines import Drift, Naive, SeasonalNaive, WindowAverage
from tsl.forecasting import IrregularTimesWarning

H = 4
HOLIDAYS = ["2024-12-25", "2024-12-26", "2025-01-01"]
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


def numbers(n):
    return np.arange(float(n)) % 7


def long_of(**stamps):
    """A long frame of series with these stamps."""
    parts = [pd.DataFrame({"unique_id": name, "ds": times, "y": numbers(len(times))}) for name, times in stamps.items()]
    return pd.concat(parts, ignore_index=True)


def stamps_of(result, name):
    return result.loc[result["unique_id"] == name, "ds"].tolist()


def lstm(window, **options):
    small = {"hidden_size": 2, "max_iter": 1, "segment": 1, "random_state": 0, "n_threads": 1, "season": 1}
    return LSTMForecaster(horizon=H, window=window, calendar=None, differences=None, **small, **options)


# --- learned in fit and kept ----------------------------------------------------------------------------------------

OFFICE = pd.bdate_range("2024-01-01", "2024-10-04")  # ends on a Friday
KIOSK = pd.date_range("2024-01-01", "2024-10-04")


MODELS = [Naive(H), SeasonalNaive(H, season=5), WindowAverage(H, window=9), Drift(H), lstm(5), lstm(30)]


@pytest.mark.parametrize("model", MODELS)
def test_weekdays_are_those_of_the_series_whatever_the_model_keeps(model):
    frame = long_of(office=OFFICE, kiosk=KIOSK)
    with pytest.warns(IrregularTimesWarning):
        model.fit(frame)
    wanted = pd.bdate_range("2024-10-07", periods=H).tolist()
    assert stamps_of(model.predict(), "office") == wanted
    assert stamps_of(model.predict(data=frame), "office") == wanted
    assert stamps_of(model.make_future_frame(), "office") == wanted
    later = long_of(office=pd.bdate_range("2024-10-07", periods=3), kiosk=pd.date_range("2024-10-05", periods=3))
    assert stamps_of(model.update(later).predict(), "office") == pd.bdate_range("2024-10-10", periods=H).tolist()


def test_weekdays_of_periods_are_those_of_the_series():
    with pytest.warns(IrregularTimesWarning):
        model = Naive(2).fit(long_of(office=OFFICE.to_period("D"), kiosk=KIOSK.to_period("D")))
    assert stamps_of(model.predict(), "office") == [pd.Period("2024-10-07"), pd.Period("2024-10-08")]
    assert stamps_of(model.predict(), "kiosk") == [pd.Period("2024-10-05"), pd.Period("2024-10-06")]


def test_weekdays_with_opening_hours_are_those_of_the_series():
    hours = pd.date_range("2024-01-01", "2024-03-01 23:00", freq="h")  # ends on a Friday
    hours = hours[(hours.hour >= 9) & (hours.hour < 17)]
    with pytest.warns(IrregularTimesWarning):
        model = Naive(9).fit(long_of(office=hours[hours.day_of_week < 5], kiosk=hours))
    result = model.predict()
    assert stamps_of(result, "office")[::8] == [pd.Timestamp("2024-03-04 09:00"), pd.Timestamp("2024-03-05 09:00")]
    assert stamps_of(result, "kiosk")[::8] == [pd.Timestamp("2024-03-02 09:00"), pd.Timestamp("2024-03-03 09:00")]


def test_weekdays_of_a_new_series_are_learned_with_its_first_rows():
    with pytest.warns(IrregularTimesWarning):
        model = Naive(2).fit(long_of(office=OFFICE, kiosk=KIOSK))
    market = KIOSK[KIOSK.day_of_week.isin([2, 5])]
    new = long_of(market=market)
    wanted = [pd.Timestamp("2024-10-05"), pd.Timestamp("2024-10-09")]
    assert stamps_of(model.predict(data=new), "market") == wanted
    model.update(new)
    assert stamps_of(model.predict(), "market") == wanted
    model.update(long_of(market=wanted))
    assert stamps_of(model.predict(), "market") == [pd.Timestamp("2024-10-12"), pd.Timestamp("2024-10-16")]


def test_what_is_learned_about_stamps_is_in_the_file(tmp_path):
    with pytest.warns(IrregularTimesWarning):
        model = Naive(H).fit(long_of(office=OFFICE, kiosk=KIOSK))
    tsl.save(model, tmp_path / "model.tsl")
    pd.testing.assert_frame_equal(tsl.load(tmp_path / "model.tsl").predict(), model.predict())


def test_a_model_of_an_older_file_learns_it_from_its_rows():
    with pytest.warns(IrregularTimesWarning):
        model = Naive(2).fit(long_of(office=OFFICE, kiosk=KIOSK))
    model.schema_ = replace(model.schema_, axis=replace(model.schema_.axis, patterns=None))
    model.update(long_of(office=pd.bdate_range("2024-10-07", periods=5)))
    assert stamps_of(model.predict(), "office") == [pd.Timestamp("2024-10-14"), pd.Timestamp("2024-10-15")]


@settings(max_examples=60, deadline=None)
@given(
    days=st.lists(st.integers(27, 31), min_size=1, max_size=3),
    start=st.integers(0, 30),
    months=st.sampled_from([1, 1, 2, 3, 12]),
    n=st.integers(3, 20),
    is_given=st.booleans(),
)
def test_months_that_are_too_short_do_not_move_the_day(days, start, months, n, is_given):
    def on(day, count):
        first = pd.period_range("2023-01", periods=start + 1, freq="M")[-1]
        month = [first + months * k for k in range(count)]
        return pd.DatetimeIndex([pd.Timestamp(m.year, m.month, min(day, m.days_in_month)) for m in month])

    series = {f"s{k}": on(day, n + 3) for k, day in enumerate(days)}
    for day, times in zip(days, series.values()):
        assume(day == 31 or not times[:n].is_month_end.all())  # which may as well be the end of every month
    known = long_of(**{name: times[:n] for name, times in series.items()})
    model = Naive(3, freq=pd.DateOffset(months=months) if is_given else None).fit(known)
    result = model.predict()
    for name, times in series.items():
        assert stamps_of(result, name) == times[n:].tolist()


def test_a_day_that_every_month_has_stays_where_the_last_rows_are_ends_of_months():
    february, june = (pd.to_datetime([f"{year}-{day}" for year in range(2020, 2024)]) for day in ("02-28", "06-15"))
    model = WindowAverage(1, window=2).fit(long_of(a=february, b=june))  # 2020 has a 29th
    assert stamps_of(model.predict(), "a") == [pd.Timestamp("2024-02-28")]


# --- clocks that change ---------------------------------------------------------------------------------------------

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
    local = pd.date_range(start, periods=n + H, freq=freq)
    whole = localize(local, zone)
    series = pd.Series(numbers(n), whole[:n])
    model = Naive(H, freq=freq if is_given else None).fit(series)  # a warning of gaps would be an error
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


# --- frequencies that an index has, or that are given ---------------------------------------------------------------


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
        (pd.DateOffset(days=-1), "freq must be a frequency of pandas that goes forwards"),
        (pd.DateOffset(months=1), "freq=<DateOffset: months=1> must fit the times"),
        (pd.offsets.Day(-1), "freq must be a frequency of pandas that goes forwards"),
        (3.5, "The 'freq' parameter of Naive must be"),
    ],
)
def test_offsets_that_do_not_fit_are_refused(freq, message):
    days = pd.bdate_range("2024-01-01", periods=10)
    with pytest.raises(ValueError, match=message):
        Naive(2, freq=freq).fit(pd.Series(numbers(10), days))


# --- later rows are checked -----------------------------------------------------------------------------------------

INDEXES = {
    "days": pd.date_range("2024-01-01", periods=60),
    "hours": pd.date_range("2024-03-30", periods=60, freq="h", tz="Europe/Paris"),
    "business days": pd.bdate_range("2024-01-01", periods=60),
    "months": pd.date_range("2020-01-30", periods=60, freq="MS") + pd.Timedelta(days=4),
    "holidays": pd.date_range("2024-10-01", periods=60, freq=CARRIED[0]),
    "periods": pd.period_range("2020-01", periods=60, freq="M"),
    "numbers": pd.RangeIndex(0, 180, 3),
}
WAYS = {
    "update": lambda model, data: model.update(data),
    "predict": lambda model, data: model.predict(data=data),
    "predict with intervals": lambda model, data: model.predict(data=data, level=80),
    "simulate": lambda model, data: model.simulate(2, data=data, random_state=0),
    "make_future_frame": lambda model, data: model.make_future_frame(data=data),
    "backtest": lambda model, data: model.backtest(data, n_windows=1),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", INDEXES)
def test_every_way_in_warns_of_steps_that_are_left_out(kind, way):
    series = pd.Series(numbers(60), INDEXES[kind], name="v")
    WAYS[way](Naive(2, season=1).fit(series[:40]), series[40:50])  # nothing is left out: a warning would be an error
    for later, first in ((series[41:50], 39), (series[40:50].drop(series.index[45]), 44)):
        with pytest.warns(IrregularTimesWarning, match="the first after") as caught:
            WAYS[way](Naive(2, season=1).fit(series[:40]), later)
        assert f"(the first after {series.index[first]})" in str(caught[0].message)
        assert [warning.filename for warning in caught] == [__file__]


def test_score_warns_of_steps_that_it_cannot_fill_in():
    series = pd.Series(numbers(60), INDEXES["days"], name="v")
    model = Naive(2, season=1).fit(series[:40])
    model.score(series[43:50])  # these are put in, without readings
    with pytest.warns(IrregularTimesWarning, match="the first after 2024-02-14"):
        model.score(series[40:50].drop(series.index[45]))


@pytest.mark.parametrize("way", WAYS)
def test_a_given_frequency_makes_later_gaps_meant_and_other_stamps_wrong(way):
    days = INDEXES["business days"]
    series = pd.Series(numbers(60), days, name="v")
    fitted = Naive(2, season=1, freq="B").fit(series[:40])
    with pytest.raises(ValueError, match=r"freq='B' must fit the times, got 2024-03-02 00:00:00"):
        WAYS[way](fitted, pd.Series(1.0, pd.date_range("2024-02-29", periods=4), name="v"))
    WAYS[way](fitted, series[45:50])


def test_a_series_is_checked_by_its_own_days():
    with pytest.warns(IrregularTimesWarning):
        model = Naive(2).fit(long_of(office=OFFICE, kiosk=KIOSK))
    model.update(long_of(office=pd.bdate_range("2024-10-07", periods=8)))  # over a weekend
    with pytest.warns(IrregularTimesWarning, match="the first after 2024-10-05"):
        model.update(long_of(kiosk=pd.to_datetime(["2024-10-05", "2024-10-07"])))
