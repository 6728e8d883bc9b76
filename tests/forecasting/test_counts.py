"""Losses of counts, and bounds of forecasts."""

import copy

import numpy as np
import pandas as pd
import pytest
from lstm_forecasters import SMALL, make_frame
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import tsl
from tsl import LSTMForecaster
from tsl.forecasting.bounds import Bounds
from tsl.forecasting.model.counts import count_quantiles
from tsl.model_selection import PanelTimeSeriesSplit

LEVELS = [0.1, 0.5, 0.9]


def count_frame(n=240, seed=0):
    """Counts with a season of 12 and a mean of 0.4, 5 or 60, more spread than a Poisson distribution's."""
    rng = np.random.default_rng(seed)
    season = 1 + 0.8 * np.sin(2 * np.pi * np.arange(n) / 12)
    columns = {name: rng.poisson(mean * season * rng.gamma(2, 0.5, n)) for name, mean in zip("abc", (0.4, 5, 60))}
    return pd.DataFrame(columns, pd.date_range("2024-01-01", periods=n))


FRAME = count_frame()


def forecaster(loss="negative_binomial", **parameters):
    return LSTMForecaster(6, loss=loss, **{**SMALL, **parameters})


@pytest.fixture(scope="module", params=["poisson", "negative_binomial"])
def fitted(request):
    return forecaster(request.param).fit(FRAME)


def long(frame):
    return frame.stack().rename_axis(["ds", "unique_id"]).rename("y").reset_index()


# --- counts ---------------------------------------------------------------------------------------------------------


def test_quantiles_are_whole_numbers_of_the_distribution(fitted):
    forecast = fitted.predict(quantiles=LEVELS)
    quantiles = np.stack([forecast.xs(f"y_pred-q{q}", axis=1, level=-1) for q in LEVELS], axis=-1)
    assert_array_equal(quantiles, np.round(quantiles))
    assert (quantiles >= 0).all()
    assert (np.diff(quantiles, axis=-1) >= 0).all()
    assert (fitted.predict() > 0).all(axis=None)
    levels = fitted.predict(level=80)
    assert_array_equal(levels.xs("y_pred-hi-80", axis=1, level=-1), quantiles[..., -1])


def test_quantiles_against_scipy():
    mean, size = np.array([[0.3, 20.0]]), np.array([[1.5, 0.5]])
    assert_array_equal(count_quantiles(mean[..., None], LEVELS)[0], [stats.poisson.ppf(LEVELS, one) for one in mean[0]])
    found = count_quantiles(np.stack([mean, 1 / size], axis=2), LEVELS)
    # gamma-distributed means of this shape give negative binomial counts
    rng = np.random.default_rng(0)
    drawn = rng.poisson(rng.gamma(size, mean / size, (200_000, 2)))
    share = [[(drawn[:, k] <= found[0, k, j]).mean() for j in range(3)] for k in range(2)]
    below = [[(drawn[:, k] < found[0, k, j]).mean() for j in range(3)] for k in range(2)]
    assert (np.array(share) >= np.array(LEVELS) - 0.005).all()
    assert (np.array(below) < np.array(LEVELS) + 0.005).all()


def test_an_untrained_network_forecasts_the_mean_of_the_window():
    for loss in ("poisson", "negative_binomial"):
        untrained = forecaster(loss, max_iter=0).fit(FRAME)
        # a count of 1 is added to the 24 of the window
        assert_allclose(untrained.predict(), np.tile((FRAME[-24:].sum() + 1) / 25, (6, 1)), rtol=1e-6)


def test_training_lowers_the_loss_and_finds_the_spread():
    trained = forecaster(max_iter=200, random_state=1).fit(FRAME)
    poisson = forecaster("poisson", max_iter=200, random_state=1).fit(FRAME)
    history = trained.history_[0].loss
    assert history[-1] < history[0]
    widths = []
    for model in (trained, poisson):
        forecast = model.predict(level=80)["c"]
        widths.append((forecast["y_pred-hi-80"] - forecast["y_pred-lo-80"]).mean())
    # of mean 60 and size 2 the deviation is 43, of a Poisson distribution 8
    assert widths[0] > 2.5 * widths[1]


