"""neuralforecast's LSTM with its defaults, in its own process."""

from __future__ import annotations

import importlib.metadata
import logging
import pathlib
import time
import warnings

from benchmarks.forecast_tasks import m4_hourly


def m4(folder: str, n_series: int | None, max_steps: int | None) -> dict[str, object]:
    """Return forecasts (n_series, horizon) for M4 Hourly, and the seconds of training and forecasting."""
    warnings.simplefilter("ignore")
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    from neuralforecast import NeuralForecast
    from neuralforecast.models import LSTM

    task = m4_hourly(pathlib.Path(folder), n_series)
    quiet = {"enable_progress_bar": False, "enable_model_summary": False, "logger": False, "accelerator": "cpu"}
    limit = {} if max_steps is None else {"max_steps": max_steps}
    model = NeuralForecast([LSTM(h=task.horizon, enable_checkpointing=False, **quiet, **limit)], freq=1)
    start = time.perf_counter()
    model.fit(task.frame(task.fit_stops))
    fitted = time.perf_counter()
    forecasts = model.predict().sort_values(["unique_id", "ds"])["LSTM"].to_numpy(float)
    return {
        "forecasts": forecasts.reshape(-1, task.horizon).tolist(),
        "fit_seconds": fitted - start,
        "predict_seconds": time.perf_counter() - fitted,
        "version": importlib.metadata.version("neuralforecast"),
    }
