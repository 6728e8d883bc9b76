"""Rows of a frame in panel order, and their weights."""

import numpy as np
import pandas as pd
import pytest
from forecasting_frames import NAN, days, long_frame, series_of, wide_frame, write_two
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from tsl.forecasting.frames.schema import Schema


def test_nullable_and_decimal_targets_are_numbers():
    _, panel = Schema.learn(pd.Series([1, None, 3], index=days(3), dtype="Int64"))
    assert_array_equal(panel.values, [1, NAN, 3])


def test_weights_come_as_a_column_or_as_numbers():
    weights = np.arange(7.0)
    _, by_array = Schema.learn(long_frame(), sample_weight=weights)
    _, by_name = Schema.learn(long_frame().assign(w=weights), sample_weight="w")
    assert_array_equal(by_array.weights, weights)
    assert_array_equal(by_name.weights, weights)
    _, of_columns = Schema.learn(wide_frame().assign(w=[1, 2, 3, 4]), sample_weight="w")
    assert list(of_columns.ids) == ["x", "z"]
    assert_array_equal(of_columns.weights, [1, 2, 3, 4] * 2)


def test_columns_begin_and_end_at_their_own_times():
    frame = pd.DataFrame({"x": [NAN, 2, NAN, 4, 5], "z": [6.0, 7, 8, 9, NAN]}, index=days(5))
    schema, panel = Schema.learn(frame)
    assert panel.offsets.tolist() == [0, 4, 8]
    assert_array_equal(panel.values, [2, NAN, 4, 5, 6, 7, 8, 9])
    written = write_two(schema, panel)
    assert written.index.tolist() == list(days(3, "2024-01-05"))
    assert_array_equal(written, [[NAN, 2], [0, 3], [1, NAN]])


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000))
def test_the_order_of_rows_does_not_matter(seed):
    frame = long_frame()
    order = np.random.default_rng(seed).permutation(len(frame))
    options = {"past": ["visits"], "future": ["weather"], "static": ["city"], "sample_weight": "visits"}
    _, sorted_panel = Schema.learn(frame, **options)
    _, panel = Schema.learn(frame.iloc[order], **options)
    assert series_of(panel) == series_of(sorted_panel)
    back = np.concatenate([np.flatnonzero(np.repeat(panel.ids, panel.lengths) == key) for key in sorted_panel.ids])
    for name in ("past", "future", "weights", "times"):
        assert_array_equal(getattr(panel, name)[back], getattr(sorted_panel, name))
    assert_array_equal(panel.static[panel.ids.get_indexer(sorted_panel.ids)], sorted_panel.static)


def test_a_wide_frame_is_sorted_before_its_ends_are_found():
    frame = pd.DataFrame({"x": [NAN, 2, 3], "z": [4.0, NAN, 6]}, index=days(3))
    _, panel = Schema.learn(frame.iloc[[1, 0, 2]])
    assert_array_equal(panel.values, [2, 3, 4, NAN, 6])
    assert list(panel.times[:2]) == list(days(2, "2024-01-02"))


@pytest.mark.parametrize("shuffle", [False, True])
def test_two_rows_of_one_time_are_refused(shuffle):
    frame = pd.concat([long_frame(), long_frame().iloc[[5]]])
    frame = frame.sample(frac=1, random_state=0) if shuffle else frame
    with pytest.raises(ValueError, match="one row for each time .* 1 too many: series 'a' has several at 2024-01-04"):
        Schema.learn(frame)
    with pytest.raises(ValueError, match="1 too many: series 'y' has several at 2024-01-02"):
        Schema.learn(pd.Series([1.0, 2, 3], index=days(3)[[0, 1, 1]]))


def test_the_panel_does_not_share_memory_with_the_frame():
    series = pd.Series([1.0, 2, 3], index=days(3))
    _, panel = Schema.learn(series)
    series.iloc[0] = 99.0
    assert panel.values[0] == 1.0
    assert panel.values.flags.writeable  # compiled code is compiled anew for arrays that are not
