"""Parameters: constructors store them, and scikit-learn checks each one."""

import inspect

import numpy as np
import pytest

from tsl import LSTMCharModel, LSTMClassifier, LSTMRegressor
from tsl._estimator.parameters import layer_sizes

ESTIMATORS = [LSTMRegressor, LSTMClassifier, LSTMCharModel]


@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_each_parameter_is_declared_and_checked(Estimator):
    parameters = set(Estimator().get_params())
    assert set(Estimator._parameter_constraints) == parameters
    declared = set().union(*(inspect.get_annotations(kind) for kind in Estimator.__mro__))
    assert parameters <= declared


@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_the_constructor_keeps_parameters_as_they_are_and_nothing_else(Estimator):
    given = {name: object() for name in Estimator().get_params()}
    assert vars(Estimator(**given)) == given


def test_estimators_of_windows_share_parameters_and_defaults():
    regressor, classifier = (inspect.signature(kind).parameters for kind in (LSTMRegressor, LSTMClassifier))
    shared = (regressor.keys() & classifier.keys()) - {"recurrent_dropout"}  # the classifier's default is 0.2
    assert [regressor[name] for name in shared] == [classifier[name] for name in shared]
    assert regressor.keys() ^ classifier.keys() == {"loss", "quantiles", "huber_delta", "segment"}


@pytest.mark.parametrize(
    ("hidden_size", "sizes"), [(8, (8,)), (np.int64(8), (8,)), ((8, 4), (8, 4)), ([8, np.int32(4)], (8, 4))]
)
def test_one_size_for_each_layer(hidden_size, sizes):
    assert layer_sizes(hidden_size) == sizes


@pytest.mark.parametrize("hidden_size", [0, 2.5, (), (8, 0), (8, "4"), "auto", None])
def test_sizes_that_are_none(hidden_size):
    with pytest.raises(ValueError, match="hidden_size must be an int of at least 1, or one such int per layer, got"):
        layer_sizes(hidden_size)
