"""A small regressor, and windows that it can learn."""

import numpy as np

from tsl import LSTMRegressor


def small(**parameters):
    return LSTMRegressor(**{"hidden_size": 4, "max_iter": 3, "random_state": 0, **parameters})


def problem(n=30, n_steps=6, n_channels=2, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, n_steps, n_channels))
    return X, X.mean(axis=(1, 2)) + 0.1 * rng.normal(size=n)


X, Y = problem()
