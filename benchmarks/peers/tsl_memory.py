"""tsl: windows are views, read in place. Each function is called in its own process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn.pipeline import make_pipeline

from benchmarks.peak import growth
from benchmarks.peers.series import for_warm_up, make_series
from tsl import LSTMRegressor
from tsl.windows import SlidingWindow, make_windows


def fit(job: dict[str, Any]) -> dict[str, float]:
    """`LSTMRegressor` on the views of `make_windows`."""
    return _measured(_fit_windows, job)


def fit_pipeline(job: dict[str, Any]) -> dict[str, float]:
    """`SlidingWindow` and `LSTMRegressor` in a pipeline, which receives the series itself."""
    return _measured(_fit_pipeline, job)


def predict(job: dict[str, Any]) -> dict[str, float]:
    """`predict` for every window of the series."""
    model = _regressor(job)
    model.fit(*make_windows(make_series(2 * job["window"]), window=job["window"]))

    def prepare(job: dict[str, Any]) -> Callable[[], object]:
        windows, _ = make_windows(make_series(job["rows"]), window=job["window"])
        return lambda: model.predict(windows)

    return _measured(prepare, job)


def _measured(prepare: Callable[[dict[str, Any]], Callable[[], object]], job: dict[str, Any]) -> dict[str, float]:
    prepare(for_warm_up(job))()
    return growth(prepare(job))


def _fit_windows(job: dict[str, Any]) -> Callable[[], object]:
    windows, targets = make_windows(make_series(job["rows"]), window=job["window"])
    return lambda: _regressor(job).fit(windows, targets)


def _fit_pipeline(job: dict[str, Any]) -> Callable[[], object]:
    series = make_series(job["rows"] + 1)
    pipeline = make_pipeline(SlidingWindow(job["window"]), _regressor(job))
    return lambda: pipeline.fit(series[:-1, None], series[1:])


def _regressor(job: dict[str, Any]) -> LSTMRegressor:
    # All epochs are alike: part of the first one already uses as much memory as training ever does.
    return LSTMRegressor(hidden_size=job["hidden"], max_iter=1, max_time=job["seconds"], random_state=0)
