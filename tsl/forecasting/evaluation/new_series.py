"""Backtests of series that have just begun: forecasts from the other series up to then, as in `predict`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl.forecasting.panel.panel import Panel, joined
from tsl.forecasting.panel.store import FEWEST_OTHERS, MOST_READINGS
from tsl.forecasting.protocol import Forecasts, PanelModel
from tsl.forecasting.times.stamps import stamps_of, times_of


@dataclass(frozen=True, eq=False)
class NewSeries:
    """Cutoffs before which a series has almost no readings, and forecasts at these cutoffs.

    Each cutoff is an existing row, the first one to forecast, and not before the first reading.
    """

    panel: Panel
    known: Panel
    """All known rows of all series, including those of `panel`."""
    stamps: NDArray[np.int64]
    """(N,) timestamps of the rows of `panel`."""
    n_before: NDArray[np.int64]
    """(N,) number of readings of all series before each row of `panel`."""
    enough_from: int
    """The timestamp after which enough other series are known."""

    @classmethod
    def of(cls, model: PanelModel, panel: Panel) -> Self:
        """Return the new series of `panel`, some of which `model` may know, with all other series that it knows."""
        history = model.panel()
        others = np.flatnonzero(panel.ids.get_indexer(history.ids) < 0)
        known = joined([panel, history.of_series(others)]) if len(others) else panel
        n_before = np.concatenate([[0], np.cumsum(np.isfinite(panel.values))[:-1]])
        return cls(panel, known, stamps_of(panel.times), n_before, _enough_from(known))

    def n_readings(self, cutoffs: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the number of readings of the same series before each cutoff."""
        return self.n_before[cutoffs] - self.n_before[self.panel.offsets[self.panel.series_of(cutoffs)]]

    def is_new(self, cutoffs: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return whether the forecast at each cutoff comes from other series."""
        return (self.n_readings(cutoffs) <= MOST_READINGS) & (self.stamps[cutoffs] > self.enough_from)

    def can_forecast(self, cutoffs: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return whether there are readings before each cutoff, or enough other series."""
        return (self.n_readings(cutoffs) > 0) | (self.stamps[cutoffs] > self.enough_from)

    def forecast(
        self, model: PanelModel, cutoffs: NDArray[np.int64], horizon: int, quantiles: Sequence[float]
    ) -> Forecasts:
        """Return forecasts at cutoffs (n,) that are `is_new`, each from the rows of all series before its time."""
        points = np.empty((len(cutoffs), horizon))
        found = np.empty((*points.shape, len(quantiles)))
        at, known_stamps = self.stamps[cutoffs], stamps_of(self.known.times)
        for stamp in np.unique(at):
            own, before = at == stamp, self.known.select(np.flatnonzero(known_stamps < stamp))
            points[own], found[own] = model.forecast_new(self.panel, cutoffs[own], horizon, quantiles, before)
        return Forecasts(points, found)

    def last_known(self, cutoffs: NDArray[np.int64]) -> pd.Index:
        """Return the last timestamp of all series before each cutoff (n,); there must be one."""
        distinct = np.unique(stamps_of(self.known.times))
        return times_of(distinct[np.searchsorted(distinct, self.stamps[cutoffs]) - 1], self.panel.times.dtype)


def _enough_from(known: Panel) -> int:
    """Return when `FEWEST_OTHERS` series have more than `MOST_READINGS` readings; if never, the largest integer."""
    rows = np.flatnonzero(np.isfinite(known.values))
    counts = known.n_readings
    place = (np.cumsum(counts) - counts)[counts > MOST_READINGS] + MOST_READINGS
    stamps = np.sort(stamps_of(known.times)[rows[place]])
    return int(stamps[FEWEST_OTHERS - 1]) if len(stamps) >= FEWEST_OTHERS else np.iinfo(np.int64).max
