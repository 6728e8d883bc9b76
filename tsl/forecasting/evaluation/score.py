"""The error of a forecaster on rows that it has not seen, as one number."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tsl.forecasting.evaluation.backtest import truth_after
from tsl.forecasting.panel.missing import check_missing
from tsl.forecasting.panel.panel import Panel, after, ranges
from tsl.forecasting.panel.scale import naive_scale
from tsl.forecasting.panel.seasonality import find_season
from tsl.forecasting.times.stamps import stamps_of

FURTHEST = 500
"""Steps that may lie between what is known and what is scored."""

if TYPE_CHECKING:
    from tsl.forecasting.forecaster import Forecaster


def scaled_error(forecaster: Forecaster, data: Any) -> float:
    """Mean over the series of their mean absolute scaled error.

    Raises
    ------
    ValueError
        Where there is nothing to score.
    """
    horizon, missing = int(forecaster.horizon), forecaster.missing
    if data is None:
        model, panel, starts = _last_window(forecaster)
        skipped = np.zeros_like(starts)
    else:
        model = forecaster
        given = forecaster._read(data, skip_empty=True)
        if missing == "error":
            check_missing(given, missing)
        panel, starts, skipped = _unseen(forecaster, given)
        if skipped.any() and missing == "error":  # the rows that were put in have no readings
            missing = "interpolate"
        check_missing(panel, missing)
    counts = -(-(panel.ends - starts - skipped) // horizon)
    ends = np.repeat(starts + skipped, counts) + horizon * ranges(np.zeros_like(counts), counts)
    is_first = ends == np.repeat(starts + skipped, counts)
    ahead = np.where(is_first, np.repeat(skipped, counts), 0)  # steps before the first that counts
    forecasts = np.empty((len(ends), horizon))
    for n_before in np.unique(ahead):
        which = ahead == n_before
        found = model._forecast_at(panel, ends[which] - n_before, horizon + int(n_before), missing=missing)
        forecasts[which] = found[:, n_before:]
    return _mean_by_series(model, panel, starts, ends, np.abs(truth_after(panel, ends, horizon) - forecasts))


def _last_window(forecaster: Forecaster) -> tuple[Forecaster, Panel, NDArray[np.int64]]:
    """A forecaster that has not seen the last horizon of each series, all rows, and where those begin."""
    panel, horizon = forecaster._history.panel(), int(forecaster.horizon)
    is_long = panel.lengths > horizon
    if not is_long.any():
        raise ValueError(f"score needs a series longer than horizon={horizon}, got {panel.lengths.max()} rows at most")
    starts = np.where(is_long, panel.ends - horizon, panel.ends)
    return forecaster._fitted_copy(panel.before(np.where(is_long, starts, panel.offsets[:-1]))), panel, starts


def _unseen(forecaster: Forecaster, given: Panel) -> tuple[Panel, NDArray[np.int64], NDArray[np.int64]]:
    """What is known and what is given, and of each series the row behind the last known, and the rows that are lacking.

    Rows are lacking where the given ones do not begin with the next stamp, as behind the gap of a splitter. They are
    put in, without readings.
    """
    history = forecaster._history
    at = history.ids.get_indexer(given.ids)
    newer = (at[given.series_of(np.arange(len(given.values)))] < 0) | (
        stamps_of(given.times) > np.repeat(history.last[at], given.lengths)
    )
    n_newer = np.add.reduceat(newer, given.offsets[:-1], dtype=np.int64)
    n_newer = np.where(at < 0, np.minimum(n_newer, int(forecaster.horizon)), n_newer)
    lacking = _lacking(forecaster, given)
    skipped = np.zeros(given.n_series, np.int64)
    if lacking is not None:
        skipped[given.ids.get_indexer(lacking.ids)] = lacking.lengths
        given = after(lacking, given)
    forecaster._check_steps(given)
    panel = history.whole_before(given)
    starts = panel.ends - n_newer - skipped
    is_scored = (n_newer > 0) & (starts > panel.offsets[:-1])
    if not is_scored.any():
        raise ValueError("data must have rows behind those that are known, with others before them, got none")
    return panel, np.where(is_scored, starts, panel.ends), np.where(is_scored, skipped, 0)


def _lacking(forecaster: Forecaster, given: Panel) -> Panel | None:
    """Rows for the stamps between those known of a series and those given; None where there are no such stamps."""
    schema, history = forecaster.schema_, forecaster._history
    series = np.flatnonzero(history.follows(given))
    if not len(series):
        return None
    whole = history.panel()
    at = np.sort(whole.ids.get_indexer(given.ids[series]))
    known = whole.select(ranges(whole.offsets[at], whole.offsets[at + 1]), at)
    first = stamps_of(given.times)[given.offsets[:-1]][given.ids.get_indexer(known.ids)][:, None]
    if (stamps_of(schema.future_times(known, 1)) == first[:, 0]).all():
        return None
    times = schema.future_times(known, FURTHEST)
    ahead = stamps_of(times).reshape(known.n_series, FURTHEST)
    counts = np.where((ahead == first).any(axis=1), (ahead < first).sum(axis=1), 0)
    if not counts.any():
        return None
    used = np.flatnonzero(counts)
    rows = ranges(used * FURTHEST, used * FURTHEST + counts[used])
    return replace(
        known,
        ids=known.ids[used],
        offsets=np.concatenate([[0], np.cumsum(counts[used])]),
        times=times[rows],
        values=np.full(len(rows), np.nan),
        past=np.full((len(rows), known.past.shape[1]), np.nan),
        future=schema.calendar_ahead(times[rows]),
        static=known.static[used],
        weights=None,
    )


def _mean_by_series(
    model: Forecaster, panel: Panel, starts: NDArray[np.int64], ends: NDArray[np.int64], errors: NDArray[np.float64]
) -> float:
    """Mean over the series that have errors, in units of their usual change."""
    known = ~np.isnan(errors)
    series = panel.series_of(ends - 1)
    total = np.bincount(series, np.where(known, errors, 0.0).sum(axis=1), panel.n_series)
    count = np.bincount(series, known.sum(axis=1), panel.n_series)
    history = panel.select(ranges(panel.offsets[:-1], starts), np.arange(panel.n_series))
    # not the model's season: scores of models that differ in it would be in different units
    scale = naive_scale(history, find_season(history, model.schema_.season_hints))
    used = (count > 0) & (scale > 0)
    if not used.any():
        raise ValueError("data must have a series that changes, with readings to score, got none")
    return float(np.mean(total[used] / count[used] / scale[used]))
