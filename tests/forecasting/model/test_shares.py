"""The members' shares of the forecasts of each series."""

import numpy as np
import pandas as pd
from numpy.testing import assert_allclose, assert_array_equal

from tsl.forecasting.model.shares import (
    HANDICAP,
    NOISE,
    SIMPLE_TEMPERATURE,
    SeriesShares,
    relative,
    weight,
    weights_by_series,
)

IDS = pd.Index(["a", "b", "c"])


def test_shares_add_up_and_other_series_have_their_own():
    shares = SeriesShares.of_weights(IDS, [0.75, 0.25], [np.full(3, 0.75), np.array([0.25, 2.25, 0.0])])
    assert_allclose(shares.known, [[0.75, 0.25], [0.25, 0.75], [1.0, 0.0]])
    found = shares.of(pd.Index(["c", "new", "a", "c"]))
    assert_allclose(found, [[1.0, 0.0], [0.75, 0.25], [0.75, 0.25], [1.0, 0.0]])
    assert shares.of(pd.Index([7])).tolist() == [[0.75, 0.25]]  # ids of another type


def test_errors_are_relative_to_those_of_the_network():
    assert relative(np.array([2.0, 3.0]), np.array([1.0, 3.0])) == 1.5
    assert_allclose(relative(np.array([[0.0, 0.0], [0.0, 1.0]]), np.array([[0.0, 0.0], [1.0, 1.0]])), [1.0, 0.5])


def test_a_series_with_many_windows_has_the_weight_of_its_own_errors():
    scores, many = np.array([0.5, 1.0, 1.1, 2.0]), np.full(4, 1e6)
    expected = [weight(score + HANDICAP, SIMPLE_TEMPERATURE) for score in scores]
    assert_allclose(weights_by_series(2.0, scores, many), expected, rtol=1e-3)


def test_a_single_window_counts_by_half_and_draws_weights_together():
    scores, n_windows = np.array([0.5, 2.0]), np.ones(2)  # their geometric mean is 1
    found = weights_by_series(5.0, scores, n_windows)
    assert_allclose(found, np.exp((1.0 - HANDICAP - np.sqrt(scores)) / (SIMPLE_TEMPERATURE + NOISE)))
    more = weights_by_series(5.0, scores, 1.5 * n_windows)
    assert more[0] > found[0] > 1.0 > found[1] > more[1]


def test_series_without_windows_have_the_weight_of_all_together():
    pooled = weight(1.2, SIMPLE_TEMPERATURE)
    found = weights_by_series(1.2, np.array([0.1, 1.0, 0.0]), np.array([2.0, 2.0, 0.0]))
    assert found[2] == pooled
    assert found[0] > 1.0
    assert_allclose(weights_by_series(1.2, np.zeros(3), np.zeros(3)), pooled)


def test_no_weight_is_zero_or_infinite():
    found = weights_by_series(1e200, np.array([1e-100, 1e100, 0.0]), np.array([9.0, 9.0, 0.0]))
    assert np.isfinite(found).all()
    assert (found > 0).all()
    assert_array_equal(found[1:], found[1])
