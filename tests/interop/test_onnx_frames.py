"""`OnnxForecaster`: the frames of a forecaster with ONNX Runtime, without Numba and scikit-learn."""

import json
import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal, assert_series_equal

from tsl import LSTMForecaster, LSTMRegressor
from tsl.interop import OnnxForecaster, to_onnx
from tsl.interop._metadata import pack, unpack

RNG = np.random.default_rng(0)
N_ROWS = 180
HOURS = pd.date_range("2024-01-01", periods=N_ROWS, freq="h")
FRAME = pd.DataFrame(
    {
        "y": 10 + np.sin(np.arange(N_ROWS) * 2 * np.pi / 24) + 0.1 * RNG.normal(size=N_ROWS),
        "wind": RNG.normal(size=N_ROWS),
        "kind": RNG.choice(["u", "v"], N_ROWS),
        "promo": RNG.normal(size=N_ROWS),
    },
    HOURS,
)
KNOWN, AHEAD = FRAME[:-12], FRAME[-12:]
SMALL = {
    "window": 24, "hidden_size": 4, "embedding_size": 3, "target_transform": None, "max_iter": 2, "random_state": 0,
}  # fmt: skip


def converted(forecaster):
    return OnnxForecaster(to_onnx(forecaster))


def assert_same(found, expected):
    (assert_series_equal if isinstance(expected, pd.Series) else assert_frame_equal)(found, expected, rtol=1e-5)


def panel_of(n_series=3, names=("a", "b", "c")):
    parts = [KNOWN.assign(unique_id=name, ds=KNOWN.index, size=k) for k, name in enumerate(names[:n_series])]
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize(
    "parameters",
    [
        {"past": ["wind", "kind"], "future": ["promo"]},
        {"past": [], "future": ["promo"], "n_models": 2, "differences": 24},
        {"past": ["wind"], "calendar": ["hour"], "target_transform": "log"},
        {"past": [], "missing": "mask", "future": ["kind"]},
    ],
    ids=str,
)
def test_a_frame_with_covariates(parameters):
    model = LSTMForecaster(6, **(SMALL | parameters)).fit(KNOWN, target="y")
    again, columns = converted(model), list(parameters.get("future", ()))
    for horizon, n_rows in ((None, 100), (3, 100), (None, 30)):  # of another length than those of `fit`
        rows, ahead = KNOWN[-n_rows:], {"future": AHEAD[columns][: horizon or 6]} if columns else {}
        assert_same(again.predict(horizon, data=rows, **ahead), model.predict(horizon, data=rows, **ahead))


def test_more_steps_than_the_network_gives_at_once():
    for parameters in ({"strategy": "recursive"}, {"loss": "quantile", "quantiles": [0.2, 0.5, 0.6]}):
        model = LSTMForecaster(4, **SMALL, past=[], future=["promo"], **parameters).fit(KNOWN, target="y")
        rows, future = KNOWN[-80:], AHEAD[["promo"]][:10]
        found = converted(model).predict(10, data=rows, future=future)
        assert_same(found, model.predict(10, data=rows, future=future))
        part = AHEAD[["promo"]][:9]  # covariates end before the last block does
        assert_same(converted(model).predict(9, data=rows, future=part), model.predict(9, data=rows, future=part))


def test_past_covariates_end_at_the_trained_horizon():
    again = converted(LSTMForecaster(4, **SMALL, past=["wind"]).fit(KNOWN, target="y"))
    with pytest.raises(ValueError, match="horizon must be at most 4, as trained, where past covariates are used"):
        again.predict(5, data=KNOWN)


def test_a_long_frame_with_static_covariates_and_categories():
    panel = panel_of()
    model = LSTMForecaster(4, **SMALL, past=[], future=["kind"]).fit(panel, static=["size"])
    again = converted(model)
    future = again.make_future_frame(data=panel)
    assert_frame_equal(future, model.make_future_frame(data=panel))
    future["kind"] = "v"
    assert_same(again.predict(data=panel, future=future), model.predict(data=panel, future=future))


