import concurrent.futures
import copy
import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from numpy.testing import assert_allclose, assert_array_equal
from regressor_problem import problem, small
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.metrics import d2_pinball_score, r2_score
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline

from tsl import LSTMRegressor
from tsl.windows import SlidingWindow, make_windows

X, Y = problem()


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


# --- inside ---------------------------------------------------------------------------------------------------


def test_gates_follow_the_equations_up_to_the_prediction():
    model = small(dtype="float64").fit(X, Y)
    (gates,) = model.gates(X)
    before = np.concatenate([np.zeros((30, 1, 4)), gates.cell[:, :-1]], axis=1)
    assert_allclose(gates.cell, gates.forget * before + gates.input * gates.candidate, atol=1e-14)
    assert_allclose(gates.hidden, gates.output * np.tanh(gates.cell), atol=1e-14)
    head = model.network_.named()
    scaled = gates.hidden[:, -1] @ head["head.w_out"] + head["head.b_out"]
    assert_allclose(model.target_scaling_.undo(scaled)[:, 0], model.predict(X), rtol=1e-12)


def test_gates_of_every_layer_and_direction():
    gates = small(hidden_size=(4, 3), bidirectional=True).fit(X, Y).gates(X[:5])
    places = [(entry.layer, entry.direction, entry.forget.shape) for entry in gates]
    assert places == [
        (0, "forward", (5, 6, 4)),
        (0, "reverse", (5, 6, 4)),
        (1, "forward", (5, 6, 3)),
        (1, "reverse", (5, 6, 3)),
    ]


def test_gates_are_zero_beyond_a_window():
    (gates,) = small().fit(X, Y).gates([X[0], X[1, :2]])
    assert (gates.forget[1, :2] > 0).all()
    assert not gates.forget[1, 2:].any()


def test_callbacks_are_called_and_may_stop():
    epochs = []

    def stop_after_two(epoch, history, network):
        epochs.append((epoch, len(history.loss)))
        return epoch == 2

    model = small(max_iter=10, callbacks=[stop_after_two]).fit(X, Y)
    assert epochs == [(1, 1), (2, 2)]
    assert (model.n_iter_, model.history_.stopped_by) == (2, "callback")


def test_progress_is_shown_when_asked_for(capfd):
    small().fit(X, Y)
    assert capfd.readouterr() == ("", "")
    small(verbose=2).fit(X, Y)
    out, err = capfd.readouterr()
    assert out == ""
    assert err.count("\n") == 3  # a line an epoch


class Recorder:
    """A callback as scikit-learn wants it."""

    def __init__(self, stop_after=None):
        self.begun, self.ended, self.scores, self.stop_after = [], [], [], stop_after

    def setup(self, estimator, context):
        self.begun.append("setup")

    def teardown(self, estimator, context):
        self.ended.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.begun.append(context.task_name)

    def on_fit_task_end(self, estimator, context, *, X=None, y=None, fitted_estimator=None):
        self.ended.append(context.task_name)
        self.scores.append(fitted_estimator.score(X, y))
        return self.ended.count("epoch") == self.stop_after


@pytest.mark.skipif(not hasattr(LSTMRegressor, "set_callbacks"), reason="scikit-learn before 1.9 has no callbacks")
def test_epochs_are_tasks_for_callbacks_of_scikit_learn():
    recorder = Recorder()
    model = small().set_callbacks(recorder).fit(X, Y)
    assert recorder.begun == ["setup", "fit", "epoch", "epoch", "epoch"]
    assert recorder.ended == ["epoch", "epoch", "epoch", "fit", "teardown"]
    assert len(set(recorder.scores[:3])) == 3  # each epoch's own model
    assert recorder.scores[-1] == model.score(X, Y)
    stopped = small(max_iter=10).set_callbacks(Recorder(stop_after=2)).fit(X, Y)
    assert stopped.n_iter_ == 2


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


# --- what is refused ------------------------------------------------------------------------------------------


def spoiled(value, place=(3, 2, 1)):
    windows = X.copy()
    windows[place] = value
    return windows


