"""Invalid data and parameters for estimators of windows."""

import numpy as np
import pytest
import scipy.sparse
from numpy.testing import assert_allclose
from regressor_problem import X, Y, small
from sklearn.exceptions import NotFittedError
from small_models import spoiled

from tsl import LSTMRegressor

BAD_DATA = {
    "no windows": ((X[:0], Y[:0]), "Found array with 0 sample"),
    "empty list": (([], []), "X is empty"),
    "no steps": ((X[:, :0], Y), r"at least one step and channel, got \(30, 0, 2\)"),
    "one dimension": ((X[:, 0, 0], Y), "X: Expected 2D array, got 1D array"),
    "four dimensions": ((X[None], Y), r"X must have shape .* got \(1, 30, 6, 2\)"),
    "NaN": ((spoiled(X, np.nan), Y), "Input X contains NaN"),
    "infinity": ((spoiled(X, [np.inf, -np.inf], (3, 2)), Y), "Input X contains infinity"),
    "NaN in a list": (([*X[:-1], spoiled(X, np.nan)[3, :4]], Y), "Input X contains NaN"),
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
    ({"hidden_size": (4, 0)}, r"hidden_size must be an int of at least 1, or one such int per layer, got \(4, 0\)"),
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
    with pytest.raises(ValueError, match="X_val and y_val must be given together, got only X_val"):
        small().fit(X, Y, X_val=X)
    with pytest.raises(ValueError, match="in X_val and y_val: Input X contains NaN"):
        small().fit(X, Y, X_val=spoiled(X, np.nan), y_val=Y)
    with pytest.raises(ValueError, match="leaves nothing to train on, with n_samples=1"):
        small(early_stopping=True).fit(X[:1], Y[:1])


def test_going_on_with_another_form_is_refused():
    model = small(warm_start=True).fit(X, Y)
    with pytest.raises(ValueError, match="y has 2 columns, but 1 are expected"):
        model.fit(X, np.column_stack([Y, Y]))
    with pytest.raises(ValueError, match="X has 1 channels, but n_channels is 2"):
        model.partial_fit(X[:, :, :1], Y)
    with pytest.raises(ValueError, match="cannot continue training: .*hidden_sizes=.4,.*hidden_sizes=.5,"):
        model.set_params(hidden_size=5).fit(X, Y)
    with pytest.raises(ValueError, match="partial_fit cannot know when to stop"):
        small(early_stopping=True).partial_fit(X, Y)


@pytest.mark.parametrize("n", [1, 30])
def test_one_window_and_constant_data_give_the_constant(n):
    model = LSTMRegressor(random_state=0).fit(np.full((n, 4), 7.0), np.full(n, 3.0))
    assert_allclose(model.predict(np.full((1, 4), 7.0)), 3.0, atol=1e-3)
