"""Accuracy of forecasts, compared with published figures, naive methods and a peer on the same data."""

from __future__ import annotations

import importlib
import pathlib
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.bench import Bench
from benchmarks.forecast_tasks import Task, project_tasks, public_tasks
from benchmarks.fresh import FreshError, call
from benchmarks.yardsticks import LEVELS, Forecasts, yardsticks
from tsl.metrics import coverage

SUMMARY = "errors, coverage and width of intervals on public series, with the methods to beat"
QUICK = {"max_iter": 3, "hidden_size": 8, "window": 48, "differences": None}
PEER_SERIES, PEER_STEPS, PEER_TIMEOUT = 5, 2, 1800.0
MOST_BLOCKS = 20  # of time, for the standard error of a coverage

DEFAULTS: dict[str, dict[str, Any]] = {"LSTMForecaster": {}}
SETTINGS: dict[str, dict[str, dict[str, Any]]] = {
    "M4 Hourly": {
        "LSTMForecaster, season": {},
        "LSTMForecaster, chosen, 6 models": {"target_transform": "log", "max_iter": 1500, "n_models": 6},
    },
    "ETTh1, 96 ahead": {
        **DEFAULTS,
        "LSTMForecaster, chosen, 3 models": {
            "window": 336,
            "segment": 48,
            "max_iter": 300,
            "learning_rate_init": 1e-3,
            "n_models": 3,
        },
    },
    "sunspots, one step": {
        **DEFAULTS,
        "LSTMForecaster, chosen, 5 models": {
            "window": 9,
            "segment": 1,
            "scaling": None,
            "differences": None,
            "target_transform": "sqrt",
            "loss": "squared_error",
            "hidden_size": 16,
            "max_iter": 200,
            "n_models": 5,
        },
    },
}
"""By task: parameters of each kind of forecaster, besides the horizon and those of the task; none for other tasks.

Settings were chosen on the end of the training data, or on the validation part that comes with the task.
"""

TARGETS = {
    "M4 Hourly": {"OWA": (0.440, 0.400)},
    "ETTh1, 96 ahead": {"MSE": (0.366, 0.355), "MAE": (0.386, 0.380)},
    "sunspots, one step": {"1921-55": (0.126, 0.086), "1956-79": (0.358, 0.35)},
    "sea surface temperature by the hour, a day ahead": {"MAE": (0.143, 0.138)},
    "carbon dioxide by the week, a year ahead": {"MAE": (0.50, 0.40)},
}
"""By task and number: what must be reached, and the goal."""


def run(bench: Bench) -> None:
    """Run one task after the other."""
    tasks = project_tasks(quick=bench.options.quick)
    if bench.options.data is None:
        bench.say("M4 Hourly and ETTh1 are left out: --data DIR names the folder of their files")
    else:
        tasks |= public_tasks(pathlib.Path(bench.options.data), quick=bench.options.quick)
    if _forecaster() is None:
        bench.say("LSTMForecaster is left out: this tsl has none")
    for name, task in bench.cases(tasks).items():
        _run_task(bench, name, task)


def _forecaster() -> Any:
    """Return the class, or None if there is none yet."""
    return getattr(importlib.import_module("tsl"), "LSTMForecaster", None)


def _run_task(bench: Bench, name: str, task: Task) -> None:
    """Run all methods on one task and print a table of them."""
    methods: dict[str, list[dict[str, Any]]] = {}
    for method, found in yardsticks(task):
        methods[method] = [measured(task, found)]
    widths = methods["seasonal naive"][0]["width"]
    for kind, settings in SETTINGS.get(name, DEFAULTS).items():
        runs = _own_runs(bench, task, kind, settings)
        if runs:
            methods[kind] = runs
    if name == "M4 Hourly" and "torch" in bench.options.peers:
        methods |= _peer_run(bench, task)
    rows = [_row(task, method, runs, widths) for method, runs in methods.items()]
    rows += [_published_row(task, *published) for published in task.published.items()]
    header = ["", *_names(task), *_cover_names(), *_width_names(), "seconds"]
    bench.table(f"{name}: {len(task.ends):,} windows of {len(task.fit_stops)} series", header, rows)
    for method, runs in methods.items():
        if runs[0]["note"]:
            bench.say(f"{method}: {runs[0]['note']}")
    _judge(bench, task, methods)
    bench.record(name, methods=methods, published=task.published)