BAD_DATA = {
    "no windows": ((X[:0], Y[:0]), "Found array with 0 sample"),
    "empty list": (([], []), "X is empty"),
    "no steps": ((X[:, :0], Y), r"at least one step and channel, got \(30, 0, 2\)"),
    "one dimension": ((X[:, 0, 0], Y), "X: Expected 2D array, got 1D array"),
    "four dimensions": ((X[None], Y), r"X must have shape .* got \(1, 30, 6, 2\)"),
    "NaN": ((spoiled(np.nan), Y), "Input X contains NaN"),
    "infinity": ((spoiled([np.inf, -np.inf], (3, 2)), Y), "Input X contains infinity"),
    "NaN in a list": (([*X[:-1], spoiled(np.nan)[3, :4]], Y), "Input X contains NaN"),
    "complex": ((X + 1j, Y), "X: Complex data not supported"),
    "words": ((np.full((30, 2), "a", dtype=object), Y), "X must hold numbers, got text: convert or drop it"),
    "dates": ((np.zeros((30, 2), "M8[D]"), Y), r"X must hold numbers, got dtype datetime64\[D\]"),
    "different channels": (([*X[:-1], X[0, :, :1]], Y), r"got 2 in X\[0\] and 1 in X\[29\]"),
    "no steps in one": (([*X[:-1], X[0, :0]], Y), r"X\[29\] has no time steps"),
    "three dimensions in one": (([*X[:-1], X[:2]], Y), r"X\[29\] must have shape \(T, C\) or \(T,\), got \(2, 6, 2\)"),
    "numbers and lists": (([1.0, [2.0]], [1, 2]), "X: setting an array element with a sequence"),
    "y missing": ((X, None), "requires y to be passed, but the target y is None"),
    "y shorter": ((X, Y[:-1]), "got 30 windows in X and 29 rows in y"),
    "y a number": ((X, 3.0), "y must be an array, got 3.0"),
    "y with three dimensions": ((X, Y[:, None, None]), r"y must have shape \(n,\) or \(n, k\), got \(30, 1, 1\)"),
    "y NaN": ((X, np.full(30, np.nan)), "Input y contains NaN"),
    "y infinite": ((X, np.r_[Y[:-2], np.inf, -np.inf]), "Input y contains infinity"),
    "y complex": ((X, Y + 1j), "y: Complex data not supported"),
    "y words": ((X, np.full(30, "a", dtype=object)), "y must hold numbers, got text: convert it"),
    "weights of another length": ((X, Y, Y[:3]), r"sample_weight must have shape \(30,\), .* got \(3,\)"),
    "a weight below 0": ((X, Y, np.r_[np.ones(29), -2]), "sample_weight must not be negative, got -2"),
    "all weights 0": ((X, Y, np.zeros(30)), "sample_weight must not be zero for all"),
    "a weight NaN": ((X, Y, np.full(30, np.nan)), "Input sample_weight contains NaN"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_DATA)
def test_bad_data_are_refused(name):
    data, message = BAD_DATA[name]
    with pytest.raises(ValueError, match=message):
        small().fit(*data)


def test_sparse_data_are_refused():
    with pytest.raises(TypeError, match="Sparse data was passed for X"):
        small().fit(scipy.sparse.csr_array(X[:, :, 0]), Y)


BAD_PARAMETERS = [
    ({"hidden_size": 0}, "'hidden_size' parameter of LSTMRegressor must be an int in the range .* Got 0 instead"),
    ({"hidden_size": (4, 0)}, r"hidden_size must be an int of at least 1, or one such int a layer, got \(4, 0\)"),
    ({"hidden_size": ()}, r"hidden_size .* got \(\)"),
    ({"loss": "mse"}, "'loss' parameter .*'squared_error'.* Got 'mse'"),
    ({"quantiles": 1.0}, "'quantiles' parameter .* Got 1.0"),
    ({"loss": "quantile", "quantiles": [0.5, 0.1]}, r"quantiles must be .* rising .* got \[0.5, 0.1\]"),
    ({"loss": "quantile", "quantiles": ["a"]}, "quantiles: could not convert string to float: 'a'"),
    ({"huber_delta": 0.0}, "'huber_delta' parameter .* Got 0.0"),
    ({"dropout": 1.0}, "'dropout' parameter .* Got 1.0"),
    ({"solver": "lbfgs"}, "'solver' parameter .* Got 'lbfgs'"),
    ({"alpha": -1.0}, "'alpha' parameter .* Got -1.0"),
    ({"batch_size": 0}, "'batch_size' parameter .* Got 0"),
    ({"learning_rate": "adaptive"}, "'learning_rate' parameter .* Got 'adaptive'"),
    ({"learning_rate_init": np.nan}, "'learning_rate_init' parameter .* Got nan"),
    ({"max_iter": 2.5}, "'max_iter' parameter .* Got 2.5"),
    ({"validation_fraction": 1.0}, "'validation_fraction' parameter .* Got 1.0"),
    ({"scaling": "minmax"}, "'scaling' parameter .* Got 'minmax'"),
    ({"dtype": "float16"}, "'dtype' parameter .* Got 'float16'"),
    ({"n_threads": 0}, "'n_threads' parameter .* Got 0"),
    ({"n_channels": 5}, "X has 2 channels, but n_channels is 5"),
]


@pytest.mark.parametrize(("parameters", "message"), BAD_PARAMETERS, ids=str)
def test_bad_parameters_are_refused_in_fit(parameters, message):
    model = small(**parameters)
    with pytest.raises(ValueError, match=message):
        model.fit(X, Y)


def test_callbacks_that_cannot_be_called_are_refused():
    with pytest.raises(TypeError, match="callbacks has 3"):
        small(callbacks=[3]).fit(X, Y)


def test_channels_that_do_not_divide_the_columns_are_refused():
    with pytest.raises(ValueError, match="X has 6 features, which n_channels=4 does not divide"):
        small(n_channels=4).fit(X[:, :, 0], Y)


@pytest.mark.parametrize("method", ["predict", "gates"])
def test_unfitted_models_say_so(method):
    with pytest.raises(NotFittedError):
        getattr(small(), method)(X)


def test_other_channels_are_refused_in_predict():
    with pytest.raises(ValueError, match="X has 1 channels, but n_channels is 2"):
        small().fit(X, Y).predict(X[:, :, :1])


def test_validation_data_are_checked():
    with pytest.raises(ValueError, match="X_val and y_val go together, got X_val alone"):
        small().fit(X, Y, X_val=X)
    with pytest.raises(ValueError, match="in X_val and y_val: Input X contains NaN"):
        small().fit(X, Y, X_val=spoiled(np.nan), y_val=Y)
    with pytest.raises(ValueError, match="leaves nothing to train on, with n_samples=1"):
        small(early_stopping=True).fit(X[:1], Y[:1])


def test_going_on_with_another_form_is_refused():
    model = small(warm_start=True).fit(X, Y)
    with pytest.raises(ValueError, match="y has 2 columns, but 1 are expected"):
        model.fit(X, np.column_stack([Y, Y]))
    with pytest.raises(ValueError, match="X has 1 channels, but n_channels is 2"):
        model.partial_fit(X[:, :, :1], Y)
    with pytest.raises(ValueError, match="cannot go on training: .*hidden_sizes=.4,.*hidden_sizes=.5,"):
        model.set_params(hidden_size=5).fit(X, Y)
    with pytest.raises(ValueError, match="partial_fit cannot know when to stop"):
        small(early_stopping=True).partial_fit(X, Y)


@pytest.mark.parametrize("n", [1, 30])
def test_one_window_and_constant_data_give_the_constant(n):
    model = LSTMRegressor(random_state=0).fit(np.full((n, 4), 7.0), np.full(n, 3.0))
    assert_allclose(model.predict(np.full((1, 4), 7.0)), 3.0, atol=1e-3)
