"""Forecasts of skforecast with our regressor: newest lag first, and arrays without names in `fit`."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

pytest.importorskip("skforecast", reason="extra 'clients'")
from skforecast.direct import ForecasterDirect
from skforecast.model_selection import TimeSeriesFold, backtesting_forecaster
from skforecast.recursive import ForecasterRecursive

from tsl.windows import WindowLayoutWarning


def test_lags_are_warned_of_and_turned_round(glucose, windows, lstm):
    with pytest.warns(WindowLayoutWarning, match="the newest step is the first: give time_order='newest_first'"):
        ForecasterRecursive(estimator=lstm(), lags=12).fit(glucose)
    forecaster = ForecasterRecursive(estimator=lstm(time_order="newest_first"), lags=12)
    forecaster.fit(glucose)
    wanted = lstm().fit(*windows)
    last = glucose.to_numpy()[-12:]
    for found in forecaster.predict(steps=4):  # each step is the last one of the next window
        assert_allclose(found, wanted.predict(last[None, :, None])[0], rtol=1e-5)
        last = np.append(last[1:], found)


def test_covariates_are_channels_that_do_not_change(glucose, covariate, windows, lstm):
    forecaster = ForecasterRecursive(estimator=lstm(), lags=12)
    with pytest.warns(WindowLayoutWarning, match="some columns are lags, the newest first, and others are not"):
        forecaster.fit(glucose, exog=covariate)
    table, target = forecaster.create_train_X_y(glucose, exog=covariate)
    assert list(table) == [*(f"lag_{lag}" for lag in range(1, 13)), "steps"]
    named = ForecasterRecursive(estimator=lstm(layout=list(table)), lags=12)
    named.fit(glucose, exog=covariate)
    X = np.concatenate([windows[0], np.repeat(covariate.to_numpy()[12:, None], 12, axis=1)], axis=2)
    wanted = lstm().fit(X, windows[1]).predict(X)
    assert_allclose(lstm().fit(table, target).predict(table), wanted, rtol=1e-5)
    assert_allclose(named.estimator.predict(table.to_numpy()), wanted, rtol=1e-5)
    one_scale = lstm(time_order="oldest_first", n_channels=1).fit(table, target).predict(table)
    assert 2 * np.abs(wanted - windows[1]).mean() < np.abs(one_scale - windows[1]).mean()


def test_backtests_and_direct_forecasts_run(glucose, lstm):
    forecaster = ForecasterRecursive(estimator=lstm(time_order="newest_first"), lags=12)
    folds = TimeSeriesFold(steps=6, initial_train_size=650, refit=False)
    metric, _ = backtesting_forecaster(forecaster, glucose, cv=folds, metric="mean_absolute_error", show_progress=False)
    assert np.isfinite(metric.to_numpy()).all()
    direct = ForecasterDirect(estimator=lstm(time_order="newest_first"), steps=2, lags=12)
    direct.fit(glucose)
    assert_array_equal(np.isfinite(direct.predict()), [True, True])