def test_a_wide_frame_and_a_series():
    wide = pd.DataFrame({"a": KNOWN["y"], "b": KNOWN["wind"]})
    for data in (wide, KNOWN["y"]):
        model = LSTMForecaster(4, **SMALL).fit(data)
        assert_same(converted(model).predict(data=data[-70:]), model.predict(data=data[-70:]))


def test_missing_readings_are_filled_or_masked():
    rows = KNOWN[["y"]].copy()
    rows.iloc[-20:-3] = np.nan
    rows.iloc[50] = np.nan
    for missing in ("ffill", "interpolate", "mask"):
        model = LSTMForecaster(4, **SMALL, missing=missing).fit(KNOWN[["y"]], target="y")
        for part in (rows, rows[-60:]):
            assert_same(converted(model).predict(data=part), model.predict(data=part))


def test_a_context_without_readings_begins_with_the_last_one_before():
    rows = KNOWN[["y"]].copy()
    rows.iloc[-60:] = np.nan
    model = LSTMForecaster(4, **SMALL, missing="mask").fit(KNOWN[["y"]], target="y")
    assert_same(converted(model).predict(data=rows), model.predict(data=rows))


def test_intervals_come_from_trained_quantiles():
    model = LSTMForecaster(4, **SMALL, loss="quantile", quantiles=[0.1, 0.5, 0.9]).fit(KNOWN[["y"]], target="y")
    wanted = {"data": KNOWN[["y"]], "level": [50, 80], "quantiles": 0.3}
    assert_same(converted(model).predict(**wanted), model.predict(**wanted))
    with pytest.raises(ValueError, match=r"quantiles must lie between those that were trained, 0\.1 and 0\.9"):
        converted(model).predict(data=KNOWN[["y"]], level=95)


def test_intervals_come_from_a_calibration_before():
    panel = panel_of()[["unique_id", "ds", "y"]]
    model = LSTMForecaster(4, **SMALL).fit(panel)
    with pytest.raises(ValueError, match=r"need a calibration for 4 steps.*call its calibrate\(4\) before to_onnx"):
        converted(model).predict(data=panel, level=80)
    again, other = converted(model.calibrate()), panel.assign(unique_id="new", y=3 * panel["y"])[: len(KNOWN)]
    for data in (panel, other):
        assert_same(again.predict(data=data, level=[80, 95]), model.predict(data=data, level=[80, 95]))


@pytest.mark.parametrize("loss", ["poisson", "negative_binomial"])
def test_counts_and_their_quantiles(loss, monkeypatch):
    counts = RNG.poisson(3 * np.exp(np.sin(np.arange(N_ROWS) / 4))).astype(float)
    panel = pd.concat([pd.DataFrame({"unique_id": k, "ds": HOURS, "y": counts * k}) for k in (1, 40)])
    model = LSTMForecaster(4, **SMALL, loss=loss, n_models=2, bounds=(None, 1000)).fit(panel)
    model.bounds = (None, 100)  # less than much of the forecast
    again, shorter = converted(model), panel.groupby("unique_id").tail(15)
    for data, horizon in ((panel, 4), (shorter, 2), (panel, 10)):
        wanted = model.predict(horizon, data=data, level=80, quantiles=[0.3])
        assert_same(again.predict(horizon, data=data, level=80, quantiles=[0.3]), wanted)
        assert (wanted["y_pred-hi-80"] == 100).any()
    with pytest.raises(ValueError, match=f"loss='{loss}' needs counts, whole numbers from 0 up, got -1 in series 1"):
        again.predict(data=panel.assign(y=-1.0))
    monkeypatch.setitem(sys.modules, "scipy.stats", None)  # as where it is not installed
    with pytest.raises(ImportError, match="quantiles of counts need SciPy: pip install scipy"):
        again.predict(data=panel, level=80)


