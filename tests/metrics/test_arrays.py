"""Metrics of arrays: values worked out by hand, and properties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from tsl import metrics


@given(st.lists(st.tuples(*[st.floats(-1e6, 1e6)] * 2), min_size=1))
def test_bounds_that_hold_for_all_errors(pairs):
    true, pred = np.array(pairs).T
    assert 0.0 <= metrics.smape(true, pred) <= 1.0 + 1e-12
    assert metrics.mae(true, pred) <= metrics.rmse(true, pred) * (1 + 1e-9) + 1e-150  # squares below that are 0
    assert_allclose(metrics.crps(true, pred[:, None], [0.5]), metrics.mae(true, pred), rtol=1e-12, atol=1e-300)
    assert metrics.coverage(pred, pred, pred) == 1.0  # bounds count as covered


def test_pinball_is_least_at_the_true_quantile():
    sample = np.random.default_rng(0).normal(size=20_000)
    losses = [metrics.pinball(sample, np.full(sample.shape, x), 0.9) for x in (0.8, 1.2816, 1.8)]  # 90 % of a normal
    assert np.argmin(losses) == 1


def test_crps_of_many_quantiles_is_that_of_the_distribution():
    levels = (np.arange(1000) + 0.5) / 1000
    uniform = levels[None]  # forecast: uniform between 0 and 1
    # integral of (F(x) - 1[x >= y])^2 is y^3/3 + (1-y)^3/3 for a uniform forecast
    for y in (0.0, 0.3, 0.5):
        assert_allclose(metrics.crps([y], uniform, levels), (y**3 + (1 - y) ** 3) / 3, atol=1e-5)


def test_mase_is_1_for_the_forecast_that_scales_it():
    rng = np.random.default_rng(0)
    history = rng.normal(size=50)
    assert_allclose(metrics.mase(history[4:], history[:-4], history, season=4), 1.0)
    assert_allclose(metrics.rmsse(history[4:], history[:-4], history, season=4), 1.0)


def test_missing_history_leaves_out_its_differences():
    assert metrics.mase([2.0], [1.0], [1.0, np.nan, 3.0, 7.0]) == 1.0 / 4.0


@pytest.mark.parametrize(
    ("y", "expected"),
    [(3.0, np.nan), (4.0, np.inf)],  # 0 / 0 and 1 / 0
)
def test_history_without_change_has_no_scale(y, expected):
    assert_allclose(metrics.mase([y], [3.0], [5.0, 5.0, 5.0]), expected)


def test_percentages_of_zeros():
    assert np.isnan(metrics.mape([0.0], [1.0]))
    assert np.isnan(metrics.wmape([0.0], [1.0]))
    assert metrics.smape([0.0, 0.0], [0.0, 2.0]) == 0.5


def test_published_figures_of_m4_hourly():
    # sMAPE and MASE of the winner and of the best entry, with the OWA that was published for them
    for smape, mase, expected in [(9.328, 0.893, 0.440), (8.913, 0.801, 0.410)]:
        assert_allclose(metrics.owa(smape, mase, reference_smape=18.383, reference_mase=2.395), expected, atol=5e-4)


def test_errors_by_hand():
    true, pred = [2.0, -4.0, 0.0, 5.0], [3.0, -2.0, 0.0, 5.0]  # errors 1, 2, 0, 0
    assert_allclose(metrics.mae(true, pred), 3 / 4)
    assert_allclose(metrics.rmse(true, pred), np.sqrt(5 / 4))
    assert_allclose(metrics.mape(true, pred), (1 / 2 + 2 / 4 + 0) / 3)  # 0 has no percentage
    assert_allclose(metrics.smape(true, pred), (1 / 5 + 2 / 6 + 0 + 0) / 4)
    assert_allclose(metrics.wmape(true, pred), 3 / 11)
    assert_allclose(metrics.rmsse([1.0], [3.0], [0.0, 1.0, 3.0]), 2 / np.sqrt(5 / 2))  # season 1 unless told


def test_intervals_by_hand():
    assert metrics.coverage([1.0, 2.0, 3.0, 4.0], [0.0, 2.5, 2.0, 4.0], [2.0, 3.0, 2.5, 4.0]) == 0.5
    assert metrics.interval_width([0.0, 2.5], [2.0, 3.0]) == 1.25


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.mae([1.0, 2.0], [1.0]), r"y_pred must have the shape of y_true, \(2,\), got \(1,\)"),
        (lambda: metrics.rmse([1.0], [np.nan]), "y_pred must be finite, got 1 values that are not"),
        (lambda: metrics.smape([], []), "y_true must have at least one value, got none"),
        (
            lambda: metrics.mase([1.0], [1.0], [1.0, 2.0], season=2),
            "two values that are season=2 rows apart, got 2 rows",
        ),
        (
            lambda: metrics.mase([1.0], [1.0], [[1.0]]),
            r"y_train must be one series of shape \(n,\), got shape \(1, 1\)",
        ),
        (lambda: metrics.mase([1.0], [1.0], [1.0, 2.0], season=0), "season must be at least 1, got 0"),
        (lambda: metrics.pinball([1.0], [1.0], 1.0), r"quantiles must be between 0 and 1, got \[1.0\]"),
        (lambda: metrics.crps([1.0], [1.0, 2.0], [0.1, 0.9]), r"y_pred must have the shape \(1, 2\), got \(2,\)"),
        (lambda: metrics.pinball([1.0], [1.0], 0.0), r"quantiles must be between 0 and 1, got \[0.0\]"),
        (lambda: metrics.crps([1.0], [[]], []), r"quantiles must be .*, got \[\]"),
        (lambda: metrics.owa(1, 1, reference_smape=0, reference_mase=1), "reference_smape must be above 0, got 0"),
        (lambda: metrics.owa(1, 1, reference_smape=1, reference_mase=-1), "reference_mase must be above 0, got -1"),
    ],
)
def test_bad_arrays_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
