"""Pipelines of scikit-learn, converted by skl2onnx with our converters and run by ONNX Runtime."""

import sys

import numpy as np
import onnxruntime
import pandas as pd
import pytest
import skl2onnx
from numpy.testing import assert_allclose, assert_array_equal
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures, StandardScaler

from tsl import LSTMClassifier, LSTMRegressor
from tsl.interop import register_skl2onnx
from tsl.windows import SlidingWindow

X = np.random.default_rng(0).normal(3.0, 2.0, (50, 4))
Y = X[:, 0] - X[:, 1]
SMALL = {"hidden_size": 4, "max_iter": 2, "random_state": 0}


@pytest.fixture(autouse=True, scope="module")
def registered():
    register_skl2onnx()
    register_skl2onnx()  # a second call changes nothing


def run(model, **inputs):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, inputs)


def assert_close(found, expected):
    assert found.shape == expected.shape
    assert_allclose(found, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("target_opset", [17, None])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_pipeline_predicts_the_same_in_both_precisions(dtype, target_opset):
    table = X.astype(dtype)
    model = make_pipeline(PCA(3), SlidingWindow(5), LSTMRegressor(**SMALL)).fit(table, Y)
    [found] = run(skl2onnx.to_onnx(model, table[:1], target_opset=target_opset), X=table)
    assert found.dtype == dtype
    assert_close(found, model.predict(table)[:, None])


def test_columns_of_several_types_and_missing_values_come_before_windows():
    table = pd.DataFrame(X[:, :2], columns=["a", "b"]).assign(kind=np.where(X[:, 0] > 3, "u", "v"))
    table.loc[::7, "a"] = np.nan
    columns = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler(), PolynomialFeatures(2)), ["a", "b"]),
            ("kind", OneHotEncoder(sparse_output=False), ["kind"]),
        ]
    )
    model = make_pipeline(columns, SlidingWindow(3, stride=2, pad=0.0), LSTMRegressor(**SMALL)).fit(table, X[:, :2])
    number, text = FloatTensorType([None, 1]), StringTensorType([None, 1])
    exported = skl2onnx.convert_sklearn(model, initial_types=[("a", number), ("b", number), ("kind", text)])
    inputs = {name: table[[name]].to_numpy(np.float32) for name in ("a", "b")}
    [found] = run(exported, kind=table[["kind"]].to_numpy(object), **inputs)
    assert_close(found, model.predict(table))


@pytest.mark.parametrize(("quantiles", "y", "shape"), [([0.1, 0.9], Y, (2,)), ([0.1, 0.5, 0.9], X[:, :2], (2, 3))])
def test_quantiles_have_the_shape_of_predict(quantiles, y, shape):
    windows = X[:, None, :].repeat(2, axis=1)
    model = LSTMRegressor(loss="quantile", quantiles=quantiles, **SMALL).fit(windows, y)
    exported = skl2onnx.convert_sklearn(model, initial_types=[("X", DoubleTensorType([None, 2, 4]))])
    [found] = run(exported, X=windows)
    assert found.shape[1:] == shape
    assert_close(found, model.predict(windows))


@pytest.mark.parametrize("labels", [np.where(Y > 0, "up", "down"), (Y > 0) * 5, Y > 0])
def test_a_classifier_gives_labels_and_probabilities(labels):
    table = X.astype(np.float32)
    model = make_pipeline(SlidingWindow(2, output="flat"), LSTMClassifier(n_channels=4, **SMALL)).fit(table, labels)
    probabilities = model.predict_proba(table)
    label, found = run(skl2onnx.to_onnx(model, table, options={"zipmap": False}), X=table)
    assert_array_equal(label, model.predict(table))
    assert_close(found, probabilities)
    label, maps = run(skl2onnx.to_onnx(model, table), X=table)
    assert_array_equal(label, model.predict(table))
    assert_close(np.array([[one[name] for name in model.classes_] for one in maps]), probabilities)
    _, *columns = run(skl2onnx.to_onnx(model, table, options={"zipmap": "columns"}), X=table)
    assert_close(np.column_stack(columns), probabilities)


def test_a_search_converts_its_best_pipeline():
    steps = make_pipeline(PCA(), SlidingWindow(2), LSTMRegressor(**SMALL))
    model = GridSearchCV(steps, {"pca__n_components": [2]}, cv=2).fit(X, Y)
    assert_close(run(skl2onnx.to_onnx(model, X[:1]), X=X)[0], model.predict(X)[:, None])


def test_what_cannot_be_converted_is_named():
    floats = FloatTensorType([None, 4])
    model = LSTMRegressor(**SMALL).fit(X, Y)
    with pytest.raises(ValueError, match="target_opset must be 17 or higher to convert LSTMRegressor, got 15"):
        skl2onnx.convert_sklearn(model, initial_types=[("X", floats)], target_opset=15)
    grouped = SlidingWindow(2, groups=0).fit(X)
    with pytest.raises(ValueError, match="SlidingWindow must have groups=None"):
        skl2onnx.convert_sklearn(grouped, initial_types=[("X", floats)])


def test_the_package_is_named_where_it_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "skl2onnx", None)
    with pytest.raises(ImportError, match="register_skl2onnx needs skl2onnx: pip install skl2onnx"):
        register_skl2onnx()
