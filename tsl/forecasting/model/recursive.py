"""Forecasts of more steps than a network gives at once, continued from its own forecasts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tsl.forecasting.model.fit import run_networks
from tsl.forecasting.model.windows import ColumnStats, SeriesWindows, Windowing
from tsl.forecasting.panel.panel import Panel
from tsl.forecasting.panel.power import PowerTransform
from tsl.network import Dropout, Network

Cutoffs = NDArray[np.int64]
Run = Callable[[Panel, Cutoffs], NDArray[np.float64]]


class TrainedNetworks(NamedTuple):
    """Networks, and what brings a panel to them and their outputs back."""

    networks: list[Network]
    windowing: Windowing
    stats: ColumnStats
    transform: PowerTransform

    def draws(
        self, panel: Panel, cutoffs: Cutoffs, horizon: int, n_threads: int, dropouts: Sequence[Dropout | None] = (None,)
    ) -> NDArray[np.float64]:
        """Return forecasts (n_draws, n, horizon, quantiles or 1), quantiles in ascending order.

        Each of `dropouts` gives one draw; None leaves no unit out.

        Raises
        ------
        ValueError
            If the horizon is longer than trained while there are past covariates.
        """
        block = self.windowing.horizon
        if horizon > block and panel.past.shape[1]:
            raise ValueError(
                f"horizon must be at most {block}, as trained, where past covariates are used: they are not known "
                f"ahead; got {horizon}"
            )
        panel = self.transform.apply(panel)

        def run(panel: Panel, cutoffs: Cutoffs, *dropouts: Dropout | None) -> NDArray[np.float64]:
            windows = SeriesWindows(panel, self.windowing, self.stats, cutoffs)
            return run_networks(self.networks, windows, cutoffs, n_threads, dropouts)

        if horizon <= block:
            found = run(panel, cutoffs, *dropouts)[:, :, :horizon]
        else:  # each draw goes on from its own forecasts
            each = [rolled(lambda *rows, d=d: run(*rows, d)[0], panel, cutoffs, horizon, block) for d in dropouts]
            found = np.stack(each)
        return np.sort(self.transform.undo(found), axis=3)


def rolled(run: Run, panel: Panel, cutoffs: Cutoffs, horizon: int, block: int) -> NDArray[np.float64]:
    """Return forecasts (n, horizon, ·) from calls of `run`, which gives `block` steps each.

    Each window is a series of its own, with rows ahead for whole blocks: its own forecasts become their values.
    """
    panel = replace(panel, values=panel.values.copy())
    forecasts = []
    for start in range(0, horizon, block):
        forecast = run(panel, cutoffs + start)
        forecasts.append(forecast)
        middle = forecast[:, :, forecast.shape[2] // 2]
        panel.values[cutoffs[:, None] + start + np.arange(block)] = middle
    return np.concatenate(forecasts, axis=1)[:, :horizon]
