"""Darts' `SKLearnModel` with our regressor: arrays without names, all lags of one kind of series after the other."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

pytest.importorskip("darts", reason="extra 'clients'; torch is not needed")
from darts import TimeSeries
from darts.models import SKLearnModel

from tsl.windows import WindowLayoutWarning


def test_lags_are_read_as_windows(glucose, windows, lstm):
    model = SKLearnModel(model=lstm(), lags=12).fit(TimeSeries.from_series(glucose))
    wanted, last = lstm().fit(*windows), glucose.to_numpy()[-12:]
    for found in model.predict(3).values()[:, 0]:
        assert_allclose(found, wanted.predict(last[None, :, None])[0], rtol=1e-5)
        last = np.append(last[1:], found)


def test_blocks_of_covariates_are_warned_of_and_read_as_channels(glucose, covariate, lstm):
    series, past = TimeSeries.from_series(glucose), TimeSeries.from_dataframe(covariate)
    lags = {"lags": 12, "lags_past_covariates": 12}
    with pytest.warns(WindowLayoutWarning, match="2 windows one after the other: give n_channels=2 and layout="):
        plain = SKLearnModel(model=lstm(), **lags).fit(series, past_covariates=past)
    names = plain.lagged_feature_names
    models = [
        SKLearnModel(model=lstm(**parameters), **lags).fit(series, past_covariates=past)
        for parameters in ({"n_channels": 2, "layout": "channel_time"}, {"layout": names})
    ]
    first, second = (model.predict(1).values() for model in models)
    assert_allclose(first, second, rtol=1e-5)
    assert models[1].model.columns_.shape == (12, 2)


def test_what_is_known_ahead_is_named(glucose, covariate, lstm):
    series, future = TimeSeries.from_series(glucose[:-6]), TimeSeries.from_dataframe(covariate)
    names = [f"y_target_lag-{lag}" for lag in range(12, 0, -1)] + ["steps_futcov_lag0"]
    model = SKLearnModel(model=lstm(layout=names), lags=12, lags_future_covariates=[0])
    model.fit(series, future_covariates=future)
    assert model.lagged_feature_names == names
    assert np.isfinite(model.predict(6).values()).all()
