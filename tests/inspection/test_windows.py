"""Permutation importance of windows, compared with scikit-learn's and with how a target was made."""

import numpy as np
import pandas as pd
import pytest
import sklearn.inspection
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from tsl import LSTMClassifier, LSTMForecaster, LSTMRegressor
from tsl.inspection import permutation_importance
from tsl.windows import SlidingWindow

N, T, C = 120, 4, 3
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, T, C))
Y = X[:, -1, 1] + 0.5 * X[:, -2, 1]  # of the last two steps of channel 1 alone
SMALL = {"hidden_size": 6, "max_iter": 60, "learning_rate_init": 0.02, "random_state": 0}
MODEL = LSTMRegressor(**SMALL).fit(X, Y)
TABLE = LSTMRegressor(n_channels=C, **{**SMALL, "max_iter": 2}).fit(X.reshape(N, -1), Y)


class LastStep(RegressorMixin, BaseEstimator):
    """A linear regression on the last step of windows (n, T, C)."""

    def fit(self, X, y):
        self.model_ = LinearRegression().fit(X[:, -1], y)
        return self

    def predict(self, X):
        return self.model_.predict(X[:, -1])


def assert_equal(ours, theirs):
    for name in ("importances", "importances_mean", "importances_std"):
        assert_array_equal(ours[name].reshape(theirs[name].shape), theirs[name])


# --- beside scikit-learn ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("weight", [None, np.arange(N) % 3])
def test_windows_of_one_step_are_rows_of_a_table(weight):
    rows = X[:, -1]
    model = LSTMRegressor(n_channels=C, **{**SMALL, "max_iter": 2}).fit(rows, Y)
    options = {"n_repeats": 3, "random_state": 4, "sample_weight": weight}
    ours = permutation_importance(model, rows, Y, **options)
    assert_equal(ours, sklearn.inspection.permutation_importance(model, rows, Y, **options))
    assert ours.channels.tolist() == [0, 1, 2]


def test_windows_of_one_channel_are_rows_of_a_table():
    rows = np.ascontiguousarray(X[:, :, 1])
    model = LSTMRegressor(**{**SMALL, "max_iter": 2}).fit(rows, Y)
    ours = permutation_importance(model, rows, Y, by="step", random_state=np.random.RandomState(1))
    theirs = sklearn.inspection.permutation_importance(model, rows, Y, random_state=np.random.RandomState(1))
    assert_equal(ours, theirs)
    assert ours.steps.tolist() == [3, 2, 1, 0]


def test_single_channels_of_steps_are_the_columns_of_a_flat_table():
    flat = X.reshape(N, -1)
    ours = permutation_importance(TABLE, flat, Y, by=("step", "channel"), n_repeats=2, random_state=0)
    assert ours.importances.shape == (T, C, 2)
    assert_equal(ours, sklearn.inspection.permutation_importance(TABLE, flat, Y, n_repeats=2, random_state=0))


def test_several_scorers_give_a_result_each():
    scoring = ["r2", "neg_mean_absolute_error"]
    ours = permutation_importance(TABLE, X, Y, by=["step", "channel"], scoring=scoring, random_state=0)
    theirs = sklearn.inspection.permutation_importance(TABLE, X.reshape(N, -1), Y, scoring=scoring, random_state=0)
    assert list(ours) == scoring
    for name in scoring:
        assert_equal(ours[name], theirs[name])
        assert ours[name].channels.tolist() == [0, 1, 2]


# --- what it says -----------------------------------------------------------------------------------------------


def test_what_the_target_was_made_of_matters_and_noise_does_not():
    by_channel = permutation_importance(MODEL, X, Y, random_state=0).importances_mean
    assert by_channel[1] > 1.5  # the score falls from nearly 1 to -1
    assert np.abs(by_channel[[0, 2]]).max() < 0.05
    result = permutation_importance(MODEL, X, Y, by=("step", "channel"), random_state=0)
    assert_array_equal(np.argwhere(result.importances_mean > 0.1), [[2, 1], [3, 1]])
    assert result.steps[[2, 3]].tolist() == [1, 0]


def test_segments_count_from_the_end_of_the_window():
    result = permutation_importance(MODEL, X, Y, by="step", segment=3, random_state=0)
    assert result.steps.tolist() == [3, 0]
    assert_array_equal(result.importances_mean > 0.1, [False, True])
    whole = permutation_importance(MODEL, X, Y, by="step", segment=T, random_state=0)
    assert whole.importances_mean.shape == (1,)
    assert whole.importances_mean[0] > 1.5


def test_a_classifier_is_scored_by_its_accuracy():
    labels = np.where(Y > 0, "up", "down")
    model = LSTMClassifier(**SMALL).fit(X, labels)
    assert permutation_importance(model, X, labels, random_state=0).importances_mean.argmax() == 1


def test_nothing_that_was_given_is_changed_and_the_result_repeats():
    given, weights = X.copy(), MODEL.network_.params.copy()
    given.flags.writeable = False
    first, second = (permutation_importance(MODEL, given, Y, by="step", random_state=3) for _ in range(2))
    assert_array_equal(first.importances, second.importances)
    assert_array_equal(given, X)
    assert_array_equal(MODEL.network_.params, weights)


