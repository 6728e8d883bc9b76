"""Networks fitted to the windows of a panel."""

import numpy as np
import pytest
from forecasting_windows import PLANS, make_config, make_panel, windows_of
from numpy.testing import assert_allclose, assert_array_equal

from tsl.forecasting.model import fit
from tsl.forecasting.model.fit import fit_networks, run_networks, start_network, train_network
from tsl.forecasting.model.fit_time import FitTime
from tsl.forecasting.model.members import Member
from tsl.forecasting.model.sampling import WindowSampler, training_cutoffs
from tsl.forecasting.model.windows import ColumnStats
from tsl.network import Dropout


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_a_network_without_training_is_the_linear_map(plan):
    windows = windows_of(make_panel(), plan)
    panel = windows.panel
    cutoffs = training_cutoffs(panel, plan.window, plan.horizon)
    sampler = WindowSampler(panel, cutoffs, plan.horizon)
    config, random_state = make_config(), np.random.RandomState(0)
    network = start_network(windows, sampler, config, random_state)
    assert train_network(network, windows, sampler, config, random_state).n_iter == 0
    weights = network.named()["head.w_out"][4:].reshape(-1, windows.n_channels, plan.horizon)
    values, ahead = windows.design_matrix(cutoffs)
    by_hand = np.einsum("nwc,wch->nh", values, weights[: plan.window, : values.shape[2]])
    if plan.n_future:
        behind = weights[plan.window : plan.window + plan.horizon, -plan.n_future :]
        by_hand += np.einsum("nwc,wch->nh", ahead, behind)
    by_hand += network.named()["head.b_out"]
    found = run_networks([network], windows, cutoffs, 1)[0]
    assert_allclose(found, windows.restored(by_hand[:, :, None], cutoffs), rtol=1e-3, atol=1e-3)  # float32


def test_each_seed_gives_a_network():
    panel, plan = make_panel(), PLANS["ahead"]
    stats = ColumnStats.learn(panel)
    config = make_config(n_steps=3, penalty=None)
    members = [Member("lstm", plan, 0.5)] * 2
    one, two = fit_networks(panel, members, stats, config, [1, 2], FitTime())
    again, _ = fit_networks(panel, members, stats, config, [1, 2], FitTime())
    assert not np.array_equal(one[0].params, two[0].params)
    assert_array_equal(again[0].params, one[0].params)
    assert one[1].n_iter == 1  # 50 steps, or all, are one entry


def test_all_networks_share_the_time_that_is_left(monkeypatch, clock):
    limits = []

    def train_slowly(*args):
        *others, limit, history = args
        if args[3].n_steps == 0:
            return train_network(*args)
        limits.append(limit)
        clock[0] += 3.0 if len(limits) == 1 else limit
        return train_network(*others, None, history)

    monkeypatch.setattr(fit, "train_network", train_slowly)
    time = FitTime(11.0)
    clock[0] = 1.0
    panel, plan = make_panel(), PLANS["plain"]
    members = [Member(kind, plan, 0.25) for kind in ("lstm", "naive", "lstm", "lstm")]
    fit_networks(panel, members, ColumnStats.learn(panel), make_config(n_steps=1, penalty=None), [1, 2, 3, 4], time)
    assert limits == [10.0 / 3, 3.5, 3.5]  # the first left 7 s for two; the naive forecast takes no time


def test_draws_share_their_windows_and_are_the_same_in_parts(monkeypatch):
    windows, cutoffs = windows_of(make_panel(), PLANS["plain"]), np.arange(20, 41)
    sampler = WindowSampler(windows.panel, cutoffs, 6)
    config, random_state = make_config(n_steps=5, dropout=0.5), np.random.RandomState(0)
    network = start_network(windows, sampler, config, random_state)
    train_network(network, windows, sampler, config, random_state)
    dropouts = [None, Dropout(0.5, seed=1), Dropout(0.5, seed=2)]
    draws = run_networks([network], windows, cutoffs, 1, dropouts)
    assert draws.shape == (3, 21, 6, 1)
    for dropout, draw in zip(dropouts, draws):
        assert_array_equal(run_networks([network], windows, cutoffs, 1, [dropout])[0], draw)
    assert not np.array_equal(draws[1], draws[2])
    monkeypatch.setattr(fit, "WINDOWS_AT_ONCE", 8)
    assert_array_equal(run_networks([network], windows, cutoffs, 1)[0], draws[0])
