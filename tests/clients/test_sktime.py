"""Reductions of sktime to our regressor: tables are the oldest first, arrays (n, channel, time)."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

pytest.importorskip("sktime", reason="extra 'clients'")
from sktime.forecasting.compose import make_reduction

from tsl.windows import WindowLayoutWarning


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
