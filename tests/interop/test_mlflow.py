"""What an MLflow model returns; `tests/clients/test_files.py` tests what MLflow itself does with it."""

import sys

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from pandas.testing import assert_frame_equal
from persistence_kinds import KINDS, LOAD, TABLE, X, future_of

from tsl.interop import mlflow_model
from tsl.interop._mlflow import _python_model_class, answer, model_of_file


@pytest.fixture(scope="module")
def many():
    """A forecaster with covariates known ahead, newer rows, and those ahead of them."""
    model = KINDS["many series"][0]()
    ahead = future_of(model)
    known = ahead.groupby("unique_id").head(1).assign(y=1.5, promo=0.0, store="x")
    return model, known, ahead[~ahead.index.isin(known.index)]


def test_the_package_that_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow.pyfunc", None)
    _python_model_class.cache_clear()
    with pytest.raises(ImportError, match="mlflow_model needs mlflow: pip install mlflow"):
        mlflow_model(None)


def test_logged_models_find_what_builds_them():
    name = "tsl.interop._mlflow", "model_of_file"  # as it stands in the pickles that MLflow has written
    assert (model_of_file.__module__, model_of_file.__qualname__) == name


def test_estimators_predict():
    for name, data in [("regressor", X), ("labels", X), ("pipeline", TABLE)]:
        model = KINDS[name][0]()
        assert_array_equal(answer(model, data, {}), model.predict(data))
    with pytest.raises(ValueError, match="params of Pipeline must be empty, got 'level'"):
        answer(model, TABLE, {"level": 80})


def test_a_forecaster_goes_on_from_the_rows_of_a_request():
    model = KINDS["naive"][0]()
    assert_frame_equal(answer(model, None, {"level": 80.0}), model.predict(level=80))
    later = pd.Series(11.0, LOAD.index[-1] + pd.to_timedelta([1, 2], "h"), name="load")
    params = {"horizon": 2, "level": np.array([80.0, 90.0]), "quantiles": None}
    assert_frame_equal(answer(model, later, params), model.predict(2, data=later, level=[80, 90]))
    with pytest.raises(ValueError, match="params of Naive must be among horizon, level, quantiles, got 'future'"):
        answer(model, later, {"future": 1})


def test_rows_behind_the_last_reading_are_known_ahead(many):
    model, known, ahead = many
    future = future_of(model)
    assert_frame_equal(answer(model, future.assign(y=np.nan)), model.predict(future=future))  # and nothing newer
    rows = pd.concat([known, ahead.assign(y=np.nan, promo=np.nan, store="x")])
    expected = model.predict(2, data=known, future=ahead)
    assert_frame_equal(answer(model, rows, {"horizon": 2}), expected)
    assert_frame_equal(answer(model, rows.sort_values("ds", kind="stable"), {"horizon": 2}), expected)
    with pytest.raises(ValueError, match="future"):
        answer(model, known, {"horizon": 2})


def test_a_text_model_writes_after_each_prompt():
    model = KINDS["text"][0]()
    expected = [model.generate(prompt, length=9, random_state=0) for prompt in ("When ", "shall ")]
    params = {"length": 9, "random_state": 0}
    assert answer(model, ["When ", "shall "], params) == expected
    assert answer(model, pd.DataFrame({"prompt": ["When ", "shall "]}), params) == expected
    assert answer(model, "When ", params) == expected[:1]
    with pytest.raises(ValueError, match="a frame of prompts must have one column, got 2"):
        answer(model, pd.DataFrame({"a": ["x"], "b": ["y"]}))
    with pytest.raises(ValueError, match=r"must be among length, label, .*, got 'n_samples'"):
        answer(model, ["When "], {"n_samples": 2})
