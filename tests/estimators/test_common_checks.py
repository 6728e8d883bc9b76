"""scikit-learn's own test suite on every public estimator, and the same requirements for tables that are no arrays.

`SlidingWindow` is in ``windows/test_sliding.py``: it passes all checks but two, with the reasons given there.
"""

import copy
import inspect
import pickle
from unittest import SkipTest

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks
from sklearn.utils.validation import check_is_fitted

from tsl import LSTMCharModel, LSTMClassifier, LSTMForecaster, LSTMRegressor
from tsl.baselines import Drift, Naive, SeasonalNaive, WindowAverage
from tsl.text import CharVocabulary, CharWindow


# In float64 a small network, for the sake of time: it still has to learn what the suite asks of every estimator.
@parametrize_with_checks(
    [
        LSTMRegressor(),
        LSTMClassifier(),
        *(kind(dtype="float64", hidden_size=16, max_iter=100) for kind in (LSTMRegressor, LSTMClassifier)),
    ]
)
def test_every_check_passes(estimator, check):
    check(estimator)


FRAME = pd.DataFrame({"a": np.arange(40.0) % 4, "b": np.arange(40.0) % 5}, pd.date_range("2024-01-01", periods=40))
TEXT = "to be or not to be, that is the question: " * 4
SMALL = {"hidden_size": 4, "max_iter": 2, "random_state": 0}
SMALL_FORECASTER = {"window": 8, "season": 4, "segment": 4, "embedding_size": None, "differences": None, **SMALL}
SMALL_FORECASTER |= {"target_transform": None}


def forecast(model):
    return model.predict(level=80).to_numpy()


# An estimator, what it is fitted to, and what it gives.
OTHERS = {
    "LSTMForecaster": (LSTMForecaster(2, scaling="window", **SMALL_FORECASTER), FRAME, forecast),
    "Naive": (Naive(2), FRAME, forecast),
    "SeasonalNaive": (SeasonalNaive(2), FRAME, forecast),
    "Drift": (Drift(2), FRAME, forecast),
    "WindowAverage": (WindowAverage(2), FRAME, forecast),
    "LSTMCharModel": (LSTMCharModel(**SMALL), TEXT, lambda model: model.predict_proba(["to be", "quest"])),
    "CharVocabulary": (CharVocabulary(), TEXT, lambda model: model.encode("to be")),
    "CharWindow": (CharWindow(4), TEXT, lambda model: model.transform("not to be")),
}

ARRAYS = "it fits the estimator to an array, which says neither what is a series nor when"
# Why the checks of scikit-learn that the forecasters cannot pass are left out, and which test here stands for each.
# Those of characters leave out the same ones: their data are texts.
LEFT_OUT = {
    "check_fit_score_takes_y": "what is to be forecast is in the data: `fit` takes no y",
    "check_pipeline_consistency": "nothing that gives an array can stand before it in a pipeline",
    "check_estimators_overwrite_params": f"{ARRAYS}: test_fit_leaves_parameters_and_data_alone",
    "check_dont_overwrite_parameters": f"{ARRAYS}: test_fit_adds_no_parameter",
    "check_estimators_fit_returns_self": f"{ARRAYS}: test_fit_returns_the_estimator",
    "check_readonly_memmap_input": f"{ARRAYS}: test_inputs.py",
    "check_n_features_in_after_fitting": "columns are known by name, not by number: test_forecasting_frames.py",
    "check_n_features_in": "columns are known by name, not by number: test_forecasting_frames.py",
    "check_positive_only_tag_during_fit": f"{ARRAYS}: test_numbers_gone_wrong.py",
    "check_estimators_dtypes": f"{ARRAYS}: test_inputs.py",
    "check_sample_weights_pandas_series": f"{ARRAYS}: test_forecasting_covariates.py",
    "check_sample_weights_not_an_array": f"{ARRAYS}: test_forecasting_covariates.py",
    "check_sample_weights_list": f"{ARRAYS}: test_forecasting_covariates.py",
    "check_all_zero_sample_weights_error": f"{ARRAYS}: test_numbers_gone_wrong.py",
    "check_sample_weights_shape": f"{ARRAYS}: test_forecasting_covariates.py",
    "check_sample_weights_not_overwritten": f"{ARRAYS}: test_fit_leaves_parameters_and_data_alone",
    "check_sample_weight_equivalence": "a row that comes twice is two rows of one time",
    "check_sample_weight_equivalence_on_dense_data": "a row that comes twice is two rows of one time",
    "check_sample_weight_equivalence_on_sparse_data": "a row that comes twice is two rows of one time",
    "check_complex_data": f"{ARRAYS}: test_inputs.py",
    "check_dtype_object": f"{ARRAYS}: test_inputs.py",
    "check_estimators_empty_data_messages": f"{ARRAYS}: test_no_data_is_refused",
    "check_estimators_nan_inf": f"{ARRAYS}: test_numbers_gone_wrong.py",
    "check_estimator_sparse_tag": "a sparse matrix is no frame",
    "check_estimator_sparse_array": "a sparse matrix is no frame",
    "check_estimator_sparse_matrix": "a sparse matrix is no frame",
    "check_estimators_pickle": f"{ARRAYS}: test_copies_give_the_same",
    "check_array_api_input": ARRAYS,
    "check_f_contiguous_array_estimator": f"{ARRAYS}: test_inputs.py",
    "check_methods_sample_order_invariance": "a forecast depends on the order of the rows",
    "check_methods_subset_invariance": "a forecast depends on the rows before it",
    "check_fit2d_1sample": f"{ARRAYS}: test_forecasting_times.py",
    "check_fit2d_1feature": f"{ARRAYS}: test_inputs.py",
    "check_fit1d": f"{ARRAYS}: test_inputs.py",
    "check_fit2d_predict1d": "`predict` takes a number of steps, not rows",
    "check_dict_unchanged": f"{ARRAYS}: test_what_it_gives_leaves_it_as_it_was",
    "check_fit_idempotent": f"{ARRAYS}: test_fitting_again_gives_the_same",
    "check_fit_check_is_fitted": f"{ARRAYS}: test_nothing_works_before_fit",
}
# By a forecaster without an attribute `transform`, which would be taken for a method.
ALL_CHECKS = [check for _, check in estimator_checks_generator(Naive(), mark=None)]
CHECKS = [check for check in ALL_CHECKS if check.func.__name__ not in LEFT_OUT]


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.func.__name__)
def test_checks_that_need_no_data(check, name):
    check.func(name, clone(OTHERS[name][0]), **check.keywords)


