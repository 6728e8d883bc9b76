"""Our forecaster as an sktime forecaster, and sktime's reductions with our regressor."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

pytest.importorskip("sktime", reason="extra 'clients'")
from sktime.forecasting.base import ForecastingHorizon
from sktime.forecasting.compose import make_reduction
from sktime.forecasting.model_evaluation import evaluate
from sktime.forecasting.model_selection import ForecastingGridSearchCV
from sktime.split import ExpandingWindowSplitter
from sktime.utils.estimator_checks import check_estimator

from tsl import LSTMForecaster
from tsl.baselines import Naive
from tsl.interop.sktime import TslForecaster
from tsl.windows import WindowLayoutWarning

SMALL = {"window": 12, "season": 1, "hidden_size": 4, "embedding_size": None, "max_iter": 20, "random_state": 0}
SMALL |= {"scaling": "window", "differences": None, "target_transform": None}


# --- the adapter --------------------------------------------------------------------------------------------------


def test_sktime_finds_nothing_wrong():
    check_estimator(TslForecaster, raise_exceptions=True, verbose=False)  # all of its checks, none left out


def test_forecasts_are_those_of_the_forecaster(glucose):
    known = glucose[:-40]
    ours, theirs = LSTMForecaster(5, **SMALL).fit(known), TslForecaster(LSTMForecaster(**SMALL)).fit(known, fh=[2, 5])
    for newer in ([], glucose[-40:-30]):
        if len(newer):
            ours.update(newer)
            theirs.update(glucose[-50:-30])  # rows that are known already are left out
        wanted = ours.predict(level=80).iloc[[1, 4]]
        pd.testing.assert_series_equal(theirs.predict(), wanted["y_pred"], check_names=False, check_freq=False)
        assert_allclose(theirs.predict_interval(coverage=0.8), wanted[["y_pred-lo-80", "y_pred-hi-80"]])
        assert_allclose(theirs.predict_quantiles(alpha=[0.9, 0.1]), wanted[["y_pred-hi-80", "y_pred-lo-80"]])
    absolute = ForecastingHorizon(glucose.index[-30:-27], is_relative=False)
    pd.testing.assert_index_equal(theirs.predict(absolute).index, glucose.index[-30:-27], exact="equiv")


def hierarchy(glucose, covariate):
    """Two variables of two sensors, and covariates of which one is a category."""
    both = pd.DataFrame({"one": glucose, "two": 300 - glucose})
    kinds = pd.Categorical(np.where(glucose.index.hour < 12, "am", "pm"))
    y = pd.concat({("ward", "a"): both, ("ward", "b"): 2 * both[100:]}, names=["place", "sensor", "time"])
    X = pd.concat({key: covariate.assign(kind=kinds) for key in [("ward", "a"), ("ward", "b")]}, names=y.index.names)
    return y, X.loc[y.index]


def test_all_series_of_a_hierarchy_are_learned_by_one_model(glucose, covariate):
    y, X = hierarchy(glucose, covariate)
    known = y.index.get_level_values("time") < glucose.index[-6]
    theirs = TslForecaster(LSTMForecaster(**SMALL)).fit(y[known], X=X[known], fh=[1, 6])
    long = y.join(X).reset_index().melt(["sensor", "time", *X], ["one", "two"], "variable", "y")
    long["id"] = long["sensor"] + long["variable"]
    ours = LSTMForecaster(6, future=list(X), **SMALL)
    roles = {"id_col": "id", "time_col": "time", "target": "y"}
    ours.fit(long.loc[long["time"] < glucose.index[-6], ["id", "time", "y", *X]], **roles)
    future = long.loc[long["time"] >= glucose.index[-6], ["id", "time", *X]]
    wanted = ours.predict(future=future).set_index(["id", "time"])["y_pred"]
    found = theirs.predict(X=X[~known])
    assert found.index.names == y.index.names
    for (_, sensor, time), row in found.iterrows():
        for variable, value in row.items():
            assert_allclose(value, wanted[sensor + variable, time], rtol=1e-5)
    assert theirs.predict_quantiles(X=X[~known], alpha=[0.1, 0.9]).shape == (4, 4)
    with pytest.raises(ValueError, match="X must hold the columns .* ahead of time, got None"):
        theirs.predict()
    with pytest.raises(ValueError, match="X must have values at each step up to the last one of fh, got none at"):
        theirs.predict(X=X[~known].drop(glucose.index[-3], level="time"))


def test_series_that_end_at_different_times_are_forecast_from_their_own_ends(glucose):
    y = pd.concat({"a": glucose.to_frame(), "b": glucose[:-10].to_frame()}, names=["sensor", "time"])
    model = TslForecaster(Naive(2)).fit(y)
    ends = [glucose.index[-1], glucose.index[-11]]
    found = model.predict(fh=[1])
    assert found.index.to_list() == [(name, end + pd.Timedelta("5min")) for name, end in zip("ab", ends)]
    with pytest.raises(ValueError, match="fh must be relative if not all series end at"):
        model.predict(fh=ForecastingHorizon(pd.date_range(ends[0], periods=4, freq="5min")[1:], is_relative=False))
    model.update(pd.concat({"c": glucose[-20:].to_frame()}, names=["sensor", "time"]))
    assert model.predict(fh=[1]).index.get_level_values("sensor").to_list() == ["a", "b", "c"]


def test_only_forecasters_of_ours_are_taken():
    with pytest.raises(TypeError, match="forecaster must be an LSTMForecaster or one of tsl.baselines, got 'lstm'"):
        TslForecaster("lstm")


def test_searches_and_evaluations_reach_the_parameters(glucose):
    y, model = glucose[-100:], TslForecaster(LSTMForecaster(**SMALL | {"max_iter": 2}))
    cv = ExpandingWindowSplitter(fh=[1, 2], initial_window=80, step_length=10)
    grid = {"forecaster__hidden_size": [2, 3], "forecaster__missing": ["mask"]}
    search = ForecastingGridSearchCV(model, cv=cv, param_grid=grid).fit(y)
    best = search.best_forecaster_
    assert best.forecaster_.hidden_size == search.best_params_["forecaster__hidden_size"]
    assert best.get_tag("capability:missing_values")
    assert not model.get_tag("capability:missing_values")
    for strategy in ("refit", "update", "no-update_params"):
        scores = evaluate(model, cv=cv, y=y, strategy=strategy, error_score="raise")
        assert np.isfinite(scores["test_MeanAbsolutePercentageError"]).all()


# --- reductions: tables are the oldest first, arrays (n, channel, time) -------------------------------------------


def reduced(model, scitype, y, X=None):
    forecaster = make_reduction(model, window_length=12, strategy="recursive", scitype=scitype)
    return forecaster.fit(y, X=X)


def test_tables_are_read_as_windows(glucose, windows, lstm):
    forecaster = reduced(lstm(), "tabular-regressor", glucose)
    wanted, last = lstm().fit(*windows), glucose.to_numpy()[-12:]
    for found in forecaster.predict(fh=[1, 2, 3]):
        assert_allclose(found, wanted.predict(last[None, :, None])[0], rtol=1e-5)
        last = np.append(last[1:], found)


def test_arrays_need_their_axes_turned(glucose, lstm):
    with pytest.warns(WindowLayoutWarning, match="windows of 1 step of 12 channels. If time is its last axis, as in"):
        reduced(lstm(), "time-series-regressor", glucose)
    found = reduced(lstm(layout="channel_time"), "time-series-regressor", glucose).predict(fh=[1, 2, 3])
    assert_allclose(found, reduced(lstm(), "tabular-regressor", glucose).predict(fh=[1, 2, 3]), rtol=1e-5)


def test_covariates_are_channels(glucose, covariate, lstm):
    known, ahead = covariate[:-3], covariate[-3:]
    forecaster = reduced(lstm(layout="channel_time"), "time-series-regressor", glucose[:-3], known)
    assert forecaster.estimator_.n_channels_in_ == 2
    assert np.isfinite(forecaster.predict(fh=[1, 2, 3], X=ahead)).all()
    table = reduced(lstm(n_channels=2, layout="channel_time"), "tabular-regressor", glucose[:-3], known)
    assert_allclose(table.predict(fh=[1, 2, 3], X=ahead), forecaster.predict(fh=[1, 2, 3], X=ahead), rtol=1e-5)
