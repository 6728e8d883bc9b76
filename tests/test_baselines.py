import pickle

import numpy as np
import pandas as pd
import pytest
from forecasting_models import HOURS, long_frame
from numpy.testing import assert_allclose
from sklearn.base import clone

from tsl.baselines import Drift, Naive, SeasonalNaive, WindowAverage

BASELINES = [Naive, SeasonalNaive, Drift, WindowAverage]


@pytest.mark.parametrize("kind", BASELINES)
def test_a_baseline_is_a_forecaster_in_full(kind):
    data = long_frame([300, 200, 130])
    model = kind(horizon=12).fit(data)
    assert model.season_ == 24
    forecast = model.predict(level=[80, 95], quantiles=0.5)
    assert list(forecast)[:3] == ["unique_id", "ds", "y_pred"]
    assert len(forecast) == 36
    assert np.isfinite(forecast.drop(columns=["unique_id", "ds"])).all(axis=None)
    assert (forecast["y_pred-lo-95"] <= forecast["y_pred-lo-80"]).all()
    assert (forecast["y_pred-lo-80"] <= forecast["y_pred-q0.5"]).all()
    assert (forecast["y_pred-q0.5"] <= forecast["y_pred-hi-80"]).all()
    assert (forecast["y_pred-hi-80"] <= forecast["y_pred-hi-95"]).all()
    assert len(model.backtest(n_windows=2, level=90)) == 2 * 36
    assert model.simulate(3, random_state=0).shape == (36, 5)
    assert model.score() < 0
    assert {"y_pred", "residual"} <= set(model.residuals())
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(model)).predict(level=80), model.predict(level=80))
    assert clone(model).set_params(horizon=3).get_params()["horizon"] == 3
    newer = pd.DataFrame({"unique_id": "b", "ds": HOURS[200:202], "y": [50.0, 60.0]})
    updated = model.update(newer).predict(2)
    assert (updated["ds"][updated["unique_id"] == "b"].to_numpy() == HOURS[202:204].to_numpy()).all()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (Naive(2), [8.0, 8.0]),
        (SeasonalNaive(2, season=3), [4.0, 9.0]),
        (Drift(2), [9.4, 10.8]),  # up by 7 in 5 steps
        (Drift(2, window=2), [7.0, 6.0]),
        (WindowAverage(2, window=2), [8.5, 8.5]),
        (WindowAverage(2, season=3), [7.0, 7.0]),  # a season
        (WindowAverage(2, season=1), [8.5, 8.5]),  # as many as are forecast
    ],
)
def test_forecasts_after_an_update_follow_all_rows(kind, expected):
    first = pd.Series([1.0, 2.0, 3.0], HOURS[:3])
    kind.fit(first).update(pd.Series([4.0, 9.0, 8.0], HOURS[3:6]))
    assert_allclose(kind.predict(), expected)


def test_what_is_known_ahead_is_not_looked_at():
    data = pd.DataFrame({"y": [1.0, 2.0, 3.0], "promo": [0, 1, 0]}, HOURS[:3])
    future = pd.DataFrame({"promo": [1.0]}, HOURS[3:4])
    assert Naive(1, season=1).fit(data, target="y").predict(future=future)["y_pred"].tolist() == [3.0]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Naive(0), "'horizon'"),
        (Naive(season=0), "'season'"),
        (Naive(missing="drop"), "'missing'"),
        (Drift(window=1), "'window'"),
        (WindowAverage(window=0), "'window'"),
    ],
)
def test_parameters_are_checked(model, message):
    with pytest.raises(ValueError, match=message):
        model.fit(pd.Series([1.0, 2.0, 3.0], HOURS[:3]))


@pytest.mark.parametrize("missing", ["interpolate", "ffill", "mask"])
@pytest.mark.parametrize("kind", BASELINES)
def test_missing_readings_never_become_missing_forecasts(kind, missing):
    data = pd.Series(np.arange(60.0), HOURS[:60])
    data.iloc[[5, 30, 58, 59]] = np.nan
    model = kind(3, season=4, missing=missing).fit(data)
    assert model.predict(level=80).notna().all(axis=None)
    assert model.backtest(n_windows=3, level=80).drop(columns="y_pred").drop(columns="y").notna().all(axis=None)
    assert model.update(pd.Series([np.nan, 5.0], HOURS[60:62])).predict(level=80).notna().all(axis=None)


def test_many_short_series_and_constant_ones():
    n_series = 2000
    values = np.tile(np.arange(20.0), n_series)
    values[:20] = 7.0
    data = pd.DataFrame(
        {"unique_id": np.repeat(np.arange(n_series), 20), "ds": np.tile(np.arange(20), n_series), "y": values}
    )
    forecast = Naive(5).fit(data).predict(level=90)
    constant = forecast[forecast["unique_id"] == 0]
    assert (constant[["y_pred", "y_pred-lo-90", "y_pred-hi-90"]] == 7.0).all(axis=None)
    rising = forecast[forecast["unique_id"] == 1]
    # the errors of a line; that the constant has none counts a little
    assert (rising["y_pred-hi-90"] - 19.0).tolist() == pytest.approx([1, 2, 3, 4, 5], rel=1e-3)
