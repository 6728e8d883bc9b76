"""`LSTMForecaster(target_transform="auto")`: what is tried, what is chosen, and values that it is not defined for."""

import copy
import re
import warnings

import numpy as np
import pandas as pd
import pytest
from lstm_forecasters import SMALL, TIMES, make_frame
from numpy.testing import assert_array_equal
from replica_frames import long_frame
from sklearn.base import clone

import tsl
from tsl import LSTMForecaster
from tsl.forecasting.model import replicas, search
from tsl.forecasting.panel.power import PowerTransform
from tsl.interop import OnnxForecaster, to_onnx
from tsl.windows import OutlierWarning

AUTO = {**SMALL, "target_transform": "auto", "max_iter": 100, "n_models": 1}
QUICK = {**AUTO, "max_iter": 5}
PHASE = 2 * np.pi * (np.arange(264)[:, None] + np.array([0, 3, 6])) / 12
NOISE = np.random.default_rng(0).normal(0, 0.3, (264, 3))
# series whose logarithm is a wave with noise: their lows are thousandths of their highs
SERIES = pd.DataFrame(np.exp(3.5 * np.sin(PHASE) + NOISE), pd.date_range(TIMES[0], periods=264), ["a", "b", "c"])
KNOWN, NEWER = SERIES[:240], SERIES[240:]
ZEROS = NEWER.copy()
ZEROS.iloc[[3, -1], 1] = 0.0
ZEROS.iloc[7, 2] = -1.0
NAMES_THREE = (
    rf"^the target has 3 values .* target_transform='log', .* first 0 at {ZEROS.index[3]} in series 'b': .*=None, or "
)


@pytest.fixture(scope="module")
def fitted():
    return LSTMForecaster(6, **AUTO).fit(KNOWN)


@pytest.fixture
def model(fitted):
    return copy.deepcopy(fitted)


# --- the choice -------------------------------------------------------------------------------------------------------


def test_it_is_the_default():
    assert LSTMForecaster().target_transform == "auto"


def test_the_logarithm_is_chosen_where_it_forecasts_better(fitted):
    assert fitted.transform_ == PowerTransform(0.0, low=KNOWN.to_numpy().min())
    trials = fitted.search_results_
    assert trials["stage"].index("windowing") == trials["stage"].count("transform") == 2
    assert trials["target_transform"] == [None] + ["log"] * (len(trials["stage"]) - 1)
    assert list(trials["chosen"][:2]) == [False, True]
    given = LSTMForecaster(6, **AUTO | {"target_transform": "log"}).fit(KNOWN)
    assert_array_equal(fitted.predict(level=80), given.predict(level=80))


def tried(frame, **parameters):
    trials = LSTMForecaster(6, **QUICK | parameters).fit(frame).search_results_
    return [kind for kind, stage in zip(trials["target_transform"], trials["stage"]) if stage == "transform"]


def test_the_values_decide_what_is_tried():
    assert tried(make_frame()) == [None, "log"]
    assert tried(make_frame() - make_frame().min()) == [None, "sqrt"]  # one is 0
    assert tried(make_frame() - 10) == []


def test_the_square_root_is_chosen_for_squares():
    squares = np.square(np.abs(np.arange(240) % 24 - 12.0)[:, None] * [1, 10, 100]) + 0.0 * make_frame()
    model = LSTMForecaster(6, **AUTO | {"season": 24, "max_iter": 0}).fit(squares)
    assert model.search_results_["target_transform"][:2] == [None, "sqrt"]
    assert model.transform_ == PowerTransform(0.5, low=0.0)
    with pytest.warns(OutlierWarning, match="'sqrt', .* first -4 at .* in series 'a': .* of at least 0 .*=None$"):
        forecast = model.predict(data=-squares[10:12])
    assert np.isfinite(forecast.to_numpy()).all()


def test_means_and_counts_are_not_transformed():
    assert tried(make_frame(), loss="squared_error") == []
    assert tried(make_frame().round(), loss="poisson") == []
    assert tried(make_frame(), loss="huber") == [None, "log"]
    assert tried(make_frame(), loss="quantile", quantiles=[0.1, 0.5, 0.9]) == [None, "log"]


def test_nothing_is_transformed_where_all_values_are_the_same():
    model = LSTMForecaster(6, **QUICK).fit(pd.Series(5.0, TIMES))
    assert model.transform_.kind is None


def test_a_clone_chooses_anew_and_a_refit_does_not(fitted):
    assert clone(fitted).fit(KNOWN - KNOWN.min() - 1).transform_.kind is None
    twin = fitted._clone_with_choices()
    assert twin.target_transform == "auto"
    with pytest.warns(OutlierWarning):
        twin.fit(pd.concat([KNOWN, ZEROS]))
    assert twin.transform_ == fitted.transform_
    assert not hasattr(twin, "search_results_")


def test_a_refit_finds_the_exponent_of_box_cox_again(fitted):
    model = LSTMForecaster(6, **QUICK | {"target_transform": "box-cox"}).fit(KNOWN)
    twin = model._clone_with_choices().fit(KNOWN**2)
    assert twin.transform_.exponent == pytest.approx(model.transform_.exponent / 2, abs=0.01)


# --- values that it is not defined for --------------------------------------------------------------------------------


def silent(call):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return call()


def warned(match, call):
    """The result of a call that gives exactly one warning."""
    with pytest.warns(OutlierWarning, match=match) as caught:
        found = call()
    assert len(caught) == 1
    assert caught[0].filename == __file__
    return found


