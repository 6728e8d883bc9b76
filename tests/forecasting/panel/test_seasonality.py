"""The season of a panel."""

import numpy as np
import pytest
from forecasting_models import make_panel

from tsl.forecasting.panel.seasonality import find_season


@pytest.mark.parametrize("season", [7, 12, 24])
def test_season_is_found(season):
    rng = np.random.default_rng(0)
    steps = np.arange(600)
    values = 0.01 * steps + np.sin(2 * np.pi * steps / season) + 0.1 * rng.normal(size=600)
    assert find_season(make_panel(values)) == season


def test_a_random_walk_has_no_season():
    for seed in range(5):
        values = np.random.default_rng(seed).normal(size=1000).cumsum()
        assert find_season(make_panel(values), (7, 30, 365)) == 1
