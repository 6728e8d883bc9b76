"""Panels for the benchmarks of replicas, and the network that is trained on them."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.bench import Bench
from benchmarks.forecast_tasks import Task

PANEL = {"n_series": 100_000, "n_steps": 200}
QUICK = {"n_series": 40, "n_steps": 100}
N_FILES = 16
ONE_NETWORK: dict[str, Any] = {
    "season": 24, "window": 168, "differences": None, "scaling": "window", "hidden_size": 64, "n_models": 1,
    "target_transform": None, "max_iter": 400,
}  # fmt: skip


def panel(bench: Bench) -> pd.DataFrame:
    """Return the panel for the times of a round and of two workers."""
    return series_frame(**(QUICK if bench.options.quick else PANEL))


def forecaster_options(bench: Bench) -> dict[str, Any]:
    """Return the parameters of the forecaster for these, with 8 replicas."""
    steps = 50 if bench.options.quick else 400
    return {"horizon": 24, **ONE_NETWORK, "window": 48, "max_iter": steps, "n_replicas": 8, "random_state": 0}


def series_frame(n_series: int, n_steps: int, first: int = 0) -> pd.DataFrame:
    """Return hourly series with a daily cycle and their own level and noise; `first` is the number of the first one."""
    rng = np.random.default_rng(first)
    waves = np.sin(2 * np.pi * (np.arange(n_steps) + rng.integers(24, size=(n_series, 1))) / 24)
    values = rng.lognormal(3.0, 1.0, (n_series, 1)) * (5 + waves + 0.2 * rng.normal(size=waves.shape))
    return long_frame(values, first)


def long_frame(values: NDArray[np.float64], first: int = 0) -> pd.DataFrame:
    """Return a long frame of hourly series (n_series, n_steps) whose ids are numbered from `first`."""
    n_series, n_steps = values.shape
    times = pd.date_range("2024-01-01", periods=n_steps, freq="h")
    ids = np.repeat([f"series {first + k}" for k in range(n_series)], n_steps)
    return pd.DataFrame({"unique_id": ids, "ds": np.tile(times, n_series), "y": values.ravel()})


def write_files(frame: pd.DataFrame, folder: pathlib.Path) -> None:
    """Write a long frame of equally long series to Parquet files, each with the rows of some series."""
    n_series = frame["unique_id"].nunique()
    n_steps = len(frame) // n_series
    for k in range(N_FILES):
        part = slice(n_series * k // N_FILES * n_steps, n_series * (k + 1) // N_FILES * n_steps)
        frame[part].to_parquet(folder / f"{k}.parquet", index=False)


@contextmanager
def two_workers() -> Iterator[Any]:
    """Yield the client of two workers with one thread each."""
    from distributed import Client, LocalCluster

    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    with LocalCluster(**options) as cluster, Client(cluster) as client:
        yield client


def hourly_values(n_series: int, n_steps: int, seed: int = 0) -> NDArray[np.float64]:
    """Return positive series (n_series, n_steps) that differ as those of M4 Hourly do.

    The logarithm of a series is the sum of a normal level, a trend, three harmonics of a day and two of a week, each
    with an amplitude and a phase of its own, and autocorrelated noise.
    """
    rng = np.random.default_rng(seed)
    hours = np.arange(n_steps)
    logs = rng.normal(7.0, 1.5, (n_series, 1)) + rng.normal(0.0, 2e-4, (n_series, 1)) * hours
    for period, sizes in ((24, (0.25, 0.1, 0.05)), (168, (0.1, 0.05))):
        for k, size in enumerate(sizes, start=1):
            amplitudes = size * rng.lognormal(0.0, 0.5, (n_series, 1))
            logs += amplitudes * np.sin(2 * np.pi * (k * hours / period + rng.uniform(size=(n_series, 1))))
    deviations, noise = 0.04 * rng.lognormal(0.0, 0.5, n_series), np.zeros(n_series)
    for step in range(n_steps):
        noise = 0.7 * noise + deviations * rng.normal(size=n_series)
        logs[:, step] += noise
    return np.exp(logs)


def panel_task(name: str, values: NDArray[np.float64], horizon: int) -> Task:
    """Return the task to forecast the last steps of series (n_series, n_steps) with a daily cycle."""
    n_series, n_steps = values.shape
    ends = np.arange(1, n_series + 1) * n_steps - horizon
    return Task(
        name,
        values.ravel(),
        np.arange(n_series + 1) * n_steps,
        fit_stops=ends,
        choose_stops=ends - horizon,
        choose_ends=ends - horizon,
        ends=ends,
        horizon=horizon,
        season=24,
        score=_scaled_errors,
        scaled=True,
    )


def _scaled_errors(task: Task, forecasts: NDArray[np.float64]) -> dict[str, float]:
    """Return errors that are relative to each series, so that large ones do not decide."""
    errors, sizes = np.abs(task.truth - forecasts), np.abs(task.truth) + np.abs(forecasts)
    return {"sMAPE": float(200.0 * np.mean(errors / sizes)), "MASE": float(np.mean(errors.mean(axis=1) / task.sizes()))}
