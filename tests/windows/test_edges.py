"""Windows of short series, and of rows that are invalid."""

import copy
import pickle

import dateutil.tz
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone

from tsl.windows import SlidingWindow

DAYS = pd.DataFrame({"a": np.arange(8.0), "b": 2 * np.arange(8.0)}, pd.date_range("2024-01-01", periods=8))


def test_fewer_rows_than_a_window_needs_are_gone_on_from_whole():
    found = SlidingWindow(4, pad=-1.0).fit(DAYS[:2]).transform(DAYS[2:4])
    assert_array_equal(found[..., 0], [[-1, 0, 1, 2], [0, 1, 2, 3]])


@pytest.mark.parametrize("rows", [DAYS.astype("float32"), DAYS.to_numpy("float32")])
def test_filling_keeps_the_precision(rows):
    assert SlidingWindow(3, pad=0.0).fit_transform(rows).dtype == np.float32


def test_missing_numbers_pass_beside_groups_by_position():
    rows = np.array([[0, np.nan], [0, 1], [1, 2], [1, 3]])
    assert_array_equal(
        SlidingWindow(2, groups=0).fit_transform(rows)[..., 0], [[np.nan] * 2, [np.nan, 1], [2, 2], [2, 3]]
    )


def test_columns_beside_groups_must_be_those_of_fit():
    grouped = DAYS.assign(g=[0] * 4 + [1] * 4)
    window = SlidingWindow(2, groups="g").fit(grouped)
    with pytest.raises(ValueError, match="seen at fit time, yet now missing:\n- b"):
        window.transform(grouped[["a", "g"]])


def test_time_within_groups_by_position_must_not_go_back():
    with pytest.raises(ValueError, match="goes from 2024-01-08 00:00:00 back to 2024-01-07"):
        SlidingWindow(2, groups=2).fit(DAYS.assign(g=0)[::-1])


def test_a_time_that_comes_twice_does_not_go_back():
    times = pd.DatetimeIndex(["2024-01-01", "2024-01-01", "2024-01-05", "2024-01-03"])
    with pytest.raises(ValueError, match="goes from 2024-01-05 00:00:00 back to 2024-01-03"):
        SlidingWindow(2).fit(DAYS[:4].set_axis(times))


def test_times_with_a_zone_do_not_follow_those_without():
    uneven = DAYS[:4].set_axis(pd.DatetimeIndex(["2024-01-01", "2024-01-03", "2024-01-04", "2024-01-08"]))
    window, next_row = SlidingWindow(2).fit(uneven), DAYS[7:].set_axis(pd.DatetimeIndex(["2024-01-10"]))
    assert_array_equal(window.transform(next_row)[..., 0], [[3, 7]])
    assert_array_equal(window.transform(next_row.tz_localize("UTC"))[..., 0], [[7, 7]])


# --- groups in frames of other libraries ----------------------------------------------------------------------------

GROUPED = pd.DataFrame({"g": list("aabbab"), "x": np.arange(6.0), "z": 10.0 - np.arange(6.0)})


def as_polars(frame):
    polars = pytest.importorskip("polars", reason="extra 'test'")
    return polars.DataFrame({name: frame[name].to_list() for name in frame})


def as_arrow(frame):
    pyarrow = pytest.importorskip("pyarrow", reason="extra 'test'")
    return pyarrow.Table.from_pandas(frame, preserve_index=False)


@pytest.mark.parametrize("library", [as_polars, as_arrow])
@pytest.mark.parametrize("groups", ["g", 0, -3])
def test_groups_of_any_frame(library, groups):
    windowing = SlidingWindow(2, groups=groups)
    assert_array_equal(windowing.fit_transform(library(GROUPED)), clone(windowing).fit_transform(GROUPED))
    assert list(windowing.feature_names_in_) == ["g", "x", "z"]
    with pytest.raises(ValueError, match="groups='k' must name a column of X"):
        SlidingWindow(2, groups="k").fit(library(GROUPED))


# --- what is written of a fitted one --------------------------------------------------------------------------------

INDEXES = {
    "hours": pd.date_range("2024-03-29", periods=8, freq="h", tz="Europe/Berlin"),
    "a fixed offset": pd.date_range("2024-03-29", periods=8, freq="h", tz="+01:00"),
    "a zone without a name": pd.date_range("2024-03-29", periods=8, freq="h", tz=dateutil.tz.tzoffset("mine", 300)),
    "no frequency": pd.DatetimeIndex(["2024-01-05", "2024-01-08", "2024-01-09", "2024-01-12"]),
    "seconds": pd.date_range("2024-01-01", periods=8, freq="s", unit="s"),
    "months": pd.period_range("2020-01", periods=8, freq="M"),
    "since": pd.timedelta_range("1h", periods=8, freq="h"),
    "numbers": pd.Index([3, 4, 5, 6]),
    "rows": pd.RangeIndex(8),
    "working days": pd.date_range("2024-01-01", periods=8, freq="B"),
    "holidays": pd.date_range("2024-12-20", periods=8, freq=pd.offsets.CustomBusinessDay(holidays=["2024-12-25"])),
}
NOT_PLAIN = {  # no name says all of it
    "a zone without a name",
    "holidays",
}


def is_plain(value):
    if isinstance(value, dict):
        return all(isinstance(key, str) and is_plain(one) for key, one in value.items())
    if isinstance(value, list | tuple):
        return all(map(is_plain, value))
    return value is None or type(value) in (bool, int, float, str, np.ndarray)


@pytest.mark.parametrize("name", INDEXES)
@pytest.mark.parametrize("groups", [None, "g"])
def test_what_is_written_is_plain_and_comes_back(name, groups):
    index = INDEXES[name]
    table = pd.DataFrame({"a": np.arange(len(index)) / 7}, index)
    if groups:
        table["g"] = 5
    rows, rest = table[:-2], table[-2:]
    windowing = SlidingWindow(3, groups=groups).fit(rows)
    assert name in NOT_PLAIN or is_plain(windowing.__getstate__())
    for other in (pickle.loads(pickle.dumps(windowing)), copy.deepcopy(windowing)):
        assert other._tails.keys() == windowing._tails.keys()
        assert [tail.end for tail in other._tails.values()] == [tail.end for tail in windowing._tails.values()]
        assert_array_equal(other.transform(rest), windowing.transform(rest))
