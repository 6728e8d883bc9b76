"""How much series usually change: what errors are measured in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tsl.forecasting.panel import Panel


def usual_changes(panel: Panel, lag: int) -> NDArray[np.float64]:
    """(n_series,) mean absolute change over `lag` steps, 0 where none is known."""
    series = panel.series_of(np.arange(len(panel.values)))
    change = np.abs(panel.values[lag:] - panel.values[:-lag])
    known = (series[lag:] == series[:-lag]) & np.isfinite(change)
    count = np.bincount(series[lag:][known], minlength=panel.n_series)
    return np.bincount(series[lag:][known], change[known], panel.n_series) / np.maximum(count, 1)
