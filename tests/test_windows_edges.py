"""Windows where there is little to cut from, or where rows go wrong."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

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
