"""Requested levels and quantiles, and their columns."""

from itertools import pairwise

import numpy as np
import pytest

from tsl.forecasting.frames.intervals import IntervalRequest


def test_levels_and_quantiles_become_columns():
    request = IntervalRequest.of([90, 99.5], [0.1])
    assert request.columns == ("y_pred-lo-90", "y_pred-hi-90", "y_pred-lo-99.5", "y_pred-hi-99.5", "y_pred-q0.1")
    assert request.quantiles == (0.05, 0.95, 0.0025, 0.9975, 0.1)
    assert IntervalRequest.of(None, None) == IntervalRequest((), ())


@pytest.mark.parametrize(
    ("level", "quantiles"),
    [
        (0, None),
        (100, None),
        (0.8, None),
        ([80, 0.95], None),
        ([80, -1], None),
        (np.nan, None),
        ("80", None),
        (True, None),
        (None, 1.0),
        (None, 0),
    ],
)
def test_levels_and_quantiles_are_checked(level, quantiles):
    with pytest.raises(ValueError, match="level must be" if level is not None else "quantiles must be"):
        IntervalRequest.of(level, quantiles)


def test_quantiles_never_cross():
    request = IntervalRequest.of([50, 90], [0.2])
    block = np.random.default_rng(0).normal(size=(7, 3, 5))
    columns = request.named(block)
    ascending = ["y_pred-lo-90", "y_pred-q0.2", "y_pred-lo-50", "y_pred-hi-50", "y_pred-hi-90"]
    order = [columns[name] for name in ascending]
    # 0.05 < 0.2 < 0.25 < 0.75 < 0.95
    assert all((low <= high).all() for low, high in pairwise(order))
