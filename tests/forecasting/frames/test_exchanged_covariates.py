"""Windows with the covariates of other windows."""

from dataclasses import replace

import numpy as np
from forecasting_models import make_panel
from numpy.testing import assert_array_equal

from tsl.forecasting.frames.cutoffs import with_covariates_of


def windows_of(values, lengths, cutoffs):
    """Windows with these numbers as a past and, tenfold, as a future covariate."""
    panel = make_panel(*np.split(np.zeros(len(values)), np.cumsum(lengths)[:-1]))
    values = np.asarray(values, float)[:, None]
    return replace(panel, past=np.hstack([values, -values]), future=10 * values), np.array(cutoffs)


def test_rows_of_other_windows_go_by_their_distance_from_the_cutoff():
    own = windows_of([1, 2, 3, 4, 5, 6, 7], [4, 3], [3, 5])  # three rows before the cutoff and one, one ahead and two
    own[0].past[3], own[0].past[5:] = np.nan, np.nan
    donors = windows_of([10, 20, 30, 40, 50, 60, 70], [2, 5], [1, 5])
    donors[0].past[1], donors[0].past[5:] = np.nan, np.nan
    found = with_covariates_of(*own, *donors, [0], [0])
    # the first window begins two rows earlier than that of its donor, whose first row stands for them
    assert_array_equal(found.future[:, 0], [100, 100, 100, 200, 500, 600, 700])
    assert_array_equal(found.past[:, 0], [10, 10, 10, np.nan, 50, np.nan, np.nan])
    assert_array_equal(found.past[:, 1], own[0].past[:, 1])
    assert_array_equal(own[0].future[:, 0], 10.0 * np.arange(1, 8))
