"""Learned quantiles, and interpolation between them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tsl.forecasting.model.quantiles import checked_quantiles, interpolated


def test_quantiles_go_with_their_loss():
    assert checked_quantiles("quantile", [0.1, 0.5]) == (0.1, 0.5)
    assert checked_quantiles("huber", None) == ()
    for loss, quantiles in (("huber", [0.1]), ("quantile", None)):
        with pytest.raises(ValueError, match="quantiles and loss='quantile' go together"):
            checked_quantiles(loss, quantiles)
    for wrong in ([0.5, 0.1], [0.1, 0.1], [0.0, 0.5], [0.5, 1.0], [], [[0.1]]):
        with pytest.raises(ValueError, match="quantiles must be numbers between 0 and 1 in ascending order"):
            checked_quantiles("quantile", wrong)


def test_quantiles_between_those_that_were_trained_are_interpolated():
    forecasts = np.array([[[0.0, 10.0, 40.0]]])
    found = interpolated(forecasts, (0.1, 0.5, 0.9), [0.1, 0.3, 0.5, 0.8, 0.9])
    assert_allclose(found, [[[0.0, 5.0, 10.0, 32.5, 40.0]]])
    assert_allclose(interpolated(forecasts, (0.1, 0.5, 0.9), [0.09999999999999998]), [[[0.0]]])
    assert_allclose(interpolated(forecasts[:, :, 1:2], (0.5,), [0.5]), [[[10.0]]])
    with pytest.raises(ValueError, match=r"between those that were trained, 0.1 and 0.9, got 0.95"):
        interpolated(forecasts, (0.1, 0.5, 0.9), [0.5, 0.95])
