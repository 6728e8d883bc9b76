"""Fitting estimators of windows: weights, validation, continued training, reproducibility."""

import concurrent.futures
import copy
import pickle

import joblib
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from regressor_problem import X, Y, problem, small

from tsl import LSTMRegressor

# --- weights --------------------------------------------------------------------------------------------------


def test_windows_of_weight_zero_are_as_good_as_absent():
    weights = np.where(np.arange(30) % 3, 1.0, 0.0)
    with_zeros, without = small().fit(X, Y, weights), small().fit(X[weights > 0], Y[weights > 0])
    assert_array_equal(with_zeros.predict(X), without.predict(X))


def test_a_weight_is_the_same_as_repetition_in_any_order():
    times = np.arange(30) % 4
    order = np.random.default_rng(0).permutation(np.repeat(np.arange(30), times))
    weighted, repeated = small().fit(X, Y, times), small().fit(X[order], Y[order])
    assert_array_equal(weighted.predict(X), repeated.predict(X))


def test_size_of_all_weights_makes_no_difference():
    weights = np.linspace(1, 2, 30)
    assert_array_equal(small().fit(X, Y, weights).predict(X), small().fit(X, Y, 2.0**-70 * weights).predict(X))


def test_weights_pull():
    windows, y = np.zeros((40, 3)), np.repeat([0.0, 1.0], 20)
    model = LSTMRegressor(hidden_size=1, alpha=0.0, random_state=0, scaling=None)
    found = model.fit(windows, y, np.repeat([1.0, 3.0], 20)).predict(windows[:1])
    assert found == pytest.approx(0.75, abs=0.01)


# --- going on -------------------------------------------------------------------------------------------------


def test_partial_fit_is_fit_in_parts():
    whole = small(max_iter=3, learning_rate="constant", dropout=0.2).fit(X, Y)
    parts = small(learning_rate="constant", dropout=0.2)
    for _ in range(3):
        parts.partial_fit(X, Y)
    assert_array_equal(parts.predict(X), whole.predict(X))
    assert parts.n_iter_ == 3


def test_partial_fit_keeps_the_rate_where_there_is_no_end_to_fall_to():
    cosine, constant = small(), small(learning_rate="constant")
    for _ in range(2):
        cosine.partial_fit(X, Y)
        constant.partial_fit(X, Y)
    assert_array_equal(cosine.predict(X), constant.predict(X))


def test_warm_start_goes_on():
    whole = small(max_iter=5, learning_rate="constant").fit(X, Y)
    parts = small(max_iter=2, learning_rate="constant", warm_start=True).fit(X, Y)
    parts.set_params(max_iter=3).fit(X, Y)
    assert_array_equal(parts.predict(X), whole.predict(X))
    assert parts.loss_curve_ == whole.loss_curve_


def test_fit_starts_anew_without_warm_start():
    model = small().fit(X, Y)
    once = model.predict(X)
    assert_array_equal(model.fit(X, Y).predict(X), once)


# --- validation -----------------------------------------------------------------------------------------------


def test_validation_data_are_the_last_windows_and_are_not_learned_from():
    spoiled, y = X.copy(), Y.copy()
    spoiled[27:], y[27:] = 1e3, -1e3  # the last tenth
    model = small(early_stopping=True, n_iter_no_change=None).fit(X, Y)
    other = small(early_stopping=True, n_iter_no_change=None).fit(spoiled, y)
    assert_array_equal(other.input_scaling_.mean, model.input_scaling_.mean)
    assert other.loss_curve_ == model.loss_curve_
    assert other.validation_scores_ != model.validation_scores_


def test_early_stopping_goes_back_to_the_best_weights():
    windows, y = problem(n=40)
    rng = np.random.default_rng(0)
    model = small(max_iter=200, early_stopping=True, alpha=0.0, hidden_size=32)
    model.fit(windows, rng.normal(size=40), X_val=windows, y_val=y)  # what is learned is wrong for validation
    best = int(np.argmax(model.validation_scores_))
    assert len(model.validation_scores_) == best + 1 + 10  # n_iter_no_change
    assert model.history_.stopped_by == "early_stopping"
    again = small(max_iter=200, early_stopping=True, alpha=0.0, hidden_size=32)

    def stop(epoch, history, network):
        return epoch == best + 1

    again.set_params(callbacks=[stop]).fit(windows, np.random.default_rng(0).normal(size=40), X_val=windows, y_val=y)
    assert_array_equal(model.predict(windows), again.predict(windows))


def test_validation_data_are_watched_without_early_stopping():
    model = small(max_iter=4).fit(X, Y, X_val=X, y_val=Y)
    assert len(model.validation_scores_) == 4
    error = np.mean((model.predict(X) - Y) ** 2) / model.target_scaling_.scale[0] ** 2
    assert model.validation_scores_[-1] == pytest.approx(-error, rel=1e-5)
    assert small().fit(X, Y).validation_scores_ is None


def test_best_loss_is_the_lowest():
    model = small(max_iter=5, learning_rate_init=0.5).fit(X, Y)
    assert model.best_loss_ == min(model.loss_curve_)
    assert (model.n_iter_, len(model.loss_curve_)) == (5, 5)


# --- the same result, anywhere --------------------------------------------------------------------------------


def test_same_seed_gives_the_same_model_for_any_number_of_threads():
    windows, y = problem(n=130, n_steps=40)  # large enough that several threads are used
    models = [
        LSTMRegressor(max_iter=2, dropout=0.2, n_threads=n_threads, random_state=3).fit(windows, y)
        for n_threads in (1, 2, 5)
    ]
    for model in models[1:]:
        assert_array_equal(model.network_.params, models[0].network_.params)
        assert_array_equal(model.predict(windows), models[0].predict(windows))


def test_fits_in_several_threads_at_once_are_those_of_one():
    seeds = range(4)
    expected = [small(random_state=seed).fit(X, Y).predict(X) for seed in seeds]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda seed: small(random_state=seed).fit(X, Y).predict(X), seeds))
    assert_array_equal(found, expected)


def test_workers_of_joblib_fit_the_same_model():
    def fit(seed):
        return small(random_state=seed).fit(X, Y).predict(X)

    found = joblib.Parallel(n_jobs=2, backend="loky")(joblib.delayed(fit)(seed) for seed in range(2))
    assert_array_equal(found, [fit(seed) for seed in range(2)])


def test_copies_predict_the_same_and_go_on_the_same():
    model = small(warm_start=True).fit(X, Y)
    for twin in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        assert_array_equal(twin.predict(X), model.predict(X))
        assert_array_equal(twin.fit(X, Y).predict(X), copy.deepcopy(model).fit(X, Y).predict(X))


def test_global_random_state_is_left_alone():
    state = np.random.get_state()[1].copy()  # noqa: NPY002 (that is the point)
    small(random_state=None, dropout=0.5).fit(X, Y)
    assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002
