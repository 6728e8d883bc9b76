"""Tests with third-party packages, installed by the extra "clients": `python -m pytest tests/clients`.

A file is skipped if its package is not installed. Warnings of these packages are allowed; those of tsl are errors.
"""

import numpy as np
import pandas as pd
import pytest

from tsl import LSTMRegressor
from tsl.datasets import load_glucose

OURS = ["error::tsl.windows.WindowLayoutWarning", "error::tsl.forecasting.IrregularTimesWarning"]


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.parent.name == "clients":
            for one in ["default", *OURS]:
                item.add_marker(pytest.mark.filterwarnings(one))


@pytest.fixture(scope="session")
def glucose():
    """Two days of a sensor, a reading each five minutes."""
    readings = load_glucose()["glucose"].to_numpy(float)[-700:]
    return pd.Series(readings, pd.date_range("2024-01-01", periods=len(readings), freq="5min"), name="y")


@pytest.fixture(scope="session")
def covariate(glucose):
    """Noise near 100,000, which says nothing."""
    noise = np.random.default_rng(0).normal(size=len(glucose))
    return pd.DataFrame({"steps": 1e5 + 1e3 * noise}, glucose.index)


@pytest.fixture
def lstm():
    return lambda **parameters: LSTMRegressor(**{"hidden_size": 8, "max_iter": 20, "random_state": 0, **parameters})


@pytest.fixture(scope="session")
def windows(glucose):
    """Windows of 12 readings, the oldest first, and the reading after each: what every package should come to."""
    values = glucose.to_numpy()
    return np.lib.stride_tricks.sliding_window_view(values[:-1], 12)[:, :, None].copy(), values[12:]
