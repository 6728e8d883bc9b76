"""The linear map from a window to its forecast."""

import numpy as np
import pytest
from forecasting_windows import make_config, make_panel, windows_of
from numpy.testing import assert_allclose

from tsl.forecasting.model.fit import run_networks, start_network
from tsl.forecasting.model.ridge import LinearMap
from tsl.forecasting.model.sampling import WindowSampler, training_cutoffs
from tsl.forecasting.model.windows import Windowing
from tsl.forecasting.panel.naive import naive, seasonal_naive


def test_linear_map_finds_what_is_linear():
    panel = make_panel((400,), n_future=0)
    wave = np.sin(2 * np.pi * np.arange(400) / 12)
    panel.values[:] = 5.0 + wave
    plan = Windowing(24, 12, 6, level=12)
    windows = windows_of(panel, plan)
    cutoffs = training_cutoffs(panel, 24, 6)
    linear = LinearMap.fit(windows, cutoffs, 0.001)
    values, _ = windows.design_matrix(cutoffs)
    outputs = np.einsum("nwc,wch->nh", values, linear.values) + linear.offset
    assert np.abs(outputs - windows.targets(cutoffs)).max() < 0.01  # spreads; the penalty shrinks it a little


def test_the_penalty_counts_for_each_window():
    windows = windows_of(make_panel(), Windowing(4, 2, 3, level=2, n_future=2))
    cutoffs = training_cutoffs(windows.panel, 4, 3)
    values, ahead = windows.design_matrix(cutoffs)
    inputs = np.concatenate([values.reshape(len(cutoffs), -1), ahead.reshape(len(cutoffs), -1)], axis=1)
    targets = np.clip(windows.targets(cutoffs), -10, 10)
    centred = targets - targets.mean(axis=0)
    matrix = np.linalg.solve(inputs.T @ inputs + 0.3 * len(cutoffs) * np.eye(10), inputs.T @ centred)
    linear = LinearMap.fit(windows, cutoffs, 0.3)
    assert_allclose(np.concatenate([linear.values.reshape(4, 3), linear.ahead.reshape(6, 3)]), matrix, rtol=1e-9)
    assert_allclose(linear.offset, targets.mean(axis=0), rtol=1e-12)


@pytest.mark.parametrize(
    ("kind", "by_hand"), [("naive", naive), ("seasonal naive", lambda *known: seasonal_naive(*known, season=4))]
)
@pytest.mark.parametrize("plan", [Windowing(12, 3, 6, level=4), Windowing(8, 4, 6, level=4, n_future=2)], ids=str)
def test_simple_forecasts_are_networks_whose_linear_map_is_known(kind, by_hand, plan):
    windows = windows_of(make_panel(), plan)
    cutoffs = training_cutoffs(windows.panel, plan.window, plan.horizon)
    sampler, config = WindowSampler(windows.panel, cutoffs, plan.horizon), make_config(penalty=None).of_kind(kind)
    network = start_network(windows, sampler, config, np.random.RandomState(0))
    found = run_networks([network], windows, cutoffs, 1)[0, :, :, 0]
    assert_allclose(found, by_hand(windows.panel, cutoffs, plan.horizon), rtol=1e-5, atol=1e-5)  # float32


def test_the_seasonal_mean_is_the_mean_of_the_seasons_of_the_window():
    panel, plan = make_panel((60,), n_future=0), Windowing(12, 4, 6, level=4)
    windows, cutoffs = windows_of(panel, plan), np.arange(12, 55)
    sampler, config = WindowSampler(panel, cutoffs, 6), make_config(penalty=None).of_kind("seasonal mean")
    network = start_network(windows, sampler, config, np.random.RandomState(0))
    found = run_networks([network], windows, cutoffs, 1)[0, :, :, 0]
    back = [seasonal_naive(panel, cutoffs - 4 * k, 6, season=4) for k in range(3)]
    assert_allclose(found, np.mean(back, axis=0), rtol=1e-5, atol=1e-5)
