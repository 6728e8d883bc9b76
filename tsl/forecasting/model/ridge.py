"""Linear maps from a window to its forecast: ridge regression, and those of simple forecasts."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tsl.forecasting.model.members import Kind
from tsl.forecasting.model.windows import SeriesWindows

# Chosen by judgement, not measured:
PENALTIES = (0.1, 0.01, 1.0)  # times the number of windows; inputs are scaled
LARGEST_TARGET = 10.0  # scales; a nearly constant window would otherwise outweigh all others


class LinearMap(NamedTuple):
    """Coefficients of a linear map."""

    values: NDArray[np.float64]
    """Coefficients of the window's values, (window, 1, horizon), or (window, 2, horizon) with changes."""
    ahead: NDArray[np.float64]
    """Coefficients of the covariates known ahead, (horizon, F, horizon)."""
    offset: NDArray[np.float64]
    """(horizon,)"""

    @classmethod
    def fit(cls, windows: SeriesWindows, cutoffs: NDArray[np.int64], penalty: float) -> LinearMap:
        """Return the ridge regression over the windows at these cutoffs."""
        parts = windows.design_matrix(cutoffs)
        inputs = np.concatenate([part.reshape(len(cutoffs), -1) for part in parts], axis=1)
        targets = np.clip(np.nan_to_num(windows.targets(cutoffs)), -LARGEST_TARGET, LARGEST_TARGET)
        offset = targets.mean(axis=0)
        squares = inputs.T @ inputs
        squares[np.diag_indices_from(squares)] += penalty * len(cutoffs)
        matrix = np.linalg.solve(squares, inputs.T @ (targets - offset))
        n_values = parts[0][0].size
        return cls(
            matrix[:n_values].reshape(*parts[0].shape[1:], -1),
            matrix[n_values:].reshape(*parts[1].shape[1:], matrix.shape[1]),
            offset,
        )

    @classmethod
    def simple(cls, windows: SeriesWindows, kind: Kind) -> LinearMap:
        """Return the map that repeats the last value, the last season or the mean of all seasons of the window.

        The length of a season is that of the level.
        """
        plan = windows.windowing
        values, steps = np.zeros((plan.window, 1, plan.horizon)), np.arange(plan.horizon)
        if kind == "naive":
            values[-1] = 1.0
        else:
            n_seasons = plan.window // plan.level if kind == "seasonal mean" else 1
            for back in range(1, n_seasons + 1):
                values[plan.window - back * plan.level + steps % plan.level, 0, steps] = 1.0 / n_seasons
        return cls(
            values,
            np.zeros((plan.horizon if plan.n_future else 0, plan.n_future, plan.horizon)),
            np.zeros(plan.horizon),
        )
