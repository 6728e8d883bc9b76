"""Keras: windows as one array, as in articles, and as a stream of batches. Each runs in its own process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from benchmarks.peak import growth
from benchmarks.peers.series import for_warm_up, make_series


def fit(job: dict[str, Any]) -> dict[str, float]:
    """`fit` on materialised windows."""

    def prepare(job: dict[str, Any]) -> Callable[[], object]:
        model, series = _model(job), make_series(job["rows"])
        steps = min(job["steps"], (job["rows"] - job["window"]) // job["batch"])

        def work() -> None:
            targets = series[job["window"] :]
            model.fit(_windows(series[:-1], job), targets, batch_size=job["batch"], steps_per_epoch=steps, verbose=0)

        return work

    return _measured(prepare, job)


def fit_stream(job: dict[str, Any]) -> dict[str, float]:
    """`fit` on `timeseries_dataset_from_array`, which makes batches as they are needed; it is built on tf.data."""

    def prepare(job: dict[str, Any]) -> Callable[[], object]:
        model, series = _model(job), make_series(job["rows"])
        steps = min(job["steps"], (job["rows"] - job["window"]) // job["batch"])

        def work() -> None:
            batches = keras.utils.timeseries_dataset_from_array(
                series[:-1, None], series[job["window"] :], job["window"], batch_size=job["batch"], shuffle=True
            )
            model.fit(batches, steps_per_epoch=steps, verbose=0)

        return work

    return _measured(prepare, job)


def predict(job: dict[str, Any]) -> dict[str, float]:
    """`predict` on some batches of materialised windows: no batch takes more memory than the one before."""
    model = _model(job)

    def prepare(job: dict[str, Any]) -> Callable[[], object]:
        series = make_series(job["rows"])
        steps = min(job["steps"], (job["rows"] - job["window"]) // job["batch"])
        return lambda: model.predict(_windows(series[:-1], job), batch_size=job["batch"], steps=steps, verbose=0)

    return _measured(prepare, job)


def _measured(prepare: Callable[[dict[str, Any]], Callable[[], object]], job: dict[str, Any]) -> dict[str, float]:
    prepare(for_warm_up(job))()
    return growth(prepare(job))


def _model(job: dict[str, Any]) -> keras.Model:
    layers = [keras.Input((job["window"], 1)), keras.layers.LSTM(job["hidden"]), keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    model.compile("adam", "mse")
    return model


def _windows(series: np.ndarray, job: dict[str, Any]) -> np.ndarray:
    """(n, T, 1), one copy of the series for each step of a window."""
    return np.ascontiguousarray(np.lib.stride_tricks.sliding_window_view(series, job["window"])[..., None])