def measured(task: Task, forecasts: Forecasts, **numbers: float) -> dict[str, Any]:
    """Return score, coverage and its standard error in percent, and mean interval width in units of each series."""
    sizes = task.sizes()[task.series_of(task.ends), None]
    covered, errors, width = {}, {}, {}
    blocks = blocks_of_windows(task)
    for level, bounds in forecasts.intervals.items():
        low, high = (bound[:, task.scored] for bound in bounds)
        covered[str(level)] = 100.0 * coverage(task.truth[:, task.scored], low, high)
        errors[str(level)] = 100.0 * standard_error(inside(task, forecasts, level), blocks)
        width[str(level)] = float(np.mean((high - low) / sizes))
    score = {name: float(value) for name, value in task.score(task, forecasts.points).items()}
    found = {"score": score, "coverage": covered, "coverage_error": errors, "width": width}
    return {**found, "note": forecasts.note, **numbers}


def inside(task: Task, forecasts: Forecasts, level: int) -> np.ndarray:
    """Return whether each true value that counts lies in the interval of this level, (n, steps)."""
    truth, (low, high) = task.truth[:, task.scored], (bound[:, task.scored] for bound in forecasts.intervals[level])
    return (low <= truth) & (truth <= high)


def blocks_of_windows(task: Task) -> np.ndarray:
    """Return the block (n,) of each window: a series, or for few series one of at most 20 stretches of time.

    Windows of different blocks share no steps that are forecast, except the last ones of a block of time with the first
    ones of the next. Series at the same time are in the same block.
    """
    series = task.series_of(task.ends)
    if len(task.fit_stops) > MOST_BLOCKS:
        return series
    since = task.ends - task.fit_stops[series]
    length = max(task.horizon, int(np.ceil((since.max() + 1) / MOST_BLOCKS)))
    return since // length


def standard_error(inside: np.ndarray, blocks: np.ndarray) -> float:
    """Return the standard error of the mean of `inside` (n, horizon), whose rows depend on others of their block (n,).

    It is that of a ratio of sums over independent blocks (Cochran 1977, section 6.3); NaN for a single block.
    """
    numbers = np.unique(blocks, return_inverse=True)[1]
    sizes, deviations = np.bincount(numbers), np.bincount(numbers, inside.mean(axis=1) - inside.mean())
    n = len(sizes)
    return float(np.sqrt(n / (n - 1) * np.sum(deviations**2)) / len(inside)) if n > 1 else np.nan


