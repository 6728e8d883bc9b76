"""Forecasters as ONNX models: from readings to forecasts with only NumPy and ONNX Runtime."""

import json

import numpy as np
import onnxruntime
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from tsl import LSTMForecaster
from tsl.interop import to_onnx

RNG = np.random.default_rng(0)
HOURS = pd.date_range("2024-01-01", periods=260, freq="h")
FRAME = pd.DataFrame(
    {
        "y": 10 + np.sin(np.arange(260) * 2 * np.pi / 24) + 0.1 * RNG.normal(size=260),
        "wind": RNG.normal(size=260),
        "kind": RNG.choice(["u", "v"], 260),
        "promo": RNG.normal(size=260),
    },
    HOURS,
)
KNOWN, AHEAD = FRAME[:250], FRAME[250:]
SMALL = {
    "window": 24, "hidden_size": 4, "embedding_size": 3, "target_transform": None, "max_iter": 2, "random_state": 0,
}  # fmt: skip
CYCLES = {"hour": (lambda times: times.hour, 24), "dayofweek": (lambda times: times.day_of_week, 7)}


def session_of(model):
    return onnxruntime.InferenceSession(to_onnx(model).SerializeToString(), providers=["CPUExecutionProvider"])


def column(frame, name):
    """What stands in a column of an input: a number, whether a category is this one, or a place in a cycle."""
    if name in frame:
        return frame[name].to_numpy(float)
    if "=" in name:
        source, level = name.split("=")
        return (frame[source] == level).to_numpy(float)
    cycle, function = name.rsplit("_", 1)
    place, length = CYCLES[cycle]
    return getattr(np, function)(2 * np.pi * np.asarray(place(frame.index), float) / length)


def forecast(session, history, ahead=None):
    """The next steps of one series, (horizon, Q), by the metadata of the model."""
    said = session.get_modelmeta().custom_metadata_map
    context, window, horizon = (int(said[name]) for name in ("context", "window", "horizon"))

    def last_rows(numbers, n_rows):
        padded = np.full((n_rows, *numbers.shape[1:]), np.nan)
        padded[n_rows - min(len(numbers), n_rows) :] = numbers[-n_rows:]
        return padded[None]

    def columns(frame, kind):
        found = [column(frame, name) for name in json.loads(said[kind])]
        return np.column_stack(found) if found else np.empty((len(frame), 0))

    times = pd.date_range(history.index[-1], periods=horizon + 1, freq=said["freq"].strip('"'))[1:]
    later = pd.DataFrame(index=times) if ahead is None else ahead[:horizon]
    future = last_rows(columns(history, "future"), window)[0], columns(later, "future")
    values = last_rows(history["y"].to_numpy(float), context)
    if np.isnan(values).all():  # a context without a reading begins with the last one before
        values[0, 0] = history["y"].dropna().iloc[-1]
    inputs = {
        "values": values,
        "n_rows": np.array([len(history)]),
        "past": last_rows(columns(history, "past"), window),
        "future": np.concatenate(future)[None],
    }
    return session.run(None, {given.name: inputs[given.name] for given in session.get_inputs()})[0][0]


def assert_same(found, expected):
    assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"past": [], "calendar": None},
        {"past": ["wind"], "calendar": ["dayofweek"]},
        {"n_models": 3, "hidden_size": (5, 3)},
        {"target_transform": "log", "scaling": "level"},
        {"target_transform": "box-cox", "scaling": None},
        {"embedding_size": None, "linear": False},
        {"differences": 48, "season": 24, "segment": 5, "window": 30},
        {"scaling": "window", "differences": None, "season": 1},
        {"max_iter": 0},
    ],
    ids=str,
)
def test_a_forecaster_predicts_the_same(parameters):
    model = LSTMForecaster(6, **(SMALL | {"past": ["wind", "kind"], "future": ["promo"]} | parameters))
    model.fit(KNOWN, target="y")
    expected = model.predict(future=AHEAD[["promo"]][:6])["y_pred"]
    assert_same(forecast(session_of(model), KNOWN, AHEAD)[:, 0], expected)


def test_the_last_segment_may_reach_beyond_the_horizon():
    model = LSTMForecaster(7, **SMALL, segment=4, past=[], future=["promo"], calendar=None).fit(KNOWN, target="y")
    expected = model.predict(future=AHEAD[["promo"]][:7])["y_pred"]
    assert_same(forecast(session_of(model), KNOWN, AHEAD)[:, 0], expected)


def test_quantiles_are_the_last_axis():
    model = LSTMForecaster(6, **SMALL, loss="quantile", quantiles=[0.1, 0.5, 0.9], past=[]).fit(KNOWN, target="y")
    found = forecast(session_of(model), KNOWN)
    expected = model.predict(quantiles=[0.1, 0.5, 0.9])
    assert_same(found, expected[["y_pred-q0.1", "y_pred-q0.5", "y_pred-q0.9"]])
    assert_same(found[:, 1], expected["y_pred"])


def test_a_series_that_is_shorter_than_a_window():
    model = LSTMForecaster(4, **SMALL, past=["wind"]).fit(KNOWN, target="y")
    session = session_of(model)
    for n_rows in (1, 2, 10, 24, 30, 47):
        known = KNOWN[-n_rows:]
        assert_same(forecast(session, known)[:, 0], model.predict(data=known)["y_pred"])


