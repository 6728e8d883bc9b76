"""Which windows of a panel there are to learn from, and how they are drawn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tsl.forecasting.panel.panel import Panel, ranges


def training_ends(panel: Panel, window: int, horizon: int) -> NDArray[np.int64]:
    """Rows at which a forecast to learn from may begin: `horizon` rows follow in the series, some come before.

    A series that is long enough gives whole windows alone; a shorter one also those that are filled up, from half of
    its history on.
    """
    history = panel.lengths - horizon
    first = np.minimum(window, np.maximum((history + 1) // 2, 1))
    usable = history >= 1
    starts, stops = panel.offsets[:-1] + first, panel.ends - horizon + 1
    return ranges(starts[usable], stops[usable])


class WindowSampler:
    """WindowSampler windows so that each series counts the same, whatever its length, or as its weights say.

    Parameters
    ----------
    panel : Panel
    ends : ndarray of shape (n,)
        From `training_ends`.
    horizon : int
    """

    def __init__(self, panel: Panel, ends: NDArray[np.int64], horizon: int) -> None:
        weights = np.isfinite(panel.values).astype(np.float64)
        if panel.weights is not None:
            weights *= panel.weights
        sums = np.concatenate([[0.0], np.cumsum(weights)])
        share = (sums[ends + horizon] - sums[ends]) / horizon
        series = panel.series_of(ends)
        per_series = np.bincount(series, minlength=panel.n_series)
        self._ends = ends
        self._cumulated = np.cumsum(share / per_series[series])

    @property
    def total(self) -> float:
        """What all windows weigh: 0 where there is nothing to learn from."""
        return float(self._cumulated[-1]) if len(self._cumulated) else 0.0

    def draw(self, n: int, random_state: np.random.RandomState) -> NDArray[np.int64]:
        """`n` windows, with replacement."""
        places = np.searchsorted(self._cumulated, random_state.random_sample(n) * self.total, side="right")
        return self._ends[np.minimum(places, len(self._ends) - 1)]
