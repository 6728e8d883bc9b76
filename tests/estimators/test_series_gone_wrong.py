"""Invalid series: what forecasters refuse, and what still gives correct results."""

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from regressor_problem import problem, small
from small_models import DAY, HOURS, classifier, forecaster, labels, spoiled

from tsl.baselines import Drift, Naive, SeasonalNaive, WindowAverage
from tsl.windows import OutlierWarning

FORECASTERS = {
    "window": forecaster,
    "level": lambda: forecaster(scaling="level"),
    "standardised": lambda: forecaster(scaling=None),
    "differences": lambda: forecaster(differences=24),
    "recursive": lambda: forecaster(strategy="recursive"),
    "quantiles": lambda: forecaster(loss="quantile", quantiles=[0.1, 0.5, 0.9]),
    "without the linear map": lambda: forecaster(linear=False),
    "Naive": lambda: Naive(4),
    "SeasonalNaive": lambda: SeasonalNaive(4),
    "Drift": lambda: Drift(4),
    "WindowAverage": lambda: WindowAverage(4),
}


@pytest.mark.parametrize("make", FORECASTERS.values(), ids=FORECASTERS)
def test_forecasters_refuse_what_is_no_number_or_has_no_square(make):
    for value, message in [
        (np.nan, "the target must have no missing values"),
        (np.inf, "data must hold finite numbers, got inf at 2024-01-01 03:00:00"),
        (-1e300, r"data must hold numbers between -1e\+60 and 1e\+60, got -1e\+300 at 2024-01-01 03:00:00"),
    ]:
        series = pd.Series(spoiled(DAY, value), HOURS)
        with pytest.raises(ValueError, match=message):
            make().fit(series)
        with pytest.raises(ValueError, match=message):
            make().fit(pd.Series(DAY, HOURS)).predict(data=series)


@pytest.mark.parametrize("make", FORECASTERS.values(), ids=FORECASTERS)
def test_a_constant_series_goes_on_as_it_was(make):
    for value in (0.0, 0.1, -1e9, 1e59, 1e-300):
        model = make().fit(pd.Series(np.full(72, value), HOURS))
        assert_allclose(model.predict(), np.full(4, value), rtol=1e-12)
        assert_allclose(model.predict(level=80), np.full((4, 3), value), rtol=1e-12)


@pytest.mark.parametrize("make", FORECASTERS.values(), ids=FORECASTERS)
def test_forecasts_go_along_with_any_unit(make):
    readings = 5 + DAY + 0.01 * np.arange(72)  # without the trend changes over a day are rounding, and so is their sign
    plain = make().fit(pd.Series(readings, HOURS)).predict()
    for unit in (1e59, 1e-100, 3.0):
        moved = make().fit(pd.Series(unit * readings, HOURS)).predict()
        assert_allclose(moved / unit, plain, rtol=1e-4)  # float32, through three steps of training


@pytest.mark.parametrize("make", FORECASTERS.values(), ids=FORECASTERS)
def test_an_outlier_leaves_forecasts_finite(make):
    with pytest.warns(OutlierWarning, match="the first 1e\\+59 at 2024-01-02 16:00:00"):
        model = make().fit(pd.Series(spoiled(DAY, 1e59, (40,)), HOURS))
    assert np.isfinite(model.predict(level=80).to_numpy()).all()


GLITCH = 4294967295.0


@pytest.mark.parametrize(("make", "where"), [(small, "X"), (small, "y"), (classifier, "X")])
def test_a_number_that_sets_the_scale_for_all_others_is_named(make, where):
    X, y = problem()
    targets = labels(y) if make is classifier else y
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make().fit(X, targets)
        make().fit(3 * X - 1e6, targets)
    X, targets = (spoiled(X, GLITCH), targets) if where == "X" else (X, spoiled(targets, GLITCH))
    with pytest.warns(OutlierWarning, match=rf"^{where} has .* median .* 4.29497e\+09") as caught:
        make().fit(X, targets)
    assert caught[0].filename == __file__


def test_rows_that_do_not_count_have_no_say_in_what_is_an_outlier():
    X, y = problem()
    X[7], y[7] = GLITCH, GLITCH
    weights = np.ones(len(y))
    weights[7] = 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        small().fit(X, y, sample_weight=weights)


@pytest.mark.parametrize("transform", ["log", "sqrt", "box-cox"])
def test_a_constant_series_goes_on_through_a_transform(transform):
    model = forecaster(target_transform=transform).fit(pd.Series(np.full(72, 5.0), HOURS))
    assert_allclose(model.predict(level=80), np.full((4, 3), 5.0), rtol=1e-12)


def test_transforms_hold_out_at_the_ends_of_what_is_allowed():
    # 2 (sqrt(values) - 1) cannot tell values far below 1e-30 from 0
    for transform, smallest in (("log", 1e-59), ("sqrt", 1e-20), ("box-cox", 1e-59)):
        for unit in (1e59, smallest):
            found = forecaster(target_transform=transform).fit(pd.Series(unit * (5 + DAY), HOURS)).predict()
            assert np.isfinite(found).all()
            assert (found > 0).all()


@pytest.mark.parametrize("value", [0.0, 1e59, -1e-300])
def test_constant_covariates_say_nothing(value):
    frame = pd.DataFrame({"y": DAY, "x": value}, HOURS)
    zero = pd.DataFrame({"y": DAY, "x": 0.0}, HOURS)
    found, wanted = (forecaster(calendar=None).fit(data, target="y").predict() for data in (frame, zero))
    assert_allclose(found, wanted, rtol=1e-6)  # a mean of so many equal numbers may be another one by rounding


def test_data_of_another_size_than_those_in_fit_are_refused():
    model = forecaster(scaling=None).fit(pd.Series(DAY, HOURS))
    with pytest.raises(ValueError, match=r"data must be about as large as in fit, got a number 1\.\d+e\+59 times"):
        model.predict(data=pd.Series(1e59 * DAY, HOURS))
