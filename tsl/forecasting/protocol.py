"""The interface of fitted models that evaluation uses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from tsl.forecasting.panel.panel import Panel

Kept = TypeVar("Kept")


class Forecasts(NamedTuple):
    """Forecasts at n cutoffs."""

    points: NDArray[np.float64]
    """(n, horizon)"""
    quantiles: NDArray[np.float64] | None = None
    """(n, horizon, n_quantiles); None if the model gives only points."""


class Exchange(NamedTuple):
    """Covariates that replace those of the forecasts at n cutoffs."""

    donors: NDArray[np.int64]
    """The cutoffs from whose windows they are read, aligned at the cutoffs, (n,)."""
    past: Sequence[int] = ()
    """Columns of `Panel.past`."""
    future: Sequence[int] = ()
    """Columns of `Panel.future`."""


class PanelModel(Protocol):
    """A fitted model of a panel.

    A cutoff is the row of a panel at which a forecast begins: the first row of its series that is not known yet.
    """

    horizon: int
    """Number of steps to forecast by default."""
    season: int
    """Length of the season in steps, 1 for none."""
    n_covariates: int
    """Number of leading columns of `Panel.future` that are covariates; the others are calendar features."""

    @property
    def season_hints(self) -> tuple[int, ...]:
        """Return the seasons that the calendar suggests."""

    def panel(self) -> Panel:
        """Return all known rows, with missing readings still missing."""

    def calibration_panel(self) -> Panel:
        """Return the known rows that intervals and cold starts are learned from; missing readings are still missing."""

    def forecast(
        self,
        panel: Panel,
        cutoffs: NDArray[np.int64],
        horizon: int,
        quantiles: Sequence[float] = (),
        *,
        missing: str | None = None,
        exchange: Exchange | None = None,
    ) -> Forecasts:
        """Return what `predict` would return at each cutoff (n,); `missing` overrides the parameter of that name.

        With `exchange`, covariates come from other windows.
        """

    def forecast_new(
        self, panel: Panel, cutoffs: NDArray[np.int64], horizon: int, quantiles: Sequence[float], known: Panel | None
    ) -> Forecasts:
        """Return forecasts at cutoffs (n,) with almost no readings before them, from the series `known`."""

    def bounded(self, forecasts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Clip forecasts to the bounds of the target."""

    def naive_scale(self, panel: Panel) -> NDArray[np.float64]:
        """Return the scale of each series (n_series,): the fitted one, or that of `panel` for other series."""

    def was_fitted(self, panel: Panel, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return whether each of these rows (n,) of `panel` was in the training set."""

    def refit(self, panel: Panel, *, keep_choices: bool = False) -> Self:
        """Return a model with the same parameters, fitted to `panel`.

        With `keep_choices`, the choices of `fit` (season, window, number of training steps) are kept.
        """

    def kept(self, horizon: int, make: Callable[[], Kept]) -> Kept:
        """Return what the model keeps for this horizon; if there is nothing, create it with `make` in one thread."""
