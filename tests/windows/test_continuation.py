"""A block of rows that follows the fitted one uses its history."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.linear_model import Ridge
from sklearn.model_selection import TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from window_problem import frame, naive_rows, numbered

from tsl.windows import SlidingWindow


def stamps(kind):
    dates = {
        "hours": pd.date_range("2024-03-30", periods=30, freq="h", tz="Europe/Berlin"),
        # The clock changes on the last fitted day, 31 March: only the next step is of 23 hours.
        "days over a clock change": pd.date_range("2024-03-12", periods=30, freq="D", tz="Europe/Berlin"),
        "months": pd.date_range("2024-01-01", periods=30, freq="MS"),
        "business days": pd.bdate_range("2024-01-01", periods=30),
        "periods": pd.period_range("2024-01", periods=30, freq="M"),
        "time since the start": pd.timedelta_range(0, periods=30, freq="15min"),
        "range": pd.RangeIndex(5, 65, 2),
        "integers": pd.Index(np.arange(100, 130)),
    }
    return dates[kind]


KINDS = ["hours", "days over a clock change", "months", "business days", "periods"]
KINDS += ["time since the start", "range", "integers"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("with_freq", [True, False])
def test_history_is_found_by_the_index(kind, with_freq):
    series = frame(30, stamps(kind))
    if isinstance(series.index, pd.DatetimeIndex) and not with_freq:
        series.index = pd.DatetimeIndex(list(series.index))
        assert series.index.freq is None
    whole = SlidingWindow(5).fit_transform(series)
    transformer = SlidingWindow(5).fit(series[:20])
    assert_array_equal(transformer.transform(series[20:]), whole[20:])
    assert_array_equal(transformer.transform(series[20:21]), whole[20:21])
    padded = SlidingWindow(5).fit_transform(series[21:])
    assert_array_equal(transformer.transform(series[21:]), padded)  # one row is missing between


def test_trading_days_go_on_after_a_weekend_and_a_holiday():
    days = pd.bdate_range("2024-03-01", "2024-04-30").drop(pd.Timestamp("2024-03-29"))
    series = frame(len(days), days)
    transformer = SlidingWindow(5).fit(series[:"2024-04-19"])  # a Friday; Good Friday made a step of four days
    whole = SlidingWindow(5).fit_transform(series)
    assert_array_equal(transformer.transform(series["2024-04-22":]), whole[days >= "2024-04-22"])
    later = series["2024-04-24":]  # five days on: more than any step seen
    assert_array_equal(transformer.transform(later), SlidingWindow(5).fit_transform(later))


def test_a_time_that_occurs_twice_does_not_end_the_series():
    minutes = pd.DatetimeIndex(["2024-01-01 00:00", "2024-01-01 00:01", "2024-01-01 00:01", "2024-01-01 00:02"])
    transformer = SlidingWindow(3).fit(frame(4, minutes))
    after, same = (frame(1, pd.DatetimeIndex([f"2024-01-01 00:0{minute}"])) for minute in (3, 2))
    assert_array_equal(transformer.transform(after)[0, :, 0], [2, 3, 0])
    assert_array_equal(transformer.transform(same)[0, :, 0], [0, 0, 0])


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(lambda series: series[:10], id="the fitted block itself"),
        pytest.param(lambda series: series[5:15], id="overlapping"),
        pytest.param(lambda series: series, id="everything"),
        pytest.param(lambda series: series[10:].set_axis(range(10, 20)), id="another kind of index"),
        pytest.param(lambda series: series[10:].tz_localize("UTC"), id="another time zone"),
        pytest.param(lambda series: series[10:].set_axis(list("abcdefghij")), id="no times"),
    ],
)
def test_other_blocks_are_padded(block):
    series = frame(20, pd.date_range("2024-01-01", periods=20, freq="h"))
    X = block(series)
    assert_array_equal(SlidingWindow(4).fit(series[:10]).transform(X), SlidingWindow(4).fit_transform(X))


def test_blocks_without_a_known_step_are_padded():
    for index in [pd.Index([0]), pd.Index([3, 2, 1]), pd.Index([1, 3, 2]), pd.Index([4, 4]), pd.RangeIndex(3, 0, -1)]:
        transformer = SlidingWindow(3).fit(frame(len(index), index))
        for start in [index[-1] + 1, index[-1] - 1]:
            block = frame(4, pd.RangeIndex(start, start + 4))
            assert_array_equal(transformer.transform(block), naive_rows(block.to_numpy(), 3, 1))


def test_arrays_have_no_history():
    series = numbered(20)
    transformer = SlidingWindow(4).fit(series[:10])
    assert_array_equal(transformer.transform(series[10:]), naive_rows(series[10:], 4, 1))


def test_transform_changes_nothing():
    series = frame(20)
    transformer = SlidingWindow(4).fit(series[:10])
    first = transformer.transform(series[10:])
    assert_array_equal(transformer.transform(series[10:]), first)
    assert_array_equal(pickle.loads(pickle.dumps(transformer)).transform(series[10:]), first)


def test_a_window_changed_after_fit_needs_another_fit():
    series = frame(20)
    transformer = SlidingWindow(4).fit(series[:10]).set_params(window=6)
    with pytest.raises(ValueError, match=r"window=6 and stride=1 need 5 rows of history, but fit kept 3"):
        transformer.transform(series[10:])


# Pipelines


def test_folds_see_the_rows_before_them():
    """Each fold predicts as if lags had been made from the whole series: no padding at its start."""
    rng = np.random.default_rng(0)
    series = pd.DataFrame({"a": rng.normal(size=120).cumsum()}, index=pd.date_range("2024", periods=120, freq="h"))
    target = series["a"].shift(-1).ffill()
    lags = pd.concat([series["a"].shift(lag).bfill() for lag in (2, 1, 0)], axis=1)
    folds = TimeSeriesSplit(4)
    pipeline = make_pipeline(SlidingWindow(3, output="flat"), Ridge())
    scores = cross_val_score(pipeline, series, target, cv=folds)
    by_hand = cross_val_score(Ridge(), lags.set_axis(list("xyz"), axis=1), target, cv=folds)
    np.testing.assert_allclose(scores, by_hand, rtol=1e-9)


def test_times_that_go_back_are_refused():
    days = pd.date_range("2024-01-01", periods=4, freq="D")
    with pytest.raises(ValueError, match=r"goes from 2024-01-04 00:00:00 back to 2024-01-03 00:00:00.*sort_index"):
        SlidingWindow(2).fit(frame(4, days[::-1]))
    with pytest.raises(ValueError, match=r"back to 2024-01-01 00:00:00: .*groups= if X holds several series"):
        SlidingWindow(2).fit(frame(8, days.append(days)))
    with pytest.raises(ValueError, match="X must be in time order"):
        SlidingWindow(2).fit(frame(4, days)).transform(frame(4, days[[1, 0, 2, 3]]))
    with pytest.raises(ValueError, match="got NaT"):
        SlidingWindow(2).fit(frame(2, pd.DatetimeIndex(["2024-01-01", None])))


@pytest.mark.parametrize("n", range(3, 12))
def test_days_follow_each_other_where_clocks_change_at_midnight(n):
    hours = pd.date_range("2024-04-20", "2024-05-02 23:00", freq="h", tz="Africa/Cairo")
    days = pd.DataFrame({"v": np.arange(float(len(hours)))}, hours).resample("D").first()  # the 26th begins at 01:00
    windowing = SlidingWindow(window=2).fit(days[:n])
    assert_array_equal(windowing.transform(days[n:])[0, :, 0], days["v"].to_numpy()[n - 1 : n + 1])
    assert_array_equal(windowing.transform(days[n + 1 :])[0, :, 0], days["v"].iloc[[n + 1, n + 1]])
