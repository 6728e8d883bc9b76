"""Forecasts of held-out windows in which a covariate comes from other windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tsl.forecasting.evaluation.backtest import fitted_models
from tsl.forecasting.evaluation.plan import Plan, with_cutoffs
from tsl.forecasting.panel.panel import Panel
from tsl.forecasting.protocol import Exchange, PanelModel


class CovariateColumns(NamedTuple):
    """Columns of a panel that are exchanged together."""

    block: Literal["past", "future", "static"]
    columns: list[int]


class ExchangedForecasts(NamedTuple):
    """Forecasts of n windows, in the order of their cutoffs."""

    cutoffs: NDArray[np.int64]
    """(n,)"""
    points: NDArray[np.float64]
    """Forecasts from unchanged covariates, (n, horizon)."""
    exchanged: NDArray[np.float64]
    """Forecasts with each covariate exchanged, (n_covariates, n_repeats, n, horizon)."""


def exchanged_forecasts(
    model: PanelModel,
    panel: Panel,
    lowest: NDArray[np.int64],
    plan: Plan,
    covariates: Sequence[CovariateColumns],
    n_repeats: int,
    random_state: np.random.RandomState,
) -> ExchangedForecasts:
    """Return the forecasts of a backtest with each window's own covariates and with exchanged ones.

    Past and future covariates are exchanged between windows, static ones between series; each repeat draws another
    exchange, the same for all covariates. A model that was fitted to the rows to forecast is refitted to the rows
    before the first cutoff.

    Raises
    ------
    ValueError
        If there are fewer than two windows, or fewer than two series for static covariates.
    """
    plan, table = with_cutoffs(plan, panel, lowest, model)
    cutoffs = np.sort(table[table >= 0])
    if len(cutoffs) < 2:
        raise ValueError("n_windows must leave at least 2 windows, between which covariates are exchanged, got 1")
    if panel.n_series < 2 and any(block == "static" for block, _ in covariates):
        raise ValueError("data must have at least 2 series, between which static covariates are exchanged, got 1")
    [(fitted, _)] = fitted_models(model, panel, table, plan)
    windows = [cutoffs[_others(len(cutoffs), random_state)] for _ in range(n_repeats)]
    series = [_others(panel.n_series, random_state) for _ in range(n_repeats)]

    def forecast(covariate: CovariateColumns, repeat: int) -> NDArray[np.float64]:
        if covariate.block == "static":
            static = panel.static.copy()
            static[:, covariate.columns] = panel.static[series[repeat]][:, covariate.columns]
            return fitted.forecast(replace(panel, static=static), cutoffs, plan.horizon).points
        exchange = Exchange(windows[repeat], **{covariate.block: covariate.columns})
        return fitted.forecast(panel, cutoffs, plan.horizon, exchange=exchange).points

    points = fitted.forecast(panel, cutoffs, plan.horizon).points
    exchanged = [[forecast(covariate, repeat) for repeat in range(n_repeats)] for covariate in covariates]
    return ExchangedForecasts(cutoffs, points, np.array(exchanged))


def _others(n: int, random_state: np.random.RandomState) -> NDArray[np.int64]:
    """Return a random cyclic permutation of `n` numbers, (n,), in which none keeps its place."""
    cycle, others = random_state.permutation(n), np.zeros(n, np.int64)
    others[cycle] = np.roll(cycle, -1)
    return others
