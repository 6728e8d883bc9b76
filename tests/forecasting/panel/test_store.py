"""The series that a forecaster stores, and rows that continue them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from forecasting_models import make_panel
from numpy.testing import assert_array_equal

from tsl.forecasting.panel.store import SeriesStore, with_steps_ahead

NAN = np.nan


def later(panel, names, first):
    """The panel with these names, whose rows begin at this time."""
    return replace(panel, ids=pd.Index(names), times=panel.times + first)


def test_rows_are_added_to_the_series_that_they_continue():
    store = SeriesStore(make_panel([1, 2, 3], [4, 5]), "error")
    store.add(later(make_panel([6], [7]), [1, 9], 2), None)
    assert (store.ids.tolist(), store.fitted_ids.tolist()) == ([0, 1, 9], [0, 1])
    assert store.last.tolist() == [2, 2, 2]
    assert_array_equal(store.panel().values, [1, 2, 3, 4, 5, 6, 7])
    with pytest.raises(
        ValueError, match="rows after those that are known, got 2 of series .*1.*, which is known up to 2"
    ):
        store.add(later(make_panel([6]), [1], 2), None)


def test_tails_reach_back_to_the_last_value_of_each_column():
    store = SeriesStore(make_panel([1, 2, NAN, NAN], [3, 4, 5]), "ffill")
    assert_array_equal(store.tails(1).values, [2, NAN, NAN, 5])
    store.add(later(make_panel([6, 7]), [1], 3), 1)
    assert_array_equal(store.tails(1).values, [2, NAN, NAN, 7])
    assert_array_equal(store.tails(None).values, [1, 2, NAN, NAN, 3, 4, 5, 6, 7])


def test_known_rows_stand_before_those_that_continue_them():
    store = SeriesStore(make_panel([1, 2, 3], [4, 5]), "error")
    given = later(make_panel([6], [7], [8]), [0, 1, 9], 2)  # 0 is known up to 2 already
    assert store.follows(given).tolist() == [False, True, False]
    assert_array_equal(store.before(given, 1).values, [6, 5, 7, 8])
    assert_array_equal(store.whole_before(given).values, [6, 4, 5, 7, 8])
    stamps, offsets = store.stamps_from_last(given)
    assert (stamps.tolist(), offsets.tolist()) == ([2, 1, 2, 2], [0, 1, 3, 4])


def test_the_training_set_is_known_by_its_times():
    store = SeriesStore(make_panel([1, 2, 3], [4, 5]), "error")
    store.add(later(make_panel([6]), [1], 2), None)
    assert store.was_fitted(make_panel([1, 2, 3], [4, 5, 6]), np.array([1, 2, 4, 5])).tolist() == [True] * 3 + [False]


def test_times_of_wide_frames_tell_which_rows_were_left_out():
    store = SeriesStore(make_panel([1, 2, 3], [4, 5]), "ffill")
    store.see(pd.Index([0, 1, 2]))
    left_out = store.left_out(later(make_panel([6], [7]), [0, 1], 4), pd.Index([3, 4]))
    assert left_out.times.tolist() == [3, 2, 3]
    assert left_out.offsets.tolist() == [0, 1, 3]
    assert np.isnan(left_out.values).all()
    assert store.left_out(later(make_panel([6]), [0], 3), pd.Index([3])) is None


def test_steps_ahead_have_covariates_and_no_values():
    panel = replace(make_panel([1, 2], [3]), future=np.array([[1.0], [2.0], [3.0]]))
    longer = with_steps_ahead(panel, pd.Index([2, 3, 1, 2]), np.array([[[4.0], [5.0]], [[6.0], [7.0]]]))
    assert_array_equal(longer.values, [1, 2, NAN, NAN, 3, NAN, NAN])
    assert_array_equal(longer.future[:, 0], [1, 2, 4, 5, 3, 6, 7])
    assert longer.times.tolist() == [0, 1, 2, 3, 0, 1, 2]
