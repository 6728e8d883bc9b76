"""Forecasts after the end of each series: by the model, or from other series for series with almost no readings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tsl.forecasting.evaluation.calibration import paths_ahead, quantiles_ahead
from tsl.forecasting.frames.continuation import StepsAhead
from tsl.forecasting.panel.panel import Panel
from tsl.forecasting.panel.store import FEWEST_OTHERS, MOST_READINGS
from tsl.forecasting.panel_estimator import FittedModel

Numbers = NDArray[np.float64]


def forecast_ahead(
    model: FittedModel, ahead: StepsAhead, horizon: int, quantiles: Sequence[float]
) -> tuple[Numbers, Numbers]:
    """Return points (n_series, horizon) and quantiles (n_series, horizon, n_quantiles) after each series."""
    cold = cold_series(model, ahead.known)
    if not cold.any():
        return _by_model(model, ahead, np.arange(ahead.known.n_series), horizon, quantiles)
    points = np.empty((ahead.known.n_series, horizon))
    found = np.empty((*points.shape, len(quantiles)))
    if not cold.all():
        points[~cold], found[~cold] = _by_model(model, ahead, np.flatnonzero(~cold), horizon, quantiles)
    own = model.forecast_new(ahead.panel, ahead.cutoffs[cold], horizon, quantiles, None)
    points[cold], found[cold] = own.points, own.quantiles
    return points, found


def simulate_ahead(
    model: FittedModel, ahead: StepsAhead, horizon: int, n_paths: int, random_state: np.random.RandomState
) -> Numbers:
    """Return sample paths (n_series, n_paths, horizon) after each series."""
    cold = cold_series(model, ahead.known)
    paths = np.empty((ahead.known.n_series, n_paths, horizon))
    if not cold.all():
        warm = np.flatnonzero(~cold)
        points = model.forecast(ahead.panel, ahead.cutoffs[warm], horizon, n_known=ahead.n_known[warm]).points
        paths[warm] = paths_ahead(model, _of_series(ahead.known, warm), points, n_paths, random_state)
    if cold.any():
        found = model.cold_start(horizon).paths(ahead.panel, ahead.cutoffs[cold], horizon, n_paths, random_state)
        paths[cold] = model.bounded(found)
    return paths


def cold_series(model: FittedModel, known: Panel) -> NDArray[np.bool_]:
    """Return which series have too few readings for the model and can be forecast from others, (n_series,)."""
    n_readings = known.n_readings
    cold = n_readings <= MOST_READINGS
    if cold.any():  # of a stored series, `known` contains only the rows that the model reads
        history = model.panel()
        stored = history.n_readings
        at = history.ids.get_indexer(known.ids)
        cold &= (at < 0) | (stored[at] <= MOST_READINGS)
        if (model.calibration_panel().n_readings > MOST_READINGS).sum() < FEWEST_OTHERS:
            cold &= n_readings == 0
    return cold


def _by_model(
    model: FittedModel, ahead: StepsAhead, series: NDArray[np.int64], horizon: int, quantiles: Sequence[float]
) -> tuple[Numbers, Numbers]:
    """Return the same for some series, from the model itself."""
    cutoffs, n_known = ahead.cutoffs[series], ahead.n_known[series]
    points, own = model.forecast(ahead.panel, cutoffs, horizon, quantiles, n_known=n_known)
    if own is None:
        own = quantiles_ahead(model, _of_series(ahead.known, series), points, quantiles)
    return points, own


def _of_series(panel: Panel, series: NDArray[np.int64]) -> Panel:
    """Return the panel of these series; the panel itself if these are all of its series."""
    return panel if len(series) == panel.n_series else panel.of_series(series)
