"""Calendar features: which are used, and that they are periodic."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tsl.forecasting.times.axis import TimeAxis
from tsl.forecasting.times.calendar import Calendar


def learn(times, calendar="auto"):
    offsets = np.array([0, len(times)])
    axis = TimeAxis.learn(pd.RangeIndex(1), times, offsets, None)
    return Calendar.learn(calendar, axis, times, offsets)


@pytest.mark.parametrize(
    ("freq", "periods", "features"),
    [
        ("h", 47, ()),  # less than two days show no day twice
        ("h", 48, ("hour",)),
        ("h", 2 * 168, ("hour", "dayofweek")),
        ("D", 14, ("dayofweek",)),
        ("B", 10, ("dayofweek",)),
        ("D", 731, ("dayofweek", "dayofyear")),
        ("W", 105, ("dayofyear",)),
        ("MS", 24, ("month",)),
        ("QE", 8, ("month",)),
        ("YS", 50, ()),
    ],
)
def test_auto_takes_the_cycles_that_vary_and_were_seen_twice(freq, periods, features):
    assert learn(pd.date_range("2020-01-01", periods=periods, freq=freq)).features == features


def test_auto_reads_centuries_in_nanoseconds():
    years = pd.date_range("1700-01-01", periods=309 * 12, freq="MS", unit="ns")  # longer than a Timedelta can be
    assert learn(years).features == ("month",)


def test_auto_takes_none_of_integers_and_none_means_none():
    assert learn(pd.Index(np.arange(5000))).features == ()
    assert learn(pd.date_range("2020-01-01", periods=5000, freq="h"), None).features == ()


def test_auto_reads_periods():
    assert learn(pd.period_range("2020-01", periods=36, freq="M")).features == ("month",)


CYCLES = [
    ("minute", "1h", "2020-01-01 03:00", 60),
    ("hour", "1D", "2020-01-01", 24),
    ("dayofweek", "7D", "2020-01-06", 7),  # a Monday
    ("month", None, "2020-01-01", 12),
    ("quarter", None, "2020-01-01", 4),
]


@pytest.mark.parametrize(("feature", "cycle", "start", "n_steps"), CYCLES)
def test_a_cycle_starts_at_angle_zero_and_goes_round_evenly(feature, cycle, start, n_steps):
    if cycle is None:
        times = pd.date_range(start, periods=n_steps, freq="MS" if feature == "month" else "QS")
    else:
        times = pd.date_range(start, periods=n_steps, freq=pd.Timedelta(cycle) / n_steps)
    calendar = learn(times, [feature])
    assert calendar.names == [f"{feature}_sin", f"{feature}_cos"]
    assert calendar.widths == [2]
    angle = 2 * np.pi * np.arange(n_steps) / n_steps
    assert_allclose(calendar.encode(times), np.column_stack([np.sin(angle), np.cos(angle)]), atol=1e-12)


@pytest.mark.parametrize("feature", ["dayofmonth", "dayofyear", "weekofyear"])
def test_the_ends_of_uneven_cycles_lie_close_together(feature):
    times = pd.date_range("2020-01-01", periods=366, freq="D")
    encoded = learn(times, [feature]).encode(times)
    assert_allclose((encoded**2).sum(axis=1), 1.0)
    steps = np.linalg.norm(np.diff(encoded, axis=0), axis=1)
    # no jump: at most a week of 52, or a day of the shortest month
    assert steps.max() < 2 * np.pi / 28 * 1.01


def test_the_clock_is_the_local_one():
    times = pd.date_range("2024-03-30", periods=48, freq="h", tz="Europe/Paris")
    calendar = learn(times, ["hour"])
    midnight = np.flatnonzero(times.hour == 0)
    assert_allclose(calendar.encode(times)[midnight], np.tile([0.0, 1.0], (len(midnight), 1)), atol=1e-12)


def test_features_stand_one_beside_the_other():
    times = pd.date_range("2024-01-01", periods=48, freq="h")
    both = learn(times, ["hour", "dayofweek"])
    assert_array_equal(both.encode(times)[:, 2:], learn(times, ["dayofweek"]).encode(times))


def test_holidays_are_one_and_other_days_zero():
    pytest.importorskip("holidays", reason="holidays come from the holidays package")
    times = pd.date_range("2024-07-03", periods=96, freq="h")
    calendar = learn(times, ["holidays:US"])
    assert calendar.names == ["holidays:US"]
    assert calendar.widths == [1]
    assert_array_equal(calendar.encode(times)[:, 0], times.day == 4)


def test_a_part_of_a_country_has_holidays_of_its_own():
    pytest.importorskip("holidays", reason="holidays come from the holidays package")
    times = pd.date_range("2024-08-14", periods=3)  # the 15th is free in Saarland, not in Berlin
    assert_array_equal(learn(times, ["holidays:DE-SL"]).encode(times)[:, 0], [0, 1, 0])
    assert_array_equal(learn(times, ["holidays:DE-BE"]).encode(times)[:, 0], [0, 0, 0])


def test_an_unknown_country_is_refused():
    pytest.importorskip("holidays", reason="holidays come from the holidays package")
    with pytest.raises(ValueError, match="calendar must name a country .* got 'Atlantis'"):
        learn(pd.date_range("2024-08-14", periods=3), ["holidays:Atlantis"])


def test_holidays_without_the_package_name_the_extra(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "holidays", None)  # as if it were not installed
    with pytest.raises(ImportError, match=r"tsl-lstm\[holidays\]"):
        learn(pd.date_range("2024-08-14", periods=3), ["holidays:US"])


@pytest.mark.parametrize(
    ("calendar", "message"),
    [
        ("hour", "calendar must be \"auto\", None or a list of features, got 'hour'"),
        (["moon"], "calendar must name features among .*'hour'.*holidays:COUNTRY.*got 'moon'"),
        ([3], "calendar must name features among .*got 3"),
    ],
)
def test_unknown_features_are_refused(calendar, message):
    with pytest.raises(ValueError, match=message):
        learn(pd.date_range("2024-01-01", periods=5), calendar)


def test_integers_have_no_calendar():
    with pytest.raises(ValueError, match=r"if times are integers, got \['hour'\]"):
        learn(pd.Index([1, 2, 3]), ["hour"])
