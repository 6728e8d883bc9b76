"""Accuracy by number of replicas, and by number of steps that they take between two means of their weights."""

from __future__ import annotations

import contextlib
import pathlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from unittest import mock

import numpy as np
from numpy.typing import NDArray

from benchmarks.bench import Bench
from benchmarks.distributed_tasks import ONE_NETWORK, hourly_values, panel_task
from benchmarks.forecast_tasks import Task, m4_hourly
from benchmarks.yardsticks import seasonal_naive
from tsl import LSTMForecaster
from tsl.forecasting.model import replicas, rounds

NUMBERS = (1, 2, 4, 8, 16, 32)
MOST_LOST = 0.01  # of OWA, at 8 replicas
LOCAL = (1, 5, 10, 50)
HELD_OUT = 96  # hours at the end of the training part of M4 Hourly, of which there are
CUTOFFS = (0, 12, 24, 36, 48)
SIMULATED = {"n_series": 20_000, "n_steps": 448}


def on_m4(bench: Bench) -> None:
    """Forecast the test part of M4 Hourly after the same number of steps, each with a batch shared by all replicas."""
    if (task := _m4(bench)) is None:
        return
    means = _by_replicas(bench, task)
    if 8 in means:
        lost = means[8]["OWA"] - means[1]["OWA"]
        reached = "reached" if lost <= MOST_LOST else "MISSED"
        bench.say(f"8 replicas lose {lost:.3f} of OWA: at most {MOST_LOST} is wanted, {reached}")


def on_simulated(bench: Bench) -> None:
    """Do the same for many simulated series, of which each replica has enough."""
    values = hourly_values(**SIMULATED | ({"n_series": 20} if bench.options.quick else {}))
    task = panel_task("simulated hours", values, horizon=48)
    naive = task.score(task, seasonal_naive(task, task.ends))
    bench.record(f"{task.name}, seasonal naive", scores=[naive])
    bench.say(f"{task.name}, seasonal naive: {naive}")
    _by_replicas(bench, task)


def by_local_steps(bench: Bench) -> None:
    """Forecast the end of the training part of M4 Hourly, by number of replicas and steps between two means."""
    if (task := _m4(bench)) is None:
        return
    stops = task.fit_stops - HELD_OUT
    task, rows = replace(task, fit_stops=stops, ends=np.add.outer(stops, CUTOFFS).ravel()), []
    for n_replicas in (1, 8):
        for n_steps in LOCAL if n_replicas > 1 else LOCAL[:1]:
            name = f"{n_replicas} replicas, rounds of {n_steps} steps" if n_replicas > 1 else "1 replica"
            with local_steps(n_steps):
                mean = _mean_score(bench, task, name, n_replicas, _held_out)
            rows.append([str(n_replicas), str(n_steps) if n_replicas > 1 else "", *_cells(mean)])
    bench.table(_title(bench, task), ["replicas", "local steps", *mean], rows)


@contextlib.contextmanager
def local_steps(n_steps: int) -> Iterator[None]:
    """Set the number of steps of a round, which is a constant of the model and no parameter of the forecaster."""
    with (
        mock.patch.object(replicas, "LOCAL_STEPS", n_steps),
        mock.patch.object(rounds, "LOCAL_STEPS", n_steps),
    ):
        yield


def _m4(bench: Bench) -> Task | None:
    if bench.options.data is None:
        bench.say("M4 Hourly is left out: --data DIR names the folder of its files")
        return None
    return m4_hourly(pathlib.Path(bench.options.data), n_series=5 if bench.options.quick else None)


def _by_replicas(bench: Bench, task: Task) -> dict[int, dict[str, float]]:
    """Print a table by number of replicas, and return the mean scores."""
    numbers = NUMBERS[:2] if bench.options.quick else NUMBERS
    means = {n: _mean_score(bench, task, f"{task.name}, {n} replicas", n, _test_part) for n in numbers}
    rows = [[str(n), *_cells(mean)] for n, mean in means.items()]
    bench.table(_title(bench, task), ["replicas", *means[1]], rows)
    return means


def _mean_score(bench: Bench, task: Task, name: str, n_replicas: int, forecast: Any) -> dict[str, float]:
    """Return the mean scores over the seeds, of a model that was fitted to the training part."""
    frame, scores = task.frame(task.fit_stops), []
    for seed in range(_n_seeds(bench)):
        model = LSTMForecaster(task.horizon, n_replicas=n_replicas, random_state=seed, **_given(bench))
        model.set_params(n_threads=bench.options.n_threads).fit(frame)
        scores.append(forecast(model, task))
    mean = {one: float(np.mean([score[one] for score in scores])) for one in scores[0]}
    bench.record(name, scores=scores)
    bench.say(f"{name}: {mean}")
    return mean


def _test_part(model: LSTMForecaster, task: Task) -> dict[str, float]:
    """Return the scores of forecasts from the end of the training part."""
    points = model.predict().sort_values(["unique_id", "ds"])["y_pred"].to_numpy()
    return task.score(task, points.reshape(-1, task.horizon))


def _held_out(model: LSTMForecaster, task: Task) -> dict[str, float]:
    """Return the mean scores over the cutoffs."""
    rows = task.frame(task.fit_stops + HELD_OUT)
    found = model.backtest(rows[rows["ds"] >= _stops_by_row(task)], n_windows=len(CUTOFFS), step=CUTOFFS[1])
    points = found.sort_values(["unique_id", "cutoff", "ds"])["y_pred"].to_numpy()
    points = points.reshape(-1, len(CUTOFFS), task.horizon)
    ends = task.ends.reshape(-1, len(CUTOFFS))
    scores = [task.score(replace(task, ends=ends[:, k]), points[:, k]) for k in range(len(CUTOFFS))]
    return {name: float(np.mean([score[name] for score in scores])) for name in scores[0]}


def _stops_by_row(task: Task) -> NDArray[np.int64]:
    """Return the time at which each row's series ends in training, for the rows up to the end of the held-out part."""
    lengths = task.fit_stops - task.offsets[:-1]
    return np.repeat(lengths, lengths + HELD_OUT)


def _given(bench: Bench) -> dict[str, Any]:
    return ONE_NETWORK | ({"max_iter": 20} if bench.options.quick else {})


def _n_seeds(bench: Bench) -> int:
    return 1 if bench.options.quick else bench.options.seeds


def _title(bench: Bench, task: Task) -> str:
    given, n_series = _given(bench), len(task.fit_stops)
    return (
        f"{task.name}, {n_series:,} series, one network of {given['hidden_size']} units, {given['max_iter']} steps, "
        f"seeds: {_n_seeds(bench)}"
    )


def _cells(scores: dict[str, float]) -> list[str]:
    return [f"{score:.3f}" for score in scores.values()]
