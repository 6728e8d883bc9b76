"""The error of a forecaster on rows that it has not seen, as one number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tsl.forecasting.backtest import fill_up_to, truth_after
from tsl.forecasting.intervals import usual_change
from tsl.forecasting.panel import Panel, ranges
from tsl.forecasting.times import stamps_of

if TYPE_CHECKING:
    from tsl.forecasting.base import Forecaster


def scaled_error(forecaster: Forecaster, data: Any) -> float:
    """Mean over the series of their mean absolute scaled error.

    Raises
    ------
    ValueError
        Where there is nothing to score.
    """
    model, horizon = forecaster, int(forecaster.horizon)
    if data is None:
        panel = forecaster._history.panel()
        starts = np.where(panel.lengths > horizon, panel.ends - horizon, panel.ends)
        if (starts == panel.ends).all():
            raise ValueError(f"score needs a series longer than horizon={horizon}, got {panel.lengths.max()} rows")
        model = forecaster._fitted_copy(panel.before(np.where(starts < panel.ends, starts, panel.offsets[:-1])))
    else:
        panel, lowest = forecaster._to_look_back_on(data)
        starts = _unseen(forecaster, panel, lowest, horizon)
        if (starts == panel.ends).all():
            raise ValueError("data must have rows after those that are known, with rows before them, got none")
    ends = ranges(np.zeros_like(starts), -(-(panel.ends - starts) // horizon)) * horizon
    ends += np.repeat(starts, -(-(panel.ends - starts) // horizon))
    forecasts = model._forecast(fill_up_to(panel, ends, forecaster.missing), ends, horizon)
    return _mean_by_series(model, panel, starts, ends, np.abs(truth_after(panel, ends, horizon) - forecasts))


def _unseen(forecaster: Forecaster, panel: Panel, lowest: NDArray[np.int64], horizon: int) -> NDArray[np.int64]:
    """(n_series,) the first row of each series to be scored; its end if there is none."""
    at = forecaster._history.ids.get_indexer(panel.ids)
    last = np.where(at >= 0, forecaster._history.last[at], 0)
    newer = stamps_of(panel.times) > np.repeat(last, panel.lengths)
    n_newer = np.add.reduceat(newer, panel.offsets[:-1], dtype=np.int64)
    starts = np.where(at >= 0, panel.ends - n_newer, panel.ends - horizon)
    starts = np.maximum(starts, np.minimum(lowest, panel.ends))
    return np.where(starts > panel.offsets[:-1], starts, panel.ends)


def _mean_by_series(
    model: Forecaster, panel: Panel, starts: NDArray[np.int64], ends: NDArray[np.int64], errors: NDArray[np.float64]
) -> float:
    """Mean over the series that have errors, in units of their usual change."""
    known = ~np.isnan(errors)
    series = panel.series_of(ends - 1)
    total = np.bincount(series, np.where(known, errors, 0.0).sum(axis=1), panel.n_series)
    count = np.bincount(series, known.sum(axis=1), panel.n_series)
    history = panel.select(ranges(panel.offsets[:-1], starts), np.arange(panel.n_series))
    at = model._history.fitted_ids.get_indexer(panel.ids)
    scale = np.where(at >= 0, model._usual[at], usual_change(history, model.season_))
    used = (count > 0) & (scale > 0)
    if not used.any():
        raise ValueError("data must have a series that changes, with readings to score, got none")
    return float(np.mean(total[used] / count[used] / scale[used]))
