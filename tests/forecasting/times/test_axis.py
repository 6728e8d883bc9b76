"""The time axis: timestamps of every kind are continued, and later rows are checked."""

import warnings

import numpy as np
import pandas as pd
import pytest
from forecasting_times import HOLIDAYS, KIOSK, OFFICE, after, learn, long_of, numbers

from tsl.baselines import Naive
from tsl.forecasting import IrregularTimesWarning


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


def test_the_warning_names_the_first_gap():
    index = pd.date_range("2024-01-01", periods=20, freq="D").delete(5)
    with pytest.warns(IrregularTimesWarning, match=r"the first after 2024-01-05 00:00:00.*'D'.*freq="):
        learn(index)


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


INDEXES = {
    "days": pd.date_range("2024-01-01", periods=60),
    "hours": pd.date_range("2024-03-30", periods=60, freq="h", tz="Europe/Paris"),
    "business days": pd.bdate_range("2024-01-01", periods=60),
    "months": pd.date_range("2020-01-30", periods=60, freq="MS") + pd.Timedelta(days=4),
    "holidays": pd.date_range("2024-10-01", periods=60, freq=pd.offsets.CustomBusinessDay(holidays=HOLIDAYS)),
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


def test_steps_beyond_the_largest_time_are_refused():
    axis = learn(pd.date_range("2262-01-01", periods=10, freq="D", unit="ns"))
    last = pd.DatetimeIndex(["2262-04-10"]).as_unit("ns")
    assert axis.future(pd.RangeIndex(1), last, np.array([0, 1]), 1)[0] == pd.Timestamp("2262-04-11")
    with pytest.raises(ValueError, match=r"room for 2 steps after 2262-04-10 .* type datetime64\[ns\] end .*as_unit"):
        axis.future(pd.RangeIndex(1), last, np.array([0, 1]), 2)
