"""Forecasters on a local cluster of two workers, and in one process: times and errors for the same panel."""

from __future__ import annotations

import importlib
import pathlib
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.bench import Bench
from benchmarks.distributed_tasks import (
    forecaster_options,
    hourly_values,
    long_frame,
    panel_task,
    two_workers,
    write_files,
)
from benchmarks.yardsticks import seasonal_naive
from tsl import LSTMForecaster

HORIZON = 24
PANEL = {"n_series": 20_000, "n_steps": 200 + HORIZON, "seed": 1}
WARM_UP = 40  # series of the fit before the one that counts, which imports and compiles


class Data(NamedTuple):
    """The panel to learn from, as one frame and as files with the rows of some series each."""

    frame: pd.DataFrame
    folder: pathlib.Path


class Run(NamedTuple):
    """Results of a rival."""

    fit_seconds: float
    predict_seconds: float
    forecasts: pd.DataFrame
    """With the columns "unique_id", "ds" and, as the last one, the forecast."""


def compare(bench: Bench, rivals: dict[str, Callable[[Bench, Data], Run]]) -> None:
    """Fit and forecast with each of some of the `RIVALS`."""
    values = hourly_values(**PANEL | ({"n_series": 48} if bench.options.quick else {}))
    task, frame = panel_task("peers", values, HORIZON), long_frame(values[:, :-HORIZON])
    ids = frame["unique_id"].unique()
    naive = task.score(task, seasonal_naive(task, task.ends))
    rows = [["seasonal naive", "", "", *(f"{one:.3f}" for one in naive.values()), "1.000"]]
    with tempfile.TemporaryDirectory() as folder:
        data = Data(frame, pathlib.Path(folder))
        write_files(frame, data.folder)
        for name, rival in rivals.items():
            try:
                run = rival(bench, data)
            except ImportError as error:
                bench.say(f"{name} is left out: {error}")
                continue
            score = task.score(task, _points(run.forecasts, ids))
            cells = [*(f"{one:.3f}" for one in score.values()), f"{score['MASE'] / naive['MASE']:.3f}"]
            rows.append([name, f"{run.fit_seconds:.1f}", f"{run.predict_seconds:.1f}", *cells])
            seconds = {"fit_seconds": run.fit_seconds, "predict_seconds": run.predict_seconds}
            bench.record(name, score=score, naive=naive, **seconds)
            bench.say(f"{name}: {run.fit_seconds:.1f} s, {run.predict_seconds:.1f} s, {score}")
    title = f"{len(ids):,} series of {values.shape[1] - HORIZON} steps, horizon {HORIZON}; two threads or two workers"
    bench.table(title, ["", "fit: s", "predict: s", *naive, "relative MASE"], rows)


def _points(forecasts: pd.DataFrame, ids: NDArray[Any]) -> NDArray[np.float64]:
    """Return forecasts (n_series, horizon) in the order of `ids`."""
    wide = forecasts.pivot(index="unique_id", columns="ds", values=forecasts.columns[-1])
    return wide.loc[ids].to_numpy(float)


def _timed(fit: Callable[[], Any], predict: Callable[[Any], pd.DataFrame]) -> Run:
    began = time.perf_counter()
    model = fit()
    fitted = time.perf_counter()
    return Run(fitted - began, 0.0, predict(model))._replace(predict_seconds=time.perf_counter() - fitted)


# --- rivals -------------------------------------------------------------------------------------------------------


def _options(bench: Bench, window: int | None) -> dict[str, Any]:
    """Return the parameters of the forecaster: one network with this window, or None for the defaults."""
    given = forecaster_options(bench)
    if window is None:
        return {name: given[name] for name in ("horizon", "n_replicas", "random_state")}
    return given | {"window": window}


