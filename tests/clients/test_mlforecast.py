"""Forecasts of mlforecast with our regressor: its tables have names, which determine the order of the lags."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

pytest.importorskip("mlforecast", reason="extra 'clients'")
from mlforecast import MLForecast
from mlforecast.lag_transforms import RollingMean


@pytest.fixture
def panel(glucose):
    one = pd.DataFrame({"unique_id": "a", "ds": glucose.index, "y": glucose.to_numpy()})
    return pd.concat([one, one.assign(unique_id="b", y=300 - one["y"])], ignore_index=True)


def test_lags_are_read_as_windows(panel, windows, lstm):
    table = panel[panel["unique_id"] == "a"]
    forecaster = MLForecast({"lstm": lstm()}, freq="5min", lags=range(1, 13)).fit(table)
    wanted, last = lstm().fit(*windows), table["y"].to_numpy()[-12:]
    for found in forecaster.predict(4)["lstm"]:
        assert_allclose(found, wanted.predict(last[None, :, None])[0], rtol=1e-5)
        last = np.append(last[1:], found)


def test_what_has_no_lags_beside_it_is_a_channel(panel, lstm):
    forecaster = MLForecast(
        {"lstm": lstm(max_iter=2)},
        freq="5min",
        lags=[1, 2, 3, 12],
        lag_transforms={1: [RollingMean(12)]},
        date_features=["hour"],
    ).fit(panel)
    model = forecaster.models_["lstm"]
    names = list(model.feature_names_in_)
    assert (model.n_timesteps_in_, model.n_channels_in_) == (4, 3)
    first = [names.index(name) for name in ("lag12", "lag3", "lag2", "lag1")]
    assert_array_equal(model.columns_[:, 0], first)
    assert forecaster.predict(3)["lstm"].notna().all()
    validation = forecaster.cross_validation(panel, n_windows=2, h=3)
    assert len(validation) == 2 * 2 * 3
