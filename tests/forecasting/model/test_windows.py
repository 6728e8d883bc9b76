"""Windows of a panel: scaled, read by the network, and scaled back."""

import numpy as np
import pandas as pd
import pytest
from forecasting_windows import PLANS, make_panel, windows_of
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from tsl.forecasting.frames.schema import Schema
from tsl.forecasting.model.windows import ColumnStats, SeriesWindows, Windowing
from tsl.forecasting.panel.panel import Panel
from tsl.forecasting.panel.power import PowerTransform
from tsl.forecasting.panel.seasonality import find_season

# --- levels and scales   -----------------------------------------------------------------------------------------


def test_level_and_scale_are_those_of_the_window_alone():
    panel, cutoffs = make_panel(), np.array([20, 60, 100])
    windows = windows_of(panel, PLANS["plain"])
    level, scale = windows.levels_and_scales(cutoffs)
    for k, end in enumerate(cutoffs):
        z = panel.values[end - 12 : end]
        assert_allclose([level[k], scale[k]], [z[-4:].mean(), z.std()], rtol=1e-9)


def test_the_scale_of_changes():
    panel = make_panel()
    _, scale = windows_of(panel, PLANS["lagged"]).levels_and_scales(np.array([50]))
    z = panel.values
    assert_allclose(scale, [np.abs(z[38:50] - z[26:38]).mean()], rtol=1e-9)


def test_windows_do_not_look_over_the_border_of_a_series():
    panel = make_panel()
    changed = make_panel()
    changed.values[:60] = 1e6
    for plan in PLANS.values():
        if plan.spread is None:
            continue  # standardised with the mean of all series
        found, expected = (windows_of(each, plan).levels_and_scales(np.array([65])) for each in (changed, panel))
        assert_array_equal(found, expected)


def test_a_constant_window_has_no_scale_and_forecasts_its_level():
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
    level, scale = windows.levels_and_scales(np.array([58]))
    z = panel.values[46:58]
    assert_allclose([level[0], scale[0]], [np.nanmean(z[-4:]), np.nanstd(z)], rtol=1e-9)


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_restoring_undoes_what_targets_are_relative_to(plan):
    panel = make_panel()
    windows = windows_of(panel, plan)
    cutoffs = np.array([25, 40, 54, 80, 99, 130])
    restored = windows.restored(windows.targets(cutoffs)[:, :, None], cutoffs)[:, :, 0]
    assert_allclose(restored, panel.values[cutoffs[:, None] + np.arange(6)], rtol=1e-4)  # targets are float32


def series_of(name, values):
    return pd.DataFrame({"unique_id": name, "ds": pd.date_range("2024-01-01", periods=len(values)), "y": values})


def wave(n, seed=0):
    return 10 + 3 * np.sin(2 * np.pi * np.arange(n) / 6) + np.random.default_rng(seed).normal(size=n)


@given(size=st.sampled_from([1e-12, 1e-6, 1e6, 1e12, 1e15]), level=st.sampled_from([0.0, 1e3]), first=st.booleans())
def test_windows_to_learn_from_do_not_depend_on_the_series_beside_them(size, level, first):
    own, other = series_of("own", level + wave(50)), series_of("other", size * wave(70, 1))
    for plan in (Windowing(12, 4, 6, level=4), Windowing(12, 4, 6, lag=8, level=4, spread=12)):
        found = []
        for table in (own, pd.concat([other, own] if first else [own, other])):
            _, panel = Schema.learn(table)
            start = panel.offsets[panel.ids.get_loc("own")]
            windows = SeriesWindows(panel, plan, ColumnStats.learn(panel))
            cutoffs = start + np.array([3, 20, 44])
            samples = windows.samples(cutoffs)
            rows = windows._rows[start : start + 50]
            found.append(
                (*windows.levels_and_scales(cutoffs), rows, *samples.sequences.framing[:2], samples.targets.scales)
            )
        for one, two in zip(*found):
            assert_array_equal(one, two)


# --- seasons, transforms --------- -------------------------------------------------------------------------------


@pytest.mark.parametrize("season", [7, 12, 24])
def test_season_is_found(season):
    rng = np.random.default_rng(0)
    steps = np.arange(600)
    values = 0.01 * steps + np.sin(2 * np.pi * steps / season) + 0.1 * rng.normal(size=600)
    panel = make_panel((600,))
    assert find_season(Panel(**{**vars(panel), "values": values})) == season


def test_a_random_walk_has_no_season():
    for seed in range(5):
        values = np.random.default_rng(seed).normal(size=1000).cumsum()
        panel = make_panel((1000,))
        assert find_season(Panel(**{**vars(panel), "values": values}), (7, 30, 365)) == 1


@pytest.mark.parametrize("kind", [None, "log", "box-cox"])
def test_transforms_are_undone(kind):
    panel = make_panel()
    panel = Panel(**{**vars(panel), "values": np.exp(0.1 * panel.values)})
    transform = PowerTransform.learn(kind, panel)
    assert_allclose(transform.undo(transform.apply(panel).values), panel.values, rtol=1e-9)
    if kind == "box-cox":
        assert transform.exponent == pytest.approx(0.0, abs=0.5)  # the logarithm is what makes these normal


def test_transform_names_what_is_not_positive():
    with pytest.raises(ValueError, match=r"target_transform='log' needs values above 0, got -?\d.* in series 's0'"):
        PowerTransform.learn("log", make_panel())
