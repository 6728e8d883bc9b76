"""Training that diverges ends with a warning and a usable model."""

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from regressor_problem import problem, small
from small_models import DAY, HOURS, assert_sound, classifier, forecaster, labels

from tsl import LSTMCharModel
from tsl.training import TrainingDivergedWarning

TEXT = "to be or not to be " * 20


@pytest.mark.parametrize("solver", ["sgd", "adam", "adamw", "rmsprop"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", [small, classifier])
def test_an_exploding_learning_rate_ends_with_a_warning_and_the_weights_before(kind, dtype, solver):
    X, y = problem()
    options = {"solver": solver, "learning_rate": "constant", "clip_norm": None, "dtype": dtype, "batch_size": 10}
    with pytest.warns(TrainingDivergedWarning, match="with the weights as they were after epoch 0"):
        model = kind(learning_rate_init=1e300, **options).fit(X, labels(y) if kind is classifier else y)
    assert model.history_.stopped_by == "divergence"
    assert_sound(model.network_)
    start = kind(learning_rate_init=1e-300, alpha=0, **options).fit(X, labels(y) if kind is classifier else y)
    assert_allclose(model.network_.params, start.network_.params, rtol=0, atol=1e-295)  # three steps of no length


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("rate", 10.0 ** np.arange(0, 39, 6))
def test_no_learning_rate_makes_weights_that_are_not_finite(rate, early_stopping):
    X, y = problem()
    options = {"learning_rate_init": rate, "clip_norm": None, "solver": "sgd", "batch_size": 10, "max_iter": 12}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", TrainingDivergedWarning)
        model = small(early_stopping=early_stopping, **options).fit(X, y)
    assert_sound(model.network_)
    assert np.isfinite(model.predict(X)).all()
    assert (model.history_.stopped_by == "divergence") == bool(caught)


def test_a_text_that_is_learned_too_fast():
    options = {"hidden_size": 8, "max_iter": 2, "random_state": 0}
    with pytest.warns(TrainingDivergedWarning):
        model = LSTMCharModel(learning_rate_init=1e30, clip_norm=None, **options).fit(TEXT)
    assert_sound(model.network_)
    assert len(model.generate(length=5, random_state=0)) == 5
    assert np.isfinite(model.bits_per_char("to be"))


def test_a_forecaster_that_learns_too_fast_stays_the_linear_map():
    series = pd.Series(DAY, HOURS)
    with pytest.warns(TrainingDivergedWarning):
        found = forecaster(learning_rate_init=1e30, clip_norm=None).fit(series).predict()
    assert_allclose(found, forecaster(max_iter=0).fit(series).predict(), rtol=1e-6)


def test_training_goes_on_after_a_divergence():
    X, y = problem()
    model = small(warm_start=True, learning_rate_init=1e300, clip_norm=None)
    with pytest.warns(TrainingDivergedWarning):
        model.fit(X, y)
    model.set_params(learning_rate_init=3e-2, max_iter=100).fit(X, y)
    assert model.history_.stopped_by == "max_iter"
    assert model.loss_curve_[-1] < 0.5  # of 1, the variance


def test_a_network_of_zeros_predicts_the_mean():
    X, y = problem()
    model = small().fit(X, y)
    with model.network_.editing() as params:
        params[:] = 0.0
    assert_allclose(model.predict(X), np.full(30, y.mean()), rtol=1e-12)
    uncertain = classifier().fit(X, labels(y))
    with uncertain.network_.editing() as params:
        params[:] = 0.0
    assert_array_equal(uncertain.predict_proba(X), np.full((30, 2), 0.5))
