"""Scales of series: their changes over a season or a step, or their deviation from the mean."""

import numpy as np
from forecasting_models import make_panel
from numpy.testing import assert_allclose, assert_array_equal

from tsl.forecasting.panel.scale import changes, mean_change, naive_scale

NAN = np.nan


def test_changes_stay_within_their_series():
    panel = make_panel([1, 4, 9], [5, NAN, 7, 10])
    assert_array_equal(changes(panel.values, panel.offsets, 1), [NAN, 3, 5, NAN, NAN, NAN, 3])
    assert_array_equal(changes(panel.values, panel.offsets, 2), [NAN, NAN, 8, NAN, NAN, 2, NAN])
    assert_allclose(mean_change(panel, 1), [4, 3])
    assert_allclose(mean_change(panel, 3), [0, 5])  # the first has no two rows that far apart


def test_a_scale_is_that_of_the_season_or_else_what_is_there():
    panel = make_panel([1, 2, 4, 2], [1, 2, 1, 2], [3, NAN, 5], [7, 7, 7])
    # changes over two rows; over one row, as those over two are 0; deviations of 1 from the mean of 4; none
    assert_allclose(naive_scale(panel, 2), [1.5, 1.0, 2.0, 0.0])
    assert_allclose(naive_scale(make_panel([3, NAN, 5]), 1), [1.0])
