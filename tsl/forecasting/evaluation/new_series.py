"""Backtests of series that have just begun: forecasts from what other series did until then, as by `predict`."""

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
    """Cutoffs before which a series has next to no readings, and forecasts from there.

    All cutoffs are rows that are there, the first of those to forecast, and none is before the first reading.
    """

    panel: Panel
    known: Panel
    """All known rows of all series, those of `panel` among them."""
    stamps: NDArray[np.int64]
    """(N,) of the rows of `panel`."""
    n_before: NDArray[np.int64]
    """(N,) readings of all series before each row of `panel`."""
    enough_from: int
    """The stamp after which as many other series are known as it takes."""

    @classmethod
    def of(cls, model: PanelModel, panel: Panel) -> Self:
        """Return the same for series of which `model` may know some, and others."""
        history = model.panel()
        others = np.flatnonzero(panel.ids.get_indexer(history.ids) < 0)
        known = joined([panel, history.of_series(others)]) if len(others) else panel
        n_before = np.concatenate([[0], np.cumsum(np.isfinite(panel.values))[:-1]])
        return cls(panel, known, stamps_of(panel.times), n_before, _enough_from(known))

    def n_readings(self, cutoffs: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how many readings of the same series there are before each cutoff."""
        return self.n_before[cutoffs] - self.n_before[self.panel.offsets[self.panel.series_of(cutoffs)]]

    def is_new(self, cutoffs: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return whether a series is forecast by others from each cutoff on."""
        return (self.n_readings(cutoffs) <= MOST_READINGS) & (self.stamps[cutoffs] > self.enough_from)

    def can_forecast(self, cutoffs: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return whether there are readings before each cutoff, or else as many other series as it takes."""
        return (self.n_readings(cutoffs) > 0) | (self.stamps[cutoffs] > self.enough_from)

    def forecast(
        self, model: PanelModel, cutoffs: NDArray[np.int64], horizon: int, quantiles: Sequence[float]
    ) -> Forecasts:
        """Return forecasts at cutoffs (n,) where `is_new`, each from the rows of all series before its time."""
        points = np.empty((len(cutoffs), horizon))
        found = np.empty((*points.shape, len(quantiles)))
        at, known_stamps = self.stamps[cutoffs], stamps_of(self.known.times)
        for stamp in np.unique(at):
            own, before = at == stamp, self.known.select(np.flatnonzero(known_stamps < stamp))
            points[own], found[own] = model.forecast_new(self.panel, cutoffs[own], horizon, quantiles, before)
        return Forecasts(points, found)

    def last_known(self, cutoffs: NDArray[np.int64]) -> pd.Index:
        """Return the last time stamp of all series before each cutoff (n,), of which there must be one."""
        distinct = np.unique(stamps_of(self.known.times))
        return times_of(distinct[np.searchsorted(distinct, self.stamps[cutoffs]) - 1], self.panel.times.dtype)


def _enough_from(known: Panel) -> int:
    """Return the stamp at which `FEWEST_OTHERS` series have more than `MOST_READINGS` readings; beyond all for none."""
    rows = np.flatnonzero(np.isfinite(known.values))
    counts = known.n_readings
    place = (np.cumsum(counts) - counts)[counts > MOST_READINGS] + MOST_READINGS
    stamps = np.sort(stamps_of(known.times)[rows[place]])
    return int(stamps[FEWEST_OTHERS - 1]) if len(stamps) >= FEWEST_OTHERS else np.iinfo(np.int64).max
