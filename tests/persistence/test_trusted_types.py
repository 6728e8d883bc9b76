"""The types in fitted models, for packages that write their state, such as pickle and skops."""

import copy
import datetime
import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from persistence_kinds import KINDS, LOAD, SMALL, TABLE, X, Y
from sklearn.base import BaseEstimator

from tsl import LSTMRegressor
from tsl.baselines import Naive
from tsl.persistence import SKOPS_TRUSTED_TYPES, from_plain, to_plain

OWN = [
    *("regressor", "quantiles", "labels", "labels as objects", "columns of a frame", "text", "vocabulary"),
    *("windows of text", "windows", "windows of groups", "forecaster", "many series", "wide", "naive"),
    *("seasonal naive", "drift", "mean"),
]
PLAIN = (str, int, float, type(None), np.ndarray, np.random.RandomState)


def types_in(value):
    """The types of all that a state consists of, as skops walks through it."""
    if isinstance(value, (dict, list, tuple)):
        if type(value) not in (dict, list, tuple):
            yield type(value)
        for part in (*value, *value.values()) if isinstance(value, dict) else value:
            yield from types_in(part)
    elif isinstance(value, np.ndarray) and value.dtype == object:
        yield from types_in(value.tolist())
    elif isinstance(value, BaseEstimator) or type(value).__module__.startswith("tsl."):
        yield type(value)
        yield from types_in(value.__getstate__())
    else:
        yield type(value)


def test_the_published_types_are_those_of_fitted_models_and_the_rest_is_plain():
    found = {kind for name in OWN for kind in types_in(KINDS[name][0]())}
    own = {kind for kind in found if kind.__module__.startswith("tsl.")}
    assert sorted(f"{kind.__module__}.{kind.__qualname__}" for kind in own) == SKOPS_TRUSTED_TYPES
    assert [kind for kind in found - own if not issubclass(kind, PLAIN)] == []


def test_states_of_earlier_versions_are_taken():
    model = LSTMRegressor(**SMALL).fit(X, Y)
    network = model.network_
    again = copy.copy(network)
    again.__setstate__(network.__getstate__() | {"dtype": np.dtype("float32")})
    assert again.dtype == network.dtype
    assert_array_equal(again.params, network.params)
    baseline = Naive(3).fit(LOAD)
    other = Naive()
    other.__setstate__(dict(vars(baseline)))
    pd.testing.assert_frame_equal(other.predict(level=80), baseline.predict(level=80))


def test_a_forecaster_with_names_that_no_file_holds_can_be_pickled():
    days = [datetime.date(2024, 1, 1), datetime.date(2024, 1, 2)]
    frame = pd.DataFrame({"unique_id": np.repeat(days, 4), "ds": [0, 1, 2, 3] * 2, "y": np.arange(8.0)})
    model = Naive(2).fit(frame)
    with pytest.raises(TypeError, match="is a date, which is not a number"):
        to_plain(vars(model))
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(model)).predict(), model.predict())


def test_an_unfitted_forecaster_can_be_pickled():
    again = pickle.loads(pickle.dumps(Naive(5, season=7)))
    assert again.get_params() == Naive(5, season=7).get_params()
    assert vars(again).keys() == vars(Naive()).keys()


def test_a_damaged_state_is_refused():
    plain = to_plain({"a": TABLE["a"].to_numpy()})
    assert_array_equal(from_plain(plain)["a"], TABLE["a"])
    for damaged in ({}, {**plain, "tree": "{"}, {**plain, "arrays": {}}, {**plain, "tree": '{"$class": "Popen"}'}):
        with pytest.raises(ValueError, match="a model that is damaged, or from another version of tsl"):
            from_plain(damaged)