def test_counts_with_gaps():
    counts = pd.DataFrame({"y": RNG.poisson(2.0, N_ROWS).astype(float)}, HOURS).mask(RNG.random((N_ROWS, 1)) < 0.3)
    model = LSTMForecaster(4, **SMALL, loss="negative_binomial", missing="mask").fit(counts, target="y")
    assert_same(converted(model).predict(data=counts, level=80), model.predict(data=counts, level=80))


@pytest.mark.parametrize("parameters", [{}, {"loss": "quantile", "quantiles": [0.1, 0.5, 0.9]}], ids=str)
def test_forecasts_within_bounds_go_on_from_what_is_beyond(parameters):
    rows = KNOWN[["y"]]
    low, high = rows["y"].min() + 0.5, rows["y"].max()
    rows = rows.clip(lower=low)
    model = LSTMForecaster(4, **SMALL, calendar=None, bounds=(low, None), **parameters).fit(rows, target="y")
    model.bounds = (low + 1, (low + high) / 2 + 0.3)  # so that much lies beyond
    again = converted(model if parameters else model.calibrate().calibrate(9))
    for horizon in (4, 9):
        found, wanted = (one.predict(horizon, data=rows, level=80) for one in (again, model))
        assert_same(found, wanted)
        assert (wanted == model.bounds[0]).any(axis=None)
    session = again._session  # who runs the graph alone gets forecasts within the bounds, too
    forecasts = session.run(["forecasts"], {"values": rows["y"].to_numpy()[None, -model._context_length() :]})[0]
    np.testing.assert_allclose(forecasts[0, :, forecasts.shape[2] // 2], model.predict(data=rows)["y_pred"], rtol=1e-5)


def test_intervals_by_dropout_are_refused():
    model = LSTMForecaster(4, **SMALL, intervals="dropout").fit(KNOWN[["y"]], target="y")
    with pytest.raises(ValueError, match="must be None if intervals='dropout'"):
        converted(model).predict(data=KNOWN[["y"]], level=80)


@pytest.fixture(scope="module")
def plain():
    return LSTMForecaster(4, **SMALL).fit(panel_of(2, ("1", "2"))[["unique_id", "ds", "y"]])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data.drop(columns="y"), "data must have the columns"),
        (lambda data: data.assign(unique_id=data["unique_id"].astype(int)), "must name known series as they are known"),
        (lambda data: data.assign(y=np.inf), "must hold finite numbers"),
        (lambda data: data.assign(y=np.nan), "must have readings in every series"),
        (lambda data: data.assign(y=data["y"].where(data.index != 5)), "must have no missing values"),
        (lambda data: data.iloc[:0], "data must"),
    ],
)
def test_frames_are_checked_as_the_original_checks_them(plain, change, message):
    data = change(panel_of(2, ("1", "2"))[["unique_id", "ds", "y"]])
    for model in (plain, converted(plain)):
        with pytest.raises(ValueError, match=message):
            model.predict(data=data)


def test_arguments(plain):
    again, data = converted(plain), panel_of(2, ("1", "2"))[["unique_id", "ds", "y"]]
    with pytest.raises(ValueError, match="horizon must be a whole number from 1 up, got 0"):
        again.predict(0, data=data)
    with pytest.raises(ValueError, match="level must be percentages"):
        again.predict(data=data, level=0.8)
    with pytest.raises(ValueError, match="future must be None if fit had no covariates known ahead"):
        again.predict(data=data, future=data)
    with pytest.raises(ValueError, match="n_threads must be at least 1, got 0"):
        OnnxForecaster(to_onnx(plain), n_threads=0)
    with pytest.raises(TypeError, match=r"model must be a path, bytes or an onnx\.ModelProto, got LSTMForecaster"):
        OnnxForecaster(plain)
    with pytest.raises(ValueError, match="model must be an ONNX model, got 5 bytes of something else"):
        OnnxForecaster(b"hello")
    with pytest.raises(FileNotFoundError):
        OnnxForecaster("nowhere.onnx")
    regressor = LSTMRegressor(hidden_size=2, max_iter=1).fit(np.zeros((8, 3, 1)), np.arange(8.0))
    with pytest.raises(ValueError, match="model must be an ONNX model of a forecaster that to_onnx wrote"):
        converted(regressor)


