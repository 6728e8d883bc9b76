"""Forecasts after the end of each series: by the model, and of series with next to no readings by the other series."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tsl.forecasting.evaluation.calibration import quantiles_ahead
from tsl.forecasting.frames.continuation import StepsAhead
from tsl.forecasting.model.cold_start import MOST_READINGS
from tsl.forecasting.panel.panel import Panel
from tsl.forecasting.panel.store import FEWEST_OTHERS
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
    some = ahead.panel.of_series(np.flatnonzero(cold))
    cutoffs = some.ends - (ahead.panel.ends - ahead.cutoffs)[cold]
    own = model.cold_start(horizon).forecast(some, cutoffs, horizon, quantiles)
    points[cold], found[cold] = (model.bounded(one) for one in own)
    return points, found


def cold_series(model: FittedModel, known: Panel) -> NDArray[np.bool_]:
    """Return (n_series,) which series have too few readings for the model, where others can stand in for it."""
    n_readings = known.n_readings
    cold = n_readings <= MOST_READINGS
    if cold.any():  # of a series that is stored only the rows that the model reads are in `known`
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
    """Return the same for some series, by the model itself."""
    cutoffs, n_known = ahead.cutoffs[series], ahead.n_known[series]
    points, own = model.forecast(ahead.panel, cutoffs, horizon, quantiles, n_known=n_known)
    if own is None:
        known = ahead.known if len(series) == ahead.known.n_series else ahead.known.of_series(series)
        own = quantiles_ahead(model, known, points, quantiles)
    return points, own
