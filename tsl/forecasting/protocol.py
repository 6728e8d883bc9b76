"""What evaluation may ask of a fitted model."""

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
    """(n, horizon, n_quantiles); None where the model gives points alone."""


class Exchange(NamedTuple):
    """Covariates that the forecasts at n cutoffs are made with in place of their own."""

    donors: NDArray[np.int64]
    """(n,) the cutoffs in whose windows they are read, row by row before and after the cutoff."""
    past: Sequence[int] = ()
    """Columns of `Panel.past`."""
    future: Sequence[int] = ()
    """Columns of `Panel.future`."""


class PanelModel(Protocol):
    """A fitted model of a panel.

    A cutoff is the row of a panel at which a forecast begins: the first row of its series that is not known yet.
    """

    horizon: int
    """Steps that are forecast by default."""
    season: int
    """Steps of a season, 1 for none."""
    n_covariates: int
    """How many columns of `Panel.future`, the first ones, are covariates; the others are the calendar's."""

    @property
    def season_hints(self) -> tuple[int, ...]:
        """Return the seasons that the calendar suggests."""

    def panel(self) -> Panel:
        """Return all rows that are known, with missing readings still missing."""

    def calibration_panel(self) -> Panel:
        """Return the known rows that intervals and cold starts are learned from, missing readings still missing."""

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
        """Return what `predict` would at each cutoff (n,), with `missing` in place of the parameter of that name.

        With `exchange` covariates of the windows are those of others.
        """

    def forecast_new(
        self, panel: Panel, cutoffs: NDArray[np.int64], horizon: int, quantiles: Sequence[float], known: Panel | None
    ) -> Forecasts:
        """Return what `predict` would at cutoffs (n,) with next to no readings before them, from the series `known`."""

    def bounded(self, forecasts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return forecasts within the bounds of the target."""

    def naive_scale(self, panel: Panel) -> NDArray[np.float64]:
        """Return the scale of each series (n_series,): as it was fitted, or that of `panel` where it was not."""

    def was_fitted(self, panel: Panel, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return whether each of these rows (n,) of `panel` was there when the model was fitted."""

    def refit(self, panel: Panel, *, keep_choices: bool = False) -> Self:
        """Return a model with the same parameters, fitted to `panel`.

        With `keep_choices` what `fit` chose (season, window, number of training steps) is not chosen anew.
        """

    def kept(self, horizon: int, make: Callable[[], Kept]) -> Kept:
        """Return what the model keeps for this horizon, made now if it keeps nothing; it is made once at a time."""
