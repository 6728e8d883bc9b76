"""The error of a model on unseen rows, as one number."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tsl.forecasting.panel.panel import Panel, ranges, values_after
from tsl.forecasting.panel.scale import naive_scale
from tsl.forecasting.panel.seasonality import find_season
from tsl.forecasting.protocol import PanelModel


def without_last_horizon(model: PanelModel) -> tuple[PanelModel, Panel, NDArray[np.int64]]:
    """Return `model` refitted without the last horizon of each series, all rows, and the held-out starts (n_series,).

    Raises
    ------
    ValueError
        If no series is longer than a horizon.
    """
    panel, horizon = model.panel(), model.horizon
    is_long = panel.lengths > horizon
    if not is_long.any():
        raise ValueError(f"score needs a series longer than horizon={horizon}, got {panel.lengths.max()} rows at most")
    cutoffs = np.where(is_long, panel.ends - horizon, panel.ends)
    return model.refit(panel.before(np.where(is_long, cutoffs, panel.offsets[:-1]))), panel, cutoffs


def scaled_error(
    model: PanelModel,
    panel: Panel,
    cutoffs: NDArray[np.int64],
    skipped: NDArray[np.int64] | None = None,
    missing: str | None = None,
) -> float:
    """Return the mean absolute scaled error, averaged over the series; see `scaled_errors`.

    Raises
    ------
    ValueError
        If there is nothing to score.
    """
    # not the model's season: scores of models with different seasons would be in different units
    season = find_season(history_of(panel, cutoffs), model.season_hints)
    return mean_of(scaled_errors(model, panel, cutoffs, season, skipped, missing))


def history_of(panel: Panel, cutoffs: NDArray[np.int64]) -> Panel:
    """Return all series, each up to its cutoff."""
    return panel.select(ranges(panel.offsets[:-1], cutoffs), np.arange(panel.n_series))


def mean_of(errors: NDArray[np.float64]) -> float:
    """Return the mean over the series.

    Raises
    ------
    ValueError
        If there are no errors.
    """
    if not len(errors):
        raise ValueError("data must have a series that changes, with readings to score, got none")
    return float(np.mean(errors))


def scaled_errors(
    model: PanelModel,
    panel: Panel,
    cutoffs: NDArray[np.int64],
    season: int,
    skipped: NDArray[np.int64] | None = None,
    missing: str | None = None,
) -> NDArray[np.float64]:
    """Return the mean absolute scaled error of each series that changes and has readings to score.

    Parameters
    ----------
    model : PanelModel
    panel : Panel
        Known rows and those to score, with missing readings still missing.
    cutoffs : ndarray of shape (n_series,)
        The first unknown row of each series; its end if nothing of it is scored. From there on, rows are forecast a
        horizon at a time, each time from all rows before.
    season : int
        Errors are scaled by the mean absolute change over this many steps before the cutoff.
    skipped : ndarray of shape (n_series,), optional
        Number of rows after each cutoff that are not scored.
    missing : str, optional
        As in `PanelModel.forecast`.
    """
    horizon = model.horizon
    skipped = np.zeros_like(cutoffs) if skipped is None else skipped
    counts = -(-(panel.ends - cutoffs - skipped) // horizon)
    first = np.repeat(cutoffs + skipped, counts)
    scored = first + horizon * ranges(np.zeros_like(counts), counts)
    n_before = np.where(scored == first, np.repeat(skipped, counts), 0)  # steps before the first one that is scored
    forecasts = np.empty((len(scored), horizon))
    for n in np.unique(n_before):
        which = n_before == n
        found = model.forecast(panel, scored[which] - n, horizon + int(n), missing=missing).points
        forecasts[which] = found[:, n:]
    errors = np.abs(values_after(panel, scored, horizon) - forecasts)
    known = ~np.isnan(errors)
    series = panel.series_of(scored - 1)
    total = np.bincount(series, np.where(known, errors, 0.0).sum(axis=1), panel.n_series)
    count = np.bincount(series, known.sum(axis=1), panel.n_series)
    scale = naive_scale(history_of(panel, cutoffs), season)
    used = (count > 0) & (scale > 0)
    return total[used] / count[used] / scale[used]
