import copy
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_iris
from sklearn.exceptions import DataConversionWarning, NotFittedError
from sklearn.metrics import accuracy_score
from sklearn.model_selection import cross_val_score

from tsl import LSTMClassifier


def small(**parameters):
    return LSTMClassifier(**{"hidden_size": 4, "max_iter": 3, "random_state": 0, **parameters})


def problem(n=30, n_steps=6, n_channels=2, n_classes=3, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, n_steps, n_channels))
    return X, np.arange(n) % n_classes


X, Y = problem()


# --- defaults learn -------------------------------------------------------------------------------------------


def test_defaults_tell_flowers_apart():
    scores = cross_val_score(LSTMClassifier(random_state=0), *load_iris(return_X_y=True), cv=5)
    assert scores.mean() > 0.93  # as linear models do: 0.96 to 0.98


def test_defaults_tell_rhythms_apart_which_no_single_step_does():
    rng = np.random.default_rng(0)
    fast = rng.integers(2, size=400)
    phase = np.arange(32) * np.where(fast, 0.6, 0.5)[:, None] + rng.uniform(0, 6, size=(400, 1))
    windows = np.sin(phase) + 0.5 * rng.normal(size=(400, 32))
    model = LSTMClassifier(random_state=0).fit(windows[:250], fast[:250])
    assert model.score(windows[250:], fast[250:]) > 0.9  # logistic regression guesses: 0.42


# --- labels and probabilities ---------------------------------------------------------------------------------


@pytest.mark.parametrize("labels", [["a", "b", "c"], [-1.0, 0.0, 3.0], [10, 20, 30], [False, True, True]])
def test_labels_of_any_kind_come_back(labels):
    y = np.array(labels)[Y]
    model = small(max_iter=200, hidden_size=16).fit(X, y)
    assert_array_equal(model.classes_, np.unique(labels))
    assert model.predict(X).dtype == y.dtype
    assert model.score(X, y) > 0.9  # 30 windows by heart


def test_labels_of_objects_come_back():
    y = np.array(["no", "yes"], dtype=object)[Y % 2]
    assert set(small().fit(X, y).predict(X)) <= {"no", "yes"}


def test_probabilities_are_the_softmax_of_the_head():
    model = small(dtype="float64").fit(X, Y)
    probabilities = model.predict_proba(X)
    assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-14)
    assert_array_equal(model.classes_[probabilities.argmax(axis=1)], model.predict(X))
    (gates,) = model.gates(X)
    head = model.network_.named()
    logits = gates.hidden[:, -1] @ head["head.w_out"] + head["head.b_out"]
    assert_allclose(probabilities, np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), rtol=1e-12)
    assert_allclose(np.exp(model.predict_log_proba(X)), probabilities, rtol=1e-14)


def test_certain_predictions_stay_finite():
    model = small(max_iter=1).fit(X, Y)
    with model.network_.editing() as params:
        model.network_.named(params)["head.b_out"][:] = [0, 2000, -2000]
    assert np.isfinite(model.predict_log_proba(X)).all()
    assert_array_equal(model.predict_proba(X), np.tile([0.0, 1.0, 0.0], (30, 1)))


def test_loss_is_the_cross_entropy_in_nats():
    model = small(max_iter=1, learning_rate_init=1e-12, recurrent_dropout=0.0).fit(X, Y)
    log_probabilities = model.predict_log_proba(X)[np.arange(30), Y]  # of weights that are those of the start
    assert model.loss_curve_[0] == pytest.approx(-log_probabilities.mean(), rel=1e-5)


def test_a_prediction_does_not_depend_on_the_other_windows():
    windows, y = problem(n=100, n_classes=5)
    model = small(bidirectional=True).fit(windows, y)
    alone = [model.predict_proba(window[None])[0] for window in windows]
    assert_array_equal(alone, model.predict_proba(windows))


def test_single_class_is_always_predicted():
    assert_array_equal(small().fit(X, np.full(30, "only")).predict(X), np.full(30, "only"))


def test_sequences_of_different_lengths():
    ragged = [window[: 1 + i % 6] for i, window in enumerate(X)]
    model = small().fit(ragged, Y)
    assert_array_equal([model.predict([window])[0] for window in ragged], model.predict(ragged))


# --- weights and going on -------------------------------------------------------------------------------------


def test_class_without_weight_is_absent():
    model = small().fit(X, Y, np.where(Y == 1, 0.0, 1.0))
    assert_array_equal(model.classes_, [0, 2])
    assert_array_equal(model.predict_proba(X), small().fit(X[Y != 1], Y[Y != 1]).predict_proba(X))


