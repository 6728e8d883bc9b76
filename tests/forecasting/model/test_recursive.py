"""Forecasts that feed on earlier forecasts."""

import numpy as np
from forecasting_windows import make_panel
from numpy.testing import assert_allclose

from tsl.forecasting.frames.cutoffs import known_at
from tsl.forecasting.model.recursive import rolled


def test_rolling_goes_on_from_its_own_forecasts():
    panel = make_panel()

    def run(panel, cutoffs):  # the mean of the last two, twice over
        mean = (panel.values[cutoffs - 1] + panel.values[cutoffs - 2]) / 2
        return np.stack([mean, mean + 1], axis=1)[:, :, None]

    n_known = np.array([6, 6])
    own, cutoffs = known_at(panel, np.array([30, 99]), None, "error", context=3, n_known=n_known, n_ahead=6)
    found = rolled(run, own, cutoffs, horizon=5, block=2)[:, :, 0]
    for k, cutoff in enumerate((30, 99)):
        last = list(panel.values[cutoff - 2 : cutoff])
        for _ in range(3):
            mean = (last[-1] + last[-2]) / 2
            last += [mean, mean + 1]
        assert_allclose(found[k], last[2:7], rtol=1e-12)