@pytest.mark.parametrize("check", [check for check in ALL_CHECKS if check not in CHECKS], ids=lambda c: c.func.__name__)
def test_nothing_is_left_out_that_could_pass(check):
    with pytest.raises((TypeError, AssertionError, SkipTest)):
        check(Naive())


def new(name):
    model, data, give = OTHERS[name]
    return clone(model), copy.deepcopy(data), give


def same(found, wanted):
    assert_array_equal(np.asarray(found), np.asarray(wanted))


@pytest.mark.parametrize("name", OTHERS)
def test_fit_returns_the_estimator(name):
    model, data, _ = new(name)
    assert model.fit(data) is model


@pytest.mark.parametrize("name", OTHERS)
def test_fit_leaves_parameters_and_data_alone(name):
    model, data, _ = new(name)
    before = model.get_params()
    model.fit(data)
    after = model.get_params()
    assert all(after[parameter] is value for parameter, value in before.items())
    assert data.equals(FRAME) if isinstance(data, pd.DataFrame) else data == TEXT


@pytest.mark.parametrize("name", OTHERS)
def test_fit_adds_no_parameter(name):
    model, data, _ = new(name)
    before = set(vars(model))
    model.fit(data)
    assert all(added.startswith("_") or added.endswith("_") for added in set(vars(model)) - before)
    assert before == set(inspect.signature(type(model).__init__).parameters) - {"self"}


@pytest.mark.parametrize("name", OTHERS)
def test_nothing_works_before_fit(name):
    model, data, give = new(name)
    for call in (lambda: give(model), lambda: check_is_fitted(model)):
        with pytest.raises(NotFittedError):
            call()
    check_is_fitted(model.fit(data))


@pytest.mark.parametrize("name", OTHERS)
def test_fitting_again_gives_the_same(name):
    model, data, give = new(name)
    wanted = give(model.fit(data))
    same(give(model.fit(data)), wanted)
    same(give(clone(model).fit(data)), wanted)


@pytest.mark.parametrize("name", OTHERS)
def test_what_it_gives_leaves_it_as_it_was(name):
    model, data, give = new(name)
    wanted = give(model.fit(data))  # a forecaster calibrates its intervals when they are first asked for
    before = pickle.dumps(model)
    same(give(model), wanted)
    assert pickle.dumps(model) == before


@pytest.mark.parametrize("name", OTHERS)
def test_copies_give_the_same(name):
    model, data, give = new(name)
    model.fit(data)
    copies = [pickle.loads(pickle.dumps(model)), copy.deepcopy(model), copy.copy(model)]
    for other in copies:
        same(give(other), give(model))


@pytest.mark.parametrize("name", OTHERS)
def test_no_data_is_refused(name):
    model, data, _ = new(name)
    with pytest.raises(ValueError, match="must have"):
        model.fit(data[:0])