def _own_runs(bench: Bench, task: Task, kind: str, settings: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one entry per seed."""
    runs: list[dict[str, Any]] = []
    if _forecaster() is None:
        return runs
    for seed, model in own_models(bench, task, settings):
        forecasts, seconds = own_forecasts(task, model)
        runs.append(measured(task, forecasts, **seconds))
        bench.say(f"{task.name}, {kind}, seed {seed}: {_in_words(runs[-1])}")
    return runs


def own_models(bench: Bench, task: Task, settings: dict[str, Any]) -> Iterator[tuple[int, Any]]:
    """Yield each seed and an unfitted forecaster with it."""
    for seed in range(1 if bench.options.quick else bench.options.seeds):
        model = _forecaster()(horizon=task.horizon, random_state=seed, n_threads=bench.options.n_threads)
        yield seed, model.set_params(**(task.settings | settings | (QUICK if bench.options.quick else {})))


def own_forecasts(task: Task, model: Any) -> tuple[Forecasts, dict[str, float]]:
    """Fit a forecaster and forecast every window with intervals; return the forecasts and how long both took."""
    start = time.perf_counter()
    model.fit(task.frame(task.fit_stops))
    fitted = time.perf_counter()
    if np.array_equal(task.ends, task.fit_stops):
        frame = model.predict(level=list(LEVELS))
    else:
        n_series = len(task.fit_stops)
        ends = task.ends.reshape(n_series, -1)
        step = int(ends[0, 1] - ends[0, 0])
        frame = model.backtest(
            task.frame(ends[:, -1] + task.horizon), n_windows=ends.shape[1], step=step, level=list(LEVELS)
        )
        _check_truth(task, frame)
    seconds = {"fit_seconds": fitted - start, "predict_seconds": time.perf_counter() - fitted}
    points, intervals = _by_window(task, frame, "y_pred"), {}
    for level in LEVELS:
        intervals[level] = tuple(_by_window(task, frame, f"y_pred-{side}-{level}") for side in ("lo", "hi"))
    return Forecasts(points, intervals), seconds


def _by_window(task: Task, frame: pd.DataFrame, column: str) -> np.ndarray:
    """Return a column as (n, horizon), in the order of the task's windows."""
    keys = [name for name in ("unique_id", "cutoff", "ds") if name in frame]
    return frame.sort_values(keys)[column].to_numpy(float).reshape(len(task.ends), task.horizon)


def _check_truth(task: Task, frame: pd.DataFrame) -> None:
    """Check that a backtest has the windows of the task."""
    np.testing.assert_allclose(_by_window(task, frame, "y"), task.truth, err_msg="the backtest has other windows")


def _peer_run(bench: Bench, task: Task) -> dict[str, list[dict[str, Any]]]:
    """Return the results of neuralforecast, run in a process with the environment of the peer torch."""
    small = (PEER_SERIES, PEER_STEPS) if bench.options.quick else (None, None)
    arguments = (str(pathlib.Path(bench.options.data).resolve()), *small)
    options = {"rival": "torch", "n_threads": bench.options.n_threads, "timeout": PEER_TIMEOUT}
    try:
        answer = call("benchmarks.peers.neuralforecast_accuracy:m4", *arguments, **options)
    except FreshError as error:
        bench.say(f"neuralforecast is left out of {task.name}: {error}")
        return {}
    seconds = {name: answer[name] for name in ("fit_seconds", "predict_seconds")}
    name = f"neuralforecast {answer['version']}, LSTM"
    return {name: [measured(task, Forecasts(np.array(answer["forecasts"]), {}), **seconds)]}


def _judge(bench: Bench, task: Task, methods: dict[str, list[dict[str, Any]]]) -> None:
    """Print whether the mean over seeds meets the targets."""
    own = {method: runs for method, runs in methods.items() if method.startswith("LSTMForecaster")}
    for method, runs in own.items():
        for number, (must, goal) in _targets(task, methods).items():
            mean = float(np.mean([run["score"][number] for run in runs]))
            reached = "reached" if mean <= goal else f"missed by {mean - goal:.3f}"
            must_be = "reached" if mean <= must else f"MISSED by {mean - must:.3f}"
            bench.say(f"{method}, {number} {mean:.3f}: must be {must:.3f}, {must_be}; goal {goal:.3f}, {reached}")


def _targets(task: Task, methods: dict[str, list[dict[str, Any]]]) -> dict[str, tuple[float, float]]:
    """Return the targets of a task; for the sensors, to beat persistence and the ridge, and the ridge by 10 %."""
    if task.name in TARGETS:
        return TARGETS[task.name]
    simple = [methods[name][0]["score"]["RMSE"] for name in ("persistence", "linear map (ridge)")]
    return {"RMSE": (min(simple), 0.9 * simple[1])}


def _names(task: Task) -> list[str]:
    return list(task.score(task, task.truth))


def _cover_names() -> list[str]:
    return [name for level in LEVELS for name in (f"cover {level} %", "std. error")]


def _width_names() -> list[str]:
    return [f"width {level} %" for level in LEVELS]


def _row(task: Task, method: str, runs: list[dict[str, Any]], widths: dict[str, float]) -> list[str]:
    """Return a row of the table, with widths relative to those of the seasonal naive forecast."""
    cells = [_cell([run["score"][name] for run in runs], 3) for name in _names(task)]
    for level in map(str, LEVELS):
        found = [run for run in runs if run["coverage"]]
        cells.append(_cell([run["coverage"][level] for run in found], 1))
        errors = [run["coverage_error"][level] for run in found]
        cells.append(f"{np.mean(errors):.1f}" if errors else "")
    for level in map(str, LEVELS):
        cells.append(_cell([run["width"][level] / widths[level] for run in runs if run["width"]], 2))
    seconds = [run["fit_seconds"] + run["predict_seconds"] for run in runs if "fit_seconds" in run]
    return [method, *cells, _cell(seconds, 1)]


def _published_row(task: Task, method: str, numbers: dict[str, float]) -> list[str]:
    scores = [f"{numbers[name]:.3f}" if name in numbers else "" for name in _names(task)]
    return [method, *scores, *[""] * (3 * len(LEVELS)), "published"]


def _cell(values: list[float], digits: int) -> str:
    """Return the mean of numbers and, if there are several, the smallest and the largest."""
    if not values:
        return ""
    mean = f"{np.mean(values):.{digits}f}"
    return mean if len(values) == 1 else f"{mean} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def _in_words(run: dict[str, Any]) -> str:
    numbers = [f"{name} {value:.3f}" for name, value in run["score"].items()]
    numbers += [f"{value:.1f} % in {level} %" for level, value in run["coverage"].items()]
    return ", ".join([*numbers, f"{run['fit_seconds']:.1f} s to fit, {run['predict_seconds']:.1f} s to forecast"])
