"""Baselines for forecasts: repetition of the past, and a linear map from window to horizon."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.forecast_tasks import Task

Array = NDArray[np.float64]
Rows = NDArray[np.int64]
LEVELS = (80, 95)
PENALTIES = (0.0, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)  # relative to the mean variance of the inputs
SHIFTS = ("none", "last", "season")
CHUNK = 20_000  # windows copied at once
ENOUGH = 40_000  # windows to choose settings with


@dataclass(frozen=True)
class Forecasts:
    """Forecasts of one method for the windows of a task."""

    points: Array
    """(n, horizon)"""
    intervals: dict[int, tuple[Array, Array]]
    """Lower and upper bounds (n, horizon) by level in percent."""
    note: str = ""


def persistence(task: Task, ends: Rows) -> Array:
    """Return the last value, repeated, (n, horizon)."""
    return np.repeat(task.values[ends - 1][:, None], task.horizon, axis=1)


def seasonal_naive(task: Task, ends: Rows) -> Array:
    """Return the last season, repeated, (n, horizon)."""
    return task.values[ends[:, None] - task.season + np.arange(task.horizon) % task.season]


def yardsticks(task: Task) -> Iterator[tuple[str, Forecasts]]:
    """Yield the name and the forecasts of each method."""
    if task.horizon > 1 or task.season > 1:
        yield "seasonal naive", with_intervals(task, lambda stops: lambda ends: seasonal_naive(task, ends))
    yield "persistence", with_intervals(task, lambda stops: lambda ends: persistence(task, ends))
    if task.horizon == 1:
        name = f"AR({task.windows[0]})"
        choice = (task.windows[0], "none", 0.0)
    else:
        name, choice = "linear map (ridge)", chosen(task)
    found = with_intervals(task, lambda stops: linear_map(task, stops, *choice))
    window, shift, penalty = choice
    yield name, Forecasts(found.points, found.intervals, f"window {window}, shift {shift}, penalty {penalty:g}")


def with_intervals(task: Task, fit: Callable[[Rows], Callable[[Rows], Array]]) -> Forecasts:
    """Return forecasts of the result of `fit`, and split-conformal intervals from errors of a fit on fewer rows."""
    points = fit(task.fit_stops)(task.ends)
    errors = np.abs(task.at(task.choose_ends) - fit(task.choose_stops)(task.choose_ends))
    errors = np.sort(errors / task.sizes()[task.series_of(task.choose_ends), None], axis=0)
    sizes = task.sizes()[task.series_of(task.ends), None]
    intervals = {}
    for level in LEVELS:
        rank = min(int(np.ceil((len(errors) + 1) * level / 100)), len(errors)) - 1
        intervals[level] = (points - sizes * errors[rank], points + sizes * errors[rank])
    return Forecasts(points, intervals)


def chosen(task: Task) -> tuple[int, str, float]:
    """Return window, shift and penalty of the linear map with the smallest error on the windows to choose on."""
    best, found = np.inf, (task.windows[0], SHIFTS[0], 0.0)
    ends = task.choose_ends
    scales = task.sizes()[task.series_of(ends), None]
    for window in task.windows:
        for shift in SHIFTS:
            fitted = linear_maps(task, task.choose_stops, window, shift, PENALTIES, most=ENOUGH)
            for penalty, forecast in zip(PENALTIES, fitted):
                errors = ((forecast(ends) - task.at(ends)) / scales)[:, task.scored]
                error = float(np.mean(np.abs(errors) if task.scaled else errors**2))
                if error < best:
                    best, found = error, (window, shift, penalty)
    return found


def linear_map(task: Task, stops: Rows, window: int, shift: str, penalty: float) -> Callable[[Rows], Array]:
    """Return one of `linear_maps`."""
    return linear_maps(task, stops, window, shift, (penalty,))[0]


def linear_maps(
    task: Task, stops: Rows, window: int, shift: str, penalties: tuple[float, ...], *, most: int | None = None
) -> list[Callable[[Rows], Array]]:
    """Fit least squares from windows before `stops` to their horizons; return a forecasting function for each penalty.

    All windows are used, or about `most` of them, evenly spaced.
    """
    n_outputs = task.horizon
    moments = np.zeros((window + n_outputs, window + n_outputs))
    sums, count = np.zeros(window + n_outputs), 0
    for ends in _chunks(task, stops, window, most):
        inputs, level, scale = _inputs(task, ends, window, shift)
        both = np.hstack([inputs, (task.at(ends) - level) / scale])
        moments += both.T @ both
        sums += both.sum(axis=0)
        count += len(both)
    mean = sums / count
    moments = moments / count - np.outer(mean, mean)
    variances, axes = np.linalg.eigh(moments[:window, :window])
    variances = np.maximum(variances, 1e-12 * variances[-1])
    projected = axes.T @ moments[:window, window:]
    maps = []
    for penalty in penalties:
        weights = axes @ (projected / (variances + penalty * variances.mean())[:, None])
        bias = mean[window:] - mean[:window] @ weights

        def forecast(ends: Rows, weights: Array = weights, bias: Array = bias) -> Array:
            parts = []
            for begin in range(0, len(ends), CHUNK):
                inputs, level, scale = _inputs(task, ends[begin : begin + CHUNK], window, shift)
                parts.append((inputs @ weights + bias) * scale + level)
            return np.concatenate(parts)

        maps.append(forecast)
    return maps


def _inputs(task: Task, ends: Rows, window: int, shift: str) -> tuple[Array, Array, Array]:
    """Return windows (n, window) relative to their level and scale, and these (n, 1)."""
    inputs = np.lib.stride_tricks.sliding_window_view(task.values, window)[ends - window]
    if shift == "none":
        level = np.zeros((len(ends), 1))
    else:
        level = inputs[:, -(1 if shift == "last" else min(task.season, window)) :].mean(axis=1, keepdims=True)
    scale = np.ones_like(level)
    if task.scaled:
        deviation = inputs.std(axis=1, keepdims=True)
        scale = np.where(deviation > 0.0, deviation, 1.0)
    return (inputs - level) / scale, level, scale


def _chunks(task: Task, stops: Rows, window: int, most: int | None) -> Iterator[Rows]:
    """Yield windows whose horizon is before the stop of their series, several thousand at once."""
    stride = 1 if most is None else max(1, int((stops - task.offsets[:-1]).sum()) // most)
    waiting: list[Rows] = []
    for start, stop in zip(task.offsets, stops):
        ends = np.arange(start + window, stop - task.horizon + 1, stride)
        for begin in range(0, len(ends), CHUNK):
            waiting.append(ends[begin : begin + CHUNK])
            if sum(map(len, waiting)) >= CHUNK:
                yield np.concatenate(waiting)
                waiting = []
    if waiting:
        yield np.concatenate(waiting)