def test_new_rows_are_named_by_each_call_that_replaces_them(model):
    silent(lambda: model.predict(level=80))
    silent(lambda: model.update(NEWER[:3]))
    warned(NAMES_THREE, lambda: model.predict(data=ZEROS[3:]))
    warned(NAMES_THREE, lambda: model.update(ZEROS[3:]))
    warned(NAMES_THREE, model.predict)
    warned(NAMES_THREE, lambda: model.simulate(3, random_state=0))
    read = NAMES_THREE.replace("3 values", "2 values")  # no forecast starts from the last row
    warned(read, model.predict_insample)
    for table in (warned(read, lambda: model.backtest(n_windows=8, level=80)), warned(read, model.residuals)):
        assert np.isfinite(table.select_dtypes("number").to_numpy()).all()


def test_what_is_out_of_reach_is_not_named(model):
    later = pd.concat([ZEROS, SERIES[200:240].set_axis(pd.date_range(ZEROS.index[-1], periods=41)[1:])])
    warned(NAMES_THREE, lambda: model.update(later))
    silent(model.predict)


def test_the_forecast_is_that_of_the_smallest_value_within_reach(model):
    floored, reach = ZEROS.copy(), pd.concat([KNOWN, ZEROS])[-model._context_length() :]
    for row, column in ((3, 1), (-1, 1), (7, 2)):
        floored.iloc[row, column] = reach.iloc[:, column][reach.iloc[:, column] > 0].min()
    wanted = model.predict(data=floored)
    assert_array_equal(warned(NAMES_THREE, lambda: model.predict(data=ZEROS)), wanted)


def test_a_refit_for_intervals_takes_them():
    model = LSTMForecaster(6, **AUTO).fit(KNOWN)
    warned(NAMES_THREE, lambda: model.update(ZEROS))
    twin = copy.deepcopy(model)
    forecast = warned(NAMES_THREE, lambda: model.predict(level=80))
    assert np.isfinite(forecast.to_numpy()).all()
    warned("^the target has", twin.calibrate)
    assert_array_equal(warned(NAMES_THREE, lambda: twin.predict(level=80)), forecast)


def test_further_learning_takes_them(model):
    warned(NAMES_THREE, lambda: model.partial_fit(ZEROS))
    assert np.isfinite(model.networks_[0].params).all()
    warned(NAMES_THREE, lambda: model.set_params(warm_start=True).fit(pd.concat([KNOWN, ZEROS])))
    assert np.isfinite(model.networks_[0].params).all()


def test_a_window_of_zeros_alone_is_forecast(fitted, tmp_path):
    nothing = 0.0 * KNOWN[:40]
    forecast = warned("^the target has 72 values", lambda: fitted.predict(data=nothing))
    assert np.isfinite(forecast.to_numpy()).all()
    low = KNOWN.to_numpy().min()
    assert_array_equal(forecast, fitted.predict(data=nothing + low))
    tsl.save(fitted, tmp_path / "model.tsl")
    loaded = tsl.load(tmp_path / "model.tsl")
    assert loaded.transform_ == fitted.transform_
    assert_array_equal(warned("^the target has 72", lambda: loaded.predict(data=nothing)), forecast)


def test_a_given_transform_refuses_them():
    model = LSTMForecaster(6, **QUICK | {"target_transform": "log"}).fit(KNOWN)
    with pytest.raises(ValueError, match="target_transform='log' needs values above 0, got 0 in series 'b'"):
        model.predict(data=ZEROS)


def test_an_onnx_model_replaces_the_same_values(fitted):
    converted = OnnxForecaster(to_onnx(fitted))
    for data in (ZEROS, pd.concat([KNOWN, ZEROS]), 0.0 * ZEROS, -1.0 - ZEROS, ZEROS[:4], ZEROS[-1:]):
        data = data.set_axis(SERIES.index[: len(data)])  # not a continuation of what the forecaster knows
        for horizon in (6, 15):  # the second one continues from its own forecasts
            found = warned("^the target has", lambda: converted.predict(horizon, data=data))  # noqa: B023
            wanted = warned("^the target has", lambda: fitted.predict(horizon, data=data))  # noqa: B023
            np.testing.assert_allclose(found, wanted, rtol=1e-5)
    silent(lambda: converted.predict(data=KNOWN))


def test_replicas_whose_series_are_not_in_the_sample(monkeypatch):
    frame = long_frame()
    frame["y"] = np.exp(frame["y"] / frame.groupby("unique_id")["y"].transform("std") * 2)
    parameters = {**AUTO, "n_replicas": 2, "n_models": 1, "scaling": "window"}
    monkeypatch.setattr(replicas, "SAMPLE_SERIES", 4)
    monkeypatch.setattr(search, "TRANSFORM_MARGIN", -1.0)  # any transform is better
    model = silent(lambda: LSTMForecaster(6, **parameters).fit(frame))
    sample = set(model._calibration_panel(model._history.panel()).ids)
    other = next(name for name in frame["unique_id"].unique() if name not in sample)
    row = frame.index[frame["unique_id"] == other][50]
    frame.loc[row, "y"] = 0.0
    match = rf"^the target has 1 values .* {re.escape(str(frame.loc[row, 'ds']))} in series '{other}'"
    model = warned(match, lambda: LSTMForecaster(6, **parameters).fit(frame))
    assert model.transform_.kind == "log"
    assert np.isfinite(model.networks_[0].params).all()
