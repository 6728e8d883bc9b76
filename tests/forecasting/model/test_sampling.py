"""Training windows, and how they are drawn."""

import warnings

import numpy as np
import pytest
from forecasting_windows import make_panel
from numpy.testing import assert_array_equal

from tsl.forecasting.model.sampling import ShortSeriesWarning, WindowSampler, training_cutoffs, without_short
from tsl.forecasting.panel.panel import Panel


def test_training_windows_leave_room_for_the_horizon():
    panel = make_panel((60, 10, 4))
    cutoffs = training_cutoffs(panel, 12, 6)
    assert_array_equal(cutoffs, [*range(12, 55), *range(62, 65)])  # of the second from half of its 4 rows of history on


def test_samples_count_series_the_same_and_weights_as_given():
    panel = make_panel((100, 30))
    cutoffs = training_cutoffs(panel, 12, 6)
    drawn = WindowSampler(panel, cutoffs, 6).draw(20_000, np.random.RandomState(0))
    assert (drawn < 100).mean() == pytest.approx(0.5, abs=0.02)  # five standard errors
    weights = np.ones(130)
    weights[100:] = 0.0
    weighted = Panel(**{**vars(panel), "weights": weights})
    assert WindowSampler(weighted, cutoffs, 6).draw(1000, np.random.RandomState(0)).max() < 100


def test_windows_whose_targets_are_all_missing_are_not_drawn():
    panel = make_panel((100,))
    panel.values[:60] = np.nan
    drawn = WindowSampler(panel, training_cutoffs(panel, 12, 6), 6).draw(1000, np.random.RandomState(0))
    assert drawn.min() > 54


def test_short_series_are_kept_left_out_or_refused():
    panel = make_panel((40, 10, 40))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert without_short(panel, 18, "pad") is panel
        assert without_short(panel, 10, "error") is panel
    with pytest.warns(ShortSeriesWarning, match="1 series are shorter than the 18 rows .*: 's1'; they are left out"):
        assert without_short(panel, 18, "skip").ids.tolist() == ["s0", "s2"]
    with pytest.raises(ValueError, match="short='pad' fills them up, short='skip' leaves them out$"):
        without_short(panel, 18, "error")
    with pytest.raises(ValueError, match="3 series are shorter .*; short='pad' fills them up$"):
        without_short(panel, 50, "skip")
