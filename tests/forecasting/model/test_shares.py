"""The members' shares of the forecasts of each series."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

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


def weights(scores, n_windows):
    """Weights for errors relative to those of the networks, which are 2 and 5."""
    reference = np.full((len(scores), 2), [2.0, 5.0])
    return weights_by_series(np.array(scores)[:, None] * reference, reference, np.array(n_windows, float))


def test_a_series_with_many_windows_has_the_weight_of_its_own_errors():
    scores = [0.5, 1.0, 1.1, 2.0]
    found, _ = weights(scores, [1e6] * 4)
    assert_allclose(found, [weight(score + HANDICAP, SIMPLE_TEMPERATURE) for score in scores], rtol=1e-3)


def test_a_single_window_counts_by_half_and_draws_weights_together():
    scores = np.array([0.5, 2.0])  # their geometric mean is 1
    found, _ = weights(scores, [1.0, 1.0])
    assert_allclose(found, np.exp((1.0 - HANDICAP - np.sqrt(scores)) / (SIMPLE_TEMPERATURE + NOISE)))
    more, _ = weights(scores, [1.5, 1.5])
    assert more[0] > found[0] > 1.0 > found[1] > more[1]


def test_series_without_windows_have_the_weight_of_all_together():
    found, others = weights([0.6, 1.0, 0.0], [2.0, 2.0, 0.0])
    assert found[2] == others == pytest.approx(weight(0.8 + HANDICAP, SIMPLE_TEMPERATURE))
    assert found[0] > 1.0


def test_no_weight_is_zero_or_infinite():
    found, others = weights([1e-100, 1e100, 0.0], [9.0, 9.0, 0.0])
    assert np.isfinite(found).all()
    assert (found > 0).all()
    assert found[1] == others
