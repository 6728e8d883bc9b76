"""`LSTMRegressor`: what it learns by default, its outputs, quantiles and scores."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from regressor_problem import X, Y, problem, small
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge
from sklearn.metrics import d2_pinball_score, r2_score
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline

from tsl import LSTMRegressor
from tsl.windows import SlidingWindow, make_windows

# --- defaults learn -------------------------------------------------------------------------------------------


def autoregression(n=600):
    """An AR(2) process of unit noise, of which 0.69 of the variance can be known from the two values before."""
    rng = np.random.default_rng(0)
    series = np.zeros(n)
    for t in range(2, n):
        series[t] = 1.2 * series[t - 1] - 0.5 * series[t - 2] + rng.normal()
    return series


def test_defaults_find_an_autoregression():
    windows, targets = make_windows(autoregression(), window=12)
    train, test = slice(440), slice(440, None)
    score = LSTMRegressor(random_state=0).fit(windows[train], targets[train]).score(windows[test], targets[test])
    linear = Ridge().fit(windows[train, :, 0], targets[train]).score(windows[test, :, 0], targets[test])
    assert score > linear - 0.1  # which is the true model: 0.68 here, the LSTM 0.64 on average over seeds


def test_defaults_continue_a_wave_under_noise():
    rng = np.random.default_rng(0)
    windows, targets = make_windows(np.sin(np.arange(400) / 4) + 0.1 * rng.normal(size=400), window=20)
    model = LSTMRegressor(random_state=0).fit(windows[:285], targets[:285])
    assert model.score(windows[285:], targets[285:]) > 0.97  # 0.98 is left by noise of variance 0.01 on 0.5


def test_defaults_do_not_fit_the_noise_of_a_small_table():
    table, progression = load_diabetes(return_X_y=True)
    model = LSTMRegressor(random_state=0).fit(table[:309], progression[:309])
    assert model.score(table[309:], progression[309:]) > 0.3  # Ridge gets 0.44; without a penalty it falls to 0


def test_chrono_biases_remember_the_beginning_of_a_long_window():
    windows = np.random.default_rng(0).normal(size=(700, 60))
    scores = {}
    for forget_bias in (1.0, "chrono"):
        model = LSTMRegressor(hidden_size=32, forget_bias=forget_bias, alpha=0.0, max_iter=30, random_state=0)
        model.fit(windows[:500], windows[:500, 0])
        scores[forget_bias] = model.score(windows[500:], windows[500:, 0])
    assert scores["chrono"] > scores[1.0] + 0.2  # 0.53 to 0.66 against -0.06 to 0.22 with three seeds


def test_auto_is_what_the_documentation_says():
    windows, y = problem(n=65)
    model = small(max_iter="auto").fit(windows, y)
    assert (model.n_iter_, set(model.history_.n_steps)) == (150, {2})  # 300 steps, two batches of 33 and 32
    same = small(max_iter=150, batch_size=33, alpha=0.005).fit(windows, y)
    assert_array_equal(model.predict(windows), same.predict(windows))
    windows, y = problem(n=6401, n_steps=1)
    model = small(max_iter="auto").fit(windows, y)
    assert (model.n_iter_, set(model.history_.n_steps)) == (3, {101})
    same = small(max_iter=3, batch_size=64, alpha=5 / 6401).fit(windows, y)
    assert_array_equal(model.predict(windows), same.predict(windows))


# --- outputs --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_columns", [None, 1, 3])
def test_predictions_have_the_shape_of_y(n_columns):
    y = Y if n_columns is None else np.tile(Y[:, None], n_columns)
    model = small().fit(X, y)
    assert model.predict(X).shape == y.shape
    assert model.n_outputs_ == (n_columns or 1)


def test_columns_are_learned_in_their_own_units():
    y = np.column_stack([Y, 1e6 * Y + 1e9])
    predicted = small(dtype="float64").fit(X, y).predict(X)
    spread = predicted.std(axis=0)
    assert 1e5 < spread[1] / spread[0] < 1e7


@pytest.mark.parametrize(
    ("quantiles", "y", "shape"),
    [
        (0.3, Y, (30,)),
        ([0.3], Y, (30,)),
        ([0.1, 0.5, 0.9], Y, (30, 3)),
        ([0.1, 0.9], np.column_stack([Y, Y, Y]), (30, 3, 2)),
    ],
)
def test_quantiles_are_on_the_last_axis_in_rising_order(quantiles, y, shape):
    model = small(loss="quantile", quantiles=quantiles).fit(X, y)
    predicted = model.predict(X)
    assert predicted.shape == shape
    if len(shape) > y.ndim:
        assert (np.diff(predicted, axis=-1) >= 0).all()


def test_quantiles_cover_what_they_say():
    rng = np.random.default_rng(0)
    windows = rng.normal(size=(1000, 4))
    y = 100 + 10 * windows[:, -1] + rng.exponential(20, size=1000)
    model = LSTMRegressor(hidden_size=16, loss="quantile", quantiles=[0.1, 0.5, 0.9], random_state=0)
    predicted = model.fit(windows, y).predict(windows)
    below = (y[:, None] <= predicted).mean(axis=0)
    # Three standard deviations of a share of 1000 are 0.03 to 0.05.
    assert_allclose(below, [0.1, 0.5, 0.9], atol=0.05)


def huber(error, delta=0.5):
    return np.where(abs(error) <= delta, 0.5 * error**2, delta * (abs(error) - 0.5 * delta))


@pytest.mark.parametrize(
    ("loss", "cost"),
    [("squared_error", np.square), ("absolute_error", np.abs), ("huber", huber), ("quantile", np.abs)],
)
def test_each_loss_finds_its_centre(loss, cost):
    y = np.random.default_rng(0).exponential(size=65)
    centres = np.linspace(0, 2, 2001)
    best = centres[np.argmin([cost((y - centre) / y.std()).mean() for centre in centres])]
    model = LSTMRegressor(loss=loss, hidden_size=1, max_iter=1000, huber_delta=0.5, alpha=0.0, random_state=0)
    found = model.fit(np.zeros((65, 2)), 50 + 10 * y).predict(np.zeros((1, 2)))
    assert found == pytest.approx(50 + 10 * best, abs=0.1)  # mean and median are 3 apart


def test_score_is_r2_and_for_quantiles_the_like():
    y, weights = np.column_stack([Y, -Y]), np.arange(30.0)
    model = small().fit(X, y)
    assert model.score(X, y, weights) == pytest.approx(r2_score(y, model.predict(X), sample_weight=weights))
    model = small(loss="quantile", quantiles=[0.2, 0.7]).fit(X, y)
    predicted = model.predict(X)
    expected = [d2_pinball_score(y, predicted[..., q], alpha=level) for q, level in enumerate([0.2, 0.7])]
    assert model.score(X, y) == pytest.approx(np.mean(expected))


def test_a_prediction_does_not_depend_on_the_other_windows():
    windows, y = problem(n=200)
    model = small(hidden_size=(5, 3), bidirectional=True).fit(windows, np.column_stack([y, y]))
    together = model.predict(windows)
    assert_array_equal(np.concatenate([model.predict(window[None]) for window in windows]), together)
    assert_array_equal(model.predict(windows[::-1]), together[::-1])


# --- in pipelines ---------------------------------------------------------------------------------------------


def test_pipeline_grid_search_and_splits_of_time():
    series = pd.Series(autoregression(150))
    frame, target = series.to_frame("level"), series.shift(-1).to_numpy()
    pipeline = make_pipeline(SlidingWindow(), small(max_iter=2))
    search = GridSearchCV(pipeline, {"slidingwindow__window": [2, 8]}, cv=TimeSeriesSplit(3))
    search.fit(frame[:-1], target[:-1])
    assert search.predict(frame).shape == (150,)
    scores = cross_val_score(search.best_estimator_, frame[:-1], target[:-1], cv=TimeSeriesSplit(3))
    assert np.isfinite(scores).all()


def test_parameters_are_kept_as_given():
    parameters = LSTMRegressor(hidden_size=(3, 2), callbacks=None).get_params()
    assert parameters["hidden_size"] == (3, 2)
    assert clone(LSTMRegressor(**parameters)).get_params() == parameters