@pytest.mark.parametrize("scaling", ["window", None])
def test_readings_may_be_missing_with_a_mask(scaling):
    model = LSTMForecaster(4, **SMALL, missing="mask", past=["wind"], scaling=scaling).fit(KNOWN, target="y")
    session = session_of(model)
    for gap in (slice(-3, None), slice(-20, -5), slice(-24, None), slice(-40, None)):
        known = KNOWN[["y", "wind"]].copy()
        known.iloc[gap, 0] = np.nan
        assert_same(forecast(session, known)[:, 0], model.predict(data=known)["y_pred"])


def test_a_constant_window_is_forecast_as_the_original_does():
    model = LSTMForecaster(4, **SMALL, past=[], scaling="window").fit(KNOWN, target="y")
    known = KNOWN.assign(y=3.0)
    assert_same(forecast(session_of(model), known)[:, 0], model.predict(data=known)["y_pred"])


def test_numbers_of_any_size():
    large = KNOWN.assign(y=KNOWN["y"] * 1e9 + 1e12)
    model = LSTMForecaster(4, **SMALL, past=[], scaling="window").fit(large, target="y")
    found, expected = forecast(session_of(model), large)[:, 0], model.predict()["y_pred"]
    assert_allclose(found - 1e12, expected - 1e12, rtol=1e-5)


def test_several_series_at_once_with_what_does_not_change_in_time():
    panel = pd.concat(
        [KNOWN[["y"]].assign(unique_id=name, ds=HOURS[:250], size=size) for name, size in (("a", 1.0), ("b", 5.0))]
    )
    panel.loc[panel["unique_id"] == "b", "y"] *= 3.0
    model = LSTMForecaster(4, **SMALL, calendar=None).fit(panel, static=["size"])
    session = session_of(model)
    context = int(session.get_modelmeta().custom_metadata_map["context"])
    values = panel["y"].to_numpy().reshape(2, 250)[:, -context:]
    shares = model._shares.of(pd.Index(["a", "b"]))
    found = session.run(None, {"values": values, "static": np.array([[1.0], [5.0]]), "shares": shares})[0]
    assert_same(found.ravel(), model.predict()["y_pred"])


def test_a_step_at_a_time_is_fed_back():
    model = LSTMForecaster(5, **SMALL, strategy="recursive", past=[], calendar=None).fit(KNOWN[["y"]], target="y")
    session, known = session_of(model), KNOWN[["y"]]
    for _ in range(5):
        step = forecast(session, known)[0, 0]
        known = pd.concat([known, pd.DataFrame({"y": [step]}, known.index[-1:] + pd.Timedelta("1h"))])
    assert_same(known["y"][-5:], model.predict()["y_pred"])


@settings(max_examples=12)
@given(
    hidden_size=st.lists(st.integers(1, 6), min_size=1, max_size=2).map(tuple),
    embedding_size=st.sampled_from([None, 3]),
    linear=st.booleans(),
    scaling=st.sampled_from(["auto", "window", "level", None]),
    differences=st.sampled_from(["auto", None, 1, 24]),
    season=st.sampled_from(["auto", 1, 12]),
    segment=st.sampled_from(["auto", 1, 6]),
    target_transform=st.sampled_from([None, "log", "sqrt", "box-cox", "auto"]),
    calendar=st.sampled_from([None, "auto", ["hour"]]),
    past=st.sampled_from([[], ["wind"], ["kind"]]),
    horizon=st.integers(1, 9),
)
def test_any_parameters_give_the_same_forecasts(horizon, **parameters):
    model = LSTMForecaster(horizon, **(SMALL | {"max_iter": 1} | parameters)).fit(KNOWN, target="y")
    assert_same(forecast(session_of(model), KNOWN)[:, 0], model.predict()["y_pred"])


@pytest.mark.filterwarnings("ignore::tsl.windows.OutlierWarning")
@settings(max_examples=25)
@given(
    lowest=st.sampled_from([1.0, 0.0]),
    scaling=st.sampled_from(["window", "level", None]),
    window=st.sampled_from([6, 24]),
    values=st.lists(st.sampled_from([-2.0, 0.0, 1e-3, 3.0, 50.0]), min_size=1, max_size=60),
    is_missing=st.sets(st.integers(1, 59)),
)
def test_a_chosen_transform_replaces_the_same_values(lowest, scaling, window, values, is_missing):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tsl.forecasting.model.search.TRANSFORM_MARGIN", -np.inf)  # any transform is better than none
        parameters = SMALL | {"target_transform": "auto", "missing": "mask", "window": window, "season": 1}
        model = LSTMForecaster(3, **parameters, scaling=scaling, past=[], calendar=None)
        model.fit(KNOWN[["y"]] - KNOWN["y"].min() + lowest, target="y")
    assert model.transform_.kind == ("log" if lowest else "sqrt")
    known = pd.DataFrame({"y": values}, HOURS[: len(values)])
    known.iloc[[row for row in is_missing if row < len(values)], 0] = np.nan
    assert_same(forecast(session_of(model), known)[:, 0], model.predict(data=known)["y_pred"])