# --- forms of windows -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "form"),
    [
        ({"layout": "channel_time"}, lambda windows: windows.swapaxes(1, 2)),
        ({"time_order": "newest_first"}, lambda windows: windows[:, ::-1]),
        ({"layout": "channel_time", "time_order": "newest_first"}, lambda windows: windows[:, ::-1].swapaxes(1, 2)),
        ({}, list),
        ({"n_channels": C}, lambda windows: windows.reshape(N, -1)),
    ],
)
def test_every_form_gives_the_same(parameters, form):
    short = {**SMALL, "max_iter": 2}
    plain = permutation_importance(LSTMRegressor(**short).fit(X, Y), X, Y, by=("step", "channel"), random_state=0)
    model = LSTMRegressor(**short, **parameters).fit(form(X), Y)
    result = permutation_importance(model, form(X), Y, by=("step", "channel"), random_state=0)
    assert_array_equal(result.importances, plain.importances)


def test_names_of_lags_are_channels_and_what_has_no_lag_is_one():
    level = pd.Series(np.sin(np.arange(150) / 5) + 0.1 * RNG.normal(size=150))
    lags = pd.DataFrame({f"y_lag_{lag}": level.shift(lag) for lag in (1, 2, 3)})
    lags = lags.assign(holiday=level.index % 7 == 0)[3:]
    model = LSTMRegressor(**SMALL).fit(lags, level[3:])
    result = permutation_importance(model, lags, level[3:], random_state=0)
    assert result.channels.tolist() == ["y", "holiday"]
    assert result.importances_mean[0] > 0.5 > result.importances_mean[1]
    rows = lags.to_numpy(float)
    named = LSTMRegressor(layout=list(lags), **SMALL).fit(rows, level[3:])
    by_layout = permutation_importance(named, rows, level[3:], random_state=0)
    assert by_layout.channels.tolist() == ["y", "holiday"]
    assert_array_equal(by_layout.importances, result.importances)


def test_a_pipeline_permutes_the_windows_that_its_last_step_reads():
    rows = pd.DataFrame(RNG.normal(size=(N, 2)), columns=["noise", "wave"]).assign(shop=np.arange(N) % 2)
    target = rows.groupby("shop")["wave"].shift(1).fillna(0.0)  # of the row before, within a shop
    pipeline = make_pipeline(SlidingWindow(3, groups="shop"), LSTMRegressor(**SMALL)).fit(rows, target)
    result = permutation_importance(pipeline, rows, target, by=("step", "channel"), random_state=0)
    assert result.channels.tolist() == ["noise", "wave"]
    assert_array_equal(np.argwhere(result.importances_mean > 0.1), [[1, 1]])
    scaler = StandardScaler().set_output(transform="pandas")
    nested = make_pipeline(scaler, pipeline.set_params(slidingwindow__groups=2))
    nested.fit(rows, target)
    assert permutation_importance(nested, rows, target).channels.tolist() == ["noise", "wave"]


def test_other_estimators_of_windows_are_taken():
    result = permutation_importance(LastStep().fit(X, Y), X, Y, by=("step", "channel"), random_state=0)
    assert (result.importances_mean[:-1] == 0).all()
    assert result.importances_mean[-1].argmax() == 1
    doubled = make_pipeline(FunctionTransformer(lambda windows: 2 * windows), LastStep()).fit(X, Y)
    assert_allclose(permutation_importance(doubled, X, Y, random_state=0).importances_mean, result.importances_mean[-1])


# --- refused ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"by": "lag"}, ValueError, r"by must be 'channel', 'step' or \('step', 'channel'\), got 'lag'"),
        ({"by": ("channel", "step")}, ValueError, r"by must be .*, got \('channel', 'step'\)"),
        ({"by": None}, ValueError, "by must be .*, got None"),
        ({"by": "step", "segment": 5}, ValueError, "segment must be at most 4, the steps of a window, got 5"),
        ({"by": "step", "segment": 0}, ValueError, "segment must be at least 1, got 0"),
        ({"segment": 2}, ValueError, "segment must be left out if by='channel', got 2"),
        ({"n_repeats": 0}, ValueError, "n_repeats must be at least 1, got 0"),
        ({"n_repeats": 1.5}, TypeError, "n_repeats must be an integer of at least 1, got 1.5"),
    ],
)
def test_bad_options_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        permutation_importance(MODEL, X, Y, **options)


def test_windows_between_which_nothing_can_be_permuted_are_refused():
    with pytest.raises(ValueError, match="X must have windows of equal length, .*, got 3 to 4 steps"):
        permutation_importance(MODEL, [*X[:-1], X[-1, 1:]], Y)
    with pytest.raises(ValueError, match="X must have at least 2 windows, which are permuted, got 1"):
        permutation_importance(MODEL, X[:1], Y[:1])


def test_estimators_that_take_no_windows_are_refused():
    with pytest.raises(ValueError, match=r"X must have shape \(n, T, C\) for LinearRegression, .* got \(120, 3\)"):
        permutation_importance(LinearRegression().fit(X[:, 0], Y), X[:, 0], Y)
    with pytest.raises(TypeError, match="got LSTMForecaster: covariate_importance is for forecasters"):
        permutation_importance(LSTMForecaster(), X, Y)
