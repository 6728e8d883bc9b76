"""Standardisation inside the estimators of windows."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from regressor_problem import problem, small

from tsl._estimator.inputs import find_series
from tsl._estimator.scaling import coverage, standard_scaling
from tsl.network import Sequences
from tsl.windows import make_windows

SERIES = np.random.default_rng(0).normal(size=(50, 3))


def test_a_row_counts_as_often_as_windows_hold_it():
    windows = make_windows(SERIES, window=8, stride=3)[0]
    weights = np.arange(len(windows)) % 4 + 0.5
    sequences = find_series(windows)
    scaling = standard_scaling(sequences.rows, coverage(sequences, weights), 0, "X")
    repeated, steps = np.repeat(windows, (2 * weights).astype(int), axis=0), (0, 1)
    assert_allclose(scaling.mean, repeated.mean(steps), rtol=1e-12)
    assert_allclose(scaling.scale, repeated.std(steps), rtol=1e-12)


@pytest.mark.parametrize("constant", [0.0, 0.1, -1e9, 1e-300])
def test_constant_columns_become_zero(constant):
    rows = np.full((1000, 1), constant)
    scaling = standard_scaling(rows, np.ones(1000), 0, "X")
    assert scaling.scale == 1
    assert_array_equal(scaling.apply(rows, np.float64, "X"), np.zeros((1000, 1)))


def test_a_far_offset_costs_no_digits():
    rows = 1e9 + np.tile([[-1.0], [1.0]], (500, 1))
    scaling = standard_scaling(rows, np.ones(1000), 0, "X")
    assert (scaling.mean, scaling.scale) == (1e9, 1)


def test_coverage_of_windows_of_different_lengths():
    sequences = Sequences(np.zeros((6, 1)), np.array([0, 2, 2]), np.array([3, 1, 3]))
    assert_array_equal(coverage(sequences, None), [1, 1, 3, 1, 1, 0])
    assert_allclose(coverage(sequences, np.array([0.1, 0.2, 0.4])), [0.1, 0.1, 0.7, 0.4, 0.4, 0], atol=1e-15)


def test_units_of_the_data_make_no_difference():
    X, y = problem()
    model, moved = small(dtype="float64").fit(X, y), small(dtype="float64").fit(1000 * X + 7, 50 * y - 3)
    assert_allclose(moved.predict(1000 * X + 7), 50 * model.predict(X) - 3, rtol=1e-9)


def test_scaling_can_be_switched_off():
    X, y = problem()
    model = small(scaling=None, max_iter=1, learning_rate_init=1e-12, alpha=0.0).fit(X, y + 5)
    # The loss before a step that is next to none, in the units of y.
    assert model.loss_curve_[0] == pytest.approx(np.mean((y + 5 - model.predict(X)) ** 2), rel=1e-5)


def test_values_beyond_the_type_are_refused():
    X, y = problem()
    with pytest.raises(
        ValueError, match="X must have values that float32 holds as .*, got .*e.59 with mean 0 and scale 1"
    ):
        small(scaling=None).fit(1e60 * X, y)
    with pytest.raises(ValueError, match="X has values too large to be standardised"):
        small().fit(np.where(X > 0, 1.5e308, -1.5e308), y)
    assert np.isfinite(small().fit(1e299 * X, y).predict(1e299 * X)).all()
