"""Trained networks: panels and cutoffs in, forecasts of any horizon out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tsl.forecasting.model.counts import count_quantiles
from tsl.forecasting.model.fit import run_networks
from tsl.forecasting.model.members import Member, by_windowing
from tsl.forecasting.model.quantiles import interpolated
from tsl.forecasting.model.recursive import Cutoffs, rolled
from tsl.forecasting.model.windows import ColumnStats, SeriesWindows
from tsl.forecasting.panel.panel import Panel
from tsl.forecasting.panel.power import PowerTransform
from tsl.forecasting.protocol import Forecasts
from tsl.network import Dropout, Network

N_DRAWS = 100  # forecasts with random dropout for intervals; chosen by judgement, not measured


class TrainedNetworks(NamedTuple):
    """Networks whose weighted mean is the forecast, and the transforms of their inputs and outputs."""

    networks: list[Network]
    members: Sequence[Member]
    stats: ColumnStats
    transform: PowerTransform
    quantiles: tuple[float, ...]
    """The trained quantiles; none if the networks forecast only points."""
    n_threads: int
    shares: NDArray[np.float64]
    """The share of each member in the forecast at each cutoff (n, n_members), or at all of them (1, n_members)."""

    def forecast(
        self, panel: Panel, cutoffs: Cutoffs, horizon: int, quantiles: Sequence[float], dropout: float | None
    ) -> Forecasts:
        """Return forecasts at `cutoffs`, one per series.

        Quantiles come from the trained ones, otherwise, if `dropout` is a rate, from draws with this dropout.
        """
        dropouts: list[Dropout | None] = [None]
        if quantiles and not self.quantiles and dropout is not None:
            dropouts += [Dropout(dropout, seed=seed) for seed in range(N_DRAWS)]
        whole, *draws = self._draws(panel, cutoffs, horizon, dropouts)
        if self._counts:
            return Forecasts(whole[:, :, 0], count_quantiles(whole, quantiles) if quantiles else None)
        points = whole[:, :, whole.shape[2] // 2]
        if quantiles and self.quantiles:
            return Forecasts(points, interpolated(whole, self.quantiles, quantiles))
        if draws:
            return Forecasts(points, np.moveaxis(np.quantile(draws, quantiles, axis=0)[..., 0], 0, 2))
        return Forecasts(points)

    @property
    def _counts(self) -> bool:
        """Whether outputs are parameters of distributions of counts."""
        return self.members[0].windowing.counts is not None

    def _draws(
        self, panel: Panel, cutoffs: Cutoffs, horizon: int, dropouts: Sequence[Dropout | None]
    ) -> NDArray[np.float64]:
        """Return a draw for each of `dropouts`, (n_draws, n, horizon, ·): ascending quantiles, or parameters."""
        block = self.members[0].windowing.horizon
        panel = self.transform.apply(panel)

        def run(panel: Panel, cutoffs: Cutoffs, *dropouts: Dropout | None) -> NDArray[np.float64]:
            total = np.zeros(1)
            for windowing, own in by_windowing(self.members):
                windows, weights = SeriesWindows(panel, windowing, self.stats, cutoffs), self.shares[:, own].T
                networks = [self.networks[k] for k in own]
                forecasts = run_networks(networks, windows, cutoffs, self.n_threads, dropouts, weights)
                total = total + weights.sum(axis=0)[:, None, None] * forecasts
            return total if self._counts else np.sort(total, axis=3)

        if horizon <= block:
            found = run(panel, cutoffs, *dropouts)[:, :, :horizon]
        else:  # each draw continues from its own forecasts
            point = 0 if self._counts else None
            each = [
                rolled(lambda *rows, d=d: run(*rows, d)[0], panel, cutoffs, horizon, block, point) for d in dropouts
            ]
            found = np.stack(each)
        return self.transform.undo(found)
