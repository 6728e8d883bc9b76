"""Small estimators, and arrays to try them on."""

import numpy as np
import pandas as pd

from tsl import LSTMClassifier, LSTMForecaster

HOURS = pd.date_range("2024-01-01", periods=72, freq="h")
DAY = np.sin(np.arange(72) * 2 * np.pi / 24)


def classifier(**parameters):
    return LSTMClassifier(**{"hidden_size": 4, "max_iter": 3, "random_state": 0, **parameters})


def forecaster(**parameters):
    chosen = {"horizon": 4, "window": 12, "segment": 4, "season": 24, "differences": None, "scaling": "window"}
    chosen |= {"target_transform": None, "hidden_size": 4, "embedding_size": None, "max_iter": 3, "random_state": 0}
    return LSTMForecaster(**{**chosen, **parameters})


def labels(y):
    return np.where(y > 0, "up", "down")


def spoiled(array, value, place=(3, 2, 1)):
    array = array.copy()
    array[place[: array.ndim]] = value
    return array


def assert_sound(network):
    assert np.isfinite(network.params).all()


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array
