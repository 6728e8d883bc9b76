"""Dates in texts and integers: never read as dates other than they are."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsl._dates import HINT, as_dates, number_format, read_dates, text_format
from tsl.baselines import Naive
from tsl.metrics import evaluate
from tsl.model_selection import PanelTimeSeriesSplit

# Ways to write a date, whether its day is there, and whether it can always be told.
WRITTEN = [
    ("%Y-%m-%d", "day", True),
    ("%Y/%m/%d", "day", True),
    ("%Y%m%d", "day", True),
    ("%Y-%m", "month", True),
    ("%Y", "year", True),
    ("%Y-%m-%dT%H:%M:%SZ", "hour", True),
    ("%Y-%m-%d %H:%M:%S.%f", "hour", True),
    ("%d %b %Y", "day", True),
    ("%B %d, %Y", "day", True),
    ("%a %d %B %Y %H:%M", "hour", True),
    ("%d-%b-%y", "day", True),
    ("%b %Y", "month", True),
    ("%m/%Y", "month", True),
    ("%Y-%b-%d", "day", True),
    ("%d.%m.%Y", "day", False),
    ("%m/%d/%Y", "day", False),
    ("%d/%m/%Y %H:%M", "hour", False),
    ("%m/%d/%Y %I:%M %p", "hour", False),
    ("%d.%m.%y", "day", False),
    ("%m/%d/%y", "day", False),
    ("%y-%m-%d", "day", False),
    ("%b-%y", "month", False),
    ("%Y%m", "month", False),
]
FREQUENCIES = {"hour": ["h", "6h", "D", "MS"], "day": ["D", "W", "MS", "B"], "month": ["MS", "QS"], "year": ["YS"]}
STARTS = st.datetimes(pd.Timestamp("1970-01-01"), pd.Timestamp("2040-01-01"))


@st.composite
def written_dates(draw):
    form, unit, is_plain = draw(st.sampled_from(WRITTEN))
    freq = draw(st.sampled_from(FREQUENCIES[unit]))
    truth = pd.date_range(pd.Timestamp(draw(STARTS)).floor("h"), periods=draw(st.integers(2, 40)), freq=freq)
    truth = truth if unit == "hour" else truth.normalize()
    return form, is_plain, truth


@settings(max_examples=200, deadline=None)
@given(written_dates())
def test_texts_are_read_as_what_they_are_or_refused(written):
    form, is_plain, truth = written
    texts = truth.strftime(form)
    try:
        found = read_dates(texts, text_format(texts, "it", HINT))
    except ValueError as error:
        message = str(error)
    else:
        assert (found.tz_localize(None) == truth).all()
        return
    assert not is_plain
    assert "it must hold" in message
    assert "read in one way" in message  # and not: no dates
    assert repr(form) in message  # the reader can say which
    assert (read_dates(texts, form) == truth).all()


@settings(max_examples=100, deadline=None)
@given(
    form=st.sampled_from(["%Y%m%d", "%Y%m", "%Y%m%d%H", "%Y%m%d%H%M"]),
    freq=st.sampled_from(["MS", "QS"]),
    start=STARTS,
    n=st.integers(2, 40),
)
def test_whole_numbers_that_are_dates_are_no_numbers(form, freq, start, n):
    truth = pd.date_range(pd.Timestamp(start).normalize(), periods=n, freq=freq)
    numbers = truth.strftime(form).astype(np.int64)
    try:
        found = number_format(numbers.to_numpy(), "it", HINT)
    except ValueError as error:
        message = str(error)
    else:
        assert (read_dates(numbers, found) == truth).all()
        return
    assert form == "%Y%m"
    assert truth[0].year == truth[-1].year
    assert "which are months by '%Y%m' or plain numbers" in message


@settings(max_examples=100, deadline=None)
@given(start=st.integers(0, 10**10), step=st.sampled_from([1, 2, 60, 3600]), n=st.integers(40, 100))
def test_counts_are_no_dates(start, step, n):
    assert number_format(start + step * np.arange(n), "it", HINT) is None


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["10:00", "11:00"], "must hold dates, all in the same format and with a year, got '10:00'"),
        (["12/30", "12/31"], "with a year, got '12/30'"),
        (["13.01.2024", "01/14/2024"], "all in the same format and with a year, got '13.01.2024' and '01/14/2024'"),
        (["13.01.2024", "01.14.2024"], "got '13.01.2024' and '01.14.2024'"),
        (["soon"], "got 'soon'"),
        (["2024-W05", "2024-W06"], "got '2024-W05'"),
        (["05 week 2024", "06 week 2024"], "got '05 week 2024'"),
        (["2024 H1", "2024 H2"], "got '2024 H1'"),
        (["1", "2"], "got '1'"),
        (["0070", "0071"], "got '0070'"),
        (["22-Jan", "23-Jan"], "got '22-Jan', in which the number is the year by '%y-%b' or else the day"),
        (["01.02.2024"], r"2024-01-02 by '%m.%d.%Y' or 2024-02-01 by '%d.%m.%Y': use pd.to_datetime"),
        (["24-01-02", "24-01-03"], "2002-01-24 by '%d-%m-%y' or 2024-01-02 by '%y-%m-%d'"),
        (["2024-01-01T00:00+01:00", "2024-07-01T00:00+02:00"], "mixed time zones"),
    ],
)
def test_texts_that_are_no_dates_or_several(texts, message):
    with pytest.raises(ValueError, match=message):
        text_format(pd.Index(texts), "it", HINT)


@pytest.mark.parametrize(
    ("texts", "first"),
    [
        (["2024Q2", "2024Q3"], "2024-04-01"),
        (["Jan-99", "Feb-99"], "1999-01-01"),  # no month has 99 days
        (["May 2024", "June 2024"], "2024-05-01"),
        (["31.01.2024", "01.02.2024"], "2024-01-31"),
        (["2024-01-01", "2024-01-01 12:00"], "2024-01-01"),
        (["1/31/2024 3:04:05 PM", "2/1/2024 3:04:05 PM"], "2024-01-31 15:04:05"),
    ],
)
def test_forms_that_leave_no_doubt(texts, first):
    assert as_dates(pd.Index(texts), "it")[0] == pd.Timestamp(first)


# --- where they come in ---------------------------------------------------------------------------------------------


def frame_of(times, n=None):
    return pd.DataFrame({"ds": times, "y": np.arange(float(len(times)))})


@pytest.mark.parametrize("form", ["%d.%m.%Y", "%Y%m%d", "%m/%d/%Y"])
def test_later_rows_are_written_like_those_of_fit(form):
    days = pd.date_range("2024-01-01", periods=40)
    texts = days.strftime(form)
    texts = texts.astype(np.int64) if form == "%Y%m%d" else texts
    model = Naive(2).fit(frame_of(texts[:35]), target="y", time_col="ds")
    later = frame_of(texts[35:36])  # 5 February: by itself it may be 2 May
    assert model.predict(data=later)["ds"].tolist() == days[36:38].tolist()
    assert model.update(later).predict()["ds"].tolist() == days[36:38].tolist()
    with pytest.raises(ValueError, match="got '2-6-2024', which is 2024-02-06 by '%m-%d-%Y' or 2024-06-02"):
        model.update(frame_of(["2-6-2024"]))
    assert model.update(frame_of(["2024-02-06"])).predict()["ds"].tolist() == days[37:39].tolist()


def test_months_in_numbers_go_on_with_the_year():
    months = pd.date_range("2023-06-01", periods=10, freq="MS")
    series = pd.Series(np.arange(10.0), months.strftime("%Y%m").astype(np.int64))
    assert Naive(2).fit(series).predict().index.tolist() == [pd.Timestamp("2024-04-01"), pd.Timestamp("2024-05-01")]


def test_numbers_within_a_year_are_months_or_counts():
    series = pd.Series(np.arange(12.0), list(range(202301, 202313)))
    with pytest.raises(ValueError, match="got 202301 to 202312, which are months by '%Y%m' or plain numbers"):
        Naive(2).fit(series)
    model = Naive(2, freq=1).fit(series)
    assert model.predict().index.tolist() == [202313, 202314]
    assert model.update(pd.Series([1.0], [202313])).predict().index.tolist() == [202314, 202315]
    assert Naive(1).fit(series.set_axis(pd.RangeIndex(202301, 202313))).predict().index.tolist() == [202313]


def test_splits_are_in_the_order_of_time_and_not_of_text():
    days = pd.date_range("2024-01-25", periods=12)
    frame = frame_of(days.strftime("%d.%m.%Y"))
    found = list(PanelTimeSeriesSplit(n_splits=2, horizon=2, time_col="ds").split(frame))
    assert [test.tolist() for _, test in found] == [[8, 9], [10, 11]]
    with pytest.raises(ValueError, match="the stamps of X must hold dates that can be read in one way"):
        list(PanelTimeSeriesSplit(time_col="ds").split(frame_of(days[7:].strftime("%d.%m.%Y"))))


@pytest.mark.parametrize("form", ["%d.%m.%Y", "%Y%m%d"])
def test_scores_go_by_dates_whatever_the_history_is_written_in(form):
    days = pd.date_range("2024-01-20", periods=30)
    frame = pd.DataFrame({"unique_id": "a", "ds": days, "y": np.cumsum(np.arange(30.0) % 4)})
    texts = days.strftime(form)
    written = frame.assign(ds=texts.astype(np.int64) if form == "%Y%m%d" else texts)
    result = Naive(3).fit(written).backtest(n_windows=3)
    wanted = evaluate(result, ["mae", "mase"], by="step", history=frame)
    pd.testing.assert_frame_equal(evaluate(result, ["mae", "mase"], by="step", history=written), wanted)
    as_text = result.assign(ds=result["ds"].dt.strftime("%d.%m.%Y"))
    pd.testing.assert_frame_equal(evaluate(as_text, ["mae", "mase"], by="step", history=written), wanted)
