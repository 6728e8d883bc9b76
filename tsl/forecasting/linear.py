"""The linear map from a window to its forecast, by least squares."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tsl.forecasting.windowing import SeriesWindows

PENALTIES = (0.1, 0.01, 1.0)  # times the number of windows; inputs are in units of their spread
LARGEST_TARGET = 10.0  # spreads; a window that is all but constant would outweigh all others


class LinearMap:
    """Ridge regression of the targets of windows on their numbers.

    Parameters
    ----------
    windows : SeriesWindows
    ends : ndarray of shape (n,)
        Windows to learn from, by the row at which their forecast begins.
    """

    def __init__(self, windows: SeriesWindows, ends: NDArray[np.int64]) -> None:
        inputs = windows.written_out(ends)
        targets = np.clip(np.nan_to_num(windows.targets(ends)), -LARGEST_TARGET, LARGEST_TARGET)
        self._offset = targets.mean(axis=0)
        self._n = len(ends)
        self._powers, self._axes = np.linalg.eigh(inputs.T @ inputs)
        self._rotated = self._axes.T @ (inputs.T @ (targets - self._offset))

    def coefficients(self, penalty: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(inputs, horizon) matrix and (horizon,) offset for one of `PENALTIES`."""
        shrunk = self._rotated / (np.maximum(self._powers, 0.0) + penalty * self._n)[:, None]
        return self._axes @ shrunk, self._offset


def linear_forecasts(
    windows: SeriesWindows, ends: NDArray[np.int64], coefficients: tuple[NDArray[np.float64], NDArray[np.float64]]
) -> NDArray[np.float64]:
    """(n, horizon) forecasts in the units of the panel."""
    matrix, offset = coefficients
    return windows.restored((windows.written_out(ends) @ matrix + offset)[:, :, None], ends)[:, :, 0]