def test_it_can_be_pickled(plain):
    again, data = converted(plain), panel_of(2, ("1", "2"))[["unique_id", "ds", "y"]]
    assert_frame_equal(pickle.loads(pickle.dumps(again)).predict(data=data), again.predict(data=data))


def test_the_model_holds_no_readings(plain):
    text = next(one.value for one in to_onnx(plain).metadata_props if one.key == "frames")
    sizes = [np.prod(array["shape"]) for array in json.loads(text)["arrays"].values()]
    assert 0 < max(sizes) < len(KNOWN)


def test_texts_hold_what_was_packed():
    tree = {"n": 3, "index": pd.Index(["a", "b"]), "numbers": np.arange(6.0).reshape(2, 3), "nothing": np.empty((0, 2))}
    found = unpack(pack(tree))
    assert found["n"] == 3
    pd.testing.assert_index_equal(found["index"], tree["index"])
    for name in ("numbers", "nothing"):
        np.testing.assert_array_equal(found[name], tree[name])
    with pytest.raises(ValueError, match="an array of object"):
        unpack('{"tree": 1, "arrays": {"a": {"dtype": "object", "shape": [0], "base64": ""}}}')


WITHOUT = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"numba", "llvmlite", "sklearn", "scipy", "onnx"}:
            raise ImportError(name)

sys.meta_path.insert(0, Refuse())
import pandas as pd
from tsl.interop import OnnxForecaster

data, future = pd.read_pickle("data.pkl"), pd.read_pickle("future.pkl")
OnnxForecaster("model.onnx").predict(data=data, future=future, level=80).to_pickle("found.pkl")
"""


def test_neither_numba_nor_scikit_learn_is_needed(tmp_path):
    panel = panel_of(2)
    model = LSTMForecaster(4, **SMALL, past=["wind"], future=["kind"]).fit(panel, static=["size"]).calibrate()
    future = model.make_future_frame().assign(kind="u")
    to_onnx(model, tmp_path / "model.onnx")
    panel.to_pickle(tmp_path / "data.pkl")
    future.to_pickle(tmp_path / "future.pkl")
    subprocess.run([sys.executable, "-W", "error", "-c", WITHOUT], cwd=tmp_path, check=True)
    assert_same(pd.read_pickle(tmp_path / "found.pkl"), model.predict(data=panel, future=future, level=80))


@settings(max_examples=10)
@given(
    freq=st.sampled_from(["h", "D", "MS", "W", "30min", "B"]),
    form=st.sampled_from(["series", "wide", "long"]),
    missing=st.sampled_from(["interpolate", "ffill", "mask"]),
    calendar=st.sampled_from([None, "auto"]),
    horizon=st.integers(1, 7),
    n_rows=st.integers(1, 60),
    zone=st.sampled_from([None, "Europe/Berlin"]),
)
def test_any_form_of_frame(freq, form, missing, calendar, horizon, n_rows, zone):
    times = pd.date_range("2024-01-01", periods=60, freq=freq, tz=zone, name="ds")
    data = pd.DataFrame({"a": RNG.normal(size=60), "b": RNG.normal(size=60)}, times)
    data = (
        data["a"]
        if form == "series"
        else data
        if form == "wide"
        else data.reset_index().melt("ds", var_name="unique_id", value_name="y")
    )
    rows = data.groupby("unique_id").tail(n_rows) if form == "long" else data[-n_rows:]
    model = LSTMForecaster(3, **(SMALL | {"window": 8, "max_iter": 1}), missing=missing, calendar=calendar).fit(data)
    assert_same(converted(model).predict(horizon, data=rows), model.predict(horizon, data=rows))
