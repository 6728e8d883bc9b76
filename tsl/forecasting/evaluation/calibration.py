"""Forecasts of windows that a model was not trained on, for its intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tsl.forecasting.evaluation.backtest import truth_after
from tsl.forecasting.evaluation.conformal import Calibration
from tsl.forecasting.panel.outliers import without_outliers
from tsl.forecasting.panel.panel import Panel, ranges
from tsl.forecasting.panel.scale import naive_scale

if TYPE_CHECKING:
    from tsl.forecasting.forecaster import Forecaster

HELD_OUT = 0.2  # of each series
MOST_WINDOWS = 10_000
MOST_OF_A_SERIES = 5_000
ROUNDING = 1e-12  # of a value: what a transform and its inverse may cost


def calibrate(forecaster: Forecaster, panel: Panel, horizon: int) -> Calibration:
    """Errors of a copy of `forecaster`, fitted without the end of each series, in forecasting that end.

    Raises
    ------
    ValueError
        Where no series has 3 rows.
    """
    horizon = min(horizon, int(panel.lengths.max()) // 3)
    if not horizon:
        raise ValueError(f"level and quantiles need a series of at least 3 rows, got at most {panel.lengths.max()}")
    panel = without_outliers(panel, len(forecaster.schema_.future.names))
    cuts, ends = calibration_windows(panel, horizon)
    copy = forecaster._calibration_clone()._fit_read(forecaster.schema_, panel.before(cuts))
    forecasts = copy._forecast_at(panel, ends, horizon)
    truth = truth_after(panel, ends, horizon)
    errors = truth - forecasts
    errors[np.abs(errors) <= ROUNDING * np.abs(truth)] = 0.0  # where nothing changes there is no unit for them
    known = panel.select(ranges(panel.offsets[:-1], cuts), np.arange(panel.n_series))
    scales = naive_scale(known, forecaster.season_)
    scales = np.where(scales > 0.0, scales, naive_scale(panel, forecaster.season_))  # what changed late only
    return Calibration.of(errors, ends, panel.ids, panel.offsets, scales)


def calibration_windows(panel: Panel, horizon: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(n_series,) up to which row to fit, and (n_windows,) from which row on to forecast.

    Windows overlap, evenly spread over the end of each series that is long enough; of very many series only some have
    any.
    """
    lengths = panel.lengths
    held = np.maximum(np.ceil(HELD_OUT * lengths).astype(np.int64), np.minimum(2 * horizon, lengths // 2))
    held = np.maximum(held, horizon)
    used = np.flatnonzero(held <= lengths - 2)
    if len(used) > MOST_WINDOWS:
        used = used[np.linspace(0, len(used) - 1, MOST_WINDOWS).astype(np.int64)]
    cuts = panel.ends.copy()
    cuts[used] -= held[used]
    places = held[used] - horizon + 1
    counts = np.minimum(places, int(np.clip(MOST_WINDOWS // max(len(used), 1), 1, MOST_OF_A_SERIES)))
    number = ranges(np.zeros(len(used), np.int64), counts)
    apart = np.repeat((places - 1) / np.maximum(counts - 1, 1), counts)
    last = np.repeat(panel.ends[used] - horizon, counts)
    return cuts, np.sort(last - np.round(number * apart).astype(np.int64))