def _alone(bench: Bench, data: Data, window: int | None) -> Run:
    model = LSTMForecaster(**_options(bench, window), n_threads=2)
    model.fit(_few(data.frame)).predict()
    return _timed(lambda: model.fit(data.frame), lambda fitted: fitted.predict())


def _on_workers(bench: Bench, data: Data, window: int | None) -> Run:
    import dask.dataframe as dd

    from tsl.dask import DaskLSTMForecaster

    with two_workers() as client:
        model = DaskLSTMForecaster(**_options(bench, window), client=client, n_threads=2)
        model.fit(_few(data.frame)).predict().compute()
        return _timed(lambda: model.fit(dd.read_parquet(data.folder)), lambda fitted: fitted.predict().compute())


def _mlforecast(bench: Bench, data: Data, lags: list[int], transform: str | None = None, **options: Any) -> Run:
    """Fit mlforecast's LightGBM on the workers, with its defaults, to lags of the transformed target."""
    import dask.dataframe as dd

    peer = importlib.import_module("mlforecast.distributed")
    transforms = importlib.import_module("mlforecast.target_transforms")
    lightgbm = importlib.import_module("mlforecast.distributed.models.dask.lgb")
    with two_workers() as client, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of lightgbm, about its own parameters

        def fit(frame: Any) -> Any:
            model = lightgbm.DaskLGBMForecast(random_state=0, verbosity=-1)
            own = None if transform is None else [getattr(transforms, transform)(**options)]
            given = {"freq": "h", "lags": lags, "target_transforms": own, "engine": client}
            return peer.DistributedMLForecast([model], **given).fit(frame)

        def predict(model: Any) -> pd.DataFrame:
            return model.predict(HORIZON).compute()

        predict(fit(dd.from_pandas(_few(data.frame), npartitions=2, sort=False)))
        return _timed(lambda: fit(dd.read_parquet(data.folder)), predict)


def _few(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["unique_id"].isin(frame["unique_id"].unique()[:WARM_UP])]


# Transforms and lags were compared on the day before the test part, with MLForecast and 2,000 of the series, or 10,000
# for the lag of a week, which leaves few rows. MASE relative to that of the seasonal naive forecast, with lags (1, 24,
# 48), (1, 2, 3, 24, 25, 48) and (1 to 25, 48): raw 1.47, 1.78, 1.93; daily differences 0.90, 0.85, 0.85; local scaling
# 1.36, 0.89, 0.81; both 1.01, 0.89, 0.84. The last two with 168, too: raw 1.03, 1.20; local scaling 0.68, 0.63.
FEW, SIX, DAY = [1, 24, 48], [1, 2, 3, 24, 25, 48], [*range(1, 26), 48]
DAILY: dict[str, Any] = {"transform": "Differences", "differences": [24]}
SCALED = {"transform": "LocalStandardScaler"}
RIVALS: dict[str, Callable[[Bench, Data], Run]] = {
    "peers, LSTMForecaster, one process, window 48": partial(_alone, window=48),
    "peers, LSTMForecaster, one process, window 168": partial(_alone, window=168),
    "peers, LSTMForecaster, one process, defaults": partial(_alone, window=None),
    "peers, DaskLSTMForecaster, window 48": partial(_on_workers, window=48),
    "peers, DaskLSTMForecaster, window 168": partial(_on_workers, window=168),
    "peers, DaskLSTMForecaster, defaults": partial(_on_workers, window=None),
    "peers, LightGBM, 3 lags": partial(_mlforecast, lags=FEW),
    "peers, LightGBM, 3 lags, daily differences": partial(_mlforecast, lags=FEW, **DAILY),
    "peers, LightGBM, 6 lags, daily differences": partial(_mlforecast, lags=SIX, **DAILY),
    "peers, LightGBM, 26 lags, local scaling": partial(_mlforecast, lags=DAY, **SCALED),
    "peers, LightGBM, 26 lags and a week, local scaling": partial(_mlforecast, lags=[*DAY, 168], **SCALED),
}
