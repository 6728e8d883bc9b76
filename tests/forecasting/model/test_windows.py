"""Windows of a panel: what they are relative to, and back again."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tsl.forecasting.frames.cutoffs import known_at
from tsl.forecasting.model.fit import FitConfig, fit_network, run_networks
from tsl.forecasting.model.recursive import rolled
from tsl.forecasting.model.ridge import LinearMap
from tsl.forecasting.model.sampling import WindowSampler, training_cutoffs
from tsl.forecasting.model.windows import ColumnStats, SeriesWindows, Windowing
from tsl.forecasting.panel.panel import Panel
from tsl.network import Loss, Optimizer

PLANS = {
    "plain": Windowing(12, 4, 6, level=4),
    "lagged": Windowing(12, 4, 6, lag=8, level=4, spread=12),
    "ahead": Windowing(12, 4, 6, n_future=2),
    "level alone": Windowing(12, 3, 6, level=1, spread=None),
    "nothing": Windowing(12, 1, 6, level=0, spread=None),
}


def make_panel(lengths=(60, 45, 31), n_future=2, seed=0):
    rng = np.random.default_rng(seed)
    n = sum(lengths)
    values = np.concatenate([10.0 * k + 3.0 * rng.normal(size=length).cumsum() for k, length in enumerate(lengths)])
    return Panel(
        ids=pd.Index([f"s{k}" for k in range(len(lengths))]),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        times=pd.RangeIndex(n),
        values=values,
        past=np.zeros((n, 0)),
        future=rng.normal(size=(n, n_future)),
        static=np.zeros((len(lengths), 0)),
    )


def windows_of(panel, plan):
    if plan.n_future == 0:
        panel = Panel(**{**vars(panel), "future": panel.future[:, :0]})
    return SeriesWindows(panel, plan, ColumnStats.learn(panel))


def learning(**changes):
    given = {
        "hidden_size": (4,), "embedding_size": 0, "penalty": 0.1, "loss": Loss("absolute_error"),
        "optimizer": Optimizer(), "learning_rate_init": 1e-3, "dropout": 0.0, "batch_size": 16, "n_steps": 0,
        "max_time": None, "n_threads": 1, "verbose": 0,
    }  # fmt: skip
    return FitConfig(**{**given, **changes})


# --- levels and spreads -----------------------------------------------------------------------------------------


def test_level_and_spread_are_those_of_the_window_alone():
    panel, ends = make_panel(), np.array([20, 60, 100])
    windows = windows_of(panel, PLANS["plain"])
    level, spread = windows.levels_and_scales(ends)
    for k, end in enumerate(ends):
        z = panel.values[end - 12 : end]
        assert_allclose([level[k], spread[k]], [z[-4:].mean(), z.std()], rtol=1e-9)


def test_spread_of_changes():
    panel = make_panel()
    _, spread = windows_of(panel, PLANS["lagged"]).levels_and_scales(np.array([50]))
    z = panel.values
    assert_allclose(spread, [np.abs(z[38:50] - z[26:38]).mean()], rtol=1e-9)


def test_windows_do_not_look_over_the_border_of_a_series():
    panel = make_panel()
    changed = make_panel()
    changed.values[:60] = 1e6
    for plan in PLANS.values():
        if plan.spread is None:
            continue  # standardised with the mean of all series
        found, expected = (windows_of(each, plan).levels_and_scales(np.array([65])) for each in (changed, panel))
        assert_array_equal(found, expected)


def test_a_constant_window_has_no_spread_and_forecasts_its_level():
    panel = make_panel()
    panel.values[:60] = 7.0
    windows = windows_of(panel, PLANS["plain"])
    assert windows.levels_and_scales(np.array([40]))[1] == 0
    forecasts = windows.restored(np.full((1, 6, 1), 3.0), np.array([40]))
    assert_allclose(forecasts[0, :, 0], 7.0, rtol=1e-12)


def test_missing_values_count_for_nothing():
    panel = make_panel()
    panel.values[[50, 53, 55]] = np.nan
    windows = windows_of(panel, PLANS["plain"])
    level, spread = windows.levels_and_scales(np.array([58]))
    z = panel.values[46:58]
    assert_allclose([level[0], spread[0]], [np.nanmean(z[-4:]), np.nanstd(z)], rtol=1e-9)


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_restoring_undoes_what_targets_are_relative_to(plan):
    panel = make_panel()
    windows = windows_of(panel, plan)
    ends = np.array([25, 40, 54, 80, 99, 130])
    restored = windows.restored(windows.targets(ends)[:, :, None], ends)[:, :, 0]
    assert_allclose(restored, panel.values[ends[:, None] + np.arange(6)], rtol=1e-4)  # targets are float32


# --- what the network reads -------------------------------------------------------------------------------------


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_a_network_without_training_is_the_linear_map(plan):
    windows = windows_of(make_panel(), plan)
    panel = windows.panel
    ends = training_cutoffs(panel, plan.window, plan.horizon)
    draws = WindowSampler(panel, ends, plan.horizon)
    network, history = fit_network(windows, draws, learning(), np.random.RandomState(0))
    assert history.n_iter == 0
    weights = network.named()["head.w_out"][4:].reshape(-1, windows.n_channels, plan.horizon)
    values, ahead = windows.design_matrix(ends)
    by_hand = np.einsum("nwc,wch->nh", values, weights[: plan.window, : values.shape[2]])
    if plan.n_future:
        behind = weights[plan.window : plan.window + plan.horizon, -plan.n_future :]
        by_hand += np.einsum("nwc,wch->nh", ahead, behind)
    by_hand += network.named()["head.b_out"]
    found = run_networks([network], windows, ends, 1)[0]
    assert_allclose(found, windows.restored(by_hand[:, :, None], ends), rtol=1e-3, atol=1e-3)  # float32


def test_linear_map_finds_what_is_linear():
    panel = make_panel((400,), n_future=0)
    wave = np.sin(2 * np.pi * np.arange(400) / 12)
    panel.values[:] = 5.0 + wave
    plan = Windowing(24, 12, 6, level=12)
    windows = windows_of(panel, plan)
    ends = training_cutoffs(panel, 24, 6)
    linear = LinearMap.fit(windows, ends, 0.001)
    values, _ = windows.design_matrix(ends)
    outputs = np.einsum("nwc,wch->nh", values, linear.values) + linear.offset
    assert np.abs(outputs - windows.targets(ends)).max() < 0.01  # spreads; the penalty shrinks it a little


# --- which windows there are ------------------------------------------------------------------------------------


def test_training_windows_leave_room_for_the_horizon():
    panel = make_panel((60, 10, 4))
    ends = training_cutoffs(panel, 12, 6)
    assert_array_equal(ends, [*range(12, 55), *range(62, 65)])  # of the second from half of its 4 rows of history on


def test_draws_count_series_the_same_and_weights_as_given():
    panel = make_panel((100, 30))
    ends = training_cutoffs(panel, 12, 6)
    drawn = WindowSampler(panel, ends, 6).draw(20_000, np.random.RandomState(0))
    assert (drawn < 100).mean() == pytest.approx(0.5, abs=0.02)  # five standard errors
    weights = np.ones(130)
    weights[100:] = 0.0
    weighted = Panel(**{**vars(panel), "weights": weights})
    assert WindowSampler(weighted, ends, 6).draw(1000, np.random.RandomState(0)).max() < 100


def test_windows_whose_targets_are_all_missing_are_not_drawn():
    panel = make_panel((100,))
    panel.values[:60] = np.nan
    drawn = WindowSampler(panel, training_cutoffs(panel, 12, 6), 6).draw(1000, np.random.RandomState(0))
    assert drawn.min() > 54


# --- rolling ------------------------------------------------------------------------------------------------------


def test_rolling_goes_on_from_its_own_forecasts():
    panel = make_panel()

    def run(panel, ends):  # the mean of the last two, twice over
        mean = (panel.values[ends - 1] + panel.values[ends - 2]) / 2
        return np.stack([mean, mean + 1], axis=1)[:, :, None]

    own, own_ends = known_at(panel, np.array([30, 99]), None, "error", context=3, n_known=np.array([6, 6]), n_ahead=6)
    found = rolled(run, own, own_ends, horizon=5, block=2)[:, :, 0]
    for k, end in enumerate((30, 99)):
        last = list(panel.values[end - 2 : end])
        for _ in range(3):
            mean = (last[-1] + last[-2]) / 2
            last += [mean, mean + 1]
        assert_allclose(found[k], last[2:7], rtol=1e-12)
