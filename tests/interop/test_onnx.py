"""Estimators as ONNX models, run by ONNX Runtime: the same predictions, or an error that names what is impossible."""

import json

import numpy as np
import onnxruntime
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, QuantileTransformer, RobustScaler, StandardScaler

from tsl import LSTMCharModel, LSTMClassifier, LSTMRegressor, __version__
from tsl.baselines import Naive
from tsl.interop import to_onnx
from tsl.windows import SlidingWindow

RNG = np.random.default_rng(0)
X = RNG.normal(50.0, 3.0, (30, 6, 2))
Y = X[:, -1, 0] + X[:, 0, 1]
TABLE = pd.DataFrame(RNG.normal([5.0, -1.0, 100.0], [1.0, 0.1, 20.0], (40, 3)), columns=["a", "b", "c"])
TEXT = "when shall we three meet again in thunder lightning or in rain " * 8
SMALL = {"hidden_size": 5, "max_iter": 2, "random_state": 0}


def run(model, **inputs):
    """The outputs of a model by name."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, inputs)))


def assert_same(found, expected):
    """Equal within 1e-5, relative to the size of the numbers, and of the same shape and type."""
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    assert_allclose(found, expected, rtol=1e-5, atol=1e-5 * max(np.abs(expected).max(), 1e-3))


def regressor(X=X, y=Y, **parameters):
    return LSTMRegressor(**(SMALL | parameters)).fit(X, y)


# --- regressors -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("y", "parameters"),
    [
        (Y, {}),
        (Y[:, None], {}),
        (X[:, -1], {"hidden_size": (4, 3), "bidirectional": True}),
        (Y, {"loss": "quantile", "quantiles": 0.3}),
        (Y, {"loss": "quantile", "quantiles": [0.1, 0.5, 0.9]}),
        (X[:, -1], {"loss": "quantile", "quantiles": [0.2, 0.8]}),
        (Y, {"scaling": None, "dropout": 0.2}),
        (Y, {"dtype": "float64"}),
    ],
)
def test_a_regressor_predicts_the_same(y, parameters):
    model = regressor(y=y, **parameters)
    assert_same(run(to_onnx(model), X=X)["y"], model.predict(X))


def test_windows_may_be_of_another_number_and_length_than_in_fit():
    model = regressor()
    exported = to_onnx(model)
    for windows in (X[:1], X[:, :3], np.concatenate([X, X], axis=1)):
        assert_same(run(exported, X=windows)["y"], model.predict(windows))


@pytest.mark.parametrize("time_order", ["oldest_first", "newest_first"])
@pytest.mark.parametrize("layout", ["time_channel", "channel_time"])
def test_the_order_of_axes_is_that_of_the_estimator(time_order, layout):
    model = regressor(time_order=time_order, layout=layout)
    assert_same(run(to_onnx(model), X=X)["y"], model.predict(X))
    flat = X.reshape(len(X), -1)
    model = regressor(flat, n_channels=2, time_order=time_order, layout=layout)
    assert_same(run(to_onnx(model, input_form="table"), X=flat)["y"], model.predict(flat))


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("time_order", ["oldest_first", "newest_first"])
def test_sequences_of_different_lengths_come_with_their_lengths(time_order, bidirectional):
    lengths = np.arange(len(X)) % 6 + 1
    sequences = [window[:length] for window, length in zip(X, lengths)]
    model = regressor(sequences, time_order=time_order, bidirectional=bidirectional, hidden_size=(4, 3))
    padded = np.where(np.arange(6)[:, None] < lengths[:, None, None], X, 7.0)  # what lies beyond is not read
    assert_same(run(to_onnx(model), X=padded, lengths=lengths)["y"], model.predict(sequences))


def test_lags_are_found_by_the_names_that_fit_saw():
    table = pd.DataFrame({f"lag_{k}": TABLE["c"].shift(k) for k in (1, 3, 2)}).dropna()
    model = regressor(table, TABLE["c"][3:])
    assert model.columns_ is not None
    assert_same(run(to_onnx(model), X=table.to_numpy())["y"], model.predict(table))
    with pytest.raises(ValueError, match="input_form='table'\\) if"):
        to_onnx(model, input_form="windows")


def test_columns_of_a_table_keep_scales_of_their_own():
    columns = TABLE * [1.0, 1000.0, 1.0]
    model = regressor(columns, TABLE["a"])
    assert model.input_scaling_.mean.ndim == 2
    assert_same(run(to_onnx(model), X=columns.to_numpy())["y"], model.predict(columns))


def test_numbers_far_from_zero_lose_no_digits():
    windows = X + 1e7  # float32 has steps of 1 there
    model = regressor(windows, Y + 1e7)
    assert_allclose(run(to_onnx(model), X=windows)["y"] - 1e7, model.predict(windows) - 1e7, atol=1e-4)


@settings(max_examples=12)
@given(
    hidden_size=st.lists(st.integers(1, 9), min_size=1, max_size=3).map(tuple),
    bidirectional=st.booleans(),
    loss=st.sampled_from(["squared_error", "absolute_error", "huber", "quantile"]),
    quantiles=st.sampled_from([0.5, (0.1, 0.9), (0.25, 0.5, 0.75)]),
    scaling=st.sampled_from(["standard", None]),
    forget_bias=st.sampled_from([1.0, 5.0, "chrono"]),
    n_targets=st.integers(0, 3),
    n_channels=st.integers(1, 4),
    seed=st.integers(0, 99),
)
def test_any_parameters_give_the_same_predictions(n_targets, n_channels, seed, **parameters):
    random = np.random.default_rng(seed)
    windows = random.normal(size=(8, 5, n_channels))
    y = random.normal(size=(8, n_targets) if n_targets else 8)
    model = regressor(windows, y, max_iter=1, **({"hidden_size": 3} | parameters))
    assert_same(run(to_onnx(model), X=windows)["y"], model.predict(windows))


# --- classifiers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "labels",
    [
        np.where(Y > 100, "up", "down"),
        np.where(Y > 100, "up", "down").astype(object),
        np.digitize(Y, [98, 102]),
        np.digitize(Y, [98, 102]).astype(np.float64),
        Y > 100,
    ],
    ids=["texts", "objects", "whole numbers", "numbers", "truth values"],
)
def test_a_classifier_gives_labels_and_probabilities(labels):
    model = LSTMClassifier(**SMALL).fit(X, labels)
    found = run(to_onnx(model), X=X)
    assert_array_equal(found["label"], model.predict(X))
    assert_same(found["probabilities"], model.predict_proba(X))


@pytest.mark.parametrize("time_order", ["oldest_first", "newest_first"])
def test_segments_are_cut_by_the_model(time_order):
    labels = np.digitize(Y, [98, 102])
    model = LSTMClassifier(**SMALL, segment=4, time_order=time_order).fit(X, labels)
    onnx_model = to_onnx(model)
    for windows in (X, X[:7, :3], np.tile(X, (1, 2, 1))):
        assert_same(run(onnx_model, X=windows)["probabilities"], model.predict_proba(windows))
    lengths = np.arange(len(X)) % 6 + 1
    sequences = [window[:length] for window, length in zip(X, lengths)]
    model.fit(sequences, labels)
    padded = np.where(np.arange(6)[:, None] < lengths[:, None, None], X, np.nan)  # what lies beyond is not read
    found = run(to_onnx(model), X=padded, lengths=lengths)
    assert_same(found["probabilities"], model.predict_proba(sequences))


@settings(max_examples=8)
@given(
    hidden_size=st.lists(st.integers(1, 9), min_size=1, max_size=3).map(tuple),
    bidirectional=st.booleans(),
    segment=st.sampled_from([1, 2, 3, 7]),
    scaling=st.sampled_from(["standard", None]),
    forget_bias=st.sampled_from([1.0, "chrono"]),
    dropout=st.sampled_from([0.0, 0.3]),
    time_order=st.sampled_from(["oldest_first", "newest_first"]),
    layout=st.sampled_from(["time_channel", "channel_time"]),
    n_classes=st.integers(2, 5),
    seed=st.integers(0, 99),
)
def test_any_parameters_give_the_same_probabilities(n_classes, seed, **parameters):
    random = np.random.default_rng(seed)
    windows, labels = random.normal(size=(12, 5, 3)), np.arange(12) % n_classes
    model = LSTMClassifier(**(SMALL | {"max_iter": 1} | parameters)).fit(windows, labels)
    found = run(to_onnx(model), X=windows)
    assert_same(found["probabilities"], model.predict_proba(windows))
    assert_array_equal(found["label"], model.predict(windows))


def test_classes_stand_in_the_metadata():
    model = LSTMClassifier(**SMALL).fit(X, np.where(Y > 100, "up", "down"))
    said = {entry.key: entry.value for entry in to_onnx(model).metadata_props}
    assert json.loads(said["classes"]) == ["down", "up"]


def test_classes_that_onnx_does_not_know_are_named():
    labels = np.empty(len(X), object)
    labels[:] = [(k % 2,) for k in range(len(X))]
    model = LSTMClassifier(**SMALL).fit(X, np.arange(len(X)) % 2)
    model.classes_ = np.unique(labels)
    with pytest.raises(ValueError, match=r"classes that ONNX knows, .* got \['tuple'\]"):
        to_onnx(model)


# --- texts ----------------------------------------------------------------------------------------------------------


def states_of(exported, n=1):
    """States at the beginning of n texts."""
    return {
        value.name: np.zeros((1, n, value.type.tensor_type.shape.dim[2].dim_value), np.float32)
        for value in exported.graph.input
        if value.name != "codes"
    }


@pytest.mark.parametrize(
    "parameters",
    [{}, {"hidden_size": (6, 4)}, {"encoding": "onehot"}, {"tokens": "byte"}, {"embedding_size": 3}],
    ids=str,
)
def test_a_character_model_goes_on_from_its_states(parameters):
    model = LSTMCharModel(**(SMALL | parameters)).fit(TEXT)
    exported = to_onnx(model)
    codes = model.vocabulary_.encode("in rain")[None].astype(np.int64)
    whole = run(exported, codes=codes, **states_of(exported))
    assert_same(np.exp(whole["log_probabilities"][0, -1]), model.predict_proba(["in rain"])[0].astype(np.float32))
    states = states_of(exported)
    for code in codes.T[:, :, None]:
        found = run(exported, codes=code, **states)
        states = {name: found[f"{name}_after"] for name in states}
    assert_same(found["log_probabilities"][0, 0], whole["log_probabilities"][0, -1])


def test_a_character_model_writes_what_the_original_writes():
    model = LSTMCharModel(**(SMALL | {"max_iter": 20})).fit(TEXT)
    exported = to_onnx(model)
    session = onnxruntime.InferenceSession(exported.SerializeToString(), providers=["CPUExecutionProvider"])
    said = {entry.key: entry.value for entry in exported.metadata_props}
    characters, first = json.loads(said["vocabulary"]), json.loads(said["first_log_probabilities"])
    states, code, text = states_of(exported), int(np.argmax(first)), ""
    for _ in range(40):
        text += characters[code]
        outputs = session.run(None, {"codes": np.array([[code]], np.int64), **states})
        states, code = dict(zip(states, outputs[1:])), int(outputs[0][0, -1].argmax())
    assert text == model.generate(length=40, temperature=0)


@pytest.mark.parametrize("encoding", ["scalar", "onehot", "embedding"])
def test_a_windowed_character_model_reads_windows(encoding):
    model = LSTMCharModel(**SMALL, encoding=encoding, windowed=True, window=6).fit(TEXT)
    contexts = ["when s", "thunde", "in rai"]
    codes = np.array([model.vocabulary_.encode(context) for context in contexts], np.int64)
    found = run(to_onnx(model), codes=codes)
    assert_same(np.exp(found["log_probabilities"]), model.predict_proba(contexts).astype(np.float32))
    assert [*found] == ["log_probabilities"]


@settings(max_examples=8)
@given(
    hidden_size=st.lists(st.integers(1, 9), min_size=1, max_size=3).map(tuple),
    encoding=st.sampled_from(["scalar", "onehot", "embedding"]),
    embedding_size=st.integers(1, 5),
    windowed=st.booleans(),
    tokens=st.sampled_from(["char", "byte"]),
    lowercase=st.booleans(),
    dropout=st.sampled_from([0.0, 0.3]),
)
def test_any_parameters_give_the_same_next_character(windowed, **parameters):
    model = LSTMCharModel(**(SMALL | {"max_iter": 1, "windowed": windowed, "window": 6} | parameters)).fit(TEXT)
    exported = to_onnx(model)
    codes = model.vocabulary_.encode("in rai")[None].astype(np.int64)
    found = run(exported, codes=codes, **states_of(exported))["log_probabilities"]
    expected = model.predict_proba(["in rai"])[0].astype(np.float32)
    assert_same(np.exp(found[0] if found.ndim == 2 else found[0, -1]), expected)  # a window has one, a text one a step


# --- pipelines ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "scaler",
    [
        StandardScaler(),
        StandardScaler(with_mean=False),
        StandardScaler(with_std=False),
        MinMaxScaler((-1, 2)),
        MinMaxScaler(clip=True),
        MaxAbsScaler(),
        RobustScaler(),
        RobustScaler(with_centering=False, with_scaling=False),
        "passthrough",
    ],
    ids=str,
)
def test_scalers_are_part_of_the_model(scaler):
    pipeline = make_pipeline(scaler, SlidingWindow(4), LSTMRegressor(**SMALL)).fit(TABLE, TABLE["a"])
    wider = TABLE.to_numpy() * 1.5
    assert_same(run(to_onnx(pipeline), X=wider)["y"], pipeline.predict(pd.DataFrame(wider, columns=TABLE.columns)))


@pytest.mark.parametrize("pad", ["edge", 0.0])
@pytest.mark.parametrize("stride", [1, 3])
@pytest.mark.parametrize(("output", "more"), [("3d", {}), ("flat", {"n_channels": 3})])
def test_windows_are_cut_by_the_model(pad, stride, output, more):
    windowing = SlidingWindow(4, stride=stride, pad=pad, output=output)
    pipeline = make_pipeline(windowing, LSTMRegressor(**SMALL, **more)).fit(TABLE.to_numpy(), TABLE["a"])
    for rows in (TABLE.to_numpy(), TABLE.to_numpy()[:2]):
        assert_same(run(to_onnx(pipeline), X=rows)["y"], pipeline.predict(rows))


def test_a_window_of_one_row_needs_no_padding():
    pipeline = make_pipeline(SlidingWindow(1), LSTMClassifier(**SMALL)).fit(TABLE.to_numpy(), TABLE["a"] > 5)
    assert_array_equal(run(to_onnx(pipeline), X=TABLE.to_numpy())["label"], pipeline.predict(TABLE.to_numpy()))


# --- what cannot be -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("estimator", "error", "words"),
    [
        (LSTMRegressor(), NotFittedError, "not fitted"),
        (Naive(), TypeError, "estimator must be an LSTMRegressor, .* got Naive"),
        (make_pipeline(StandardScaler(), LinearRegression()), TypeError, "got LinearRegression"),
        (make_pipeline(StandardScaler(), LSTMRegressor()), NotFittedError, "not fitted"),
    ],
    ids=str,
)
def test_what_is_no_fitted_model_is_refused(estimator, error, words):
    with pytest.raises(error, match=words):
        to_onnx(estimator)


def test_steps_and_options_that_cannot_be_said_are_named():
    pipeline = make_pipeline(QuantileTransformer(n_quantiles=10), SlidingWindow(3), LSTMRegressor(**SMALL))
    with pytest.raises(TypeError, match="steps before the network must be .* got QuantileTransformer"):
        to_onnx(pipeline.fit(TABLE, TABLE["a"]))
    grouped = make_pipeline(SlidingWindow(3, groups="c"), LSTMRegressor(**SMALL))
    with pytest.raises(ValueError, match="SlidingWindow must have groups=None"):
        to_onnx(grouped.fit(TABLE.assign(c=1.0), TABLE["a"]))
    with pytest.raises(ValueError, match="input_form must be 'auto', 'windows' or 'table', got 'rows'"):
        to_onnx(regressor(), input_form="rows")
    ragged = regressor([X[0, :3], *X[1:]])
    with pytest.raises(ValueError, match="needs windows of equal length"):
        to_onnx(ragged, input_form="table")


def test_the_extra_is_named_where_onnx_is_missing(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    with pytest.raises(ImportError, match=r"needs onnx: .*\[onnx\]"):
        to_onnx(regressor())


def test_a_file_is_whole_or_as_it_was(tmp_path):
    path = tmp_path / "model.onnx"
    model = to_onnx(regressor(), path)
    assert path.read_bytes() == model.SerializeToString()
    with pytest.raises(NotFittedError):
        to_onnx(LSTMRegressor(), path)
    assert path.read_bytes() == model.SerializeToString()
    with pytest.raises(OSError, match="no folder"):
        to_onnx(regressor(), tmp_path / "none" / "model.onnx")


def test_labels_have_no_input():
    model = LSTMCharModel(**(SMALL | {"max_iter": 1})).fit([TEXT, TEXT], labels=[1, 2])
    with pytest.raises(
        ValueError, match="estimator must be fitted without labels, because an ONNX model .* with 2 labels"
    ):
        to_onnx(model)


def test_the_model_says_what_it_is():
    said = {
        entry.key: entry.value for entry in to_onnx(LSTMCharModel(**SMALL, lowercase=True).fit(TEXT)).metadata_props
    }
    assert said["estimator"] == "LSTMCharModel"
    assert said["tsl_version"] == __version__
    assert json.loads(said["vocabulary"]) == sorted(set(TEXT))
    assert (said["tokens"], said["lowercase"], said["window"]) == ("char", "true", "0")
