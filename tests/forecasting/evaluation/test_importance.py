"""Forecasts with the covariates of other windows: the same as from data in which these are swapped by hand."""

import numpy as np
import pandas as pd
import pytest
from forecasting_models import Told, promo_frame
from numpy.testing import assert_array_equal

from tsl import LSTMForecaster
from tsl.forecasting.evaluation.importance import CovariateColumns, exchanged_forecasts
from tsl.forecasting.evaluation.plan import Plan

DAYS = pd.date_range("2024-01-01", periods=160)
H, WINDOW = 4, 12


def exchanged(model, data, covariates, n_repeats=1, **windows):
    plan = Plan.of(model.horizon, windows["n_windows"], windows["step"], gap=0, refit=False, window="expanding")
    panel, lowest = model._continuation().whole(data)
    return exchanged_forecasts(model._model(), panel, lowest, plan, covariates, n_repeats, np.random.RandomState(0))


def test_every_window_gets_what_was_known_ahead_in_another_one():
    data = promo_frame(40)
    model = Told(2).fit(data[:20], target="y")
    found = exchanged(model, data[20:], [CovariateColumns("future", [0])], n_repeats=4, n_windows=6, step=3)
    assert_array_equal(found.points[:, 0], 10.0 * found.cutoffs)
    for points in found.exchanged[0]:
        assert_array_equal(points[:, 1] - points[:, 0], 10.0)  # rows of a window stay together
        assert sorted(points[:, 0]) == sorted(found.points[:, 0])
        assert (points != found.points).all()
    assert len({tuple(points[:, 0]) for points in found.exchanged[0]}) > 1


@pytest.fixture(scope="module")
def lstm():
    rng = np.random.default_rng(0)
    columns = {"y": rng.normal(size=160), "offer": rng.normal(size=160), "visits": rng.normal(size=160)}
    data = pd.DataFrame(columns, DAYS)
    model = LSTMForecaster(
        H, window=WINDOW, season=1, segment=3, differences=None, hidden_size=3, embedding_size=2, max_iter=20,
        future=["offer"], past=["visits"], calendar=["dayofweek"], random_state=0,
    )  # fmt: skip
    return model.fit(data[:90], target="y"), data


@pytest.mark.parametrize(
    ("block", "columns", "name", "n_ahead"), [("past", [0], "visits", 0), ("future", [0], "offer", H)]
)
def test_two_windows_swap_their_covariates(lstm, block, columns, name, n_ahead):
    model, data = lstm
    found = exchanged(model, data[90:], [CovariateColumns(block, columns)], n_windows=2, step=40)
    assert found.cutoffs.tolist() == [116, 156]
    swapped = data.copy()
    one, other = (slice(cutoff - model._context_length(), cutoff + n_ahead) for cutoff in found.cutoffs)
    place = data.columns.get_loc(name)
    swapped.iloc[one, place], swapped.iloc[other, place] = data[name][other].to_numpy(), data[name][one].to_numpy()
    backtest = model.backtest(swapped[90:], n_windows=2, step=40)
    assert_array_equal(found.exchanged[0, 0].ravel(), backtest["y_pred"])
    assert (found.exchanged[0, 0] != found.points).all()
    assert_array_equal(found.points.ravel(), model.backtest(data[90:], n_windows=2, step=40)["y_pred"])


def test_calendar_is_that_of_the_other_window(lstm):
    model, data = lstm
    calendar = CovariateColumns("future", [1, 2])
    weekly = exchanged(model, data[90:], [calendar], n_windows=2, step=42)
    assert_array_equal(weekly.exchanged[0, 0], weekly.points)
    found = exchanged(model, data[90:], [calendar], n_windows=2, step=40)
    assert (found.exchanged[0, 0] != found.points).all()