def test_what_does_not_go_with_counts_is_refused(fitted):
    model = clone(fitted)
    for wrong, message in (
        (FRAME - 1, "whole numbers from 0 up, got -1 in series 'a'"),
        (FRAME + 0.5, "got 0.5 in series 'a' at 2024-01-01"),
    ):
        with pytest.raises(ValueError, match=message):
            model.fit(wrong)
    for name, value in (("differences", 12), ("target_transform", "log"), ("intervals", "dropout")):
        with pytest.raises(ValueError, match=f"{name} must be .* with loss="):
            clone(model).set_params(**{name: value}).fit(FRAME)
    with pytest.raises(ValueError, match="quantiles and loss='quantile' go together"):
        clone(model).set_params(quantiles=LEVELS).fit(FRAME)
    newer = count_frame(252)[240:] - 100
    with pytest.raises(ValueError, match="needs counts, whole numbers from 0 up, got -"):
        fitted.predict(data=newer)
    with pytest.raises(ValueError, match="needs counts"):
        copy.deepcopy(fitted).partial_fit(newer)


def test_missing_counts_and_longer_horizons():
    frame = FRAME.astype(float)
    frame.iloc[50:60, 1] = np.nan
    model = forecaster(missing="mask", n_models=2, strategy="recursive").fit(frame)
    forecast = model.predict(9, quantiles=0.9)
    assert len(forecast) == 9
    assert np.isfinite(forecast).all(axis=None)


def test_settings_are_chosen_by_the_loss():
    model = forecaster(window="auto", max_iter=20, segment=12).fit(FRAME)
    assert "mase" not in model.search_results_
    assert np.isfinite(model.search_results_["loss"]).any()
    assert {member.kind for member in model.members_} == {"lstm"}
    assert {member.windowing.counts for member in model.members_} == {"negative_binomial"}


def test_copies_files_searches_and_learning_on(fitted, tmp_path):
    tsl.save(fitted, tmp_path / "model.tsl")
    loaded = tsl.load(tmp_path / "model.tsl")
    pd.testing.assert_frame_equal(loaded.predict(level=80), fitted.predict(level=80))
    newer = count_frame(252)[240:]
    loaded.partial_fit(newer)
    pd.testing.assert_frame_equal(loaded.predict(), copy.deepcopy(fitted).partial_fit(newer).predict())
    first = clone(fitted).fit(FRAME, checkpoint=tmp_path / "fit.tsl")
    pd.testing.assert_frame_equal(first.predict(), fitted.predict())
    search = GridSearchCV(clone(fitted), {"max_iter": [0, 20]}, cv=PanelTimeSeriesSplit(n_splits=1, horizon=6)).fit(
        FRAME
    )
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    backtest = fitted.backtest(n_windows=2, level=80)
    assert_array_equal(backtest["y_pred-hi-80"], np.round(backtest["y_pred-hi-80"]))


# --- bounds ---------------------------------------------------------------------------------------------------------


def test_forecasts_intervals_and_paths_stay_within_bounds():
    frame = make_frame()[["b"]] - 5  # from -1 to 1
    frame = frame.clip(-0.7, 0.7)
    free, bound = (LSTMForecaster(6, bounds=bounds, **SMALL).fit(frame) for bounds in (None, (-0.7, 0.7)))
    wide, narrow = free.predict(level=95), bound.predict(level=95)
    assert (wide.abs() > 0.7).any(axis=None)
    pd.testing.assert_frame_equal(narrow, wide.clip(-0.7, 0.7), atol=0.02)  # errors of bounded forecasts are smaller
    assert narrow.abs().max(axis=None) == 0.7
    assert bound.simulate(20, random_state=0).abs().max(axis=None) <= 0.7
    backtest = bound.backtest(n_windows=2, level=95)
    assert backtest[["y_pred", "y_pred-lo-95", "y_pred-hi-95"]].abs().max(axis=None) == 0.7
    with pytest.raises(ValueError, match="bounds must hold all values, got .* beyond -0.7 to 0.7"):
        clone(bound).fit(make_frame()[["b"]])


def test_bounds_as_they_are_given():
    assert Bounds.of(None) == Bounds.of((None, None)) == (-np.inf, np.inf)
    assert Bounds.of([0, None]) == (0, np.inf)
    assert Bounds.of((None, 3)) == (-np.inf, 3)
    assert_array_equal(Bounds(0, 2).clip(np.array([-1.0, 1.0, 3.0])), [0, 1, 2])
    for wrong in ((1, 1), (2, 1), (0,), (0, 1, 2), ("0", None), (True, 2), (np.nan, 1)):
        with pytest.raises(ValueError, match="bounds must be two ascending numbers, or None for an open end"):
            Bounds.of(wrong)
    with pytest.raises(ValueError, match="bounds"):
        LSTMForecaster(6, bounds=3, **SMALL).fit(FRAME)