def test_weights_pull():
    model = LSTMClassifier(hidden_size=1, alpha=0.0, random_state=0)
    model.fit(np.zeros((40, 3)), np.repeat([0, 1], 20), np.repeat([1.0, 3.0], 20))
    assert_allclose(model.predict_proba(np.zeros((1, 3))), [[0.25, 0.75]], atol=0.01)


def test_score_is_the_accuracy():
    model, weights = small().fit(X, Y), np.arange(30.0)
    assert model.score(X, Y, weights) == accuracy_score(Y, model.predict(X), sample_weight=weights)


def test_partial_fit_is_fit_in_parts_also_where_a_part_lacks_a_class():
    whole = small(learning_rate="constant").fit(X, Y)
    parts = small(learning_rate="constant")
    parts.partial_fit(X, Y, classes=[2, 1, 0])
    parts.partial_fit(X, Y).partial_fit(X, Y, classes=[0, 1, 2])
    assert_array_equal(parts.predict_proba(X), whole.predict_proba(X))
    assert_array_equal(parts.partial_fit(X[Y == 1], Y[Y == 1]).classes_, [0, 1, 2])


def test_warm_start_goes_on():
    whole = small(max_iter=5, learning_rate="constant").fit(X, Y)
    parts = small(max_iter=2, learning_rate="constant", warm_start=True).fit(X, Y)
    assert_array_equal(parts.set_params(max_iter=3).fit(X, Y).predict_proba(X), whole.predict_proba(X))


def test_early_stopping_validates_on_the_last_windows():
    model = small(early_stopping=True, max_iter=4).fit(X, Y)
    other = small(early_stopping=True, max_iter=4).fit(X, np.r_[Y[:27], [0, 0, 0]])
    assert other.loss_curve_ == model.loss_curve_
    assert other.validation_scores_ != model.validation_scores_
    assert len(model.validation_scores_) == 4


def test_copies_predict_the_same():
    model = small().fit(X, Y)
    for twin in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        assert_array_equal(twin.predict_proba(X), model.predict_proba(X))


# --- what is refused ------------------------------------------------------------------------------------------

BAD_TARGETS = {
    "numbers": (np.linspace(0, 1, 30), "Unknown label type: continuous"),
    "two columns": (np.column_stack([Y, Y]), r"y should be a 1d array, got an array of shape \(30, 2\)"),
    "NaN": (np.r_[np.ones(29), np.nan], "Input y contains NaN"),
    "infinity": (np.r_[np.ones(28), np.inf, -np.inf], "Input y contains infinity"),
    "missing": (None, "requires y to be passed, but the target y is None"),
    "shorter": (Y[:-1], "got 30 windows in X and 29 rows in y"),
    "mixed": (np.array([1, "a", 2] * 10, dtype=object), "Unknown label type: unknown"),
}


@pytest.mark.parametrize("name", BAD_TARGETS)
def test_bad_targets_are_refused(name):
    y, message = BAD_TARGETS[name]
    with pytest.raises(ValueError, match=message):
        small().fit(X, y)


def test_a_column_of_labels_is_taken_with_a_warning():
    with pytest.warns(DataConversionWarning, match="column-vector y"):
        model = small().fit(X, Y[:, None])
    assert model.predict(X).shape == (30,)


def test_classes_must_be_known_from_the_first_partial_fit():
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        small().partial_fit(X, Y)
    with pytest.raises(ValueError, match=r"not among the classes \[0 1\]: \[2\]"):
        small().partial_fit(X, Y, classes=[0, 1])
    model = small().partial_fit(X, Y, classes=[0, 1, 2])
    with pytest.raises(ValueError, match=r"those of the first call, \[0 1 2\], got \[0 1\]"):
        model.partial_fit(X, Y % 2, classes=[0, 1])
    with pytest.raises(ValueError, match=r"not among the classes \[0 1 2\]: \[3\]"):
        model.partial_fit(X, Y + 1)


def test_labels_of_validation_data_must_be_known():
    with pytest.raises(ValueError, match=r"in X_val and y_val: y has labels .*\[0 1 2\]: \[7\]"):
        small().fit(X, Y, X_val=X, y_val=np.full(30, 7))


def test_going_on_with_other_labels_is_refused():
    model = small(warm_start=True).fit(X, Y)
    with pytest.raises(ValueError, match="not among the classes"):
        model.fit(X, Y + 5)


@pytest.mark.parametrize("method", ["predict", "predict_proba", "predict_log_proba", "gates"])
def test_unfitted_models_say_so(method):
    with pytest.raises(NotFittedError):
        getattr(small(), method)(X)


def test_parameters_of_the_regressor_are_unknown():
    with pytest.raises(TypeError, match="unexpected keyword argument 'loss'"):
        LSTMClassifier(loss="log_loss")
