"""What `fit` learns about the timestamps of single series, and stores."""

from dataclasses import replace

import pandas as pd
import pytest
from forecasting_times import KIOSK, OFFICE, long_of, stamps_of
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import tsl
from tsl import LSTMForecaster
from tsl.baselines import Drift, Naive, SeasonalNaive, WindowAverage
from tsl.forecasting import IrregularTimesWarning

H = 4


def lstm(window, **options):
    small = {"hidden_size": 2, "max_iter": 1, "segment": 1, "random_state": 0, "n_threads": 1, "season": 1}
    return LSTMForecaster(horizon=H, window=window, calendar=None, differences=None, **small, **options)


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
