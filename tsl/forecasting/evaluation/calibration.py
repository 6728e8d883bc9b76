"""Errors of a model on windows that it was not trained on, and prediction intervals computed from them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl.forecasting.evaluation.conformal import Calibration
from tsl.forecasting.panel.outliers import without_outliers
from tsl.forecasting.panel.panel import Panel, ranges, values_after
from tsl.forecasting.panel.scale import naive_scale
from tsl.forecasting.protocol import PanelModel

# Chosen by judgement, not measured:
HELD_OUT = 0.2  # share of each series
MOST_WINDOWS = 10_000
MOST_OF_A_SERIES = 5_000
SHARE_OF_STEPS = 4  # windows that renew a calibration are a quarter of a horizon apart
ROUNDING = 1e-12  # relative rounding error of a transform and its inverse


def calibration_of(model: PanelModel, horizon: int, known: Panel | None = None) -> Calibration:
    """Return the calibration of `model` for at least `horizon` steps.

    It is computed once and kept with the model, unless it must be based only on the rows `known`.

    Raises
    ------
    ValueError
        If no series has 3 rows.
    """
    horizon = max(horizon, model.horizon)
    if known is not None:
        return _calibrate(model, known, horizon)
    return model.kept(horizon, lambda: _calibrate(model, model.calibration_panel(), horizon))


def quantiles_ahead(
    model: PanelModel, known: Panel, points: NDArray[np.float64], quantiles: Sequence[float]
) -> NDArray[np.float64]:
    """Return quantiles (n_series, horizon, n_quantiles) around forecasts (n_series, horizon) after the `known` rows."""
    calibration = calibration_of(model, points.shape[1])
    return model.bounded(calibration.quantiles_around(points, known.ids, model.naive_scale(known), quantiles))


def paths_ahead(
    model: PanelModel, known: Panel, points: NDArray[np.float64], n_paths: int, random_state: np.random.RandomState
) -> NDArray[np.float64]:
    """Return paths (n_series, n_paths, horizon) around forecasts (n_series, horizon) after the `known` rows."""
    calibration = calibration_of(model, points.shape[1])
    scores = calibration.paths(n_paths, known.n_series, points.shape[1], random_state)
    units = calibration.units(known.ids, model.naive_scale(known))
    return model.bounded(points[:, None] + units[:, None, None] * scores)


def scales_as_fitted(
    panel: Panel, ids: pd.Index, fitted: NDArray[np.float64], season: int, n_covariates: int
) -> NDArray[np.float64]:
    """Return the naive scale of each series (n_series,) of `panel`: the `fitted` one (n_ids,) of its id, or its own."""
    at = ids.get_indexer(panel.ids)
    if (at >= 0).all():
        return fitted[at]
    return np.where(at >= 0, np.append(fitted, np.nan)[at], naive_scale(without_outliers(panel, n_covariates), season))


def _calibrate(model: PanelModel, panel: Panel, horizon: int) -> Calibration:
    """Return the calibration from a copy of `model` that is fitted without the end of each series and forecasts it."""
    horizon = min(horizon, int(panel.lengths.max()) // 3)
    if not horizon:
        raise ValueError(f"level and quantiles need a series of at least 3 rows, got at most {panel.lengths.max()}")
    panel = without_outliers(panel, model.n_covariates)
    stops, cutoffs = calibration_windows(panel, horizon)
    copy = model.refit(panel.before(stops), keep_choices=True)
    truth = values_after(panel, cutoffs, horizon)
    errors = truth - copy.forecast(panel, cutoffs, horizon).points
    errors[np.abs(errors) <= ROUNDING * np.abs(truth)] = 0.0  # a constant series has no scale to divide them by
    known = panel.select(ranges(panel.offsets[:-1], stops), np.arange(panel.n_series))
    scales = naive_scale(known, model.season)
    scales = np.where(scales > 0.0, scales, naive_scale(panel, model.season))  # series that changed only late
    return Calibration.of(errors, cutoffs, panel.ids, panel.offsets, scales)


def renewed(model: PanelModel, calibration: Calibration, panel: Panel, first_new: NDArray[np.int64]) -> Calibration:
    """Return the calibration updated with the errors of `model` on rows that it has not learned from yet.

    `first_new` (n_series,) is the first such row of each series of `panel`. Windows that reach into them count, even if
    they begin earlier: otherwise updates of fewer rows than a horizon would never renew the calibration.
    """
    horizon = calibration.horizon
    clipped = without_outliers(panel, model.n_covariates)
    begin = np.maximum(np.maximum(first_new - horizon + 1, panel.offsets[:-1] + 1), 0)
    stop = np.maximum(panel.ends - horizon + 1, begin)
    cutoffs = ranges(begin, stop)
    within = cutoffs - np.repeat(panel.offsets[:-1], stop - begin)
    cutoffs = cutoffs[within % max(1, horizon // SHARE_OF_STEPS) == 0]
    if not len(cutoffs):
        return calibration
    errors = values_after(clipped, cutoffs, horizon) - model.forecast(clipped, cutoffs, horizon).points
    return calibration.renewed(errors, cutoffs, panel.ids, panel.offsets, model.naive_scale(panel))


def calibration_windows(panel: Panel, horizon: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the row up to which to fit each series (n_series,), and the cutoffs to forecast at (n_windows,).

    Windows overlap, evenly spread over the end of each series that is long enough; if there are very many series, only
    some have windows.
    """
    lengths = panel.lengths
    held_out = np.maximum(np.ceil(HELD_OUT * lengths).astype(np.int64), np.minimum(2 * horizon, lengths // 2))
    held_out = np.maximum(held_out, horizon)
    used = np.flatnonzero(held_out <= lengths - 2)
    if len(used) > MOST_WINDOWS:
        used = used[np.linspace(0, len(used) - 1, MOST_WINDOWS).astype(np.int64)]
    stops = panel.ends.copy()
    stops[used] -= held_out[used]
    possible = held_out[used] - horizon + 1
    counts = np.minimum(possible, int(np.clip(MOST_WINDOWS // max(len(used), 1), 1, MOST_OF_A_SERIES)))
    number = ranges(np.zeros(len(used), np.int64), counts)
    step = np.repeat((possible - 1) / np.maximum(counts - 1, 1), counts)
    last = np.repeat(panel.ends[used] - horizon, counts)
    return stops, np.sort(last - np.round(number * step).astype(np.int64))
